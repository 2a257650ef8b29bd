//! i8 on a Cortex-M0, whose products have 32 bits and whose instructions reach eight registers.
//!
//! The compiler runs out of them and keeps sums in memory: eight instructions for a multiply-add. Here
//! Q·K takes four keys at a time, with their sums in the registers that only an addition reaches, 3.6
//! instructions for a multiply-add; P·V takes four columns at a time, 5 instructions.

#![expect(
    unsafe_code,
    reason = "the compiler does not keep these loops in registers"
)]

use core::arch::{asm, naked_asm};

/// Keys, or columns of V, that are worked on at once.
const FOUR: usize = 4;

/// The high word of a product, from those of its halves.
///
/// Written down in Rust, the compiler sees what it is, and calls a library for all of the product.
pub(crate) fn high_word(mut a: u32, b: u32) -> u32 {
    // SAFETY: works on registers only.
    unsafe {
        asm!(
            "uxth {low}, {a}",
            "lsrs {a}, {a}, #16",
            "uxth {middle}, {b}",
            "lsrs {b}, {b}, #16",
            "mov {carry}, {low}",
            "muls {carry}, {middle}, {carry}",
            "lsrs {carry}, {carry}, #16",
            "muls {middle}, {a}, {middle}",
            "adds {middle}, {middle}, {carry}",
            "muls {low}, {b}, {low}",
            "muls {a}, {b}, {a}",
            "uxth {carry}, {middle}",
            "adds {low}, {low}, {carry}",
            "lsrs {middle}, {middle}, #16",
            "lsrs {low}, {low}, #16",
            "adds {a}, {a}, {middle}",
            "adds {a}, {a}, {low}",
            a = inout(reg) a,
            b = inout(reg) b => _,
            low = out(reg) _,
            middle = out(reg) _,
            carry = out(reg) _,
            options(pure, nomem, nostack),
        );
    }
    a
}

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
