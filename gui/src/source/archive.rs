//! `.safetensors` and `.npz`: one file with the arrays q, k and v.

use std::io::Cursor;

use super::error::{Problem, SourceError};
use super::input::{Input, join};
use crate::arrays::{self, ArrayError, Tensor};

/// `tokens` in the metadata is a JSON list.
pub(super) fn safetensors(file: &str, bytes: &[u8]) -> Result<Input, SourceError> {
    let tokens = arrays::text(bytes, "tokens").map_err(|error| Problem::Array(error).of(file))?;
    let three = three(file, |name| arrays::safetensors(bytes, name))?;
    let tokens: Vec<String> = match tokens {
        None => Vec::new(),
        Some(json) => serde_json::from_str(&json).map_err(|_| Problem::TokensNotJson.of(file))?,
    };
    join(file, three, &tokens)
}

/// As `numpy.savez` writes it, compressed or not.
pub(super) fn npz(file: &str, bytes: &[u8]) -> Result<Input, SourceError> {
    let three = three(file, |name| arrays::npz(Cursor::new(bytes), name))?;
    join(file, three, &[])
}

/// Q, K and V, by their small or their capital letters.
fn three(
    file: &str,
    read: impl Fn(&str) -> Result<Tensor<f64>, ArrayError>,
) -> Result<[Tensor<f64>; 3], SourceError> {
    let tensor = |tensor: &'static str| {
        let capital = tensor.to_uppercase();
        let read = match read(tensor) {
            Err(ArrayError::NoArray { found, .. }) if found.contains(&capital) => read(&capital),
            read => read,
        };
        read.map_err(|error| {
            let problem = match error {
                ArrayError::Type { .. } => Problem::ArrayType { tensor, error },
                error => Problem::Array(error),
            };
            problem.of(file)
        })
    };
    Ok([tensor("q")?, tensor("k")?, tensor("v")?])
}
