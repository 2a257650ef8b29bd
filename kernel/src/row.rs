//! One row of the integer core, stage by stage: the portable loops, which are the oracle of the assembly, and
//! who does the work.

use crate::body::{Body, FOURS_PAY};
use crate::exp::{Exponent, exp2_neg_q30, high_word, share_factor};
use crate::fixed::Prepared;
use crate::integer::{Integer, saturated};
use crate::view::View;

/// A row of cells: Σ q·k of every key in steps, less the base, saturated.
pub(crate) fn score_cells<I: Integer>(
    prepared: &Prepared,
    q: &[I],
    keys: View<'_, I>,
    cells: &mut [i32],
) {
    let mut rest = cells;
    for (rows, keys) in keys.pieces() {
        let Some((cells, after)) = rest.split_at_mut_checked(rows) else {
            return;
        };
        rest = after;
        let done = match prepared.body {
            Body::Scalar => 0,
            _ if prepared.negative => 0,
            Body::Quads | Body::Soft if FOURS_PAY => I::score_fours(*prepared, q, keys, cells),
            _ => I::score_fast(*prepared, q, keys, cells),
        };
        for (j, cell) in cells.iter_mut().enumerate().skip(done) {
            let key = keys.get(j * q.len()..).unwrap_or_default();
            *cell = saturated(prepared.steps(I::dot(q, key).into()) - prepared.base);
        }
    }
}

/// The greatest cell, [`i32::MIN`] of none.
pub(crate) fn greatest(body: Body, cells: &[i32]) -> i32 {
    let (done, max) = match body {
        #[cfg(any(kqv_dsp, kqv_narrow))]
        Body::Assembly => crate::arch::arm::greatest(cells, i32::MIN),
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        Body::Avx2 | Body::Avx512 => crate::arch::x86_integer::greatest(cells, i32::MIN),
        #[cfg(kqv_riscv)]
        Body::Quads | Body::Soft => crate::arch::riscv::greatest(cells, i32::MIN),
        _ => (0, i32::MIN),
    };
    let rest = cells.get(done..).unwrap_or_default();
    rest.iter().copied().fold(max, i32::max)
}

/// Turns cells into weights, in place, by their distance from `max`; returns their sum.
#[cfg_attr(target_os = "none", inline(never))] // for registers of its own
pub(crate) fn weigh(fast: bool, exponent: Exponent, max: i32, cells: &mut [i32]) -> u64 {
    #[cfg(any(kqv_dsp, kqv_narrow))]
    let (done, mut sum) = if fast {
        crate::arch::arm::weigh(exponent, max, cells)
    } else {
        (0, 0)
    };
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    let (done, mut sum) = if fast {
        crate::arch::x86_integer::weigh(exponent, max, cells)
    } else {
        (0, 0)
    };
    #[cfg(not(any(kqv_dsp, kqv_narrow, all(feature = "std", target_arch = "x86_64"))))]
    let (done, mut sum) = (usize::from(false & fast), 0);
    for cell in cells.iter_mut().skip(done) {
        let distance = max.wrapping_sub(*cell).cast_unsigned();
        let hidden = u32::from(*cell == i32::MIN).wrapping_neg(); // a mask: no branch
        let weight = exp2_neg_q30(exponent.x_q26(distance) | hidden);
        *cell = weight;
        sum += u64::from(weight.cast_unsigned());
    }
    sum
}

/// The means of the rows of `v` (S, E) under `weights` that add up to `sum`.
#[cfg_attr(target_os = "none", inline(never))] // its frame does not lie below those of the other stages
pub(crate) fn mix_row<I: Integer>(
    body: Body,
    weights: &mut [i32],
    sum: u64,
    v: View<'_, I>,
    output: &mut [I],
) {
    let keys = weights.len();
    let factor = share_factor(sum, I::TOTAL, keys);
    let total = share(body, weights, factor);
    let done = match v.pieces() {
        [(_, v), (0, _)] => match body {
            Body::Scalar => 0,
            Body::Quads | Body::Soft if FOURS_PAY => {
                let mean = |sum| I::mean(sum, total, keys);
                crate::fours::mix(weights, v, output, I::weighted, mean)
            }
            _ => I::mix_fast(weights, v, total, output),
        },
        _ => 0,
    };
    let fast = |values: &[I], first| I::mix_four_fast(weights, values, v.columns(), first);
    let mean = |sum| I::mean(sum, total, keys);
    mix_rest(body, weights, v, done, output, fast, I::weighted, mean);
}

/// The means of the columns of `v` from `first` on: `fast` adds up four of them if a chip can, `weighted` is what a
/// share and a value add.
#[expect(
    clippy::too_many_arguments,
    reason = "all that differs between outputs"
)]
pub(crate) fn mix_rest<I: Copy, O>(
    body: Body,
    shares: &[i32],
    v: View<'_, I>,
    first: usize,
    output: &mut [O],
    fast: impl Fn(&[I], usize) -> Option<[i32; 4]>,
    weighted: impl Fn(i32, I) -> i32 + Copy,
    mean: impl Fn(i32) -> O + Copy,
) {
    let (fours, rest) = output.get_mut(first..).unwrap_or_default().as_chunks_mut();
    let mut first = first;
    for columns in fours {
        let fast = match v.pieces() {
            [(_, values), (0, _)] if body != Body::Scalar => fast(values, first),
            _ => None,
        };
        let sums = fast.unwrap_or_else(|| mix_columns(shares, v, first, weighted));
        *columns = sums.map(mean);
        first += columns.len();
    }
    for (column, first) in rest.iter_mut().zip(first..) {
        let [sum] = mix_columns(shares, v, first, weighted);
        *column = mean(sum);
    }
}

/// Turns weights into shares, in place; returns what they add up to.
#[cfg_attr(target_os = "none", inline(never))] // for registers of its own
pub(crate) fn share(body: Body, weights: &mut [i32], factor: u32) -> u32 {
    let (done, mut total) = match body {
        #[cfg(any(kqv_dsp, kqv_narrow))]
        Body::Assembly => crate::arch::arm::share(weights, factor),
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        Body::Avx2 | Body::Avx512 => crate::arch::x86_integer::share(weights, factor),
        _ => (0, 0),
    };
    for weight in weights.iter_mut().skip(done) {
        let share = high_word(weight.cast_unsigned(), factor);
        *weight = share.cast_signed();
        total += share;
    }
    total
}

/// Adds up `C` columns of `v` from `first` on, each row times its share.
#[cfg_attr(target_os = "none", inline(never))] // for registers of its own
fn mix_columns<I: Copy, const C: usize>(
    shares: &[i32],
    v: View<'_, I>,
    first: usize,
    weighted: impl Fn(i32, I) -> i32,
) -> [i32; C] {
    let mut sums = [0; C];
    let mut rest = shares;
    for (rows, values) in v.pieces() {
        let Some((shares, after)) = rest.split_at_checked(rows) else {
            break;
        };
        rest = after;
        let rows = values
            .get(first..)
            .unwrap_or_default()
            .chunks(v.columns().max(1));
        for (&share, row) in shares.iter().zip(rows) {
            let Some(row) = row.first_chunk::<C>() else {
                break;
            };
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += weighted(share, value);
            }
        }
    }
    sums
}
