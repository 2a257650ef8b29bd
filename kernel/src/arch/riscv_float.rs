//! The blocks of [`quad`](crate::quad) for a RISC-V core with a floating-point unit: sixteen sums in registers.
//!
//! Of the portable loops the compiler makes code that moves half of the sums from register to register in every
//! step. (`FMADD` would be one instruction, but rounds once.) What is not a tile, or has no whole fours of columns, is
//! portable.

#![expect(
    unsafe_code,
    reason = "the compiler does not keep sixteen sums in their registers"
)]

use core::arch::naked_asm;

pub(crate) use crate::blocks::{mix_row, score_row, weigh};

use crate::blocks;
use crate::quad::QUAD;

/// What [`score_blocks`] reads; the order is that of its loads.
#[repr(C)]
struct Score {
    q: *const f32,
    k: *const f32,
    /// Bytes of a row of K.
    row_bytes: usize,
    scores: *mut f32,
    /// One past the last score.
    end: *const f32,
    scale: f32,
}

/// Raw scores of a tile (D, 4) with `keys` (4·blocks, D), four keys at a time.
pub(crate) fn score_tile(
    scale: f32,
    q: &[[f32; QUAD]],
    keys: &[f32],
    scores: &mut [[[f32; QUAD]; QUAD]],
) {
    let fits = keys.len() == QUAD * scores.len() * q.len() && !keys.is_empty();
    if !fits || !q.len().is_multiple_of(QUAD) {
        return blocks::score_tile(scale, q, keys, scores);
    }
    let range = scores.as_mut_ptr_range();
    let score = Score {
        q: q.as_ptr().cast(),
        k: keys.as_ptr(),
        row_bytes: size_of::<f32>() * q.len(),
        scores: range.start.cast(),
        end: range.end.cast(),
        scale,
    };
    // SAFETY: K has four rows for every sixteen scores, at least once, and they and Q have as many columns, in whole
    // fours.
    unsafe { score_blocks(&raw const score) };
}

/// Four sums and the products that join them: what was loaded into fa4 to fa7, times what lies at `$at`.
macro_rules! four_sums {
    ($at:literal, $a:literal, $b:literal, $c:literal, $d:literal) => {
        concat!(
            "flw fs0, ",
            $at,
            "\n",
            "fmul.s fs1, fa4, fs0\n",
            "fmul.s fs2, fa5, fs0\n",
            "fmul.s fs3, fa6, fs0\n",
            "fmul.s fs4, fa7, fs0\n",
            "fadd.s ",
            $a,
            ", ",
            $a,
            ", fs1\n",
            "fadd.s ",
            $b,
            ", ",
            $b,
            ", fs2\n",
            "fadd.s ",
            $c,
            ", ",
            $c,
            ", fs3\n",
            "fadd.s ",
            $d,
            ", ",
            $d,
            ", fs4\n",
        )
    };
}

/// Sixteen sums: four numbers from a0 on, times four that lie elsewhere.
macro_rules! sixteen_sums {
    ($from:literal, $a:literal, $b:literal, $c:literal, $d:literal) => {
        concat!(
            "flw fa4, 0+",
            $from,
            "(a0)\n",
            "flw fa5, 4+",
            $from,
            "(a0)\n",
            "flw fa6, 8+",
            $from,
            "(a0)\n",
            "flw fa7, 12+",
            $from,
            "(a0)\n",
            four_sums!($a, "ft0", "ft1", "ft2", "ft3"),
            four_sums!($b, "ft4", "ft5", "ft6", "ft7"),
            four_sums!($c, "ft8", "ft9", "ft10", "ft11"),
            four_sums!($d, "fa0", "fa1", "fa2", "fa3"),
        )
    };
}

/// Four columns a step: a0 is Q, a2 to a5 are the rows, the first of which ends at a6, t0 the scores up to t1.
#[unsafe(naked)]
unsafe extern "C" fn score_blocks(score: *const Score) {
    naked_asm!(
        ".option push",
        ".option arch, +f",
        "addi sp, sp, -32",
        ".irp n, 0, 1, 2, 3, 4",
        "fsw fs\\n, 4*\\n(sp)",
        ".endr",
        "sw s0, 20(sp)",
        "mv s0, a0",
        "lw a2, 4(s0)",
        "lw a7, 8(s0)",
        "lw t0, 12(s0)",
        "lw t1, 16(s0)",
        "1:",
        "lw a0, 0(s0)",
        "add a3, a2, a7",
        "add a4, a3, a7",
        "add a5, a4, a7",
        "mv a6, a3",
        ".irp sum, ft0, ft1, ft2, ft3, ft4, ft5, ft6, ft7, ft8, ft9, ft10, ft11, fa0, fa1, fa2, fa3",
        "fmv.w.x \\sum, zero",
        ".endr",
        "2:",
        sixteen_sums!("0", "0(a2)", "0(a3)", "0(a4)", "0(a5)"),
        sixteen_sums!("16", "4(a2)", "4(a3)", "4(a4)", "4(a5)"),
        sixteen_sums!("32", "8(a2)", "8(a3)", "8(a4)", "8(a5)"),
        sixteen_sums!("48", "12(a2)", "12(a3)", "12(a4)", "12(a5)"),
        "addi a0, a0, 64",
        "addi a2, a2, 16",
        "addi a3, a3, 16",
        "addi a4, a4, 16",
        "addi a5, a5, 16",
        "bne a2, a6, 2b",
        "flw fs0, 20(s0)",
        ".irp sum, ft0, ft1, ft2, ft3, ft4, ft5, ft6, ft7, ft8, ft9, ft10, ft11, fa0, fa1, fa2, fa3",
        "fmul.s \\sum, \\sum, fs0",
        ".endr",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "fsw ft\\n, 4*\\n(t0)",
        ".endr",
        ".irp n, 0, 1, 2, 3",
        "fsw fa\\n, 48+4*\\n(t0)",
        ".endr",
        "addi t0, t0, 64",
        "mv a2, a5", // behind the last of four rows lies the next
        "bne t0, t1, 1b",
        ".irp n, 0, 1, 2, 3, 4",
        "flw fs\\n, 4*\\n(sp)",
        ".endr",
        "lw s0, 20(sp)",
        "addi sp, sp, 32",
        "ret",
        ".option pop",
    )
}

/// Adds four columns of V, whose rows begin `columns` values apart, each times its weights (keys, 4).
///
/// `sums` are those of a column, (4, 4).
pub(crate) fn mix_tile(
    weights: &[[f32; QUAD]],
    values: &[f32],
    columns: usize,
    sums: &mut [[f32; QUAD]; QUAD],
) {
    let Some(last) = weights.len().checked_sub(1) else {
        return;
    };
    let fits = columns >= QUAD
        && values.len().saturating_sub(QUAD) / columns >= last
        && values.len() >= QUAD;
    if !fits {
        return blocks::mix_tile(weights, values, columns, sums);
    }
    let weights = weights.as_ptr_range();
    // SAFETY: there is a row of V for every four weights, and four columns of it.
    unsafe {
        mix_rows(
            weights.start.cast(),
            weights.end.cast(),
            values.as_ptr(),
            size_of::<f32>() * columns,
            sums,
        );
    }
}

/// Row by row: a0 are the weights up to a1, a2 the values, a3 the bytes to the next row.
#[unsafe(naked)]
unsafe extern "C" fn mix_rows(
    weights: *const f32,
    end: *const f32,
    values: *const f32,
    row_bytes: usize,
    sums: &mut [[f32; QUAD]; QUAD],
) {
    naked_asm!(
        ".option push",
        ".option arch, +f",
        "addi sp, sp, -32",
        ".irp n, 0, 1, 2, 3, 4",
        "fsw fs\\n, 4*\\n(sp)",
        ".endr",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "flw ft\\n, 4*\\n(a4)",
        ".endr",
        ".irp n, 0, 1, 2, 3",
        "flw fa\\n, 48+4*\\n(a4)",
        ".endr",
        "1:",
        sixteen_sums!("0", "0(a2)", "4(a2)", "8(a2)", "12(a2)"),
        "addi a0, a0, 16",
        "add a2, a2, a3",
        "bne a0, a1, 1b",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "fsw ft\\n, 4*\\n(a4)",
        ".endr",
        ".irp n, 0, 1, 2, 3",
        "fsw fa\\n, 48+4*\\n(a4)",
        ".endr",
        ".irp n, 0, 1, 2, 3, 4",
        "flw fs\\n, 4*\\n(sp)",
        ".endr",
        "addi sp, sp, 32",
        "ret",
        ".option pop",
    )
}
