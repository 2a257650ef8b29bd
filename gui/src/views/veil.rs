//! Covers, on a small map of weights, what a walk has not come to.

use eframe::egui::{Painter, Rect, pos2};

use crate::colour;
use crate::number::points;
use crate::run::Run;
use crate::session::{Session, TableKind};
use crate::steps::Walk;

/// The walk that is on, with its moment.
pub fn walk(session: &Session, run: &Run) -> Option<(Walk, usize)> {
    session.learn.walk.map(|at| (run.walk(session), at))
}

/// Whether the walk that may be on has come to a weight of the head that is shown.
pub fn knows_weight(session: &Session, run: &Run, query: usize, key: usize) -> bool {
    let weights = TableKind::Weights;
    walk(session, run).is_none_or(|(walk, at)| walk.known(at, weights, query, key))
}

/// Covers the cells of the head that is shown; `place` is its whole map.
pub fn veil(painter: &Painter, place: Rect, session: &Session, run: &Run) {
    let Some((walk, at)) = walk(session, run) else {
        return;
    };
    let (rows, columns) = (run.input.queries, run.input.keys);
    let keys = 0..columns;
    let known = keys
        .take_while(|&key| walk.known(at, TableKind::Weights, walk.query, key))
        .count();
    let x = |column: usize| place.min.x + place.width() * points(column) / points(columns.max(1));
    let y = |row: usize| place.min.y + place.height() * points(row) / points(rows.max(1));
    let (row, next) = (y(walk.query), y((walk.query + 1).min(rows)));
    for part in [
        Rect::from_min_max(pos2(x(known), row), pos2(place.max.x, next)),
        Rect::from_min_max(pos2(place.min.x, next), place.max),
    ] {
        painter.rect_filled(part, 0.0, colour::HIDDEN);
    }
}
