//! From scores to weights, and to shares.

#![expect(
    unsafe_code,
    reason = "the compiler does not reach these instructions, and no stable function stands for them"
)]

use core::arch::naked_asm;

use super::UNROLLED;
use crate::exp::{Exponent, HALVED_P_Q30};

/// What [`weigh_fours`] reads; the order is that of its loads.
#[repr(C)]
struct Weigh {
    /// One past the last cell.
    end: *const i32,
    mantissa: u32,
    max: i32,
    limit: u32,
    shift: u32,
    polynomial: [i32; 6],
}

/// Turns the first cells into weights, in place; returns for how many, and their sum.
pub(crate) fn weigh(exponent: Exponent, max: i32, cells: &mut [i32]) -> (usize, u64) {
    let done = cells.len() / UNROLLED * UNROLLED;
    if done == 0 {
        return (0, 0);
    }
    let Exponent {
        limit,
        shift,
        mantissa,
    } = exponent;
    let cells = cells.as_mut_ptr();
    let weigh = Weigh {
        end: cells.wrapping_add(done),
        mantissa,
        max,
        limit,
        shift,
        polynomial: HALVED_P_Q30,
    };
    // SAFETY: `end` lies a multiple of four cells behind the first.
    (done, unsafe { weigh_fours(cells, &raw const weigh) })
}

/// Four weights at a time.
#[unsafe(naked)]
unsafe extern "C" fn weigh_fours(cells: *mut i32, weigh: *const Weigh) -> u64 {
    dsp_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #16",
        "ldmia r1!, {{r2, r3}}",
        "strd r2, r3, [sp]",
        // r1 max, r2 limit, r3 shift, r5 to r10 the polynomial; r4 and lr the sum.
        "ldmia r1, {{r2, r3, r4, r5, r6, r7, r8, r9, r10}}",
        "mov r1, r2",
        "mov r2, r3",
        "mov r3, r4",
        "mov lr, #0",
        "str lr, [sp, #8]",
        "1:",
        ".rept 2",
        "ldr r11, [r0]",
        "ldr r4, [sp, #4]",
        "sub r11, r1, r11",
        "cmp r11, r2",
        "lsl r11, r11, r3",
        "umull r12, r11, r11, r4",
        "it hi",
        "mvnhi r11, #0",
        "lsl r12, r11, #6",
        "lsr r12, r12, #1",
        "lsr r11, r11, #26",
        "smmls r4, r10, r12, r9",
        "smmls r4, r4, r12, r8",
        "smmls r4, r4, r12, r7",
        "smmls r4, r4, r12, r6",
        "smmls r4, r4, r12, r5",
        "lsr r4, r4, r11",
        "str r4, [r0], #4",
        "str r4, [sp, #12]",
        "ldr r11, [r0]",
        "ldr r4, [sp, #4]",
        "sub r11, r1, r11",
        "cmp r11, r2",
        "lsl r11, r11, r3",
        "umull r12, r11, r11, r4",
        "it hi",
        "mvnhi r11, #0",
        "lsl r12, r11, #6",
        "lsr r12, r12, #1",
        "lsr r11, r11, #26",
        "smmls r4, r10, r12, r9",
        "smmls r4, r4, r12, r8",
        "smmls r4, r4, r12, r7",
        "smmls r4, r4, r12, r6",
        "smmls r4, r4, r12, r5",
        "lsr r4, r4, r11",
        "str r4, [r0], #4",
        // Two weights fit 32 bits; the high word of the sum lies in memory.
        "ldrd r11, r12, [sp, #8]",
        "add r4, r4, r12",
        "adds lr, lr, r4",
        "adc r11, r11, #0",
        "str r11, [sp, #8]",
        ".endr",
        "ldr r12, [sp]",
        "cmp r0, r12",
        "bne 1b",
        "mov r0, lr",
        "ldr r1, [sp, #8]",
        "add sp, #16",
        "pop {{r4-r11, pc}}",
    )
}

/// Turns the first weights into shares, in place; returns for how many, and what they add up to.
pub(crate) fn share(weights: &mut [i32], factor: u32) -> (usize, u32) {
    let done = weights.len() / UNROLLED * UNROLLED;
    if done == 0 {
        return (0, 0);
    }
    let weights = weights.as_mut_ptr();
    // SAFETY: the end lies a multiple of four weights behind the first.
    let total = unsafe { share_fours(weights, weights.wrapping_add(done), factor) };
    (done, total)
}

/// Four shares at a time.
#[unsafe(naked)]
unsafe extern "C" fn share_fours(weights: *mut i32, end: *const i32, factor: u32) -> u32 {
    dsp_asm!(
        "push {{r4-r7, lr}}",
        "mov r3, #0",
        "1:",
        "ldmia r0, {{r4-r7}}",
        "umull r12, r4, r4, r2",
        "umull r12, r5, r5, r2",
        "umull r12, r6, r6, r2",
        "umull r12, r7, r7, r2",
        "stmia r0!, {{r4-r7}}",
        "add r3, r3, r4",
        "add r3, r3, r5",
        "add r3, r3, r6",
        "add r3, r3, r7",
        "cmp r0, r1",
        "bne 1b",
        "mov r0, r3",
        "pop {{r4-r7, pc}}",
    )
}

/// The greatest of the first cells; returns for how many, and `floor` if none is greater.
pub(crate) fn greatest(cells: &[i32], floor: i32) -> (usize, i32) {
    let done = cells.len() / UNROLLED * UNROLLED;
    if done == 0 {
        return (0, floor);
    }
    let cells = cells.as_ptr();
    // SAFETY: the end lies a multiple of four cells behind the first.
    (done, unsafe {
        greatest_of_fours(cells, cells.wrapping_add(done), floor)
    })
}

/// Looks at four cells at a time.
#[unsafe(naked)]
unsafe extern "C" fn greatest_of_fours(cells: *const i32, end: *const i32, floor: i32) -> i32 {
    dsp_asm!(
        "push {{r4-r7, lr}}",
        "1:",
        "ldmia r0!, {{r4-r7}}",
        "cmp r4, r2",
        "it gt",
        "movgt r2, r4",
        "cmp r5, r2",
        "it gt",
        "movgt r2, r5",
        "cmp r6, r2",
        "it gt",
        "movgt r2, r6",
        "cmp r7, r2",
        "it gt",
        "movgt r2, r7",
        "cmp r0, r1",
        "bne 1b",
        "mov r0, r2",
        "pop {{r4-r7, pc}}",
    )
}
