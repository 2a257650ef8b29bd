//! What one call of attention does besides its three matrices: the scale, the soft cap, the mask.

use core::fmt;
use core::ops::Range;

use crate::modify::{Grouped, Mask, Modify, Query, visible_keys};

/// What one call of attention does besides its three matrices.
///
/// `M` says who may look at whom and what else happens to a score; see [`Modify`](crate::Modify).
///
/// ```
/// use kqv::{Attention, Mask, Window};
///
/// let decode = Attention { offset: 41, ..Attention::CAUSAL };
/// let local = Attention::of((Mask::Causal, Window::last(128)));
/// # let _ = (decode, local);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Attention<M = Mask> {
    /// The factor between a dot product and its score.
    pub scale: Scale,
    /// Bounds every score smoothly, after the scale and before the mask.
    pub softcap: Softcap,
    /// Who may look at whom, and what else happens to a score.
    pub mask: M,
    /// The number of keys before this block of queries (the standard's past): query `i` stands at
    /// position `i + offset`.
    pub offset: usize,
}

impl Attention {
    /// Everyone sees everyone; scale 1/√D, no soft cap.
    pub const FULL: Self = Self::of(Mask::None);

    /// Every query sees itself and what came before; scale 1/√D, no soft cap.
    pub const CAUSAL: Self = Self::of(Mask::Causal);
}

impl<M: Modify> Attention<M> {
    /// The keys, of so many, that the query in a row of Q sees.
    pub(crate) fn visible(&self, row: usize, keys: usize) -> Range<usize> {
        let position = row.saturating_add(self.offset);
        visible_keys(&self.mask, Query { row, position }, keys)
    }
}

impl<M> Attention<M> {
    /// Attention with `mask`; scale 1/√D, no soft cap, nothing before the first query.
    pub const fn of(mask: M) -> Self {
        Self {
            scale: Scale::INVERSE_SQRT_WIDTH,
            softcap: Softcap::NONE,
            mask,
            offset: 0,
        }
    }

    /// The same for several query heads over one head of keys and values, each of `queries` rows; see [`Grouped`].
    pub fn grouped(self, queries: usize) -> Attention<Grouped<M>> {
        let Self {
            scale,
            softcap,
            mask,
            offset,
        } = self;
        Attention {
            scale,
            softcap,
            mask: Grouped { queries, mask },
            offset,
        }
    }
}

/// The factor between a dot product and its score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scale(Option<f64>);

impl Scale {
    /// 1/√D, the default of the paper ("Attention Is All You Need", section 3.2.1).
    pub const INVERSE_SQRT_WIDTH: Self = Self(None);

    /// Any finite factor, negative and zero included.
    ///
    /// # Errors
    /// [`ScaleError`] if `factor` is infinite or not a number.
    pub const fn new(factor: f64) -> Result<Self, ScaleError> {
        if factor.is_finite() {
            Ok(Self(Some(factor)))
        } else {
            Err(ScaleError { factor })
        }
    }

    /// The factor for queries and keys of `columns` columns (D); 1 where D is 0.
    pub fn factor(self, columns: usize) -> f64 {
        self.0.unwrap_or_else(|| inverse_sqrt(columns.max(1)))
    }
}

/// 1/√width; without a division where the width is a power of two, as most are, for the same bits.
fn inverse_sqrt(width: usize) -> f64 {
    const BIAS: u32 = 1023;
    if width.is_power_of_two() {
        let bits = width.trailing_zeros();
        let power = f64::from_bits(u64::from(BIAS - bits / 2) << 52); // 2^-(bits / 2)
        if bits.is_multiple_of(2) {
            return power;
        }
        return power * const { 1.0 / core::f64::consts::SQRT_2 };
    }
    #[expect(clippy::cast_precision_loss, reason = "a width is far below 2^53")]
    let width = width as f64;
    1.0 / libm::sqrt(width)
}

/// A scale that is no number one can multiply by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleError {
    factor: f64,
}

impl fmt::Display for ScaleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The scale is {}: a finite number is needed", self.factor)
    }
}

impl core::error::Error for ScaleError {}

/// Bounds every score smoothly: `cap · tanh(score / cap)`, or not at all.
///
/// Source: Gemma 2 (arXiv 2408.00118, section 2); ONNX `Attention`, attribute `softcap`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Softcap(Option<f64>);

impl Softcap {
    /// Scores stay as they are.
    pub const NONE: Self = Self(None);

    /// Scores stay between −`cap` and `cap`.
    ///
    /// # Errors
    /// [`SoftcapError`] unless `cap` is positive and finite.
    pub const fn new(cap: f64) -> Result<Self, SoftcapError> {
        if cap > 0.0 && cap.is_finite() {
            Ok(Self(Some(cap)))
        } else {
            Err(SoftcapError { cap })
        }
    }

    /// The cap, if there is one.
    pub const fn cap(self) -> Option<f64> {
        self.0
    }
}

/// A soft cap that bounds nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftcapError {
    cap: f64,
}

impl fmt::Display for SoftcapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cap } = self;
        write!(
            f,
            "The soft cap is {cap}: a positive, finite number is needed"
        )
    }
}

impl core::error::Error for SoftcapError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_one_over_the_root_of_the_width_or_as_given() {
        assert_eq!(Scale::default().factor(64), 0.125);
        assert_eq!(Scale::default().factor(0), 1.0);
        for bits in 0..32 {
            let exact = 1.0 / libm::sqrt(f64::from(1_u32 << bits));
            assert_eq!(Scale::default().factor(1 << bits), exact);
        }
        assert_eq!(Scale::new(-3.0).map(|scale| scale.factor(64)), Ok(-3.0));
        assert!(Scale::new(f64::NAN).is_err() && Scale::new(f64::INFINITY).is_err());
    }

    #[test]
    fn a_soft_cap_is_positive_and_finite() {
        assert_eq!(Softcap::new(30.0).map(Softcap::cap), Ok(Some(30.0)));
        for cap in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Softcap::new(cap).is_err());
        }
    }
}
