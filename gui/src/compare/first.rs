//! The first wrong step: the first head, stage and cell that passes a budget or saturates.

use std::fmt;

use rayon::prelude::*;

use super::accumulator::{Overflow, leaves_range};
use super::budget::Budget;
use super::heads::{HeadId, Progress, Setting, job};
use super::histogram::{Fate, fate};
use super::numbers::{Numbers, operand};
use super::stages::{Watched, columns, values, visible};
use crate::recorder::{Job, Record};
use crate::report::digits;
use crate::session::TableKind;
use crate::session::judge::Cell;
use crate::side::RunError;
use crate::source::Input;

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The value lies beyond the range of the format, and its end stands for it.
    Saturated,
    /// Its sum leaves the range of an accumulator of so many bits.
    SumOverflow {
        /// The bits of the accumulator.
        bits: u8,
        /// At which term.
        overflow: Overflow,
    },
    /// The error is greater than allowed; both in real units.
    OverBudget {
        /// What it is.
        error: f64,
        /// What it may be.
        allowed: f64,
    },
}

/// A cell that went wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wrong {
    /// Of which head.
    pub id: HeadId,
    /// In which table.
    pub table: TableKind,
    /// Its row there.
    pub row: usize,
    /// Its column there.
    pub column: usize,
    /// What it should be.
    pub reference: f64,
    /// What it is.
    pub value: f64,
    /// What is wrong with it.
    pub fault: Fault,
}

impl Wrong {
    /// Where it is.
    pub fn cell(&self) -> Cell {
        let Self {
            id,
            table,
            row,
            column,
            ..
        } = *self;
        Cell {
            id,
            table,
            row,
            column,
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            table,
            row,
            column,
            ..
        } = self;
        let HeadId { layer, head } = id;
        write!(
            f,
            "Layer {layer}, head {head}, {} ({row}, {column}) ",
            table.name()
        )?;
        match self.fault {
            Fault::Saturated => f.write_str("saturates")?,
            Fault::SumOverflow { bits, overflow } => {
                let Overflow { term, sum } = overflow;
                return write!(
                    f,
                    "leaves the range of a sum of {bits} bits at term {term}, at {sum}"
                );
            }
            Fault::OverBudget { error, allowed } => {
                write!(
                    f,
                    "is off by {}, {} allowed",
                    digits(error),
                    digits(allowed)
                )?;
            }
        }
        write!(f, ": {} for {}", digits(self.value), digits(self.reference))
    }
}

/// How a search for the first wrong step ended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Search {
    /// There was none.
    #[default]
    NotYet,
    /// No step is wrong.
    Nothing,
    /// This one is.
    Found(Wrong),
}

impl From<Option<Wrong>> for Search {
    fn from(found: Option<Wrong>) -> Self {
        found.map_or(Self::Nothing, Self::Found)
    }
}

/// The two formats that are held against each other, and how far they may be apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// What is right.
    pub reference: Numbers,
    /// What is judged.
    pub numbers: Numbers,
    /// How far they may be apart.
    pub budget: Budget,
}

/// The first wrong cell of the first head of `ids` that has one, on all cores: its stages in the order in which
/// they are computed, each row by row; none if it was cancelled.
///
/// # Errors
/// [`RunError`], a sentence.
pub fn first_wrong(
    input: &Input,
    setting: Setting,
    ids: &[HeadId],
    trial: &Trial,
    progress: &Progress,
) -> Result<Option<Wrong>, RunError> {
    progress.expect(ids.len());
    // Of all that are wrong the first, on whichever core it is found; no head after it is begun.
    let found = ids.par_iter().find_map_first(|&id| {
        if progress.is_cancelled() {
            return None;
        }
        let wrong = job(input, id, setting).and_then(|job| first_wrong_of(&job, trial, id));
        progress.step();
        wrong.transpose()
    });
    found.filter(|_| !progress.is_cancelled()).transpose()
}

/// The first wrong cell of one head.
fn first_wrong_of(job: &Job<'_>, trial: &Trial, id: HeadId) -> Result<Option<Wrong>, RunError> {
    let reference = trial.reference.record(job)?;
    let run = trial.numbers.record(job)?;
    let run = Watched {
        numbers: trial.numbers,
        record: &run,
    };
    let there =
        |kind: &TableKind| *kind != TableKind::Capped || job.attention.softcap.cap().is_some();
    let found = TableKind::ALL.into_iter().filter(there).find_map(|kind| {
        let cells = values(&reference, kind)
            .iter()
            .zip(values(run.record, kind));
        cells.enumerate().find_map(|(at, (&reference, &value))| {
            let (row, column) = (at / columns(job, kind), at % columns(job, kind));
            if !visible(run.record, kind, row, column) {
                return None;
            }
            let given = given(job, kind).and_then(|values| values.get(at).copied());
            let fault = fault(trial, kind, given, reference, value)
                .or_else(|| sum_fault(trial, kind, job.width, run.record, (row, column)))?;
            Some(Wrong {
                id,
                table: kind,
                row,
                column,
                reference,
                value,
                fault,
            })
        })
    });
    Ok(found)
}

/// The values that a table was made of, before any format, if it is one of the three tensors.
fn given<'a>(job: &Job<'a>, kind: TableKind) -> Option<&'a [f64]> {
    match kind {
        TableKind::Q => Some(job.q),
        TableKind::K => Some(job.k),
        TableKind::V => Some(job.v),
        _ => None,
    }
}

/// Where the dot product of a raw score leaves the accumulator that was asked for.
fn sum_fault(
    trial: &Trial,
    kind: TableKind,
    width: usize,
    record: &Record,
    (query, key): (usize, usize),
) -> Option<Fault> {
    let bits = trial.budget.sum_bits.filter(|_| kind == TableKind::Raw)?;
    let q = record.q.get(query * width..(query + 1) * width)?;
    let k = record.k.get(key * width..(key + 1) * width)?;
    let overflow = leaves_range(trial.numbers, q, k, bits)?;
    Some(Fault::SumOverflow { bits, overflow })
}

fn fault(
    trial: &Trial,
    kind: TableKind,
    given: Option<f64>,
    reference: f64,
    value: f64,
) -> Option<Fault> {
    let saturates = |(given, operand)| fate(trial.numbers, operand, given) == Fate::Overflow;
    if given.zip(operand(kind)).is_some_and(saturates) {
        return Some(Fault::Saturated);
    }
    let changed = matches!(kind, TableKind::Capped | TableKind::Masked);
    if changed && trial.numbers.cuts_score(reference, value) {
        return Some(Fault::Saturated);
    }
    let allowed = trial.budget.of(trial.numbers, kind, reference);
    let error = value - reference;
    (error.abs() > allowed).then_some(Fault::OverBudget { error, allowed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::heads::heads_of;
    use crate::session::{Changes, InputId, Mask, Scaling};
    use crate::source::load;

    fn check(numbers: Numbers, budget: Budget) -> Option<Wrong> {
        let input = load(&InputId::Capture).unwrap();
        let setting = Setting {
            mask: Mask::None,
            scaling: Scaling::On,
            changes: Changes::NONE,
        };
        let ids = heads_of(0..input.layers, &(0..input.heads));
        let trial = Trial {
            reference: Numbers::F64,
            numbers,
            budget,
        };
        first_wrong(&input, setting, &ids, &trial, &Progress::default()).unwrap()
    }

    /// The plain search: the first value of Q of the first heads that no i8 with these steps holds.
    #[test]
    fn a_cut_value_is_found_where_it_is() {
        let input = load(&InputId::Capture).unwrap();
        let wrong = check(Numbers::I8([1.0 / 32.0; 3]), Budget::default()).unwrap();
        let head = input.head(wrong.id.layer, wrong.id.head);
        assert_eq!(wrong.fault, Fault::Saturated);
        let (values, columns) = match wrong.table {
            TableKind::Q => (head.q, input.width),
            TableKind::K => (head.k, input.width),
            _ => (head.v, input.value_width),
        };
        let first = values
            .iter()
            .position(|value| (value * 32.0).round().abs() > 127.0);
        assert_eq!(first, Some(wrong.row * columns + wrong.column));
        assert_eq!(wrong.value.abs().ceil(), 4.0);
    }

    #[test]
    fn a_budget_decides_which_step_is_the_first_wrong_one() {
        let coarse = Numbers::I8([1.0 / 8.0; 3]);
        let generous = Budget {
            score: 100.0,
            weight: 100.0,
            output_places: 100.0,
            ..Budget::default()
        };
        assert_eq!(check(coarse, generous), None);
        let weights = Budget {
            weight: 0.05,
            ..generous
        };
        let wrong = check(coarse, weights).unwrap();
        assert_eq!(wrong.table, TableKind::Weights);
        let Fault::OverBudget { error, allowed } = wrong.fault else {
            panic!("nothing saturates")
        };
        assert!(error.abs() > allowed && allowed == 0.05);
        let scores = Budget {
            score: 0.25,
            ..weights
        };
        let earlier = check(coarse, scores).unwrap();
        assert!((earlier.id, earlier.table as usize) <= (wrong.id, wrong.table as usize));
    }

    #[test]
    fn a_sum_that_leaves_its_range_says_at_which_term() {
        let input = load(&InputId::Capture).unwrap();
        let numbers = Numbers::I16([1.0 / 1024.0; 3]);
        let budget = Budget {
            sum_bits: Some(24),
            ..Budget::default()
        };
        let wrong = check(numbers, budget).unwrap();
        let Fault::SumOverflow { bits: 24, overflow } = wrong.fault else {
            panic!("{wrong}")
        };
        // The plain sum of the rounded numbers.
        let (head, width) = (input.head(wrong.id.layer, wrong.id.head), input.width);
        let whole = |values: &[f64], row: usize, column: usize| {
            (values[row * width + column] * 1024.0).round()
        };
        let mut sums = (0..=overflow.term).scan(0.0, |sum, column| {
            *sum += whole(head.q, wrong.row, column) * whole(head.k, wrong.column, column);
            Some(*sum)
        });
        let end = 2.0_f64.powi(23);
        assert!(sums.by_ref().take(overflow.term).all(|sum| sum.abs() < end));
        assert_eq!(wrong.table, TableKind::Raw);
        assert!(overflow.sum.abs() >= end);
        assert!(
            wrong
                .to_string()
                .contains("leaves the range of a sum of 24 bits at term")
        );
        assert_eq!(check(numbers, Budget::default()), None);
    }

    #[test]
    fn the_first_of_all_heads_is_found_whichever_core_is_faster() {
        let input = load(&InputId::Capture).unwrap();
        let setting = Setting {
            mask: Mask::None,
            scaling: Scaling::On,
            changes: Changes::NONE,
        };
        let trial = Trial {
            reference: Numbers::F64,
            numbers: Numbers::I8([1.0 / 32.0; 3]),
            budget: Budget::default(),
        };
        let ids = heads_of(0..input.layers, &(0..input.heads));
        let search = |ids: &[HeadId], progress: &Progress| {
            first_wrong(&input, setting, ids, &trial, progress).unwrap()
        };
        let one_by_one = ids
            .iter()
            .find_map(|id| search(&[*id], &Progress::default()));
        assert_eq!(search(&ids, &Progress::default()), one_by_one);
        let cancelled = Progress::default();
        cancelled.cancel();
        assert_eq!(search(&ids, &cancelled), None);
    }

    #[test]
    fn the_reference_itself_has_no_wrong_step() {
        assert_eq!(check(Numbers::F64, Budget::default()), None);
    }
}
