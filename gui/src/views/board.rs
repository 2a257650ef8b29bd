//! The board of a walk: for every key what has been worked out of it so far, stage below stage.

use eframe::egui::{
    Align2, Color32, FontId, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2,
};

use crate::colour;
use crate::derivation::trace::Trace;
use crate::number::{plain, points};
use crate::run::Run;
use crate::session::TableKind;
use crate::steps::{Moment, Stage, Walk};

/// Of one number.
const CELL: [f32; 2] = [58.0, 14.0];
/// Names of the rows.
const NAMES: f32 = 92.0;
/// More keys than this are not written out at once.
const MOST: usize = 256;

/// The rows, in the order of the stages.
const ROWS: [(Stage, &str); 7] = [
    (Stage::Dot, "q · k"),
    (Stage::Scale, "× scale"),
    (Stage::Mask, "masked"),
    (Stage::Max, "max so far"),
    (Stage::Exponential, "e^(score − max)"),
    (Stage::Sum, "sum so far"),
    (Stage::Weight, "weight"),
];

/// A column for every key, a row for every stage; what the walk has not come to is blank.
pub fn board_ui(ui: &mut Ui, run: &Run, trace: &Trace, walk: Walk, position: usize) {
    let moment = walk.moment(position);
    let keys = walk.keys.min(MOST);
    let size = vec2(
        NAMES + CELL[0] * points(keys),
        CELL[1] * points(ROWS.len() + 1),
    );
    ScrollArea::both()
        .id_salt("board")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            let spoken = format!("Known of {keys} keys so far");
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
            let painter = ui.painter();
            let text = |row: usize, right: f32, text: String, tint: Color32| {
                let y = rect.min.y + CELL[1] * (points(row) + 0.5);
                let font = FontId::proportional(11.0);
                painter.text(pos2(right, y), Align2::RIGHT_CENTER, text, font, tint);
            };
            for (row, (stage, name)) in ROWS.into_iter().enumerate() {
                let tint = if stage == moment.stage {
                    colour::TEXT
                } else {
                    colour::WEAK
                };
                text(row + 1, rect.min.x + NAMES - 14.0, name.to_owned(), tint);
            }
            for key in 0..keys {
                let left = rect.min.x + NAMES + CELL[0] * points(key);
                let right = left + CELL[0] - 8.0;
                let now = key == moment.key && moment.stage != Stage::Output;
                let name: String = run.input.key_name(key).chars().take(8).collect();
                let tint = if now { colour::TEXT } else { colour::WEAK };
                text(0, right, name, tint);
                for (row, (stage, _)) in ROWS.into_iter().enumerate() {
                    let is_now = now && stage == moment.stage;
                    if is_now {
                        let top = rect.min.y + CELL[1] * points(row + 1);
                        let cell =
                            Rect::from_min_size(pos2(left, top), vec2(CELL[0] - 4.0, CELL[1]));
                        painter.rect_filled(cell, 2.0, colour::FIELD_HOVERED);
                        follow(ui, cell, position);
                    }
                    if let Some(value) = known(trace, walk, position, stage, key) {
                        let tint = if is_now { colour::TEXT } else { tint_of(stage) };
                        text(row + 1, right, value, tint);
                    }
                }
            }
        });
}

/// Scrolls to the number that was worked out last, when it is another one.
fn follow(ui: &Ui, cell: Rect, position: usize) {
    let id = ui.scope_id().with("followed");
    if ui.data(|data| data.get_temp(id)) != Some(position) {
        ui.data_mut(|data| data.insert_temp(id, position));
        ui.scroll_to_rect(cell.expand(CELL[0]), None);
    }
}

fn tint_of(stage: Stage) -> Color32 {
    match stage {
        Stage::Weight => colour::name(TableKind::Weights),
        _ => colour::TEXT.gamma_multiply(0.8),
    }
}

/// A number of the board, if the walk has come to it; of the dot product under way, what it has come to.
fn known(trace: &Trace, walk: Walk, position: usize, stage: Stage, key: usize) -> Option<String> {
    let at = |values: &[f64]| values.get(key).copied();
    let Moment {
        stage: now,
        key: current,
        column,
    } = walk.moment(position);
    if stage == Stage::Dot && now == Stage::Dot && key == current {
        return trace.dots.get(column).copied().map(plain);
    }
    if !walk.passed(position, stage, key) {
        return None;
    }
    let value = match stage {
        Stage::Dot => at(&trace.products),
        Stage::Scale => at(&trace.raw),
        Stage::Mask => at(&trace.masked),
        Stage::Max => {
            let seen = trace.masked.iter().take(key + 1).copied();
            Some(seen.fold(f64::NEG_INFINITY, f64::max))
        }
        Stage::Exponential => at(&trace.exponentials),
        Stage::Sum => at(&trace.sums),
        Stage::Weight => at(&trace.weights),
        Stage::Mix | Stage::Output => None,
    };
    value.map(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::example::thinking;

    #[test]
    fn a_board_fills_number_by_number() {
        let (trace, walk) = thinking();
        let board = |position| {
            let row = |(stage, _)| [0, 1].map(|key| known(&trace, walk, position, stage, key));
            ROWS.map(row)
        };
        let written = |position: usize| {
            let numbers = board(position).into_iter().flatten().flatten();
            numbers.collect::<Vec<String>>()
        };
        assert_eq!(written(4 + 1), ["28.0000", "12.0000"], "half of the second");
        let sum = walk.start_of(Stage::Sum);
        let last = written(sum).last().cloned();
        assert_eq!(last.as_deref(), Some("1.0000"), "not yet the whole sum");
        assert_eq!(written(walk.end()).len(), 14);
    }
}
