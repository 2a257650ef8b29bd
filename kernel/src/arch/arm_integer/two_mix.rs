//! P·V of i8 for two queries whose shares lie side by side, (S, 2): four columns at a time, with an output of i8 or i16.

#![expect(
    unsafe_code,
    reason = "the compiler does not reach these instructions, and no stable function stands for them"
)]

use core::arch::naked_asm;

/// How sums of `share · (value + 128)` become the mean of the values, to the nearest, halves away from zero.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Mean {
    /// From what sum on the mean is not below zero; beyond all of them where no quotient lies halfway.
    zero: u32,
    /// What is added: half of the total, rounded down, or one less below zero if the total is even.
    half: u32,
    total: u32,
}

impl Mean {
    /// For shares that add up to `total`, above zero and below 2^24.
    pub(crate) const fn new(total: u32) -> Self {
        Self {
            zero: if total.is_multiple_of(2) {
                total << 7
            } else {
                u32::MAX
            },
            half: total.saturating_sub(1) / 2,
            total,
        }
    }
}

/// What [`mix_two_blocks`] and [`mix_two_fine_blocks`] read, and move on; the order is that of their loads.
#[repr(C)]
struct Mix<N, O> {
    v: *const i8,
    /// Bytes of a row of V.
    row_bytes: usize,
    shares: *const i32,
    /// One past the last share.
    end: *const i32,
    /// What the sums of either query begin with, and how they become means.
    means: [N; 2],
    output: *mut O,
    /// Blocks of four columns.
    blocks: usize,
}

impl<N, O> Mix<N, O> {
    /// The rows of V (S, E) under the shares of two queries; E is a multiple of four. `None` if something does not fit.
    fn new(shares: &[i32], v: &[i8], means: [N; 2], output: &mut [O]) -> Option<Self> {
        let width = output.len() / 2;
        let fits = v.len() * 2 == width * shares.len() && output.len().is_multiple_of(8);
        if !fits || width == 0 || shares.is_empty() || !shares.len().is_multiple_of(2) {
            return None;
        }
        Some(Self {
            v: v.as_ptr(),
            row_bytes: width,
            shares: shares.as_ptr(),
            end: shares.as_ptr_range().end,
            means,
            output: output.as_mut_ptr(),
            blocks: width / 4,
        })
    }
}

/// The means of the rows of V (S, E) under the shares of two queries (S, 2); E is a multiple of four. Nothing, if
/// something does not fit.
pub(crate) fn mix_two(shares: &[i32], v: &[i8], means: [Mean; 2], output: &mut [i8]) {
    if let Some(mut mix) = Mix::new(shares, v, means, output) {
        // SAFETY: V has a row for every two shares, one at least, and it and both rows of the output have so many
        // blocks of four columns.
        unsafe { mix_two_blocks(&raw mut mix) };
    }
}

/// The same times 256, for shares of 2^30; sums begin with `halves`.
pub(crate) fn mix_two_fine(shares: &[i32], v: &[i8], halves: [i32; 2], output: &mut [i16]) {
    if let Some(mut mix) = Mix::new(shares, v, halves, output) {
        // SAFETY: as for `mix_two`.
        unsafe { mix_two_fine_blocks(&raw mut mix) };
    }
}

/// A row of V: its share for either query times each of four columns.
macro_rules! row_of_i8 {
    () => {
        concat!(
            "ldrd r12, lr, [r0], #8",
            "\n ldrsb r3, [r1]",
            "\n mla r4, r12, r3, r4",
            "\n mla r8, lr, r3, r8",
            "\n ldrsb r3, [r1, #1]",
            "\n mla r5, r12, r3, r5",
            "\n mla r9, lr, r3, r9",
            "\n ldrsb r3, [r1, #2]",
            "\n mla r6, r12, r3, r6",
            "\n mla r10, lr, r3, r10",
            "\n ldrsb r3, [r1, #3]",
            "\n mla r7, r12, r3, r7",
            "\n mla r11, lr, r3, r11",
            "\n add r1, r1, r2\n",
        )
    };
}

/// The same with values times 256, and the upper words of products.
///
/// Of a word of four values two words of two are made by clearing bytes; a word of V is loaded from any address, which
/// `LDR` may do.
macro_rules! fine_row_of_i8 {
    () => {
        concat!(
            "ldr r3, [r1]",
            "\n ldrd r12, lr, [r0], #8",
            "\n lsl r3, r3, #8",
            "\n bic r3, r3, #0x00ff00ff",
            "\n smlawb r4, r12, r3, r4",
            "\n smlawt r6, r12, r3, r6",
            "\n smlawb r8, lr, r3, r8",
            "\n smlawt r10, lr, r3, r10",
            "\n ldr r3, [r1]",
            "\n add r1, r1, r2",
            "\n bic r3, r3, #0x00ff00ff",
            "\n smlawb r5, r12, r3, r5",
            "\n smlawt r7, r12, r3, r7",
            "\n smlawb r9, lr, r3, r9",
            "\n smlawt r11, lr, r3, r11\n",
        )
    };
}

/// The means of four sums: r0 and r1 the bounds of [`Mean`], r2 its total, r3 the output.
macro_rules! mean_of_four {
    ($sums:literal) => {
        concat!(
            ".irp sum, ",
            $sums,
            "\n cmp \\sum, r0",
            "\n adc \\sum, \\sum, r1",
            "\n udiv \\sum, \\sum, r2",
            "\n sub \\sum, \\sum, #128",
            "\n strb \\sum, [r3], #1",
            "\n .endr\n",
        )
    };
}

/// A function that takes four columns at a time, all rows of V: how sums begin, a row, and how they become means, after
/// which the flags say whether blocks are left.
macro_rules! mix_function {
    ($(#[$doc:meta])* $name:ident, $mean:ty, $output:ty, $begin:expr, $row:ident, $end:expr) => {
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "C" fn $name(mix: *mut Mix<$mean, $output>) {
            dsp_asm!(
                "push {{r4-r11, lr}}",
                "sub sp, #12",
                "ldr r1, [r0, #12]",
                "strd r0, r1, [sp]",
                // A block: r0 shares, r1 values, r2 bytes of a row, r4 to r7 and r8 to r11 the sums.
                "1:",
                "ldr lr, [sp]",
                "ldrd r1, r2, [lr]",
                "add r3, r1, #4",
                "str r3, [lr]",
                "ldrd r0, r3, [lr, #8]",
                $begin,
                "mov r5, r4",
                "mov r6, r4",
                "mov r7, r4",
                "mov r9, r8",
                "mov r10, r8",
                "mov r11, r8",
                // Into the middle of the loop, by the rows that are too many for fours.
                "sub r3, r3, r0",
                "ands r3, r3, #24",
                "beq 2f",
                "cmp r3, #16",
                "bhi 3f",
                "beq 4f",
                "b 5f",
                "2:",
                $row!(),
                "3:",
                $row!(),
                "4:",
                $row!(),
                "5:",
                $row!(),
                "ldr r3, [sp, #4]",
                "cmp r0, r3",
                "bne 2b",
                "ldr lr, [sp]",
                $end,
                "bne 1b",
                "add sp, #12",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

mix_function!(
    /// Of values that have 128 added on the way, so that a mean is a division without a sign.
    mix_two_blocks, Mean, i8,
    "ldr r4, [lr, #24]\n lsl r4, r4, #7\n ldr r8, [lr, #36]\n lsl r8, r8, #7",
    row_of_i8,
    concat!(
        "ldrd r0, r1, [lr, #16]\n ldr r2, [lr, #24]\n ldr r3, [lr, #40]\n",
        mean_of_four!("r4, r5, r6, r7"),
        "ldr r12, [lr, #4]\n ldrd r0, r1, [lr, #28]\n ldr r2, [lr, #36]\n str r3, [lr, #40]\n",
        "sub r3, #4\n add r3, r3, r12\n",
        mean_of_four!("r8, r9, r10, r11"),
        "ldr r12, [lr, #44]\n subs r12, #1\n str r12, [lr, #44]\n",
    )
);
mix_function!(
    /// In steps of 2^-14.
    mix_two_fine_blocks, i32, i16,
    "ldrd r4, r8, [lr, #16]",
    fine_row_of_i8,
    concat!(
        "ldr r2, [lr, #4]\n ldrd r0, r12, [lr, #24]\n add r3, r0, r2, lsl #1\n",
        ".irp sum, r4, r5, r6, r7\n ssat \\sum, #16, \\sum, asr #14\n strh \\sum, [r0], #2\n .endr\n",
        ".irp sum, r8, r9, r10, r11\n ssat \\sum, #16, \\sum, asr #14\n strh \\sum, [r3], #2\n .endr\n",
        "subs r12, #1\n strd r0, r12, [lr, #24]\n",
    )
);
