//! A session file with the files of its input: a zip archive of `session.json` and of those files, as they are.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// The entry that is the session.
const SESSION: &str = "session.json";

/// A file of an input, wherever it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Without its folder.
    pub name: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// Whether these are the bytes of such an archive, and not of a session alone.
pub fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK")
}

/// The archive of a session and the files of its input.
///
/// # Errors
/// A sentence, where an entry does not fit into an archive.
pub fn pack(session: &str, files: &[SourceFile]) -> Result<Vec<u8>, String> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let session = (SESSION, session.as_bytes());
    let files = files
        .iter()
        .map(|file| (file.name.as_str(), &file.bytes[..]));
    for (name, bytes) in std::iter::once(session).chain(files) {
        let large = u32::try_from(bytes.len()).is_err();
        let options = SimpleFileOptions::default().large_file(large);
        archive
            .start_file(name, options)
            .map_err(|error| error.to_string())?;
        archive
            .write_all(bytes)
            .map_err(|error| error.to_string())?;
    }
    let packed = archive.finish().map_err(|error| error.to_string())?;
    Ok(packed.into_inner())
}

/// The session and the files of an archive, `max` bytes of them at most.
///
/// # Errors
/// A sentence, where it is not such an archive, or is broken, or holds more.
pub fn unpack(bytes: &[u8], max: u64) -> Result<(Vec<u8>, Vec<SourceFile>), String> {
    let broken = |why: &dyn std::fmt::Display| format!("it is not a whole session: {why}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let (mut session, mut files, mut left) = (None, Vec::new(), max);
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| broken(&error))?;
        let name = entry.name().to_owned();
        let mut bytes = Vec::new();
        let mut entry = entry.take(left + 1);
        entry
            .read_to_end(&mut bytes)
            .map_err(|error| broken(&error))?;
        left = left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| format!("its files have more than {max} bytes"))?;
        if name == SESSION {
            session = Some(bytes);
        } else {
            files.push(SourceFile { name, bytes });
        }
    }
    let session = session.ok_or_else(|| broken(&"there is no session.json in it"))?;
    Ok((session, files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_what_is_broken_is_said() {
        let file = |name: &str, bytes: &[u8]| SourceFile {
            name: name.to_owned(),
            bytes: bytes.to_vec(),
        };
        let files = [
            file("q.csv", b"1,2"),
            file("k.csv", b""),
            file("v.csv", &[7; 300]),
        ];
        let packed = pack("{}", &files).unwrap();
        assert!(is_archive(&packed) && !is_archive(b"{}"));
        assert_eq!(unpack(&packed, 305), Ok((b"{}".to_vec(), files.to_vec())));
        let large = unpack(&packed, 304).unwrap_err();
        assert_eq!(large, "its files have more than 304 bytes");
        let half = unpack(&packed[..packed.len() / 2], 305).unwrap_err();
        assert!(half.starts_with("it is not a whole session: "), "{half}");
    }
}
