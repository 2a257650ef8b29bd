//! f32 attention for many queries at once, with the bits of the naive loop.
//!
//! The naive loop ([`Float`](crate::Float)) leaves no freedom within a query: every sum runs from left to
//! right. So vectors run *across* queries: lane `l` of a vector belongs to query `l` of a tile, and each
//! lane adds in the naive order. Departures from the loop, and why they change no bit:
//!
//! - A tile of Q is turned round once, (D, lanes), so that one load feeds every lane; K is read row by
//!   row and broadcast. Several keys are in flight at once, each with its own sums.
//! - Weights times V run across columns instead, where nothing has to be turned: see [`mix`](crate::mix).
//! - A key that only some queries of a tile may see is scored for all of them, and then hidden from the
//!   others with −∞: its weight is exactly zero, and adding zero times a finite number changes nothing.
//!   Where V holds a NaN or an infinity, queries are left to [`few`](crate::few), one by one.
//! - Keys that no query of the tile may see are not touched: causal work is skipped.
//! - A few queries that would leave most lanes of a tile empty are left to `few` as well.
//!
//! What is done with vectors is in [`stages`](crate::stages); here is who sees what.

use core::array::from_fn;
use core::ops::Range;

use crate::attention::{Attention, Softcap};
use crate::body::{CELLS_IN_A_LINE, scratch_cells};
use crate::few::{SHARING, attend_few, query};
use crate::modify::{Modify, visible_keys};
use crate::score::Score;
use crate::stages::{MOST_LANES, Stages, Weighed};
use crate::view::Qkv;

/// Attends for every query for which `scratch` has room, from the first on; returns how many. A row of S cells is
/// room enough for one query.
pub(crate) fn attend_in_tiles<M: Modify, S: Stages>(
    stages: S,
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize {
    let (rows, keys) = (qkv.q.rows(), qkv.k.rows());
    let whole = scratch.len();
    let finite = rows > 1 && stages.all_finite(qkv.v);
    let mut first = 0;
    while first < rows {
        let left = rows - first;
        let line = at_a_line(scratch);
        let cells = line.len();
        // Half of a tile more than the next smaller one is worth the tile.
        let fit = |&&registers: &&usize| {
            left > registers / 2 * S::LANES + S::LANES / 2
                && scratch_cells(registers * S::LANES, keys, qkv.k.columns()) <= cells
        };
        let registers = S::REGISTERS.iter().find(fit);
        if let (Some(&registers), true) = (registers, finite) {
            attend_tile(
                stages, registers, scale, qkv, attention, first, line, output,
            );
            first += registers * S::LANES;
        } else if finite && left >= SHARING && SHARING.saturating_mul(keys) <= whole {
            attend_few::<S, M, SHARING>(stages, scale, qkv, attention, first, scratch, output);
            first += SHARING;
        } else if finite && left >= 2 && keys.saturating_mul(2) <= whole {
            attend_few::<S, M, 2>(stages, scale, qkv, attention, first, scratch, output);
            first += 2;
        } else if keys <= whole {
            attend_few::<S, M, 1>(stages, scale, qkv, attention, first, scratch, output);
            first += 1;
        } else {
            break;
        }
    }
    first.min(rows)
}

/// The cells from the first on that begins a line of the cache: a vector that lies across two lines is dear.
fn at_a_line(scratch: &mut [f32]) -> &mut [f32] {
    let line = size_of::<f32>() * CELLS_IN_A_LINE;
    let skipped = scratch.as_ptr().align_offset(line).min(scratch.len());
    scratch.get_mut(skipped..).unwrap_or_default()
}

/// Attends for as many queries from `first` on as so many registers have lanes, as far as they exist; `scratch` has
/// [`scratch_cells`] and V is finite.
#[expect(clippy::too_many_arguments, reason = "all that a tile takes")]
fn attend_tile<M: Modify, S: Stages>(
    stages: S,
    registers: usize,
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    first: usize,
    scratch: &mut [f32],
    output: &mut [f32],
) {
    let Qkv { q, k, v } = qkv;
    let lanes = registers * S::LANES;
    let Some((scores, rest)) = scratch.split_at_mut_checked(k.rows() * lanes) else {
        return;
    };
    let Some(q_tile) = rest.get_mut(..q.columns() * lanes) else {
        return;
    };
    stages.turn_round(registers, q, first, q_tile);

    // Lanes without a query repeat the last one.
    let last = q.rows().saturating_sub(1);
    let visible: [Range<usize>; MOST_LANES] = from_fn(|lane| {
        let query = query((first + lane).min(last), attention.offset);
        visible_keys(&attention.mask, query, k.rows())
    });
    let visible = visible.get(..lanes).unwrap_or_default();
    let Range { start, end } = union(visible);
    let scores = scores.get_mut(start * lanes..end * lanes);
    let scores = scores.unwrap_or_default();
    let mut seen_by = [const { 0..0 }; MOST_LANES];
    for (keys, visible) in seen_by.iter_mut().zip(visible.chunks(S::LANES)) {
        let union = union(visible);
        *keys = union.start - start..union.end - start;
    }
    let seen_by = seen_by.get(..registers).unwrap_or_default();

    let keys = k.rows_between(start..end);
    stages.score_tile(scale, q_tile, keys, seen_by, scores);
    let seen = if !M::CHANGES && attention.softcap == Softcap::NONE {
        for (r, visible) in visible.chunks(S::LANES).enumerate() {
            hide(start, lanes, r * S::LANES, visible, scores);
        }
        from_fn(|lane| visible.get(lane).is_some_and(|keys| !keys.is_empty()))
    } else {
        change_scores(attention, first, start, visible, scores)
    };
    let reciprocals = stages.weigh_tile(seen_by, scores);
    let rows = first..q.rows().min(first + lanes);
    let output = output.get_mut(rows.start * v.columns()..rows.end * v.columns());
    let output = output.unwrap_or_default();
    output.fill(0.0);
    let weighed = Weighed {
        start,
        weights: scores,
        visible,
    };
    stages.mix_tile(weighed, v, output);
    let rows = output.chunks_mut(v.columns().max(1));
    for ((row, reciprocal), seen) in rows.zip(reciprocals).zip(seen) {
        stages.divide(row, if seen { Some(reciprocal) } else { None });
    }
}

/// From the first key that anyone sees to the last.
pub(crate) fn union(visible: &[Range<usize>]) -> Range<usize> {
    let start = visible.iter().map(|keys| keys.start).min().unwrap_or(0);
    start..visible.iter().map(|keys| keys.end).fold(start, usize::max)
}

/// Caps and changes scores and hides keys; says which lanes see any key.
fn change_scores<M: Modify>(
    attention: Attention<M>,
    first: usize,
    start: usize,
    visible: &[Range<usize>],
    scores: &mut [f32],
) -> [bool; MOST_LANES] {
    let mut seen = [false; MOST_LANES];
    for (scores, key) in scores.chunks_exact_mut(visible.len().max(1)).zip(start..) {
        let lanes = scores.iter_mut().zip(visible).zip(&mut seen);
        for (lane, ((score, visible), seen)) in lanes.enumerate() {
            let capped = match attention.softcap.cap() {
                Some(cap) => score.softcapped(cap),
                None => *score,
            };
            let query = query(first + lane, attention.offset);
            let changed = if visible.contains(&key) {
                attention.mask.change(capped, query, key)
            } else {
                None
            };
            *seen |= changed.is_some();
            *score = changed.unwrap_or(f32::NEG_INFINITY);
        }
    }
    seen
}

/// Hides from every lane of the register that begins at `lane` the keys that only others of it see.
fn hide(start: usize, lanes: usize, lane: usize, visible: &[Range<usize>], scores: &mut [f32]) {
    let keys = union(visible);
    let starts = visible.iter().map(|keys| keys.start);
    let ends = visible.iter().map(|keys| keys.end);
    let (from, to) = (
        starts.fold(keys.start, usize::max),
        ends.fold(keys.end, usize::min),
    );
    for key in (keys.start..from.min(keys.end)).chain(to.max(from)..keys.end) {
        let row = (key - start) * lanes + lane;
        let Some(scores) = scores.get_mut(row..row + visible.len()) else {
            return;
        };
        for (score, keys) in scores.iter_mut().zip(visible) {
            if !keys.contains(&key) {
                *score = f32::NEG_INFINITY;
            }
        }
    }
}

#[cfg(test)]
mod tests;
