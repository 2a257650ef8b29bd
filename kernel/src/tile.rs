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

#![expect(
    clippy::inline_always,
    reason = "a vector operation is worth nothing unless it is inlined into the function that was compiled for it"
)]

use core::array::from_fn;
use core::ops::Range;

use crate::attention::{Attention, Softcap};
use crate::body::scratch_cells;
use crate::few::{SHARING, attend_few, columns_of};
use crate::mix::{all_finite, mix};
use crate::modify::{Modify, Query, visible_keys};
use crate::score::Score;
use crate::vector::{Vector, transposed};
use crate::view::{Qkv, View};

/// Attends for every query for which `scratch` has room, from the first on; returns how many.
///
/// A tile has one or two registers of `L` lanes and keeps `KEYS` keys in flight; weights times V take `QUERIES`
/// queries and two registers of columns at a time. A row of S cells is room enough for one query.
#[inline(always)]
pub(crate) fn attend_in_tiles<M, V, const L: usize, const KEYS: usize, const QUERIES: usize>(
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize
where
    M: Modify,
    V: Vector<L>,
{
    let (rows, keys) = (qkv.q.rows(), qkv.k.rows());
    let cells = scratch.len();
    let fits = |lanes| scratch_cells(lanes, keys, qkv.k.columns()) <= cells;
    let finite = rows > 1 && all_finite::<V, L>(qkv.v);
    let few = L / 2;
    let mut first = 0;
    while first < rows {
        let left = rows - first;
        if finite && left > L + few && fits(2 * L) {
            attend_tile::<V, M, L, 2, KEYS, QUERIES>(scale, qkv, attention, first, scratch, output);
            first += 2 * L;
        } else if finite && left > few && fits(L) {
            attend_tile::<V, M, L, 1, KEYS, QUERIES>(scale, qkv, attention, first, scratch, output);
            first += L;
        } else if finite && left >= SHARING && SHARING.saturating_mul(keys) <= cells {
            attend_few::<V, M, L, SHARING>(scale, qkv, attention, first, scratch, output);
            first += SHARING;
        } else if keys <= cells {
            attend_few::<V, M, L, 1>(scale, qkv, attention, first, scratch, output);
            first += 1;
        } else {
            break;
        }
    }
    first.min(rows)
}

/// What the queries of a tile see, register by register, lane by lane.
type Visible<const L: usize, const R: usize> = [[Range<usize>; L]; R];

/// Attends for the queries `first..first + R · L`, as far as they exist; `scratch` has
/// [`scratch_cells`] and V is finite.
#[inline(always)]
fn attend_tile<V, M, const L: usize, const R: usize, const KEYS: usize, const QUERIES: usize>(
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
    let (cells, _) = scratch.as_chunks_mut::<L>();
    let (cells, _) = cells.as_chunks_mut::<R>();
    let Some((scores, rest)) = cells.split_at_mut_checked(k.rows()) else {
        return;
    };
    let Some(q_tile) = rest.get_mut(..q.columns()) else {
        return;
    };
    turn_round::<V, L, R>(q, first, q_tile);

    // Lanes without a query repeat the last one.
    let last = q.rows().saturating_sub(1);
    let visible: Visible<L, R> = from_fn(|r| {
        from_fn(|lane| {
            let query = query((first + r * L + lane).min(last), attention.offset);
            visible_keys(&attention.mask, query, k.rows())
        })
    });
    let ranges = visible.as_flattened();
    let Range { start, end } = union(ranges);
    let scores = scores.get_mut(start..end).unwrap_or_default();

    let seen_by: [Range<usize>; R] = from_fn(|r| {
        let keys = union(&visible[r]);
        keys.start - start..keys.end - start
    });

    let keys = k.rows_between(start..end);
    score_keys::<V, L, R, KEYS>(scale, q_tile, keys, &seen_by, scores);
    let seen = change_scores(attention, first, start, &visible, scores);
    let mut reciprocals = [[0.0; L]; R];
    for (r, reciprocals) in reciprocals.iter_mut().enumerate() {
        let scores = scores.get_mut(seen_by[r].clone()).unwrap_or_default();
        *reciprocals = weigh::<V, L, R>(r, scores);
    }
    let tile = Weighed {
        first,
        start,
        weights: scores,
        reciprocals,
        visible,
        seen,
    };
    tile.mix::<V, QUERIES>(q.rows(), v, output);
}

/// A tile whose queries are weighed.
struct Weighed<'a, const L: usize, const R: usize> {
    /// The first query.
    first: usize,
    /// The first key.
    start: usize,
    /// Not yet divided by their sums, (S, R · L).
    weights: &'a [[[f32; L]; R]],
    /// One over the sums.
    reciprocals: [[f32; L]; R],
    visible: Visible<L, R>,
    /// Which queries see any key.
    seen: [[bool; L]; R],
}

impl<const L: usize, const R: usize> Weighed<'_, L, R> {
    /// Weights times V, so many queries at a time, each group over the keys that it sees; there are `rows` queries.
    #[inline(always)]
    fn mix<V: Vector<L>, const QUERIES: usize>(
        &self,
        rows: usize,
        v: View<'_, f32>,
        output: &mut [f32],
    ) {
        let columns = v.columns();
        let queries = (R * L).min(rows - self.first);
        let visible = self.visible.as_flattened();
        for group in (0..queries).step_by(QUERIES) {
            let (r, lane) = (group / L, group % L);
            let keys = union(visible.get(group..group + QUERIES).unwrap_or_default());
            let weights = self.weights.get(keys.start - self.start..);
            let weights = weights.unwrap_or_default();
            let weights = |key: usize| {
                let weights = weights.get(key)?[r].get(lane..)?;
                Some(weights.first_chunk::<QUERIES>()?.each_ref())
            };
            let write = |query: usize, e: usize, value: V| {
                let row = (self.first + group + query) * columns;
                if group + query < queries
                    && let Some(row) = output.get_mut(row + e..row + columns)
                {
                    let nothing = V::splat(0.0);
                    let seen = self.seen[r][lane + query];
                    if seen { value } else { nothing }.store_part(row);
                }
            };
            let reciprocals = from_fn(|query| self.reciprocals[r][lane + query]);
            mix::<V, L, QUERIES, 2>(weights, reciprocals, v.rows_between(keys), write);
        }
    }
}

/// From the first key that anyone sees to the last.
fn union(visible: &[Range<usize>]) -> Range<usize> {
    let start = visible.iter().map(|keys| keys.start).min().unwrap_or(0);
    start..visible.iter().map(|keys| keys.end).fold(start, usize::max)
}

fn query(row: usize, offset: usize) -> Query {
    Query {
        row,
        position: row.saturating_add(offset),
    }
}

/// Q of the tile, (D, R · L); lanes without a query repeat the last one.
#[inline(always)]
fn turn_round<V: Vector<L>, const L: usize, const R: usize>(
    q: View<'_, f32>,
    first: usize,
    tile: &mut [[[f32; L]; R]],
) {
    let last = q.rows().saturating_sub(1);
    for r in 0..R {
        let rows: [&[f32]; L] = from_fn(|lane| q.row((first + r * L + lane).min(last)));
        for (block, columns) in tile.chunks_mut(L).enumerate() {
            let block: [V; L] = transposed(columns_of(rows, block * L));
            for (column, turned) in columns.iter_mut().zip(block) {
                turned.store(&mut column[r]);
            }
        }
    }
}

/// Raw scores of every key, (S, R · L); the first register, where it sees fewer keys than the others, goes without
/// the last of them.
#[inline(always)]
fn score_keys<V: Vector<L>, const L: usize, const R: usize, const KEYS: usize>(
    scale: f32,
    q_tile: &[[[f32; L]; R]],
    k: View<'_, f32>,
    seen_by: &[Range<usize>; R],
    scores: &mut [[[f32; L]; R]],
) {
    let mut first = 0;
    let (blocks, rest) = scores.as_chunks_mut::<KEYS>();
    for block in blocks {
        let keys: [&[f32]; KEYS] = from_fn(|key| k.row(first + key));
        if R > 1 && first >= seen_by[0].end {
            score_block::<V, L, R, KEYS, 1>(scale, q_tile, keys, block);
        } else {
            score_block::<V, L, R, KEYS, 0>(scale, q_tile, keys, block);
        }
        first += KEYS;
    }
    for (scores, key) in rest.iter_mut().zip(first..) {
        score_block::<V, L, R, 1, 0>(scale, q_tile, [k.row(key)], core::array::from_mut(scores));
    }
}

/// Raw scores of a few keys for the registers from `FROM` on, each with sums of its own.
#[inline(always)]
fn score_block<
    V: Vector<L>,
    const L: usize,
    const R: usize,
    const KEYS: usize,
    const FROM: usize,
>(
    scale: f32,
    q_tile: &[[[f32; L]; R]],
    keys: [&[f32]; KEYS],
    scores: &mut [[[f32; L]; R]; KEYS],
) {
    let mut sums = [[V::splat(0.0); R]; KEYS];
    let columns = q_tile.len();
    if keys.iter().all(|key| key.len() == columns) {
        for (d, q) in q_tile.iter().enumerate() {
            let mut lanes = [V::splat(0.0); R];
            for r in FROM..R {
                lanes[r] = V::load(&q[r]);
            }
            for (sums, key) in sums.iter_mut().zip(keys) {
                let key = V::splat(key[d]);
                for r in FROM..R {
                    sums[r] = sums[r].add(lanes[r].mul(key));
                }
            }
        }
    }
    for (sums, scores) in sums.iter().zip(scores) {
        for r in FROM..R {
            sums[r].mul(V::splat(scale)).store(&mut scores[r]);
        }
    }
}

/// Caps and changes scores and hides keys; says which lanes see any key.
#[inline(always)]
fn change_scores<M: Modify, const L: usize, const R: usize>(
    attention: Attention<M>,
    first: usize,
    start: usize,
    visible: &Visible<L, R>,
    scores: &mut [[[f32; L]; R]],
) -> [[bool; L]; R] {
    if !M::CHANGES && attention.softcap == Softcap::NONE {
        hide(start, visible, scores);
        return from_fn(|r| from_fn(|lane| !visible[r][lane].is_empty()));
    }
    let mut seen = [[false; L]; R];
    for (scores, key) in scores.iter_mut().zip(start..) {
        for (lane, score) in scores.as_flattened_mut().iter_mut().enumerate() {
            let (r, l) = (lane / L, lane % L);
            let capped = match attention.softcap.cap() {
                Some(cap) => score.softcapped(cap),
                None => *score,
            };
            let query = query(first + lane, attention.offset);
            let changed = if visible[r][l].contains(&key) {
                attention.mask.change(capped, query, key)
            } else {
                None
            };
            seen[r][l] |= changed.is_some();
            *score = changed.unwrap_or(f32::NEG_INFINITY);
        }
    }
    seen
}

/// Hides from every lane the keys that only others of its register see.
fn hide<const L: usize, const R: usize>(
    start: usize,
    visible: &Visible<L, R>,
    scores: &mut [[[f32; L]; R]],
) {
    for (r, visible) in visible.iter().enumerate() {
        let keys = union(visible);
        let from = visible
            .iter()
            .map(|keys| keys.start)
            .fold(keys.start, usize::max);
        let to = visible
            .iter()
            .map(|keys| keys.end)
            .fold(keys.end, usize::min);
        for key in (keys.start..from.min(keys.end)).chain(to.max(from)..keys.end) {
            let Some(scores) = scores.get_mut(key - start) else {
                return;
            };
            for (score, keys) in scores[r].iter_mut().zip(visible) {
                if !keys.contains(&key) {
                    *score = f32::NEG_INFINITY;
                }
            }
        }
    }
}

/// Scores of register `r` to weights, in place; returns one over their sums.
#[inline(always)]
fn weigh<V: Vector<L>, const L: usize, const R: usize>(
    r: usize,
    scores: &mut [[[f32; L]; R]],
) -> [f32; L] {
    let mut max = V::splat(f32::NEG_INFINITY);
    for scores in scores.iter() {
        max = V::load(&scores[r]).greater(max);
    }
    let mut sum = V::splat(0.0);
    for scores in scores {
        let weight = V::load(&scores[r]).sub(max).exp_neg();
        weight.store(&mut scores[r]);
        sum = sum.add(weight);
    }
    sum.lanes().map(|sum| 1.0 / sum)
}
