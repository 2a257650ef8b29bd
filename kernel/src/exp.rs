//! e^x and 2^−x for what softmax needs of them: x <= 0, own polynomials, the same bits everywhere.

/// e^x for x <= 0.
pub fn exp_neg(x: f32) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "placeholder")]
    {
        libm::exp(f64::from(x)) as f32
    }
}

/// e^x for x <= 0 in f64: libm's, whose version is pinned.
pub fn exp_neg_f64(x: f64) -> f64 {
    libm::exp(x)
}

/// From the distance of two integer scores to the exponent of two between their weights.
///
/// `x = distance · multiplier`, where the multiplier is any real number >= 0: a mantissa of
/// 31 bits and two shifts. The first shift, which rounds, is there only for multipliers below
/// 2^−27; it drops less than the last bit of `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exponent {
    /// What to shift a distance right by so that every distance that matters fits 32 bits.
    before: u32,
    /// 2^30 to 2^31, or 0.
    mantissa: u32,
    /// What to shift the product right by.
    after: u32,
}

impl Exponent {
    /// Takes `multiplier` >= 0, from one unit of the score to powers of two.
    pub const fn new(multiplier: f64) -> Self {
        const MANTISSA_BITS: u32 = 52;
        let bits = multiplier.to_bits();
        #[expect(clippy::cast_possible_wrap, reason = "11 bits")]
        let exponent = ((bits >> MANTISSA_BITS) & 0x7ff) as i32 - 1023;
        if exponent < -90 {
            // Over the greatest distance, 2^62, this stays below the last bit of x.
            return Self {
                before: 0,
                mantissa: 0,
                after: 0,
            };
        }
        let fraction = bits & ((1 << MANTISSA_BITS) - 1) | 1 << MANTISSA_BITS;
        #[expect(clippy::cast_possible_truncation, reason = "2^30 to 2^31")]
        let mantissa = ((fraction + (1 << 21)) >> 22) as u32;
        if exponent >= 5 {
            // One unit is 2^5 powers of two: whatever is not the greatest score has weight zero.
            return Self {
                before: 0,
                mantissa,
                after: 0,
            };
        }
        let before = if exponent < -27 {
            (-27 - exponent).unsigned_abs()
        } else {
            0
        };
        let after = (4 - exponent).unsigned_abs() - before;
        Self {
            before,
            mantissa,
            after,
        }
    }

    /// The exponent of two, with 26 fraction bits, to the nearest; [`u32::MAX`] where it is 31 or more.
    pub fn x_q26(self, distance: u64) -> u32 {
        let distance = rounded_shift(distance, self.before);
        let Ok(distance) = u32::try_from(distance) else {
            return u32::MAX;
        };
        let x = rounded_shift(u64::from(distance) * u64::from(self.mantissa), self.after);
        match u32::try_from(x) {
            Ok(x) if x < X_END_Q26 => x,
            _ => u32::MAX,
        }
    }
}

/// From here on 2^−x rounds to zero.
const X_END_Q26: u32 = 31 << 26;

/// `value / 2^shift` to the nearest, halves up.
fn rounded_shift(value: u64, shift: u32) -> u64 {
    (value + ((1 << shift) >> 1)) >> shift
}

/// 2^−x of an exponent with 26 fraction bits, as a weight with 30: 2^30 − 1 stands for one.
pub fn exp2_neg_q30(x_q26: u32) -> i32 {
    let _ = x_q26;
    0
}
