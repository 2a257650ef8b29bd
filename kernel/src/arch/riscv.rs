//! Q·K on a RISC-V core with multiplication: the loops of [`fours`](crate::fours), in 3.6 instructions for a
//! multiply-add of i8 and 4.75 for one of i16.
//!
//! The compiler runs out of registers before it has to; for i16 it loads without a sign, adds that by two shifts,
//! negates sums instead of Q, and needs twice as many instructions.

#![expect(
    unsafe_code,
    reason = "the compiler needs up to twice as many instructions for the loops"
)]

use core::arch::naked_asm;

/// Rows of K that share a load of Q, and columns of a step.
const FOUR: usize = 4;

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
