//! P·V, four columns at a time.

#![expect(
    unsafe_code,
    reason = "the compiler does not keep these loops in registers"
)]

use core::arch::naked_asm;

use super::FOUR;

/// Four columns of V (S, E) from `first` on, each row times its share, if there are so many.
pub(crate) fn mix_i8(shares: &[i32], v: &[i8], width: usize, first: usize) -> Option<[i32; FOUR]> {
    if v.len() != width * shares.len() || first + FOUR > width || shares.is_empty() {
        return None;
    }
    let mut sums = [0; FOUR];
    let v = v.as_ptr().wrapping_add(first);
    // SAFETY: V has a row for every share, and four columns from `first` on.
    unsafe {
        mix_four_i8(
            shares.as_ptr_range().start,
            v,
            width,
            &mut sums,
            shares.as_ptr_range().end,
        );
    };
    Some(sums)
}

/// Four sums, row by row.
#[unsafe(naked)]
unsafe extern "C" fn mix_four_i8(
    shares: *const i32,
    v: *const i8,
    width: usize,
    sums: &mut [i32; FOUR],
    end: *const i32,
) {
    naked_asm!(
        "push {{r3-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "push {{r4, r5}}",
        "mov r8, r2",
        "ldr r4, [sp, #32]",
        "mov r9, r4",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "1:",
        "ldm r0!, {{r2}}",
        "movs r3, #0",
        "ldrsb r3, [r1, r3]",
        "muls r3, r2, r3",
        "adds r4, r4, r3",
        "movs r3, #1",
        "ldrsb r3, [r1, r3]",
        "muls r3, r2, r3",
        "adds r5, r5, r3",
        "movs r3, #2",
        "ldrsb r3, [r1, r3]",
        "muls r3, r2, r3",
        "adds r6, r6, r3",
        "movs r3, #3",
        "ldrsb r3, [r1, r3]",
        "muls r3, r2, r3",
        "adds r7, r7, r3",
        "add r1, r1, r8",
        "cmp r0, r9",
        "bne 1b",
        "ldr r3, [sp, #8]",
        "stm r3!, {{r4-r7}}",
        "pop {{r4, r5}}",
        "mov r8, r4",
        "mov r9, r5",
        "pop {{r3-r7, pc}}",
    )
}

/// Four columns of V (S, E) from `first` on, each row times its share and in units of 2^16 rounded down, if there
/// are so many.
pub(crate) fn mix_i16(
    shares: &[i32],
    v: &[i16],
    width: usize,
    first: usize,
) -> Option<[i32; FOUR]> {
    if v.len() != width * shares.len() || first + FOUR > width || shares.is_empty() {
        return None;
    }
    let mut sums = [0; FOUR];
    let v = v.as_ptr().wrapping_add(first);
    // SAFETY: V has a row for every share, and four columns from `first` on.
    unsafe {
        mix_four_i16(
            shares.as_ptr_range().start,
            v,
            2 * width,
            &mut sums,
            shares.as_ptr_range().end,
        );
    };
    Some(sums)
}

/// Four sums, row by row; a share is taken in halves.
#[unsafe(naked)]
unsafe extern "C" fn mix_four_i16(
    shares: *const i32,
    v: *const i16,
    row_bytes: usize,
    sums: &mut [i32; FOUR],
    end: *const i32,
) {
    naked_asm!(
        "push {{r3-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "ldr r4, [sp, #40]",
        "mov lr, r4",
        "movs r6, #2",
        "movs r7, #4",
        "subs r1, r1, r6",
        "subs r2, r2, r7",
        "mov r12, r2",
        "movs r4, #0",
        "mov r8, r4",
        "mov r9, r4",
        "mov r10, r4",
        "mov r11, r4",
        "1:",
        "ldrh r3, [r0]",
        "ldrh r2, [r0, #2]",
        "adds r0, r0, r7",
        "ldrsh r5, [r1, r6]",
        "movs r4, r5",
        "muls r4, r2, r4",
        "muls r5, r3, r5",
        "asrs r5, r5, #16",
        "add r8, r4",
        "add r8, r5",
        "ldrsh r5, [r1, r7]",
        "movs r4, r5",
        "muls r4, r2, r4",
        "muls r5, r3, r5",
        "asrs r5, r5, #16",
        "add r9, r4",
        "add r9, r5",
        "adds r1, r1, r7",
        "ldrsh r5, [r1, r6]",
        "movs r4, r5",
        "muls r4, r2, r4",
        "muls r5, r3, r5",
        "asrs r5, r5, #16",
        "add r10, r4",
        "add r10, r5",
        "ldrsh r5, [r1, r7]",
        "movs r4, r5",
        "muls r4, r2, r4",
        "muls r5, r3, r5",
        "asrs r5, r5, #16",
        "add r11, r4",
        "add r11, r5",
        "add r1, r12",
        "cmp r0, lr",
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

/// Four columns of V (S, E) from `first` on, each row times its share and in units of 2^8 rounded down, if there
/// are so many: what [`mix_i16`] says of values times 256.
pub(crate) fn mix_i8_fine(
    shares: &[i32],
    v: &[i8],
    width: usize,
    first: usize,
) -> Option<[i32; FOUR]> {
    if v.len() != width * shares.len() || first + FOUR > width || shares.is_empty() {
        return None;
    }
    let mut sums = [0; FOUR];
    let v = v.as_ptr().wrapping_add(first);
    // SAFETY: V has a row for every share, and four columns from `first` on.
    unsafe {
        mix_four_i8_fine(
            shares.as_ptr_range().start,
            v,
            width,
            &mut sums,
            shares.as_ptr_range().end,
        );
    };
    Some(sums)
}

/// As [`mix_four_i16`].
#[unsafe(naked)]
unsafe extern "C" fn mix_four_i8_fine(
    shares: *const i32,
    v: *const i8,
    row_bytes: usize,
    sums: &mut [i32; FOUR],
    end: *const i32,
) {
    naked_asm!(
        "push {{r3-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "ldr r4, [sp, #40]",
        "mov lr, r4",
        "movs r6, #1",
        "movs r7, #2",
        "subs r1, r1, r6",
        "subs r2, r2, r7",
        "mov r12, r2",
        "movs r4, #0",
        "mov r8, r4",
        "mov r9, r4",
        "mov r10, r4",
        "mov r11, r4",
        "1:",
        "ldrh r3, [r0]",
        "ldrh r2, [r0, #2]",
        "adds r0, #4",
        "ldrsb r5, [r1, r6]",
        "lsls r5, r5, #8",
        "movs r4, r5",
        "muls r4, r2, r4",
        "muls r5, r3, r5",
        "asrs r5, r5, #16",
        "add r8, r4",
        "add r8, r5",
        "ldrsb r5, [r1, r7]",
        "lsls r5, r5, #8",
        "movs r4, r5",
        "muls r4, r2, r4",
        "muls r5, r3, r5",
        "asrs r5, r5, #16",
        "add r9, r4",
        "add r9, r5",
        "adds r1, r1, r7",
        "ldrsb r5, [r1, r6]",
        "lsls r5, r5, #8",
        "movs r4, r5",
        "muls r4, r2, r4",
        "muls r5, r3, r5",
        "asrs r5, r5, #16",
        "add r10, r4",
        "add r10, r5",
        "ldrsb r5, [r1, r7]",
        "lsls r5, r5, #8",
        "movs r4, r5",
        "muls r4, r2, r4",
        "muls r5, r3, r5",
        "asrs r5, r5, #16",
        "add r11, r4",
        "add r11, r5",
        "add r1, r12",
        "cmp r0, lr",
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
