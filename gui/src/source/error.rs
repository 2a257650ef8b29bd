//! What can be wrong with a file, each in one sentence: the file, the place, and what would be right.

use std::fmt;

use super::misfit::Misfit;
use super::unfit::Unfit;
use crate::arrays::ArrayError;

/// A file that cannot be opened, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceError {
    file: String,
    problem: Problem,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.problem)
    }
}

impl std::error::Error for SourceError {}

/// What is wrong, with the numbers that show it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Problem {
    /// There is no such fixture.
    Case,
    Folder,
    Extension,
    Huge {
        bytes: u64,
        max: u64,
    },
    /// The three files of which this is one.
    Siblings {
        missing: &'static str,
    },
    /// Several files that are not q, k and v.
    NotThree {
        files: usize,
    },
    /// There is no such array.
    Array(ArrayError),
    /// The array of this name has another type.
    ArrayType {
        tensor: &'static str,
        error: ArrayError,
    },
    TokensNotJson,
    /// What is wrong with the session file that encloses it.
    Session(String),
    NotText {
        byte: usize,
    },
    /// What the reader of rows says of them.
    NotCsv(String),
    NotANumber {
        line: u64,
        column: usize,
        found: String,
    },
    Ragged {
        line: u64,
        values: usize,
        others: usize,
    },
    Empty,
    /// Three tensors that do not make an input.
    Misfit(Misfit),
    /// X and weights that do not make a layer.
    Unfit(Unfit),
}

impl Problem {
    /// The problem of this file.
    pub(super) fn of(self, file: &str) -> SourceError {
        SourceError {
            file: file.to_owned(),
            problem: self,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Case => write!(f, "no fixture has this name"),
            Self::Folder => write!(
                f,
                "this is a folder: open a .safetensors, .npz, .npy or .csv file in it"
            ),
            Self::Extension => write!(
                f,
                "its kind is not known: a .safetensors, .npz, .npy or .csv file is needed"
            ),
            Self::Huge { bytes, max } => {
                #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
                let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
                write!(
                    f,
                    "it has {:.1} GiB, at most {:.0} GiB can be opened",
                    gib(*bytes),
                    gib(*max)
                )
            }
            Self::Siblings { missing } => write!(
                f,
                "{missing} is not beside it: q, k and v are needed, in three files of one folder"
            ),
            Self::NotThree { files } => write!(
                f,
                "{files} files at once are too many or too few: open one .safetensors or .npz file, or three that end in q, k and v"
            ),
            Self::Array(error) => {
                write!(f, "it {error}")?;
                match error {
                    ArrayError::NoArray { .. } => {
                        f.write_str(" (q, k and v are needed, or x, w_q, w_k and w_v)")
                    }
                    _ => Ok(()),
                }
            }
            Self::ArrayType { tensor, error } => write!(f, "its array {tensor} {error}"),
            Self::Session(why) => f.write_str(why),
            Self::TokensNotJson => write!(
                f,
                "tokens in its metadata are not a JSON list of texts, like [\"the\", \"cat\"]"
            ),
            Self::NotText { byte } => write!(
                f,
                "byte {byte} is not UTF-8 text: a .csv file holds numbers as text"
            ),
            Self::NotCsv(reason) => write!(f, "it cannot be read as rows of numbers: {reason}"),
            Self::NotANumber {
                line,
                column,
                found,
            } => write!(
                f,
                "line {line}, value {column} is \"{found}\": only numbers are allowed, no heading"
            ),
            Self::Ragged {
                line,
                values,
                others,
            } => write!(
                f,
                "line {line} has {values} values, the lines before have {others}"
            ),
            Self::Empty => write!(f, "there is no number in it"),
            Self::Misfit(misfit) => misfit.fmt(f),
            Self::Unfit(unfit) => unfit.fmt(f),
        }
    }
}
