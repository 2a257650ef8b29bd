//! What was typed: the shortcuts of all commands, and the arrows, which walk over cells.

use eframe::egui::{Context, Key, Modifiers};

use crate::action::Action;
use crate::commands::{COMMANDS, Command, State};
use crate::run::Run;
use crate::session::around::{LayerCell, LayerTable};
use crate::session::layout::Pane;
use crate::session::{Selection, Shown};
use crate::table::Table;

/// What the tables show, in the order of the keys 1 to 4.
pub const SHOWN: [(Key, Shown); 4] = [
    (Key::Num1, Shown::Left),
    (Key::Num2, Shown::Right),
    (Key::Num3, Shown::Difference),
    (Key::Num4, Shown::Beside),
];

/// What was typed, if a widget does not want it.
pub fn action(ctx: &Context, state: State<'_>) -> Option<Action> {
    if ctx.egui_wants_keyboard_input() {
        return None;
    }
    // Without Shift a shortcut also matches with it, so those with Shift go first.
    let shifted = |command: &&Command| command.shortcut.modifiers.shift;
    let first = COMMANDS.iter().filter(shifted);
    for command in first.chain(COMMANDS.iter().filter(|command| !shifted(command))) {
        let shortcut = &command.shortcut;
        if !ctx.input(|input| input.key_pressed(shortcut.logical_key)) {
            continue;
        }
        // A key that has nothing to do is left to the widgets.
        if let Some(action) = (command.action)(state)
            && ctx.input_mut(|input| input.consume_shortcut(shortcut))
        {
            return Some(action);
        }
    }
    // A focused slider or picker keeps its arrows, and so does a walk.
    let walks = state.session.layout.is_open(Pane::Steps);
    if walks || ctx.memory(|memory| memory.focused().is_some()) {
        return None;
    }
    if let Some(cell) = state.session.around {
        return walk_around(ctx, cell, state.run).map(Action::SelectAround);
    }
    walk(ctx, state.session.selection, state.run).map(Action::Select)
}

/// One cell further, in the table that was clicked.
fn walk(ctx: &Context, selection: Selection, run: &Run) -> Option<Selection> {
    let table = run.left.table(selection.table);
    let (row, column) = further(ctx, table, selection.cell_in(selection.table))?;
    Some(selection.at(selection.table, row, column))
}

/// The same around the head.
fn walk_around(ctx: &Context, cell: LayerCell, run: &Run) -> Option<LayerCell> {
    let layer = run.layer.as_deref();
    let table = match cell.table {
        LayerTable::Operand(operand) => {
            let mut operands = layer?.operands.iter();
            &operands.find(|(matrix, _)| matrix.operand == operand)?.1
        }
        LayerTable::Concat => &layer?.concat,
        LayerTable::Output => layer?.output()?,
        LayerTable::Normed => &layer?.joined.as_ref()?.normed,
        LayerTable::Positions => &run.positions.as_deref()?.table,
    };
    let (row, column) = further(ctx, table, (cell.row, cell.column))?;
    Some(LayerCell {
        row,
        column,
        ..cell
    })
}

/// The cell that an arrow leads to.
fn further(ctx: &Context, table: &Table, (row, column): (usize, usize)) -> Option<(usize, usize)> {
    let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let (last_row, last_column) = (
        table.rows().saturating_sub(1),
        table.columns().saturating_sub(1),
    );
    if pressed(Key::ArrowUp) {
        Some((row.saturating_sub(1), column))
    } else if pressed(Key::ArrowDown) {
        Some(((row + 1).min(last_row), column))
    } else if pressed(Key::ArrowLeft) {
        Some((row, column.saturating_sub(1)))
    } else if pressed(Key::ArrowRight) {
        Some((row, (column + 1).min(last_column)))
    } else {
        None
    }
}
