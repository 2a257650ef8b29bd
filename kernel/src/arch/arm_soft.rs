//! Sums of products for Arm cores without floating point, in the instructions that all of them have.
//!
//! The loop of [`Soft`] step by step; but its numbers stay in registers and its usual
//! path falls through, which no compiler brings about with eight of them: about 70 instructions for
//! a multiply-add instead of 130 and more.
#![expect(
    unsafe_code,
    reason = "the compiler keeps half of the numbers in memory"
)]
#![expect(clippy::too_many_lines, reason = "an instruction a line")]

use core::arch::naked_asm;

use crate::soft::Soft;

/// `((sum + a0 b0) + a1 b1) + …`, with every `stride`-th number of `b`; all are zero or normal.
pub(crate) fn plus_products(mut sum: Soft, a: &[f32], b: &[f32], stride: usize) -> Soft {
    let before_last = a.len().saturating_sub(1).saturating_mul(stride);
    if a.is_empty() || b.len() <= before_last {
        return sum;
    }
    let step = stride * size_of::<f32>();
    // SAFETY: reads all of `a`, and of `b` as many numbers, of which the last was seen to exist.
    unsafe {
        add_products(&mut sum, a.as_ptr(), b.as_ptr(), a.len(), step);
    }
    sum
}

/// `count` is at least one; the step of `b` is in bytes.
///
/// r6 and r7 are the sum's magnitude and exponent (plus 254, as that of a product of two fields), r10 its
/// sign; r5, r3 and r12 are the product's. lr and r8 point to `a` and `b`, r9 is the step, r11 the end.
#[unsafe(naked)]
unsafe extern "C" fn add_products(
    sum: &mut Soft,
    a: *const f32,
    b: *const f32,
    count: usize,
    step: usize,
) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "push {{r0}}",
        "ldr r4, [sp, #40]",
        "mov r9, r4",
        "mov r8, r2",
        "mov lr, r1",
        "lsls r3, r3, #2",
        "adds r1, r1, r3",
        "mov r11, r1",
        "ldr r4, [r0]",
        "mov r10, r4",
        "ldr r7, [r0, #4]",
        "adds r7, #254",
        "ldr r6, [r0, #8]",
        "b 2f",
        // ── Product, 2^31 and more before rounding
        "20:",
        "adds r3, r3, #1",
        "adds r5, #128",
        "lsls r0, r5, #24",
        "beq 22f",
        "21:",
        "lsrs r5, r5, #8",
        "lsls r5, r5, #7",
        "b 4f",
        "22:", // a tie, if nothing lies below
        "lsls r4, r4, #16",
        "bne 21b",
        "lsrs r5, r5, #9",
        "lsls r5, r5, #8",
        "b 4f",
        "23:", // a tie, if nothing lies below
        "lsls r4, r4, #16",
        "bne 3f",
        "lsrs r5, r5, #8",
        "lsls r5, r5, #8",
        "b 4f",
        // ── The next two numbers
        "2:",
        "mov r0, lr",
        "ldmia r0!, {{r1}}",
        "mov lr, r0",
        "mov r0, r8",
        "ldr r2, [r0]",
        "add r8, r9",
        "lsls r3, r1, #1",
        "beq 10f",
        "lsls r4, r2, #1",
        "beq 10f",
        "lsrs r3, r3, #24",
        "lsrs r4, r4, #24",
        "adds r3, r3, r4",
        "movs r4, r1",
        "eors r4, r2",
        "mov r12, r4",
        // ── Product: upper halves, crosswise, lower halves
        "uxth r0, r1",
        "lsls r1, r1, #9",
        "lsrs r1, r1, #25",
        "adds r1, #128",
        "uxth r4, r2",
        "lsls r2, r2, #9",
        "lsrs r2, r2, #25",
        "adds r2, #128",
        "movs r5, r1",
        "muls r5, r2, r5",
        "lsls r5, r5, #16",
        "muls r1, r4, r1",
        "adds r5, r5, r1",
        "muls r2, r0, r2",
        "adds r5, r5, r2",
        "muls r4, r0, r4",
        "lsrs r0, r4, #16",
        "adds r5, r5, r0",
        "bmi 20b",
        "adds r5, #64",
        "lsls r0, r5, #25",
        "beq 23b",
        "3:",
        "lsrs r5, r5, #7",
        "lsls r5, r5, #7",
        // ── Sum
        "4:",
        "subs r0, r7, r3",
        "blt 12f",
        "cmp r0, #7",
        "bhi 11f",
        "lsrs r5, r0",
        "5:",
        "mov r1, r10",
        "mov r2, r12",
        "eors r1, r2",
        "bmi 14f",
        "adds r6, r6, r5",
        "bmi 9f",
        "6:", // halves to even
        "lsls r0, r6, #24",
        "lsrs r0, r0, #31",
        "adds r6, r6, r0",
        "adds r6, #63",
        "bmi 8f",
        "lsrs r6, r6, #7",
        "lsls r6, r6, #7",
        "10:",
        "cmp lr, r11",
        "bne 2b",
        "pop {{r0}}",
        "mov r1, r10",
        "str r1, [r0]",
        "subs r7, #254",
        "str r7, [r0, #4]",
        "str r6, [r0, #8]",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
        // ── It became a power of two
        "8:",
        "movs r6, #1",
        "lsls r6, r6, #30",
        "adds r7, r7, #1",
        "b 10b",
        // ── A bit too long
        "9:",
        "movs r0, #1",
        "ands r0, r6",
        "lsrs r6, r6, #1",
        "orrs r6, r0",
        "adds r7, r7, #1",
        "b 6b",
        // ── The product is far smaller: what is shifted out leaves a one
        "11:",
        "cmp r0, #27",
        "bhs 10b",
        "movs r1, r5",
        "lsrs r5, r0",
        "movs r2, r5",
        "lsls r2, r0",
        "cmp r2, r1",
        "beq 5b",
        "movs r1, #1",
        "orrs r5, r1",
        "b 5b",
        // ── The sum is smaller
        "12:",
        "rsbs r0, r0, #0",
        "movs r7, r3",
        "cmp r0, #7",
        "bhi 16f",
        "lsrs r6, r0",
        "13:",
        "mov r1, r10",
        "mov r2, r12",
        "mov r10, r2",
        "eors r1, r2",
        "bmi 17f",
        "adds r6, r6, r5",
        "bmi 9b",
        "b 6b",
        "17:",
        "subs r6, r5, r6",
        "b 15f",
        // ── Opposite signs
        "14:",
        "subs r6, r6, r5",
        "blo 18f",
        "beq 19f",
        "15:",
        "lsls r0, r6, #1",
        "bmi 6b",
        "movs r6, r0",
        "subs r7, r7, #1",
        "b 15b",
        "18:",
        "rsbs r6, r6, #0",
        "mov r10, r12",
        "b 15b",
        "19:", // zero
        "mov r10, r6",
        "movs r7, #1",
        "lsls r7, r7, #13",
        "rsbs r7, r7, #0",
        "b 10b",
        // ── The sum is far smaller
        "16:",
        "cmp r0, #27",
        "bhs 24f",
        "movs r1, r6",
        "lsrs r6, r0",
        "movs r2, r6",
        "lsls r2, r0",
        "cmp r2, r1",
        "beq 13b",
        "movs r1, #1",
        "orrs r6, r1",
        "b 13b",
        "24:",
        "mov r10, r12",
        "movs r6, r5",
        "bmi 8b",
        "b 10b",
    )
}
