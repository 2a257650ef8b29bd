//! Keys and values of i8 in the order in which a chip's multiplier wants them: packed once, read by many queries.
//!
//! That of a chip with DSP instructions is in `paired`; every other chip wants them `plain`. Sums of integers are exact,
//! so that all has the bits of [`attend_view`](crate::attend_view).

use core::fmt;

use fixed::traits::Fixed;

use crate::attention::Attention;
use crate::body::Body;
use crate::cache::CacheFull;
use crate::fixed::{Prepared, Quantized};
use crate::format::Format;
use crate::modify::Modify;
use crate::q_format::QFormat;
use crate::view::{ShapeError, View};
#[cfg(kqv_packs)]
use paired as layout;
#[cfg(not(kqv_packs))]
use plain as layout;

#[cfg(kqv_dsp)]
pub(crate) use paired::filled_up;

#[cfg(kqv_packs)]
mod paired;
#[cfg(not(kqv_packs))]
mod plain;

/// A format of 8-bit integers: [`Quantized<i8>`](Quantized), or that of `FixedI8<Frac>`.
pub trait Packable: Format<Cell = i32, Sum = u64, Prepared = Prepared> {
    /// The integers that elements are.
    fn integers(elements: &[Self::Element]) -> &[i8];
    /// The same, to be written.
    fn integers_mut(elements: &mut [Self::Element]) -> &mut [i8];
    /// The format of those integers.
    fn of_integers(&self) -> Quantized<i8>;
}

impl Packable for Quantized<i8> {
    fn integers(elements: &[i8]) -> &[i8] {
        elements
    }

    fn integers_mut(elements: &mut [i8]) -> &mut [i8] {
        elements
    }

    fn of_integers(&self) -> Self {
        *self
    }
}

impl<N: Fixed<Bits = i8>> Packable for QFormat<N> {
    fn integers(elements: &[N]) -> &[i8] {
        N::peel_slice(elements)
    }

    fn integers_mut(elements: &mut [N]) -> &mut [i8] {
        N::peel_slice_mut(elements)
    }

    fn of_integers(&self) -> Quantized<i8> {
        self.quantized()
    }
}

/// Keys (S, D) and values (S, E) of up to `capacity` tokens in 8 bits, packed for the multiplier of a chip.
///
/// Where many queries meet the same keys, as in a prefill, or the same cache token after token, a Cortex-M with DSP
/// instructions takes about two thirds of the instructions of [`attend_view`](crate::attend_view), for the same bits,
/// and 2 bytes for a number of K and 8/3 for one of V. On other chips numbers lie as they are, in a byte each, and take
/// what `attend_view` takes; on a desktop they lie as on a chip with DSP instructions, and it only works. The memory
/// is given, an array of its own or a borrowed slice; [`packed_words`] says how much.
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
    tokens: Tokens,
}

/// How many tokens there are, and of what shape.
#[derive(Clone, Copy, Debug)]
struct Tokens {
    capacity: usize,
    /// D
    width: usize,
    /// E
    value_width: usize,
    /// S
    len: usize,
    /// Where the oldest token lies, once the ring has gone around.
    oldest: usize,
}

/// How many words [`PackedKv`] needs for `capacity` tokens with keys of `width` columns (D) and values of
/// `value_width` (E).
pub const fn packed_words(capacity: usize, width: usize, value_width: usize) -> usize {
    layout::words(capacity, width, value_width)
}

/// The scratch cells with which [`PackedKv::attend`] is fastest: two rows of scores, and two queries.
pub const fn packed_scratch_cells(capacity: usize, width: usize) -> usize {
    2 * capacity.next_multiple_of(4) + width.next_multiple_of(4)
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
        let tokens = Tokens {
            capacity,
            width,
            value_width,
            len: 0,
            oldest: 0,
        };
        Ok(Self {
            format,
            memory,
            tokens,
        })
    }

    /// The number of tokens it holds, S.
    pub fn len(&self) -> usize {
        self.tokens.len
    }

    /// Whether it holds no token.
    pub fn is_empty(&self) -> bool {
        self.tokens.len == 0
    }

    /// Forgets every token.
    pub fn clear(&mut self) {
        self.tokens.len = 0;
        self.tokens.oldest = 0;
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
        if self.tokens.oldest > 0 || k.rows() > self.tokens.capacity - self.tokens.len {
            return Err(CacheFull {
                capacity: self.tokens.capacity,
            }
            .into());
        }
        if let ([(_, keys), (0, _)], [(_, values), (0, _)]) = (k.pieces(), v.pieces()) {
            self.place(self.tokens.len, F::integers(keys), F::integers(values));
            self.tokens.len += k.rows();
            return Ok(());
        }
        for (key, value) in k.iter_rows().zip(v.iter_rows()) {
            self.place(self.tokens.len, F::integers(key), F::integers(value));
            self.tokens.len += 1;
        }
        Ok(())
    }

    /// Appends the key (D) and the value (E) of one token.
    ///
    /// # Errors
    /// [`PackError`] if it holds `capacity` tokens already, or the rows have other lengths; nothing is changed then.
    pub fn push(&mut self, key: &[F::Element], value: &[F::Element]) -> Result<(), PackError> {
        self.fits(key.len(), value.len())?;
        if self.tokens.oldest > 0 || self.tokens.len == self.tokens.capacity {
            return Err(CacheFull {
                capacity: self.tokens.capacity,
            }
            .into());
        }
        self.place(self.tokens.len, F::integers(key), F::integers(value));
        self.tokens.len += 1;
        Ok(())
    }

    /// Appends the key (D) and the value (E) of one token, in the place of the oldest if it is full.
    ///
    /// # Errors
    /// [`ShapeError`] if the rows have other lengths; nothing is changed then.
    pub fn slide(&mut self, key: &[F::Element], value: &[F::Element]) -> Result<(), ShapeError> {
        self.fits(key.len(), value.len())?;
        let (key, value) = (F::integers(key), F::integers(value));
        if self.tokens.len < self.tokens.capacity {
            self.place(self.tokens.len, key, value);
            self.tokens.len += 1;
        } else if self.tokens.capacity > 0 {
            self.place(self.tokens.oldest, key, value);
            self.tokens.oldest += 1;
            if self.tokens.oldest == self.tokens.capacity {
                self.tokens.oldest = 0;
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
        let (keys, columns) = (self.tokens.len, self.tokens.value_width);
        if q.columns() != self.tokens.width {
            let (q, k) = (q.columns(), self.tokens.width);
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
        let (format, q) = (self.format.of_integers(), q.map(F::integers));
        let (words, output) = (self.memory.as_ref(), F::integers_mut(output));
        layout::attend(
            self.tokens,
            words,
            body,
            format,
            q,
            attention,
            scratch,
            output,
        );
        Ok(())
    }

    /// Whether a key and a value have the widths of those that are here.
    fn fits(&self, key: usize, value: usize) -> Result<(), ShapeError> {
        for (values, columns) in [(key, self.tokens.width), (value, self.tokens.value_width)] {
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
        layout::place(self.tokens, self.memory.as_mut(), j, keys, values);
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
