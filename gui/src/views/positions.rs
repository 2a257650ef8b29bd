//! The layer around the head, where the input has one, and the tables of positions.

use eframe::egui::{Align, ComboBox, DragValue, Layout, RichText, ScrollArea, Ui, vec2};

use super::bands::Bands;
use super::editing::{cells_action, keys_action};
use super::map::{Map, map_ui};
use super::matrix::MatrixResponse;
use crate::action::Action;
use crate::colour::{self, ColourScale};
use crate::edit::Operand;
use crate::layer::LayerTables;
use crate::number::plain;
use crate::pictures::Pictures;
use crate::positions::PositionKind;
use crate::run::Run;
use crate::session::around::{LayerCell, LayerTable};
use crate::session::edits::EditAction;
use crate::session::{Session, TableKind};
use crate::table::{Table, rounded_up};

/// Everything around the head, from X to the output of the layer, then the positions.
pub fn positions_ui(
    ui: &mut Ui,
    session: &Session,
    run: &Run,
    pictures: &mut Pictures,
) -> Option<Action> {
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            let mut layer = None;
            if let Some(tables) = &run.layer {
                layer = layer_ui(ui, session, run, tables, pictures);
            } else {
                let text =
                    "This input has no X and no weights: pick \"Eight heads from X\", or open a file with x, w_q, w_k, w_v and w_o";
                ui.label(RichText::new(text).color(colour::WEAK));
            }
            ui.add_space(6.0);
            ui.separator();
            layer.or(table_ui(ui, session, run, pictures))
        })
        .inner
}

/// X, the weights of the head, concat, `W_O` and what comes out.
fn layer_ui(
    ui: &mut Ui,
    session: &Session,
    run: &Run,
    layer: &LayerTables,
    pictures: &mut Pictures,
) -> Option<Action> {
    let mut action = None;
    let title = format!("The layer, head {} of {}", session.head, run.input.heads);
    ui.label(RichText::new(title).size(16.0));
    action = action.or(pinned_ui(ui, session, run));
    let operand = |ui: &mut Ui, pictures: &mut Pictures, operand: Operand| {
        let found = layer.operands.iter();
        let mut found = found.filter(|(matrix, _)| matrix.operand == operand);
        let (matrix, table) = found.next()?;
        operand_ui(ui, session, run, *matrix, table, pictures)
    };
    action = action.or(operand(ui, pictures, Operand::X));
    ui.columns_const(|columns: &mut [Ui; 3]| {
        for (ui, of) in columns
            .iter_mut()
            .zip([Operand::WQ, Operand::WK, Operand::WV])
        {
            let changed = operand(ui, pictures, of);
            action = action.take().or(changed);
        }
    });
    let width = run.input.value_width;
    let meaning = format!(
        "all heads side by side; this one has columns {} to {}",
        session.head * width,
        (session.head + 1) * width - 1
    );
    let plain = |ui: &mut Ui, pictures: &mut Pictures, table, meaning: &str, values| {
        let plain = Plain {
            table,
            meaning,
            values,
        };
        plain_ui(ui, session, run, &plain, pictures)
    };
    let concat = plain(ui, pictures, LayerTable::Concat, &meaning, &layer.concat);
    action = action.or(concat);
    let Some(joined) = &layer.joined else {
        let text = "This input has no W_O: nothing joins the heads";
        ui.label(RichText::new(text).color(colour::WEAK));
        return action;
    };
    ui.columns_const(|[left, right]| {
        let joins = operand(left, pictures, Operand::WO);
        let meaning = "concat · W_O";
        let output = plain(right, pictures, LayerTable::Output, meaning, &joined.output);
        let meaning = "of X + output";
        let normed = plain(right, pictures, LayerTable::Normed, meaning, &joined.normed);
        let about = "What comes after attention: each row brought to mean 0 and variance 1. The kernel has no part in it, \
                     the window works it out.";
        let about = RichText::new(about).size(11.0).color(colour::WEAK);
        right.with_layout(Layout::top_down(Align::Min), |ui| ui.label(about)); // not justified, as a column is
        action = action.take().or(joins).or(output).or(normed);
    });
    action
}

/// Numbers of Q, K and V that were put in by hand and do not follow X and W, with the way back.
pub fn pinned_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    let pinned = session.edits.pinned(&run.input);
    if pinned == 0 {
        return None;
    }
    let (edits, stay) = match pinned {
        1 => ("1 edit".to_owned(), "stays"),
        count => (format!("{count} edits"), "stay"),
    };
    let text = format!("{edits} of Q, K or V {stay} as put in by hand when X or W changes");
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(text).color(colour::RIGHT));
        let about = "Q, K and V of every head become X times W again";
        if ui.button("Let them follow").on_hover_text(about).clicked() {
            action = Some(Action::Edit(EditAction::Follow));
        }
    });
    action
}

/// Rows of more than so many are lower.
const MANY: usize = 12;

fn operand_ui(
    ui: &mut Ui,
    session: &Session,
    run: &Run,
    matrix: crate::edit::MatrixId,
    table: &Table,
    pictures: &mut Pictures,
) -> Option<Action> {
    let (tint, meaning) = match matrix.operand {
        Operand::X => (
            colour::LEFT,
            "the tokens before the layer; drag or double-click a number",
        ),
        Operand::WQ => (colour::name(TableKind::Q), "makes Q of X"),
        Operand::WK => (colour::name(TableKind::K), "makes K of X"),
        Operand::WV => (colour::name(TableKind::V), "makes V of X"),
        _ => (colour::name(TableKind::Output), "joins the heads"),
    };
    let end = rounded_up(table.extent());
    let map = Map {
        name: matrix.operand.name(),
        tint,
        meaning,
        table,
        scale: ColourScale::Diverging { end },
        edits: Some((&session.edits, matrix)),
        bands: bands(session, LayerTable::Operand(matrix.operand), run),
        walk: None,
        max_cell: vec2(44.0, if table.rows() > MANY { 14.0 } else { 20.0 }),
    };
    let drawn = map_ui(ui, &map, pictures);
    let here = LayerTable::Operand(matrix.operand);
    let mut action = cells_action(ui, run, matrix, end, &drawn);
    if session.around.is_some_and(|cell| cell.table == here) {
        action = action.or_else(|| keys_action(ui, session, run, drawn.response.id));
    }
    let clicked = clicked(here, &drawn);
    hint(table, drawn);
    action.or(clicked)
}

/// A click keeps the cell.
fn clicked(table: LayerTable, drawn: &MatrixResponse) -> Option<Action> {
    let (row, column) = drawn.cell.filter(|_| drawn.response.clicked())?;
    Some(Action::SelectAround(LayerCell { table, row, column }))
}

/// What is lit around the head: the selected cell, and the bands that meet in it.
fn bands(session: &Session, table: LayerTable, run: &Run) -> Bands {
    use LayerTable::{Concat, Normed, Output};
    use Operand::{WK, WO, WQ, WV, X};
    let row = |row| Bands {
        row: Some(row),
        ..Bands::default()
    };
    let column = |column| Bands {
        column: Some(column),
        ..Bands::default()
    };
    if let Some(cell) = session.around {
        if cell.table == table {
            return Bands {
                row: Some(cell.row),
                column: None,
                cell: Some((cell.row, cell.column)),
            };
        }
        return match (cell.table, table) {
            (Output, Concat)
            | (Normed, Output | LayerTable::Operand(X))
            | (Concat, LayerTable::Operand(X)) => row(cell.row),
            (Output, LayerTable::Operand(WO)) => column(cell.column),
            _ => Bands::default(),
        };
    }
    // A number of Q, K or V is a row of X times a column of its W.
    let focus = run.detail.focus;
    let (place, own) = focus.cell_in(focus.table);
    match (focus.table, table) {
        (TableKind::Q | TableKind::K | TableKind::V, LayerTable::Operand(X)) => row(place),
        (TableKind::Q, LayerTable::Operand(WQ))
        | (TableKind::K, LayerTable::Operand(WK))
        | (TableKind::V, LayerTable::Operand(WV)) => column(own),
        (TableKind::Output, Concat) => {
            let column = session.head * run.input.value_width + own;
            Bands {
                row: Some(place),
                column: None,
                cell: Some((place, column)),
            }
        }
        _ => Bands::default(),
    }
}

/// A table that cannot be edited.
struct Plain<'a> {
    table: LayerTable,
    meaning: &'a str,
    values: &'a Table,
}

fn plain_ui(
    ui: &mut Ui,
    session: &Session,
    run: &Run,
    plain: &Plain<'_>,
    pictures: &mut Pictures,
) -> Option<Action> {
    let end = rounded_up(plain.values.extent());
    let format = match plain.table {
        LayerTable::Normed => "f64",
        _ => "f32",
    };
    let map = Map {
        name: &format!("{} in {format}", plain.table.name()),
        tint: colour::name(TableKind::Output),
        meaning: plain.meaning,
        table: plain.values,
        scale: ColourScale::Diverging { end },
        edits: None,
        bands: bands(session, plain.table, run),
        // A walk comes to the rows of the layer when it has come to those of its outputs.
        walk: session.learn.walk.map(|moment| (run.walk(session), moment)),
        max_cell: vec2(44.0, 20.0),
    };
    let drawn = map_ui(ui, &map, pictures);
    let clicked = clicked(plain.table, &drawn);
    if map.knows(&drawn) {
        hint(plain.values, drawn);
    }
    clicked
}

/// The number under the pointer.
fn hint(table: &Table, drawn: MatrixResponse) {
    if let Some((row, column)) = drawn.cell
        && let Some(value) = table.get(row, column)
    {
        let text = format!("({row}, {column})  {}", plain(value));
        drawn.response.on_hover_text_at_pointer(text);
    }
}

/// A table of positions, and its choices.
fn table_ui(ui: &mut Ui, session: &Session, run: &Run, pictures: &mut Pictures) -> Option<Action> {
    let before = session.positions;
    let mut view = before;
    let mut action = None;
    ui.label(RichText::new("Positions").size(16.0));
    ui.horizontal_wrapped(|ui| {
        let picker = ComboBox::from_id_salt("kind of positions")
            .selected_text(view.kind.name())
            .show_ui(ui, |ui| {
                for kind in PositionKind::ALL {
                    ui.selectable_value(&mut view.kind, kind, kind.name());
                }
            });
        picker
            .response
            .accessible_name("Kind of positions")
            .on_hover_text("Added to a token, or turning Q and K");
    });
    ui.horizontal(|ui| {
        number_ui(ui, "positions", &mut view.positions);
        number_ui(ui, "columns", &mut view.columns);
    });
    if let Some(positions) = &run.positions {
        let map = Map {
            name: "Position table",
            tint: colour::RIGHT,
            meaning: "",
            table: &positions.table,
            scale: ColourScale::Diverging { end: 1.0 },
            edits: None,
            bands: bands(session, LayerTable::Positions, run),
            walk: None,
            max_cell: vec2(44.0, 16.0),
        };
        let drawn = map_ui(ui, &map, pictures);
        action = clicked(LayerTable::Positions, &drawn);
        hint(&positions.table, drawn);
    }
    let about = RichText::new(view.kind.about()).size(11.0);
    ui.label(about.color(colour::WEAK));
    action.or((view != before).then_some(Action::Positions(view)))
}

fn number_ui(ui: &mut Ui, name: &str, value: &mut usize) {
    ui.add(DragValue::new(value).range(2..=512))
        .accessible_name(format!("Number of {name}"))
        .on_hover_text(format!(
            "How many {name} are shown; drag, or click and type"
        ));
    ui.label(RichText::new(name).color(colour::WEAK));
}
