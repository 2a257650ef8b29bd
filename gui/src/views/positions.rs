//! The layer around the head, where the input has one, and the tables of positions.

use eframe::egui::{ComboBox, DragValue, RichText, ScrollArea, Ui, vec2};

use super::editing::cells_action;
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
                    "This input has no X and no weights: pick \"Eight heads from X\" to see them";
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
    let (before, after): (Vec<_>, Vec<_>) = layer
        .operands
        .iter()
        .partition(|(matrix, _)| matrix.operand != Operand::WO);
    for (matrix, table) in before {
        action = action.or(operand_ui(ui, session, run, *matrix, table, pictures));
    }
    let width = run.input.value_width;
    let meaning = format!(
        "the outputs of all heads beside each other; this head has columns {} to {}",
        session.head * width,
        (session.head + 1) * width - 1
    );
    plain_ui(ui, "Concat in f32", &meaning, &layer.concat, pictures);
    for (matrix, table) in after {
        action = action.or(operand_ui(ui, session, run, *matrix, table, pictures));
    }
    let meaning = "concat times W_O: what the layer hands on";
    plain_ui(ui, "Layer output in f32", meaning, &layer.output, pictures);
    action
}

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
        Operand::WQ => (colour::name(TableKind::Q), "X times W_Q is Q"),
        Operand::WK => (colour::name(TableKind::K), "X times W_K is K"),
        Operand::WV => (colour::name(TableKind::V), "X times W_V is V"),
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
        max_cell: vec2(44.0, 20.0),
    };
    let drawn = map_ui(ui, &map, pictures);
    let action = cells_action(ui, run, matrix, end, &drawn);
    hint(table, drawn);
    action
}

fn plain_ui(ui: &mut Ui, name: &str, meaning: &str, table: &Table, pictures: &mut Pictures) {
    let end = rounded_up(table.extent());
    let map = Map {
        name,
        tint: colour::name(TableKind::Output),
        meaning,
        table,
        scale: ColourScale::Diverging { end },
        edits: None,
        max_cell: vec2(44.0, 20.0),
    };
    let drawn = map_ui(ui, &map, pictures);
    hint(table, drawn);
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
            max_cell: vec2(44.0, 16.0),
        };
        let drawn = map_ui(ui, &map, pictures);
        hint(&positions.table, drawn);
    }
    let about = RichText::new(view.kind.about()).size(11.0);
    ui.label(about.color(colour::WEAK));
    (view != before).then_some(Action::Positions(view))
}

fn number_ui(ui: &mut Ui, name: &str, value: &mut usize) {
    ui.add(DragValue::new(value).range(2..=512))
        .accessible_name(format!("Number of {name}"))
        .on_hover_text(format!(
            "How many {name} are shown; drag, or click and type"
        ));
    ui.label(RichText::new(name).color(colour::WEAK));
}
