//! i16 and i8: exact integers, with one rounding per stage.
//!
//! A tensor of integers stands for real numbers by one positive scale (symmetric quantisation, as
//! CMSIS-NN and `TFLite` use it): `real = integer · scale`. A Q format is a scale of 2⁻ᶠ known at
//! compile time, [`QFormat`]; [`Quantized`] takes any three scales at run time. Both run the same
//! core:
//!
//! 1. *score*: Σ q·k, exact, i32 for i8 and i64 for i16. The real score is that integer times the
//!    scales of Q and K and the softmax scale, which only the softmax needs to know.
//! 2. *weigh*: 2⁻ˣ, where `x` is the distance from the row's greatest score in powers of two. One
//!    31-bit multiplier folds all scales and log2 e into that distance; see
//!    [`Exponent`](crate::exp::Exponent). Weights have 30 bits and stay unnormalised.
//!    Where scores are changed (soft cap, bias), they first become fixed point in real units,
//!    [`Score`](crate::Score), and `x` is a distance of those.
//! 3. *mix*: Σ weight·v, exact in i64, divided by the sum of the weights and rounded once, half
//!    away from zero. The output has the scale of V.
//!
//! Every sum is exact, so the order of keys, tiling and SIMD cannot change a bit.

use core::f64::consts::LOG2_E;
use core::fmt;
use core::marker::PhantomData;

use fixed::traits::Fixed;
use fixed::types::extra::{LeEqU8, LeEqU16};
use fixed::{FixedI8, FixedI16};

use crate::exp::{Exponent, Multiplier, exp2_neg_q30};
use crate::format::{Format, Number};
use crate::integer::{Core, Integer};
use crate::view::View;

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
    /// From the distance of two scores to the exponent of two.
    exponent: Exponent,
    /// What one unit of a score stands for.
    unit: f64,
    /// From the size of a score to the size of a [`Score`], in its last place.
    rescale: Multiplier,
    /// Whether the softmax scale is below zero: scores are negated then.
    negative: bool,
}

impl<I: Integer> Format for Quantized<I> {
    type Element = I;
    type Cell = I::Cell;
    type Score = I::Score;
    type Sum = u64;
    type Prepared = Prepared;

    const ZERO_CELL: I::Cell = I::ZERO_CELL;
    const HIDDEN: I::Cell = I::HIDDEN;
    const ZERO: I = I::ZERO;
    const MAX_WIDTH: usize = I::MAX_WIDTH;
    const MAX_KEYS: usize = 1 << 17; // |Σ weight·v| <= 2^30 · 2^15 · 2^17 = 2^62

    fn prepare(&self, scale: f64) -> Prepared {
        let unit = self.q_scale * self.k_scale * libm::fabs(scale);
        Prepared {
            exponent: Exponent::new(unit * LOG2_E),
            unit,
            rescale: Multiplier::new(unit / I::SCORE_UNIT),
            negative: scale < 0.0,
        }
    }

    fn score(prepared: Prepared, q: &[I], k: &[I]) -> I::Cell {
        let dot = I::dot(q, k);
        if prepared.negative {
            I::negate(dot)
        } else {
            dot
        }
    }

    fn to_score(prepared: Prepared, cell: I::Cell) -> I::Score {
        let cell: i64 = cell.into();
        let size = prepared.rescale.apply(cell.unsigned_abs());
        I::score(if cell < 0 { -size } else { size })
    }

    fn from_score(score: I::Score) -> I::Cell {
        I::cell(score)
    }

    fn changed(_: Prepared) -> Prepared {
        const {
            Prepared {
                exponent: Exponent::new(I::SCORE_UNIT * LOG2_E),
                unit: I::SCORE_UNIT,
                rescale: Multiplier::new(1.0),
                negative: false,
            }
        }
    }

    fn weigh(prepared: Prepared, cells: &mut [I::Cell]) -> u64 {
        let Some(max) = cells.iter().copied().max() else {
            return 0;
        };
        let mut sum = 0;
        for cell in cells {
            if *cell == I::HIDDEN {
                *cell = I::ZERO_CELL;
                continue;
            }
            let distance = max.into().abs_diff((*cell).into());
            let weight = exp2_neg_q30(prepared.exponent.x_q26(distance));
            *cell = weight.into();
            sum += u64::from(weight.unsigned_abs());
        }
        sum
    }

    fn mix(weights: &[I::Cell], sum: u64, v: View<'_, I>, output: &mut [I]) {
        const COLUMNS: usize = 4;
        for (block, output) in output.chunks_mut(COLUMNS).enumerate() {
            let mut sums = [0_i64; COLUMNS];
            for (&weight, values) in weights.iter().zip(v.iter_rows()) {
                let weight = i64::from(I::weight(weight));
                let values = values.get(block * COLUMNS..).unwrap_or_default();
                for (sum, &value) in sums.iter_mut().zip(values) {
                    let value: i64 = value.into();
                    *sum += weight * value;
                }
            }
            for (output, &mixed) in output.iter_mut().zip(&sums) {
                *output = nearest(mixed, sum);
            }
        }
    }

    fn score_real(prepared: Prepared, cell: I::Cell) -> f64 {
        if cell == I::HIDDEN {
            f64::NEG_INFINITY
        } else {
            real(cell.into()) * prepared.unit
        }
    }

    fn weight_real(weight: I::Cell, sum: u64) -> f64 {
        let weight = I::weight(weight);
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

/// A Q format: [`Quantized`] with the fraction bits of the type `N`, `FixedI8<Frac>` or `FixedI16<Frac>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QFormat<N>(PhantomData<N>);

impl<N: Fixed<Bits: Integer>> QFormat<N> {
    /// The same format with its scales at run time: same integers, same bits.
    pub fn quantized(self) -> Quantized<N::Bits> {
        let scale = libm::scalbn(1.0, -N::FRAC_NBITS.cast_signed());
        Quantized::of(scale, scale, scale)
    }
}

impl<N: Fixed<Bits: Integer>> Format for QFormat<N> {
    type Element = N;
    type Cell = <N::Bits as Core>::Cell;
    type Score = <N::Bits as Core>::Score;
    type Sum = u64;
    type Prepared = Prepared;

    const ZERO_CELL: Self::Cell = <N::Bits as Core>::ZERO_CELL;
    const HIDDEN: Self::Cell = <N::Bits as Core>::HIDDEN;
    const ZERO: N = N::ZERO;
    const MAX_WIDTH: usize = Quantized::<N::Bits>::MAX_WIDTH;
    const MAX_KEYS: usize = Quantized::<N::Bits>::MAX_KEYS;

    fn prepare(&self, scale: f64) -> Prepared {
        self.quantized().prepare(scale)
    }

    fn score(prepared: Prepared, q: &[N], k: &[N]) -> Self::Cell {
        Quantized::<N::Bits>::score(prepared, N::peel_slice(q), N::peel_slice(k))
    }

    fn to_score(prepared: Prepared, cell: Self::Cell) -> Self::Score {
        Quantized::<N::Bits>::to_score(prepared, cell)
    }

    fn from_score(score: Self::Score) -> Self::Cell {
        Quantized::<N::Bits>::from_score(score)
    }

    fn changed(prepared: Prepared) -> Prepared {
        Quantized::<N::Bits>::changed(prepared)
    }

    fn weigh(prepared: Prepared, cells: &mut [Self::Cell]) -> u64 {
        Quantized::<N::Bits>::weigh(prepared, cells)
    }

    fn mix(weights: &[Self::Cell], sum: u64, v: View<'_, N>, output: &mut [N]) {
        let v = v.map(|values| N::peel_slice(values));
        Quantized::<N::Bits>::mix(weights, sum, v, N::peel_slice_mut(output));
    }

    fn score_real(prepared: Prepared, cell: Self::Cell) -> f64 {
        Quantized::<N::Bits>::score_real(prepared, cell)
    }

    fn weight_real(weight: Self::Cell, sum: u64) -> f64 {
        Quantized::<N::Bits>::weight_real(weight, sum)
    }

    fn output_real(&self, output: N) -> f64 {
        self.quantized().output_real(output.to_bits())
    }
}

impl<Frac: LeEqU8> Number for FixedI8<Frac> {
    type Format = QFormat<Self>;
    const FORMAT: Self::Format = QFormat(PhantomData);
}

impl<Frac: LeEqU16> Number for FixedI16<Frac> {
    type Format = QFormat<Self>;
    const FORMAT: Self::Format = QFormat(PhantomData);
}

/// `mixed / sum` to the nearest integer, halves away from zero.
///
/// A weighted mean of integers lies between the least and the greatest of them, so it fits.
fn nearest<I: Integer>(mixed: i64, sum: u64) -> I {
    let twice = 2 * mixed.unsigned_abs() + sum; // at most 2^63 + 2^47
    let magnitude = twice.checked_div(2 * sum).unwrap_or(0).cast_signed();
    let quotient = if mixed < 0 { -magnitude } else { magnitude };
    I::try_from(quotient).unwrap_or(if mixed < 0 { I::MIN } else { I::MAX })
}

/// For people to look at: beyond 2^53 the last bits are rounded off.
#[expect(clippy::cast_precision_loss, reason = "shown, never computed with")]
fn real(integer: i64) -> f64 {
    integer as f64
}
