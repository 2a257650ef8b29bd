//! f32 attention for four queries at once: what chips with a floating-point unit run.
//!
//! The naive loop ([`Float`](crate::Float)) fixes the order of every sum, so the work is done for several
//! sums at once. A tile of four queries meets four keys in one block, sixteen sums in sixteen
//! registers, and every number that is loaded is used four times; then four columns of V meet the
//! same four queries, key by key. Departures from the loop, and why they change no bit:
//!
//! - The tile of Q is transposed, (D, 4), and so are its scores, (S, 4): one load brings four queries.
//! - What does not fill a block ends with a block that overlaps the one before: the same sums once more.
//! - A key that only some queries of a tile may see is hidden from the others with −∞: its weight is
//!   exactly zero, and adding zero times a finite number changes nothing. A row of V that is not finite
//!   would make a NaN of it; so a query whose output has a NaN is done again by the loop.
//! - Keys that no query of the tile may see are not touched: causal work is skipped.
//!
//! The transposed Q lies where the output of the tile will be, or in scratch where that is too narrow.
//! One or two queries, as in decoding, and what finds no room are worked on one by one, with four keys or
//! eight columns in flight. The blocks themselves are in [`arch`](crate::arch), or portable.

use core::ops::Range;

use crate::attend::attend_row;
use crate::attention::{Attention, Softcap};
use crate::body::scratch_cells;
use crate::exp::exp_neg;
use crate::float::{Float, Scaled};
use crate::format::Format;
use crate::modify::{Modify, Query, visible_keys};
use crate::score::Score;
use crate::view::{Qkv, View};

#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
use crate::arch::arm_float as blocks;
#[cfg(kqv_riscv_float)]
use crate::arch::riscv_float as blocks;
#[cfg(not(any(kqv_riscv_float, all(target_arch = "arm", target_abi = "eabihf"))))]
use crate::blocks;

/// The queries of a tile, and the keys or columns of V that it meets in one block.
pub(crate) const QUAD: usize = 4;
/// The columns of V that a single query meets in one block.
pub(crate) const COLUMNS: usize = 8;

/// Attends for all queries, if `scratch` holds a row of scores; returns how many.
pub(crate) fn attend<M: Modify>(
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize {
    let rows = qkv.q.rows();
    if scratch.len() < qkv.k.rows() {
        return 0;
    }
    let mut call = Call {
        scale,
        qkv,
        attention,
        scratch,
        output,
    };
    let mut first = 0;
    while first < rows {
        // Three queries are cheaper as a tile with one place empty than one by one.
        if rows - first >= QUAD - 1 && call.has_room(QUAD.min(rows - first)) {
            call.tile(first);
            first += QUAD;
        } else {
            call.row(first);
            first += 1;
        }
    }
    rows
}

/// One call of attention, with the caller's memory.
struct Call<'a, M> {
    scale: f32,
    qkv: Qkv<'a, f32>,
    attention: Attention<M>,
    /// At least S cells.
    scratch: &'a mut [f32],
    /// (T, E)
    output: &'a mut [f32],
}

impl<M: Modify> Call<'_, M> {
    /// Whether a tile of so many queries fits: its scores into `scratch`, and Q into its rows of the
    /// output, which are written last, or into `scratch` too.
    fn has_room(&self, lanes: usize) -> bool {
        let (keys, columns) = (self.qkv.k.rows(), self.qkv.k.columns());
        let in_output = lanes * self.qkv.v.columns() >= QUAD * columns;
        let beside = if in_output { 0 } else { columns };
        self.scratch.len() >= scratch_cells(QUAD, keys, beside)
    }

    /// The queries `first..first + 4`, as far as they exist, for which there is room.
    fn tile(&mut self, first: usize) {
        let Qkv { q, k, v } = self.qkv;
        let lanes = QUAD.min(q.rows() - first);
        // A place without a query repeats the last one.
        let row_of = |lane: usize| first + lane.min(lanes - 1);
        let visible = [0, 1, 2, 3].map(|lane| self.visible(row_of(lane)));
        let start = visible.iter().fold(k.rows(), |at, keys| at.min(keys.start));
        let end = visible.iter().fold(start, |at, keys| at.max(keys.end));

        let (cells, _) = self.scratch.as_chunks_mut::<QUAD>();
        let Some((scores, rest)) = cells.split_at_mut_checked(end - start) else {
            return;
        };
        let rows = first * v.columns()..(first + lanes) * v.columns();
        let output = self.output.get_mut(rows).unwrap_or_default();
        let q_tile = match output.as_chunks_mut().0.get_mut(..q.columns()) {
            Some(q_tile) => q_tile,
            None => rest.get_mut(..q.columns()).unwrap_or_default(),
        };
        transpose([0, 1, 2, 3].map(|lane| q.row(row_of(lane))), q_tile);
        score_tile(self.scale, q_tile, k.rows_between(start..end), scores);
        let mut seen = [false; QUAD];
        for (lane, (keys, seen)) in visible.into_iter().zip(&mut seen).enumerate() {
            let cells = keys.start.saturating_sub(start)..keys.end.saturating_sub(start);
            hide_around(scores, lane, cells.clone());
            let cells = scores.get_mut(cells).unwrap_or_default();
            let cells = cells.iter_mut().map(|scores| &mut scores[lane]);
            *seen = change_scores(self.attention, row_of(lane), keys.start, cells);
        }

        let reciprocals = weigh_tile(scores).map(|sum| 1.0 / sum);
        let spoilt = mix_tile(scores, v.rows_between(start..end), reciprocals, output);
        for lane in 0..lanes {
            self.settle(first + lane, seen[lane], spoilt[lane]);
        }
    }

    /// Query `i` by itself; `scratch` has S cells.
    fn row(&mut self, i: usize) {
        let Qkv { q, k, v } = self.qkv;
        let visible = self.visible(i);
        let keys = k.rows_between(visible.clone());
        let scores = self.scratch.get_mut(..keys.rows()).unwrap_or_default();
        score_row(self.scale, q.row(i), keys, scores);
        let seen = change_scores(self.attention, i, visible.start, scores.iter_mut());
        let reciprocal = 1.0 / weigh_row(scores);
        let rows = i * v.columns()..(i + 1) * v.columns();
        let output = self.output.get_mut(rows).unwrap_or_default();
        let spoilt = mix_row(scores, v.rows_between(visible), reciprocal, output);
        self.settle(i, seen, spoilt);
    }

    /// The keys that query `i` may see.
    fn visible(&self, i: usize) -> Range<usize> {
        let query = query(i, self.attention.offset);
        visible_keys(&self.attention.mask, query, self.qkv.k.rows())
    }

    /// What remains for query `i` if it saw nothing, or too much.
    fn settle(&mut self, i: usize, seen: bool, spoilt: bool) {
        let columns = self.qkv.v.columns();
        let output = self.output.get_mut(i * columns..(i + 1) * columns);
        let scratch = self.scratch.get_mut(..self.qkv.k.rows());
        let (Some(output), Some(scratch)) = (output, scratch) else {
            return;
        };
        if !seen {
            output.fill(0.0);
        } else if spoilt {
            attend_row::<Float<f32>, M, (), false>(
                Scaled::by_the_loop(self.scale),
                self.qkv,
                self.attention,
                i,
                scratch,
                output,
                &mut (),
            );
        }
    }
}

pub(crate) fn query(row: usize, offset: usize) -> Query {
    Query {
        row,
        position: row.saturating_add(offset),
    }
}

/// Four rows of Q as columns, (D, 4).
fn transpose([a, b, c, d]: [&[f32]; QUAD], tile: &mut [[f32; QUAD]]) {
    for ((((cells, &a), &b), &c), &d) in tile.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *cells = [a, b, c, d];
    }
}

/// Raw scores of every key, (S, 4).
fn score_tile(scale: f32, q: &[[f32; QUAD]], k: View<'_, f32>, scores: &mut [[f32; QUAD]]) {
    let columns = q.len();
    let mut rest = scores;
    for (rows, keys) in k.pieces() {
        let Some((scores, later)) = rest.split_at_mut_checked(rows) else {
            return;
        };
        rest = later;
        if rows < QUAD {
            for (scores, key) in scores.iter_mut().zip(0..) {
                let key = keys.get(key * columns..).unwrap_or_default();
                *scores = score_key(scale, q, key);
            }
            continue;
        }
        blocks::score_tile(scale, q, keys, scores.as_chunks_mut().0);
        if rows % QUAD > 0
            && let Some(last) = scores.last_chunk_mut()
        {
            let keys = keys.get((rows - QUAD) * columns..).unwrap_or_default();
            blocks::score_tile(scale, q, keys, core::slice::from_mut(last));
        }
    }
}

/// Raw scores of one key.
fn score_key(scale: f32, q: &[[f32; QUAD]], key: &[f32]) -> [f32; QUAD] {
    let mut dots = [0.0; QUAD];
    for (q, k) in q.iter().zip(key) {
        for (dot, q) in dots.iter_mut().zip(q) {
            *dot += q * k;
        }
    }
    dots.map(|dot| dot * scale)
}

/// [`score_tile`] of one query.
fn score_row(scale: f32, q: &[f32], k: View<'_, f32>, scores: &mut [f32]) {
    let columns = q.len();
    let mut rest = scores;
    for (rows, keys) in k.pieces() {
        let Some((scores, later)) = rest.split_at_mut_checked(rows) else {
            return;
        };
        rest = later;
        if rows < QUAD {
            for (score, key) in scores.iter_mut().zip(0..) {
                let key = keys.get(key * columns..).unwrap_or_default();
                let scaled = Scaled::by_the_loop(scale);
                *score = <Float<f32> as Format>::score(scaled, q, key);
            }
            continue;
        }
        blocks::score_row(scale, q, keys, scores.as_chunks_mut().0);
        if rows % QUAD > 0
            && let Some(last) = scores.last_chunk_mut()
        {
            let keys = keys.get((rows - QUAD) * columns..).unwrap_or_default();
            blocks::score_row(scale, q, keys, core::slice::from_mut(last));
        }
    }
}

/// Hides the keys around those that the query in this place sees.
fn hide_around(scores: &mut [[f32; QUAD]], lane: usize, seen: Range<usize>) {
    let end = seen.end.min(scores.len());
    let start = seen.start.min(end);
    for scores in scores.iter_mut().take(start) {
        scores[lane] = f32::NEG_INFINITY;
    }
    for scores in scores.iter_mut().skip(end) {
        scores[lane] = f32::NEG_INFINITY;
    }
}

/// Caps and changes the scores of query `i` and the keys from `first` on; says whether it sees any.
pub(crate) fn change_scores<'a, M: Modify>(
    attention: Attention<M>,
    i: usize,
    first: usize,
    scores: impl ExactSizeIterator<Item = &'a mut f32>,
) -> bool {
    if !M::CHANGES && attention.softcap == Softcap::NONE {
        return scores.len() > 0;
    }
    let query = query(i, attention.offset);
    let mut seen = false;
    for (score, key) in scores.zip(first..) {
        let capped = match attention.softcap.cap() {
            Some(cap) => score.softcapped(cap),
            None => *score,
        };
        let changed = attention.mask.change(capped, query, key);
        seen |= changed.is_some();
        *score = changed.unwrap_or(f32::NEG_INFINITY);
    }
    seen
}

/// Scores to weights, in place; returns their sums.
fn weigh_tile(scores: &mut [[f32; QUAD]]) -> [f32; QUAD] {
    let mut max = [f32::NEG_INFINITY; QUAD];
    for scores in scores.iter() {
        for (max, &score) in max.iter_mut().zip(scores) {
            if score > *max {
                *max = score;
            }
        }
    }
    blocks::weigh(scores, max)
}

/// [`weigh_tile`] of one query: four keys at once, but added one by one.
fn weigh_row(scores: &mut [f32]) -> f32 {
    let mut max = f32::NEG_INFINITY;
    for &score in scores.iter() {
        if score > max {
            max = score;
        }
    }
    let (quads, rest) = scores.as_chunks_mut();
    blocks::weigh(quads, [max; QUAD]);
    for score in rest {
        *score = exp_neg(*score - max);
    }
    scores.iter().fold(0.0, |sum, weight| sum + weight)
}

/// Adds up the rows of `v`, each times its weights, and divides by the sums; says whose output has a NaN.
fn mix_tile(
    weights: &[[f32; QUAD]],
    v: View<'_, f32>,
    reciprocals: [f32; QUAD],
    output: &mut [f32],
) -> [bool; QUAD] {
    let mut spoilt = [false; QUAD];
    for e in starts::<QUAD>(v.columns()) {
        let mut sums = [[0.0; QUAD]; QUAD];
        let mut rest = weights;
        for (rows, values) in v.pieces() {
            let (weights, later) = rest.split_at_checked(rows).unwrap_or_default();
            rest = later;
            let values = values.get(e..).unwrap_or_default();
            if v.columns() < QUAD {
                mix_few(weights, values, v.columns(), &mut sums);
            } else {
                blocks::mix_tile(weights, values, v.columns(), &mut sums);
            }
        }
        let rows = output.chunks_exact_mut(v.columns());
        for (lane, (row, spoilt)) in rows.zip(&mut spoilt).enumerate() {
            for (cell, sums) in row.iter_mut().skip(e).zip(&sums) {
                *cell = sums[lane] * reciprocals[lane];
                *spoilt |= cell.is_nan();
            }
        }
    }
    spoilt
}

/// [`mix_tile`] of one query.
fn mix_row(weights: &[f32], v: View<'_, f32>, reciprocal: f32, output: &mut [f32]) -> bool {
    let mut spoilt = false;
    for e in starts::<COLUMNS>(v.columns()) {
        let mut sums = [0.0; COLUMNS];
        let mut rest = weights;
        for (rows, values) in v.pieces() {
            let (weights, later) = rest.split_at_checked(rows).unwrap_or_default();
            rest = later;
            let values = values.get(e..).unwrap_or_default();
            if v.columns() < COLUMNS {
                for (weight, values) in weights.iter().zip(values.chunks(v.columns())) {
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum += weight * value;
                    }
                }
            } else {
                blocks::mix_row(weights, values, v.columns(), &mut sums);
            }
        }
        for (cell, sum) in output.iter_mut().skip(e).zip(sums) {
            *cell = sum * reciprocal;
            spoilt |= cell.is_nan();
        }
    }
    spoilt
}

/// Fewer columns of V than a block has.
fn mix_few(
    weights: &[[f32; QUAD]],
    values: &[f32],
    columns: usize,
    sums: &mut [[f32; QUAD]; QUAD],
) {
    for (weights, values) in weights.iter().zip(values.chunks(columns)) {
        for (sums, value) in sums.iter_mut().zip(values) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += weight * value;
            }
        }
    }
}

/// Where the blocks of `N` columns begin; the last one may overlap the one before.
fn starts<const N: usize>(columns: usize) -> impl Iterator<Item = usize> {
    let last = columns.saturating_sub(N);
    (0..columns).step_by(N).map(move |e| e.min(last))
}
