//! What is collected while tables are drawn: the cell under the pointer, and what is asked for.

use eframe::egui::Ui;

use super::editing::{cells_action, keys_action};
use super::matrix::MatrixResponse;
use super::tooltip::tooltip_ui;
use crate::action::Action;
use crate::edit::{Edits, MatrixId, Operand};
use crate::pictures::Pictures;
use crate::run::{Column, Run};
use crate::session::{Selection, Session, TableKind};

/// What is drawn, and what the pointer found so far.
pub struct Scene<'a, 'p> {
    /// What the user chose.
    pub session: &'a Session,
    /// What follows from it.
    pub run: &'a Run,
    /// Textures.
    pub pictures: &'p mut Pictures,
    /// The cell under the pointer.
    pub found: Option<Selection>,
    /// What is asked for so far.
    pub action: Option<Action>,
}

impl Scene<'_, '_> {
    /// What pointer and keyboard do to a table that was just drawn.
    pub fn drawn(&mut self, ui: &mut Ui, kind: TableKind, column: Column, drawn: MatrixResponse) {
        let (session, run) = (self.session, self.run);
        let mut action = None;
        if let Some((row, at)) = drawn.cell {
            let selection = session.selection.at(kind, row, at);
            self.found = Some(selection);
            if drawn.response.clicked() {
                action = Some(Action::Select(selection));
            }
        }
        if drawn.name_clicked {
            let kind = Some(kind).filter(|kind| session.enlarged != Some(*kind));
            action = Some(Action::Enlarge(kind));
        }
        if let Some((_, matrix)) = edits(session, kind, column) {
            let end = run.scale_end(kind, column);
            let changed = cells_action(ui, run, matrix, end, &drawn);
            action = changed.or(action);
            if session.selection.table == kind && session.around.is_none() {
                action = action.or_else(|| keys_action(ui, session, run, drawn.response.id));
            }
        }
        if let Some(cell) = drawn.cell.filter(|_| !drawn.response.dragged()) {
            drawn.response.on_hover_ui_at_pointer(|ui| {
                tooltip_ui(ui, session, run, kind, cell);
            });
        }
        self.action = self.action.take().or(action);
    }

    /// What is asked for in the end; `pointed` is what the pointer was on in the last frame.
    pub fn action(self, pointed: Option<Selection>) -> Option<Action> {
        self.action
            .or_else(|| (self.found != pointed).then_some(Action::Point(self.found)))
    }
}

/// The edits of a table, if it can be edited: Q, K and V, but not a difference.
pub fn edits(session: &Session, kind: TableKind, column: Column) -> Option<(&Edits, MatrixId)> {
    let operand = Operand::of_table(kind).filter(|_| column != Column::Difference)?;
    let matrix = MatrixId::new(operand, session.layer, session.head);
    Some((&session.edits, matrix))
}
