//! Arrays out of `.npy`, `.npz` and `.safetensors` files, widened without loss, row-major.

// What the numbers are,
mod element;
// and what can be wrong.
mod error;

use std::io::{Read, Seek};

use ndarray::ArrayD;
use ndarray_npy::{NpzReader, ReadNpyExt};
use safetensors::SafeTensors;

use element::{Npy, Order, Type};

pub(crate) use element::Element;
pub(crate) use error::{ArrayError, list, shape};

/// An array with any number of axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensor<A> {
    /// Slowest axis first.
    pub(crate) shape: Vec<usize>,
    /// Row-major.
    pub(crate) values: Vec<A>,
}

impl Tensor<f64> {
    /// The first value of which `is` is true, and where it stands.
    pub(crate) fn find(&self, is: impl Fn(f64) -> bool) -> Option<(Vec<usize>, f64)> {
        let mut at = self.values.iter().position(|&value| is(value))?;
        let value = self.values[at];
        let mut place = self.shape.clone();
        for axis in place.iter_mut().rev() {
            let len = *axis;
            (at, *axis) = (at / len, at % len);
        }
        Some((place, value))
    }
}

/// Row by row, however the values lie in the file.
impl<A> From<ArrayD<Npy<A>>> for Tensor<A> {
    fn from(array: ArrayD<Npy<A>>) -> Self {
        Self {
            shape: array.shape().to_vec(),
            values: array.into_iter().map(|Npy(value)| value).collect(),
        }
    }
}

/// The array of a `.npy` file.
///
/// # Errors
/// [`ArrayError`] if there is none of this type.
pub(crate) fn npy<A: Element>(file: impl Read) -> Result<Tensor<A>, ArrayError> {
    let array = ArrayD::<Npy<A>>::read_npy(file).map_err(ArrayError::of_npy::<A>)?;
    Ok(array.into())
}

/// The names of the arrays in a `.npz` file.
///
/// # Errors
/// [`ArrayError`] if the file is broken.
pub(crate) fn npz_names(file: impl Read + Seek) -> Result<Vec<String>, ArrayError> {
    let mut archive = NpzReader::new(file).map_err(ArrayError::of_npz::<f64>)?;
    archive.names().map_err(ArrayError::of_npz::<f64>)
}

/// The names of the arrays in a `.safetensors` file, in their order in the alphabet.
///
/// # Errors
/// [`ArrayError`] if the file is broken.
pub(crate) fn safetensors_names(bytes: &[u8]) -> Result<Vec<String>, ArrayError> {
    let tensors = SafeTensors::deserialize(bytes).map_err(ArrayError::of_safetensors)?;
    let mut names: Vec<String> = tensors.names().into_iter().map(str::to_owned).collect();
    names.sort_unstable();
    Ok(names)
}

/// The array of this name in a `.npz` file.
///
/// # Errors
/// [`ArrayError`] if there is none of this type.
pub(crate) fn npz<A: Element>(file: impl Read + Seek, name: &str) -> Result<Tensor<A>, ArrayError> {
    let mut archive = NpzReader::new(file).map_err(ArrayError::of_npz::<A>)?;
    let found = archive.names().map_err(ArrayError::of_npz::<A>)?;
    if !found.iter().any(|found| found == name) {
        let name = name.to_owned();
        return Err(ArrayError::NoArray { name, found });
    }
    let array: ArrayD<Npy<A>> = archive.by_name(name).map_err(ArrayError::of_npz::<A>)?;
    Ok(array.into())
}

/// The array of this name in a `.safetensors` file.
///
/// # Errors
/// [`ArrayError`] if there is none of this type.
pub(crate) fn safetensors<A: Element>(bytes: &[u8], name: &str) -> Result<Tensor<A>, ArrayError> {
    let tensors = SafeTensors::deserialize(bytes).map_err(ArrayError::of_safetensors)?;
    let tensor = tensors.tensor(name).map_err(|_| {
        let mut found: Vec<String> = tensors.names().into_iter().map(str::to_owned).collect();
        found.sort_unstable();
        let name = name.to_owned();
        ArrayError::NoArray { name, found }
    })?;
    let values = Type::of_safetensors(tensor.dtype())
        .and_then(|kind| A::all(kind, Order::Little, tensor.data()))
        .ok_or_else(|| ArrayError::Type {
            found: format!("{:?}", tensor.dtype()),
            wanted: A::WANTED,
        })?;
    Ok(Tensor {
        shape: tensor.shape().to_vec(),
        values,
    })
}

/// The text of this name that a `.safetensors` file holds beside its arrays, if it does.
///
/// # Errors
/// [`ArrayError`] if the file is broken.
pub(crate) fn text(bytes: &[u8], name: &str) -> Result<Option<String>, ArrayError> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(ArrayError::of_safetensors)?;
    let texts = metadata.metadata().as_ref();
    Ok(texts.and_then(|texts| texts.get(name).cloned()))
}
