//! Q·K, two keys at a time.

#![expect(
    unsafe_code,
    reason = "the compiler does not reach these instructions, and no stable function stands for them"
)]

use core::arch::naked_asm;

use super::{STEP, is_aligned};

/// Columns of Q that are spread to 16 bits at one time.
const SPREAD: usize = 32;

/// What [`score_pairs_i16`] reads; the order is that of its loads.
#[repr(C)]
struct Pairs<Q> {
    q: *const Q,
    k: *const Q,
    /// Bytes of a row of K.
    row_bytes: usize,
    /// Steps in a row.
    steps: usize,
    cells: *mut i32,
    /// One past the last cell.
    end: *const i32,
    /// What sums begin with: half of a step, less the base.
    start: i64,
    /// What to shift right by for steps, and what is left of 32.
    step_bits: [u32; 2],
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
    let fits = keys.len() == width * cells.len() && width.is_multiple_of(STEP) && width > 0;
    let aligned = is_aligned(q) && is_aligned(keys);
    let (Some(left), true) = (32_u32.checked_sub(step_bits), fits && aligned && done > 0) else {
        return 0;
    };
    let cells = cells.as_mut_ptr();
    let pairs = Pairs {
        q: q.as_ptr(),
        k: keys.as_ptr(),
        row_bytes: 2 * width,
        steps: width / STEP,
        cells,
        end: cells.wrapping_add(done),
        start: ((1 << step_bits) >> 1) - (base << step_bits),
        step_bits: [step_bits, left],
    };
    // SAFETY: K has a row for every cell up to `end`, Q and the rows have `steps` whole steps, all are
    // aligned to four bytes, and a multiple of eight columns keeps the rows so.
    unsafe { score_pairs_i16(&raw const pairs) };
    done
}

/// Σ q·k, if the rows have whole steps.
pub(crate) fn dot_i16(q: &[i16], k: &[i16]) -> Option<i64> {
    let fits = q.len() == k.len() && q.len().is_multiple_of(STEP) && !q.is_empty();
    if !fits || !is_aligned(q) || !is_aligned(k) {
        return None;
    }
    // SAFETY: both rows have so many whole steps and are aligned to four bytes.
    Some(unsafe { dot_steps_i16(q.as_ptr(), k.as_ptr(), q.len() / STEP) })
}

/// One step at a time.
#[unsafe(naked)]
unsafe extern "C" fn dot_steps_i16(q: *const i16, k: *const i16, steps: usize) -> i64 {
    dsp_asm!(
        "push {{r4-r7}}",
        "mov r12, r0",
        "mov r0, #0",
        "mov r3, #0",
        "1:",
        ".rept 2",
        "ldrd r4, r5, [r12], #8",
        "ldrd r6, r7, [r1], #8",
        "smlald r0, r3, r4, r6",
        "smlald r0, r3, r5, r7",
        ".endr",
        "subs r2, #1",
        "bne 1b",
        "mov r1, r3",
        "pop {{r4-r7}}",
        "bx lr",
    )
}

/// Two cells at a time until the last.
#[unsafe(naked)]
unsafe extern "C" fn score_pairs_i16(pairs: *const Pairs<i16>) {
    dsp_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #4",
        "mov lr, r0",
        "ldrd r0, r2, [lr]",
        "ldr r3, [lr, #16]",
        // Two keys from r2 on, cells to r3.
        "1:",
        "mov r1, r2",
        "ldrd r8, r12, [lr, #8]",
        "add r2, r2, r8",
        "ldrd r4, r5, [lr, #24]",
        "mov r6, r4",
        "mov r7, r5",
        // Eight columns of Q from r0, of the keys from r1 and r2.
        "2:",
        ".rept 2",
        "ldrd r8, r9, [r0], #8",
        "ldrd r10, r11, [r1], #8",
        "smlald r4, r5, r8, r10",
        "smlald r4, r5, r9, r11",
        "ldrd r10, r11, [r2], #8",
        "smlald r6, r7, r8, r10",
        "smlald r6, r7, r9, r11",
        ".endr",
        "subs r12, #1",
        "bne 2b",
        // In steps; what does not fit becomes −(2^31 − 1) or 2^31 − 1.
        "ldrd r8, r9, [lr, #32]",
        "mvn r0, #0x80000000",
        "mov r10, #1",
        "lsl r12, r5, r9",
        "lsr r4, r4, r8",
        "orr r4, r4, r12",
        "asr r5, r5, r8",
        "cmp r5, r4, asr #31",
        "it ne",
        "eorne r4, r0, r5, asr #31",
        "qsub r4, r4, r10",
        "add r4, r4, r10",
        "lsl r12, r7, r9",
        "lsr r6, r6, r8",
        "orr r6, r6, r12",
        "asr r7, r7, r8",
        "cmp r7, r6, asr #31",
        "it ne",
        "eorne r6, r0, r7, asr #31",
        "qsub r6, r6, r10",
        "add r6, r6, r10",
        "strd r4, r6, [r3], #8",
        "ldr r0, [lr]",
        "ldr r8, [lr, #20]",
        "cmp r3, r8",
        "bne 1b",
        "add sp, #4",
        "pop {{r4-r11, pc}}",
    )
}

/// Σ q·k of the first of the `keys` (S, D), an even number, which is returned.
pub(crate) fn score_i8(q: &[i8], keys: &[i8], cells: &mut [i32]) -> usize {
    let width = q.len();
    let done = cells.len() & !1;
    let fits = keys.len() == width * cells.len() && width.is_multiple_of(STEP) && width > 0;
    if !fits || done == 0 || !is_aligned(keys) {
        return 0;
    }
    cells.fill(0);
    let cells = cells.as_mut_ptr();
    for (part, columns) in q.chunks(SPREAD).enumerate() {
        let mut spread = [0; SPREAD / 2];
        spread_evens_and_odds(columns, &mut spread);
        let mut pairs = Pairs {
            q: spread.as_ptr().cast::<i8>(),
            k: keys.as_ptr().wrapping_add(part * SPREAD),
            row_bytes: width,
            steps: columns.len() / STEP,
            cells,
            end: cells.wrapping_add(done),
            start: 0,
            step_bits: [0; 2],
        };
        // SAFETY: K has a row for every cell up to `end`, `spread` and the part of each row have `steps`
        // whole steps, all are aligned to four bytes, and a multiple of eight columns keeps the rows so.
        unsafe { score_pairs_i8(&raw mut pairs) };
    }
    done
}

/// Four columns become two words: the first and the third, the second and the fourth.
fn spread_evens_and_odds(columns: &[i8], spread: &mut [u32]) {
    let (columns, _) = columns.as_chunks::<4>();
    let (words, _) = spread.as_chunks_mut::<2>();
    for (&[a, b, c, d], words) in columns.iter().zip(words) {
        let pair = |low: i8, high: i8| {
            u32::from(i16::from(low).cast_unsigned())
                | u32::from(i16::from(high).cast_unsigned()) << 16
        };
        *words = [pair(a, c), pair(b, d)];
    }
}

/// Adds to two cells at a time until the last.
#[unsafe(naked)]
unsafe extern "C" fn score_pairs_i8(pairs: *mut Pairs<i8>) {
    dsp_asm!(
        "push {{r3-r11, lr}}",
        "mov r3, r0",
        "ldr r2, [r3, #4]",
        // Two keys from r2 on.
        "1:",
        "ldrd r0, r1, [r3]",
        "mov r1, r2",
        "ldrd r8, lr, [r3, #8]",
        "add r2, r2, r8",
        "ldr r9, [r3, #16]",
        "ldrd r11, r12, [r9]",
        // Eight columns of Q from r0, of the keys from r1 and r2.
        "2:",
        "ldmia r0!, {{r4-r7}}",
        "ldrd r8, r9, [r1], #8",
        "sxtb16 r10, r8",
        "smlad r11, r4, r10, r11",
        "sxtb16 r8, r8, ror #8",
        "smlad r11, r5, r8, r11",
        "sxtb16 r10, r9",
        "smlad r11, r6, r10, r11",
        "sxtb16 r9, r9, ror #8",
        "smlad r11, r7, r9, r11",
        "ldrd r8, r9, [r2], #8",
        "sxtb16 r10, r8",
        "smlad r12, r4, r10, r12",
        "sxtb16 r8, r8, ror #8",
        "smlad r12, r5, r8, r12",
        "sxtb16 r10, r9",
        "smlad r12, r6, r10, r12",
        "sxtb16 r9, r9, ror #8",
        "smlad r12, r7, r9, r12",
        "subs lr, #1",
        "bne 2b",
        "ldrd r9, r10, [r3, #16]",
        "strd r11, r12, [r9], #8",
        "str r9, [r3, #16]",
        // The next two rows: what is left of a row that is taken in parts lies between.
        "ldrd r8, lr, [r3, #8]",
        "sub r8, r8, lr, lsl #3",
        "add r2, r2, r8",
        "cmp r9, r10",
        "bne 1b",
        "pop {{r3-r11, pc}}",
    )
}
