//! P·V of i8 with an output of i16, eight columns at a time: `SMLAWB` and `SMLAWT` of values times 256.
//!
//! Of a word of four values two words of two values times 256 are made by clearing bytes: as cheap as i8 with `MLA`.
//! A word of V is loaded from any address, which `LDR` may do.

#![expect(
    unsafe_code,
    reason = "the compiler does not reach these instructions, and no stable function stands for them"
)]

use core::arch::naked_asm;

use super::{STEP, is_aligned};

/// What [`mix_blocks`] reads and moves on; the order is that of its loads.
#[repr(C)]
struct Mix {
    shares: *const i32,
    /// One past the last share.
    end: *const i32,
    v: *const i8,
    /// Bytes of a row of V.
    row_bytes: usize,
    /// What a sum starts from.
    start: i32,
    /// Blocks of eight columns.
    blocks: usize,
    output: *mut i16,
}

/// The means, times 256, of the first columns of V (S, E) under shares of 2^30; returns of how many.
pub(crate) fn mix_i8_fine(shares: &[i32], v: &[i8], half: i32, output: &mut [i16]) -> usize {
    let (width, blocks) = (output.len(), output.len() / STEP);
    let fits = v.len() == width * shares.len() && !shares.is_empty() && blocks > 0;
    if !fits || !is_aligned(output) {
        return 0;
    }
    let mut mix = Mix {
        shares: shares.as_ptr(),
        end: shares.as_ptr_range().end,
        v: v.as_ptr(),
        row_bytes: width,
        start: half,
        blocks,
        output: output.as_mut_ptr(),
    };
    // SAFETY: V has a row for every share, and it and the output have so many blocks of columns.
    unsafe { mix_blocks(&raw mut mix) };
    blocks * STEP
}

/// One row at a time, block by block.
#[unsafe(naked)]
unsafe extern "C" fn mix_blocks(mix: *mut Mix) {
    dsp_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #12",
        "str r0, [sp]",
        // A block: r0 shares, r1 values, r2 bytes of a row, r4 to r11 the sums.
        "1:",
        "ldr lr, [sp]",
        "ldrd r0, r3, [lr]",
        "str r3, [sp, #4]",
        "ldrd r1, r2, [lr, #8]",
        "ldr r4, [lr, #16]",
        "add r12, r1, #8",
        "str r12, [lr, #8]",
        "mov r5, r4",
        "mov r6, r4",
        "mov r7, r4",
        "mov r8, r4",
        "mov r9, r4",
        "mov r10, r4",
        "mov r11, r4",
        "2:",
        "ldr r12, [r0], #4",
        "ldr lr, [r1]",
        "bic r3, lr, #0x00ff00ff",
        "lsl lr, lr, #8",
        "smlawb r5, r12, r3, r5",
        "smlawt r7, r12, r3, r7",
        "bic lr, lr, #0x00ff00ff",
        "smlawb r4, r12, lr, r4",
        "smlawt r6, r12, lr, r6",
        "ldr lr, [r1, #4]",
        "add r1, r1, r2",
        "bic r3, lr, #0x00ff00ff",
        "lsl lr, lr, #8",
        "smlawb r9, r12, r3, r9",
        "smlawt r11, r12, r3, r11",
        "bic lr, lr, #0x00ff00ff",
        "smlawb r8, r12, lr, r8",
        "smlawt r10, r12, lr, r10",
        "ldr r3, [sp, #4]",
        "cmp r0, r3",
        "bne 2b",
        // Sums are in steps of 2^-14.
        ".irp sum, r4, r5, r6, r7, r8, r9, r10, r11",
        "ssat \\sum, #16, \\sum, asr #14",
        ".endr",
        "pkhbt r4, r4, r5, lsl #16",
        "pkhbt r5, r6, r7, lsl #16",
        "pkhbt r6, r8, r9, lsl #16",
        "pkhbt r7, r10, r11, lsl #16",
        "ldr lr, [sp]",
        "ldrd r3, r2, [lr, #20]",
        "stmia r2!, {{r4-r7}}",
        "subs r3, #1",
        "strd r3, r2, [lr, #20]",
        "bne 1b",
        "add sp, #12",
        "pop {{r4-r11, pc}}",
    )
}
