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

/// (2^32 − 1) / divisor, rounded down, for 2^15 to 2^16: bit by bit, as many for every divisor.
pub(crate) fn rough_reciprocal(divisor: u32) -> u32 {
    let mut quotient = 0;
    // SAFETY: works on registers only.
    unsafe {
        asm!(
            // The first 15 bits are less than the divisor; each of the other 17 brings a bit of the quotient.
            "1:",
            "adds {rest}, {rest}, {rest}",
            "adds {rest}, #1",
            "subs {rest}, {rest}, {divisor}",
            "sbcs {borrow}, {borrow}",
            "adds {quotient}, {quotient}, {quotient}",
            "adds {quotient}, #1",
            "adds {quotient}, {quotient}, {borrow}",
            "ands {borrow}, {divisor}",
            "adds {rest}, {rest}, {borrow}",
            "subs {bits}, #1",
            "bne 1b",
            divisor = in(reg) divisor,
            quotient = inout(reg) quotient,
            rest = inout(reg) u32::MAX >> 17 => _,
            bits = inout(reg) 17 => _,
            borrow = out(reg) _,
            options(pure, nomem, nostack),
        );
    }
    quotient
}

/// The nearest number of 32 bits, −(2^31 − 1) at least, by borrows: the compiler would branch.
#[expect(clippy::cast_possible_truncation, reason = "both words are taken")]
pub(crate) fn saturated(wide: i64) -> i32 {
    let mut nearest = wide as i32;
    // SAFETY: works on registers only.
    unsafe {
        asm!(
            // `fits` is −1 if the upper word has nothing but the sign of the lower one, else 0.
            "asrs {fits}, {nearest}, #31",
            "eors {fits}, {high}",
            "subs {fits}, #1",
            "sbcs {fits}, {fits}",
            "asrs {high}, {high}, #31",
            "movs {least}, #1",
            "lsls {least}, {least}, #31",
            "eors {high}, {least}",
            "mvns {high}, {high}",
            "ands {nearest}, {fits}",
            "bics {high}, {fits}",
            "orrs {nearest}, {high}",
            // One more than the least.
            "eors {least}, {nearest}",
            "subs {least}, #1",
            "sbcs {least}, {least}",
            "subs {nearest}, {nearest}, {least}",
            nearest = inout(reg) nearest,
            high = inout(reg) (wide >> 32) as i32 => _,
            fits = out(reg) _,
            least = out(reg) _,
            options(pure, nomem, nostack),
        );
    }
    nearest
}
