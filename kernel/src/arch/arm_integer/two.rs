//! i8, two queries at a time, whose cells lie side by side, (S, 2): what is loaded of K and V serves both.

#![expect(
    unsafe_code,
    reason = "the compiler does not reach these instructions, and no stable function stands for them"
)]

use core::arch::naked_asm;

use super::STEP;

/// Where sums of products begin, so that no cell is below zero: |Σ q·k| is at most 2^29.
pub(crate) const BIAS: i32 = 1 << 30;

/// What [`score_two_pairs`] reads; the order is that of its loads.
#[repr(C)]
struct Score {
    q: *const i32,
    /// Steps in a row.
    steps: usize,
    /// What the four sums begin with.
    bias: [i32; 4],
    /// Bytes of a row of K.
    row_bytes: usize,
    cells: *mut i32,
    /// One past the last cell.
    end: *const i32,
    k: *const i8,
}

/// [`BIAS`] and Σ q·k of two queries, spread as words (D, 2), with `keys` (S, D), an even number of them, whose
/// rows have whole steps and are aligned; `false` if something does not fit.
pub(crate) fn score_two(q: &[i32], keys: &[i8], cells: &mut [i32]) -> bool {
    let width = q.len();
    let fits = keys.len() * 2 == width * cells.len() && cells.len().is_multiple_of(4);
    if !fits || cells.is_empty() || width == 0 || !width.is_multiple_of(STEP) {
        return false;
    }
    let mut score = Score {
        q: q.as_ptr(),
        steps: width / STEP,
        bias: [BIAS; 4],
        row_bytes: width,
        cells: cells.as_mut_ptr(),
        end: cells.as_ptr_range().end,
        k: keys.as_ptr(),
    };
    // SAFETY: K has a row for every two cells, an even number, and its rows and Q have `steps` whole steps.
    unsafe { score_two_pairs(&raw mut score) };
    true
}

/// Two queries and two keys at a time.
#[unsafe(naked)]
unsafe extern "C" fn score_two_pairs(score: *mut Score) {
    dsp_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #4",
        "str r0, [sp]",
        "ldr r2, [r0, #36]",
        // Two keys from r2 on; r4 to r7 the sums.
        "1:",
        "ldr lr, [sp]",
        "ldmia lr, {{r0, r3, r4-r8}}",
        "mov r1, r2",
        "add r2, r2, r8",
        // Eight columns of Q from r0, of the keys from r1 and r2.
        "2:",
        ".rept 2",
        "ldmia r0!, {{r8-r11}}",
        "ldr r12, [r1], #4",
        "sxtb16 lr, r12",
        "smlad r4, r8, lr, r4",
        "smlad r5, r9, lr, r5",
        "sxtb16 r12, r12, ror #8",
        "smlad r4, r10, r12, r4",
        "smlad r5, r11, r12, r5",
        "ldr r12, [r2], #4",
        "sxtb16 lr, r12",
        "smlad r6, r8, lr, r6",
        "smlad r7, r9, lr, r7",
        "sxtb16 r12, r12, ror #8",
        "smlad r6, r10, r12, r6",
        "smlad r7, r11, r12, r7",
        ".endr",
        "subs r3, #1",
        "bne 2b",
        "ldr lr, [sp]",
        "ldrd r0, r1, [lr, #28]",
        "stmia r0!, {{r4-r7}}",
        "str r0, [lr, #28]",
        "cmp r0, r1",
        "bne 1b",
        "add sp, #4",
        "pop {{r4-r11, pc}}",
    )
}

/// The greatest cell of each query; no cell is below zero, and there is an even number of keys.
pub(crate) fn greatest_of_two(cells: &[i32]) -> [i32; 2] {
    let mut greatest = [0; 2];
    let (fours, _) = cells.as_chunks::<4>();
    if let [first, ..] = fours {
        let end = fours.as_ptr_range().end.cast();
        // SAFETY: the end lies a multiple of four cells, and at least four, behind the first.
        unsafe { saturating_pairs(first.as_ptr(), end, &mut greatest) };
    }
    greatest
}

/// Looks at two cells of each query at a time.
#[unsafe(naked)]
unsafe extern "C" fn saturating_pairs(cells: *const i32, end: *const i32, greatest: &mut [i32; 2]) {
    dsp_asm!(
        "push {{r4-r9, lr}}",
        "mvn r8, #0x80000000",
        "mov r9, r8",
        "1:",
        "ldmia r0!, {{r4-r7}}",
        "qadd r3, r4, r8",
        "sub r8, r3, r4",
        "qadd r3, r5, r9",
        "sub r9, r3, r5",
        "qadd r3, r6, r8",
        "sub r8, r3, r6",
        "qadd r3, r7, r9",
        "sub r9, r3, r7",
        "cmp r0, r1",
        "bne 1b",
        "mvn r0, #0x80000000",
        "sub r8, r0, r8",
        "sub r9, r0, r9",
        "strd r8, r9, [r2]",
        "pop {{r4-r9, pc}}",
    )
}

/// Turns the weights of two queries into shares; returns what each query's add up to.
pub(crate) fn share_two(weights: &mut [i32], factors: [u32; 2]) -> [u32; 2] {
    let mut totals = factors;
    let (fours, _) = weights.as_chunks_mut::<4>();
    let end = fours.as_ptr_range().end.cast();
    if let [first, ..] = fours {
        // SAFETY: the end lies a multiple of four cells, and at least four, behind the first.
        unsafe { share_pairs(first.as_mut_ptr(), end, &mut totals) };
    }
    totals
}

/// Two shares of each query at a time.
#[unsafe(naked)]
unsafe extern "C" fn share_pairs(weights: *mut i32, end: *const i32, totals: &mut [u32; 2]) {
    dsp_asm!(
        "push {{r4-r11, lr}}",
        "ldrd r8, r9, [r2]",
        "mov r10, #0",
        "mov r11, #0",
        "1:",
        "ldmia r0, {{r4-r7}}",
        "umull r3, r4, r4, r8",
        "umull r3, r5, r5, r9",
        "umull r3, r6, r6, r8",
        "umull r3, r7, r7, r9",
        "stmia r0!, {{r4-r7}}",
        "add r10, r10, r4",
        "add r11, r11, r5",
        "add r10, r10, r6",
        "add r11, r11, r7",
        "cmp r0, r1",
        "bne 1b",
        "strd r10, r11, [r2]",
        "pop {{r4-r11, pc}}",
    )
}
