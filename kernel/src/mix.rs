//! The last stage of f32 attention on vectors: weights times V, with the bits of the naive loop.
//!
//! Vectors run across the columns of V: lane `l` belongs to column `e + l` of the output, and each lane adds in the
//! order of the keys. A row of V is loaded as it lies and serves several queries, whose weights are broadcast; the
//! output leaves row by row, as it is to lie.

#![expect(
    clippy::inline_always,
    reason = "a vector operation is worth nothing unless it is inlined into the function that was compiled for it"
)]

use crate::stages::Weighed;
use crate::tile::union;
use crate::vector::Vector;
use crate::view::View;

#[inline(always)]
pub(crate) fn all_finite<V: Vector<L>, const L: usize>(v: View<'_, f32>) -> bool {
    let mut nothing = V::splat(0.0); // and NaN once anything is not finite
    for row in v.iter_rows() {
        let (blocks, rest) = row.as_chunks();
        for block in blocks {
            nothing = nothing.add(V::load(block).mul(V::splat(0.0)));
        }
        nothing = nothing.add(V::load_part(rest).mul(V::splat(0.0)));
    }
    nothing.lanes().iter().all(|&lane| lane == 0.0)
}

/// So many numbers of V are worked on while they are near; all rows of at least so many keys, and at most.
const NEAR: usize = 4096;
const MIN_NEAR: usize = 8;
const MAX_NEAR: usize = 64;

/// So many queries and registers of columns at a time, each group over the keys that it sees.
///
/// A few keys go past all queries before the next ones come, so that their rows of V stay near the processor.
#[inline(always)]
pub(crate) fn mix_tile<V, const L: usize, const QUERIES: usize, const COLUMNS: usize>(
    tile: Weighed<'_>,
    v: View<'_, f32>,
    output: &mut [f32],
) where
    V: Vector<L>,
{
    let columns = v.columns().max(1);
    let lanes = tile.visible.len();
    let near = (NEAR / columns).clamp(MIN_NEAR, MAX_NEAR);
    let end = tile.start + tile.weights.len() / lanes.max(1);
    for from in (tile.start..end).step_by(near) {
        let groups = output.chunks_mut(QUERIES * columns);
        for (output, lane) in groups.zip((0..).step_by(QUERIES)) {
            let seen = union(tile.visible.get(lane..lane + QUERIES).unwrap_or_default());
            let keys = seen.start.max(from)..seen.end.min(from + near);
            if keys.is_empty() {
                continue;
            }
            let weights = tile.weights.get((keys.start - tile.start) * lanes + lane..);
            let weights = weights.unwrap_or_default().chunks(lanes);
            let weights = weights.map_while(|weights| {
                let weights: &[f32; QUERIES] = weights.first_chunk()?;
                Some(weights.each_ref())
            });
            mix::<V, L, QUERIES, COLUMNS>(&weights, |_| false, v.rows_between(keys), output);
        }
    }
}

/// Four queries share a row of V, or two; otherwise they come one by one.
#[inline(always)]
pub(crate) fn mix_rows<V: Vector<L>, const L: usize>(
    weights: &[&[f32]],
    v: View<'_, f32>,
    output: &mut [f32],
) {
    if let Some([a, b, c, d]) = weights.first_chunk() {
        let weights = a.iter().zip(b.iter()).zip(c.iter()).zip(d.iter());
        let weights = weights.map(|(((a, b), c), d)| [a, b, c, d]);
        if L < 16 {
            // As many sums as registers would leave none for what is added to them.
            return mix::<V, L, 4, 2>(&weights, |_| false, v, output);
        }
        return mix::<V, L, 4, 4>(&weights, |_| false, v, output);
    }
    if let [a, b] = weights {
        let weights = a.iter().zip(b.iter()).map(|(a, b)| [a, b]);
        return mix::<V, L, 2, 4>(&weights, |_| false, v, output);
    }
    for (weights, output) in weights.iter().zip(output.chunks_mut(v.columns().max(1))) {
        let weights = weights.iter().map(|weight| [weight]);
        mix::<V, L, 1, 8>(&weights, |[&weight]| weight == 0.0, v, output);
    }
}

/// Adds the rows of `v` (S, E), times the weights of `QUERIES` queries, key by key, to the rows of
/// `output`; there may be fewer of those. Keys whose weights are to `skip` are not looked at.
///
/// Up to `COLUMNS` vectors of columns are in flight for every query.
#[inline(always)]
fn mix<'w, V, const L: usize, const QUERIES: usize, const COLUMNS: usize>(
    weights: &(impl Iterator<Item = [&'w f32; QUERIES]> + Clone),
    skip: impl Fn([&f32; QUERIES]) -> bool,
    v: View<'_, f32>,
    output: &mut [f32],
) where
    V: Vector<L>,
{
    let mut e = 0;
    while e < v.columns() {
        macro_rules! columns {
            ($columns:literal, $whole:literal) => {{
                mix_block::<V, L, QUERIES, $columns, $whole>(weights, &skip, v, e, output);
                e += $columns * L;
            }};
        }
        match ((v.columns() - e) / L).min(COLUMNS) {
            8.. if COLUMNS >= 8 => columns!(8, true),
            4.. if COLUMNS >= 4 => columns!(4, true),
            2.. => columns!(2, true),
            1 => columns!(1, true),
            _ => columns!(1, false),
        }
    }
}

/// [`mix`] of a few columns from column `e` on; `WHOLE` says that V has them all.
#[inline(always)]
fn mix_block<
    'w,
    V: Vector<L>,
    const L: usize,
    const QUERIES: usize,
    const COLUMNS: usize,
    const WHOLE: bool,
>(
    weights: &(impl Iterator<Item = [&'w f32; QUERIES]> + Clone),
    skip: &impl Fn([&f32; QUERIES]) -> bool,
    v: View<'_, f32>,
    e: usize,
    output: &mut [f32],
) {
    let columns = v.columns().max(1);
    let mut sums = [[V::splat(0.0); COLUMNS]; QUERIES];
    for (sums, row) in sums.iter_mut().zip(output.chunks_exact(columns)) {
        for (sum, e) in sums.iter_mut().zip((e..).step_by(L)) {
            *sum = V::load_part(row.get(e..).unwrap_or_default());
        }
    }
    let sums = add_block::<V, L, QUERIES, COLUMNS, WHOLE>(sums, weights, skip, v, e);
    for (sums, row) in sums.into_iter().zip(output.chunks_exact_mut(columns)) {
        for (sum, e) in sums.into_iter().zip((e..).step_by(L)) {
            sum.store_part(row.get_mut(e..).unwrap_or_default());
        }
    }
}

/// The sums of [`mix_block`], from those so far.
#[inline(always)]
fn add_block<
    'w,
    V: Vector<L>,
    const L: usize,
    const QUERIES: usize,
    const COLUMNS: usize,
    const WHOLE: bool,
>(
    mut sums: [[V; COLUMNS]; QUERIES],
    weights: &(impl Iterator<Item = [&'w f32; QUERIES]> + Clone),
    skip: &impl Fn([&f32; QUERIES]) -> bool,
    v: View<'_, f32>,
    e: usize,
) -> [[V; COLUMNS]; QUERIES] {
    let columns = v.columns().max(1);
    let mut weights = weights.clone();
    for (_, rows) in v.pieces() {
        for (row, weights) in rows.chunks_exact(columns).zip(&mut weights) {
            let row = row.get(e..).unwrap_or_default();
            if skip(weights) {
                continue;
            }
            let mut values = [V::splat(0.0); COLUMNS];
            if WHOLE {
                let Some(row) = row.as_chunks::<L>().0.first_chunk::<COLUMNS>() else {
                    break;
                };
                for (value, row) in values.iter_mut().zip(row) {
                    *value = V::load(row);
                }
            } else {
                values = [V::load_part(row); COLUMNS];
            }
            for (sums, &weight) in sums.iter_mut().zip(weights) {
                let weight = V::splat(weight);
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = sum.add(weight.mul(value));
                }
            }
        }
    }
    sums
}

#[inline(always)]
pub(crate) fn divide<V: Vector<L>, const L: usize>(row: &mut [f32], reciprocal: Option<f32>) {
    let Some(reciprocal) = reciprocal else {
        return row.fill(0.0);
    };
    let factor = V::splat(reciprocal);
    for part in row.chunks_mut(L) {
        V::load_part(part).mul(factor).store_part(part);
    }
}
