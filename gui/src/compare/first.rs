//! The first wrong step: the first head, stage and cell that passes a budget or saturates.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::heads::{HeadId, Progress, Setting, job};
use super::histogram::{Fate, fate};
use super::numbers::{Numbers, operand};
use super::stages::{Watched, columns, values, visible};
use crate::recorder::Job;
use crate::report::digits;
use crate::session::TableKind;
use crate::session::judge::Cell;
use crate::side::RunError;
use crate::source::Input;

/// How far a value may be from the reference, stage by stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Of Q, K and V, in units of the last place; rounding alone makes 0.5.
    pub operand_places: f64,
    /// Of a score, in real units: 0.1 changes a weight by about a tenth of it.
    pub score: f64,
    /// Of a weight, in real units.
    pub weight: f64,
    /// Of the output, in units of the last place.
    pub output_places: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            operand_places: 1.0,
            score: 0.25,
            weight: 0.05,
            output_places: 4.0,
        }
    }
}

impl Budget {
    /// The greatest error allowed in a cell, in real units.
    fn of(&self, numbers: Numbers, kind: TableKind, value: f64) -> f64 {
        let place = numbers.place(kind, value).unwrap_or_default();
        match kind {
            TableKind::Q | TableKind::K | TableKind::V => self.operand_places * place,
            TableKind::Raw | TableKind::Masked => self.score,
            TableKind::Weights => self.weight,
            TableKind::Output => self.output_places * place,
        }
    }
}

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The value lies beyond the range of the format, and its end stands for it.
    Saturated,
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

/// The first wrong cell of the first head of `ids` that has one: its stages in the order in which
/// they are computed, each row by row.
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
    for &id in ids {
        if progress.is_cancelled() {
            return Ok(None);
        }
        let job = job(input, id, setting)?;
        let wrong = first_wrong_of(&job, trial, id)?;
        progress.step();
        if wrong.is_some() {
            return Ok(wrong);
        }
    }
    Ok(None)
}

/// The first wrong cell of one head.
fn first_wrong_of(job: &Job<'_>, trial: &Trial, id: HeadId) -> Result<Option<Wrong>, RunError> {
    let reference = trial.reference.record(job)?;
    let run = trial.numbers.record(job)?;
    let run = Watched {
        numbers: trial.numbers,
        record: &run,
    };
    let found = TableKind::ALL.into_iter().find_map(|kind| {
        let cells = values(&reference, kind)
            .iter()
            .zip(values(run.record, kind));
        cells.enumerate().find_map(|(at, (&reference, &value))| {
            let (row, column) = (at / columns(job, kind), at % columns(job, kind));
            if !visible(run.record, kind, row, column) {
                return None;
            }
            let given = given(job, kind).and_then(|values| values.get(at).copied());
            let fault = fault(trial, kind, given, reference, value)?;
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
    let allowed = trial.budget.of(trial.numbers, kind, reference);
    let error = value - reference;
    (error.abs() > allowed).then_some(Fault::OverBudget { error, allowed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::heads::heads_of;
    use crate::session::{InputId, Mask, Scaling};
    use crate::source::load;

    fn check(numbers: Numbers, budget: Budget) -> Option<Wrong> {
        let input = load(&InputId::Capture).unwrap();
        let setting = Setting {
            mask: Mask::None,
            scaling: Scaling::On,
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
    fn the_reference_itself_has_no_wrong_step() {
        assert_eq!(check(Numbers::F64, Budget::default()), None);
    }
}
