//! How a real number becomes an integer.

use core::fmt;

use crate::integer::Integer;

/// The integer that stands for `real` under `scale`: the nearest, ties to the even one.
///
/// # Errors
/// [`Saturated`], with the end of the range, where `real` lies beyond it; NaN saturates to zero.
pub fn quantize<I: Integer>(real: f64, scale: f64) -> Result<I, Saturated<I>> {
    let integer = rounded(real / scale);
    let (min, max): (f64, f64) = (I::MIN.into(), I::MAX.into());
    if integer.is_nan() {
        return Err(Saturated { end: I::ZERO });
    }
    if integer < min {
        return Err(Saturated { end: I::MIN });
    }
    if integer > max {
        return Err(Saturated { end: I::MAX });
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number between MIN and MAX"
    )]
    let integer = integer as i64;
    I::try_from(integer).map_err(|_| Saturated { end: I::MAX })
}

/// The nearest whole number, ties to the even one, of what an integer could stand for.
fn rounded(real: f64) -> f64 {
    /// 1.5 · 2^52: what is added to it ends at the unit.
    const UNITS: f64 = 6_755_399_441_055_744.0;
    /// 2^51.
    const LIMIT: f64 = 2_251_799_813_685_248.0;
    if real.abs() < LIMIT {
        (real + UNITS) - UNITS
    } else {
        real
    }
}

/// A number beyond the range of its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saturated<I> {
    /// The end of the range that lies nearest.
    pub end: I,
}

impl<I: fmt::Display> fmt::Display for Saturated<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { end } = self;
        write!(
            f,
            "The number lies beyond the range of its format, which ends at {end}"
        )
    }
}

impl<I: fmt::Debug + fmt::Display> core::error::Error for Saturated<I> {}
