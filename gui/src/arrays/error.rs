//! What can be wrong with an array in a file, in words that follow the file's name.

use std::fmt;
use std::io::{self, ErrorKind};

use ndarray_npy::{ReadNpyError, ReadNpzError};
use safetensors::SafeTensorError;

use super::Element;

/// Why an array cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ArrayError {
    /// The operating system refuses.
    Read(String),
    /// The file is broken, and how.
    Broken {
        kind: &'static str,
        why: String,
    },
    NoArray {
        name: String,
        found: Vec<String>,
    },
    Type {
        found: String,
        wanted: &'static str,
    },
}

impl From<io::Error> for ArrayError {
    fn from(error: io::Error) -> Self {
        Self::Read(error.to_string())
    }
}

impl ArrayError {
    /// What the reader of `.npy` files found, in our words.
    pub(super) fn of_npy<A: Element>(error: ReadNpyError) -> Self {
        let why = match error {
            ReadNpyError::WrongDescriptor(descriptor) => {
                return Self::Type {
                    found: descriptor.to_string(),
                    wanted: A::WANTED,
                };
            }
            ReadNpyError::Io(error) if error.kind() != ErrorKind::UnexpectedEof => {
                return error.into();
            }
            ReadNpyError::Io(_) => "it ends within its header".to_owned(),
            ReadNpyError::ParseHeader(_) => "it does not begin as numpy.save writes it".to_owned(),
            ReadNpyError::LengthOverflow => {
                "its shape has more values than memory has places".to_owned()
            }
            ReadNpyError::ParseData(why) => why.to_string(),
            other => other.to_string(),
        };
        Self::Broken { kind: ".npy", why }
    }

    /// What the reader of `.npz` files found, in our words.
    pub(super) fn of_npz<A: Element>(error: ReadNpzError) -> Self {
        match error {
            ReadNpzError::Npy(error) => Self::of_npy::<A>(error),
            ReadNpzError::Zip(error) => Self::Broken {
                kind: ".npz",
                why: error.to_string(),
            },
        }
    }

    /// What the reader of `.safetensors` files found, in our words.
    pub(super) fn of_safetensors(error: SafeTensorError) -> Self {
        let why = match error {
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
        };
        Self::Broken {
            kind: ".safetensors",
            why,
        }
    }
}

/// What follows the file in the sentence.
impl fmt::Display for ArrayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(why) => write!(f, "cannot be read: {why}"),
            Self::Broken { kind, why } => write!(f, "is not a whole {kind} file: {why}"),
            Self::NoArray { name, found } => {
                write!(f, "has no array {name}: it has {}", list(found))
            }
            Self::Type { found, wanted } => write!(f, "holds {found}: {wanted} is needed"),
        }
    }
}

/// `(2, 15, 32)`, `(7,)`, as numpy writes a shape.
pub(crate) fn shape(axes: &[usize]) -> String {
    match axes {
        [] => "()".to_owned(),
        [axis] => format!("({axis},)"),
        _ => format!("({})", list(axes)),
    }
}

/// The first few of them, with commas.
pub(crate) fn list<T: ToString>(all: &[T]) -> String {
    const FEW: usize = 8;
    let mut few: Vec<String> = all.iter().take(FEW).map(ToString::to_string).collect();
    if all.is_empty() {
        few.push("nothing".to_owned());
    }
    if all.len() > FEW {
        few.push("…".to_owned());
    }
    few.join(", ")
}
