//! Where Q, K and V come from: the fixtures, or a file of one's own. NaN is refused here.

mod archive;
mod csv;
mod error;
mod fixtures;
mod input;
mod layer;
mod misfit;
mod preset;
mod projected;
mod unfit;

use std::fs;
use std::path::{Path, PathBuf};

pub use error::SourceError;
pub use fixtures::{CAPTURE_NAME, case_names};
pub use input::{Head, Input, MAX_SCORES, fitting_bits, fitting_scale, scale_of};
pub use layer::{Joined, Layer, product};
pub use preset::{Made, Preset, WORKED_NAME};

use crate::arrays::{self, ArrayError, Tensor};
use crate::enclosed::{self, SourceFile};
use crate::session::InputId;
use error::Problem;

/// A larger file is more than a window full.
pub const MAX_BYTES: u64 = 1 << 30;

/// Fetches an input by its id.
///
/// # Errors
/// [`SourceError`], one sentence for the screen.
pub fn load(id: &InputId) -> Result<Input, SourceError> {
    match id {
        InputId::Capture => fixtures::capture(),
        InputId::Case(name) => fixtures::case(name),
        InputId::Worked => Ok(preset::worked()),
        InputId::Made(made) => Ok(made.input()),
        InputId::Lesson(lesson) => fixtures::lesson(*lesson),
        InputId::Files(_) | InputId::Enclosed(_) => input_of(&files(id)?),
    }
}

/// The files of an input, in the order in which they are read; none for what is built in.
///
/// # Errors
/// [`SourceError`], one sentence for the screen.
pub fn files(id: &InputId) -> Result<Vec<SourceFile>, SourceError> {
    match id {
        InputId::Files(paths) => read_files(paths),
        InputId::Enclosed(session) => {
            let broken = |why: String| Problem::Session(why).of(&name(session));
            let (_, files) = enclosed::unpack(&read(session)?, MAX_BYTES).map_err(broken)?;
            Ok(files)
        }
        _ => Ok(Vec::new()),
    }
}

/// One `.safetensors` or `.npz` file, of Q, K and V or of X and weights; or any one of three `.npy` or `.csv` files, or all three.
fn read_files(paths: &[PathBuf]) -> Result<Vec<SourceFile>, SourceError> {
    let [first, others @ ..] = paths else {
        return Err(Problem::NotThree { files: 0 }.of("nothing"));
    };
    let paths = match extension(first).as_str() {
        _ if first.is_dir() => return Err(Problem::Folder.of(&name(first))),
        "safetensors" | "npz" if others.is_empty() => paths.to_vec(),
        "npy" | "csv" | "tsv" => three(paths)?.to_vec(),
        "safetensors" | "npz" => {
            return Err(Problem::NotThree { files: paths.len() }.of(&name(first)));
        }
        _ => return Err(Problem::Extension.of(&name(first))),
    };
    let file = |path: &PathBuf| {
        Ok(SourceFile {
            name: name(path),
            bytes: read(path)?,
        })
    };
    paths.iter().map(file).collect()
}

/// What the files of an input say.
fn input_of(files: &[SourceFile]) -> Result<Input, SourceError> {
    let names = files.iter().map(|file| file.name.as_str());
    let title = names.collect::<Vec<_>>().join(", ");
    if let [SourceFile { name, bytes }] = files {
        match extension(Path::new(name)).as_str() {
            "safetensors" => return archive::safetensors(name, bytes),
            "npz" => return archive::npz(name, bytes),
            _ => {}
        }
    }
    let tensor = |SourceFile { name, bytes }: &SourceFile| {
        if extension(Path::new(name)) == "npy" {
            let array = arrays::npy(bytes.as_slice());
            array.map_err(|error| Problem::Array(error).of(name))
        } else {
            csv::parse(name, bytes)
        }
    };
    let tensors: Vec<Tensor<f64>> = files.iter().map(tensor).collect::<Result<_, _>>()?;
    let three: [Tensor<f64>; 3] = tensors
        .try_into()
        .map_err(|_| Problem::NotThree { files: files.len() }.of(&title))?;
    input::join(&title, three, &[])
}

/// The paths of q, k and v, in this order, from one of them or all three.
fn three(paths: &[PathBuf]) -> Result<[PathBuf; 3], SourceError> {
    let first = paths.first().map_or(Path::new(""), PathBuf::as_path);
    let file = name(first);
    let find = |letter: char| match paths {
        [path] => sibling(path, letter).filter(|path| path.exists()),
        _ => paths
            .iter()
            .find(|path| letter_of(path) == Some(letter))
            .cloned(),
    };
    if paths.len() != 1 && paths.len() != 3 {
        return Err(Problem::NotThree { files: paths.len() }.of(&file));
    }
    let missing = |missing| Problem::Siblings { missing }.of(&file);
    Ok([
        find('q').ok_or_else(|| missing("q"))?,
        find('k').ok_or_else(|| missing("k"))?,
        find('v').ok_or_else(|| missing("v"))?,
    ])
}

/// Which of q, k and v a file holds: `q.npy`, `layer0_q.npy`, `head-Q.csv`.
fn letter_of(path: &Path) -> Option<char> {
    let stem = path.file_stem()?.to_str()?;
    let mut letters = stem.chars().rev();
    let letter = letters.next()?.to_ascii_lowercase();
    let apart = letters
        .next()
        .is_none_or(|before| !before.is_alphanumeric());
    (apart && ['q', 'k', 'v'].contains(&letter)).then_some(letter)
}

/// The file beside `path` that has `letter` where `path` has q, k or v.
fn sibling(path: &Path, letter: char) -> Option<PathBuf> {
    letter_of(path)?;
    let mut stem = path.file_stem()?.to_str()?.to_owned();
    let last = stem.pop()?;
    stem.push(if last.is_uppercase() {
        letter.to_ascii_uppercase()
    } else {
        letter
    });
    Some(path.with_file_name(format!("{stem}.{}", path.extension()?.to_str()?)))
}

fn extension(path: &Path) -> String {
    path.extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

/// The last part of the path: what the user knows the file by.
fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn read(path: &Path) -> Result<Vec<u8>, SourceError> {
    let refused = |error: std::io::Error| Problem::Array(ArrayError::from(error)).of(&name(path));
    let metadata = fs::metadata(path).map_err(refused)?;
    if metadata.is_dir() {
        return Err(Problem::Folder.of(&name(path)));
    }
    if metadata.len() > MAX_BYTES {
        let (bytes, max) = (metadata.len(), MAX_BYTES);
        return Err(Problem::Huge { bytes, max }.of(&name(path)));
    }
    fs::read(path).map_err(refused)
}
