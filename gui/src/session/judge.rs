//! How formats are judged: against what, within which budget, and what a sweep tries.

use serde::{Deserialize, Serialize};

use crate::compare::budget::Budget;
use crate::compare::heads::HeadId;
use crate::compare::numbers::Numbers;
use crate::compare::sweep::SweepSettings;
use crate::session::{Session, TableKind};

/// What the user chose for comparisons; part of the session.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Judge {
    /// What runs are held against.
    pub against: Against,
    /// The run whose stages are shown in full.
    pub run: usize,
    /// What the first wrong step passes.
    pub budget: Budget,
    /// What a sweep tries.
    pub sweep: SweepSettings,
}

impl Default for Judge {
    /// The right format against the f64 reference.
    fn default() -> Self {
        Self {
            against: Against::default(),
            run: 1,
            budget: Budget::default(),
            sweep: SweepSettings::default(),
        }
    }
}

/// What runs are held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Against {
    /// The first of them.
    First,
    /// The same attention in f64.
    #[default]
    Reference,
}

/// What the panes of statistics and of the sweep can ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum JudgeAction {
    /// Hold runs against something else.
    Against(Against),
    /// Show the stages of another run.
    Run(usize),
    /// Another budget.
    Budget(Budget),
    /// Another sweep.
    Sweep(SweepSettings),
    /// Show this cell.
    Go(Cell),
    /// Look for the first wrong step and show it.
    FirstWrong,
    /// Stop looking.
    StopSearch,
    /// Try every format.
    StartSweep,
    /// Stop trying.
    StopSweep,
    /// Make this format the run that is judged.
    Take(Numbers),
}

/// A cell of a table of a head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Of which head.
    pub id: HeadId,
    /// In which table.
    pub table: TableKind,
    /// Its row there.
    pub row: usize,
    /// Its column there.
    pub column: usize,
}

impl JudgeAction {
    /// Changes the session; what takes long is for the window to start.
    pub fn apply(self, session: &mut Session) {
        let judge = &mut session.judge;
        match self {
            Self::Against(against) => judge.against = against,
            Self::Run(run) => judge.run = run,
            Self::Budget(budget) => judge.budget = budget,
            Self::Sweep(sweep) => judge.sweep = sweep,
            Self::Go(cell) => {
                session.layer = cell.id.layer;
                session.head = cell.id.head;
                session.selection = session.selection.at(cell.table, cell.row, cell.column);
            }
            Self::Take(numbers) => {
                session.right = numbers.choice();
                judge.run = 1;
            }
            Self::FirstWrong | Self::StopSearch | Self::StartSweep | Self::StopSweep => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{FormatChoice, FractionBits};

    #[test]
    fn a_cell_and_a_format_are_taken_over() {
        let mut session = Session::default();
        let id = HeadId { layer: 2, head: 7 };
        let cell = Cell {
            id,
            table: TableKind::K,
            row: 4,
            column: 9,
        };
        JudgeAction::Go(cell).apply(&mut session);
        assert_eq!((session.layer, session.head), (2, 7));
        assert_eq!(session.selection.cell_in(TableKind::K), (4, 9));
        JudgeAction::Take(Numbers::I16([0.25, 0.5, 2.0])).apply(&mut session);
        let bits = FractionBits { q: 2, k: 1, v: -1 };
        assert_eq!(session.right, FormatChoice::I16(bits.into()));
    }

    #[test]
    fn what_an_older_program_did_not_save_is_as_it_starts() {
        let judge: Judge = serde_json::from_str(r#"{"run": 2}"#).unwrap();
        assert_eq!(
            judge,
            Judge {
                run: 2,
                ..Judge::default()
            }
        );
        let saved = serde_json::to_string(&judge).unwrap();
        assert_eq!(serde_json::from_str::<Judge>(&saved).unwrap(), judge);
    }
}
