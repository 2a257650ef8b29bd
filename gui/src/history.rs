//! Undo and redo: snapshots of the session. A drag, or a walk with the arrows, is one step.

use std::mem;

use crate::action::Action;
use crate::edit::Place;
use crate::session::edits::EditAction;
use crate::session::judge::JudgeAction;
use crate::session::runs::RunsAction;
use crate::session::{Session, SideId};

/// More steps than anybody walks back.
const STEPS: usize = 500;

/// The sessions before and after the present one.
#[derive(Debug, Default)]
pub struct History {
    past: Vec<Session>,
    future: Vec<Session>,
    last: Last,
}

impl History {
    /// Remembers `before`, which `action` changed; a drag and a walk over cells are one step each.
    pub fn changed(&mut self, action: &Action, before: Session) {
        let now = Last::of(action);
        self.future.clear();
        let last = mem::replace(&mut self.last, now);
        if last == now && now != Last::Step {
            return;
        }
        if self.past.len() == STEPS {
            self.past.remove(0);
        }
        self.past.push(before);
    }

    /// No button is down: the next change of a format is a step of its own.
    pub fn pause_after_drag(&mut self) {
        if matches!(
            self.last,
            Last::Format(_) | Last::Run(_) | Last::Changes | Last::Drag(_) | Last::Judge
        ) {
            self.last = Last::Step;
        }
    }

    /// Whether there is a session to go back to.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is a session to go forward to.
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// The session before, while `now` becomes the one after.
    pub fn undo(&mut self, now: Session) -> Option<Session> {
        let before = self.past.pop()?;
        self.future.push(now);
        self.last = Last::Step;
        Some(before)
    }

    /// The session after, while `now` becomes the one before.
    pub fn redo(&mut self, now: Session) -> Option<Session> {
        let after = self.future.pop()?;
        self.past.push(now);
        self.last = Last::Step;
        Some(after)
    }
}

/// What the last change was, to know whether the next one continues it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Last {
    /// A step of its own.
    #[default]
    Step,
    /// A slider that may still be held.
    Format(SideId),
    /// The same of a further run.
    Run(usize),
    /// A soft cap or a slope that may still be dragged.
    Changes,
    /// A budget or a threshold that may still be dragged.
    Judge,
    /// A walk over cells.
    Select,
    /// A cell that may still be held.
    Drag(Place),
}

impl Last {
    fn of(action: &Action) -> Self {
        match action {
            Action::Format(side, _) => Self::Format(*side),
            Action::Runs(RunsAction::Change(at, _)) => Self::Run(*at),
            Action::Changes(_) => Self::Changes,
            Action::Judge(JudgeAction::Budget(_) | JudgeAction::Sweep(_)) => Self::Judge,
            Action::Select(_) | Action::SelectAround(_) => Self::Select,
            Action::Edit(EditAction::Drag(place, _)) => Self::Drag(*place),
            _ => Self::Step,
        }
    }
}
