//! f32 arithmetic for chips without any: a number taken apart, multiplied and added, and put together.
//!
//! Every operation rounds to 24 bits, to the nearest and halves to even, as IEEE 754 says. What is left
//! out is what makes the ordinary routines slow: numbers stay apart from one operation to the next, and
//! the exponent has no end, so nothing overflows and nothing is subnormal. Whoever uses it makes sure
//! that the ordinary operations would not have met these either.

#![expect(
    clippy::inline_always,
    reason = "a number apart is three registers; handed through memory it costs as much as the sum itself"
)]

/// A number apart: ± `magnitude` · 2^(`exponent` − 30).
#[derive(Clone, Copy, Debug)]
#[repr(C)] // as `arch` knows it
pub(crate) struct Soft {
    /// Only the highest bit counts: set if the number is negative.
    sign: u32,
    exponent: i32,
    /// 2^30 to 2^31, or 0; the lowest seven bits are zero.
    magnitude: u32,
}

/// The sign of an f32, and of a [`Soft`].
const SIGN: u32 = 1 << 31;
/// Below the 24 bits of a magnitude.
const REST_BITS: u32 = 7;
const REST: u32 = (1 << REST_BITS) - 1;
/// The leading bit of a magnitude.
const LEAD: u32 = 1 << 30;
/// The fraction of an f32, and the bit before it that is not written.
const FRACTION: u32 = HIDDEN - 1;
const HIDDEN: u32 = 1 << 23;
/// What lies that many bits lower cannot change a sum, not even one that was a power of two.
const GONE: i32 = 27;

impl Soft {
    /// So small that it is gone beside every other number.
    pub(crate) const ZERO: Self = Self {
        sign: 0,
        exponent: -10_000,
        magnitude: 0,
    };

    /// Takes apart a number that is zero or normal: neither subnormal, nor infinite, nor NaN.
    #[inline]
    pub(crate) const fn new(x: f32) -> Self {
        let bits = x.to_bits();
        if bits << 1 == 0 {
            return Self::ZERO;
        }
        Self {
            sign: bits,
            exponent: exponent_field(x) - 127,
            magnitude: (bits & FRACTION | HIDDEN) << REST_BITS,
        }
    }

    /// The number put together, if an f32 holds it as a normal number, or if it is zero.
    pub(crate) fn to_f32(self) -> Option<f32> {
        let sign = self.sign & SIGN;
        if self.magnitude == 0 {
            return Some(f32::from_bits(sign));
        }
        let field = u32::try_from(self.exponent + 126).ok()?;
        // The leading bit of the magnitude adds the one that is missing in `field`.
        let bits = (field << 23) + (self.magnitude >> REST_BITS);
        (field < 254).then(|| f32::from_bits(bits | sign))
    }

    /// −`self`.
    pub(crate) const fn negated(self) -> Self {
        Self {
            sign: !self.sign,
            ..self
        }
    }

    /// `self` · 2^`n`.
    pub(crate) const fn shifted(self, n: i32) -> Self {
        Self {
            exponent: self.exponent + n,
            ..self
        }
    }

    /// The product, rounded.
    pub(crate) fn times(self, other: Self) -> Self {
        self.rounded_product(other).settled()
    }

    /// `self + a · b`, the product rounded and then the sum.
    #[inline(never)] // small code: a chip without floating point has little flash
    pub(crate) fn plus_product(self, a: Self, b: Self) -> Self {
        self.plus_here(a.rounded_product(b))
    }

    /// The product, rounded; its magnitude may be 2^31.
    #[inline(always)]
    fn rounded_product(self, other: Self) -> Self {
        let (high, low) = product(self.magnitude >> REST_BITS, other.magnitude >> REST_BITS);
        let mut exponent = self.exponent + other.exponent;
        let mut magnitude = high | u32::from(low != 0);
        if high >= 2 * LEAD {
            magnitude = high >> 1 | magnitude & 1;
            exponent += 1;
        }
        Self {
            sign: self.sign ^ other.sign,
            exponent,
            magnitude: rounded(magnitude),
        }
    }

    /// The sum, rounded; the magnitude of `other` may be 2^31.
    #[inline(never)]
    pub(crate) fn plus(self, other: Self) -> Self {
        self.plus_here(other)
    }

    /// [`plus`](Self::plus), where a call would cost too much.
    #[inline(always)]
    fn plus_here(self, other: Self) -> Self {
        let opposite = (self.sign ^ other.sign) & SIGN != 0;
        let gap = self.exponent - other.exponent;
        let (sign, exponent, big, small) = if gap >= 0 {
            if gap >= GONE {
                return self;
            }
            let small = shifted_right(other.magnitude, gap);
            (self.sign, self.exponent, self.magnitude, small)
        } else {
            if gap <= -GONE {
                return other.settled();
            }
            let small = shifted_right(self.magnitude, -gap);
            (other.sign, other.exponent, other.magnitude, small)
        };
        if opposite {
            Self::difference(sign, exponent, big, small)
        } else {
            Self::sum(sign, exponent, big + small)
        }
    }

    /// Of two magnitudes, rounded.
    #[inline(always)]
    fn sum(sign: u32, mut exponent: i32, mut magnitude: u32) -> Self {
        if magnitude >= 2 * LEAD {
            magnitude = magnitude >> 1 | magnitude & 1;
            exponent += 1;
        }
        Self {
            sign,
            exponent,
            magnitude: rounded(magnitude),
        }
        .settled()
    }

    /// Of two magnitudes, rounded; where the second is greater, they have the same exponent.
    #[inline(always)]
    fn difference(mut sign: u32, mut exponent: i32, big: u32, small: u32) -> Self {
        let mut magnitude = big.wrapping_sub(small);
        if small > big {
            magnitude = magnitude.wrapping_neg();
            sign = !sign;
        }
        if magnitude == 0 {
            return Self::ZERO;
        }
        while magnitude < LEAD {
            magnitude <<= 1;
            exponent -= 1;
        }
        Self {
            sign,
            exponent,
            magnitude: rounded(magnitude),
        }
        .settled()
    }

    /// With a magnitude below 2^31.
    #[inline(always)]
    fn settled(self) -> Self {
        if self.magnitude < 2 * LEAD {
            return self;
        }
        Self {
            magnitude: self.magnitude >> 1,
            exponent: self.exponent + 1,
            ..self
        }
    }

    /// Whether it is smaller than `other`; both are at most zero.
    pub(crate) fn lies_below(self, other: Self) -> bool {
        (self.exponent, self.magnitude) > (other.exponent, other.magnitude)
    }

    /// The lowest eight bits of the whole number that it is, 2^23 to 2^24.
    pub(crate) fn low_byte(self) -> u32 {
        self.magnitude >> REST_BITS & 0xff
    }

    /// `n` as a number, for n < 256.
    pub(crate) fn from_byte(n: u32) -> Self {
        let mut number = Self {
            sign: 0,
            exponent: 7,
            magnitude: n << 23,
        };
        if n == 0 {
            return Self::ZERO;
        }
        while number.magnitude < LEAD {
            number.magnitude <<= 1;
            number.exponent -= 1;
        }
        number
    }
}

/// `((sum + a0 b0) + a1 b1) + …`, with every `stride`-th number of `b`; all are zero or normal.
#[cfg_attr(kqv_soft, expect(dead_code, reason = "the twin of the one in arch"))]
pub(crate) fn plus_products(mut sum: Soft, a: &[f32], mut b: &[f32], stride: usize) -> Soft {
    for &x in a {
        let Some(&y) = b.first() else {
            break;
        };
        b = b.get(stride..).unwrap_or_default();
        if x.to_bits() << 1 != 0 && y.to_bits() << 1 != 0 {
            sum = sum.plus_here(Soft::new(x).rounded_product(Soft::new(y)));
        }
    }
    sum
}

/// The exponent of an f32 as it lies there: 0 of zero and the subnormal numbers, 255 of what is not finite.
#[inline(always)]
pub(crate) const fn exponent_field(x: f32) -> i32 {
    (x.to_bits() << 1 >> 24).cast_signed()
}

/// What is shifted out leaves a one, so that a half stays more than a half; `by` is 0 to 26.
#[inline(always)]
fn shifted_right(magnitude: u32, by: i32) -> u32 {
    let kept = magnitude >> by;
    if by <= REST_BITS.cast_signed() || kept << by == magnitude {
        return kept;
    }
    kept | 1
}

/// A magnitude to 24 bits: to the nearest, halves to even; up to 2^31.
#[inline(always)]
fn rounded(magnitude: u32) -> u32 {
    (magnitude + (REST >> 1) + (magnitude >> REST_BITS & 1)) & !REST
}

/// The upper 32 bits of a product of two 24-bit numbers, and something that is zero only if the others are.
#[inline(always)]
fn product(a: u32, b: u32) -> (u32, u32) {
    // A Cortex-M0 has no multiplication with a result of 64 bits.
    if cfg!(kqv_narrow) {
        return product_in_parts(a, b);
    }
    let product = u64::from(a) * u64::from(b);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "48 bits less 16, and what is below"
    )]
    ((product >> 16) as u32, product as u32 & 0xffff)
}

/// [`product`] by multiplications whose result has 32 bits.
#[inline(always)]
fn product_in_parts(a: u32, b: u32) -> (u32, u32) {
    let (a_high, a_low) = (a >> 16, a & 0xffff);
    let (b_high, b_low) = (b >> 16, b & 0xffff);
    let low = a_low * b_low;
    let high = ((a_high * b_high) << 16) + a_high * b_low + a_low * b_high + (low >> 16);
    (high, low & 0xffff)
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;

    /// A normal number: any bits, a few exponents, or a power of two and its neighbours.
    fn any(rng: &mut Rng) -> f32 {
        let field = match rng.u8(..4) {
            0 => rng.u32(64..190),
            1 => rng.u32(120..130),
            _ => 127,
        };
        let fraction = match rng.u8(..4) {
            0 => rng.u32(..1 << 23),
            1 => rng.u32(..4),
            2 => (1 << 23) - 1 - rng.u32(..4),
            _ => rng.u32(..1 << 23) & rng.u32(..1 << 23) & rng.u32(..1 << 23),
        };
        f32::from_bits(rng.u32(..2) << 31 | field << 23 | fraction)
    }

    #[test]
    fn products_and_sums_have_the_bits_of_the_hardware() {
        let mut rng = Rng::with_seed(61);
        for _ in 0..4_000_000 {
            let (a, b) = (any(&mut rng), any(&mut rng));
            // Sums that nearly cancel are the hard ones.
            let c = if rng.bool() {
                any(&mut rng)
            } else {
                -(a * b) + any(&mut rng) * 1e-7
            };
            let bits = |soft: Soft| soft.to_f32().map(f32::to_bits);
            assert_eq!(
                bits(Soft::new(a).times(Soft::new(b))),
                Some((a * b).to_bits())
            );
            let sum = Soft::new(c).plus_product(Soft::new(a), Soft::new(b));
            let expected = (c + a * b).to_bits();
            assert_eq!(bits(sum), Some(expected), "{c:e} + {a:e} · {b:e}");
            let difference = Soft::new(a).plus(Soft::new(b).negated());
            assert_eq!(bits(difference), Some((a - b).to_bits()), "{a:e} - {b:e}");
        }
    }

    #[test]
    fn zero_adds_and_multiplies() {
        let (zero, two) = (Soft::ZERO, Soft::new(-2.0));
        for sum in [zero.plus(two), two.plus(zero), two.plus_product(zero, two)] {
            assert_eq!(sum.to_f32(), Some(-2.0));
        }
        for zero in [
            zero.plus(zero),
            two.plus(two.negated()),
            Soft::new(-0.0).plus(zero),
        ] {
            assert_eq!(zero.to_f32().map(f32::to_bits), Some(0));
        }
        assert_eq!(zero.times(two).to_f32().map(f32::to_bits), Some(1 << 31));
    }

    #[test]
    fn a_product_in_parts_is_the_product() {
        let mut rng = Rng::with_seed(62);
        for _ in 0..100_000 {
            let (a, b) = (rng.u32(1 << 23..1 << 24), rng.u32(1 << 23..1 << 24));
            assert_eq!(product_in_parts(a, b), product(a, b));
        }
    }

    #[test]
    fn what_an_f32_does_not_hold_as_a_normal_number_is_none() {
        let (tiny, huge) = (Soft::new(f32::MIN_POSITIVE), Soft::new(f32::MAX));
        assert_eq!(tiny.to_f32(), Some(f32::MIN_POSITIVE));
        assert_eq!(huge.to_f32(), Some(f32::MAX));
        assert_eq!(tiny.shifted(-1).to_f32(), None);
        assert_eq!(huge.shifted(1).to_f32(), None);
    }

    #[test]
    fn bytes_become_numbers_and_whole_numbers_bytes() {
        for n in 0..=255_u8 {
            assert_eq!(Soft::from_byte(n.into()).to_f32(), Some(f32::from(n)));
            let whole = Soft::new(8_388_608.0 + f32::from(n));
            assert_eq!(whole.low_byte(), u32::from(n));
        }
    }
}
