//! e^x and 2^−x for what softmax needs of them, x <= 0: our own, so that every machine agrees to the bit.
//!
//! Both polynomials are minimax fits; `fixtures/exp.py` finds them again.

use crate::arch::straight::sign_mask;

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
/// 32 bits, behind a shift to the left for the distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exponent {
    /// The greatest distance that `shift` leaves in 32 bits; beyond it every weight is zero.
    pub(crate) limit: u32,
    /// What to shift a distance left by, 0 to 31.
    pub(crate) shift: u32,
    /// 2^31 to 2^32; less only for multipliers below 2^−27.
    pub(crate) mantissa: u32,
}

impl Exponent {
    /// Takes `multiplier` >= 0: how many powers of two one unit of the score is worth.
    pub const fn new(multiplier: f64) -> Self {
        let (mantissa, exponent) = parts(multiplier);
        // 2^30 to 2^31, as the mantissa may have been rounded up to a power of two.
        let mantissa = if mantissa > u32::MAX >> 1 {
            u32::MAX
        } else {
            mantissa << 1
        };
        let (shift, mantissa) = match exponent {
            ..-58 => (0, 0), // even the greatest distance, 2^32, stays below the last bit of x
            -58..-27 => (0, mantissa >> (-27 - exponent).unsigned_abs()),
            -27..5 => ((exponent + 27).unsigned_abs(), mantissa),
            // One unit is worth 2^5 powers of two: only the greatest score has a weight.
            5.. => (31, u32::MAX),
        };
        Self {
            limit: u32::MAX >> shift,
            shift,
            mantissa,
        }
    }

    /// What a distance is shifted left by, and what the high word of its product with it is `x`.
    pub const fn parts(self) -> (u32, u32) {
        (self.shift, self.mantissa)
    }

    /// The exponent of two, with 26 fraction bits, rounded down; [`u32::MAX`] where it is 32 or
    /// more for certain.
    pub fn x_q26(self, distance: u32) -> u32 {
        let beyond = u32::from(distance > self.limit).wrapping_neg(); // a mask: no branch
        high_word(distance << self.shift, self.mantissa) | beyond
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

    /// 2^`bits` times as much.
    pub(crate) const fn times_power_of_two(self, bits: u32) -> Self {
        Self {
            shift: self.shift - bits.cast_signed(),
            ..self
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

/// What stands for one in a weight.
pub const WEIGHT_ONE: i32 = 1 << 30;

/// 2^−x of an exponent with 26 fraction bits, as a weight with 30: at most [`WEIGHT_ONE`].
///
/// Monotone, and less than 96 units of the last place from the true value, 9e-8 of it, for every x.
/// From 31 on ([`u32::MAX`] included) it is 0.
///
/// One step of the polynomial is what one `SMMLS` of a Cortex-M4 does.
pub const fn exp2_neg_q30(x_q26: u32) -> i32 {
    // Half of the fraction, so that it has a sign bit.
    let g_q32 = ((x_q26 << 6) >> 1).cast_signed();
    let mut p_q30 = HALVED_P_Q30[5];
    let mut at = 5;
    while at > 0 {
        at -= 1;
        p_q30 = less_product(HALVED_P_Q30[at], p_q30, g_q32);
    }
    match p_q30.checked_shr(x_q26 >> 26) {
        Some(weight_q30) => weight_q30,
        None => 0,
    }
}

/// 2^−2g for g in [0, ½), within 9.3e-8 of it, signs alternating; in Q30.
pub(crate) const HALVED_P_Q30: [i32; 6] = [
    WEIGHT_ONE,
    q30(0.693_143_441_631_677_4 * 2.0),
    q30(0.240_177_228_191_471_2 * 4.0),
    q30(0.055_287_921_397_557_734 * 8.0),
    q30(0.009_193_794_164_806_708 * 16.0),
    q30(0.000_939_659_327_042_739 * 32.0),
];

/// `value`, 0 to 2, with 30 fraction bits, to the nearest.
#[expect(clippy::cast_possible_truncation, reason = "0 to 2, so 0 to 2^31")]
const fn q30(value: f64) -> i32 {
    (value * 1_073_741_824.0 + 0.5) as i32
}

/// What turns weights of this `sum` into shares of `total`: `share = weight · factor / 2^32`, rounded down.
///
/// The factor allows for the half that rounding down costs each of the `keys` on average. `sum` >= 2^30
/// and `total` <= 2^30. A straight line, so that no sum changes how long it takes.
#[cfg_attr(any(kqv_narrow, kqv_riscv), inline(never))] // once in flash, not at every caller
pub(crate) fn share_factor(sum: u64, total: u32, keys: usize) -> u32 {
    // The sum is so great that its high half, and what is above, decides how far to shift.
    let [low, high] = words(sum);
    let shift = bits(high << 1 | low >> 31);
    // 2^30 to 2^31, shifted in 32 bits.
    let divisor = low >> shift | (high << 1) << (31 - shift) | 1 << 30;
    // 2^63 / divisor: a division of 32 bits, as no chip has a wider one, and one step of Newton's.
    let rough = rough_reciprocal(divisor >> 15);
    let missing = (1_i64 << 47) - (u64::from(rough) * u64::from(divisor)).cast_signed();
    let correction = (i64::from(rough) * missing) >> 31;
    let reciprocal = (u64::from(rough) << 16).wrapping_add_signed(correction);

    let total = u64::from(total) + u64::try_from(keys / 2).unwrap_or(0);
    // 2^33 times 2^30 and a little: no bit is lost. What is wanted are 33 bits of it, shifted in 32.
    let [low, high] = words(reciprocal.wrapping_mul(total));
    let (top, rest) = (high >> 31, high << 1 | low >> 31);
    // Only a single key of weight one has a factor of 2^32, or a little above: the greatest there is has to do.
    let single = sign_mask(shift.cast_signed() - 1).cast_unsigned();
    rest >> shift | (top << (31 - shift)) << 1 | top.wrapping_neg() & single
}

/// How many bits a number has, 0 for 0.
#[cfg(not(any(kqv_narrow, kqv_riscv)))]
const fn bits(number: u32) -> u32 {
    32 - number.leading_zeros()
}

/// The same where no instruction counts them, in five steps for every number.
#[cfg(any(kqv_narrow, kqv_riscv))]
fn bits(number: u32) -> u32 {
    let (mut rest, mut bits) = (number, 0);
    for half in [16, 8, 4, 2, 1] {
        let upper = (rest >> half).cast_signed();
        let step = half & sign_mask(-upper).cast_unsigned();
        rest >>= step;
        bits += step;
    }
    bits + rest
}

/// The lower and the upper word.
#[expect(clippy::cast_possible_truncation, reason = "both words are taken")]
const fn words(wide: u64) -> [u32; 2] {
    [wide as u32, (wide >> 32) as u32]
}

#[cfg(kqv_narrow)]
use crate::arch::arm_narrow::rough_reciprocal;

/// (2^32 − 1) / divisor, rounded down, for 2^15 to 2^16.
#[cfg(not(kqv_narrow))]
fn rough_reciprocal(divisor: u32) -> u32 {
    u32::MAX / divisor.max(1)
}

/// `c − a·b / 2^32`, rounded down; `a` and `b` >= 0.
#[cfg(not(kqv_narrow))]
const fn less_product(c: i32, a: i32, b: i32) -> i32 {
    c + ((a as i64 * -b as i64) >> 32) as i32
}

/// The same where no product is wider than 32 bits.
#[cfg(kqv_narrow)]
const fn less_product(c: i32, a: i32, b: i32) -> i32 {
    let (a, b) = (a.cast_unsigned(), b.cast_unsigned());
    let rounds = a.wrapping_mul(b) != 0;
    c - (high_of_halves(a, b) + rounds as u32).cast_signed()
}

/// The high word of a product, from those of its halves.
#[cfg(kqv_narrow)]
const fn high_of_halves(a: u32, b: u32) -> u32 {
    let (a_high, a_low) = (a >> 16, a & 0xffff);
    let (b_high, b_low) = (b >> 16, b & 0xffff);
    let middle = a_high * b_low + ((a_low * b_low) >> 16);
    let other = a_low * b_high + (middle & 0xffff);
    a_high * b_high + (middle >> 16) + (other >> 16)
}

#[cfg(kqv_narrow)]
pub(crate) use crate::arch::arm_narrow::high_word;

/// The high word of a product: one instruction where there is a wide multiplication.
#[cfg(not(kqv_narrow))]
pub(crate) const fn high_word(a: u32, b: u32) -> u32 {
    ((a as u64 * b as u64) >> 32) as u32
}
