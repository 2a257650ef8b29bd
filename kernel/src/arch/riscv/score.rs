//! Q·K on a RISC-V core: 3.6 instructions for a multiply-add of i8, 2.8 where two queries share what is loaded of K,
//! and 4.75 for one of i16.
//!
//! The compiler runs out of registers before it has to; for i16 it loads without a sign, adds that by two shifts,
//! negates sums instead of Q, and needs twice as many instructions.

#![expect(
    unsafe_code,
    reason = "the compiler needs up to twice as many instructions for the loops"
)]

use core::arch::naked_asm;

use super::FOUR;
use crate::fours::EIGHT;

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

/// What [`score_fours_of_two`] reads; the order is that of its loads.
#[repr(C)]
struct Two {
    q: [*const i8; 2],
    k: *const i8,
    width: usize,
    cells: [*mut i32; 2],
    /// One past the last cell of the first query.
    end: *const i32,
}

/// Σ q·k of two queries with the first of the `keys` (S, D), a row of cells each; returns of how many keys, a multiple
/// of four, and none unless rows have whole eights of columns.
pub(crate) fn score_two_i8(q: [&[i8]; 2], keys: &[i8], cells: [&mut [i32]; 2]) -> usize {
    let width = q[0].len();
    let fits = q[1].len() == width && width.is_multiple_of(EIGHT) && width > 0;
    let done = cells[0].len() / FOUR * FOUR;
    if !fits
        || cells[1].len() != cells[0].len()
        || keys.len() != width * cells[0].len()
        || done == 0
    {
        return 0;
    }
    let two = Two {
        q: q.map(<[i8]>::as_ptr),
        k: keys.as_ptr(),
        width,
        end: cells[0].as_ptr().wrapping_add(done),
        cells: cells.map(<[i32]>::as_mut_ptr),
    };
    // SAFETY: K has a row for every cell, of which there are as many for both queries, a multiple of four up to `end`;
    // and all rows have whole steps of eight columns.
    unsafe { score_fours_of_two(&raw const two) };
    done
}

/// A column of a row of K times that of either query.
macro_rules! key_of_two {
    ($at:literal, $row:literal, $one:literal, $other:literal) => {
        concat!(
            "lb t2, ",
            $at,
            "(",
            $row,
            ")\n",
            "mul t3, t2, t0\n",
            "mul t4, t2, t1\n",
            "add ",
            $one,
            ", ",
            $one,
            ", t3\n",
            "add ",
            $other,
            ", ",
            $other,
            ", t4\n",
        )
    };
}

/// A column of both queries times that of each of four rows of K.
macro_rules! column_of_two {
    ($at:literal) => {
        concat!(
            "lb t0, ",
            $at,
            "(a0)\n",
            "lb t1, ",
            $at,
            "(a1)\n",
            key_of_two!($at, "a2", "s0", "s4"),
            key_of_two!($at, "a3", "s1", "s5"),
            key_of_two!($at, "a4", "s2", "s6"),
            key_of_two!($at, "a5", "s3", "s7"),
        )
    };
}

/// Four keys at a time: a0 and a1 are Q, a0 ends at a6, a2 to a5 the rows, s0 to s3 and s4 to s7 the sums, s8 and s9
/// the cells up to s10.
#[unsafe(naked)]
unsafe extern "C" fn score_fours_of_two(two: *const Two) {
    naked_asm!(
        ".option push",
        ".option arch, +m",
        "addi sp, sp, -48",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
        "sw s\\n, 4*\\n(sp)",
        ".endr",
        "lw a1, 4(a0)",
        "lw a2, 8(a0)",
        "lw a7, 12(a0)",
        "lw s8, 16(a0)",
        "lw s9, 20(a0)",
        "lw s10, 24(a0)",
        "lw a0, 0(a0)",
        "add a6, a0, a7",
        "1:",
        "add a3, a2, a7",
        "add a4, a3, a7",
        "add a5, a4, a7",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7",
        "li s\\n, 0",
        ".endr",
        "2:",
        column_of_two!("0"),
        column_of_two!("1"),
        column_of_two!("2"),
        column_of_two!("3"),
        column_of_two!("4"),
        column_of_two!("5"),
        column_of_two!("6"),
        column_of_two!("7"),
        "addi a0, a0, 8",
        "addi a1, a1, 8",
        "addi a2, a2, 8",
        "addi a3, a3, 8",
        "addi a4, a4, 8",
        "addi a5, a5, 8",
        "bne a0, a6, 2b",
        ".irp n, 0, 1, 2, 3",
        "sw s\\n, 4*\\n(s8)",
        ".endr",
        ".irp n, 4, 5, 6, 7",
        "sw s\\n, 4*(\\n-4)(s9)",
        ".endr",
        "addi s8, s8, 16",
        "addi s9, s9, 16",
        "sub a0, a0, a7",
        "sub a1, a1, a7",
        "mv a2, a5", // behind the last of four rows lies the next
        "bne s8, s10, 1b",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
        "lw s\\n, 4*\\n(sp)",
        ".endr",
        "addi sp, sp, 48",
        "ret",
        ".option pop",
    )
}
