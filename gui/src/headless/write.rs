//! All files, or none.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};
use ndarray_npy::{WritableElement, WriteNpyExt};

use super::error::{Fault, HeadlessError};

/// A number that files are made of.
pub(super) trait Written: WritableElement + Copy + Send {
    /// The nearest one.
    fn of(real: f64) -> Self;
}

impl Written for f32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounded once, as documented"
    )]
    fn of(real: f64) -> Self {
        real as Self
    }
}

impl Written for f64 {
    fn of(real: f64) -> Self {
        real
    }
}

/// One file to be.
pub(super) struct Output<W> {
    pub(super) name: &'static str,
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<W>,
}

/// Writes every file under another name; when all are there, gives them their own.
///
/// # Errors
/// [`HeadlessError`] if the operating system refuses; what was written by then is removed.
pub(super) fn write<W: Written>(
    folder: &Path,
    outputs: Vec<Output<W>>,
) -> Result<(), HeadlessError> {
    fs::create_dir_all(folder)
        .map_err(|error| Fault::Write(error.to_string()).of(folder.display()))?;
    let mut written = Vec::new();
    let result = write_and_rename(folder, outputs, &mut written);
    if result.is_err() {
        for (partial, _) in &written {
            let _ = fs::remove_file(partial); // the first error is the one to tell
        }
    }
    result
}

fn write_and_rename<W: Written>(
    folder: &Path,
    outputs: Vec<Output<W>>,
    written: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), HeadlessError> {
    for output in outputs {
        let path = folder.join(output.name);
        if path.is_dir() {
            return Err(Fault::Write("it is a folder".to_owned()).of(path.display()));
        }
        let partial = folder.join(format!("{}.partial", output.name));
        written.push((partial.clone(), path.clone()));
        write_one(&partial, output).map_err(|why| Fault::Write(why).of(path.display()))?;
    }
    for (partial, path) in &*written {
        fs::rename(partial, path)
            .map_err(|error| Fault::Write(error.to_string()).of(path.display()))?;
    }
    Ok(())
}

fn write_one<W: Written>(path: &Path, output: Output<W>) -> Result<(), String> {
    let array = ArrayD::from_shape_vec(IxDyn(&output.shape), output.values)
        .map_err(|error| error.to_string())?;
    let file = File::create(path).map_err(|error| error.to_string())?;
    let mut file = BufWriter::new(file);
    array
        .write_npy(&mut file)
        .map_err(|error| error.to_string())?;
    file.flush().map_err(|error| error.to_string())
}
