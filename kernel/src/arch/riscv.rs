//! RISC-V cores with multiplication: the loops of [`fours`](crate::fours) and [`two_rows`](crate::two_rows), and
//! what the compiler would branch for.

#![expect(
    unsafe_code,
    reason = "the compiler branches where masks would do, and so takes longer for some numbers"
)]

use core::arch::{asm, naked_asm};

pub(crate) use mix::{sums_of_two_fine_i8, sums_of_two_i8, sums_of_two_i16};
pub(crate) use score::{score_two_i8, sums_i8, sums_i16};

mod mix;
mod score;

/// Rows of K that share a load of Q, and columns of a step.
const FOUR: usize = 4;

/// The nearest number of 32 bits, −(2^31 − 1) at least, by masks: the compiler would branch.
#[expect(clippy::cast_possible_truncation, reason = "both words are taken")]
pub(crate) fn saturated(wide: i64) -> i32 {
    let mut nearest = wide as i32;
    // SAFETY: works on registers only.
    unsafe {
        asm!(
            // A mask, if the upper word has more than the sign of the lower one.
            "srai {mask}, {nearest}, 31",
            "xor {mask}, {mask}, {high}",
            "snez {mask}, {mask}",
            "neg {mask}, {mask}",
            "srai {high}, {high}, 31",
            "xor {high}, {high}, {greatest}",
            "xor {high}, {high}, {nearest}",
            "and {high}, {high}, {mask}",
            "xor {nearest}, {nearest}, {high}",
            // One more than the least.
            "xor {mask}, {nearest}, {greatest}",
            "addi {mask}, {mask}, 1",
            "seqz {mask}, {mask}",
            "add {nearest}, {nearest}, {mask}",
            nearest = inout(reg) nearest,
            high = inout(reg) (wide >> 32) as i32 => _,
            greatest = in(reg) i32::MAX,
            mask = out(reg) _,
            options(pure, nomem, nostack),
        );
    }
    nearest
}

/// The greatest of the cells; returns for how many, and `floor` if none is greater.
pub(crate) fn greatest(cells: &[i32], floor: i32) -> (usize, i32) {
    let (fours, rest) = cells.as_chunks::<FOUR>();
    let middle = rest.as_ptr();
    // SAFETY: `middle` lies a multiple of four cells behind the first, and the end behind that.
    let greatest = unsafe {
        greatest_of(
            fours.as_ptr().cast(),
            middle,
            floor,
            rest.as_ptr_range().end,
        )
    };
    (cells.len(), greatest)
}

/// Where a cell is greater, a mask exchanges the bits in which they differ.
macro_rules! greater {
    ($cell:literal) => {
        concat!(
            "lw a4, ",
            $cell,
            "\nslt a5, a2, a4",
            "\nneg a5, a5",
            "\nxor a4, a4, a2",
            "\nand a4, a4, a5",
            "\nxor a2, a2, a4",
        )
    };
}

/// Four cells at a time, then one by one.
#[unsafe(naked)]
unsafe extern "C" fn greatest_of(
    fours: *const i32,
    rest: *const i32,
    floor: i32,
    end: *const i32,
) -> i32 {
    naked_asm!(
        "j 2f",
        "1:",
        greater!("0(a0)"),
        greater!("4(a0)"),
        greater!("8(a0)"),
        greater!("12(a0)"),
        "addi a0, a0, 16",
        "2:",
        "bne a0, a1, 1b",
        "j 4f",
        "3:",
        greater!("0(a0)"),
        "addi a0, a0, 4",
        "4:",
        "bne a0, a3, 3b",
        "mv a0, a2",
        "ret",
    )
}
