//! Q·K on a RISC-V core with multiplication: the loops of [`fours`](crate::fours), in 3.6 instructions for a
//! multiply-add of i8 and 4.75 for one of i16.
//!
//! The compiler runs out of registers before it has to; for i16 it loads without a sign, adds that by two shifts,
//! negates sums instead of Q, and needs twice as many instructions.

#![expect(
    unsafe_code,
    reason = "the compiler needs up to twice as many instructions for the loops"
)]

use core::arch::{asm, naked_asm};

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

/// Four columns of a row of K, each times that of Q, join a sum.
macro_rules! four_columns {
    ($row:literal, $sum:literal) => {
        concat!(
            "lb s0, 0(",
            $row,
            ")\n",
            "lb s1, 1(",
            $row,
            ")\n",
            "mul s0, s0, a4\n",
            "mul s1, s1, a5\n",
            "add ",
            $sum,
            ", ",
            $sum,
            ", s0\n",
            "add ",
            $sum,
            ", ",
            $sum,
            ", s1\n",
            "lb s0, 2(",
            $row,
            ")\n",
            "lb s1, 3(",
            $row,
            ")\n",
            "mul s0, s0, a6\n",
            "mul s1, s1, a7\n",
            "add ",
            $sum,
            ", ",
            $sum,
            ", s0\n",
            "add ",
            $sum,
            ", ",
            $sum,
            ", s1",
        )
    };
}

/// Σ q·k of each of four rows of K. `None` unless `q` has whole fours of columns and `rows` four rows of as many.
pub(crate) fn sums_i8(q: &[i8], rows: &[i8]) -> Option<[i32; FOUR]> {
    let fits = rows.len() == FOUR * q.len() && q.len().is_multiple_of(FOUR) && !q.is_empty();
    let mut sums = [0; FOUR];
    // SAFETY: Q and the four rows have as many bytes, and whole steps of four columns.
    fits.then(|| unsafe { add_rows_i8(q.as_ptr(), rows.as_ptr(), q.len(), &mut sums) })?;
    Some(sums)
}

/// a0 is Q, which ends at t2; a1, t0, t1 and a2 are the rows, t3 to t6 their sums.
#[unsafe(naked)]
unsafe extern "C" fn add_rows_i8(
    q: *const i8,
    rows: *const i8,
    width: usize,
    sums: &mut [i32; FOUR],
) {
    naked_asm!(
        // Outside of functions the assembler forgets that there is a multiplication.
        ".option push",
        ".option arch, +m",
        "addi sp, sp, -16",
        "sw s0, 0(sp)",
        "sw s1, 4(sp)",
        "add t2, a0, a2",
        "add t0, a1, a2",
        "add t1, t0, a2",
        "add a2, t1, a2",
        "li t3, 0",
        "li t4, 0",
        "li t5, 0",
        "li t6, 0",
        "1:",
        "lb a4, 0(a0)",
        "lb a5, 1(a0)",
        "lb a6, 2(a0)",
        "lb a7, 3(a0)",
        four_columns!("a1", "t3"),
        four_columns!("t0", "t4"),
        four_columns!("t1", "t5"),
        four_columns!("a2", "t6"),
        "addi a1, a1, 4",
        "addi t0, t0, 4",
        "addi t1, t1, 4",
        "addi a2, a2, 4",
        "addi a0, a0, 4",
        "bne a0, t2, 1b",
        "sw t3, 0(a3)",
        "sw t4, 4(a3)",
        "sw t5, 8(a3)",
        "sw t6, 12(a3)",
        "lw s0, 0(sp)",
        "lw s1, 4(sp)",
        "addi sp, sp, 16",
        "ret",
        ".option pop",
    )
}

/// Two columns of a row of K: less the sum of both products, whose low word and upper half join two sums.
macro_rules! two_columns {
    ($first:literal, $second:literal, $row:literal, $low:literal, $high:literal) => {
        concat!(
            "lh s2, ",
            $first,
            "(",
            $row,
            ")\n",
            "lh a3, ",
            $second,
            "(",
            $row,
            ")\n",
            "mul s2, s2, s0\n",
            "mul a3, a3, s1\n",
            "sub s2, s2, a3\n",
            "add ",
            $low,
            ", ",
            $low,
            ", s2\n",
            "srai s2, s2, 16\n",
            "add ",
            $high,
            ", ",
            $high,
            ", s2",
        )
    };
}

/// Of each of four rows of K: the low words of what [`fours`](crate::fours) adds up, and the upper halves.
/// `None` unless `q` has whole fours of columns and `rows` four rows of as many.
pub(crate) fn sums_i16(q: &[i16], rows: &[i16]) -> Option<[[i32; FOUR]; 2]> {
    let fits = rows.len() == FOUR * q.len() && q.len().is_multiple_of(FOUR) && !q.is_empty();
    let mut sums = [[0; FOUR]; 2];
    // SAFETY: Q and the four rows have as many bytes, and whole steps of four columns.
    fits.then(|| unsafe { add_rows_i16(q.as_ptr(), rows.as_ptr(), size_of_val(q), &mut sums) })?;
    Some(sums)
}

/// a0 is Q, which ends at t2; a1, t0, t1 and a2 are the rows, t3 to t6 low words, a4 to a7 upper halves.
#[unsafe(naked)]
unsafe extern "C" fn add_rows_i16(
    q: *const i16,
    rows: *const i16,
    row_bytes: usize,
    sums: &mut [[i32; FOUR]; 2],
) {
    naked_asm!(
        ".option push",
        ".option arch, +m",
        "addi sp, sp, -16",
        "sw s0, 0(sp)",
        "sw s1, 4(sp)",
        "sw s2, 8(sp)",
        "sw a3, 12(sp)",
        "add t2, a0, a2",
        "add t0, a1, a2",
        "add t1, t0, a2",
        "add a2, t1, a2",
        "li t3, 0",
        "li t4, 0",
        "li t5, 0",
        "li t6, 0",
        "li a4, 0",
        "li a5, 0",
        "li a6, 0",
        "li a7, 0",
        "1:",
        "lh s0, 0(a0)",
        "lh s1, 2(a0)",
        "neg s0, s0",
        two_columns!("0", "2", "a1", "t3", "a4"),
        two_columns!("0", "2", "t0", "t4", "a5"),
        two_columns!("0", "2", "t1", "t5", "a6"),
        two_columns!("0", "2", "a2", "t6", "a7"),
        "lh s0, 4(a0)",
        "lh s1, 6(a0)",
        "neg s0, s0",
        two_columns!("4", "6", "a1", "t3", "a4"),
        two_columns!("4", "6", "t0", "t4", "a5"),
        two_columns!("4", "6", "t1", "t5", "a6"),
        two_columns!("4", "6", "a2", "t6", "a7"),
        "addi a1, a1, 8",
        "addi t0, t0, 8",
        "addi t1, t1, 8",
        "addi a2, a2, 8",
        "addi a0, a0, 8",
        "bne a0, t2, 1b",
        "lw a3, 12(sp)",
        "sw t3, 0(a3)",
        "sw t4, 4(a3)",
        "sw t5, 8(a3)",
        "sw t6, 12(a3)",
        "sw a4, 16(a3)",
        "sw a5, 20(a3)",
        "sw a6, 24(a3)",
        "sw a7, 28(a3)",
        "lw s0, 0(sp)",
        "lw s1, 4(sp)",
        "lw s2, 8(sp)",
        "addi sp, sp, 16",
        "ret",
        ".option pop",
    )
}
