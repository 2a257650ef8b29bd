//! i8 and i16 on an Arm chip with the DSP instructions (Cortex-M4, M7, M33): whole loops in assembly.
//!
//! What the compiler makes of the portable loops takes four to six times the instructions: it leaves
//! `SMLAD` in the remainder of a loop that it unrolled, and checks what the shapes prove. Here
//!
//! - Q·K takes two keys at a time, so that a load of Q serves both: `SMLALD` adds two products of i16 to
//!   64 bits, `SMLAD` two of i8, spread to 16 bits by `SXTB16`, to 32;
//! - 2⁻ˣ is five `SMMLS`, one for each step of the polynomial;
//! - P·V takes eight columns at a time, with their sums in registers: `SMLAWB` adds the high word of a
//!   product of 32 and 16 bits, `MLA` the low word of one that is known to fit.
//!
//! Every function has the bits of its portable twin in [`integer`](crate::integer) and
//! [`fixed`](crate::fixed), and leaves to it what does not fit: it returns for how many keys it did the work.

#![expect(
    unsafe_code,
    reason = "the compiler does not reach these instructions, and no stable function stands for them"
)]

use core::arch::naked_asm;

use crate::exp::{Exponent, HALVED_P_Q30};

/// A function in assembly. Outside of functions the assembler forgets for which processor of Armv8-M the
/// compiler was asked, and has to be told that there are DSP instructions.
#[cfg(kqv_dsp_v8m)]
macro_rules! dsp_asm {
    ($($lines:tt)*) => { naked_asm!(".cpu cortex-m33", $($lines)*) };
}
/// A function in assembly.
#[cfg(not(kqv_dsp_v8m))]
macro_rules! dsp_asm {
    ($($lines:tt)*) => { naked_asm!($($lines)*) };
}

/// Keys of a loop that are not worth a loop of their own.
const UNROLLED: usize = 4;
/// Columns that one step of Q·K takes.
const STEP: usize = 8;
/// Columns of Q that are spread to 16 bits at one time.
const SPREAD: usize = 64;

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
    /// Half of a step.
    half: i64,
    /// What to shift right by for steps, and what is left of 32.
    step_bits: [u32; 2],
    base: i64,
}

/// Whether words can be loaded from here, two at a time.
fn is_aligned<N>(values: &[N]) -> bool {
    values.as_ptr().addr().is_multiple_of(4)
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
        half: (1 << step_bits) >> 1,
        step_bits: [step_bits, left],
        base,
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
        // In steps, from the base; what does not fit becomes −(2^31 − 1) or 2^31 − 1.
        "ldrd r8, r9, [lr, #32]",
        "ldrd r10, r11, [lr, #40]",
        "mvn r0, #0x80000000",
        "lsl r12, r5, r9",
        "lsr r4, r4, r8",
        "orr r4, r4, r12",
        "asr r5, r5, r8",
        "subs r4, r4, r10",
        "sbc r5, r5, r11",
        "cmp r5, r4, asr #31",
        "itt ne",
        "asrne r4, r5, #31",
        "subne r4, r0, r4, lsl #1",
        "cmp r4, #0x80000000",
        "it eq",
        "addeq r4, #1",
        "lsl r12, r7, r9",
        "lsr r6, r6, r8",
        "orr r6, r6, r12",
        "asr r7, r7, r8",
        "subs r6, r6, r10",
        "sbc r7, r7, r11",
        "cmp r7, r6, asr #31",
        "itt ne",
        "asrne r6, r7, #31",
        "subne r6, r0, r6, lsl #1",
        "cmp r6, #0x80000000",
        "it eq",
        "addeq r6, #1",
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
            half: 0,
            step_bits: [0; 2],
            base: 0,
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

/// What [`mix_blocks_i16`] and [`mix_blocks_i8`] read.
#[repr(C)]
struct Mix<V> {
    shares: *const i32,
    /// One past the last share.
    end: *const i32,
    v: *const V,
    /// Bytes of a row of V.
    row_bytes: usize,
    /// Rows that are too few for four.
    rest: usize,
    /// What a sum starts from.
    start: i32,
    output: *mut V,
    /// Blocks of eight columns.
    blocks: usize,
    /// What the shares add up to.
    total: u32,
}

impl<V> Mix<V> {
    /// The blocks of eight columns in V (S, E) and the output (E); `None` if there are none.
    fn new(shares: &[i32], v: &[V], start: i32, total: u32, output: &mut [V]) -> Option<Self> {
        let (width, blocks) = (output.len(), output.len() / STEP);
        let fits = v.len() == width * shares.len() && !shares.is_empty() && blocks > 0;
        fits.then(|| Self {
            shares: shares.as_ptr(),
            end: shares.as_ptr_range().end,
            v: v.as_ptr(),
            row_bytes: size_of_val(output),
            rest: shares.len() % UNROLLED,
            start,
            output: output.as_mut_ptr(),
            blocks,
            total,
        })
    }
}

/// The means of the first columns of V (S, E) under shares of 2^30; returns of how many.
pub(crate) fn mix_i16(shares: &[i32], v: &[i16], half: i32, output: &mut [i16]) -> usize {
    if !is_aligned(v) || !is_aligned(output) || !output.len().is_multiple_of(2) {
        return 0;
    }
    let Some(mut mix) = Mix::new(shares, v, half, 0, output) else {
        return 0;
    };
    let done = mix.blocks * STEP;
    // SAFETY: V has a row for every share, and it and the output have so many blocks of columns; an even
    // width keeps the rows aligned to four bytes.
    unsafe { mix_blocks_i16(&raw mut mix) };
    done
}

/// One row at a time, block by block.
#[unsafe(naked)]
unsafe extern "C" fn mix_blocks_i16(mix: *mut Mix<i16>) {
    dsp_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #8",
        "ldr r1, [r0, #4]",
        "strd r0, r1, [sp]",
        // A block: r0 shares, r1 values, r2 bytes of a row, r4 to r11 the sums.
        "1:",
        "ldr lr, [sp]",
        "ldr r0, [lr]",
        "ldrd r1, r2, [lr, #8]",
        "ldrd r3, r4, [lr, #16]",
        "add r12, r1, #16",
        "str r12, [lr, #8]",
        "mov r5, r4",
        "mov r6, r4",
        "mov r7, r4",
        "mov r8, r4",
        "mov r9, r4",
        "mov r10, r4",
        "mov r11, r4",
        "cmp r3, #0",
        "b 3f",
        "2:",
        "ldr r12, [r0], #4",
        "ldr lr, [r1]",
        "smlawb r4, r12, lr, r4",
        "smlawt r5, r12, lr, r5",
        "ldr lr, [r1, #4]",
        "smlawb r6, r12, lr, r6",
        "smlawt r7, r12, lr, r7",
        "ldr lr, [r1, #8]",
        "smlawb r8, r12, lr, r8",
        "smlawt r9, r12, lr, r9",
        "ldr lr, [r1, #12]",
        "smlawb r10, r12, lr, r10",
        "smlawt r11, r12, lr, r11",
        "add r1, r1, r2",
        "subs r3, #1",
        "3:",
        "bne 2b",
        "b 5f",
        "4:",
        ".rept 4",
        "ldr r12, [r0], #4",
        "ldrd r3, lr, [r1]",
        "smlawb r4, r12, r3, r4",
        "smlawt r5, r12, r3, r5",
        "smlawb r6, r12, lr, r6",
        "smlawt r7, r12, lr, r7",
        "ldrd r3, lr, [r1, #8]",
        "smlawb r8, r12, r3, r8",
        "smlawt r9, r12, r3, r9",
        "smlawb r10, r12, lr, r10",
        "smlawt r11, r12, lr, r11",
        "add r1, r1, r2",
        ".endr",
        "5:",
        "ldr r3, [sp, #4]",
        "cmp r0, r3",
        "bne 4b",
        // Sums are in steps of 2^-14.
        "ssat r4, #16, r4, asr #14",
        "ssat r5, #16, r5, asr #14",
        "ssat r6, #16, r6, asr #14",
        "ssat r7, #16, r7, asr #14",
        "ssat r8, #16, r8, asr #14",
        "ssat r9, #16, r9, asr #14",
        "ssat r10, #16, r10, asr #14",
        "ssat r11, #16, r11, asr #14",
        "pkhbt r4, r4, r5, lsl #16",
        "pkhbt r5, r6, r7, lsl #16",
        "pkhbt r6, r8, r9, lsl #16",
        "pkhbt r7, r10, r11, lsl #16",
        "ldr lr, [sp]",
        "ldrd r2, r3, [lr, #24]",
        "stmia r2!, {{r4-r7}}",
        "subs r3, #1",
        "strd r2, r3, [lr, #24]",
        "bne 1b",
        "add sp, #8",
        "pop {{r4-r11, pc}}",
    )
}

/// The means of the first columns of V (S, E), whose shares add up to `total`; returns of how many.
pub(crate) fn mix_i8(shares: &[i32], v: &[i8], total: u32, output: &mut [i8]) -> usize {
    let Some(mut mix) = Mix::new(shares, v, 0, total, output) else {
        return 0;
    };
    let done = mix.blocks * STEP;
    // SAFETY: V has a row for every share, and it and the output have so many blocks of columns.
    unsafe { mix_blocks_i8(&raw mut mix) };
    done
}

/// One row at a time, block by block.
#[unsafe(naked)]
unsafe extern "C" fn mix_blocks_i8(mix: *mut Mix<i8>) {
    dsp_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #12",
        "ldr r1, [r0, #4]",
        "strd r0, r1, [sp]",
        // A block: r0 shares, r1 values, r2 bytes of a row, r4 to r11 the sums.
        "1:",
        "ldr lr, [sp]",
        "ldr r0, [lr]",
        "ldrd r1, r2, [lr, #8]",
        "ldrd r3, r4, [lr, #16]",
        "add r12, r1, #8",
        "str r12, [lr, #8]",
        "mov r5, r4",
        "mov r6, r4",
        "mov r7, r4",
        "mov r8, r4",
        "mov r9, r4",
        "mov r10, r4",
        "mov r11, r4",
        "cmp r3, #0",
        "b 3f",
        "2:",
        "ldr r12, [r0], #4",
        "ldrsb lr, [r1]",
        "mla r4, r12, lr, r4",
        "ldrsb lr, [r1, #1]",
        "mla r5, r12, lr, r5",
        "ldrsb lr, [r1, #2]",
        "mla r6, r12, lr, r6",
        "ldrsb lr, [r1, #3]",
        "mla r7, r12, lr, r7",
        "ldrsb lr, [r1, #4]",
        "mla r8, r12, lr, r8",
        "ldrsb lr, [r1, #5]",
        "mla r9, r12, lr, r9",
        "ldrsb lr, [r1, #6]",
        "mla r10, r12, lr, r10",
        "ldrsb lr, [r1, #7]",
        "mla r11, r12, lr, r11",
        "add r1, r1, r2",
        "subs r3, #1",
        "3:",
        "bne 2b",
        "ldr r3, [sp, #4]",
        "b 5f",
        "4:",
        ".rept 4",
        "ldr r12, [r0], #4",
        "ldrsb lr, [r1]",
        "mla r4, r12, lr, r4",
        "ldrsb lr, [r1, #1]",
        "mla r5, r12, lr, r5",
        "ldrsb lr, [r1, #2]",
        "mla r6, r12, lr, r6",
        "ldrsb lr, [r1, #3]",
        "mla r7, r12, lr, r7",
        "ldrsb lr, [r1, #4]",
        "mla r8, r12, lr, r8",
        "ldrsb lr, [r1, #5]",
        "mla r9, r12, lr, r9",
        "ldrsb lr, [r1, #6]",
        "mla r10, r12, lr, r10",
        "ldrsb lr, [r1, #7]",
        "mla r11, r12, lr, r11",
        "add r1, r1, r2",
        ".endr",
        "5:",
        "cmp r0, r3",
        "bne 4b",
        // To the nearest, halves away from zero: the size, and half of the total, over the total.
        "ldr lr, [sp]",
        "ldrd r2, r3, [lr, #24]",
        "ldr r1, [lr, #32]",
        "lsr r0, r1, #1",
        ".irp sum, r4, r5, r6, r7, r8, r9, r10, r11",
        "eor r12, \\sum, \\sum, asr #31",
        "sub r12, r12, \\sum, asr #31",
        "add r12, r12, r0",
        "udiv r12, r12, r1",
        "eor r12, r12, \\sum, asr #31",
        "sub r12, r12, \\sum, asr #31",
        "strb r12, [r2], #1",
        ".endr",
        "subs r3, #1",
        "strd r2, r3, [lr, #24]",
        "bne 1b",
        "add sp, #12",
        "pop {{r4-r11, pc}}",
    )
}
