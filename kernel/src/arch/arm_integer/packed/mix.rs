//! P·V of three columns at a time.
//!
//! A word of V has two columns, 128 added to each, one of them 24 bits above the other. One `UMLAL` adds the
//! products of both, A + 2^24·B in 64 bits, where A and B have 32 bits each and so lie 8 bits over each other.
//! The next word has B + 2^24·C: it says what the low 24 bits of B are, and so all of A and of B, and then of C.
//! Two instructions for three columns, and no bit is lost. C is the first column of the three: so both words are
//! the bytes in their order, turned around. A column that is alone is a word's only number.

#![expect(
    unsafe_code,
    reason = "the compiler does not reach these instructions, and no stable function stands for them"
)]

use core::arch::naked_asm;

use super::super::two_mix::Mean;
use super::{STEPS, skipped};

/// Bytes of code of a step: three loads and eight multiplications.
const MIX_BYTES: usize = 44;
/// The same where one column is left: three loads and four multiplications.
const LAST_BYTES: usize = 28;

/// What [`mix_packed_blocks`] reads; the order is that of its loads.
#[repr(C)]
struct Mix {
    v: *const u32,
    shares: *const i32,
    zeros: [u32; 4],
    /// Where to jump, from the first step on.
    entry: usize,
    /// One past the last share.
    end: *const i32,
    mean: Mean,
    output: *mut i8,
    columns: usize,
    /// Bytes of a block of V behind the rows that have shares.
    rest_bytes: usize,
    /// Where to jump for a last single column, from its first step on.
    last_entry: usize,
}

/// Packed values, and what their mixing begins with.
pub(crate) struct Mixer<'a> {
    words: &'a [u32],
    /// Words of three columns.
    block: usize,
    /// The place of the first value that has a share.
    start: usize,
    /// How many have one.
    count: usize,
    blocks: unsafe extern "C" fn(*const Mix),
    mix: Mix,
}

impl<'a> Mixer<'a> {
    /// For `block` words for every three of the columns; `None` if `words` are too few, or there are no columns.
    pub(crate) fn new(words: &'a [u32], block: usize, columns: usize) -> Option<Self> {
        let needed = columns.div_ceil(3).checked_mul(block);
        let fits = columns > 0 && needed.is_some_and(|needed| needed <= words.len());
        fits.then_some(Self {
            words,
            block,
            start: 0,
            count: 0,
            blocks: mix_packed_blocks,
            mix: Mix {
                v: words.as_ptr(),
                shares: core::ptr::null(),
                zeros: [0; 4],
                entry: 0,
                end: core::ptr::null(),
                mean: Mean::new(1),
                output: core::ptr::null_mut(),
                columns,
                rest_bytes: 0,
                last_entry: 0,
            },
        })
    }

    /// The means of the values from place `start` on under the shares of one query, a multiple of four; `false` if
    /// something does not fit.
    pub(crate) fn mix(
        &mut self,
        shares: &[i32],
        start: usize,
        total: u32,
        output: &mut [i8],
    ) -> bool {
        if (start, shares.len()) != (self.start, self.count) && !self.move_to(start, shares.len()) {
            return false;
        }
        if shares.is_empty() || output.len() != self.mix.columns {
            return false;
        }
        self.mix.shares = shares.as_ptr();
        self.mix.end = shares.as_ptr_range().end;
        self.mix.mean = Mean::new(total);
        self.mix.output = output.as_mut_ptr();
        // SAFETY: every block of V has two words for every share, as `move_to` has seen, and the output all columns.
        unsafe { (self.blocks)(&raw const self.mix) };
        true
    }

    /// Looks at `count` values, a multiple of four, from place `start` on.
    fn move_to(&mut self, start: usize, count: usize) -> bool {
        let fits = count.is_multiple_of(4) && 2 * (start + count) <= self.block;
        if fits {
            let steps = count / 4;
            (self.start, self.count) = (start, count);
            self.mix.v = self.words.as_ptr().wrapping_add(2 * start);
            self.mix.entry = skipped(steps, MIX_BYTES);
            self.mix.last_entry = skipped(steps, LAST_BYTES);
            self.mix.rest_bytes = 4 * (self.block - 2 * count);
            self.blocks = if steps <= STEPS {
                mix_short_blocks
            } else {
                mix_packed_blocks
            };
        }
        fits
    }
}

/// A function for three columns at a time, four keys a step; `$again` and `$last_again` go back for more steps.
macro_rules! mix_function {
    ($(#[$doc:meta])* $name:ident, [$($again:literal)*], [$($last_again:literal)*]) => {
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "C" fn $name(mix: *const Mix) {
            dsp_asm!(
                "push {{r4-r11, lr}}",
                // The end, what the mean needs, output, columns, rest, entry; then what a block begins with.
                "add r1, r0, #28",
                "ldmia r1, {{r1-r8}}",
                "push {{r1-r8}}",
                "ldmia r0, {{r1-r7}}",
                "adr r8, 2f",
                "add r7, r7, r8",
                "push {{r2-r7}}",
                // r0 shares, r1 values, r2 to r5 two sums of 64 bits; then to the first step.
                "1:",
                "ldmia sp, {{r0, r2-r5, pc}}",
                "2:",
                ".rept 8",
                "ldmia r0!, {{r6-r9}}",
                "ldmia r1!, {{r10-r12, lr}}",
                "umlal r2, r3, r6, r10",
                "umlal r4, r5, r6, r11",
                "umlal r2, r3, r7, r12",
                "umlal r4, r5, r7, lr",
                "ldmia r1!, {{r10-r12, lr}}",
                "umlal r2, r3, r8, r10",
                "umlal r4, r5, r8, r11",
                "umlal r2, r3, r9, r12",
                "umlal r4, r5, r9, lr",
                ".endr",
                $($again,)*
                // A to r2, B to r3, C to r5.
                "lsl r3, r3, #8",
                "orr r3, r3, r2, lsr #24",
                "sub r6, r3, r4",
                "bfi r2, r6, #24, #8",
                "uxtb r6, r6",
                "sub r3, r3, r6",
                "lsl r5, r5, #8",
                "orr r5, r5, r4, lsr #24",
                "sub r5, r5, r3, lsr #24",
                "add r6, sp, #28",
                "ldmia r6, {{r6-r11}}",
                "subs r10, #3",
                "bcc 7f",
                "cmp r5, r6",
                "adc r5, r5, r7",
                "udiv r5, r5, r8",
                "sub r5, r5, #128",
                "strb r5, [r9], #1",
                "5:",
                "cmp r3, r6",
                "adc r3, r3, r7",
                "udiv r3, r3, r8",
                "sub r3, r3, #128",
                "strb r3, [r9], #1",
                "6:",
                "cmp r2, r6",
                "adc r2, r2, r7",
                "udiv r2, r2, r8",
                "sub r2, r2, #128",
                "strb r2, [r9], #1",
                "add r1, r1, r11",
                "strd r9, r10, [sp, #40]",
                "cmp r10, #1",
                "bgt 1b",
                "bne 4f",
                // A single column is left: its words are its numbers.
                "ldr r0, [sp]",
                "ldr r4, [sp, #52]",
                "adr r3, 3f",
                "mov r2, #0",
                "add r3, r3, r4",
                "bx r3",
                "3:",
                ".rept 8",
                "ldmia.w r0!, {{r3-r6}}",
                "ldmia.w r1!, {{r7, r8, r10, r11}}",
                "mla r2, r3, r7, r2",
                "mla r2, r4, r10, r2",
                "ldmia.w r1!, {{r7, r8, r10, r11}}",
                "mla r2, r5, r7, r2",
                "mla r2, r6, r10, r2",
                ".endr",
                $($last_again,)*
                "add r6, sp, #28",
                "ldmia r6, {{r6-r8}}",
                "cmp r2, r6",
                "adc r2, r2, r7",
                "udiv r2, r2, r8",
                "sub r2, r2, #128",
                "strb r2, [r9]",
                "4:",
                "add sp, #56",
                "pop {{r4-r11, pc}}",
                // Of three columns there are two, or one.
                "7:",
                "cmp r10, #-1",
                "beq 5b",
                "b 6b",
            )
        }
    };
}

mix_function!(
    /// [`STEPS`] steps at most.
    mix_short_blocks,
    [],
    []
);
mix_function!(
    /// Any number of keys.
    mix_packed_blocks,
    ["ldr r6, [sp, #24]" "cmp r0, r6" "bne 2b"],
    ["ldr r3, [sp, #24]" "cmp r0, r3" "bne 3b"]
);
