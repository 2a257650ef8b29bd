//! The mix of the integer core taken apart, for who shows how an output came about; attention itself goes row by row.
//!
//! ```text
//! share = weight · factor >> 32       mixed = Σ (share · value >> product_shift)
//! i8:  output = mixed / total, to the nearest       i16: output = (mixed + half) >> 14
//! ```

use crate::exp::{high_word, share_factor};
use crate::fixed::{Prepared, Quantized};
use crate::integer::Integer;

impl<I: Integer> Quantized<I> {
    /// How many bits are left out of every product of a share and a value, rounded down.
    pub fn product_shift() -> u32 {
        const SHARE: i32 = 1 << 16;
        let one = I::try_from(1).unwrap_or(I::ZERO);
        SHARE.trailing_zeros() - I::weighted(SHARE, one).trailing_zeros()
    }

    /// What turns the weights of a row of `keys`, which add up to `sum`, into shares.
    pub fn share_factor(sum: u64, keys: usize) -> u32 {
        share_factor(sum, I::TOTAL, keys)
    }

    /// The share of a weight >= 0.
    pub fn share(weight: i32, factor: u32) -> i32 {
        high_word(weight.cast_unsigned(), factor).cast_signed()
    }

    /// What a share and a value add to the sum.
    pub fn weighted(share: i32, value: I) -> i32 {
        I::weighted(share, value)
    }

    /// What is added to the size of the sum before the division or the shift, so that it rounds.
    pub fn half(total: u32, keys: usize) -> i32 {
        I::half(total, keys)
    }

    /// The output, from the sum of a column whose `keys` shares add up to `total`.
    pub fn mean(mixed: i32, total: u32, keys: usize) -> I {
        I::mean(mixed, total, keys)
    }
}

impl Prepared {
    /// From the distance of two cells to the exponent of two.
    pub fn exponent(&self) -> crate::exp::Exponent {
        self.exponent
    }

    /// A step of a cell is 2^this units of Σ q·k.
    pub fn step_bits(&self) -> u32 {
        self.step_bits
    }
}
