//! Where a token stands: sinusoidal positions to add, rotary positions to turn by.
//!
//! Every angle is `position · frequency` in f64, by libm's `pow`, `sin` and `cos`, and rounded only
//! then: an f32 holds a position of 100,000 to 1/128 of a radian, an f64 to 1e-11. libm's version is
//! pinned, so a position has the same bits on every machine, and it depends on nothing but the
//! position: prefill, chunks and single tokens agree to the bit.

use core::fmt;

use fixed::types::extra::{LeEqU8, LeEqU16};
use fixed::{FixedI8, FixedI16};

use crate::integer::Integer;
use crate::quantize::quantize;

/// The base of the frequencies in the paper, and of most models.
const BASE: f64 = 10_000.0;

/// Sinusoidal positions, X columns of sines and cosines in −1..1 that are added to a token.
///
/// ```
/// use kqv::Sinusoidal;
///
/// let mut token = [0.0_f32; 4];
/// Sinusoidal::Interleaved.add(&mut token, 1);
/// assert_eq!(token.map(|x| (x * 100.0).round() / 100.0), [0.84, 0.54, 0.01, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sinusoidal {
    /// Column 2p is `sin(position / 10,000^(2p/X))`, column 2p + 1 the cosine of the same angle.
    ///
    /// Source: "Attention Is All You Need", section 3.5.
    Interleaved,
    /// First all sines, then all cosines, of `position / 10,000^(p/(X/2 − 1))`: the last frequency is
    /// exactly 1/10,000. Where X is odd, the last column is zero.
    ///
    /// Source: `Tensor2Tensor`, `get_timing_signal_1d`; figure 23 of "The Illustrated Transformer".
    Halves,
}

impl Sinusoidal {
    /// The position of one token in column `x` of `columns` (X), −1 to 1; zero beyond the last.
    pub fn value(self, position: usize, x: usize, columns: usize) -> f64 {
        let half = columns / 2;
        let (pair, pairs, cosine) = match self {
            _ if x >= columns => return 0.0,
            Self::Interleaved => (x / 2, real(columns) / 2.0, x % 2 == 1),
            Self::Halves if x < half => (x, real(half) - 1.0, false),
            Self::Halves if x < 2 * half => (x - half, real(half) - 1.0, true),
            Self::Halves => return 0.0,
        };
        let (sin, cos) = sin_cos(position, BASE, pair, pairs);
        if cosine { cos } else { sin }
    }

    /// Adds the position to a token, (X): each column is the f64 value rounded to f32, then added.
    pub fn add(self, token: &mut [f32], position: usize) {
        let columns = token.len();
        for (column, x) in token.iter_mut().enumerate() {
            #[expect(clippy::cast_possible_truncation, reason = "rounded once, on purpose")]
            let value = self.value(position, column, columns) as f32;
            *x += value;
        }
    }

    /// [`add`](Self::add) to a token of integers with `scale`: rounded once per column, to the
    /// nearest, and at most the end of the range.
    pub fn add_quantized<I: Integer>(self, token: &mut [I], position: usize, scale: f64) {
        let columns = token.len();
        for (column, x) in token.iter_mut().enumerate() {
            let value: f64 = (*x).into();
            let sum = value + self.value(position, column, columns) / scale;
            *x = quantize(sum, 1.0).unwrap_or_else(|beyond| beyond.end);
        }
    }
}

/// Which columns of a row form the pairs that [`Rotary`] turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// Columns 2p and 2p + 1: the paper, GPT-J, ONNX `RotaryEmbedding` with `interleaved = 1`.
    Adjacent,
    /// Columns p and p + width/2: GPT-NeoX, Llama as its weights are published for PyTorch, ONNX
    /// with `interleaved = 0`.
    Halves,
}

/// Rotary positions: pair `p` of a query or key is turned by the angle `position · base^(−2p/width)`,
/// so that a score depends on the distance of its two tokens alone.
///
/// `a' = a·cos − b·sin` and `b' = a·sin + b·cos`; each product and each sum is rounded in f32 and f64.
/// Integers are exact sums with sine and cosine in 30 fraction bits, rounded once, halves away from
/// zero. They saturate: a turn can make an element √2 times as large, so choose the scale of Q
/// and K after it.
///
/// Source: Su and others, "`RoFormer`" (arXiv 2104.09864, section 3.2.2).
///
/// ```
/// use kqv::{Pairing, Rotary};
///
/// let rotary = Rotary::new(2, Pairing::Adjacent)?; // the first two columns
/// let mut key = [1.0_f32, 0.0, 7.0];
/// rotary.rotate(&mut key, 1)?;
/// assert_eq!(key.map(|x| (x * 100.0).round() / 100.0), [0.54, 0.84, 7.0]);
/// # Ok::<(), kqv::RotaryError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotary {
    width: usize,
    pairing: Pairing,
    base: f64,
}

impl Rotary {
    /// Turns the first `width` columns, with base 10,000.
    ///
    /// # Errors
    /// [`RotaryError::Odd`] unless `width` is even.
    pub const fn new(width: usize, pairing: Pairing) -> Result<Self, RotaryError> {
        if width.is_multiple_of(2) {
            let base = BASE;
            Ok(Self {
                width,
                pairing,
                base,
            })
        } else {
            Err(RotaryError::Odd { width })
        }
    }

    /// The same with another base, as models for long texts have it.
    ///
    /// # Errors
    /// [`RotaryError::Base`] unless `base` is positive and finite.
    pub const fn with_base(self, base: f64) -> Result<Self, RotaryError> {
        if base > 0.0 && base.is_finite() {
            Ok(Self { base, ..self })
        } else {
            Err(RotaryError::Base { base })
        }
    }

    /// How many columns are turned.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Turns a query or key, (D), to its position.
    ///
    /// # Errors
    /// [`RotaryError::Narrow`] if it has fewer columns than are to be turned; it stays as it is then.
    pub fn rotate<N: Rotate>(&self, row: &mut [N], position: usize) -> Result<(), RotaryError> {
        self.each(row, position, 1.0)
    }

    /// Turns a query or key, (D), from its position back to zero.
    ///
    /// # Errors
    /// [`RotaryError::Narrow`] as in [`rotate`](Self::rotate).
    pub fn rotate_back<N: Rotate>(
        &self,
        row: &mut [N],
        position: usize,
    ) -> Result<(), RotaryError> {
        self.each(row, position, -1.0)
    }

    fn each<N: Rotate>(&self, row: &mut [N], at: usize, sign: f64) -> Result<(), RotaryError> {
        self.check(row.len())?;
        self.pairs(row, |p| {
            let (sin, cos) = self.sin_cos(at, p);
            [N::turn(cos), N::turn(sign * sin)]
        });
        Ok(())
    }

    /// Whether a row of so many columns is wide enough.
    pub(crate) const fn check(&self, columns: usize) -> Result<(), RotaryError> {
        let width = self.width;
        if width > columns {
            return Err(RotaryError::Narrow { width, columns });
        }
        Ok(())
    }

    /// Works out the turns of one position for any number of rows: cosine and sine of every pair.
    pub(crate) fn fill<N: Rotate>(&self, turns: &mut [N::Turn], position: usize) {
        for (p, turn) in turns.chunks_exact_mut(2).enumerate().take(self.width / 2) {
            let (sin, cos) = self.sin_cos(position, p);
            turn.copy_from_slice(&[N::turn(cos), N::turn(sin)]);
        }
    }

    /// Turns one row by what was worked out.
    pub(crate) fn turn<N: Rotate>(&self, row: &mut [N], turns: &[N::Turn]) {
        let (turns, _) = turns.as_chunks::<2>();
        self.pairs(row, |p| turns.get(p).copied().unwrap_or(N::NO_TURN));
    }

    fn sin_cos(&self, position: usize, pair: usize) -> (f64, f64) {
        sin_cos(position, self.base, pair, real(self.width) / 2.0)
    }

    /// Turns every pair of the row by its `[cosine, sine]`.
    fn pairs<N: Rotate>(&self, row: &mut [N], turn: impl Fn(usize) -> [N::Turn; 2]) {
        let row = row.get_mut(..self.width).unwrap_or_default();
        let both = |p: usize, a: &mut N, b: &mut N| [*a, *b] = N::rotate([*a, *b], turn(p));
        match self.pairing {
            Pairing::Adjacent => {
                for (p, [a, b]) in row.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                    both(p, a, b);
                }
            }
            Pairing::Halves => {
                let (first, second) = row.split_at_mut(self.width.min(row.len()) / 2);
                for (p, (a, b)) in first.iter_mut().zip(second).enumerate() {
                    both(p, a, b);
                }
            }
        }
    }
}

/// Sine and cosine of `position / base^(pair/pairs)`; `pairs` below one counts as one.
fn sin_cos(position: usize, base: f64, pair: usize, pairs: f64) -> (f64, f64) {
    let frequency = libm::pow(base, -(real(pair) / pairs.max(1.0)));
    libm::sincos(real(position) * frequency)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn real(count: usize) -> f64 {
    count as f64
}

/// A number that can be turned: f32, f64, i8, i16, and the Q formats.
pub trait Rotate: Copy {
    /// A sine or cosine.
    type Turn: Copy;
    /// Cosine and sine of zero.
    const NO_TURN: [Self::Turn; 2];

    /// The nearest to a real sine or cosine.
    fn turn(real: f64) -> Self::Turn;

    /// Turns one pair by `[cosine, sine]`.
    fn rotate(pair: [Self; 2], turn: [Self::Turn; 2]) -> [Self; 2];
}

macro_rules! rotate_float {
    ($float:ty) => {
        impl Rotate for $float {
            type Turn = Self;
            const NO_TURN: [Self; 2] = [1.0, 0.0];

            #[allow(
                clippy::cast_possible_truncation,
                reason = "f32 is rounded once; the same line serves f64"
            )]
            fn turn(real: f64) -> Self {
                real as Self
            }

            fn rotate([a, b]: [Self; 2], [cos, sin]: [Self; 2]) -> [Self; 2] {
                [a * cos - b * sin, a * sin + b * cos]
            }
        }
    };
}

rotate_float!(f32);
rotate_float!(f64);

macro_rules! rotate_integer {
    ($integer:ty) => {
        impl Rotate for $integer {
            type Turn = i32;
            const NO_TURN: [i32; 2] = [ONE_Q30, 0];

            fn turn(real: f64) -> i32 {
                q30(real)
            }

            fn rotate(pair: [Self; 2], turn: [i32; 2]) -> [Self; 2] {
                rotate_integers(pair, turn)
            }
        }
    };
}

rotate_integer!(i8);
rotate_integer!(i16);

macro_rules! rotate_fixed {
    ($fixed:ident, $bits:ty, $fraction:ident) => {
        impl<Frac: $fraction> Rotate for $fixed<Frac> {
            type Turn = i32;
            const NO_TURN: [i32; 2] = [ONE_Q30, 0];

            fn turn(real: f64) -> i32 {
                q30(real)
            }

            fn rotate(pair: [Self; 2], turn: [i32; 2]) -> [Self; 2] {
                <$bits>::rotate(pair.map(Self::to_bits), turn).map(Self::from_bits)
            }
        }
    };
}

rotate_fixed!(FixedI8, i8, LeEqU8);
rotate_fixed!(FixedI16, i16, LeEqU16);

/// One with 30 fraction bits.
const ONE_Q30: i32 = 1 << 30;

/// The nearest to a sine or cosine with 30 fraction bits.
#[expect(clippy::cast_possible_truncation, reason = "−2^30 to 2^30")]
fn q30(real: f64) -> i32 {
    libm::rint(real * f64::from(ONE_Q30)) as i32
}

/// Exact sums, at most 2^46, rounded once.
fn rotate_integers<I: Integer>([a, b]: [I; 2], [cos_q30, sin_q30]: [i32; 2]) -> [I; 2] {
    let (a, b): (i64, i64) = (a.into(), b.into());
    let (cos_q30, sin_q30) = (i64::from(cos_q30), i64::from(sin_q30));
    [a * cos_q30 - b * sin_q30, a * sin_q30 + b * cos_q30].map(|sum_q30| {
        let size = (sum_q30.unsigned_abs() + (1 << 29)) >> 30;
        let size = size.cast_signed();
        let turned = if sum_q30 < 0 { -size } else { size };
        I::try_from(turned).unwrap_or(if turned < 0 { I::MIN } else { I::MAX })
    })
}

/// Rotary positions that cannot be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum RotaryError {
    /// Columns are turned in pairs.
    Odd {
        /// Columns to turn.
        width: usize,
    },
    /// A row has too few columns.
    Narrow {
        /// Columns to turn.
        width: usize,
        /// Columns there are, D.
        columns: usize,
    },
    /// A base that has no powers to divide by.
    Base {
        /// The base given.
        base: f64,
    },
}

impl fmt::Display for RotaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Odd { width } => write!(
                f,
                "{width} columns cannot be turned in pairs: an even number is needed"
            ),
            Self::Narrow { width, columns } => write!(
                f,
                "A row has {columns} columns: turning its first {width} needs as many"
            ),
            Self::Base { base } => {
                write!(f, "The base is {base}: a positive, finite number is needed")
            }
        }
    }
}

impl core::error::Error for RotaryError {}
