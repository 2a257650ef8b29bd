//! How large the values of a tensor are: one bin for each power of two, against the range of a format.

use serde::Serialize;

use super::numbers::Numbers;
use crate::stored::Operand;

/// What becomes of a value in a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Fate {
    /// It has a number near it.
    InRange,
    /// The end of the range stands for it.
    Overflow,
    /// It becomes zero.
    Underflow,
}

/// The fate of `value` in the format.
pub fn fate(numbers: Numbers, operand: Operand, value: f64) -> Fate {
    let [least, greatest] = numbers.range(operand);
    // What is up to half a step beyond an end is still rounded to it.
    let half = numbers.steps().map_or(0.0, |_| numbers.least(operand));
    if value > greatest + half || value < least - half {
        Fate::Overflow
    } else if value != 0.0 && value.abs() <= numbers.least(operand) {
        Fate::Underflow
    } else {
        Fate::InRange
    }
}

/// The values whose size is at least 2^`exponent` and less than twice that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bin {
    /// The power of two.
    pub exponent: i32,
    /// How many have a number near them.
    pub in_range: usize,
    /// How many are cut at the end of the range.
    pub overflow: usize,
    /// How many become zero.
    pub underflow: usize,
}

impl Bin {
    /// All of them.
    pub fn total(&self) -> usize {
        self.in_range + self.overflow + self.underflow
    }
}

/// One bin per bit, from the smallest value to the largest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Histogram {
    /// Without gaps; smaller values than 2^−40 of the largest are in the first.
    pub bins: Vec<Bin>,
    /// Values that are exactly zero.
    pub zeros: usize,
}

/// Bins below the largest value's: more than any format that is compared here can tell apart.
const MAX_BINS: i32 = 40;

impl Histogram {
    /// Of all values of a tensor of some heads, each with the format it is put into.
    pub fn new(operand: Operand, heads: &[(Numbers, &[f64])]) -> Self {
        let values = || heads.iter().flat_map(|(_, values)| values.iter());
        let exponents = values().filter_map(|&value| exponent(value));
        let (least, greatest) = exponents.fold((i32::MAX, i32::MIN), |(least, greatest), e| {
            (least.min(e), greatest.max(e))
        });
        let mut histogram = Self::default();
        if least <= greatest {
            let empty = |exponent| Bin {
                exponent,
                in_range: 0,
                overflow: 0,
                underflow: 0,
            };
            let least = least.max(greatest - MAX_BINS + 1);
            histogram.bins = (least..=greatest).map(empty).collect();
        }
        for &(numbers, values) in heads {
            for &value in values {
                histogram.add(exponent(value), fate(numbers, operand, value));
            }
        }
        histogram
    }

    /// One more value.
    fn add(&mut self, exponent: Option<i32>, fate: Fate) {
        let Some(exponent) = exponent else {
            self.zeros += 1;
            return;
        };
        let least = self.bins.first().map_or(0, |bin| bin.exponent);
        let at = usize::try_from(exponent - least).unwrap_or(0);
        if let Some(bin) = self.bins.get_mut(at) {
            match fate {
                Fate::InRange => bin.in_range += 1,
                Fate::Overflow => bin.overflow += 1,
                Fate::Underflow => bin.underflow += 1,
            }
        }
    }

    /// The number of values in the fullest bin.
    pub fn fullest(&self) -> usize {
        self.bins.iter().map(Bin::total).max().unwrap_or(0)
    }
}

/// ⌊log2 |value|⌋, exact; `None` for zero.
fn exponent(value: f64) -> Option<i32> {
    const MANTISSA_BITS: u64 = 52;
    const BIAS: i32 = 1023;
    if value == 0.0 || !value.is_finite() {
        return None;
    }
    let field = (value.abs().to_bits() >> MANTISSA_BITS) & 0x7ff;
    i32::try_from(field).ok().map(|field| field - BIAS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const I8: Numbers = Numbers::I8([0.25; 3]);

    #[test]
    fn a_value_is_in_range_beyond_it_or_below_it() {
        for (value, expected) in [
            (31.75, Fate::InRange),
            (31.8, Fate::InRange),
            (31.9, Fate::Overflow),
            (-32.0, Fate::InRange),
            (-32.2, Fate::Overflow),
            (0.126, Fate::InRange),
            (0.125, Fate::Underflow),
            (-0.01, Fate::Underflow),
            (0.0, Fate::InRange),
        ] {
            assert_eq!(fate(I8, Operand::Q, value), expected, "{value}");
        }
    }

    #[test]
    fn a_bin_is_a_power_of_two() {
        let values = [0.0, 0.06, 0.5, 0.75, 1.0, 1.99, 40.0, -33.0, -32.0];
        let histogram = Histogram::new(Operand::Q, &[(I8, &values)]);
        let filled: Vec<_> = histogram
            .bins
            .iter()
            .filter(|bin| bin.total() > 0)
            .collect();
        let bin = |exponent, in_range, overflow, underflow| Bin {
            exponent,
            in_range,
            overflow,
            underflow,
        };
        assert_eq!(
            filled,
            [
                &bin(-5, 0, 0, 1),
                &bin(-1, 2, 0, 0),
                &bin(0, 2, 0, 0),
                &bin(5, 1, 2, 0)
            ]
        );
        assert_eq!(
            (histogram.zeros, histogram.bins.len(), histogram.fullest()),
            (1, 11, 3)
        );
        assert_eq!(Histogram::new(Operand::Q, &[(I8, &[0.0])]).zeros, 1);
    }
}
