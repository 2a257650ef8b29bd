//! The last stage of f32 attention on vectors: weights times V, with the bits of the naive loop.
//!
//! Vectors run across the columns of V: lane `l` belongs to column `e + l` of the output, and each lane adds in the
//! order of the keys. A row of V is loaded as it lies and serves several queries, whose weights are broadcast; the
//! output leaves row by row, as it is to lie.

#![expect(
    clippy::inline_always,
    reason = "a vector operation is worth nothing unless it is inlined into the function that was compiled for it"
)]

use crate::vector::Vector;
use crate::view::View;

/// Whether every number of V is finite: times a weight of zero it is nothing then.
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

/// The output of `QUERIES` queries over the rows of `v` (S, E), whose weights for key `j` are `weights(j)`.
///
/// `output(query, e, part)` gets the vectors of a row from left to right, each with the column it begins at. Up to
/// `REGISTERS` vectors of columns are in flight for every query.
#[inline(always)]
pub(crate) fn mix<'w, V, const L: usize, const QUERIES: usize, const REGISTERS: usize>(
    weights: impl Fn(usize) -> Option<[&'w f32; QUERIES]>,
    reciprocals: [f32; QUERIES],
    v: View<'_, f32>,
    mut output: impl FnMut(usize, usize, V),
) where
    V: Vector<L>,
{
    let mut e = 0;
    while e < v.columns() {
        let registers = ((v.columns() - e) / L).min(REGISTERS);
        macro_rules! columns {
            ($registers:literal, $whole:literal) => {{
                let sums = mix_block::<V, L, QUERIES, $registers, $whole>(&weights, v, e);
                hand_out(e, sums, reciprocals, &mut output);
                e += $registers * L;
            }};
        }
        match registers {
            8.. if REGISTERS >= 8 => columns!(8, true),
            4.. if REGISTERS >= 4 => columns!(4, true),
            2.. => columns!(2, true),
            1 => columns!(1, true),
            _ => columns!(1, false),
        }
    }
}

/// A few columns of the output before the division, from column `e` on; `WHOLE` says that V has them all.
#[inline(always)]
fn mix_block<
    'w,
    V: Vector<L>,
    const L: usize,
    const QUERIES: usize,
    const REGISTERS: usize,
    const WHOLE: bool,
>(
    weights: &impl Fn(usize) -> Option<[&'w f32; QUERIES]>,
    v: View<'_, f32>,
    e: usize,
) -> [[V; REGISTERS]; QUERIES] {
    let mut sums = [[V::splat(0.0); REGISTERS]; QUERIES];
    let [head, tail] = v
        .pieces()
        .map(|(_, rows)| rows.chunks_exact(v.columns().max(1)));
    for (key, row) in head.chain(tail).enumerate() {
        let (Some(weights), Some(row)) = (weights(key), row.get(e..)) else {
            break;
        };
        if QUERIES == 1 && *weights[0] == 0.0 {
            continue; // a query alone does not look at such rows, as the loop does not
        }
        let mut values = [V::splat(0.0); REGISTERS];
        if WHOLE {
            let Some(row) = row.as_chunks::<L>().0.first_chunk::<REGISTERS>() else {
                break;
            };
            for (value, row) in values.iter_mut().zip(row) {
                *value = V::load(row);
            }
        } else {
            values[0] = V::load_part(row);
        }
        for (sums, &weight) in sums.iter_mut().zip(weights) {
            let weight = V::splat(weight);
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum = sum.add(weight.mul(value));
            }
        }
    }
    sums
}

#[inline(always)]
fn hand_out<V: Vector<L>, const L: usize, const QUERIES: usize, const REGISTERS: usize>(
    e: usize,
    sums: [[V; REGISTERS]; QUERIES],
    reciprocals: [f32; QUERIES],
    output: &mut impl FnMut(usize, usize, V),
) {
    for (query, (sums, reciprocal)) in sums.into_iter().zip(reciprocals).enumerate() {
        for (register, sum) in sums.into_iter().enumerate() {
            output(query, e + register * L, sum.mul(V::splat(reciprocal)));
        }
    }
}
