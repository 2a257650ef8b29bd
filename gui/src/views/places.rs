//! Where the eight tables stand.

use eframe::egui::{Rect, pos2};

use super::cells::LEGIBLE;
use super::labels::longest;
use super::matrix::{HEADER, Labels, TOKENS_BELOW};
use crate::number::points;
use crate::run::{Column, Run};
use crate::session::{Mask, Question, Session, TableKind};
use crate::source::Input;

/// Between two tables.
const GAP: f32 = 22.0;

/// A table and the place for it.
pub(super) struct Place {
    pub(super) kind: TableKind,
    pub(super) column: Column,
    pub(super) rect: Rect,
    pub(super) rows: Labels,
}

/// Q, K and V above; scores, weights and output below, whose rows are the same queries.
pub(super) fn all(area: Rect, column: Column, session: &Session, run: &Run) -> Vec<Place> {
    let input = &*run.input;
    let above = [TableKind::Q, TableKind::K, TableKind::V];
    let mut below: Vec<TableKind> = TableKind::shown(session.changes)
        .filter(|kind| !above.contains(kind))
        .collect();
    // The tokens under the scores take their height from the lower half.
    let (upper, lower) = halves(area, input);
    let mut places = Vec::new();
    let width = (upper.width() - 2.0 * GAP) / 3.0;
    let mut left = upper.min.x;
    for kind in above {
        let rect = Rect::from_x_y_ranges(left..=left + width, upper.y_range());
        let rows = Labels::Margin(margin(kind, input));
        places.push(Place {
            kind,
            column,
            rect,
            rows,
        });
        left += width + GAP;
    }
    let tokens = margin(TableKind::Raw, input);
    let space = |tables: usize| lower.width() - points(tables) * GAP - tokens;
    let wide = |tables: usize| (space(tables) * score_share(input, tables)).floor();
    let mut scores = wide(below.len() - 1);
    let more = wide(below.len() - 2);
    let is_legible = |width: f32| width >= points(input.keys) * LEGIBLE.x;
    if says_nothing_new(session, run) && !is_legible(scores) && is_legible(more) {
        // What would be told twice makes room for digits.
        below.retain(|&kind| kind != TableKind::Masked);
        scores = more;
    }
    let mut left = lower.min.x;
    for kind in below {
        let first = kind == TableKind::Raw;
        let width = match kind {
            TableKind::Raw => scores + tokens,
            TableKind::Output => lower.max.x - left,
            _ => scores,
        };
        let rect = Rect::from_x_y_ranges(left..=left + width, lower.y_range());
        let rows = if first {
            Labels::Margin(tokens)
        } else {
            Labels::Absent
        };
        places.push(Place {
            kind,
            column,
            rect,
            rows,
        });
        left += width + GAP;
    }
    places
}

/// Whether the masked scores are those before the mask, and nobody looks at them.
fn says_nothing_new(session: &Session, run: &Run) -> bool {
    let same = [&run.left, &run.right]
        .into_iter()
        .all(|side| side.is_same(TableKind::Masked, TableKind::Capped));
    session.mask == Mask::None
        && same
        && session.learn.question != Question::LeftBottom
        && session.learn.walk.is_none()
        && session.selection.table != TableKind::Masked
}

/// The part of the lower row that each of so many tables of scores and weights gets: their digits need more room
/// than the output.
fn score_share(input: &Input, tables: usize) -> f32 {
    let scores = points(input.keys.clamp(8, 24)) * 3.0;
    let output = points(input.value_width.clamp(8, 64));
    let tables = points(tables);
    (scores / (tables * scores + output)).clamp(0.66 / tables, 0.84 / tables)
}

/// Upper tables have as many rows as there are keys, lower ones as there are queries.
fn halves(area: Rect, input: &Input) -> (Rect, Rect) {
    let rows = area.height() - GAP - 2.0 * HEADER - TOKENS_BELOW;
    let (above, below) = (
        points(input.keys.max(input.queries).clamp(4, 64)),
        points(input.queries.clamp(4, 64)),
    );
    let share = (above / (above + below)).clamp(0.35, 0.65);
    // Where there is little room, more of it goes to the scores, which carry digits.
    let legible = points(input.queries) * LEGIBLE.y * 1.2;
    let share = share.min(((rows - legible) / rows).max(0.35));
    let middle = area.min.y + HEADER + rows * share;
    (
        Rect::from_min_max(area.min, pos2(area.max.x, middle)),
        Rect::from_min_max(pos2(area.min.x, middle + GAP), area.max),
    )
}

/// Where formats are compared, one looks at what comes out first.
pub(super) fn results_first(session: &Session) -> Vec<TableKind> {
    const RESULTS: [TableKind; 4] = [
        TableKind::Raw,
        TableKind::Weights,
        TableKind::Output,
        TableKind::Masked,
    ];
    let there = TableKind::shown(session.changes);
    let others = there.clone().filter(|kind| !RESULTS.contains(kind));
    let (capped, operands): (Vec<_>, Vec<_>) = others.partition(|kind| *kind == TableKind::Capped);
    [&RESULTS[..], &capped, &operands].concat()
}

/// One row for each table: left, right, difference.
pub(super) fn beside(area: Rect, height: f32, kinds: &[TableKind], input: &Input) -> Vec<Place> {
    let mut places = Vec::new();
    let mut top = area.min.y;
    for &kind in kinds {
        let row = Rect::from_min_max(pos2(area.min.x, top), pos2(area.max.x, top + height - GAP));
        places.extend(across(row, kind, input));
        top += height;
    }
    places
}

pub(super) fn across(row: Rect, kind: TableKind, input: &Input) -> Vec<Place> {
    let tokens = margin(kind, input);
    let width = (row.width() - tokens - 2.0 * GAP) / 3.0;
    let columns = [Column::Left, Column::Right, Column::Difference];
    let mut left = row.min.x;
    columns
        .map(|column| {
            let first = column == Column::Left;
            let width = if first { width + tokens } else { width };
            let rect = Rect::from_x_y_ranges(left..=left + width, row.y_range());
            left += width + GAP;
            let rows = if first {
                Labels::Margin(tokens)
            } else {
                Labels::Absent
            };
            Place {
                kind,
                column,
                rect,
                rows,
            }
        })
        .into()
}

/// Room for the tokens on the left of a table.
pub(super) fn margin(kind: TableKind, input: &Input) -> f32 {
    let tokens = if kind.has_key_rows() {
        &input.key_tokens
    } else {
        &input.query_tokens
    };
    points(longest(tokens).clamp(2, 10)) * 6.4 + 12.0
}
