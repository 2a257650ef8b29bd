//! What can be wrong, each in one sentence: the file, what was found, and what is wanted.

use std::fmt;
use std::process::ExitCode;

use kqv::ShapeError;

use crate::arrays::{ArrayError, Element, list, shape};

/// Why `kqv attend` wrote nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadlessError {
    /// The file or option that is wrong.
    pub(super) subject: String,
    pub(super) fault: Fault,
}

/// What is wrong with it, with the numbers that show it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// There is no such array.
    Array(ArrayError),
    /// A mask of another type.
    MaskType {
        found: String,
    },
    Shape {
        found: Vec<usize>,
        /// A shape with letters for what is free.
        wanted: String,
        /// The array that decides it.
        beside: Option<(String, Vec<usize>)>,
    },
    KvLen {
        found: Vec<usize>,
        batch: usize,
        keys: usize,
    },
    NotANumber {
        place: Vec<usize>,
        format: String,
    },
    /// The kernel refuses.
    Kernel(ShapeError),
    Memory {
        scores: Vec<usize>,
    },
    /// The operating system refuses.
    Write(String),
}

impl Fault {
    pub(super) fn of(self, subject: impl fmt::Display) -> HeadlessError {
        HeadlessError {
            subject: subject.to_string(),
            fault: self,
        }
    }
}

impl HeadlessError {
    /// Says it on the standard error stream: exit status 2 where the input is wrong, 1 where the
    /// machine has no room for the results.
    pub fn report(&self) -> ExitCode {
        eprintln!("kqv: {self}");
        match self.fault {
            Fault::Write(_) | Fault::Memory { .. } => ExitCode::from(1),
            _ => ExitCode::from(2),
        }
    }
}

impl fmt::Display for HeadlessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.subject, self.fault)
    }
}

impl std::error::Error for HeadlessError {}

/// What follows the subject of the sentence.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Array(error) => {
                write!(f, " {error}")?;
                match error {
                    ArrayError::NoArray { .. } => f.write_str(" (choose one as FILE:NAME)"),
                    _ => Ok(()),
                }
            }
            Self::MaskType { found } => write!(
                f,
                " holds {found}: for a mask {} or {} is needed",
                bool::WANTED,
                f64::WANTED
            ),
            Self::Shape {
                found,
                wanted,
                beside,
            } => {
                write!(f, " has shape {}: {wanted} is needed", shape(found))?;
                match beside {
                    Some((file, axes)) => write!(f, ", since {file} has {}", shape(axes)),
                    None => Ok(()),
                }
            }
            Self::KvLen { found, batch, keys } => write!(
                f,
                " is {}: one number from 0 to {keys} is needed for each batch, {batch} in all",
                list(found)
            ),
            Self::NotANumber { place, format } => write!(
                f,
                "{place:?} is NaN: {format} has no such number, f32 and f64 have"
            ),
            Self::Kernel(error) => write!(f, ": {error}"),
            Self::Memory { scores } => write!(
                f,
                ": four stages of {} scores do not fit into memory",
                shape(scores)
            ),
            Self::Write(why) => write!(f, " cannot be written: {why}"),
        }
    }
}
