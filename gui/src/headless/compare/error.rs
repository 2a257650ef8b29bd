//! What can be wrong with a comparison, each in one sentence.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::side::RunError;
use crate::source::SourceError;

/// Why `kqv compare` wrote nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum CompareError {
    /// The input cannot be read.
    Source(SourceError),
    /// The kernel refuses.
    Run(RunError),
    /// The input has no such layer or head.
    NoSuch {
        /// Layer or head.
        what: &'static str,
        /// Which was asked for.
        wanted: usize,
        /// How many there are.
        there: usize,
    },
    /// The operating system refuses.
    Write(PathBuf, String),
}

impl CompareError {
    /// Says it on the standard error stream: exit status 2 where the input or an option is wrong,
    /// 1 where a file cannot be written.
    pub fn report(&self) -> ExitCode {
        eprintln!("kqv: {self}");
        match self {
            Self::Write(..) => ExitCode::from(1),
            _ => ExitCode::from(2),
        }
    }
}

impl fmt::Display for CompareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Run(error) => error.fmt(f),
            Self::NoSuch {
                what,
                wanted,
                there,
            } => {
                write!(
                    f,
                    "There is no {what} {wanted}: the input has 0 to {}",
                    there.saturating_sub(1)
                )
            }
            Self::Write(path, why) => write!(f, "{} cannot be written: {why}", path.display()),
        }
    }
}

impl std::error::Error for CompareError {}

impl From<SourceError> for CompareError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<RunError> for CompareError {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}
