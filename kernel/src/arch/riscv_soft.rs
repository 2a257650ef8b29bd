//! Sums of products for RISC-V cores without floating point: 37 instructions for a multiply-add of the usual kind.
//!
//! The loop of [`Soft`] step by step, with its usual path falling through. Fractions are multiplied from the upper ends
//! of words, so that `MULHU` gives the 32 bits that count; what lies below is asked for only if it decides a tie.
#![expect(
    unsafe_code,
    reason = "the compiler takes more than twice the instructions"
)]
#![expect(clippy::too_many_lines, reason = "an instruction a line")]

use core::arch::naked_asm;

use crate::soft::Soft;

/// `count` is at least one; the step of `b` is in bytes.
///
/// t0, t1 and t2 are the sum's magnitude, exponent (plus 254, as that of a product of two fields) and sign; s0, t3 and
/// t5 are the product's. a1 and a2 point to `a` and `b`, a3 is the end, a4 the step; a5 is 7, t6 the highest bit.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_products(
    sum: &mut Soft,
    a: *const f32,
    b: *const f32,
    count: usize,
    step: usize,
) {
    naked_asm!(
        ".option push",
        ".option arch, +m",
        "addi sp, sp, -16",
        "sw s0, 12(sp)",
        "slli a3, a3, 2",
        "add a3, a3, a1",
        "li a5, 7",
        "lui t6, 0x80000",
        "lw t2, 0(a0)",
        "lw t1, 4(a0)",
        "addi t1, t1, 254",
        "lw t0, 8(a0)",
        // ── The next two numbers
        "2:",
        "lw a6, 0(a1)",
        "lw a7, 0(a2)",
        "addi a1, a1, 4",
        "add a2, a2, a4",
        "slli t3, a6, 1",
        "beqz t3, 10f",
        "slli t4, a7, 1",
        "beqz t4, 10f",
        "srli t3, t3, 24",
        "srli t4, t4, 24",
        "add t3, t3, t4",
        "xor t5, a6, a7",
        // ── Product
        "slli a6, a6, 8",
        "or a6, a6, t6",
        "slli a7, a7, 8",
        "or a7, a7, t6",
        "mulhu s0, a6, a7",
        "bltz s0, 20f",
        "addi s0, s0, 64",
        "andi t4, s0, 127",
        "beqz t4, 23f",
        "3:",
        "andi s0, s0, -128",
        // ── Sum
        "4:",
        "sub t4, t1, t3",
        "bltz t4, 12f",
        "bltu a5, t4, 11f",
        "srl s0, s0, t4",
        "5:",
        "xor a6, t2, t5",
        "bltz a6, 14f",
        "add t0, t0, s0",
        "bltz t0, 9f",
        "6:", // halves to even
        "srli a6, t0, 7",
        "andi a6, a6, 1",
        "add t0, t0, a6",
        "addi t0, t0, 63",
        "bltz t0, 8f",
        "andi t0, t0, -128",
        "10:",
        "bne a1, a3, 2b",
        "sw t2, 0(a0)",
        "addi t1, t1, -254",
        "sw t1, 4(a0)",
        "sw t0, 8(a0)",
        "lw s0, 12(sp)",
        "addi sp, sp, 16",
        "ret",
        // ── It became a power of two
        "8:",
        "lui t0, 0x40000",
        "addi t1, t1, 1",
        "j 10b",
        // ── A bit too long
        "9:",
        "andi a6, t0, 1",
        "srli t0, t0, 1",
        "or t0, t0, a6",
        "addi t1, t1, 1",
        "j 6b",
        // ── Opposite signs
        "14:",
        "beq t0, s0, 19f",
        "bltu t0, s0, 18f",
        "sub t0, t0, s0",
        "15:",
        "slli a6, t0, 1",
        "bltz a6, 6b",
        "mv t0, a6",
        "addi t1, t1, -1",
        "j 15b",
        "18:",
        "sub t0, s0, t0",
        "mv t2, t5",
        "j 15b",
        "19:", // zero
        "li t0, 0",
        "li t1, -8192",
        "li t2, 0",
        "j 10b",
        // ── The product is far smaller: what is shifted out leaves a one
        "11:",
        "sltiu a7, t4, 27",
        "beqz a7, 10b",
        "srl a6, s0, t4",
        "sll a7, a6, t4",
        "xor a7, a7, s0",
        "snez a7, a7",
        "or s0, a6, a7",
        "j 5b",
        // ── The sum is smaller
        "12:",
        "neg t4, t4",
        "mv t1, t3",
        "bltu a5, t4, 16f",
        "srl t0, t0, t4",
        "13:",
        "xor a6, t2, t5",
        "mv t2, t5",
        "bltz a6, 17f",
        "add t0, t0, s0",
        "bltz t0, 9b",
        "j 6b",
        "17:",
        "sub t0, s0, t0",
        "j 15b",
        // ── The sum is far smaller
        "16:",
        "sltiu a7, t4, 27",
        "beqz a7, 24f",
        "srl a6, t0, t4",
        "sll a7, a6, t4",
        "xor a7, a7, t0",
        "snez a7, a7",
        "or t0, a6, a7",
        "j 13b",
        "24:",
        "mv t2, t5",
        "mv t0, s0",
        "bltz t0, 8b",
        "j 10b",
        // ── Product, 2^31 and more before rounding
        "20:",
        "addi t3, t3, 1",
        "addi s0, s0, 128",
        "andi t4, s0, 255",
        "beqz t4, 22f",
        "21:",
        "srli s0, s0, 8",
        "slli s0, s0, 7",
        "j 4b",
        "22:", // a tie, if nothing lies below
        "mul t4, a6, a7",
        "bnez t4, 21b",
        "srli s0, s0, 9",
        "slli s0, s0, 8",
        "j 4b",
        "23:", // a tie, if nothing lies below
        "mul t4, a6, a7",
        "bnez t4, 3b",
        "andi s0, s0, -256",
        "j 4b",
        ".option pop",
    )
}
