//! Shortcuts: arrows walk over the scores, Ctrl+Z and Ctrl+Shift+Z go back and forth, Ctrl+O opens.

use eframe::egui::{Context, Key, KeyboardShortcut, Modifiers};

use crate::action::Action;
use crate::run::Run;
use crate::session::{Selection, Session, Shown};

/// Go back.
pub const UNDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Z);
/// Go forward.
pub const REDO: KeyboardShortcut =
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
/// Open a file.
pub const OPEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
/// All tables again.
pub const BACK: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::Escape);

/// What the tables show, in the order of the keys 1 to 4.
pub const SHOWN: [(Key, Shown); 4] = [
    (Key::Num1, Shown::Left),
    (Key::Num2, Shown::Right),
    (Key::Num3, Shown::Difference),
    (Key::Num4, Shown::Beside),
];

/// What was typed, if a widget does not want it.
pub fn action(ctx: &Context, session: &Session, run: &Run) -> Option<Action> {
    if ctx.egui_wants_keyboard_input() {
        return None;
    }
    let typed =
        |shortcut: &KeyboardShortcut| ctx.input_mut(|input| input.consume_shortcut(shortcut));
    if typed(&REDO) {
        return Some(Action::Redo);
    }
    if typed(&UNDO) {
        return Some(Action::Undo);
    }
    if typed(&OPEN) {
        return Some(Action::AskForFiles);
    }
    if session.enlarged.is_some() && typed(&BACK) {
        return Some(Action::Enlarge(None));
    }
    for (key, shown) in SHOWN {
        if typed(&KeyboardShortcut::new(Modifiers::NONE, key)) {
            return Some(Action::Show(shown));
        }
    }
    // A focused slider or picker keeps its arrows.
    if ctx.memory(|memory| memory.focused().is_some()) {
        return None;
    }
    walk(ctx, session.selection, run).map(Action::Select)
}

/// One cell further, in the table that was clicked.
fn walk(ctx: &Context, selection: Selection, run: &Run) -> Option<Selection> {
    let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let table = run.left.table(selection.table);
    let (row, column) = selection.cell_in(selection.table);
    let (last_row, last_column) = (
        table.rows().saturating_sub(1),
        table.columns().saturating_sub(1),
    );
    let (row, column) = if pressed(Key::ArrowUp) {
        (row.saturating_sub(1), column)
    } else if pressed(Key::ArrowDown) {
        ((row + 1).min(last_row), column)
    } else if pressed(Key::ArrowLeft) {
        (row, column.saturating_sub(1))
    } else if pressed(Key::ArrowRight) {
        (row, (column + 1).min(last_column))
    } else {
        return None;
    };
    Some(selection.at(selection.table, row, column))
}
