//! A number of fixed point as its bits: sign, whole, fraction; and what rounding took away.

/// What a bit stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Set in every negative number.
    Sign,
    /// Ones, twos, fours, …
    Whole,
    /// Halves, quarters, …
    Fraction,
}

/// One bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bit {
    /// What it stands for.
    pub part: Part,
    /// Whether it is set.
    pub is_set: bool,
    /// The power of two it stands for; the sign bit counts it negative.
    pub power: i32,
}

/// An integer that stands for a real number.
#[derive(Clone, Debug, PartialEq)]
pub struct Bits {
    /// The integer.
    pub integer: i64,
    /// From the greatest to the last place.
    pub bits: Vec<Bit>,
    /// What 1 stands for.
    pub unit: f64,
    /// The number that was to be stored, less the one that is, in units of the last place.
    pub removed: Option<f64>,
    /// Whether the number to be stored lies beyond the range.
    pub saturated: bool,
}

impl Bits {
    /// `integer` of `width` bits whose last place stands for `unit`.
    ///
    /// Where `unit` is no power of two, every bit but the sign is whole: the point is nowhere.
    pub fn new(integer: i64, width: u32, unit: f64) -> Self {
        let lowest = power_of_two(unit);
        let bits = (0..width).rev().map(|at| {
            let power = lowest.unwrap_or(0) + at.cast_signed();
            Bit {
                part: match () {
                    () if at + 1 == width => Part::Sign,
                    () if power < 0 => Part::Fraction,
                    () => Part::Whole,
                },
                is_set: integer >> at & 1 == 1,
                power,
            }
        });
        Self {
            integer,
            bits: bits.collect(),
            unit,
            removed: None,
            saturated: false,
        }
    }

    /// The same as what became of `real`: what was removed, and whether it was beyond the range.
    ///
    /// The remainder is exact where `unit` is a power of two: scaling by it and a subtraction of
    /// neighbours lose nothing.
    #[must_use]
    pub fn of(self, real: f64) -> Self {
        let removed = real / self.unit - real_of(self.integer);
        Self {
            removed: Some(removed),
            saturated: removed.abs() > 0.5,
            ..self
        }
    }

    /// The same as what became of the mean `Σ weight·value / sum`, whose remainder is an exact fraction.
    #[must_use]
    pub fn of_mean(self, weights: &[i64], values: impl Iterator<Item = i64>, sum: u64) -> Self {
        let products = weights.iter().zip(values);
        let mixed: i128 = products
            .map(|(&weight, value)| i128::from(weight) * i128::from(value))
            .sum();
        let rest = mixed - i128::from(self.integer) * i128::from(sum);
        #[expect(clippy::cast_precision_loss, reason = "shown, never computed with")]
        let removed = (sum > 0).then(|| rest as f64 / sum as f64);
        Self { removed, ..self }
    }

    /// `0010.0100`, as it is read aloud; the sign bit is the first.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (at, bit) in self.bits.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| self.bits.get(at));
            let first_fraction = bit.part == Part::Fraction
                && before.is_some_and(|before| before.part != Part::Fraction);
            if first_fraction {
                text.push('.');
            }
            text.push(if bit.is_set { '1' } else { '0' });
        }
        text
    }
}

/// b of 2ᵇ.
fn power_of_two(unit: f64) -> Option<i32> {
    (-1022..=1023).find(|&power| 2.0_f64.powi(power) == unit)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an element has 16 bits, a score below 2^53"
)]
fn real_of(integer: i64) -> f64 {
    integer as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_point_stands_before_the_fraction() {
        for (integer, width, unit, text) in [
            (36, 8, 0.0625, "0010.0100"),
            (-1, 8, 0.0625, "1111.1111"),
            (-128, 8, 0.007_812_5, "1.0000000"),
            (5, 8, 2.0, "00000101"),
            (5, 8, 0.03, "00000101"),
        ] {
            assert_eq!(Bits::new(integer, width, unit).text(), text);
        }
    }

    #[test]
    fn the_set_bits_add_up_to_the_number() {
        for integer in i8::MIN..=i8::MAX {
            let bits = Bits::new(integer.into(), 8, 0.125);
            let worth = |bit: &Bit| {
                let size = 2.0_f64.powi(bit.power) * f64::from(u8::from(bit.is_set));
                if bit.part == Part::Sign { -size } else { size }
            };
            let sum: f64 = bits.bits.iter().map(worth).sum();
            assert_eq!(sum, f64::from(integer) * 0.125);
        }
    }

    #[test]
    fn what_rounding_removed_is_exact() {
        let near = Bits::new(36, 8, 0.0625).of(2.265_625);
        assert_eq!((near.removed, near.saturated), (Some(0.25), false));
        let beyond = Bits::new(127, 8, 0.0625).of(9.0);
        assert_eq!((beyond.removed, beyond.saturated), (Some(17.0), true));
        // 3·1 + 1·2 over 4 is 1.25
        let mean = Bits::new(1, 8, 0.5).of_mean(&[3, 1], [1, 2].into_iter(), 4);
        assert_eq!(mean.removed, Some(0.25));
    }
}
