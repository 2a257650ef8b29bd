//! What can be wrong, each in one sentence: the file, what was found, and what is wanted.

use std::fmt;
use std::process::ExitCode;

use kqv::ShapeError;

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
    /// The operating system refuses.
    Read(String),
    /// The container is broken, and how.
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
            Self::Read(why) => write!(f, " cannot be read: {why}"),
            Self::Broken { kind, why } => write!(f, " is not a whole {kind} file: {why}"),
            Self::NoArray { name, found } => write!(
                f,
                " has no array {name}: it has {} (choose one as FILE:NAME)",
                list(found)
            ),
            Self::Type { found, wanted } => write!(f, " holds {found}: {wanted} is needed"),
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

/// `(2, 15, 32)`, `(7,)`, as numpy writes a shape.
pub(super) fn shape(axes: &[usize]) -> String {
    match axes {
        [] => "()".to_owned(),
        [axis] => format!("({axis},)"),
        _ => format!("({})", list(axes)),
    }
}

/// The first few of them, with commas.
fn list<T: ToString>(all: &[T]) -> String {
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
