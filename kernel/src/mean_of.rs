//! What the means of a row of V can be: integers like its values, or of i8 some that are 256 times as fine.

#[cfg(kqv_riscv)]
use crate::arch::riscv;
use crate::fine::FINER;
use crate::fours::{EIGHT, mix_eight};
use crate::integer::Core;

/// A mean of values `I`.
pub trait MeanOf<I: Copy>: Core {
    /// What a share of [`TOTAL`](Core::TOTAL) and a value add to a sum; the sums stay in 32 bits.
    fn weighted(share: i32, value: I) -> i32;

    /// Eight columns of V (S, E) from `first` on, each row times its share for either query.
    fn sums_of_two(shares: [&[i32]; 2], v: &[I], width: usize, first: usize) -> [[i32; EIGHT]; 2] {
        shares.map(|shares| mix_eight(shares, v, width, first, Self::weighted))
    }
}

impl MeanOf<i8> for i8 {
    fn weighted(share: i32, value: i8) -> i32 {
        share * i32::from(value)
    }

    #[cfg(kqv_riscv)]
    fn sums_of_two(shares: [&[i32]; 2], v: &[i8], width: usize, first: usize) -> [[i32; EIGHT]; 2] {
        riscv::sums_of_two_i8(shares, v, width, first).unwrap_or_default()
    }
}

impl MeanOf<i8> for i16 {
    /// share · 256·value / 2^16, rounded down.
    fn weighted(share: i32, value: i8) -> i32 {
        <i16 as MeanOf<i16>>::weighted(share, i16::from(value) * FINER)
    }

    #[cfg(kqv_riscv)]
    fn sums_of_two(shares: [&[i32]; 2], v: &[i8], width: usize, first: usize) -> [[i32; EIGHT]; 2] {
        riscv::sums_of_two_fine_i8(shares, v, width, first).unwrap_or_default()
    }
}

impl MeanOf<i16> for i16 {
    /// share · value / 2^16, rounded down: what `SMLAWB` of a Cortex-M4 adds.
    #[cfg(any(target_arch = "riscv32", all(target_arch = "arm", not(kqv_narrow))))]
    fn weighted(share: i32, value: i16) -> i32 {
        let product = i64::from(share) * i64::from(i32::from(value) << 16);
        (product >> 32) as i32 // the high word: MULH, or that of SMULL
    }

    /// share · value / 2^16, rounded down: what `SMLAWB` of a Cortex-M4 adds.
    #[cfg(not(any(target_arch = "riscv32", all(target_arch = "arm", not(kqv_narrow)))))]
    fn weighted(share: i32, value: i16) -> i32 {
        // In halves, as a Cortex-M0 has no wider multiplication.
        let value = i32::from(value);
        (share >> 16) * value + (((share & 0xffff) * value) >> 16)
    }

    #[cfg(kqv_riscv)]
    fn sums_of_two(
        shares: [&[i32]; 2],
        v: &[i16],
        width: usize,
        first: usize,
    ) -> [[i32; EIGHT]; 2] {
        riscv::sums_of_two_i16(shares, v, width, first).unwrap_or_default()
    }
}
