//! Sessions on disk: kept whole through any crash, and set aside, never lost, where they cannot be read.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::enclosed;
use crate::session::layout::{Layout, Pane};
use crate::session::{InputId, Session};
use crate::source;

/// A file of another version is not read.
const VERSION: u32 = 1;

/// What was opened before: so many are kept.
const MAX_RECENT: usize = 8;

/// What a file holds.
#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    session: Session,
    #[serde(default)]
    recent: Vec<Vec<PathBuf>>,
}

/// A session and what was opened before, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// What the user chose.
    pub session: Session,
    /// Files that were opened, newest first.
    pub recent: Vec<Vec<PathBuf>>,
}

impl Kept {
    /// Files that were opened now.
    pub fn opened(&mut self, files: &[PathBuf]) {
        self.recent.retain(|held| held != files);
        self.recent.insert(0, files.to_vec());
        self.recent.truncate(MAX_RECENT);
    }
}

/// Writes a session whole or not at all: into another file, flushed to the disk, then renamed.
///
/// # Errors
/// A sentence; the file is as it was before.
pub fn save(path: &Path, kept: &Kept) -> Result<(), String> {
    let refused = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let text = text_of(kept).map_err(|error| refused(&error))?;
    write_whole(path, text.as_bytes()).map_err(|error| refused(&error))
}

/// The same with the files of its input, so that it opens where they are not.
///
/// # Errors
/// A sentence. Where a file of the input cannot be read any more, the session is written without.
pub fn save_whole(path: &Path, kept: &Kept) -> Result<(), String> {
    let files = match source::files(&kept.session.input) {
        Ok(files) if files.is_empty() => return save(path, kept),
        Ok(files) => files,
        Err(error) => {
            save(path, kept)?;
            return Err(format!(
                "{error}. The session was saved without its numbers"
            ));
        }
    };
    let refused = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let text = text_of(kept).map_err(|error| refused(&error))?;
    let bytes = enclosed::pack(&text, &files).map_err(|error| refused(&error))?;
    write_whole(path, &bytes).map_err(|error| refused(&error))
}

fn text_of(kept: &Kept) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Saved {
        version: VERSION,
        session: kept.session.clone(),
        recent: kept.recent.clone(),
    })
}

/// A file that holds all of `bytes`, or what it held before.
///
/// # Errors
/// Those of the operating system.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Reads a session. The files of its input are those that it encloses; where it encloses none, those that are not
/// where they were are looked for beside it.
///
/// # Errors
/// A sentence.
pub fn open(path: &Path) -> Result<Kept, String> {
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    let mut bytes = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    let encloses = enclosed::is_archive(&bytes);
    if encloses {
        let unpacked = enclosed::unpack(&bytes, source::MAX_BYTES);
        (bytes, _) = unpacked.map_err(|why| format!("{name}: {why}"))?;
    }
    let value: serde_json::Value = serde_json::from_slice(&bytes)
        .map_err(|error| format!("{name}: it is not a whole session: {error}"))?;
    let version = value.get("version").and_then(serde_json::Value::as_u64);
    if version != Some(VERSION.into()) {
        let version = version.map_or("none".to_owned(), |version| version.to_string());
        return Err(format!(
            "{name}: its version is {version}, {VERSION} is needed"
        ));
    }
    let Saved {
        mut session,
        recent,
        ..
    } = serde_json::from_value(value)
        .map_err(|error| format!("{name}: it is not a session of this version: {error}"))?;
    if encloses {
        session.input = InputId::Enclosed(path.to_owned());
    } else if let InputId::Files(files) = &mut session.input {
        for file in files {
            // The other machine may write its paths otherwise.
            let written = file.to_string_lossy().into_owned();
            let name = written.rsplit(['/', '\\']).next().unwrap_or_default();
            let beside = path.with_file_name(name);
            if !file.exists() && beside.exists() {
                *file = beside;
            }
        }
    }
    if !session.layout.is_open(Pane::Tables) {
        session.layout = Layout::default();
    }
    Ok(Kept { session, recent })
}

/// The session that is kept from one start of the program to the next.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
}

impl Store {
    /// In the folder that the platform has for this; none where it has none.
    pub fn of_user() -> Option<Self> {
        Some(Self::in_folder(&dirs::config_dir()?.join("kqv")))
    }

    /// In a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            path: folder.join("session.json"),
        }
    }

    /// What was kept; nothing before the first start.
    ///
    /// # Errors
    /// A sentence, after the file was set aside: it says where it is now.
    pub fn load(&self) -> Result<Option<Kept>, String> {
        if !self.path.exists() {
            return Ok(None);
        }
        open(&self.path)
            .map(Some)
            .map_err(|why| self.set_aside(&why))
    }

    /// Keeps it.
    ///
    /// # Errors
    /// A sentence; what was kept before is still there.
    pub fn save(&self, kept: &Kept) -> Result<(), String> {
        save(&self.path, kept)
    }

    /// Renames what cannot be used, so that nothing overwrites it, and says so.
    pub fn set_aside(&self, why: &str) -> String {
        let aside = (1..=u32::MAX)
            .map(|number| {
                self.path
                    .with_file_name(format!("session-set-aside-{number}.json"))
            })
            .find(|path| !path.exists())
            .unwrap_or_else(|| self.path.clone());
        match fs::rename(&self.path, &aside) {
            Ok(()) => format!(
                "The last session was set aside as {}. {why}",
                aside.display()
            ),
            Err(error) => {
                format!("The last session cannot be used. {why}. It cannot be set aside: {error}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_or_foreign_session_is_set_aside_with_all_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::in_folder(folder.path());
        assert_eq!(store.load(), Ok(None));
        for (at, (bytes, part)) in [
            (&b"{\"version\": 1, \"sess"[..], "it is not a whole session"),
            (b"{\"version\": 99}", "its version is 99, 1 is needed"),
            (
                b"{\"version\": 1, \"session\": 7}",
                "it is not a session of this version",
            ),
            (b"\xff\xfe", "it is not a whole session"),
            (b"", "it is not a whole session"),
        ]
        .into_iter()
        .enumerate()
        {
            fs::write(folder.path().join("session.json"), bytes).unwrap();
            let notice = store.load().unwrap_err();
            let aside = folder
                .path()
                .join(format!("session-set-aside-{}.json", at + 1));
            assert!(notice.contains(part), "{notice}");
            assert!(notice.contains(&*aside.display().to_string()), "{notice}");
            assert_eq!(fs::read(aside).unwrap(), bytes);
            assert_eq!(store.load(), Ok(None));
        }
        let mut kept = Kept::default();
        kept.opened(&["a.npz".into()]);
        store.save(&kept).unwrap();
        assert_eq!(store.load(), Ok(Some(kept)));
    }

    #[test]
    fn a_session_finds_its_files_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("head.npz"), b"").unwrap();
        let path = folder.path().join("mine.kqv");
        for elsewhere in ["/elsewhere/head.npz", "C:\\elsewhere\\head.npz"] {
            let session = Session {
                input: InputId::Files(vec![elsewhere.into()]),
                ..Session::default()
            };
            let kept = Kept {
                session,
                recent: Vec::new(),
            };
            save(&path, &kept).unwrap();
            let found = InputId::Files(vec![folder.path().join("head.npz")]);
            assert_eq!(open(&path).unwrap().session.input, found);
        }
    }
}
