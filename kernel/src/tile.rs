//! f32 attention for many queries at once, with the bits of the naive loop.
//!
//! The naive loop ([`Float`](crate::Float)) leaves no freedom within a query: every sum runs from left to
//! right. So vectors run *across* queries: lane `l` of a vector belongs to query `l` of a tile, and each
//! lane adds in the naive order. Departures from the loop, and why they change no bit:
//!
//! - A tile of Q is transposed once, (D, lanes), so that one load feeds every lane; K and V are read row by
//!   row and broadcast. Several keys (or columns of V) are in flight at once, each with its own sums.
//! - A key that only some queries of a tile may see is scored for all of them, and then hidden from the
//!   others with −∞: its weight is exactly zero, and adding zero times a finite number changes nothing.
//!   Where V holds a NaN or an infinity, the tile leaves the work to the loop.
//! - Keys that no query of the tile may see are not touched: causal work is skipped.

#![expect(
    clippy::inline_always,
    reason = "a vector operation is worth nothing unless it is inlined into the function that was compiled for it"
)]

use core::f32::consts::LOG2_E;
use core::ops::Range;

use crate::attention::{Attention, Softcap};
use crate::body::scratch_cells;
use crate::exp::{EXP_NEG_END, HI, LO, P, WHOLE};
use crate::modify::{Modify, Query, visible_keys};
use crate::score::Score;
use crate::view::{Qkv, View};

/// `L` f32 numbers that are computed with at once, each as if alone.
pub(crate) trait Vector<const L: usize>: Copy {
    fn splat(x: f32) -> Self;
    fn load(from: &[f32; L]) -> Self;
    fn store(self, to: &mut [f32; L]);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// `self` where it is greater, else `other`.
    fn greater(self, other: Self) -> Self;
    /// The number whose bits are these, shifted left by 23: a power of two from its biased exponent.
    fn power_of_two(self) -> Self;
    /// `self`, but zero where `x` is below `end`.
    fn zero_below(self, x: Self, end: f32) -> Self;

    /// [`exp_neg`](crate::exp_neg) of every lane, operation by operation.
    #[inline(always)]
    fn exp_neg(self) -> Self {
        let shifted = self.mul(Self::splat(LOG2_E)).add(Self::splat(WHOLE));
        let n = shifted.sub(Self::splat(WHOLE));
        let high = self.sub(n.mul(Self::splat(HI)));
        let low = n.mul(Self::splat(LO));
        let r = high.sub(low);
        let p = r.mul(Self::splat(P[4])).add(Self::splat(P[3]));
        let p = r.mul(p).add(Self::splat(P[2]));
        let p = r.mul(p).add(Self::splat(P[1]));
        let p = r.mul(p).add(Self::splat(P[0]));
        let tail = r.mul(r).mul(p).sub(low);
        let power = high
            .add(tail)
            .add(Self::splat(1.0))
            .mul(shifted.power_of_two());
        power.zero_below(self, EXP_NEG_END)
    }
}

/// Attends for as many queries as whole tiles in `scratch` allow, from the first on; returns how many.
///
/// `Wide` tiles have `W` lanes and keep `WF` keys in flight; `Narrow` ones, `N` and `NF`, are for what is
/// left and for short `scratch`. V is finite.
#[inline(always)]
pub(crate) fn attend_in_tiles<
    M,
    Wide,
    const W: usize,
    const WF: usize,
    Narrow,
    const N: usize,
    const NF: usize,
>(
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize
where
    M: Modify,
    Wide: Vector<W>,
    Narrow: Vector<N>,
{
    let (rows, cells) = (qkv.q.rows(), scratch.len());
    let fits = |lanes| scratch_cells(lanes, qkv.k.rows(), qkv.k.columns()) <= cells;
    let mut first = 0;
    while first < rows {
        if rows - first > N && fits(W) {
            attend_tile::<Wide, M, W, WF>(scale, qkv, attention, first, scratch, output);
            first += W;
        } else if fits(N) {
            attend_tile::<Narrow, M, N, NF>(scale, qkv, attention, first, scratch, output);
            first += N;
        } else {
            break;
        }
    }
    first.min(rows)
}

/// Attends for the queries `first..first + L`, as far as they exist; `scratch` has
/// [`scratch_cells`] and V is finite.
#[inline(always)]
fn attend_tile<V, M, const L: usize, const IN_FLIGHT: usize>(
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    first: usize,
    scratch: &mut [f32],
    output: &mut [f32],
) where
    V: Vector<L>,
    M: Modify,
{
    let Qkv { q, k, v } = qkv;
    let (tiles, _) = scratch.as_chunks_mut::<L>();
    let Some((scores, rest)) = tiles.split_at_mut_checked(k.rows()) else {
        return;
    };
    let Some(q_tile) = rest.get_mut(..q.columns()) else {
        return;
    };
    transpose(q, first, q_tile);

    let visible: [Range<usize>; L] = core::array::from_fn(|lane| {
        let query = query(first + lane, attention.offset);
        visible_keys(&attention.mask, query, k.rows())
    });
    let lanes = L.min(q.rows() - first);
    let live = visible.get(..lanes).unwrap_or_default();
    let start = live.iter().map(|range| range.start).min().unwrap_or(0);
    let end = live
        .iter()
        .map(|range| range.end)
        .max()
        .unwrap_or(0)
        .max(start);
    let scores = scores.get_mut(start..end).unwrap_or_default();

    score_keys::<V, L, IN_FLIGHT>(scale, q_tile, k.rows_between(start..end), scores);
    let mut seen = change_scores(attention, first, start, &visible, scores);
    for (seen, lane) in seen.iter_mut().zip(0..) {
        *seen = *seen && lane < lanes;
    }
    let sum = weigh::<V, L>(scores);
    mix::<V, L, IN_FLIGHT>(scores, sum, v.rows_between(start..end), |e, column| {
        for (lane, (&value, seen)) in column.iter().zip(seen).enumerate().take(lanes) {
            if let Some(cell) = output.get_mut((first + lane) * v.columns() + e) {
                *cell = if seen { value } else { 0.0 };
            }
        }
    });
}

fn query(row: usize, offset: usize) -> Query {
    Query {
        row,
        position: row.saturating_add(offset),
    }
}

/// Q of the tile, (D, L); lanes without a query repeat the last one.
#[inline(always)]
fn transpose<const L: usize>(q: View<'_, f32>, first: usize, tile: &mut [[f32; L]]) {
    let last = q.rows().saturating_sub(1);
    for lane in 0..L {
        for (column, &value) in tile.iter_mut().zip(q.row((first + lane).min(last))) {
            if let Some(cell) = column.get_mut(lane) {
                *cell = value;
            }
        }
    }
}

/// Raw scores of every key, (S, L).
#[inline(always)]
fn score_keys<V: Vector<L>, const L: usize, const IN_FLIGHT: usize>(
    scale: f32,
    q_tile: &[[f32; L]],
    k: View<'_, f32>,
    scores: &mut [[f32; L]],
) {
    let scale = V::splat(scale);
    let mut first = 0;
    let (blocks, rest) = scores.as_chunks_mut::<IN_FLIGHT>();
    for block in blocks {
        let keys: [&[f32]; IN_FLIGHT] = core::array::from_fn(|key| k.row(first + key));
        score_block::<V, L, IN_FLIGHT>(scale, q_tile, keys, block);
        first += IN_FLIGHT;
    }
    for (scores, key) in rest.iter_mut().zip(first..) {
        score_block::<V, L, 1>(scale, q_tile, [k.row(key)], core::array::from_mut(scores));
    }
}

/// Raw scores of a few keys, each with a sum of its own.
#[inline(always)]
fn score_block<V: Vector<L>, const L: usize, const KEYS: usize>(
    scale: V,
    q_tile: &[[f32; L]],
    keys: [&[f32]; KEYS],
    scores: &mut [[f32; L]; KEYS],
) {
    let mut sums = [V::splat(0.0); KEYS];
    let columns = q_tile.len();
    if keys.iter().all(|key| key.len() == columns) {
        for (d, q) in q_tile.iter().enumerate() {
            let q = V::load(q);
            for (sum, key) in sums.iter_mut().zip(keys) {
                *sum = sum.add(q.mul(V::splat(key[d])));
            }
        }
    }
    for (sum, scores) in sums.into_iter().zip(scores) {
        sum.mul(scale).store(scores);
    }
}

/// Caps and changes scores and hides keys; says which lanes see any key.
#[inline(always)]
fn change_scores<M: Modify, const L: usize>(
    attention: Attention<M>,
    first: usize,
    start: usize,
    visible: &[Range<usize>; L],
    scores: &mut [[f32; L]],
) -> [bool; L] {
    let all_see = |key| visible.iter().all(|range| range.contains(&key));
    if !M::CHANGES && attention.softcap == Softcap::NONE {
        for (scores, key) in scores.iter_mut().zip(start..) {
            if !all_see(key) {
                for (score, range) in scores.iter_mut().zip(visible) {
                    if !range.contains(&key) {
                        *score = f32::NEG_INFINITY;
                    }
                }
            }
        }
        return core::array::from_fn(|lane| !visible[lane].is_empty());
    }
    let mut seen = [false; L];
    for (scores, key) in scores.iter_mut().zip(start..) {
        for (lane, score) in scores.iter_mut().enumerate() {
            let capped = match attention.softcap.cap() {
                Some(cap) => score.softcapped(cap),
                None => *score,
            };
            let query = query(first + lane, attention.offset);
            let changed = if visible[lane].contains(&key) {
                attention.mask.change(capped, query, key)
            } else {
                None
            };
            seen[lane] |= changed.is_some();
            *score = changed.unwrap_or(f32::NEG_INFINITY);
        }
    }
    seen
}

/// Scores to weights, in place; returns their sums.
#[inline(always)]
fn weigh<V: Vector<L>, const L: usize>(scores: &mut [[f32; L]]) -> V {
    let mut max = V::splat(f32::NEG_INFINITY);
    for score in scores.iter() {
        max = V::load(score).greater(max);
    }
    let mut sum = V::splat(0.0);
    for score in scores {
        let weight = V::load(score).sub(max).exp_neg();
        weight.store(score);
        sum = sum.add(weight);
    }
    sum
}

/// Adds up the rows of `v`, each times its weights, divides by the sums, and hands out column by column.
#[inline(always)]
fn mix<V: Vector<L>, const L: usize, const IN_FLIGHT: usize>(
    weights: &[[f32; L]],
    sum: V,
    v: View<'_, f32>,
    mut column: impl FnMut(usize, &[f32; L]),
) {
    let mut reciprocals = [0.0; L];
    sum.store(&mut reciprocals);
    let reciprocals = reciprocals.map(|sum| 1.0 / sum);
    let reciprocal = V::load(&reciprocals);
    let mut values = [0.0; L];
    let mut e = 0;
    while e + IN_FLIGHT <= v.columns() {
        for (i, mixed) in mix_block::<V, L, IN_FLIGHT>(weights, v, e)
            .into_iter()
            .enumerate()
        {
            mixed.mul(reciprocal).store(&mut values);
            column(e + i, &values);
        }
        e += IN_FLIGHT;
    }
    for e in e..v.columns() {
        let [mixed] = mix_block::<V, L, 1>(weights, v, e);
        mixed.mul(reciprocal).store(&mut values);
        column(e, &values);
    }
}

/// A few columns of the output before the division, from column `e` on.
#[inline(always)]
fn mix_block<V: Vector<L>, const L: usize, const COLUMNS: usize>(
    weights: &[[f32; L]],
    v: View<'_, f32>,
    e: usize,
) -> [V; COLUMNS] {
    let mut sums = [V::splat(0.0); COLUMNS];
    for (weight, row) in weights.iter().zip(v.iter_rows()) {
        let Some(values) = row.get(e..).and_then(|row| row.first_chunk::<COLUMNS>()) else {
            break;
        };
        let weight = V::load(weight);
        for (sum, &value) in sums.iter_mut().zip(values) {
            *sum = sum.add(weight.mul(V::splat(value)));
        }
    }
    sums
}
