//! The stages for rows, a query in each: lanes are keys.

#![expect(
    clippy::inline_always,
    reason = "a vector operation is worth nothing unless it is inlined into the function that was compiled for it"
)]

use core::array::from_fn;
use core::ops::Range;

use crate::vector::Vector;
use crate::view::View;

/// Lane `l` belongs to key `j + l`: a block of K, as many keys as columns, is turned round in registers, so that each
/// lane adds its products from left to right; four queries share the block, or two.
#[inline(always)]
pub(crate) fn score_rows<V: Vector<L>, const L: usize>(
    scale: f32,
    queries: &[&[f32]],
    k: View<'_, f32>,
    rows: &mut [&mut [f32]],
) {
    if let (Some(&queries), Some(rows)) = (queries.first_chunk::<4>(), rows.first_chunk_mut()) {
        return score_shared::<V, L, 4>(scale, queries, k, rows);
    }
    if let (Some(&queries), Some(rows)) = (queries.first_chunk::<2>(), rows.first_chunk_mut()) {
        return score_shared::<V, L, 2>(scale, queries, k, rows);
    }
    for (&query, row) in queries.iter().zip(rows) {
        score_shared::<V, L, 1>(scale, [query], k, core::array::from_mut(row));
    }
}

/// [`score_rows`] of `QUERIES` queries.
#[inline(always)]
fn score_shared<V: Vector<L>, const L: usize, const QUERIES: usize>(
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
        let block = L.saturating_mul(columns).max(1);
        let mut pairs = keys.chunks_exact(if QUERIES == 1 { 2 * block } else { block });
        for keys in &mut pairs {
            if QUERIES == 1 {
                let sums = score_turned::<V, L, QUERIES, 2>(queries, keys, columns);
                store_scores(scale, sums, first..first + 2 * L, rows);
                first += 2 * L;
            } else {
                let sums = score_turned::<V, L, QUERIES, 1>(queries, keys, columns);
                store_scores(scale, sums, first..first + L, rows);
                first += L;
            }
        }
        for keys in pairs.remainder().chunks(block) {
            let sums = score_turned::<V, L, QUERIES, 1>(queries, keys, columns);
            let count = keys.len() / columns;
            store_scores(scale, sums, first..first + count, rows);
            first += count;
        }
    }
}

/// Stores as many scores as there are `cells` in each row.
#[inline(always)]
fn store_scores<V: Vector<L>, const L: usize, const QUERIES: usize, const GROUPS: usize>(
    scale: f32,
    sums: [[V; QUERIES]; GROUPS],
    cells: Range<usize>,
    rows: &mut [&mut [f32]; QUERIES],
) {
    for (q, row) in rows.iter_mut().enumerate() {
        let cells = row.get_mut(cells.clone()).unwrap_or_default();
        for (sums, cells) in sums.iter().zip(cells.chunks_mut(L)) {
            sums[q].mul(V::splat(scale)).store_part(cells);
        }
    }
}

/// Dot products of every query with `GROUPS` groups of `L` keys, rows of so many columns; where there are fewer, other
/// lanes mean nothing. A sum waits for itself at every step: two groups, or queries, are worked on by turns.
#[inline(always)]
fn score_turned<V: Vector<L>, const L: usize, const QUERIES: usize, const GROUPS: usize>(
    queries: [&[f32]; QUERIES],
    keys: &[f32],
    columns: usize,
) -> [[V; QUERIES]; GROUPS] {
    let mut sums = [[V::splat(0.0); QUERIES]; GROUPS];
    let mut whole = 0;
    if keys.len() == GROUPS * L * columns {
        // Slices of one length, which the compiler knows, need no check of an index.
        whole = columns / L;
        let mut blocks = [[&[[0.0; L]; 0][..]; L]; GROUPS];
        for (block, key) in blocks
            .as_flattened_mut()
            .iter_mut()
            .zip(keys.chunks_exact(columns))
        {
            *block = key.as_chunks().0;
        }
        let mut parts = [&[[0.0; L]; 0][..]; QUERIES];
        for (part, query) in parts.iter_mut().zip(queries) {
            *part = query.as_chunks().0;
        }
        for slice in blocks.as_flattened_mut().iter_mut().chain(&mut parts) {
            let Some(cut) = slice.get(..whole) else {
                return sums;
            };
            *slice = cut;
        }
        for i in 0..whole {
            let query: [&[f32; L]; QUERIES] = from_fn(|q| &parts[q][i]);
            for (sums, blocks) in sums.iter_mut().zip(&blocks) {
                let mut keys = [&[0.0; L]; L];
                for (key, block) in keys.iter_mut().zip(blocks) {
                    *key = &block[i];
                }
                *sums = add_products(*sums, V::turned(keys), query);
            }
        }
    }
    for d in (whole * L..columns).step_by(L) {
        for (sums, keys) in sums.iter_mut().zip(keys.chunks(L * columns)) {
            let rows = keys.chunks_exact(columns);
            let block = V::turned_parts(rows.map(|row| row.get(d..).unwrap_or_default()));
            for (sum, query) in sums.iter_mut().zip(queries) {
                let query = query.get(d..).unwrap_or_default();
                for (column, &q) in block.iter().zip(query) {
                    *sum = sum.add(V::splat(q).mul(*column));
                }
            }
        }
    }
    sums
}

/// Adds the products of `L` columns, one after the other, to the sum of each query.
#[inline(always)]
fn add_products<V: Vector<L>, const L: usize, const QUERIES: usize>(
    mut sums: [V; QUERIES],
    columns: [V; L],
    queries: [&[f32; L]; QUERIES],
) -> [V; QUERIES] {
    for (sum, query) in sums.iter_mut().zip(queries) {
        for (column, &q) in columns.iter().zip(query) {
            *sum = sum.add(V::splat(q).mul(*column));
        }
    }
    sums
}

#[inline(always)]
pub(crate) fn exponentials<V: Vector<L>, const L: usize>(scores: &mut [f32]) {
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
    let (pairs, blocks) = blocks.as_chunks_mut::<2>();
    for [a, b] in pairs {
        let [first, second] = V::exp_neg([V::load(a).sub(max), V::load(b).sub(max)]);
        first.store(a);
        second.store(b);
    }
    for block in blocks {
        let [weight] = V::exp_neg([V::load(block).sub(max)]);
        weight.store(block);
    }
    let [weight] = V::exp_neg([V::load_part(rest).sub(max)]);
    weight.store_part(rest);
}
