//! i16 and i8 on AVX-512 and AVX2.
//!
//! Many queries that nobody watches go through [`tile`]; the rest one by one, through the loops here. Those are plain
//! loops, compiled for what the processor turns out to have: sums of integers are exact, so that the compiler may take
//! them in any order, and what it makes of these is `pmaddwd` for the scores of i8, and 8 or 16 lanes of everything
//! else. [`rows`] has two that it makes little of.
#![expect(
    unsafe_code,
    reason = "functions compiled for what this processor turns out to have"
)]
#![expect(
    clippy::inline_always,
    reason = "a loop must be inlined into the function that was compiled for the vectors"
)]

mod lanes;
mod mix;
mod rows;
mod score;
mod tile;
mod weigh;
mod width;

pub(crate) use tile::attend;
use width::Tiled;

use crate::exp::{Exponent, exp2_neg_q30, high_word};
use crate::integer::{Integer, saturated};

/// Columns of V in flight: so many sums fit the registers.
const COLUMNS: usize = 32;

/// Writes one function for both kinds of vectors, over a loop that is inlined into either.
macro_rules! on_vectors {
    ($(#[$doc:meta])* $name:ident<$($integer:ident)?>($($argument:ident: $type:ty),*) -> $result:ty, $body:path, $none:expr) => {
        $(#[$doc])*
        pub(crate) fn $name$(<$integer: Integer>)?($($argument: $type),*) -> $result {
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            fn avx512$(<$integer: Integer>)?($($argument: $type),*) -> $result {
                $body($($argument),*)
            }
            #[target_feature(enable = "avx2")]
            fn avx2$(<$integer: Integer>)?($($argument: $type),*) -> $result {
                $body($($argument),*)
            }
            if std::arch::is_x86_feature_detected!("avx512bw")
                && std::arch::is_x86_feature_detected!("avx512dq")
                && std::arch::is_x86_feature_detected!("avx512vl")
            {
                // SAFETY: the processor was found to have them all; whatever has AVX-512BW has AVX-512F.
                unsafe { avx512($($argument),*) }
            } else if std::arch::is_x86_feature_detected!("avx2") {
                // SAFETY: the processor was found to have AVX2.
                unsafe { avx2($($argument),*) }
            } else {
                $none
            }
        }
    };
}

on_vectors!(
    /// Σ q·k of i8 as cells, for every key; returns for how many.
    score_i8<>(q: &[i8], keys: &[i8], cells: &mut [i32]) -> usize, dots_i8, 0
);
on_vectors!(
    /// Σ q·k of i16 as cells: half a step more, shifted, less the base; returns for how many keys.
    score_rest_i16<>(step_bits: u32, base: i64, q: &[i16], keys: &[i16], cells: &mut [i32]) -> usize,
    cells_i16, 0
);
on_vectors!(
    /// The greatest cell; returns of how many.
    greatest<>(cells: &[i32], max: i32) -> (usize, i32), greatest_loop, (0, max)
);
on_vectors!(
    /// Cells to weights, in place; returns how many, and their sum.
    weigh<>(exponent: Exponent, max: i32, cells: &mut [i32]) -> (usize, u64), weigh_loop, (0, 0)
);
on_vectors!(
    /// Weights to shares, in place; returns how many, and what they add up to.
    share<>(weights: &mut [i32], factor: u32) -> (usize, u32), share_loop, (0, 0)
);
on_vectors!(
    /// The means of all columns of `v` but the first, of which `from` have theirs; returns of how many in all.
    mix_rest<I>(from: usize, shares: &[i32], v: &[I], total: u32, output: &mut [I]) -> usize,
    mix_loop, from
);

/// Σ q·k of i16 as cells: half a step more, shifted, less the base; returns for how many keys.
pub(crate) fn score_i16(
    step_bits: u32,
    base: i64,
    q: &[i16],
    keys: &[i16],
    cells: &mut [i32],
) -> usize {
    let done = rows::score_i16(step_bits, base, q, keys, cells);
    let keys = keys.get(done * q.len()..).unwrap_or_default();
    let cells = cells.get_mut(done..).unwrap_or_default();
    done + score_rest_i16(step_bits, base, q, keys, cells)
}

/// The means of all columns of `v`, or of none; returns of how many.
pub(crate) fn mix<I: Tiled>(shares: &[i32], v: &[I], total: u32, output: &mut [I]) -> usize {
    let done = rows::mix(shares, v, total, output);
    mix_rest(done, shares, v, total, output)
}

#[inline(always)]
fn dots_i8(q: &[i8], keys: &[i8], cells: &mut [i32]) -> usize {
    if q.is_empty() {
        return 0;
    }
    for (cell, key) in cells.iter_mut().zip(keys.chunks_exact(q.len())) {
        let mut dot = 0;
        for (&q, &k) in q.iter().zip(key) {
            dot += i32::from(q) * i32::from(k);
        }
        *cell = dot;
    }
    cells.len()
}

#[inline(always)]
fn cells_i16(step_bits: u32, base: i64, q: &[i16], keys: &[i16], cells: &mut [i32]) -> usize {
    if q.is_empty() {
        return 0;
    }
    let half = (1_i64 << step_bits) >> 1;
    for (cell, key) in cells.iter_mut().zip(keys.chunks_exact(q.len())) {
        let mut dot = 0;
        for (&q, &k) in q.iter().zip(key) {
            dot += i64::from(i32::from(q) * i32::from(k));
        }
        *cell = saturated(((dot + half) >> step_bits) - base);
    }
    cells.len()
}

#[inline(always)]
fn greatest_loop(cells: &[i32], max: i32) -> (usize, i32) {
    (cells.len(), cells.iter().copied().fold(max, i32::max))
}

#[inline(always)]
fn weigh_loop(exponent: Exponent, max: i32, cells: &mut [i32]) -> (usize, u64) {
    let mut sum = 0;
    for cell in cells.iter_mut() {
        let weight = exp2_neg_q30(exponent.x_q26(max.abs_diff(*cell)));
        let weight = if *cell == i32::MIN { 0 } else { weight };
        *cell = weight;
        sum += u64::from(weight.unsigned_abs());
    }
    (cells.len(), sum)
}

#[inline(always)]
fn share_loop(weights: &mut [i32], factor: u32) -> (usize, u32) {
    let mut total = 0;
    for weight in weights.iter_mut() {
        let share = high_word(weight.cast_unsigned(), factor);
        *weight = share.cast_signed();
        total += share;
    }
    (weights.len(), total)
}

#[inline(always)]
fn mix_loop<I: Integer>(
    from: usize,
    shares: &[i32],
    v: &[I],
    total: u32,
    output: &mut [I],
) -> usize {
    let columns = output.len();
    let mut first = from;
    while first < columns {
        let rest = output.get_mut(first..).unwrap_or_default();
        first += if rest.len() >= COLUMNS {
            mix_block::<I, COLUMNS>(shares, v, columns, first, total, rest)
        } else if rest.len() >= 8 {
            mix_block::<I, 8>(shares, v, columns, first, total, rest)
        } else {
            mix_block::<I, 1>(shares, v, columns, first, total, rest)
        };
    }
    columns
}

/// The means of the columns `first..first + N`; returns N.
#[inline(always)]
fn mix_block<I: Integer, const N: usize>(
    shares: &[i32],
    v: &[I],
    columns: usize,
    first: usize,
    total: u32,
    output: &mut [I],
) -> usize {
    let mut sums = [0; N];
    for (&share, row) in shares.iter().zip(v.chunks_exact(columns)) {
        let Some(values) = row.get(first..).and_then(|row| row.first_chunk::<N>()) else {
            break;
        };
        for i in 0..N {
            sums[i] += I::weighted(share, values[i]);
        }
    }
    for (output, sum) in output.iter_mut().zip(sums) {
        *output = I::mean(sum, total, shares.len());
    }
    N
}
