//! i16 and i8: integers whose sums are the same in any order.
//!
//! A tensor of integers stands for real numbers by one positive scale (symmetric quantisation, as
//! CMSIS-NN and `TFLite` use it): `real = integer · scale`. A Q format is a scale of 2⁻ᶠ known at
//! compile time, [`QFormat`](crate::QFormat); [`Quantized`] takes any three scales at run time. Both run the same
//! core:
//!
//! 1. *score*: Σ q·k, exact. For i8 a cell holds it; for i16 it holds the distance from a base near the
//!    row's scores, in steps of a power of two so small that they round nothing unless a score of 2³¹
//!    is worth less than 31 powers of two. A cell that saturates lies 31 powers of two or more below.
//!    The real score is the sum times the scales of Q and K and the softmax scale, which only the
//!    softmax needs to know.
//! 2. *weigh*: 2⁻ˣ, where `x` is the distance from the row's greatest score in powers of two. One
//!    32-bit multiplier folds all scales and log2 e into that distance; see
//!    [`Exponent`](crate::exp::Exponent). Weights have 30 bits and stay unnormalised.
//!    Where scores are changed (soft cap, bias), they first become fixed point in real units,
//!    [`Score`](crate::Score), and `x` is a distance of those.
//! 3. *mix*: weights become shares of a total that keeps the sums in 32 bits, 2²⁴ for i8 and 2³⁰ for
//!    i16; then Σ share·value, exact for i8, and for i16 each product in steps of 2⁻¹⁴ of the output's
//!    last place. The mean is rounded to the nearest. The output has the scale of V.
//!
//! Every sum is exact, so the order of keys, tiling and SIMD cannot change a bit.
//!
//! On a chip the number of instructions depends on the shape and the mask, not on the numbers, with two exceptions:
//! a row of i16 whose greatest score lies 2³¹ steps above that of its first visible key is scored once more, from
//! another base; and scores that are changed (soft cap, bias) may take longer where they are large. What a single
//! instruction takes is up to the core: a division may take more cycles for some numbers. On a desktop many queries at
//! once take longer where fewer shares are small.

use core::f64::consts::LOG2_E;
use core::fmt;
use core::marker::PhantomData;

use crate::attention::Attention;
use crate::body::{Body, TWO_ROWS_PAY};
use crate::exp::{Exponent, Multiplier};
use crate::format::Format;
use crate::integer::{Core, Integer};
use crate::modify::Modify;
use crate::row::{greatest, mix_row, score_cells, weigh};
use crate::two_rows;
use crate::view::{Qkv, View};

/// Integers with one scale per tensor, chosen at run time: `real = integer · scale`.
///
/// The output has the scale of V.
///
/// ```
/// use kqv::Quantized;
///
/// let learnt = Quantized::<i8>::new(0.031, 0.027, 0.04)?;
/// let binary = Quantized::<i8>::from_fraction_bits(4, 4, 5)?; // 1/16, 1/16, 1/32
/// assert_eq!(binary.v_scale(), 1.0 / 32.0);
/// # let _ = learnt;
/// # Ok::<(), kqv::QuantizedError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantized<I> {
    q_scale: f64,
    k_scale: f64,
    v_scale: f64,
    integer: PhantomData<I>,
}

impl<I> Quantized<I> {
    /// Three scales that were found positive and finite before.
    pub(crate) const fn of(q_scale: f64, k_scale: f64, v_scale: f64) -> Self {
        Self {
            q_scale,
            k_scale,
            v_scale,
            integer: PhantomData,
        }
    }

    /// Integers of Q, K and V with these scales.
    ///
    /// # Errors
    /// [`QuantizedError`] unless every scale is positive and finite.
    pub const fn new(q_scale: f64, k_scale: f64, v_scale: f64) -> Result<Self, QuantizedError> {
        let scales = [q_scale, k_scale, v_scale];
        let mut tensor = 0;
        while tensor < scales.len() {
            let scale = scales[tensor];
            if !(scale > 0.0 && scale.is_finite()) {
                let tensor = ["Q", "K", "V"][tensor];
                return Err(QuantizedError { tensor, scale });
            }
            tensor += 1;
        }
        Ok(Self::of(q_scale, k_scale, v_scale))
    }

    /// Integers of Q, K and V with scales 2⁻ᵇ, where `b` is the number of fraction bits.
    ///
    /// # Errors
    /// [`QuantizedError`] if 2⁻ᵇ is not a positive, finite f64: `b` beyond −1,023 to 1,074.
    pub fn from_fraction_bits(q: i32, k: i32, v: i32) -> Result<Self, QuantizedError> {
        let scale = |bits: i32| libm::scalbn(1.0, bits.saturating_neg());
        Self::new(scale(q), scale(k), scale(v))
    }

    /// What 1 stands for in Q.
    pub const fn q_scale(&self) -> f64 {
        self.q_scale
    }

    /// What 1 stands for in K.
    pub const fn k_scale(&self) -> f64 {
        self.k_scale
    }

    /// What 1 stands for in V and in the output.
    pub const fn v_scale(&self) -> f64 {
        self.v_scale
    }
}

/// A scale that no tensor can have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantizedError {
    pub(crate) tensor: &'static str,
    pub(crate) scale: f64,
}

impl fmt::Display for QuantizedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tensor, scale } = self;
        write!(
            f,
            "The scale of {tensor} is {scale}: a positive, finite number is needed"
        )
    }
}

impl core::error::Error for QuantizedError {}

/// What a row needs to know of the scales.
#[derive(Clone, Copy, Debug)]
pub struct Prepared {
    /// From the distance of two cells to the exponent of two.
    pub(crate) exponent: Exponent,
    /// What one unit of Σ q·k, or of a changed score, stands for.
    unit: f64,
    /// From the size of Σ q·k to the size of a [`Score`](crate::Score), in its last place.
    rescale: Multiplier,
    /// Whether the softmax scale is below zero: scores are negated then.
    pub(crate) negative: bool,
    /// A step of a cell is 2^this units of Σ q·k.
    pub(crate) step_bits: u32,
    /// What a cell is the distance from, in steps.
    pub(crate) base: i64,
    /// The greatest cell of the row, before scores are changed.
    pub(crate) greatest: i32,
    /// Whether cells hold scores that were changed.
    changed: bool,
    /// Who does the work.
    pub(crate) body: Body,
}

impl Prepared {
    /// Σ q·k as the score goes, larger is greater.
    fn signed(self, dot: i64) -> i64 {
        if self.negative { -dot } else { dot }
    }

    /// The score in real units that Σ q·k stands for.
    pub(crate) fn score<I: Core>(self, dot: i64) -> I::Score {
        let dot = self.signed(dot);
        let size = self.rescale.apply(dot.unsigned_abs());
        I::score(if dot < 0 { -size } else { size })
    }

    /// Σ q·k in steps, to the nearest; |Σ| <= 2^60.
    pub fn steps(self, dot: i64) -> i64 {
        (self.signed(dot) + ((1 << self.step_bits) >> 1)) >> self.step_bits
    }
}

/// The least power of two, in units of Σ q·k, of which 2^31 are worth 31 powers of two or more.
///
/// At most 33, with which every sum fits 32 bits. The exponent of an f64 says it: 31 is 1.9375 times 2^4.
fn step_bits(octaves_per_unit: f64) -> u32 {
    const FRACTION_BITS: u32 = 52;
    const BIAS: u32 = 1023;
    const ENOUGH: u64 = 15 << (FRACTION_BITS - 4); // the fraction of 1.9375
    let bits = octaves_per_unit.to_bits();
    let enough = u32::from(bits & ((1 << FRACTION_BITS) - 1) >= ENOUGH);
    let exponent = u32::try_from(bits >> FRACTION_BITS).unwrap_or(0); // no sign
    (BIAS + 5 - 31 - enough).saturating_sub(exponent).min(33)
}

impl<I: Integer> Format for Quantized<I> {
    type Element = I;
    type Output = I;
    type Cell = i32;
    type Score = I::Score;
    type Sum = u64;
    type Prepared = Prepared;

    const ZERO_CELL: i32 = 0;
    const HIDDEN: i32 = i32::MIN;
    const ZERO: I = I::ZERO;
    const MAX_WIDTH: usize = I::MAX_WIDTH;
    const MAX_KEYS: usize = 1 << 17; // half a unit for each fits beside the total of the shares
    const ORDERED: bool = false;
    const QUERIES_AT_ONCE: usize = I::QUERIES_AT_ONCE;

    fn prepare(&self, body: Body, scale: f64) -> Prepared {
        let unit = self.q_scale * self.k_scale * libm::fabs(scale);
        let octaves = unit * LOG2_E;
        let step_bits = if I::RELATIVE { step_bits(octaves) } else { 0 };
        Prepared {
            exponent: Exponent::new(if step_bits == 0 {
                octaves
            } else {
                octaves * powi2(step_bits)
            }),
            unit,
            rescale: Multiplier::new(unit).times_power_of_two(I::SCORE_BITS),
            negative: scale < 0.0,
            step_bits,
            base: 0,
            greatest: 0,
            changed: false,
            body,
        }
    }

    #[expect(
        clippy::inline_always,
        reason = "on a chip its frame would lie between those of two stages"
    )]
    #[inline(always)]
    fn score_row(prepared: &mut Prepared, q: &[I], keys: View<'_, I>, cells: &mut [i32]) {
        let first = keys.row(0);
        if I::RELATIVE {
            let dot = match prepared.body {
                Body::Scalar => None,
                _ => I::dot_fast(q, first),
            };
            prepared.base = prepared.steps(dot.unwrap_or_else(|| I::dot(q, first).into()));
        }
        score_cells(prepared, q, keys, cells);
        prepared.greatest = greatest(prepared.body, cells);
        if I::RELATIVE && prepared.greatest == i32::MAX {
            let dots = keys.iter_rows().map(|key| I::dot(q, key).into());
            prepared.base = dots.map(|dot| prepared.steps(dot)).max().unwrap_or(0);
            prepared.greatest = 0;
            score_cells(prepared, q, keys, cells);
        }
    }

    fn score_hidden(prepared: Prepared, q: &[I], keys: View<'_, I>, cells: &mut [i32]) {
        score_cells(&prepared, q, keys, cells);
    }

    fn score(prepared: Prepared, q: &[I], k: &[I]) -> I::Score {
        prepared.score::<I>(I::dot(q, k).into())
    }

    fn from_score(score: I::Score) -> i32 {
        I::bits(score).max(Self::HIDDEN + 1)
    }

    fn to_score(cell: i32) -> I::Score {
        I::score(cell.into())
    }

    fn changed(prepared: Prepared) -> Prepared {
        let unit = I::SCORE_UNIT;
        Prepared {
            exponent: const { Exponent::new(I::SCORE_UNIT * LOG2_E) },
            unit,
            changed: true,
            ..prepared
        }
    }

    fn weigh(prepared: Prepared, cells: &mut [i32]) -> u64 {
        let max = if prepared.changed {
            greatest(prepared.body, cells)
        } else {
            prepared.greatest
        };
        let fast = prepared.body != Body::Scalar && !prepared.changed;
        weigh(fast, prepared.exponent, max, cells)
    }

    fn mix(prepared: Prepared, weights: &mut [i32], sum: u64, v: View<'_, I>, output: &mut [I]) {
        mix_row(prepared.body, weights, sum, v, output);
    }

    fn attend_at_once<M: Modify>(
        body: Body,
        prepared: Prepared,
        qkv: Qkv<'_, I>,
        attention: Attention<M>,
        scratch: &mut [i32],
        output: &mut [I],
    ) -> usize {
        match body {
            Body::Avx2 | Body::Avx512 | Body::Assembly => {
                I::attend_fast(prepared, qkv, attention, scratch, output)
            }
            Body::Quads | Body::Soft if TWO_ROWS_PAY => {
                two_rows::attend(prepared, qkv, attention, scratch, output)
            }
            _ => 0,
        }
    }

    fn score_real(prepared: Prepared, cell: i32, q: &[I], k: &[I]) -> f64 {
        if cell == Self::HIDDEN {
            f64::NEG_INFINITY
        } else if prepared.changed {
            f64::from(cell) * prepared.unit
        } else if I::RELATIVE {
            real(prepared.signed(I::dot(q, k).into())) * prepared.unit
        } else {
            f64::from(cell) * prepared.unit // the cell is the sum itself
        }
    }

    fn weight_real(weight: i32, sum: u64) -> f64 {
        if weight == 0 {
            return 0.0; // also where nothing is visible and the sum is zero
        }
        f64::from(weight) / real(sum.cast_signed())
    }

    fn output_real(&self, output: I) -> f64 {
        let output: f64 = output.into();
        output * self.v_scale
    }
}

/// 2^bits, for at most 33 of them.
const fn powi2(bits: u32) -> f64 {
    f64::from_bits((1023 + bits as u64) << 52)
}

/// For people to look at: beyond 2^53 the last bits are rounded off.
#[expect(clippy::cast_precision_loss, reason = "shown, never computed with")]
fn real(integer: i64) -> f64 {
    integer as f64
}
