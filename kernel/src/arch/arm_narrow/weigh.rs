//! From scores to weights, and to shares: straight lines, so that no number changes how long they take.

#![expect(
    unsafe_code,
    reason = "the compiler does not keep these loops in registers"
)]

use core::arch::naked_asm;

use crate::exp::{Exponent, HALVED_P_Q30};

/// What [`weigh_all`] reads; the order is that of its loads.
#[repr(C)]
struct Weigh {
    end: *const i32,
    max: i32,
    limit: u32,
    shift: u32,
    /// The upper and the lower half.
    mantissa: [u32; 2],
    /// The sum so far.
    sum: u64,
    /// From the highest power down.
    polynomial: [i32; 6],
}

/// Turns the cells into weights, in place; returns for how many, and their sum.
pub(crate) fn weigh(exponent: Exponent, max: i32, cells: &mut [i32]) -> (usize, u64) {
    if cells.is_empty() {
        return (0, 0);
    }
    let Exponent {
        limit,
        shift,
        mantissa,
    } = exponent;
    let [p0, p1, p2, p3, p4, p5] = HALVED_P_Q30;
    let weigh = Weigh {
        end: cells.as_ptr_range().end,
        max,
        limit,
        shift,
        mantissa: [mantissa >> 16, mantissa & 0xffff],
        sum: 0,
        polynomial: [p5, p4, p3, p2, p1, p0],
    };
    let done = cells.len();
    // SAFETY: `end` lies behind the last cell.
    (done, unsafe {
        weigh_all(cells.as_mut_ptr(), &raw const weigh)
    })
}

/// One weight at a time: products from those of their halves, conditions as masks of a borrow.
#[unsafe(naked)]
unsafe extern "C" fn weigh_all(cells: *mut i32, weigh: *const Weigh) -> u64 {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "sub sp, #36",
        "movs r6, r0",
        "mov r0, sp",
        "ldm r1!, {{r2-r5}}",
        "mov lr, r2",
        "stm r0!, {{r2-r5}}",
        "ldm r1!, {{r2-r5}}",
        "stm r0!, {{r2-r5}}",
        "ldm r1!, {{r2-r5, r7}}",
        "stm r0!, {{r2}}",
        "mov r8, r3",
        "mov r9, r4",
        "mov r10, r5",
        "mov r11, r7",
        "ldm r1!, {{r2}}",
        "mov r12, r2",
        "1:",
        // r0 the distance; r7 is −1 if it lies beyond the limit, else 0.
        "ldr r1, [r6]",
        "ldr r0, [sp, #4]",
        "subs r0, r0, r1",
        "ldr r7, [sp, #8]",
        "subs r7, r7, r0",
        "sbcs r7, r7",
        "ldr r1, [sp, #12]",
        "lsls r0, r1",
        // Times the mantissa: r0 the high word.
        "ldr r4, [sp, #16]",
        "ldr r5, [sp, #20]",
        "uxth r1, r0",
        "lsrs r0, r0, #16",
        "movs r2, r1",
        "muls r2, r5, r2",
        "muls r1, r4, r1",
        "movs r3, r0",
        "muls r3, r5, r3",
        "muls r0, r4, r0",
        "lsrs r2, r2, #16",
        "adds r1, r1, r2",
        "lsrs r2, r1, #16",
        "uxth r1, r1",
        "adds r3, r3, r1",
        "lsrs r3, r3, #16",
        "adds r0, r0, r2",
        "adds r0, r0, r3",
        "orrs r0, r7",
        // r7 the whole part; r4 and r5 the halves of less than nothing, half of the fraction.
        "lsrs r7, r0, #26",
        "lsls r4, r0, #6",
        "lsrs r4, r4, #1",
        "rsbs r4, r4, #0",
        "uxth r5, r4",
        "asrs r4, r4, #16",
        "ldr r0, [sp, #32]",
        ".irp next, r8, r9, r10, r11, r12",
        "uxth r1, r0",
        "lsrs r0, r0, #16",
        "movs r2, r1",
        "muls r2, r5, r2",
        "muls r1, r4, r1",
        "movs r3, r0",
        "muls r3, r5, r3",
        "muls r0, r4, r0",
        "adds r1, r1, r3",
        "lsrs r2, r2, #16",
        "adds r1, r1, r2",
        "asrs r1, r1, #16",
        "adds r0, r0, r1",
        "add r0, \\next",
        ".endr",
        "lsrs r0, r7",
        "stm r6!, {{r0}}",
        "ldr r1, [sp, #24]",
        "ldr r2, [sp, #28]",
        "movs r3, #0",
        "adds r1, r1, r0",
        "adcs r2, r3",
        "str r1, [sp, #24]",
        "str r2, [sp, #28]",
        "cmp r6, lr",
        "beq 2f",
        "b 1b",
        "2:",
        "movs r0, r1",
        "movs r1, r2",
        "add sp, #36",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
    )
}

/// Turns the weights into shares, in place; returns for how many, and what they add up to.
pub(crate) fn share(weights: &mut [i32], factor: u32) -> (usize, u32) {
    if weights.is_empty() {
        return (0, 0);
    }
    let end = weights.as_ptr_range().end;
    let done = weights.len();
    // SAFETY: `end` lies behind the last weight.
    let total = unsafe { share_all(weights.as_mut_ptr(), end, factor >> 16, factor & 0xffff) };
    (done, total)
}

/// One share at a time.
#[unsafe(naked)]
unsafe extern "C" fn share_all(
    weights: *mut i32,
    end: *const i32,
    factor_high: u32,
    factor_low: u32,
) -> u32 {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov lr, r1",
        "movs r7, #0",
        "1:",
        "ldr r4, [r0]",
        "uxth r1, r4",
        "lsrs r4, r4, #16",
        "movs r5, r1",
        "muls r5, r3, r5",
        "muls r1, r2, r1",
        "movs r6, r4",
        "muls r6, r3, r6",
        "muls r4, r2, r4",
        "lsrs r5, r5, #16",
        "adds r1, r1, r5",
        "lsrs r5, r1, #16",
        "uxth r1, r1",
        "adds r6, r6, r1",
        "lsrs r6, r6, #16",
        "adds r4, r4, r5",
        "adds r4, r4, r6",
        "adds r7, r7, r4",
        "stm r0!, {{r4}}",
        "cmp r0, lr",
        "bne 1b",
        "movs r0, r7",
        "pop {{r4-r7, pc}}",
    )
}

/// The greatest of the cells; returns for how many, and `floor` if none is greater.
pub(crate) fn greatest(cells: &[i32], floor: i32) -> (usize, i32) {
    let range = cells.as_ptr_range();
    // SAFETY: the end lies behind the last cell.
    (cells.len(), unsafe {
        greatest_of_all(range.start, range.end, floor)
    })
}

/// Compares without a sign, 2^31 above; what lies above the greatest so far is added to it.
#[unsafe(naked)]
unsafe extern "C" fn greatest_of_all(cells: *const i32, end: *const i32, floor: i32) -> i32 {
    naked_asm!(
        "push {{r4, r5, lr}}",
        "movs r3, #1",
        "lsls r3, r3, #31",
        "eors r2, r3",
        "b 2f",
        "1:",
        "ldm r0!, {{r4}}",
        "eors r4, r3",
        "subs r4, r4, r2",
        "sbcs r5, r5",
        "bics r4, r5",
        "adds r2, r2, r4",
        "2:",
        "cmp r0, r1",
        "bne 1b",
        "movs r0, r2",
        "eors r0, r3",
        "pop {{r4, r5, pc}}",
    )
}
