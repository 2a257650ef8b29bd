//! P·V, eight columns at a time.

#![expect(
    unsafe_code,
    reason = "the compiler does not reach these instructions, and no stable function stands for them"
)]

use core::arch::naked_asm;

use super::{STEP, UNROLLED, is_aligned};

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
