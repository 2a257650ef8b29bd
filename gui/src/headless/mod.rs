//! Without a window: `kqv attend` and `kqv compare`.
//!
//! `kqv attend`: attention of arrays in files, every stage of it into files, without a window.
//!
//! ```text
//! options ── read ── problem ── run ── write
//! ```
//!
//! The numbers are the kernel's: what is written was handed to an observer, as in the window.

// The command line,
mod options;
// what can be wrong,
mod error;
// files become arrays,
mod read;
// arrays become heads of batches,
mod stack;
// which fit together,
mod problem;
// who may look at whom where the kernel has no type for it,
mod modify;
// every head of every batch,
mod run;
// and all files, or none.
mod write;
// Formats held against each other.
mod compare;

pub use compare::{CompareError, CompareOptions, compare};
pub use error::HeadlessError;
pub use options::AttendOptions;

use kqv::Float;

use crate::stored::Stored;
use options::Numbers;
use problem::Problem;
use run::run;
use stack::Stack;
use write::{Output, Written, write};

/// Reads the arrays, computes, and writes the output and every stage of the scores.
///
/// How many values a format cut off at the ends of its range is said on the standard error stream.
///
/// # Errors
/// [`HeadlessError`], one sentence; nothing is written then.
pub fn attend(options: &AttendOptions) -> Result<(), HeadlessError> {
    let problem = Problem::read(options)?;
    match options.format.numbers {
        Numbers::F32 => attend_in::<_, f32>(Float::<f32>::FORMAT, options, &problem),
        Numbers::F64 => attend_in::<_, f64>(Float::<f64>::FORMAT, options, &problem),
        Numbers::I16(format) => attend_in::<_, f32>(format, options, &problem),
        Numbers::I8(format) => attend_in::<_, f32>(format, options, &problem),
    }
}

/// [`attend`] in one format, with files of `W`.
fn attend_in<F: Stored, W: Written>(
    format: F,
    options: &AttendOptions,
    problem: &Problem,
) -> Result<(), HeadlessError> {
    let stages = run::<F, W>(format, options, problem)?;
    let [.., columns] = problem.v.shape();
    let [.., keys] = problem.scores();
    let of_query = |name, columns, values| Output {
        name,
        shape: problem.shape_of(columns),
        values,
    };
    let mut outputs = vec![
        of_query("output.npy", columns, stages.output),
        of_query("raw.npy", keys, stages.raw),
        of_query("softcap.npy", keys, stages.softcap),
        of_query("masked.npy", keys, stages.masked),
        of_query("weights.npy", keys, stages.weights),
    ];
    let present = |name, stack: &Stack<f64>| Output {
        name,
        shape: problem.as_given(&stack.shape()),
        values: stack.values().iter().map(|&value| W::of(value)).collect(),
    };
    if problem.past.is_some() {
        outputs.push(present("present_k.npy", &problem.k));
        outputs.push(present("present_v.npy", &problem.v));
    }
    write(&options.out, outputs)
}
