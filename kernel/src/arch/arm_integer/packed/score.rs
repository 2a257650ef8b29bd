//! Q·K of two queries and two keys at a time.

#![expect(
    unsafe_code,
    reason = "the compiler does not reach these instructions, and no stable function stands for them"
)]

use core::arch::naked_asm;

use super::super::two::BIAS;
use super::{STEPS, skipped};

/// Bytes of code of a step: two loads, and eight multiplications of four bytes each.
const SCORE_BYTES: usize = 40;

/// What [`score_packed_pairs`] reads; the order is that of its loads.
#[repr(C)]
struct Score {
    q: *const i32,
    /// What the four sums begin with.
    bias: [i32; 4],
    /// Where to jump, from the first step on.
    entry: usize,
    q_end: *const i32,
    rows: [*mut i32; 2],
    /// One past the last cell of the first row.
    end: *const i32,
}

/// Scores of two queries at a time.
pub(crate) struct Scorer {
    /// Words of Q: four for a step.
    words: usize,
    pairs: unsafe extern "C" fn(*const u32, *const Score),
    entry: usize,
}

impl Scorer {
    /// For queries of `words` words, four for a step; `None` if there is no step.
    pub(crate) fn new(words: usize) -> Option<Self> {
        let steps = words / 4;
        (steps > 0 && words.is_multiple_of(4)).then_some(Self {
            words,
            pairs: if steps <= STEPS {
                score_short_pairs
            } else {
                score_packed_pairs
            },
            entry: skipped(steps, SCORE_BYTES),
        })
    }

    /// [`BIAS`] and Σ q·k of two queries, spread as words (D, 2), with the packed `keys`, an even number, as two rows
    /// of cells; `false` if something does not fit.
    pub(crate) fn score(
        &self,
        q: &[i32],
        keys: &[u32],
        one: &mut [i32],
        other: &mut [i32],
    ) -> bool {
        let fits = keys.len() * 2 == self.words * one.len() && q.len() == self.words;
        if !fits || one.len() != other.len() || one.is_empty() || !one.len().is_multiple_of(2) {
            return false;
        }
        let score = Score {
            q: q.as_ptr(),
            bias: [BIAS; 4],
            entry: self.entry,
            q_end: q.as_ptr_range().end,
            end: one.as_ptr_range().end,
            rows: [one.as_mut_ptr(), other.as_mut_ptr()],
        };
        // SAFETY: K has a row for every cell, an even number, and its rows and Q have whole steps, and no more than
        // `score_short_pairs` takes where it is used.
        unsafe { (self.pairs)(keys.as_ptr(), &raw const score) };
        true
    }
}

/// A function for two queries and two keys at a time; `$again` goes back for more steps.
macro_rules! score_function {
    ($(#[$doc:meta])* $name:ident, $($again:literal)*) => {
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "C" fn $name(keys: *const u32, score: *const Score) {
            dsp_asm!(
                "push {{r4-r11, lr}}",
                "mov lr, r0",
                "ldmia r1, {{r0, r2-r10}}",
                "adr r1, 2f",
                "add r6, r6, r1",
                "push {{r0, r2-r10}}",
                "mov r1, lr",
                // Two keys from r1 on: r0 queries, r4 to r7 the sums; then to the first step.
                "1:",
                "ldmia sp, {{r0, r4-r7, pc}}",
                "2:",
                ".rept 8",
                "ldmia r0!, {{r8-r11}}",
                "ldmia r1!, {{r2, r3, r12, lr}}",
                "smlad r4, r8, r2, r4",
                "smlad r5, r8, r12, r5",
                "smlad r6, r9, r2, r6",
                "smlad r7, r9, r12, r7",
                "smlad r4, r10, r3, r4",
                "smlad r5, r10, lr, r5",
                "smlad r6, r11, r3, r6",
                "smlad r7, r11, lr, r7",
                ".endr",
                $($again,)*
                "add r12, sp, #28",
                "ldmia r12, {{r8-r10}}",
                "strd r4, r5, [r8], #8",
                "strd r6, r7, [r9], #8",
                "strd r8, r9, [r12]",
                "cmp r8, r10",
                "bne 1b",
                "add sp, #40",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

score_function!(
    /// Rows of [`STEPS`] steps at most.
    score_short_pairs,
);
score_function!(
    /// Rows of any length.
    score_packed_pairs, "ldr r8, [sp, #24]" "cmp r0, r8" "bne 2b"
);
