//! The stages of f32 attention on vectors, for tiles of queries and for rows, with the bits of the naive loop.
//!
//! A tile is a few registers of lanes, a query in each; its scores lie key by key, (S, lanes). The functions here
//! know nothing of masks: each is compiled once for every kind of vector, and serves whoever attends
//! ([`tile`](crate::tile), [`few`](crate::few), and the rows of [`Float`](crate::Float) while somebody watches).

#![expect(
    clippy::inline_always,
    reason = "a vector operation is worth nothing unless it is inlined into the function that was compiled for it"
)]

use core::array::from_fn;
use core::ops::Range;

use crate::vector::Vector;
use crate::view::View;

pub(crate) mod rows;

/// The most lanes of a tile.
pub(crate) const MOST_LANES: usize = 32;

/// The stages on one kind of vectors; a value of it exists only where the processor has them.
pub(crate) trait Stages: Copy {
    /// The lanes of a register.
    const LANES: usize;
    /// How many registers a tile may have, the most first.
    const REGISTERS: &'static [usize];

    /// Whether every number of V is finite: times a weight of zero it is nothing then.
    fn all_finite(self, v: View<'_, f32>) -> bool;
    /// The queries from `first` on as columns, (D, lanes); lanes without a query repeat the last one.
    fn turn_round(self, registers: usize, q: View<'_, f32>, first: usize, tile: &mut [f32]);
    /// Raw scores of a tile (D, lanes) with every key, (S, lanes); a register that sees no key from one on may
    /// have no scores there.
    fn score_tile(
        self,
        scale: f32,
        q_tile: &[f32],
        k: View<'_, f32>,
        seen_by: &[Range<usize>],
        scores: &mut [f32],
    );
    /// Scores to weights, in place, in each register over the keys that it sees; one over their sums.
    fn weigh_tile(self, seen_by: &[Range<usize>], scores: &mut [f32]) -> [f32; MOST_LANES];
    /// Adds V, times the weights of the tile, to the rows of `output`.
    fn mix_tile(self, tile: Weighed<'_>, v: View<'_, f32>, output: &mut [f32]);

    /// Raw scores of a few queries with every key, a row for each.
    fn score_rows(self, scale: f32, queries: &[&[f32]], k: View<'_, f32>, rows: &mut [&mut [f32]]);
    /// Scores of one query to weights, in place; the caller adds them up, in the order of the keys.
    fn exponentials(self, scores: &mut [f32]);
    /// Adds V, times the weights of a few queries, to the rows of `output`. A query alone does not look at keys of
    /// weight zero, as the loop does not.
    fn mix_rows(self, weights: &[&[f32]], v: View<'_, f32>, output: &mut [f32]);
    /// Times one over the sum of the weights; zero for a query that sees no key.
    fn divide(self, row: &mut [f32], reciprocal: Option<f32>);
}

/// A tile whose queries are weighed.
#[derive(Clone, Copy)]
pub(crate) struct Weighed<'a> {
    /// The first key.
    pub(crate) start: usize,
    /// Not yet divided by their sums, (S, lanes).
    pub(crate) weights: &'a [f32],
    /// What each lane sees.
    pub(crate) visible: &'a [Range<usize>],
}

/// Implements [`Stages`] for a type, on one kind of vectors: of how many lanes, how many registers a tile may have,
/// for how many keys at once it is scored where they are one or two, and how many queries by how many registers of V
/// are mixed at once.
macro_rules! stages {
    (
        $(#[$feature:meta])? $stages:ident, $vector:ident of $lanes:literal,
        tiles of $registers:expr, $keys:literal keys, $queries:literal by $columns:literal
    ) => {
        impl Stages for $stages {
            const LANES: usize = $lanes;
            const REGISTERS: &'static [usize] = &$registers;

            stages!($(#[$feature])? all_finite(v: View<'_, f32>) -> bool,
                $crate::mix::all_finite::<$vector, $lanes>);
            stages!($(#[$feature])? turn_round(
                registers: usize, q: View<'_, f32>, first: usize, tile: &mut [f32]) -> (),
                $crate::stages::turn_round::<$vector, $lanes>);
            stages!($(#[$feature])? score_tile(
                scale: f32, q_tile: &[f32], k: View<'_, f32>, seen_by: &[Range<usize>], scores: &mut [f32]) -> (),
                $crate::stages::score_tile::<$vector, $lanes, { $registers[0] }, $keys>);
            stages!($(#[$feature])? weigh_tile(
                seen_by: &[Range<usize>], scores: &mut [f32]) -> [f32; MOST_LANES],
                $crate::stages::weigh_tile::<$vector, $lanes>);
            stages!($(#[$feature])? mix_tile(tile: Weighed<'_>, v: View<'_, f32>, output: &mut [f32]) -> (),
                $crate::mix::mix_tile::<$vector, $lanes, $queries, $columns>);
            stages!($(#[$feature])? score_rows(
                scale: f32, queries: &[&[f32]], k: View<'_, f32>, rows: &mut [&mut [f32]]) -> (),
                $crate::stages::rows::score_rows::<$vector, $lanes>);
            stages!($(#[$feature])? exponentials(scores: &mut [f32]) -> (),
                $crate::stages::rows::exponentials::<$vector, $lanes>);
            stages!($(#[$feature])? mix_rows(weights: &[&[f32]], v: View<'_, f32>, output: &mut [f32]) -> (),
                $crate::mix::mix_rows::<$vector, $lanes>);
            stages!($(#[$feature])? divide(row: &mut [f32], reciprocal: Option<f32>) -> (),
                $crate::mix::divide::<$vector, $lanes>);
        }
    };
    ($(#[$feature:meta])? $name:ident($($argument:ident: $type:ty),*) -> $result:ty, $stage:expr) => {
        fn $name(self, $($argument: $type),*) -> $result {
            /// # Safety
            /// The processor has the vectors.
            $(#[$feature])?
            unsafe fn on_vectors($($argument: $type),*) -> $result {
                $stage($($argument),*)
            }
            // SAFETY: there is a `self` only where the processor has them.
            unsafe { on_vectors($($argument),*) }
        }
    };
}
pub(crate) use stages;

#[inline(always)]
pub(crate) fn turn_round<V: Vector<L>, const L: usize>(
    registers: usize,
    q: View<'_, f32>,
    first: usize,
    tile: &mut [f32],
) {
    let last = q.rows().saturating_sub(1);
    let lanes = registers * L;
    for r in 0..registers {
        let rows = (first + r * L..).take(L).map(|row| q.row(row.min(last)));
        for (i, columns) in tile.chunks_mut(L * lanes).enumerate() {
            let parts = rows.clone().map(|row| row.get(i * L..).unwrap_or_default());
            let turned = if columns.len() == L * lanes {
                let mut whole = [&[0.0; L]; L];
                for (whole, part) in whole.iter_mut().zip(parts) {
                    *whole = part.first_chunk().unwrap_or(whole);
                }
                V::turned(whole)
            } else {
                V::turned_parts(parts)
            };
            for (column, turned) in columns.chunks_exact_mut(lanes).zip(turned) {
                turned.store_part(column.get_mut(r * L..).unwrap_or_default());
            }
        }
    }
}

/// One or two registers take `KEYS` keys at once, four take three, if `MOST` allows for four.
#[inline(always)]
pub(crate) fn score_tile<V: Vector<L>, const L: usize, const MOST: usize, const KEYS: usize>(
    scale: f32,
    q_tile: &[f32],
    k: View<'_, f32>,
    seen_by: &[Range<usize>],
    scores: &mut [f32],
) {
    match seen_by.len() {
        4 if MOST >= 4 => score_keys::<V, L, 4, 3>(scale, q_tile, k, seen_by, scores),
        2 => score_keys::<V, L, 2, KEYS>(scale, q_tile, k, seen_by, scores),
        _ => score_keys::<V, L, 1, KEYS>(scale, q_tile, k, seen_by, scores),
    }
}

/// [`score_tile`] of `R` registers.
#[inline(always)]
fn score_keys<V: Vector<L>, const L: usize, const R: usize, const KEYS: usize>(
    scale: f32,
    q_tile: &[f32],
    k: View<'_, f32>,
    seen_by: &[Range<usize>],
    scores: &mut [f32],
) {
    let q_tile = q_tile.as_chunks::<L>().0.as_chunks::<R>().0;
    let scores = scores.as_chunks_mut::<L>().0.as_chunks_mut::<R>().0;
    let last = scores.len().saturating_sub(KEYS);
    for first in (0..scores.len()).step_by(KEYS) {
        // What does not fill a block ends with one that overlaps the one before: the same scores once more.
        let first = first.min(last);
        let needless = seen_by.iter().take_while(|keys| keys.end <= first).count();
        let Some(block) = scores.get_mut(first..) else {
            return;
        };
        if let Some(block) = block.first_chunk_mut() {
            let keys: [&[f32]; KEYS] = from_fn(|key| k.row(first + key));
            match (R, needless) {
                (4, 2..) => score_block::<V, L, R, KEYS, 2>(scale, q_tile, keys, block),
                (2, 1..) => score_block::<V, L, R, KEYS, 1>(scale, q_tile, keys, block),
                _ => score_block::<V, L, R, KEYS, 0>(scale, q_tile, keys, block),
            }
        } else {
            for (scores, key) in block.iter_mut().zip(first..) {
                let scores = core::array::from_mut(scores);
                score_block::<V, L, R, 1, 0>(scale, q_tile, [k.row(key)], scores);
            }
        }
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
    // Slices of one length, which the compiler knows, need no check of an index.
    let mut operands = [(q_tile, &keys[0][..0]); KEYS];
    for ((tile, numbers), key) in operands.iter_mut().zip(keys) {
        if R > 2 {
            *tile = V::apart(q_tile);
        }
        let (Some(whole), Some(key)) = (tile.get(..columns), key.get(..columns)) else {
            return;
        };
        (*tile, *numbers) = (whole, key);
    }
    for d in 0..columns {
        for (sums, (q, key)) in sums.iter_mut().zip(operands) {
            let key = V::splat(key[d]);
            for r in FROM..R {
                sums[r] = sums[r].add(V::load(&q[d][r]).mul(key));
            }
        }
    }
    for (sums, scores) in sums.iter().zip(scores) {
        for r in FROM..R {
            sums[r].mul(V::splat(scale)).store(&mut scores[r]);
        }
    }
}

/// So many keys at a time go past all registers, so that they stay near the processor.
const NEAR_KEYS: usize = 64;

#[inline(always)]
pub(crate) fn weigh_tile<V: Vector<L>, const L: usize>(
    seen_by: &[Range<usize>],
    scores: &mut [f32],
) -> [f32; MOST_LANES] {
    let lanes = seen_by.len() * L;
    let keys = scores.len() / lanes;
    let mut reciprocals = [[0.0; L]; MOST_LANES];
    let mut max = [V::splat(f32::NEG_INFINITY); 4];
    let mut sum = [V::splat(0.0); 4];
    let parts = (0..keys).step_by(NEAR_KEYS);
    for from in parts.clone() {
        for ((r, keys), max) in seen_by.iter().enumerate().zip(&mut max) {
            let keys = keys.start.max(from)..keys.end.min(from + NEAR_KEYS);
            let part = scores.get(keys.start * lanes..keys.end * lanes);
            for scores in part.unwrap_or_default().chunks_exact(lanes) {
                if let Some(scores) = scores.as_chunks().0.get(r) {
                    *max = V::load(scores).greater(*max);
                }
            }
        }
    }
    for from in parts {
        for ((r, keys), (max, sum)) in seen_by.iter().enumerate().zip(max.iter().zip(&mut sum)) {
            let keys = keys.start.max(from)..keys.end.min(from + NEAR_KEYS);
            let part = scores.get_mut(keys.start * lanes..keys.end * lanes);
            let part = part.unwrap_or_default();
            let mut fours = part.chunks_exact_mut(4 * lanes);
            for four in &mut fours {
                *sum = weigh_keys::<V, L, 4>(r, lanes, *max, *sum, four);
            }
            for last in fours.into_remainder().chunks_exact_mut(lanes) {
                *sum = weigh_keys::<V, L, 1>(r, lanes, *max, *sum, last);
            }
        }
    }
    for (reciprocals, sum) in reciprocals.iter_mut().zip(sum) {
        for (reciprocal, sum) in reciprocals.iter_mut().zip(sum.lanes()) {
            *reciprocal = 1.0 / sum;
        }
    }
    let mut flat = [0.0; MOST_LANES];
    for (flat, &reciprocal) in flat.iter_mut().zip(reciprocals.as_flattened()) {
        *flat = reciprocal;
    }
    flat
}

/// The exponentials of so many keys at once, since each waits for itself at every step; adds them to the sum.
#[inline(always)]
fn weigh_keys<V: Vector<L>, const L: usize, const KEYS: usize>(
    r: usize,
    lanes: usize,
    max: V,
    mut sum: V,
    scores: &mut [f32],
) -> V {
    let mut weights = [max; KEYS];
    for (weight, scores) in weights.iter_mut().zip(scores.chunks_exact(lanes)) {
        *weight = V::load_part(scores.get(r * L..).unwrap_or_default()).sub(max);
    }
    let weights = V::exp_neg(weights);
    for (weight, scores) in weights.into_iter().zip(scores.chunks_exact_mut(lanes)) {
        weight.store_part(scores.get_mut(r * L..).unwrap_or_default());
        sum = sum.add(weight);
    }
    sum
}
