//! What can be wrong with a file, each in one sentence: the file, the place, and what would be right.

use std::fmt;

use super::misfit::Misfit;

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
    /// The operating system refuses.
    Read(String),
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
    NotSafetensors(String),
    MissingTensor {
        tensor: &'static str,
        found: Vec<String>,
    },
    Dtype {
        place: String,
        found: String,
        right: &'static str,
    },
    TokensNotJson,
    NotNpy,
    NpyHeader(&'static str),
    NpyLength {
        bytes: usize,
        needed: usize,
    },
    ColumnMajor,
    NotText {
        byte: usize,
    },
    NotANumber {
        line: usize,
        column: usize,
        found: String,
    },
    Ragged {
        line: usize,
        values: usize,
        others: usize,
    },
    Empty,
    /// Three tensors that do not make an input.
    Misfit(Misfit),
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
            Self::Read(why) => write!(f, "it cannot be read: {why}"),
            Self::Folder => write!(
                f,
                "this is a folder: open a .safetensors, .npy or .csv file in it"
            ),
            Self::Extension => write!(
                f,
                "its kind is not known: a .safetensors, .npy or .csv file is needed"
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
                "{files} files at once are too many or too few: open one .safetensors file, or three that end in q, k and v"
            ),
            Self::NotSafetensors(why) => write!(f, "this is not a whole safetensors file: {why}"),
            Self::MissingTensor { tensor, found } => {
                let mut found: Vec<&str> = found.iter().map(String::as_str).take(6).collect();
                found.sort_unstable();
                write!(
                    f,
                    "the tensor {tensor} is missing: q, k and v are needed, there are {}",
                    found.join(", ")
                )
            }
            Self::Dtype {
                place,
                found,
                right,
            } => write!(
                f,
                "{place} holds numbers of type {found}: {right} is needed"
            ),
            Self::TokensNotJson => write!(
                f,
                "tokens in its metadata are not a JSON list of texts, like [\"the\", \"cat\"]"
            ),
            Self::NotNpy => write!(
                f,
                "this is not a .npy file: it does not begin as numpy.save writes it"
            ),
            Self::NpyHeader(what) => write!(
                f,
                "the header says nothing of {what} that can be read: write it with numpy.save"
            ),
            Self::NpyLength { bytes, needed } => write!(
                f,
                "it ends after {bytes} bytes of numbers: its shape needs {needed}"
            ),
            Self::ColumnMajor => write!(
                f,
                "its numbers lie column by column: save numpy.ascontiguousarray(x) instead"
            ),
            Self::NotText { byte } => write!(
                f,
                "byte {byte} is not UTF-8 text: a .csv file holds numbers as text"
            ),
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
        }
    }
}
