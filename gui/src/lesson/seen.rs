//! A run as far as the walk through it has come: what a lesson asks for too early is not told.

use std::cell::Cell;
use std::ops::Deref;

use crate::run::Run;
use crate::session::{Session, TableKind};
use crate::side::Side;
use crate::steps::Walk;

/// A run, and how much of it is known.
#[derive(Debug)]
pub struct Seen<'a> {
    run: &'a Run,
    walk: Option<(Walk, usize)>,
    /// Whether anything was asked for that the walk has not come to.
    early: Cell<bool>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(run: &'a Run, session: &Session) -> Self {
        let walk = session.learn.walk.map(|moment| (run.walk(session), moment));
        Self {
            run,
            walk,
            early: Cell::new(false),
        }
    }

    /// Whether a number was asked for too early.
    pub(super) fn was_early(&self) -> bool {
        self.early.get()
    }

    /// Whether the walk has come to a cell.
    pub fn knows(&self, table: TableKind, row: usize, column: usize) -> bool {
        self.walk
            .is_none_or(|(walk, moment)| walk.known(moment, table, row, column))
    }

    /// A cell of a side, if the walk has come to it.
    pub(super) fn cell(
        &self,
        side: &Side,
        table: TableKind,
        (row, column): (usize, usize),
    ) -> Option<f64> {
        let known = self.knows(table, row, column);
        self.early.set(self.early.get() || !known);
        side.table(table).get(row, column).filter(|_| known)
    }

    /// What is known only when the last query is done.
    pub(super) fn at_the_end<T>(&self, value: Option<T>) -> Option<T> {
        let known = self.walk.is_none();
        self.early.set(self.early.get() || !known);
        value.filter(|_| known)
    }
}

/// Shapes and choices are no secret.
impl Deref for Seen<'_> {
    type Target = Run;

    fn deref(&self) -> &Run {
        self.run
    }
}
