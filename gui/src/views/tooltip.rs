//! The exact value under the cursor, in both formats, with the difference.

use eframe::egui::{Color32, Grid, RichText, Ui};

use crate::colour;
use crate::compare::place;
use crate::number::{difference, plain, significant};
use crate::run::Run;
use crate::session::{FormatChoice, Session, Step, TableKind};

/// Tokens and place, then a line for each format.
pub fn tooltip_ui(
    ui: &mut Ui,
    session: &Session,
    run: &Run,
    kind: TableKind,
    cell: (usize, usize),
) {
    let (row, column) = cell;
    let input = &run.input;
    ui.set_max_width(360.0);
    let row_name = if kind.has_key_rows() {
        input.key_name(row)
    } else {
        input.query_name(row)
    };
    let place_text = if kind.is_query_by_key() {
        format!("\"{row_name}\" looks at \"{}\"", input.key_name(column))
    } else {
        format!("\"{row_name}\", column {column}")
    };
    ui.horizontal(|ui| {
        ui.label(
            RichText::new(format!("{} ({row}, {column})", kind.name())).color(colour::name(kind)),
        );
        ui.label(RichText::new(place_text).color(colour::WEAK));
    });
    let walk = session.learn.walk;
    if walk.is_some_and(|moment| !run.walk(session).known(moment, kind, row, column)) {
        ui.label("the walk has not come here yet");
        return;
    }
    let (left, right) = (run.left.table(kind), run.right.table(kind));
    let (Some(left), Some(right)) = (left.get(row, column), right.get(row, column)) else {
        ui.label("hidden by the mask: its weight is exactly zero");
        return;
    };
    Grid::new("values")
        .num_columns(3)
        .spacing([12.0, 2.0])
        .show(ui, |ui| {
            value_ui(ui, session.left, colour::LEFT, kind, left);
            value_ui(ui, session.right, colour::RIGHT, kind, right);
            let unit = place((session.left, session.right), kind, left, run.scale);
            for held in &run.more {
                if let Some(value) = held.side.table(kind).get(row, column) {
                    value_ui(ui, held.side.choice.format, colour::TEXT, kind, value);
                }
            }
            ui.label(RichText::new("difference").color(colour::WRONG));
            ui.monospace(difference(right - left, plain));
            let units = unit.map(|unit| difference((right - left) / unit, plain));
            let units = units.map(|units| format!("{units} units of the last place"));
            ui.label(RichText::new(units.unwrap_or_default()).color(colour::WEAK));
            ui.end_row();
        });
}

fn value_ui(ui: &mut Ui, format: FormatChoice, colour: Color32, kind: TableKind, value: f64) {
    ui.label(RichText::new(format.name()).color(colour));
    ui.monospace(exact(format, kind, value));
    ui.label(RichText::new(integer(format, kind, value)).color(colour::WEAK));
    ui.end_row();
}

/// Every digit that the number has in its format.
pub fn exact(format: FormatChoice, kind: TableKind, value: f64) -> String {
    match format {
        #[expect(clippy::cast_possible_truncation, reason = "it is an f32")]
        FormatChoice::F32 => (value as f32).to_string(),
        FormatChoice::I8(_) | FormatChoice::I16(_) if kind == TableKind::Weights => {
            format!("{value:.9}")
        }
        _ => value.to_string(),
    }
}

/// The integer behind a fixed-point number: `36 × 2^-4`, or `36 × 0.0273`.
fn integer(format: FormatChoice, kind: TableKind, value: f64) -> String {
    let Some(steps) = format.steps() else {
        return String::new();
    };
    let step = match kind {
        TableKind::Q => steps.q,
        TableKind::K => steps.k,
        TableKind::V | TableKind::Output => steps.v,
        _ => return String::new(),
    };
    match step {
        Step::Bits(bits) => format!("{} × 2^{}", value / step.real(), -bits),
        // A product of an integer and a scale was rounded: dividing gives the integer back, but for its last bits.
        Step::Scale(scale) => format!("{} × {}", (value / scale).round(), significant(scale, 6)),
    }
}
