//! i8 and i16 on a Cortex-M0, whose products have 32 bits and whose instructions reach eight registers.
//!
//! The compiler runs out of them, keeps sums in memory and branches where a mask would do. Here
//!
//! - Q·K of i8 takes four keys at a time, with their sums in the registers that only an addition reaches, 3.6
//!   instructions for a multiply-add; that of i16 two keys, 5.5 instructions, in two sums of 32 bits: one of the low
//!   words and one of the upper halves of what two columns add;
//! - 2⁻ˣ is a straight line of 118 instructions, 70 of them for the five steps of the polynomial;
//! - P·V takes four columns at a time: 5 instructions for i8, 8.8 for i16, whose shares are taken in halves.

#![expect(
    unsafe_code,
    reason = "the compiler does not keep these loops in registers"
)]

use core::arch::asm;

pub(crate) use mix::{mix_i8, mix_i8_fine, mix_i16};
pub(crate) use score::{score_i8, score_i16};
pub(crate) use weigh::{greatest, share, weigh};

mod mix;
mod score;
mod weigh;

/// Keys, or columns of V, that are worked on at once.
const FOUR: usize = 4;

/// The high word of a product, from those of its halves.
///
/// Written down in Rust, the compiler sees what it is, and calls a library for all of the product.
pub(crate) fn high_word(mut a: u32, b: u32) -> u32 {
    // SAFETY: works on registers only.
    unsafe {
        asm!(
            "uxth {low}, {a}",
            "lsrs {a}, {a}, #16",
            "uxth {middle}, {b}",
            "lsrs {b}, {b}, #16",
            "mov {carry}, {low}",
            "muls {carry}, {middle}, {carry}",
            "lsrs {carry}, {carry}, #16",
            "muls {middle}, {a}, {middle}",
            "adds {middle}, {middle}, {carry}",
            "muls {low}, {b}, {low}",
            "muls {a}, {b}, {a}",
            "uxth {carry}, {middle}",
            "adds {low}, {low}, {carry}",
            "lsrs {middle}, {middle}, #16",
            "lsrs {low}, {low}, #16",
            "adds {a}, {a}, {middle}",
            "adds {a}, {a}, {low}",
            a = inout(reg) a,
            b = inout(reg) b => _,
            low = out(reg) _,
            middle = out(reg) _,
            carry = out(reg) _,
            options(pure, nomem, nostack),
        );
    }
    a
}
