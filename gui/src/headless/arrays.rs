//! Arrays out of `.npy`, `.npz` and `.safetensors` files, widened without loss, row-major.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};

use half::{bf16, f16};
use ndarray::ArrayD;
use ndarray_npy::{
    NpzReader, ReadDataError, ReadNpyError, ReadNpyExt, ReadNpzError, ReadableElement,
};
use py_literal::Value;
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::error::{Fault, HeadlessError};
use super::options::{ArrayFile, Kind};

/// An array with any number of axes, row-major.
pub(super) struct Tensor<N> {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<N>,
}

/// A mask as the file has it.
pub(super) enum MaskTensor {
    /// `true` where a query may see a key.
    Allowed(Tensor<bool>),
    /// What to add to a score.
    Bias(Tensor<f64>),
}

/// The real numbers of an array that is called `name` in an archive, unless another name was given.
pub(super) fn reals(file: &ArrayFile, name: &str) -> Result<Tensor<f64>, HeadlessError> {
    let Tensor { shape, values } = read::<Real>(file, name).map_err(|fault| fault.of(file))?;
    let values = values.into_iter().map(|Real(real)| real).collect();
    Ok(Tensor { shape, values })
}

/// A mask of either type.
pub(super) fn mask(file: &ArrayFile, name: &str) -> Result<MaskTensor, HeadlessError> {
    match read::<bool>(file, name) {
        Ok(allowed) => Ok(MaskTensor::Allowed(allowed)),
        Err(Fault::Type { .. }) => reals(file, name).map(MaskTensor::Bias),
        Err(fault) => Err(fault.of(file)),
    }
}

/// What an array can be read as.
trait Element: ReadableElement {
    /// Its types, for people.
    const WANTED: &'static str;

    /// The values of a safetensors tensor, or `None` if its type is another one.
    fn of_dtype(dtype: Dtype, bytes: &[u8]) -> Option<Vec<Self>>;
}

impl Element for bool {
    const WANTED: &'static str = "bool";

    fn of_dtype(dtype: Dtype, bytes: &[u8]) -> Option<Vec<Self>> {
        (dtype == Dtype::BOOL).then(|| bytes.iter().map(|&byte| byte != 0).collect())
    }
}

/// A floating-point number of any width.
#[derive(Clone, Copy)]
struct Real(f64);

impl Element for Real {
    const WANTED: &'static str = "f16, f32 or f64 (for a mask also bool)";

    fn of_dtype(dtype: Dtype, bytes: &[u8]) -> Option<Vec<Self>> {
        Some(match dtype {
            Dtype::F64 => each(bytes, f64::from_le_bytes),
            Dtype::F32 => each(bytes, |b| f32::from_le_bytes(b).into()),
            Dtype::F16 => each(bytes, |b| f16::from_le_bytes(b).to_f64()),
            Dtype::BF16 => each(bytes, |b| bf16::from_le_bytes(b).to_f64()),
            _ => return None,
        })
    }
}

impl ReadableElement for Real {
    fn read_to_end_exact_vec<R: Read>(
        mut reader: R,
        descriptor: &Value,
        len: usize,
    ) -> Result<Vec<Self>, ReadDataError> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        let bytes = bytes.as_slice();
        match descriptor.as_string().map(String::as_str) {
            Some("<f8") => exactly(len, bytes, f64::from_le_bytes),
            Some("<f4") => exactly(len, bytes, |b| f32::from_le_bytes(b).into()),
            Some("<f2") => exactly(len, bytes, |b| f16::from_le_bytes(b).to_f64()),
            Some(">f8") => exactly(len, bytes, f64::from_be_bytes),
            Some(">f4") => exactly(len, bytes, |b| f32::from_be_bytes(b).into()),
            Some(">f2") => exactly(len, bytes, |b| f16::from_be_bytes(b).to_f64()),
            _ => Err(ReadDataError::WrongDescriptor(descriptor.clone())),
        }
    }
}

/// The `len` numbers of `N` bytes each, and no byte more.
fn exactly<const N: usize>(
    len: usize,
    bytes: &[u8],
    real: impl Fn([u8; N]) -> f64,
) -> Result<Vec<Real>, ReadDataError> {
    match bytes.len().checked_sub(len * N) {
        Some(0) => Ok(each(bytes, real)),
        Some(more) => Err(ReadDataError::ExtraBytes(more)),
        None => Err(ReadDataError::MissingData),
    }
}

/// The numbers of `N` bytes each.
fn each<const N: usize>(bytes: &[u8], real: impl Fn([u8; N]) -> f64) -> Vec<Real> {
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().map(|&bytes| Real(real(bytes))).collect()
}

fn read<A: Element>(file: &ArrayFile, name: &str) -> Result<Tensor<A>, Fault> {
    let name = file.member.as_deref().unwrap_or(name);
    let array: ArrayD<A> = match file.kind {
        Kind::Npy => ArrayD::read_npy(open(file)?).map_err(npy_fault::<A>)?,
        Kind::Npz => npz(file, name)?,
        Kind::Safetensors => return safetensors(file, name),
    };
    Ok(Tensor {
        shape: array.shape().to_vec(),
        values: array.into_iter().collect(), // row by row, however they lie in memory
    })
}

fn open(file: &ArrayFile) -> Result<BufReader<File>, Fault> {
    let opened = File::open(&file.path).and_then(|open| {
        if open.metadata()?.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        Ok(BufReader::new(open))
    });
    opened.map_err(|error| Fault::Read(error.to_string()))
}

fn npz<A: Element>(file: &ArrayFile, name: &str) -> Result<ArrayD<A>, Fault> {
    let fault = |error| match error {
        ReadNpzError::Npy(error) => npy_fault::<A>(error),
        ReadNpzError::Zip(error) => Fault::Broken {
            kind: ".npz",
            why: error.to_string(),
        },
    };
    let mut archive = NpzReader::new(open(file)?).map_err(fault)?;
    let found = archive.names().map_err(fault)?;
    if !found.iter().any(|found| found == name) {
        let name = name.to_owned();
        return Err(Fault::NoArray { name, found });
    }
    archive.by_name(name).map_err(fault)
}

/// What the reader found, in our words.
fn npy_fault<A: Element>(error: ReadNpyError) -> Fault {
    let why = match error {
        ReadNpyError::WrongDescriptor(descriptor) => {
            return Fault::Type {
                found: descriptor.to_string(),
                wanted: A::WANTED,
            };
        }
        ReadNpyError::Io(error) if error.kind() != ErrorKind::UnexpectedEof => {
            return Fault::Read(error.to_string());
        }
        ReadNpyError::Io(_) => "it ends within its header".to_owned(),
        ReadNpyError::ParseHeader(error) => format!("{error}"),
        ReadNpyError::LengthOverflow => {
            "its shape has more values than memory has places".to_owned()
        }
        ReadNpyError::MissingData => "it ends before its last value".to_owned(),
        ReadNpyError::ExtraBytes(bytes) => format!("{bytes} bytes follow its last value"),
        other => other.to_string(),
    };
    Fault::Broken { kind: ".npy", why }
}

fn safetensors<A: Element>(file: &ArrayFile, name: &str) -> Result<Tensor<A>, Fault> {
    let broken = |error: SafeTensorError| Fault::Broken {
        kind: ".safetensors",
        why: error.to_string(),
    };
    let mut bytes = Vec::new();
    let read = open(file)?.read_to_end(&mut bytes);
    read.map_err(|error| Fault::Read(error.to_string()))?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(broken)?;
    let tensor = tensors.tensor(name).map_err(|_| Fault::NoArray {
        name: name.to_owned(),
        found: tensors.names().into_iter().map(ToOwned::to_owned).collect(),
    })?;
    let values = A::of_dtype(tensor.dtype(), tensor.data()).ok_or_else(|| Fault::Type {
        found: format!("{:?}", tensor.dtype()),
        wanted: A::WANTED,
    })?;
    Ok(Tensor {
        shape: tensor.shape().to_vec(),
        values,
    })
}
