//! How packed keys and values lie.
//!
//! Four columns of a key are two words of two numbers of 16 bits each, and two keys lie side by side. Three columns
//! of V, from the last to the first, are two words, `a + 2^24·b` and `b + 2^24·c`, each number with 128 added, and all
//! rows of three columns lie one behind the other; the assembly says why. The loops here write and read the same words
//! and are its oracle.

#[cfg(kqv_dsp)]
use crate::arch::arm_integer::{pack_keys, pack_values, spread};
use crate::integer::Core;

/// Columns of K in a step.
pub(super) const STEP: usize = 4;
/// Columns of V in two words.
pub(super) const TRIPLE: usize = 3;
/// Keys that are worked on at once: as many rows as there are whole fours of.
pub(super) const FOUR: usize = 4;

/// What is added to each number of a value.
const OFFSET: u8 = 128;

/// Packs keys (S, D) into place `j` of `packed` and the following.
pub(super) fn place_keys(keys: &[i8], width: usize, j: usize, packed: &mut [u32]) {
    if pack_keys(keys, width, j, packed) {
        return;
    }
    let key_words = 2 * width.div_ceil(STEP);
    for (key, j) in keys.chunks(width.max(1)).zip(j..) {
        let pair = packed.get_mut((j & !1) * key_words..).unwrap_or_default();
        let (steps, _) = pair.as_chunks_mut::<4>();
        for (columns, step) in key.chunks(STEP).zip(steps) {
            place_step(step, j % 2, filled_up(columns));
        }
    }
}

/// Packs values (S, E), two words for three columns, `block` words apart, and for the next value beside them.
pub(super) fn place_values(values: &[i8], columns: usize, block: usize, triples: &mut [u32]) {
    if pack_values(values, columns, triples, block) {
        return;
    }
    for (value, j) in values.chunks(columns.max(1)).zip(0..) {
        let triples = triples.get_mut(2 * j..).unwrap_or_default();
        let triples = triples.chunks_mut(block.max(1));
        for (columns, triple) in value.chunks(TRIPLE).zip(triples) {
            place_triple(triple, columns);
        }
    }
}

/// Four columns of a key as two words, those of every other column together.
fn place_step(step: &mut [u32; 4], key: usize, columns: [i8; 4]) {
    let [even, odd] = spread(columns).map(i32::cast_unsigned);
    if key == 0 {
        [step[0], step[1]] = [even, odd];
    } else {
        [step[2], step[3]] = [even, odd];
    }
}

/// Packs keys as a chip can.
#[cfg(not(kqv_dsp))]
fn pack_keys(_: &[i8], _: usize, _: usize, _: &mut [u32]) -> bool {
    false
}

/// Packs values as a chip can.
#[cfg(not(kqv_dsp))]
fn pack_values(_: &[i8], _: usize, _: &mut [u32], _: usize) -> bool {
    false
}

/// Bytes 0 and 2, and bytes 1 and 3, as numbers of 16 bits.
#[cfg(not(kqv_dsp))]
fn spread([a, b, c, d]: [i8; 4]) -> [i32; 2] {
    let pair = |low: i8, high: i8| i32::from(high) << 16 | i32::from(low) & 0xffff;
    [pair(a, c), pair(b, d)]
}

/// Fewer than four columns, and zeros.
pub(crate) fn filled_up(columns: &[i8]) -> [i8; 4] {
    let mut filled = [0; 4];
    for (filled, &column) in filled.iter_mut().zip(columns) {
        *filled = column;
    }
    filled
}

/// Up to three columns of a value, the last one first, as two words, the first of `triple`.
fn place_triple(triple: &mut [u32], columns: &[i8]) {
    let mut numbers = [0; TRIPLE];
    for (number, column) in numbers.iter_mut().zip(columns.iter().rev()) {
        *number = u32::from(column.cast_unsigned() ^ OFFSET);
    }
    let [a, b, c] = numbers;
    if let Some(words) = triple.first_chunk_mut() {
        *words = [a | b << 24, b | c << 24];
    }
}

/// What is packed, and how it lies.
#[derive(Clone, Copy)]
pub(super) struct Ring<'a> {
    pub(super) keys: &'a [u32],
    pub(super) values: &'a [u32],
    /// Words of a key.
    pub(super) key_words: usize,
    /// Rows that there is memory for, a multiple of four.
    pub(super) rows: usize,
    pub(super) capacity: usize,
    pub(super) len: usize,
    pub(super) oldest: usize,
    pub(super) value_width: usize,
}

impl Ring<'_> {
    /// Where key `j`, counted from the oldest, lies.
    fn place(&self, j: usize) -> usize {
        let place = j + self.oldest;
        if place < self.capacity {
            place
        } else {
            place - self.capacity
        }
    }

    /// Σ q·k, exact.
    pub(super) fn dot(&self, q: &[i8], j: usize) -> i32 {
        let place = self.place(j);
        let pair = self.keys.get(place / 2 * 2 * self.key_words..);
        let (steps, _) = pair.unwrap_or_default().as_chunks::<4>();
        let product = |q: i32, k: u32| {
            let k = k.cast_signed();
            (q << 16 >> 16) * (k << 16 >> 16) + (q >> 16) * (k >> 16)
        };
        let mut dot = 0;
        for (columns, step) in q.chunks(STEP).zip(steps) {
            let [even, odd] = spread(filled_up(columns));
            let words = if place.is_multiple_of(2) {
                [step[0], step[1]]
            } else {
                [step[2], step[3]]
            };
            dot += product(even, words[0]) + product(odd, words[1]);
        }
        dot
    }

    /// The means of the values of the keys from `first` on under `shares` that add up to `total`.
    pub(super) fn mix(&self, shares: &[i32], first: usize, total: u32, output: &mut [i8]) {
        let number = |word: u32| (word & 0xff).cast_signed() - 128;
        let blocks = self.values.chunks((2 * self.rows).max(1));
        for (columns, block) in output.chunks_mut(TRIPLE).zip(blocks) {
            let (words, _) = block.as_chunks::<2>();
            let mut sums = [0; TRIPLE];
            for (&share, j) in shares.iter().zip(first..) {
                let Some(&[ab, bc]) = words.get(self.place(j)) else {
                    return;
                };
                sums[0] += share * number(ab);
                sums[1] += share * number(bc);
                sums[2] += share * number(bc >> 24);
            }
            for (column, sum) in columns.iter_mut().rev().zip(sums) {
                *column = i8::mean(sum, total, shares.len());
            }
        }
    }
}
