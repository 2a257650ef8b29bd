//! What would pass an accumulator of the integer core does not compile.

use crate::fixed::Quantized;
use crate::format::Format;
use crate::integer::{Core, TOTAL_BITS, TOTAL_BITS_I8};

const I8: i128 = i8::MIN as i128;
const I16: i128 = i16::MIN as i128;
const KEYS: usize = <Quantized<i8> as Format>::MAX_KEYS;
const I32_MAX: i128 = i32::MAX as i128;

/// |Σ q·k| of so many columns.
const fn greatest_dot(least: i128, columns: usize) -> i128 {
    least * least * columns as i128
}

/// |Σ share·value|: shares may pass their total by half a unit for each key.
const fn greatest_mix(total: u32, least: i128) -> i128 {
    (total as i128 + KEYS as i128 / 2) * -least
}

/// Q·K: that of i8 in i32; that of i16 in i64, with half a step beside it.
const _: () = {
    assert!(greatest_dot(I8, <i8 as Core>::MAX_WIDTH) <= I32_MAX);
    assert!(greatest_dot(I16, <i16 as Core>::MAX_WIDTH) + (1 << 33) <= i64::MAX as i128);
};

/// On a chip with DSP instructions no cell of i8 is below zero, and zero below all.
#[cfg(kqv_dsp)]
const _: () = {
    const BIAS: i128 = crate::arch::arm_integer::BIAS as i128;
    const REACH: i128 = greatest_dot(I8, crate::pairs::MAX_WIDTH);
    assert!(REACH < BIAS && BIAS + REACH <= I32_MAX);
};

/// Sums of i16 in 32 bits: one of low halves, without a sign, and one of upper halves.
const _: () = {
    const COLUMNS: i128 = crate::fours::MAX_WIDTH_I16 as i128;
    assert!(COLUMNS / 2 * 0xffff <= u32::MAX as i128);
    assert!(COLUMNS / 2 * (1 << 15) <= I32_MAX);
};

/// The weights of a row in u64: one is 2^30.
const _: () = assert!((KEYS as u128) << 30 <= u64::MAX as u128);

/// P·V of i8 in i32, and with 128 added to values, as they are packed, in u32; of i16 in i32, in units of 2^16.
const _: () = {
    const HALF: i128 = 1 << (TOTAL_BITS - 17);
    assert!(greatest_mix(<i8 as Core>::TOTAL, I8) <= I32_MAX);
    assert!(greatest_mix(<i8 as Core>::TOTAL, 2 * I8 + 1) <= u32::MAX as i128);
    assert!(greatest_mix(<i16 as Core>::TOTAL, I16) / (1 << 16) + KEYS as i128 + HALF <= I32_MAX);
};

/// The mean of i8 where no instruction divides: at most 128.5 totals over 2^24 instead of the total itself, both
/// rounded down, are at most two short.
const _: () = {
    const ABOVE: i128 = 1 << TOTAL_BITS_I8;
    const MOST: i128 = <i8 as Core>::TOTAL as i128 + KEYS as i128 / 2;
    const LEAST: i128 = MOST - KEYS as i128; // rounding down takes less than a unit from each
    assert!(MOST < ABOVE);
    assert!(257 * (ABOVE - LEAST) < 2 * 2 * ABOVE);
};
