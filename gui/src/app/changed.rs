//! What a change makes of a session; [`App::apply`] makes it the present one.

use super::App;
use crate::action::Action;
use crate::edit::EditError;
use crate::lesson;
use crate::session::edits::Edits;
use crate::session::layout::{LayoutAction, Pane};
use crate::session::runs::RunsAction;
use crate::session::{FormatChoice, InputId, LearnAction, Selection, Session};

impl App {
    /// `session` after a simple change.
    pub(super) fn after(
        &mut self,
        mut session: Session,
        action: &Action,
    ) -> Result<Session, EditError> {
        match action.clone() {
            Action::Choose(id) => self.show_input(&mut session, id),
            Action::Layer(layer) => session.layer = layer,
            Action::Head(head) => session.head = head,
            Action::OpenHead { layer, head } => (session.layer, session.head) = (layer, head),
            Action::Mask(mask) => session.mask = mask,
            Action::Scaling(scaling) => session.scaling = scaling,
            Action::Changes(changes) => session.changes = changes,
            Action::Format(side, format) => *session.format_mut(side) = format,
            Action::Runs(runs) => {
                let added = matches!(runs, RunsAction::Add(_));
                runs.apply(&mut session);
                let pane = Pane::Runs;
                if added && !session.layout.is_open(pane) {
                    LayoutAction::Toggle(pane).apply(&mut session);
                }
            }
            Action::Judge(judge) => judge.apply(&mut session),
            Action::Show(shown) => session.shown = shown,
            Action::Unit(unit) => session.unit = unit,
            Action::Select(selection) => {
                (session.selection, session.around) = (selection, None);
            }
            Action::SelectAround(cell) => session.around = Some(cell),
            Action::Enlarge(enlarged) => session.enlarged = enlarged,
            Action::Arrange(arrangement) => session.arrangement = arrangement,
            Action::Edit(edit) => edit.apply(&mut session, &self.run.input)?,
            Action::Heads(heads) => session.heads = heads,
            Action::Positions(positions) => session.positions = positions,
            Action::Learn(learn) => {
                let before = session.learn;
                session.learn.apply(learn);
                if let LearnAction::Lesson(number) = learn {
                    let setup = lesson::step(number).setup;
                    let input = (setup.input)();
                    // What was tried stays while the next steps are about the same numbers.
                    let goes_on = before.begun && before.lesson != number && session.input == input;
                    if !goes_on {
                        self.show_input(&mut session, input);
                    }
                    setup.apply(&mut session);
                }
            }
            Action::Point(_)
            | Action::Open(_)
            | Action::AskForFiles
            | Action::File(_)
            | Action::Layout(_)
            | Action::Theme(_)
            | Action::Palette
            | Action::Zoom(_)
            | Action::Cancel
            | Action::Undo
            | Action::Redo
            | Action::Dismiss(_) => {}
        }
        Ok(session)
    }

    /// Another input starts at its first head, or at the place that the capture is known for.
    fn show_input(&mut self, session: &mut Session, id: InputId) {
        let start = Session::default();
        let (layer, head, selection) = if id == start.input {
            (start.layer, start.head, start.selection)
        } else {
            let first = Selection {
                query: 0,
                key: 0,
                ..start.selection
            };
            (0, 0, first)
        };
        if let Ok(input) = self.library.get(&id) {
            let fit = |format: FormatChoice| format.meant_for(&input, layer, head);
            session.mask = input.mask;
            session.left = fit(session.left);
            session.right = fit(session.right);
            for format in &mut session.more.0 {
                *format = fit(*format);
            }
        }
        *session = Session {
            input: id,
            layer,
            head,
            selection,
            around: None,
            edits: Edits::default(),
            ..session.clone()
        };
    }
}
