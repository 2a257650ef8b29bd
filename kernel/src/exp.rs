//! e^x and 2^−x for what softmax needs of them, x <= 0: our own, so that every machine agrees to the bit.
//!
//! Both polynomials are minimax fits; `fixtures/exp.py` finds them again.

/// e^x for x <= 0, by plain additions and multiplications.
///
/// Monotone; exactly 1 at 0 and exactly 0 below −87.33, so that no subnormal ever decides a bit;
/// NaN for NaN. At most 0.881 units of the last place from the true value, on every f32.
/// For x > 0, which softmax never asks for, the result means nothing.
///
/// With `n` the nearest whole number to x·log2 e and r = x − n·ln 2, e^x = 2ⁿ·(1 + r + r²·p(r)).
/// ln 2 is split in two so that `x − n·HI` is exact; the rest of it joins only the small terms.
pub fn exp_neg(x: f32) -> f32 {
    if x < EXP_NEG_END {
        return 0.0;
    }
    let shifted = x * core::f32::consts::LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    let power_of_two = f32::from_bits(shifted.to_bits() << 23);

    let high = x - n * HI;
    let low = n * LO;
    let r = high - low;
    let p = P[0] + r * (P[1] + r * (P[2] + r * (P[3] + r * P[4])));
    (1.0 + (high + (r * r * p - low))) * power_of_two
}

/// Adding it leaves a whole number, plus the bias of an f32 exponent, in the lowest bits.
pub(crate) const WHOLE: f32 = 12_582_912.0 + 127.0; // 1.5 · 2^23
/// The first bits of ln 2: a product with a whole number below 2^15 is exact.
pub(crate) const HI: f32 = 355.0 / 512.0;
/// The rest of ln 2.
#[expect(clippy::cast_possible_truncation, reason = "rounded once, on purpose")]
pub(crate) const LO: f32 = (core::f64::consts::LN_2 - 355.0 / 512.0) as f32;
/// (e^r − 1 − r)/r² for |r| <= ln 2 / 2, within 3.1e-9 of e^r.
pub(crate) const P: [f32; 5] = [
    0.499_999_94,
    0.166_665_21,
    0.041_668_385,
    0.008_368_684,
    0.001_381_466_6,
];

/// Below it [`exp_neg`] is zero: e^−87.33 is the last to lie safely above the subnormal numbers.
pub const EXP_NEG_END: f32 = -87.33;

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
    /// 2^30 to 2^31, or 0, or beyond every `x` that matters.
    mantissa: u32,
    /// What to shift the product right by.
    after: u32,
}

impl Exponent {
    /// Takes `multiplier` >= 0: how many powers of two one unit of the score is worth.
    pub const fn new(multiplier: f64) -> Self {
        let (mantissa, exponent) = parts(multiplier);
        match exponent {
            // Even the greatest distance, 2^61, stays below the last bit of x.
            ..-90 => Self {
                before: 63,
                mantissa: 0,
                after: 0,
            },
            -90..-27 => Self {
                before: (-27 - exponent).unsigned_abs(),
                mantissa,
                after: 31,
            },
            -27..5 => Self {
                before: 0,
                mantissa,
                after: (4 - exponent).unsigned_abs(),
            },
            // One unit is worth 2^5 powers of two: only the greatest score has a weight.
            5.. => Self {
                before: 0,
                mantissa: u32::MAX,
                after: 0,
            },
        }
    }

    /// The exponent of two, with 26 fraction bits, to the nearest; [`u32::MAX`] from 31 on.
    pub fn x_q26(self, distance: u64) -> u32 {
        const END_Q26: u32 = 31 << 26;
        let distance = rounded_shift(distance, self.before);
        let Ok(distance) = u32::try_from(distance) else {
            return u32::MAX;
        };
        let x = rounded_shift(u64::from(distance) * u64::from(self.mantissa), self.after);
        match u32::try_from(x) {
            Ok(x) if x < END_Q26 => x,
            _ => u32::MAX,
        }
    }
}

/// `value / 2^shift` to the nearest, halves up; `value` <= 2^63 and `shift` <= 63.
fn rounded_shift(value: u64, shift: u32) -> u64 {
    (value + ((1 << shift) >> 1)) >> shift
}

/// A real number >= 0 to multiply sizes of integers by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Multiplier {
    /// 2^30 to 2^31, or 0.
    mantissa: u32,
    /// How many bits of the product lie below the point.
    shift: i32,
}

impl Multiplier {
    /// Takes `multiplier` >= 0; infinity counts as the greatest f64.
    pub(crate) const fn new(multiplier: f64) -> Self {
        let (mantissa, exponent) = parts(multiplier);
        Self {
            mantissa: if exponent < -1022 { 0 } else { mantissa },
            shift: 30 - exponent,
        }
    }

    /// The product to the nearest, halves up, and at most [`i64::MAX`].
    pub(crate) fn apply(self, size: u64) -> i64 {
        // Most sizes are small, and a product of 128 bits is dear on a chip; the result is the same.
        if let (Ok(size), shift @ 0..64) = (u32::try_from(size), self.shift) {
            let product = u64::from(size) * u64::from(self.mantissa);
            return rounded_shift(product, shift.unsigned_abs()).cast_signed();
        }
        let product = u128::from(size) * u128::from(self.mantissa);
        let shifted = match self.shift {
            ..0 if product == 0 => Some(0),
            ..0 => None, // at least 2^31 for every unit
            shift @ 0..=100 => u64::try_from((product + ((1 << shift) >> 1)) >> shift).ok(),
            _ => Some(0), // below half of one
        };
        shifted
            .and_then(|size| i64::try_from(size).ok())
            .unwrap_or(i64::MAX)
    }
}

/// Mantissa, 2^30 to 2^31, and exponent of a number > 0: number = mantissa · 2^(exponent − 30).
const fn parts(number: f64) -> (u32, i32) {
    const FRACTION_BITS: u32 = 52;
    let bits = number.to_bits();
    let fraction = bits & ((1 << FRACTION_BITS) - 1) | 1 << FRACTION_BITS;
    #[expect(clippy::cast_possible_truncation, reason = "2^30 to 2^31")]
    let mantissa = ((fraction + (1 << 21)) >> 22) as u32;
    (mantissa, ((bits >> FRACTION_BITS) & 0x7ff) as i32 - 1023)
}

/// What stands for one in a weight: 2^30 − 1, so that both 15-bit halves of a weight fit an `i16`.
pub const WEIGHT_ONE: i32 = (1 << 30) - 1;

/// 2^−x of an exponent with 26 fraction bits, as a weight with 30: at most [`WEIGHT_ONE`].
///
/// Monotone, and less than 3.4 units of the last place from the true value, for every x. From 31 on
/// ([`u32::MAX`] included) it is 0, the nearest there.
pub fn exp2_neg_q30(x_q26: u32) -> i32 {
    /// 2^−f for f in [0, 1), within 2.3e-9, signs alternating; in Q31.
    const P_Q31: [u32; 7] = [
        q31(1.0) - 2, // makes one WEIGHT_ONE
        q31(0.693_147_055_982_467_1),
        q31(0.240_224_242_426_799_7),
        q31(0.055_490_145_069_670_07),
        q31(0.009_577_878_117_964_66),
        q31(0.001_273_494_621_508_75),
        q31(0.000_108_575_128_881_591_6),
    ];
    let whole = x_q26 >> 26;
    if whole >= 31 {
        return 0;
    }
    let f_q32 = x_q26 << 6;
    let mut p_q31 = P_Q31[6];
    for c_q31 in P_Q31[..6].iter().rev() {
        p_q31 = c_q31 - high_word(p_q31, f_q32);
    }
    let weight_q30 = (p_q31 + (1 << whole)) >> (whole + 1);
    weight_q30.cast_signed()
}

/// `value` >= 0 with 31 fraction bits, to the nearest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 1, so 0 to 2^31"
)]
const fn q31(value: f64) -> u32 {
    (value * 2_147_483_648.0 + 0.5) as u32
}

/// The high word of a product: one instruction where there is a wide multiplication.
fn high_word(a: u32, b: u32) -> u32 {
    ((u64::from(a) * u64::from(b)) >> 32) as u32
}
