//! Keys and values of i8 in the order in which a chip's multiplier wants them: packed once, read by many queries.
//!
//! Four columns of a key are two words of two numbers of 16 bits each, and two keys lie side by side. Three columns
//! of V, from the last to the first, are two words, `a + 2^24·b` and `b + 2^24·c`, each number with 128 added, and all
//! rows of three columns lie one behind the other; the assembly says why. The loops here read the same words and are
//! its oracle: sums of integers are exact, so that all have the bits of [`attend_view`](crate::attend_view).

use core::fmt;
use core::ops::Range;

use fixed::traits::Fixed;

use crate::attention::Attention;
#[cfg(kqv_dsp)]
use crate::attention::Softcap;
use crate::body::Body;
use crate::cache::CacheFull;
use crate::exp::share_factor;
use crate::fixed::{Prepared, QFormat, Quantized};
use crate::format::Format;
use crate::integer::Core;
use crate::modify::{Modify, Query, visible_keys};
use crate::row::{greatest, share, weigh};
use crate::score::Score;
use crate::view::{ShapeError, View};

/// A format of 8-bit integers: [`Quantized<i8>`](Quantized), or that of `FixedI8<Frac>`.
pub trait Packable: Format<Cell = i32, Sum = u64, Prepared = Prepared> {
    /// The integers that elements are.
    fn integers(elements: &[Self::Element]) -> &[i8];
    /// The same, to be written.
    fn integers_mut(elements: &mut [Self::Element]) -> &mut [i8];
}

impl Packable for Quantized<i8> {
    fn integers(elements: &[i8]) -> &[i8] {
        elements
    }

    fn integers_mut(elements: &mut [i8]) -> &mut [i8] {
        elements
    }
}

impl<N: Fixed<Bits = i8>> Packable for QFormat<N> {
    fn integers(elements: &[N]) -> &[i8] {
        N::peel_slice(elements)
    }

    fn integers_mut(elements: &mut [N]) -> &mut [i8] {
        N::peel_slice_mut(elements)
    }
}

/// Columns of K in a step.
const STEP: usize = 4;
/// Columns of V in two words.
const TRIPLE: usize = 3;
/// Keys that are worked on at once: as many rows as there are whole fours of.
const FOUR: usize = 4;

/// Keys (S, D) and values (S, E) of up to `capacity` tokens in 8 bits, packed for the multiplier of a chip.
///
/// Where many queries meet the same keys, as in a prefill, or the same cache token after token, a Cortex-M with DSP
/// instructions takes about two thirds of the instructions of [`attend_view`](crate::attend_view), for the same bits;
/// on other machines it only works. It takes 2 bytes for a number of K and 8/3 for one of V, in memory that it is
/// given, an array of its own or a borrowed slice; [`packed_words`] says how much.
///
/// ```
/// use kqv::{Attention, PackedKv, Quantized, View};
///
/// const WORDS: usize = kqv::packed_words(16, 4, 3);
/// let format = Quantized::<i8>::new(0.05, 0.05, 0.1)?;
/// let mut past = PackedKv::new(format, [0; WORDS], 16, 4, 3)?;
/// past.push(&[90, 0, 0, 0], &[1, 2, 3])?;
/// past.push(&[0, 90, 0, 0], &[-100, 50, 7])?;
///
/// let q = [[100, 0, 0, 0]];
/// let mut scratch = [0; kqv::packed_scratch_cells(16, 4)];
/// let mut output = [0; 3];
/// past.attend(View::from(&q), Attention::CAUSAL, &mut scratch, &mut output)?;
/// assert_eq!(output, [1, 2, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PackedKv<F, M> {
    format: F,
    memory: M,
    capacity: usize,
    width: usize,
    value_width: usize,
    len: usize,
    /// Where the oldest token lies, once the ring has gone around.
    oldest: usize,
}

/// How many words [`PackedKv`] needs for `capacity` tokens with keys of `width` columns (D) and values of
/// `value_width` (E).
pub const fn packed_words(capacity: usize, width: usize, value_width: usize) -> usize {
    let columns = 2 * (width.div_ceil(STEP) + value_width.div_ceil(TRIPLE));
    capacity.next_multiple_of(FOUR).saturating_mul(columns)
}

/// The scratch cells with which [`PackedKv::attend`] is fastest: two rows of scores, and two queries.
pub const fn packed_scratch_cells(capacity: usize, width: usize) -> usize {
    2 * capacity.next_multiple_of(FOUR) + width.next_multiple_of(STEP)
}

impl<F: Packable, M: AsRef<[u32]> + AsMut<[u32]>> PackedKv<F, M> {
    /// Nothing yet, with room for `capacity` tokens in `memory`, whose content does not matter.
    ///
    /// # Errors
    /// [`ShapeError`] if `memory` has fewer than [`packed_words`], or the shape could overflow the format's sums.
    pub fn new(
        format: F,
        memory: M,
        capacity: usize,
        width: usize,
        value_width: usize,
    ) -> Result<Self, ShapeError> {
        if capacity > F::MAX_KEYS {
            let (keys, max) = (capacity, F::MAX_KEYS);
            return Err(ShapeError::TooManyKeys { keys, max });
        }
        if width > F::MAX_WIDTH {
            let (columns, max) = (width, F::MAX_WIDTH);
            return Err(ShapeError::TooWide { columns, max });
        }
        let (words, needed) = (
            memory.as_ref().len(),
            packed_words(capacity, width, value_width),
        );
        if words < needed {
            return Err(ShapeError::Memory { words, needed });
        }
        Ok(Self {
            format,
            memory,
            capacity,
            width,
            value_width,
            len: 0,
            oldest: 0,
        })
    }

    /// The number of tokens it holds, S.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds no token.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets every token.
    pub fn clear(&mut self) {
        self.len = 0;
        self.oldest = 0;
    }

    /// Appends every key of `k` (S, D) and every value of `v` (S, E).
    ///
    /// # Errors
    /// [`PackError`] if the shapes do not fit, or there are more than there is room for; nothing is changed then.
    pub fn extend(
        &mut self,
        k: View<'_, F::Element>,
        v: View<'_, F::Element>,
    ) -> Result<(), PackError> {
        if k.rows() != v.rows() {
            let (k, v) = (k.rows(), v.rows());
            return Err(ShapeError::Keys { k, v }.into());
        }
        self.fits(k.columns(), v.columns())?;
        if self.oldest > 0 || k.rows() > self.capacity - self.len {
            return Err(CacheFull {
                capacity: self.capacity,
            }
            .into());
        }
        if let ([(_, keys), (0, _)], [(_, values), (0, _)]) = (k.pieces(), v.pieces()) {
            self.place(self.len, F::integers(keys), F::integers(values));
            self.len += k.rows();
            return Ok(());
        }
        for (key, value) in k.iter_rows().zip(v.iter_rows()) {
            self.place(self.len, F::integers(key), F::integers(value));
            self.len += 1;
        }
        Ok(())
    }

    /// Appends the key (D) and the value (E) of one token.
    ///
    /// # Errors
    /// [`PackError`] if it holds `capacity` tokens already, or the rows have other lengths; nothing is changed then.
    pub fn push(&mut self, key: &[F::Element], value: &[F::Element]) -> Result<(), PackError> {
        self.fits(key.len(), value.len())?;
        if self.oldest > 0 || self.len == self.capacity {
            return Err(CacheFull {
                capacity: self.capacity,
            }
            .into());
        }
        self.place(self.len, F::integers(key), F::integers(value));
        self.len += 1;
        Ok(())
    }

    /// Appends the key (D) and the value (E) of one token, in the place of the oldest if it is full.
    ///
    /// # Errors
    /// [`ShapeError`] if the rows have other lengths; nothing is changed then.
    pub fn slide(&mut self, key: &[F::Element], value: &[F::Element]) -> Result<(), ShapeError> {
        self.fits(key.len(), value.len())?;
        let (key, value) = (F::integers(key), F::integers(value));
        if self.len < self.capacity {
            self.place(self.len, key, value);
            self.len += 1;
        } else if self.capacity > 0 {
            self.place(self.oldest, key, value);
            self.oldest += 1;
            if self.oldest == self.capacity {
                self.oldest = 0;
            }
        }
        Ok(())
    }

    /// Lets the queries (T, D) of the last T tokens look at what is here; `output` is (T, E), row-major.
    ///
    /// The offset of `attention` is set so that the last query stands at the last key. A query that sees no key has
    /// output zero. `scratch` holds a row of scores, S cells at least; with [`packed_scratch_cells`] it is fastest.
    ///
    /// # Errors
    /// [`ShapeError`] if the queries have another width, or scratch or output do not fit; nothing is written then.
    pub fn attend<A: Modify>(
        &self,
        q: View<'_, F::Element>,
        attention: Attention<A>,
        scratch: &mut [i32],
        output: &mut [F::Element],
    ) -> Result<(), ShapeError> {
        self.attend_on(Body::best(), q, attention, scratch, output)
    }

    /// [`attend`](Self::attend) on a certain body, to hold one against the other.
    ///
    /// # Errors
    /// Those of [`attend`](Self::attend).
    pub fn attend_on<A: Modify>(
        &self,
        body: Body,
        q: View<'_, F::Element>,
        attention: Attention<A>,
        scratch: &mut [i32],
        output: &mut [F::Element],
    ) -> Result<(), ShapeError> {
        let (keys, columns) = (self.len, self.value_width);
        if q.columns() != self.width {
            let (q, k) = (q.columns(), self.width);
            return Err(ShapeError::Width { q, k });
        }
        if q.rows().checked_mul(columns) != Some(output.len()) {
            return Err(ShapeError::Output {
                values: output.len(),
                queries: q.rows(),
                columns,
            });
        }
        if scratch.len() < keys {
            let cells = scratch.len();
            return Err(ShapeError::Scratch { cells, keys });
        }
        let attention = Attention {
            offset: keys.saturating_sub(attention.mask.queries(q.rows())),
            ..attention
        };
        let prepared = self
            .format
            .prepare(body, attention.scale.factor(self.width));
        let call = Call {
            ring: self.ring(),
            prepared,
            q: q.map(F::integers),
            attention,
        };
        call.attend(scratch, F::integers_mut(output));
        Ok(())
    }

    fn ring(&self) -> Ring<'_> {
        let rows = self.capacity.next_multiple_of(FOUR);
        let key_words = 2 * self.width.div_ceil(STEP);
        let words = self.memory.as_ref();
        let (keys, values) = words.split_at_checked(rows * key_words).unwrap_or_default();
        Ring {
            keys,
            values,
            key_words,
            rows,
            capacity: self.capacity,
            len: self.len,
            oldest: self.oldest,
            value_width: self.value_width,
        }
    }

    /// Whether a key and a value have the widths of those that are here.
    fn fits(&self, key: usize, value: usize) -> Result<(), ShapeError> {
        for (values, columns) in [(key, self.width), (value, self.value_width)] {
            if values != columns {
                let rows = 1;
                return Err(ShapeError::Length {
                    values,
                    rows,
                    columns,
                });
            }
        }
        Ok(())
    }

    /// Packs tokens, one or several, into place `j` and the following.
    fn place(&mut self, j: usize, keys: &[i8], values: &[i8]) {
        let (width, value_width) = (self.width, self.value_width);
        let rows = self.capacity.next_multiple_of(FOUR);
        let key_words = 2 * width.div_ceil(STEP);
        let words = self.memory.as_mut();
        let Some((packed, triples)) = words.split_at_mut_checked(rows * key_words) else {
            return;
        };
        if !pack_keys(keys, width, j, packed) {
            for (key, j) in keys.chunks(width.max(1)).zip(j..) {
                let pair = packed.get_mut((j & !1) * key_words..).unwrap_or_default();
                let (steps, _) = pair.as_chunks_mut::<4>();
                for (columns, step) in key.chunks(STEP).zip(steps) {
                    place_step(step, j % 2, filled_up(columns));
                }
            }
        }
        let triples = triples.get_mut(2 * j..).unwrap_or_default();
        if !pack_values(values, value_width, triples, 2 * rows) {
            for (value, j) in values.chunks(value_width.max(1)).zip(0..) {
                let triples = triples.get_mut(2 * j..).unwrap_or_default();
                let triples = triples.chunks_mut((2 * rows).max(1));
                for (columns, triple) in value.chunks(TRIPLE).zip(triples) {
                    place_triple(triple, columns);
                }
            }
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

#[cfg(kqv_dsp)]
use crate::arch::arm_integer::{pack_keys, pack_values, spread};

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

/// What is added to each number of a value.
const OFFSET: u8 = 128;

/// What is packed, and how it lies.
#[derive(Clone, Copy)]
struct Ring<'a> {
    keys: &'a [u32],
    values: &'a [u32],
    /// Words of a key.
    key_words: usize,
    /// Rows that there is memory for, a multiple of four.
    rows: usize,
    capacity: usize,
    len: usize,
    oldest: usize,
    value_width: usize,
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
    fn dot(&self, q: &[i8], j: usize) -> i32 {
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
    fn mix(&self, shares: &[i32], first: usize, total: u32, output: &mut [i8]) {
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

/// One call of attention.
struct Call<'a, A> {
    ring: Ring<'a>,
    prepared: Prepared,
    /// (T, D)
    q: View<'a, i8>,
    attention: Attention<A>,
}

impl<A: Modify> Call<'_, A> {
    fn attend(&self, scratch: &mut [i32], output: &mut [i8]) {
        let columns = self.ring.value_width;
        if columns == 0 {
            return;
        }
        let done = self.attend_fast(scratch, output);
        let rows = output.chunks_exact_mut(columns).enumerate().skip(done);
        for (i, output) in rows {
            self.attend_row(i, scratch, output);
        }
    }

    /// Two queries at a time as a chip can; returns for how many.
    #[cfg(kqv_dsp)]
    fn attend_fast(&self, scratch: &mut [i32], output: &mut [i8]) -> usize {
        let plain = !A::CHANGES && self.attention.softcap == Softcap::NONE;
        if !plain || self.prepared.body == Body::Scalar {
            return 0;
        }
        fast::attend(self, scratch, output)
    }

    /// No other machine is better at it than at what is not packed.
    #[cfg(not(kqv_dsp))]
    #[expect(clippy::unused_self, reason = "others look at it")]
    fn attend_fast(&self, _: &mut [i32], _: &mut [i8]) -> usize {
        0
    }

    fn visible(&self, i: usize) -> (Query, Range<usize>) {
        let position = i.saturating_add(self.attention.offset);
        let query = Query { row: i, position };
        let seen = visible_keys(&self.attention.mask, query, self.ring.len);
        (query, seen)
    }

    /// Query `i`: score, change, weigh, mix.
    #[cfg_attr(target_os = "none", inline(never))] // its frame is not for those who do without
    fn attend_row(&self, i: usize, scratch: &mut [i32], output: &mut [i8]) {
        let (query, seen) = self.visible(i);
        let cells = scratch.get_mut(seen.clone()).unwrap_or_default();
        let q = self.q.row(i);
        let cap = self.attention.softcap.cap();
        let changes = A::CHANGES || cap.is_some();
        let mut prepared = self.prepared;
        let mut live = 0;
        for (cell, j) in cells.iter_mut().zip(seen.clone()) {
            let dot = self.ring.dot(q, j).into();
            if !changes {
                *cell = crate::integer::saturated(prepared.steps(dot));
                live += 1;
                continue;
            }
            let score = prepared.score::<i8>(dot);
            let score = cap.map_or(score, |cap| score.softcapped(cap));
            let score = Quantized::<i8>::to_score(Quantized::<i8>::from_score(score));
            let changed = self.attention.mask.change(score, query, j);
            live += usize::from(changed.is_some());
            *cell = changed.map_or(Quantized::<i8>::HIDDEN, Quantized::<i8>::from_score);
        }
        if live == 0 {
            return output.fill(0);
        }
        if changes {
            prepared = Quantized::<i8>::changed(prepared);
        }
        let max = greatest(prepared.body, cells);
        let fast = prepared.body != Body::Scalar && !changes;
        let sum = weigh(fast, prepared.exponent, max, cells);
        let factor = share_factor(sum, i8::TOTAL, cells.len());
        let total = share(prepared.body, cells, factor);
        self.ring.mix(cells, seen.start, total, output);
    }
}

/// A token that cannot be packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackError {
    /// It has another shape.
    Shape(ShapeError),
    /// There is no room for it.
    Full(CacheFull),
}

impl From<ShapeError> for PackError {
    fn from(error: ShapeError) -> Self {
        Self::Shape(error)
    }
}

impl From<CacheFull> for PackError {
    fn from(full: CacheFull) -> Self {
        Self::Full(full)
    }
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(error) => error.fmt(f),
            Self::Full(full) => full.fmt(f),
        }
    }
}

impl core::error::Error for PackError {}

#[cfg(kqv_dsp)]
mod fast;
