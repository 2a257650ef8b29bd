//! The two integers that Q, K and V can be made of, and their bounds.

use crate::mean_of::MeanOf;

/// An integer that Q, K and V can be made of: `i8` or `i16`.
pub trait Integer: Core + MeanOf<Self> {}

impl Integer for i8 {}
impl Integer for i16 {}

#[cfg(any(kqv_dsp, all(feature = "std", target_arch = "x86_64")))]
pub(crate) use width::half_i16;
pub(crate) use width::{Core, saturated};
pub(crate) use width::{TOTAL_BITS, TOTAL_BITS_I8};

mod width {
    use fixed::Saturating;
    use fixed::types::{I13F19, I16F16};

    #[cfg(kqv_dsp)]
    use crate::arch::arm_integer;
    #[cfg(kqv_narrow)]
    use crate::arch::arm_narrow;
    #[cfg(kqv_riscv)]
    use crate::arch::riscv;
    use crate::arch::straight::sign_mask;
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    use crate::arch::x86_integer;
    use crate::attention::Attention;
    use crate::fixed::Prepared;
    use crate::fours;
    use crate::modify::Modify;
    #[cfg(kqv_dsp)]
    use crate::pairs;
    use crate::score::Score;
    use crate::view::Qkv;

    /// What differs between the widths; the bounds are proven for these two only.
    pub trait Core: Copy + Into<i64> + Into<f64> + TryFrom<i64> {
        /// Holds Σ q·k.
        type Dot: Into<i64>;
        /// A score in real units, 32 bits.
        type Score: Score;
        /// What the last place of a score stands for.
        const SCORE_UNIT: f64;
        const ZERO: Self;
        const MIN: Self;
        const MAX: Self;
        /// The widest query whose dot product and differences of dot products cannot overflow.
        const MAX_WIDTH: usize;
        /// Whether dot products are too wide for a cell, so that it holds a difference of two.
        const RELATIVE: bool;
        /// What the weights of a row add up to when they are mixed.
        const TOTAL: u32;

        /// How many of those make one, as a power of two.
        const SCORE_BITS: u32;

        /// Σ q·k, exact.
        fn dot(q: &[Self], k: &[Self]) -> Self::Dot;
        /// The score with these bits, or the nearest end of its range.
        fn score(bits: i64) -> Self::Score;
        /// The bits of a score.
        fn bits(score: Self::Score) -> i32;
        /// How many queries [`attend`](crate::attend) has scratch for.
        const QUERIES_AT_ONCE: usize = 1;

        /// Attends for the first queries, in tiles, several at once or without a detour, as a processor can; returns
        /// for how many.
        fn attend_fast<M: Modify>(
            _: Prepared,
            _: Qkv<'_, Self>,
            _: Attention<M>,
            _: &mut [i32],
            _: &mut [Self],
        ) -> usize {
            0
        }
        /// Σ q·k of two queries with the first keys, a row of cells each; returns of how many keys.
        fn score_two(_: [&[Self]; 2], _: &[Self], _: [&mut [i32]; 2]) -> usize {
            0
        }
        /// Does the work of a row of cells for the first so many keys, as a chip can; returns for how many.
        fn score_fast(_: Prepared, _: &[Self], _: &[Self], _: &mut [i32]) -> usize {
            0
        }
        /// The same four keys at a time.
        fn score_fours(_: Prepared, _: &[Self], _: &[Self], _: &mut [i32]) -> usize;
        /// Σ q·k as a chip can.
        fn dot_fast(_: &[Self], _: &[Self]) -> Option<i64> {
            None
        }
        /// The means of the first columns of `v` as a chip can; returns of how many.
        fn mix_fast(_: &[i32], _: &[Self], _: u32, _: &mut [Self]) -> usize {
            0
        }
        /// Four columns of `v` from one on, each row times its share, as a chip can.
        fn mix_four_fast(_: &[i32], _: &[Self], _: usize, _: usize) -> Option<[i32; 4]> {
            None
        }
        /// The mean, from the sum of what was weighted, for `keys` shares that add up to `total`.
        fn mean(mixed: i32, total: u32, keys: usize) -> Self;
        /// What `mean` adds to the size of a sum before it divides.
        fn half(total: u32, keys: usize) -> i32;
    }

    impl Core for i8 {
        type Dot = i32;
        type Score = Saturating<I16F16>;
        const SCORE_UNIT: f64 = 1.0 / 65_536.0;
        const SCORE_BITS: u32 = 16;
        const ZERO: Self = 0;
        const MIN: Self = Self::MIN;
        const MAX: Self = Self::MAX;
        const MAX_WIDTH: usize = 1 << 16; // |Σ| <= 2^14 · 2^16 = 2^30
        const RELATIVE: bool = false;
        const TOTAL: u32 = (1 << TOTAL_BITS_I8) - (1 << 17); // with half a unit for each of 2^17 keys still below

        #[cfg(kqv_dsp)]
        const QUERIES_AT_ONCE: usize = 4; // two, and room for what is read of them

        #[cfg(kqv_dsp)]
        fn attend_fast<M: Modify>(
            prepared: Prepared,
            qkv: Qkv<'_, i8>,
            attention: Attention<M>,
            scratch: &mut [i32],
            output: &mut [i8],
        ) -> usize {
            pairs::attend_i8(prepared, qkv, attention, scratch, output)
        }

        #[cfg(kqv_riscv)]
        const QUERIES_AT_ONCE: usize = 2;

        #[cfg(kqv_riscv)]
        fn score_two(q: [&[i8]; 2], keys: &[i8], cells: [&mut [i32]; 2]) -> usize {
            riscv::score_two_i8(q, keys, cells)
        }

        #[cfg(not(kqv_riscv))]
        fn score_two(q: [&[i8]; 2], keys: &[i8], [one, other]: [&mut [i32]; 2]) -> usize {
            fours::score_i8(q[0], keys, one).min(fours::score_i8(q[1], keys, other))
        }

        #[cfg_attr(target_os = "none", inline(never))] // for registers of its own
        fn dot(q: &[i8], k: &[i8]) -> i32 {
            let mut dot = 0;
            for (&q, &k) in q.iter().zip(k) {
                dot += i32::from(q) * i32::from(k);
            }
            dot
        }

        fn score_fours(_: Prepared, q: &[i8], keys: &[i8], cells: &mut [i32]) -> usize {
            fours::score_i8(q, keys, cells)
        }

        #[cfg(kqv_dsp)]
        fn score_fast(_: Prepared, q: &[i8], keys: &[i8], cells: &mut [i32]) -> usize {
            arm_integer::score_i8(q, keys, cells)
        }

        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        fn score_fast(_: Prepared, q: &[i8], keys: &[i8], cells: &mut [i32]) -> usize {
            x86_integer::score_i8(q, keys, cells)
        }

        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        fn attend_fast<M: Modify>(
            prepared: Prepared,
            qkv: Qkv<'_, Self>,
            attention: Attention<M>,
            scratch: &mut [i32],
            output: &mut [Self],
        ) -> usize {
            x86_integer::attend(prepared, qkv, attention, scratch, output)
        }

        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        fn mix_fast(shares: &[i32], v: &[i8], total: u32, output: &mut [i8]) -> usize {
            x86_integer::mix(shares, v, total, output)
        }

        #[cfg(kqv_dsp)]
        fn mix_fast(shares: &[i32], v: &[i8], total: u32, output: &mut [i8]) -> usize {
            arm_integer::mix_i8(shares, v, total, output)
        }

        #[cfg(kqv_narrow)]
        fn score_fast(_: Prepared, q: &[i8], keys: &[i8], cells: &mut [i32]) -> usize {
            arm_narrow::score_i8(q, keys, cells)
        }

        #[cfg(kqv_narrow)]
        fn mix_four_fast(shares: &[i32], v: &[i8], width: usize, first: usize) -> Option<[i32; 4]> {
            arm_narrow::mix_i8(shares, v, width, first)
        }

        fn score(bits: i64) -> Self::Score {
            Saturating(I16F16::from_bits(saturated(bits)))
        }

        fn bits(score: Self::Score) -> i32 {
            score.0.to_bits()
        }

        /// To the nearest, halves away from zero.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "no mean lies beyond the values"
        )]
        fn mean(mixed: i32, total: u32, _: usize) -> Self {
            // The half is rounded down where the total is odd: then no quotient lies halfway.
            let half = Self::half(total, 0).unsigned_abs();
            let size = divided(mixed.unsigned_abs() + half, total).cast_signed();
            let sign = sign_mask(mixed);
            // A mean lies between the least and the greatest value, so it fits.
            ((size ^ sign) - sign) as Self
        }

        fn half(total: u32, _: usize) -> i32 {
            (total / 2).cast_signed()
        }
    }

    impl Core for i16 {
        type Dot = i64;
        type Score = Saturating<I13F19>;
        const SCORE_UNIT: f64 = 1.0 / 524_288.0;
        const SCORE_BITS: u32 = 19;
        const ZERO: Self = 0;
        const MIN: Self = Self::MIN;
        const MAX: Self = Self::MAX;
        const MAX_WIDTH: usize = 1 << 30; // |Σ| <= 2^30 · 2^30 = 2^60
        const RELATIVE: bool = true;
        const TOTAL: u32 = 1 << TOTAL_BITS;

        #[cfg(kqv_riscv)]
        const QUERIES_AT_ONCE: usize = 2;

        #[cfg(kqv_dsp)]
        fn attend_fast<M: Modify>(
            prepared: Prepared,
            qkv: Qkv<'_, i16>,
            attention: Attention<M>,
            scratch: &mut [i32],
            output: &mut [i16],
        ) -> usize {
            pairs::attend_i16(prepared, qkv, attention, scratch, output)
        }

        #[cfg_attr(target_os = "none", inline(never))] // for registers of its own
        fn dot(q: &[i16], k: &[i16]) -> i64 {
            let mut dot = 0;
            for (&q, &k) in q.iter().zip(k) {
                dot += i64::from(i32::from(q) * i32::from(k));
            }
            dot
        }

        fn score_fours(prepared: Prepared, q: &[i16], keys: &[i16], cells: &mut [i32]) -> usize {
            fours::score_i16(prepared, q, keys, cells)
        }

        #[cfg(kqv_dsp)]
        fn score_fast(prepared: Prepared, q: &[i16], keys: &[i16], cells: &mut [i32]) -> usize {
            arm_integer::score_i16(q, keys, prepared.step_bits, prepared.base, cells)
        }

        #[cfg(kqv_narrow)]
        fn score_fast(prepared: Prepared, q: &[i16], keys: &[i16], cells: &mut [i32]) -> usize {
            arm_narrow::score_i16(q, keys, prepared.step_bits, prepared.base, cells)
        }

        #[cfg(kqv_narrow)]
        fn mix_four_fast(
            shares: &[i32],
            v: &[i16],
            width: usize,
            first: usize,
        ) -> Option<[i32; 4]> {
            arm_narrow::mix_i16(shares, v, width, first)
        }

        #[cfg(kqv_dsp)]
        fn dot_fast(q: &[i16], k: &[i16]) -> Option<i64> {
            arm_integer::dot_i16(q, k)
        }

        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        fn score_fast(prepared: Prepared, q: &[i16], keys: &[i16], cells: &mut [i32]) -> usize {
            x86_integer::score_i16(prepared.step_bits, prepared.base, q, keys, cells)
        }

        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        fn attend_fast<M: Modify>(
            prepared: Prepared,
            qkv: Qkv<'_, Self>,
            attention: Attention<M>,
            scratch: &mut [i32],
            output: &mut [Self],
        ) -> usize {
            x86_integer::attend(prepared, qkv, attention, scratch, output)
        }

        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        fn mix_fast(shares: &[i32], v: &[i16], total: u32, output: &mut [i16]) -> usize {
            x86_integer::mix(shares, v, total, output)
        }

        #[cfg(kqv_dsp)]
        fn mix_fast(shares: &[i32], v: &[i16], _: u32, output: &mut [i16]) -> usize {
            arm_integer::mix_i16(shares, v, half_i16(shares.len()), output)
        }

        fn score(bits: i64) -> Self::Score {
            Saturating(I13F19::from_bits(saturated(bits)))
        }

        fn bits(score: Self::Score) -> i32 {
            score.0.to_bits()
        }

        fn mean(mixed: i32, _: u32, keys: usize) -> Self {
            saturated_i16((mixed + Self::half(0, keys)) >> (TOTAL_BITS - 16))
        }

        fn half(_: u32, keys: usize) -> i32 {
            half_i16(keys)
        }
    }

    /// What rounding down took from each key on average, and half of the last place.
    pub(crate) fn half_i16(keys: usize) -> i32 {
        i32::try_from(keys / 2).unwrap_or(0) + (1 << (TOTAL_BITS - 17))
    }

    /// |Σ share·value / 2^16| <= 2^30 · 2^15 / 2^16 = 2^29.
    pub(crate) const TOTAL_BITS: u32 = 30;
    /// What the shares of i8 stay below: |Σ share·value| <= 2^24 · 2^7 = 2^31.
    pub(crate) const TOTAL_BITS_I8: u32 = 24;

    #[cfg(kqv_narrow)]
    pub(crate) use crate::arch::arm_narrow::saturated;
    #[cfg(kqv_riscv)]
    pub(crate) use crate::arch::riscv::saturated;

    /// The nearest that fits, −(2^31 − 1) at least, by masks: no branch.
    #[cfg(not(any(kqv_narrow, kqv_riscv)))]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low word, where it is all there is; else the sign"
    )]
    pub(crate) const fn saturated(wide: i64) -> i32 {
        let low = wide as i32;
        let beyond = -((wide != low as i64) as i32);
        let end = (wide >> 63) as i32 ^ i32::MAX;
        let nearest = low & !beyond | end & beyond;
        nearest + (nearest == i32::MIN) as i32
    }

    /// `size / total`, rounded down, for quotients of 128 at most.
    #[cfg(not(kqv_narrow))]
    fn divided(size: u32, total: u32) -> u32 {
        size.checked_div(total).unwrap_or(0)
    }

    /// The same where no instruction divides: the total lies below 2^24 by 1.2 % at most, with
    /// what 2^17 keys lose by rounding, so that a shift is at most two short.
    #[cfg(kqv_narrow)]
    fn divided(size: u32, total: u32) -> u32 {
        let quotient = size >> TOTAL_BITS_I8;
        let mut rest = (size - quotient * total).cast_signed();
        let (mut quotient, total) = (quotient.cast_signed(), total.cast_signed());
        for _ in 0..2 {
            rest -= total;
            let short = sign_mask(rest);
            rest += total & short;
            quotient += 1 + short;
        }
        quotient.cast_unsigned()
    }

    /// The nearest that fits: SSAT, where there is such an instruction.
    #[cfg(not(any(kqv_narrow, kqv_riscv)))]
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the range")]
    fn saturated_i16(wide: i32) -> i16 {
        wide.clamp(i16::MIN.into(), i16::MAX.into()) as i16
    }

    /// The nearest that fits, by masks: |wide| <= 2^17, so that no difference overflows.
    #[cfg(any(kqv_narrow, kqv_riscv))]
    #[expect(clippy::cast_possible_truncation, reason = "made to fit")]
    fn saturated_i16(wide: i32) -> i16 {
        let to_greatest = i32::from(i16::MAX) - wide;
        let from_least = wide - i32::from(i16::MIN);
        let below = from_least & sign_mask(from_least);
        let above = to_greatest & sign_mask(to_greatest);
        (wide + above - below) as i16
    }
}
