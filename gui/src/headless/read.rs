//! The arrays that the command line names.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};

use super::error::{Fault, HeadlessError};
use super::options::{ArrayFile, Kind};
use crate::arrays::{ArrayError, Element, Tensor, npy, npz, safetensors};

/// A mask as the file has it.
pub(super) enum MaskTensor {
    /// `true` where a query may see a key.
    Allowed(Tensor<bool>),
    /// What to add to a score.
    Bias(Tensor<f64>),
}

/// The real numbers of an array that is called `name` in an archive, unless another name was given.
pub(super) fn reals(file: &ArrayFile, name: &str) -> Result<Tensor<f64>, HeadlessError> {
    read(file, name).map_err(|error| Fault::Array(error).of(file))
}

/// A mask of either type.
pub(super) fn mask(file: &ArrayFile, name: &str) -> Result<MaskTensor, HeadlessError> {
    let mask = match read(file, name) {
        Ok(allowed) => Ok(MaskTensor::Allowed(allowed)),
        Err(ArrayError::Type { .. }) => read(file, name).map(MaskTensor::Bias),
        Err(error) => Err(error),
    };
    mask.map_err(|error| match error {
        ArrayError::Type { found, .. } => Fault::MaskType { found }.of(file),
        error => Fault::Array(error).of(file),
    })
}

fn read<A: Element>(file: &ArrayFile, name: &str) -> Result<Tensor<A>, ArrayError> {
    let name = file.member.as_deref().unwrap_or(name);
    let mut open = open(file)?;
    match file.kind {
        Kind::Npy => npy(open),
        Kind::Npz => npz(open, name),
        Kind::Safetensors => {
            let mut bytes = Vec::new();
            open.read_to_end(&mut bytes)?;
            safetensors(&bytes, name)
        }
    }
}

fn open(file: &ArrayFile) -> Result<BufReader<File>, ArrayError> {
    let open = File::open(&file.path)?;
    if open.metadata()?.is_dir() {
        return Err(std::io::Error::from(ErrorKind::IsADirectory).into());
    }
    Ok(BufReader::new(open))
}
