//! The two integers that Q, K and V can be made of, their bounds, and how a real number becomes one.

use core::fmt;

/// An integer that Q, K and V can be made of: `i8` or `i16`.
pub trait Integer: Core {}

impl Integer for i8 {}
impl Integer for i16 {}

pub(crate) use width::Core;

mod width {
    use fixed::Saturating;
    use fixed::types::{I16F16, I32F32};

    use crate::score::Score;

    /// What differs between the widths; the bounds are proven for these two only.
    pub trait Core: Copy + Into<i64> + Into<f64> + TryFrom<i64> {
        /// Holds an exact dot product, or the bits of a score, and later a weight of 30 bits.
        type Cell: Copy + Ord + Into<i64> + From<i32>;
        /// A score in real units: as many bits, half of them for the fraction.
        type Score: Score;
        /// What the last place of a score stands for.
        const SCORE_UNIT: f64;
        const ZERO_CELL: Self::Cell;
        /// Neither a dot product nor the bits of a score.
        const HIDDEN: Self::Cell;
        const ZERO: Self;
        const MIN: Self;
        const MAX: Self;
        /// The widest query whose dot product and differences of dot products cannot overflow.
        const MAX_WIDTH: usize;

        /// Σ q·k, exact.
        fn dot(q: &[Self], k: &[Self]) -> Self::Cell;
        fn negate(cell: Self::Cell) -> Self::Cell;
        /// The weight that was put into a cell.
        fn weight(cell: Self::Cell) -> i32;
        /// The score with these bits, or the nearest end of its range.
        fn score(bits: i64) -> Self::Score;
        /// The bits of a score, or of its neighbour where they would say hidden.
        fn cell(score: Self::Score) -> Self::Cell;
    }

    impl Core for i8 {
        type Cell = i32;
        type Score = Saturating<I16F16>;
        const SCORE_UNIT: f64 = 1.0 / 65_536.0;
        const ZERO_CELL: i32 = 0;
        const HIDDEN: i32 = i32::MIN;
        const ZERO: Self = 0;
        const MIN: Self = Self::MIN;
        const MAX: Self = Self::MAX;
        const MAX_WIDTH: usize = 1 << 16; // |Σ| <= 2^14 · 2^16 = 2^30

        fn dot(q: &[i8], k: &[i8]) -> i32 {
            let mut dot = 0;
            for (&q, &k) in q.iter().zip(k) {
                dot += i32::from(q) * i32::from(k);
            }
            dot
        }

        fn negate(cell: i32) -> i32 {
            -cell
        }

        fn weight(cell: i32) -> i32 {
            cell
        }

        #[expect(clippy::cast_possible_truncation, reason = "clamped to the range")]
        fn score(bits: i64) -> Self::Score {
            let bits = bits.clamp(i32::MIN.into(), i32::MAX.into());
            Saturating(I16F16::from_bits(bits as i32))
        }

        fn cell(score: Self::Score) -> i32 {
            score.0.to_bits().max(Self::HIDDEN + 1)
        }
    }

    impl Core for i16 {
        type Cell = i64;
        type Score = Saturating<I32F32>;
        const SCORE_UNIT: f64 = 1.0 / 4_294_967_296.0;
        const ZERO_CELL: i64 = 0;
        const HIDDEN: i64 = i64::MIN;
        const ZERO: Self = 0;
        const MIN: Self = Self::MIN;
        const MAX: Self = Self::MAX;
        const MAX_WIDTH: usize = 1 << 30; // |Σ| <= 2^30 · 2^30 = 2^60

        fn dot(q: &[i16], k: &[i16]) -> i64 {
            let mut dot = 0;
            for (&q, &k) in q.iter().zip(k) {
                dot += i64::from(i32::from(q) * i32::from(k));
            }
            dot
        }

        fn negate(cell: i64) -> i64 {
            -cell
        }

        #[expect(
            clippy::cast_possible_truncation,
            reason = "a weight was put there with at most 30 bits"
        )]
        fn weight(cell: i64) -> i32 {
            cell as i32
        }

        fn score(bits: i64) -> Self::Score {
            Saturating(I32F32::from_bits(bits))
        }

        fn cell(score: Self::Score) -> i64 {
            score.0.to_bits().max(Self::HIDDEN + 1)
        }
    }
}

/// The integer that stands for `real` under `scale`: the nearest, ties to the even one.
///
/// # Errors
/// [`Saturated`], with the end of the range, where `real` lies beyond it; NaN saturates to zero.
pub fn quantize<I: Integer>(real: f64, scale: f64) -> Result<I, Saturated<I>> {
    let integer = libm::rint(real / scale);
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
