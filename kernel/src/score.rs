//! A score as those see it who change it: in real units, whatever the format.

use core::ops::{Add, Mul, Neg, Sub};

use fixed::Saturating;
use fixed::types::{I13F19, I16F16};

/// A score in real units, in the numbers that a format changes it in.
///
/// f32 and f64 for themselves, rounding at every operation; fixed point that saturates for the
/// integers: i8 changes its scores with 16 fraction bits, up to ±32,767, and i16 with 19, up to
/// ±4,095.
pub trait Score:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
{
    /// The nearest score to a real number.
    fn from_real(real: f64) -> Self;

    /// The real number that it is.
    fn real(self) -> f64;

    /// `cap · tanh(score / cap)`, by libm's tanh.
    #[must_use]
    fn softcapped(self, cap: f64) -> Self;
}

impl Score for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, on purpose")]
    fn from_real(real: f64) -> Self {
        real as Self
    }

    fn real(self) -> f64 {
        self.into()
    }

    fn softcapped(self, cap: f64) -> Self {
        let cap = Self::from_real(cap);
        cap * libm::tanhf(self / cap)
    }
}

impl Score for f64 {
    fn from_real(real: f64) -> Self {
        real
    }

    fn real(self) -> f64 {
        self
    }

    fn softcapped(self, cap: f64) -> Self {
        cap * libm::tanh(self / cap)
    }
}

macro_rules! fixed_score {
    ($fixed:ty, $bits:ty) => {
        impl Score for Saturating<$fixed> {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the cast saturates, and takes NaN to zero"
            )]
            fn from_real(real: f64) -> Self {
                let one = libm::scalbn(1.0, <$fixed>::FRAC_NBITS.cast_signed());
                Self(<$fixed>::from_bits(libm::rint(real * one) as $bits))
            }

            fn real(self) -> f64 {
                self.0.to_num()
            }

            fn softcapped(self, cap: f64) -> Self {
                Self::from_real(self.real().softcapped(cap))
            }
        }
    };
}

fixed_score!(I16F16, i32);
fixed_score!(I13F19, i32);
