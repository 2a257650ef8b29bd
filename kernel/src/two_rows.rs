//! i8 two queries at a time, each with a row of cells of its own, so that what is loaded of K and V serves both: for
//! chips whose compiler has registers enough, RISC-V foremost.
//!
//! Both rows have cells for all keys that either query sees. Those that a query does not see itself are scored in vain
//! and have a share of zero, before and behind the cells that its softmax looks at. What does not fit is left to
//! [`attend_row`](crate::attend::attend_row), which has the same bits.

use core::ops::Range;

use crate::attention::{Attention, Softcap};
use crate::exp::share_factor;
use crate::fine::MeanOfI8;
use crate::fixed::Prepared;
use crate::integer::Core;
use crate::modify::Modify;
use crate::row::{greatest, share, weigh};
use crate::view::Qkv;

/// Columns of K, and of V, that are worked on at once.
pub(crate) const EIGHT: usize = 8;

/// Attends for the first queries, an even number; returns for how many.
#[inline(never)] // its frame is not for those who do without
pub(crate) fn attend<M: Modify, N: MeanOfI8>(
    prepared: Prepared,
    qkv: Qkv<'_, i8>,
    attention: Attention<M>,
    scratch: &mut [i32],
    output: &mut [N],
) -> usize {
    let (keys, width, value_width) = (qkv.k.rows(), qkv.k.columns(), qkv.v.columns());
    let ([(_, k), (0, _)], [(_, v), (0, _)]) = (qkv.k.pieces(), qkv.v.pieces()) else {
        return 0;
    };
    let whole = [width, value_width]
        .iter()
        .all(|columns| columns.is_multiple_of(EIGHT) && *columns > 0);
    let plain = !M::CHANGES && attention.softcap == Softcap::NONE && !prepared.negative;
    if !whole || !plain || keys == 0 {
        return 0;
    }
    let Some((one, other)) = scratch.split_at_mut_checked(keys) else {
        return 0;
    };
    let Some(other) = other.get_mut(..keys) else {
        return 0;
    };
    let mut done = 0;
    for output in output.chunks_exact_mut(2 * value_width) {
        let seen = [done, done + 1].map(|row| attention.visible(row, keys));
        let all = seen[0].start.min(seen[1].start)..seen[0].end.max(seen[1].end);
        let rows_of = |matrix, width: usize| rows_between(matrix, &all, width);
        let q = [done, done + 1].map(|row| qkv.q.row(row));
        let (Some(one), Some(other)) = (one.get_mut(..all.len()), other.get_mut(..all.len()))
        else {
            return done;
        };
        score_two(q, rows_of(k, width), [&mut *one, &mut *other]);
        let own = seen.map(|seen| seen.start - all.start..seen.end - all.start);
        let [own_of_one, own_of_other] = own;
        let count = [own_of_one.len(), own_of_other.len()];
        let totals = [
            share_row::<N>(prepared, own_of_one, one),
            share_row::<N>(prepared, own_of_other, other),
        ];
        let (output, other_output) = output.split_at_mut(value_width);
        let (blocks, _) = output.as_chunks_mut::<EIGHT>();
        let (other_blocks, _) = other_output.as_chunks_mut::<EIGHT>();
        let values = rows_of(v, value_width);
        for (block, outputs) in blocks.iter_mut().zip(other_blocks).enumerate() {
            let sums = N::sums_of_two([&*one, &*other], values, value_width, block * EIGHT);
            let [sums, other_sums] = sums;
            *outputs.0 = sums.map(|sum| N::mean(sum, totals[0], count[0]));
            *outputs.1 = other_sums.map(|sum| N::mean(sum, totals[1], count[1]));
        }
        done += 2;
    }
    done
}

/// Some rows of a matrix that has so many columns.
fn rows_between<'a>(matrix: &'a [i8], rows: &Range<usize>, width: usize) -> &'a [i8] {
    let rows = rows.start * width..rows.end * width;
    matrix.get(rows).unwrap_or_default()
}

/// Σ q·k of two queries with `keys` (S, D), a row of S cells each.
fn score_two(q: [&[i8]; 2], keys: &[i8], [one, other]: [&mut [i32]; 2]) {
    let done = score_fast(q, keys, [&mut *one, &mut *other]);
    let rest = keys.chunks_exact(q[0].len().max(1)).skip(done);
    let cells = one.iter_mut().zip(other).skip(done);
    for ((one, other), key) in cells.zip(rest) {
        *one = i8::dot(q[0], key);
        *other = i8::dot(q[1], key);
    }
}

#[cfg(kqv_riscv)]
use crate::arch::riscv::score_two_i8 as score_fast;

/// The cells of the first keys; returns of how many.
#[cfg(not(kqv_riscv))]
fn score_fast(q: [&[i8]; 2], keys: &[i8], [one, other]: [&mut [i32]; 2]) -> usize {
    let done = crate::fours::score_i8(q[0], keys, one);
    done.min(crate::fours::score_i8(q[1], keys, other))
}

/// Turns the `seen` cells into shares, and the others into zero; returns what the shares add up to, 1 at least.
fn share_row<N: Core>(prepared: Prepared, seen: Range<usize>, cells: &mut [i32]) -> u32 {
    let keys = seen.len();
    for hidden in [0..seen.start, seen.end..cells.len()] {
        cells.get_mut(hidden).unwrap_or_default().fill(0);
    }
    let cells = cells.get_mut(seen).unwrap_or_default();
    if cells.is_empty() {
        return 1;
    }
    let max = greatest(prepared.body, cells);
    let sum = weigh(true, prepared.exponent, max, cells);
    share(prepared.body, cells, share_factor(sum, N::TOTAL, keys))
}
