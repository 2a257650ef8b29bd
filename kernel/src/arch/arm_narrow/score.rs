//! Q·K: i8 with four keys at a time, i16 with two.

#![expect(
    unsafe_code,
    reason = "the compiler does not keep these loops in registers"
)]

use core::arch::naked_asm;

use super::FOUR;
use crate::fours::MAX_WIDTH_I16;

/// Σ q·k of the first of the `keys` (S, D), a multiple of four, which is returned.
pub(crate) fn score_i8(q: &[i8], keys: &[i8], cells: &mut [i32]) -> usize {
    let width = q.len();
    if keys.len() != width * cells.len() || width == 0 {
        return 0;
    }
    let (fours, _) = cells.as_chunks_mut::<FOUR>();
    let mut k = keys.as_ptr();
    for cells in &mut *fours {
        // SAFETY: Q has `width` columns and K as many in each of the four rows from `k` on.
        unsafe { score_four_i8(q.as_ptr(), k, width, cells) };
        k = k.wrapping_add(FOUR * width);
    }
    fours.len() * FOUR
}

/// Four sums, column by column from the first.
#[unsafe(naked)]
unsafe extern "C" fn score_four_i8(q: *const i8, k: *const i8, width: usize, cells: &mut [i32; 4]) {
    naked_asm!(
        "push {{r3-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "movs r3, #0",
        "mov r8, r3",
        "mov r9, r3",
        "mov r10, r3",
        "mov r11, r3",
        // The ends of the rows, and an index that rises to zero.
        "adds r0, r0, r2",
        "adds r1, r1, r2",
        "adds r3, r1, r2",
        "adds r4, r3, r2",
        "adds r5, r4, r2",
        "rsbs r2, r2, #0",
        "1:",
        "ldrsb r6, [r0, r2]",
        "ldrsb r7, [r1, r2]",
        "muls r7, r6, r7",
        "add r8, r8, r7",
        "ldrsb r7, [r3, r2]",
        "muls r7, r6, r7",
        "add r9, r9, r7",
        "ldrsb r7, [r4, r2]",
        "muls r7, r6, r7",
        "add r10, r10, r7",
        "ldrsb r7, [r5, r2]",
        "muls r7, r6, r7",
        "add r11, r11, r7",
        "adds r2, r2, #1",
        "bne 1b",
        "ldr r3, [sp, #16]",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "stm r3!, {{r4-r7}}",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r3-r7, pc}}",
    )
}

/// What [`score_pairs_i16`] reads, and moves on; the order is that of its loads.
#[repr(C)]
struct Pairs {
    q: *const i16,
    k: *const i16,
    /// Bytes of a row.
    row_bytes: usize,
    cells: *mut i32,
    /// One past the last cell.
    end: *const i32,
    /// Half of a step.
    half: i64,
    /// What to shift right by for steps, and what is left of 32.
    step_bits: [u32; 2],
    base: i64,
}

/// Σ q·k in steps of 2^`step_bits`, less `base`, saturated, of the first of the `keys` (S, D), an even
/// number, which is returned.
pub(crate) fn score_i16(
    q: &[i16],
    keys: &[i16],
    step_bits: u32,
    base: i64,
    cells: &mut [i32],
) -> usize {
    let width = q.len();
    let done = cells.len() & !1;
    let fits = keys.len() == width * cells.len() && (1..=MAX_WIDTH_I16).contains(&width);
    let (Some(left), true) = (32_u32.checked_sub(step_bits), fits && done > 0) else {
        return 0;
    };
    if !width.is_multiple_of(2) {
        return 0;
    }
    let cells = cells.as_mut_ptr();
    let mut pairs = Pairs {
        q: q.as_ptr(),
        k: keys.as_ptr(),
        row_bytes: 2 * width,
        cells,
        end: cells.wrapping_add(done),
        half: (1 << step_bits) >> 1,
        step_bits: [step_bits, left],
        base,
    };
    // SAFETY: Q has `row_bytes`, an even number of columns, and K as many for every cell up to `end`.
    unsafe { score_pairs_i16(&raw mut pairs) };
    done
}

/// Two cells at a time until the last; of each two columns, less the sum of both products, which fits 32 bits:
/// its low word is added up in r8 and r10, its high half in r9 and r11, and both together are the exact sum.
#[unsafe(naked)]
unsafe extern "C" fn score_pairs_i16(pairs: *mut Pairs) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "mov r12, r0",
        "1:",
        // The ends of the rows, and an index that rises to zero.
        "mov r7, r12",
        "ldr r0, [r7]",
        "ldr r1, [r7, #4]",
        "ldr r6, [r7, #8]",
        "adds r0, r0, r6",
        "adds r1, r1, r6",
        "adds r2, r1, r6",
        "str r2, [r7, #4]",
        "rsbs r3, r6, #0",
        "movs r4, #0",
        "mov r8, r4\n mov r9, r4\n mov r10, r4\n mov r11, r4",
        "2:",
        "ldrsh r4, [r0, r3]",
        "rsbs r4, r4, #0",
        "ldrsh r5, [r1, r3]",
        "muls r5, r4, r5",
        "ldrsh r6, [r2, r3]",
        "muls r6, r4, r6",
        "adds r3, #2",
        "ldrsh r4, [r0, r3]",
        "ldrsh r7, [r1, r3]",
        "muls r7, r4, r7",
        "subs r5, r5, r7",
        "add r8, r5",
        "asrs r5, r5, #16",
        "add r9, r5",
        "ldrsh r7, [r2, r3]",
        "muls r7, r4, r7",
        "subs r6, r6, r7",
        "add r10, r6",
        "asrs r6, r6, #16",
        "add r11, r6",
        "adds r3, #2",
        "bne 2b",
        "mov r7, r12",
        ".rept 2",
        // r1 and r0: less the sum.
        "mov r0, r8",
        "mov r1, r9",
        "lsls r2, r1, #16",
        "subs r2, r0, r2",
        "lsrs r2, r2, #16",
        "adds r1, r1, r2",
        "asrs r1, r1, #16",
        // r3 and r2: the sum in steps, from the base.
        "ldr r2, [r7, #24]",
        "ldr r3, [r7, #28]",
        "subs r2, r2, r0",
        "sbcs r3, r1",
        "ldr r0, [r7, #32]",
        "ldr r1, [r7, #36]",
        "lsrs r2, r0",
        "movs r4, r3",
        "lsls r4, r1",
        "orrs r2, r4",
        "asrs r3, r0",
        "ldr r0, [r7, #40]",
        "ldr r1, [r7, #44]",
        "subs r2, r2, r0",
        "sbcs r3, r1",
        // What does not fit becomes −(2^31 − 1) or 2^31 − 1: r0 is −1 if it fits, else 0.
        "asrs r0, r2, #31",
        "eors r0, r3",
        "subs r0, #1",
        "sbcs r0, r0",
        "movs r4, #1",
        "lsls r4, r4, #31",
        "mvns r1, r4",
        "asrs r3, r3, #31",
        "eors r3, r1",
        "ands r2, r0",
        "bics r3, r0",
        "orrs r2, r3",
        "eors r4, r2",
        "subs r4, #1",
        "sbcs r4, r4",
        "subs r2, r2, r4",
        "ldr r0, [r7, #12]",
        "stm r0!, {{r2}}",
        "str r0, [r7, #12]",
        "mov r8, r10",
        "mov r9, r11",
        ".endr",
        "ldr r1, [r7, #16]",
        "cmp r0, r1",
        "beq 3f",
        "b 1b",
        "3:",
        "pop {{r4-r7}}",
        "mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7",
        "pop {{r4-r7, pc}}",
    )
}
