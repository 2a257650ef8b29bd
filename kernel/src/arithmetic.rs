//! The arithmetic of a layer: sums of products, and what becomes of them.
//!
//! **Floats** are defined by the naive loop, multiply then add, no fused operation:
//! `y = ((((0 + w0 x0) + w1 x1) + …) + w x) + b`. The bias is added last; where there is none,
//! nothing is added. In [`Merge`](crate::Merge) the columns are those of head 0, then those of head 1, and so on.
//!
//! **Integers** are exact sums with one rounding. The bias is in units of the sum, that is of
//! `x_scale · weight_scale`, as in `TFLite`: i32 for i8, i64 for i16. [`Rescale`] takes the sum to the
//! units of the output: times 31 bits of mantissa, shifted, to the nearest, halves away from
//! zero. What lies beyond the range becomes its end.

use crate::exp::Multiplier;
use crate::fixed::{Quantized, QuantizedError};
use crate::float::Float;
use crate::format::Format;
use crate::integer::Integer;
use crate::position::Rotate;

/// The arithmetic of a layer: `f32`, `f64`, `i8`, `i16`, or [`W8A16`].
pub trait Arithmetic: Copy {
    /// What tokens, Q, K and V are made of.
    type Element: Rotate;
    /// What weights are made of.
    type Weight: Copy + 'static;
    /// What a bias is made of.
    type Bias: Copy + 'static;
    /// A sum of products.
    type Sum: Copy;
    /// What takes a sum to the output: [`Rescale`] for integers, nothing for floats.
    type Rescale: Copy;
    /// How Q, K and V attend.
    type Format: Format<Element = Self::Element, Output = Self::Element>;

    /// The sum of no products.
    const NOTHING: Self::Sum;
    /// The most products whose sum cannot overflow.
    const MAX_WIDTH: usize;

    /// The sum so far and the products of one stretch of columns.
    fn add(sum: Self::Sum, weights: &[Self::Weight], x: &[Self::Element]) -> Self::Sum;

    /// The output for a whole row.
    fn finish(sum: Self::Sum, bias: Option<&Self::Bias>, rescale: Self::Rescale) -> Self::Element;

    /// The format that the outputs of `W_Q`, `W_K` and `W_V` have.
    fn format(q: Self::Rescale, k: Self::Rescale, v: Self::Rescale) -> Self::Format;
}

/// Writes the naive loop for one float type.
macro_rules! naive_loop {
    ($float:ty) => {
        impl Arithmetic for $float {
            type Element = Self;
            type Weight = Self;
            type Bias = Self;
            type Sum = Self;
            type Rescale = ();
            type Format = Float<Self>;

            const NOTHING: Self = 0.0;
            const MAX_WIDTH: usize = usize::MAX;

            fn add(mut sum: Self, weights: &[Self], x: &[Self]) -> Self {
                for (weight, x) in weights.iter().zip(x) {
                    sum += weight * x;
                }
                sum
            }

            fn finish(sum: Self, bias: Option<&Self>, (): ()) -> Self {
                bias.map_or(sum, |bias| sum + bias)
            }

            fn format((): (), (): (), (): ()) -> Float<Self> {
                Float::<Self>::FORMAT
            }
        }
    };
}

naive_loop!(f32);
naive_loop!(f64);

/// Tokens of i8, weights of i8, bias of i32: sums in i32, and in i64 once the bias joins.
impl Arithmetic for i8 {
    type Element = Self;
    type Weight = Self;
    type Bias = i32;
    type Sum = i32;
    type Rescale = Rescale;
    type Format = Quantized<Self>;

    const NOTHING: i32 = 0;
    const MAX_WIDTH: usize = Quantized::<Self>::MAX_WIDTH; // |Σ| <= 2^30

    fn add(sum: i32, weights: &[Self], x: &[Self]) -> i32 {
        sum + dot(weights, x)
    }

    fn finish(sum: i32, bias: Option<&i32>, rescale: Rescale) -> Self {
        rescale.apply(i64::from(sum) + bias.map_or(0, |&bias| bias.into()))
    }

    fn format(q: Rescale, k: Rescale, v: Rescale) -> Quantized<Self> {
        quantized(q, k, v)
    }
}

/// Tokens of i16, weights of i16, bias of i64: sums in i64. A bias beyond ±2^62 may saturate them.
impl Arithmetic for i16 {
    type Element = Self;
    type Weight = Self;
    type Bias = i64;
    type Sum = i64;
    type Rescale = Rescale;
    type Format = Quantized<Self>;

    const NOTHING: i64 = 0;
    const MAX_WIDTH: usize = Quantized::<Self>::MAX_WIDTH; // |Σ| <= 2^60

    fn add(sum: i64, weights: &[Self], x: &[Self]) -> i64 {
        sum + dot(weights, x)
    }

    fn finish(sum: i64, bias: Option<&i64>, rescale: Rescale) -> Self {
        rescale.apply(sum.saturating_add(bias.map_or(0, |&bias| bias)))
    }

    fn format(q: Rescale, k: Rescale, v: Rescale) -> Quantized<Self> {
        quantized(q, k, v)
    }
}

/// Tokens of i16, weights of i8, bias of i64, which `TFLite` calls 16x8: half the flash of `i16`.
///
/// Sums run in i32 over 256 columns at a time, where they cannot overflow, and in i64 over those.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct W8A16;

impl Arithmetic for W8A16 {
    type Element = i16;
    type Weight = i8;
    type Bias = i64;
    type Sum = i64;
    type Rescale = Rescale;
    type Format = Quantized<i16>;

    const NOTHING: i64 = 0;
    const MAX_WIDTH: usize = 1 << 30; // |Σ| <= 2^52

    fn add(mut sum: i64, weights: &[i8], x: &[i16]) -> i64 {
        const COLUMNS: usize = 1 << 8; // |Σ| <= 2^22 · 2^8 = 2^30
        for (weights, x) in weights.chunks(COLUMNS).zip(x.chunks(COLUMNS)) {
            let mut part = 0;
            for (&weight, &x) in weights.iter().zip(x) {
                part += i32::from(weight) * i32::from(x);
            }
            sum += i64::from(part);
        }
        sum
    }

    fn finish(sum: i64, bias: Option<&i64>, rescale: Rescale) -> i16 {
        i16::finish(sum, bias, rescale)
    }

    fn format(q: Rescale, k: Rescale, v: Rescale) -> Quantized<i16> {
        quantized(q, k, v)
    }
}

/// The same exact sum that a score is.
fn dot<I: Integer>(weights: &[I], x: &[I]) -> I::Dot {
    I::dot(weights, x)
}

/// Attention over what was projected.
fn quantized<I: Integer>(q: Rescale, k: Rescale, v: Rescale) -> Quantized<I> {
    Quantized::of(q.y_scale, k.y_scale, v.y_scale)
}

/// Takes an exact sum of integer products to the units of the output, with one rounding.
///
/// The factor `x_scale · weight_scale / y_scale` is held with 31 bits of mantissa.
///
/// ```
/// use kqv::{Linear, Rescale};
///
/// static W: [[i8; 2]; 1] = [[64, -128]]; // 0.5 and −1
/// let rescale = Rescale::new(1.0 / 16.0, 1.0 / 128.0, 1.0 / 32.0)?;
/// let linear = Linear::<i8, 2, 1>::quantized(&W, rescale);
/// assert_eq!(linear.apply(&[32, 8]), [16]); // 0.5 · 2 − 1 · 0.5 = 0.5
/// # Ok::<(), kqv::QuantizedError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rescale {
    multiplier: Multiplier,
    x_scale: f64,
    y_scale: f64,
}

impl Rescale {
    /// From inputs and weights with these scales to outputs with `y_scale`.
    ///
    /// # Errors
    /// [`QuantizedError`] unless every scale is positive and finite.
    pub const fn new(
        x_scale: f64,
        weight_scale: f64,
        y_scale: f64,
    ) -> Result<Self, QuantizedError> {
        let scales = [("X", x_scale), ("W", weight_scale), ("Y", y_scale)];
        let mut i = 0;
        while i < scales.len() {
            let (tensor, scale) = scales[i];
            if !(scale > 0.0 && scale.is_finite()) {
                return Err(QuantizedError { tensor, scale });
            }
            i += 1;
        }
        Ok(Self {
            multiplier: Multiplier::new(x_scale * weight_scale / y_scale),
            x_scale,
            y_scale,
        })
    }

    /// What 1 stands for in the inputs.
    pub const fn x_scale(&self) -> f64 {
        self.x_scale
    }

    /// What 1 stands for in the outputs.
    pub const fn y_scale(&self) -> f64 {
        self.y_scale
    }

    /// The output for a sum: the nearest, halves away from zero, or the end of the range.
    pub fn apply<I: Integer>(&self, sum: i64) -> I {
        let size = self.multiplier.apply(sum.unsigned_abs());
        let y = if sum < 0 { -size } else { size };
        I::try_from(y).unwrap_or(if sum < 0 { I::MIN } else { I::MAX })
    }
}
