//! `.safetensors` with the tensors q, k and v; `tokens` in its metadata is a JSON list.

use half::{bf16, f16};
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::error::{Problem, SourceError};
use super::input::{Input, Tensor, join};
use super::npy::each;

/// One file with everything.
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Input, SourceError> {
    let broken = |error: &SafeTensorError| Problem::NotSafetensors(sentence(error)).of(file);
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| broken(&error))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| broken(&error))?;
    let three = [
        tensor(file, &tensors, "q")?,
        tensor(file, &tensors, "k")?,
        tensor(file, &tensors, "v")?,
    ];
    let tokens: Vec<String> = match metadata
        .metadata()
        .as_ref()
        .and_then(|all| all.get("tokens"))
    {
        None => Vec::new(),
        Some(json) => serde_json::from_str(json).map_err(|_| Problem::TokensNotJson.of(file))?,
    };
    join(file, three, &tokens)
}

/// One tensor, widened without loss.
fn tensor(file: &str, tensors: &SafeTensors, name: &'static str) -> Result<Tensor, SourceError> {
    let view = tensors
        .tensor(name)
        .or_else(|_| tensors.tensor(&name.to_uppercase()))
        .map_err(|_| {
            Problem::MissingTensor {
                tensor: name,
                found: tensors.names().into_iter().map(ToOwned::to_owned).collect(),
            }
            .of(file)
        })?;
    let bytes = view.data();
    let values = match view.dtype() {
        Dtype::F64 => each(bytes, f64::from_le_bytes),
        Dtype::F32 => each(bytes, |b| f64::from(f32::from_le_bytes(b))),
        Dtype::F16 => each(bytes, |b| f16::from_le_bytes(b).to_f64()),
        Dtype::BF16 => each(bytes, |b| bf16::from_le_bytes(b).to_f64()),
        other => {
            return Err(Problem::Dtype {
                place: format!("the tensor {name}"),
                found: format!("{other:?}"),
                right: "F32, F64, F16 or BF16",
            }
            .of(file));
        }
    };
    Ok(Tensor {
        shape: view.shape().to_vec(),
        values,
    })
}

/// What the reader found, in our words.
fn sentence(error: &SafeTensorError) -> String {
    match error {
        SafeTensorError::HeaderTooSmall => "it has fewer than 8 bytes".to_owned(),
        SafeTensorError::HeaderTooLarge => {
            "its first 8 bytes announce a header of more than 100 million bytes".to_owned()
        }
        SafeTensorError::InvalidHeaderLength => "it ends within its header".to_owned(),
        SafeTensorError::MetadataIncompleteBuffer => {
            "its tensors need another number of bytes than follow the header".to_owned()
        }
        SafeTensorError::InvalidHeader(_) => "its header is not UTF-8 text".to_owned(),
        SafeTensorError::InvalidHeaderDeserialization(_) => {
            "its header is not the JSON that safetensors writes".to_owned()
        }
        other => other.to_string(),
    }
}
