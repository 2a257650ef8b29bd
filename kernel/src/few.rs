//! f32 attention for a few queries over many keys, with the bits of the naive loop: decode.
//!
//! Where there are too few queries to fill a vector ([`tile`](crate::tile)), vectors run *across keys*: lane `l`
//! belongs to key `j + l`. A block of K, as many keys as columns, is turned round in registers, so that each lane
//! adds its products from left to right as the naive loop does; up to four queries share the block. Maximum and
//! exponential do not care for order. The sum of the weights does, and is taken key by key; [`mix`](crate::mix) runs
//! across columns.

#![expect(
    clippy::inline_always,
    reason = "a vector operation is worth nothing unless it is inlined into the function that was compiled for it"
)]

use core::array::from_fn;
use core::ops::Range;

use crate::attention::{Attention, Softcap};
use crate::mix::mix;
use crate::modify::{Modify, Query, visible_keys};
use crate::score::Score;
use crate::vector::{Vector, transposed};
use crate::view::{Qkv, View};

/// How many queries share a block of K.
pub(crate) const SHARING: usize = 4;

/// Attends for the `QUERIES` queries from `first` on, which exist; `scratch` has `QUERIES` · S cells. V is finite
/// if there is more than one query.
#[inline(always)]
pub(crate) fn attend_few<V, M, const L: usize, const QUERIES: usize>(
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
    let queries: [Query; QUERIES] = from_fn(|i| Query {
        row: first + i,
        position: (first + i).saturating_add(attention.offset),
    });
    let visible = queries.map(|query| visible_keys(&attention.mask, query, k.rows()));
    let start = visible.iter().map(|keys| keys.start).min().unwrap_or(0);
    let end = visible.iter().map(|keys| keys.end).fold(start, usize::max);
    let Some(mut rows) = rows_of::<QUERIES>(scratch, end - start) else {
        return;
    };

    let keys = k.rows_between(start..end);
    score_rows::<V, L, QUERIES>(
        scale,
        queries.map(|query| q.row(query.row)),
        keys,
        &mut rows,
    );
    let mut seen = [false; QUERIES];
    let mut sums = [0.0; QUERIES];
    for (i, row) in rows.iter_mut().enumerate() {
        seen[i] = change_row(attention, queries[i], start, &visible[i], row);
        exponentials::<V, L>(row);
    }
    let rows = rows.map(|row| &*row);
    add_up(rows, &mut sums);

    let weights = |key| {
        let mut weights = [&0.0; QUERIES];
        for (weight, row) in weights.iter_mut().zip(rows) {
            *weight = row.get(key)?;
        }
        Some(weights)
    };
    let reciprocals = sums.map(|sum| 1.0 / sum);
    let columns = v.columns();
    let write = |query: usize, e: usize, value: V| {
        let row = (first + query) * columns;
        if let Some(row) = output.get_mut(row + e..row + columns) {
            let value = if seen[query] { value } else { V::splat(0.0) };
            value.store_part(row);
        }
    };
    let values = v.rows_between(start..end);
    if QUERIES == 1 {
        mix::<V, L, QUERIES, 8>(weights, reciprocals, values, write);
    } else {
        mix::<V, L, QUERIES, 4>(weights, reciprocals, values, write);
    }
}

/// The first cells of scratch as rows of so many.
fn rows_of<const QUERIES: usize>(
    scratch: &mut [f32],
    cells: usize,
) -> Option<[&mut [f32]; QUERIES]> {
    let mut rest = scratch;
    let mut rows = [(); QUERIES].map(|()| <&mut [f32]>::default());
    for row in &mut rows {
        (*row, rest) = rest.split_at_mut_checked(cells)?;
    }
    Some(rows)
}

/// Raw scores of every query and key, (QUERIES, S).
#[inline(always)]
fn score_rows<V: Vector<L>, const L: usize, const QUERIES: usize>(
    scale: f32,
    queries: [&[f32]; QUERIES],
    k: View<'_, f32>,
    rows: &mut [&mut [f32]; QUERIES],
) {
    let columns = k.columns();
    if columns == 0 {
        for row in rows.iter_mut() {
            row.fill(0.0 * scale);
        }
    }
    let mut first = 0;
    for (_, keys) in k.pieces() {
        for keys in keys.chunks(L.saturating_mul(columns).max(1)) {
            let sums = score_block::<V, L, QUERIES>(queries, keys, columns);
            let count = keys.len() / columns;
            for (sum, row) in sums.into_iter().zip(rows.iter_mut()) {
                let cells = row.get_mut(first..first + count).unwrap_or_default();
                sum.mul(V::splat(scale)).store_part(cells);
            }
            first += count;
        }
    }
}

/// Dot products of every query with up to `L` keys, rows of so many columns; other lanes mean nothing.
#[inline(always)]
fn score_block<V: Vector<L>, const L: usize, const QUERIES: usize>(
    queries: [&[f32]; QUERIES],
    keys: &[f32],
    columns: usize,
) -> [V; QUERIES] {
    let mut sums = [V::splat(0.0); QUERIES];
    let whole = columns / L;
    for i in 0..whole {
        let mut block = [V::splat(0.0); L];
        for (row, key) in block.iter_mut().zip(keys.chunks_exact(columns)) {
            *row = V::load(&key.as_chunks().0[i]);
        }
        let block = transposed(block);
        for (sum, query) in sums.iter_mut().zip(queries) {
            let Some(query) = query.as_chunks::<L>().0.get(i) else {
                break;
            };
            for (column, &q) in block.iter().zip(query) {
                *sum = sum.add(V::splat(q).mul(*column));
            }
        }
    }
    if whole * L < columns {
        add_rest(queries, keys, columns, &mut sums);
    }
    sums
}

/// Adds the products of the last columns, fewer than `L`.
#[inline(always)]
fn add_rest<V: Vector<L>, const L: usize, const QUERIES: usize>(
    queries: [&[f32]; QUERIES],
    keys: &[f32],
    columns: usize,
    sums: &mut [V; QUERIES],
) {
    let mut block = [V::splat(0.0); L];
    for (row, key) in block.iter_mut().zip(keys.chunks_exact(columns)) {
        *row = V::load_part(key.as_chunks::<L>().1);
    }
    let mut turned = [[0.0; L]; L];
    for (lanes, column) in turned.iter_mut().zip(transposed(block)) {
        column.store(lanes);
    }
    for (sum, query) in sums.iter_mut().zip(queries) {
        for (column, &q) in turned.iter().zip(query.as_chunks::<L>().1) {
            *sum = sum.add(V::splat(q).mul(V::load(column)));
        }
    }
}

/// Up to `L` columns of every row, from column `d` on; zeros where there are none.
#[inline(always)]
pub(crate) fn columns_of<V: Vector<L>, const L: usize>(rows: [&[f32]; L], d: usize) -> [V; L] {
    let mut vectors = [V::splat(0.0); L];
    for (vector, row) in vectors.iter_mut().zip(rows) {
        *vector = V::load_part(row.get(d..).unwrap_or_default());
    }
    vectors
}

/// Caps and changes the scores of one query over the keys from `start` on, and hides the others; says whether it
/// sees any.
fn change_row<M: Modify>(
    attention: Attention<M>,
    query: Query,
    start: usize,
    visible: &Range<usize>,
    scores: &mut [f32],
) -> bool {
    let (from, to) = (visible.start - start, visible.end.max(start) - start);
    if let Some(before) = scores.get_mut(..from) {
        before.fill(f32::NEG_INFINITY);
    }
    if let Some(after) = scores.get_mut(to..) {
        after.fill(f32::NEG_INFINITY);
    }
    if !M::CHANGES && attention.softcap == Softcap::NONE {
        return !visible.is_empty();
    }
    let mut seen = false;
    let shown = scores.get_mut(from..to).unwrap_or_default();
    for (score, key) in shown.iter_mut().zip(visible.clone()) {
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

/// Scores of one query to weights, in place.
#[inline(always)]
fn exponentials<V: Vector<L>, const L: usize>(scores: &mut [f32]) {
    let (blocks, rest) = scores.as_chunks_mut::<L>();
    let mut greatest = V::splat(f32::NEG_INFINITY);
    for block in blocks.iter() {
        greatest = V::load(block).greater(greatest);
    }
    let mut max = f32::NEG_INFINITY;
    for &score in greatest.lanes().iter().chain(rest.iter()) {
        if score > max {
            max = score;
        }
    }
    let max = V::splat(max);
    for block in blocks {
        V::load(block).sub(max).exp_neg().store(block);
    }
    V::load_part(rest).sub(max).exp_neg().store_part(rest);
}

/// The sum of each row, in the order of the keys.
#[inline(always)]
fn add_up<const QUERIES: usize>(rows: [&[f32]; QUERIES], sums: &mut [f32; QUERIES]) {
    let keys = rows[0].len();
    if rows.iter().all(|row| row.len() == keys) {
        for key in 0..keys {
            for (sum, row) in sums.iter_mut().zip(rows) {
                *sum += row[key];
            }
        }
    }
}
