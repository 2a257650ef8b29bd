//! Who may look at whom, and by what a score is multiplied.

use core::fmt;
use core::ops::Range;

/// Which keys a query may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mask {
    /// Every query sees every key.
    #[default]
    None,
    /// Query `i` sees the keys `j <= i + offset`: itself and what came before.
    Causal,
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
        #[expect(clippy::cast_precision_loss, reason = "a width is far below 2^53")]
        let width = columns.max(1) as f64;
        self.0.unwrap_or_else(|| 1.0 / libm::sqrt(width))
    }
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

/// What one call of attention does besides its three matrices.
///
/// ```
/// use kqv::{Attention, Mask};
///
/// let decode = Attention { mask: Mask::Causal, offset: 41, ..Attention::default() };
/// assert_eq!(decode.visible(0, 64), 0..42);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Attention {
    /// The factor between a dot product and its score.
    pub scale: Scale,
    /// Which keys a query may see.
    pub mask: Mask,
    /// The number of keys before this block of queries: `i + offset` is the key of query `i`.
    pub offset: usize,
}

impl Attention {
    /// Everyone sees everyone; scale 1/√D.
    pub const FULL: Self = Self {
        scale: Scale::INVERSE_SQRT_WIDTH,
        mask: Mask::None,
        offset: 0,
    };

    /// Query `i` sees the keys `0..=i`; scale 1/√D.
    pub const CAUSAL: Self = Self {
        mask: Mask::Causal,
        ..Self::FULL
    };

    /// The keys among `0..keys` that query `i` may see.
    pub const fn visible(&self, i: usize, keys: usize) -> Range<usize> {
        match self.mask {
            Mask::None => 0..keys,
            Mask::Causal => {
                let end = i.saturating_add(self.offset).saturating_add(1);
                0..if end < keys { end } else { keys }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws what 4 queries may see of `keys` keys and holds it against `picture`.
    fn assert_mask(attention: Attention, picture: &[&str; 4]) {
        for (i, row) in picture.iter().enumerate() {
            let visible = attention.visible(i, row.len());
            for (j, cell) in row.bytes().enumerate() {
                assert_eq!(visible.contains(&j), cell == b'#', "query {i}, key {j}");
            }
        }
    }

    #[test]
    fn a_mask_is_what_its_picture_shows() {
        assert_mask(Attention::FULL, &["####", "####", "####", "####"]);
        assert_mask(Attention::CAUSAL, &["#...", "##..", "###.", "####"]);
        let third_block = Attention {
            offset: 2,
            ..Attention::CAUSAL
        };
        assert_mask(third_block, &["###...", "####..", "#####.", "######"]);
        assert_mask(third_block, &["##", "##", "##", "##"]);
        assert_mask(Attention::CAUSAL, &["", "", "", ""]);
    }

    #[test]
    fn the_scale_is_one_over_the_root_of_the_width_or_as_given() {
        assert_eq!(Scale::default().factor(64), 0.125);
        assert_eq!(Scale::default().factor(0), 1.0);
        assert_eq!(Scale::new(-3.0).map(|scale| scale.factor(64)), Ok(-3.0));
        assert!(Scale::new(f64::NAN).is_err() && Scale::new(f64::INFINITY).is_err());
    }
}
