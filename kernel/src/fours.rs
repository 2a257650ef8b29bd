//! Q·K of the integer core four keys at a time, P·V eight columns at a time: for chips whose compiler has
//! registers enough, RISC-V foremost.
//!
//! The loops of [`row`](crate::row) load Q anew for every key, and a share for every four columns. Here a load of
//! four columns of Q serves four keys, and that of a share eight columns. And a sum of i16 products, which has more
//! than 32 bits, needs no carry: of each two columns, less the sum of both products fits 32 bits (only its
//! opposite, 2³¹, would not). The low words of those are added up in one sum, the upper halves in another, and both
//! together are the exact sum. The bits are those of `row`.

use crate::fixed::Prepared;
use crate::integer::saturated;

/// Keys that share a load of Q; columns of Q that are loaded at once.
const FOUR: usize = 4;
/// Columns of V that share a load of a share; sixteen do not stay in registers.
pub(crate) const EIGHT: usize = 8;
/// The widest rows of i16 whose sums of low halves stay in 32 bits.
pub(crate) const MAX_WIDTH_I16: usize = 1 << 16;

/// The cells of the first keys; returns of how many.
pub(crate) fn score_i8(q: &[i8], keys: &[i8], cells: &mut [i32]) -> usize {
    score(q, keys, cells, sums_i8)
}

/// The cells of the first keys; returns of how many.
pub(crate) fn score_i16(prepared: Prepared, q: &[i16], keys: &[i16], cells: &mut [i32]) -> usize {
    if q.len() > MAX_WIDTH_I16 {
        return 0;
    }
    score(q, keys, cells, |q, rows| {
        let [low_words, high_halves] = sums_i16(q, rows);
        let mut high_halves = high_halves.into_iter();
        low_words.map(|low| {
            let high = high_halves.next().unwrap_or_default();
            let low_halves = low.wrapping_sub(high << 16).cast_unsigned();
            let dot = -((i64::from(high) << 16) + i64::from(low_halves));
            saturated(prepared.steps(dot) - prepared.base)
        })
    })
}

/// Four cells at a time by `cells_of` Q and four rows of K, if rows have whole fours of columns.
fn score<I>(
    q: &[I],
    keys: &[I],
    cells: &mut [i32],
    cells_of: impl Fn(&[I], &[I]) -> [i32; FOUR],
) -> usize {
    let (fours, _) = cells.as_chunks_mut();
    if q.is_empty() || !q.len().is_multiple_of(FOUR) {
        return 0;
    }
    let mut done = 0;
    for (cells, rows) in fours
        .iter_mut()
        .zip(keys.chunks_exact((FOUR * q.len()).max(1)))
    {
        *cells = cells_of(q, rows);
        done += FOUR;
    }
    done
}

#[cfg(kqv_riscv)]
use on_a_chip::{sums_i8, sums_i16};
#[cfg(not(kqv_riscv))]
use portable::{sums_i8, sums_i16};

/// In assembly.
#[cfg(kqv_riscv)]
mod on_a_chip {
    use super::FOUR;
    use crate::arch::riscv;

    pub(super) fn sums_i8(q: &[i8], rows: &[i8]) -> [i32; FOUR] {
        riscv::sums_i8(q, rows).unwrap_or_default()
    }

    pub(super) fn sums_i16(q: &[i16], rows: &[i16]) -> [[i32; FOUR]; 2] {
        riscv::sums_i16(q, rows).unwrap_or_default()
    }
}

/// Anywhere else.
#[cfg(not(kqv_riscv))]
mod portable {
    use super::{FOUR, each_four_columns};

    /// Σ q·k of each of four rows of K.
    pub(super) fn sums_i8(q: &[i8], rows: &[i8]) -> [i32; FOUR] {
        let mut sums = [0; FOUR];
        each_four_columns(q, rows, |q, keys| {
            for (sum, key) in sums.iter_mut().zip(keys) {
                for (&q, &k) in q.iter().zip(key) {
                    *sum += i32::from(q) * i32::from(k);
                }
            }
        });
        sums
    }

    /// The two sums of each of four rows of K: low words, and upper halves.
    pub(super) fn sums_i16(q: &[i16], rows: &[i16]) -> [[i32; FOUR]; 2] {
        let (mut low_words, mut high_halves) = ([0_i32; FOUR], [0; FOUR]);
        each_four_columns(q, rows, |q, keys| {
            let [q0, q1, q2, q3] = q.map(i32::from);
            let sums = low_words.iter_mut().zip(&mut high_halves);
            for ((low, high), key) in sums.zip(keys) {
                let [k0, k1, k2, k3] = key.map(i32::from);
                for less in [-q0 * k0 - q1 * k1, -q2 * k2 - q3 * k3] {
                    *low = low.wrapping_add(less);
                    *high += less >> 16;
                }
            }
        });
        [low_words, high_halves]
    }
}

/// Calls `add` with four columns of Q and of each of four rows, from the first to the last.
#[cfg(not(kqv_riscv))]
fn each_four_columns<I: Copy>(
    q: &[I],
    rows: &[I],
    mut add: impl FnMut(&[I; FOUR], [&[I; FOUR]; FOUR]),
) {
    let mut rows = rows
        .chunks_exact(q.len().max(1))
        .map(|row| row.as_chunks().0);
    let [a, b, c, d] = [(); FOUR].map(|()| rows.next().unwrap_or_default());
    for ((((q, a), b), c), d) in q.as_chunks().0.iter().zip(a).zip(b).zip(c).zip(d) {
        add(q, [a, b, c, d]);
    }
}

/// The means of the first columns of V (S, E), where a share and a value add what is `weighted`; returns of how many.
pub(crate) fn mix<I: Copy, O>(
    shares: &[i32],
    v: &[I],
    output: &mut [O],
    weighted: impl Fn(i32, I) -> i32 + Copy,
    mean: impl Fn(i32) -> O + Copy,
) -> usize {
    let width = output.len();
    let (blocks, _) = output.as_chunks_mut();
    let mut first = 0;
    for block in blocks {
        *block = mix_eight(shares, v, width, first, weighted).map(mean);
        first += EIGHT;
    }
    first
}

/// Adds up eight columns of V from `first` on, each row times its share.
#[cfg_attr(target_os = "none", inline(never))] // for registers of its own
pub(crate) fn mix_eight<I: Copy>(
    shares: &[i32],
    v: &[I],
    width: usize,
    first: usize,
    weighted: impl Fn(i32, I) -> i32,
) -> [i32; EIGHT] {
    let mut sums = [0; EIGHT];
    if first + EIGHT <= width {
        for (&share, row) in shares.iter().zip(v.chunks_exact(width.max(1))) {
            let Some(row) = row.get(first..).and_then(<[I]>::first_chunk::<EIGHT>) else {
                break;
            };
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += weighted(share, value);
            }
        }
    }
    sums
}
