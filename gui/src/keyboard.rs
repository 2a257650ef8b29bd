//! Shortcuts: arrows walk over cells, Page Up and Page Down over heads (with Shift over layers), M and
//! S switch mask and scale, 1 to 4 what is shown, Ctrl+Z and Ctrl+Shift+Z go back and forth.

use eframe::egui::{Context, Key, KeyboardShortcut, Modifiers};

use crate::action::Action;
use crate::run::Run;
use crate::session::{Below, Mask, Scaling, Selection, Session, Shown};
use crate::views::lessons;

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
    if let Some(action) = choices(ctx, session, run) {
        return Some(action);
    }
    if let Some(action) = lessons::keys(ctx, session) {
        return Some(action);
    }
    // A focused slider or picker keeps its arrows, and so does a walk.
    let walks = session.learn.below == Below::Steps;
    if walks || ctx.memory(|memory| memory.focused().is_some()) {
        return None;
    }
    walk(ctx, session.selection, run).map(Action::Select)
}

/// The choices of the sidebar.
fn choices(ctx: &Context, session: &Session, run: &Run) -> Option<Action> {
    let pressed = |modifiers, key| ctx.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::NONE, Key::M) {
        return Some(Action::Mask(match session.mask {
            Mask::None => Mask::Causal,
            Mask::Causal => Mask::None,
        }));
    }
    if pressed(Modifiers::NONE, Key::S) {
        return Some(Action::Scaling(match session.scaling {
            Scaling::On => Scaling::Off,
            Scaling::Off => Scaling::On,
        }));
    }
    let before = |at: usize| at.checked_sub(1);
    let after = |at: usize, count: usize| Some(at + 1).filter(|&at| at < count);
    if pressed(Modifiers::SHIFT, Key::PageUp) {
        before(session.layer).map(Action::Layer)
    } else if pressed(Modifiers::SHIFT, Key::PageDown) {
        after(session.layer, run.input.layers).map(Action::Layer)
    } else if pressed(Modifiers::NONE, Key::PageUp) {
        before(session.head).map(Action::Head)
    } else if pressed(Modifiers::NONE, Key::PageDown) {
        after(session.head, run.input.heads).map(Action::Head)
    } else {
        None
    }
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
