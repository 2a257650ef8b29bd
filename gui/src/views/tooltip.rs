//! The exact value under the cursor, in both formats, with the difference.

use eframe::egui::{Color32, Grid, RichText, Ui};

use crate::colour;
use crate::compare::place;
use crate::number::{difference, plain};
use crate::run::Run;
use crate::session::{FormatChoice, Session, TableKind};

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
            let units = (right - left) / unit;
            ui.label(
                RichText::new(format!(
                    "{} units of the last place",
                    difference(units, plain)
                ))
                .color(colour::WEAK),
            );
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

/// The integer behind a fixed-point number: `36 × 2^-4`.
fn integer(format: FormatChoice, kind: TableKind, value: f64) -> String {
    let Some(bits) = format.fraction_bits() else {
        return String::new();
    };
    let bits = match kind {
        TableKind::Q => bits.q,
        TableKind::K => bits.k,
        TableKind::V | TableKind::Output => bits.v,
        TableKind::Raw | TableKind::Masked | TableKind::Weights => return String::new(),
    };
    format!("{} × 2^{}", value * 2.0_f64.powi(bits), -bits)
}
