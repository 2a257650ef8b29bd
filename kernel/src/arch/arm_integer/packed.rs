//! i8 whose K and V were packed: two queries and two keys, or three columns of V, at a time.
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

use core::arch::{asm, naked_asm};

use super::is_aligned;
use super::two::{BIAS, Mean};

/// Steps of Q·K, and of P·V, in a loop that is entered in the middle.
const STEPS: usize = 8;
/// Bytes of code of a step of Q·K: two loads, and eight multiplications of four bytes each.
const SCORE_BYTES: usize = 40;
/// Bytes of code of a step of P·V: three loads and eight multiplications.
const MIX_BYTES: usize = 44;
/// The same where one column is left: three loads and four multiplications.
const LAST_BYTES: usize = 28;

/// Bytes 0 and 2, and bytes 1 and 3, as numbers of 16 bits.
pub(crate) fn spread(bytes: [i8; 4]) -> [i32; 2] {
    let (even, odd): (i32, i32);
    let word = u32::from_le_bytes(bytes.map(i8::cast_unsigned));
    // SAFETY: works on registers only.
    unsafe {
        asm!(
            "sxtb16 {even}, {word}",
            "sxtb16 {odd}, {word}, ror #8",
            word = in(reg) word,
            even = out(reg) even,
            odd = lateout(reg) odd,
            options(pure, nomem, nostack),
        );
    }
    [even, odd]
}

/// Whole steps of two rows as words: two of each row for four columns, those of every other column together.
pub(crate) fn spread_two(rows: [&[i8]; 2], tile: &mut [i32]) -> usize {
    let [one, other] = rows;
    let steps = (one.len() / 4).min(other.len() / 4).min(tile.len() / 4);
    if steps == 0 || !is_aligned(one) || !is_aligned(other) {
        return 0;
    }
    // SAFETY: both rows have so many steps and are aligned, and there are four words for each.
    unsafe { spread_steps(one.as_ptr(), other.as_ptr(), tile.as_mut_ptr(), steps) };
    steps
}

/// Two steps at a time, the first of them alone if there is an odd number.
#[unsafe(naked)]
unsafe extern "C" fn spread_steps(one: *const i8, other: *const i8, tile: *mut i32, steps: usize) {
    dsp_asm!(
        "push {{r4-r9}}",
        "lsrs r3, #1",
        "bcc 1f",
        "ldr r8, [r0], #4",
        "ldr r9, [r1], #4",
        "b 2f",
        "1:",
        "ldrd r6, r8, [r0], #8",
        "ldrd r7, r9, [r1], #8",
        "sxtb16 r4, r6",
        "sxtb16 r5, r7",
        "sxtb16 r6, r6, ror #8",
        "sxtb16 r7, r7, ror #8",
        "stmia r2!, {{r4-r7}}",
        "sub r3, #1",
        "2:",
        "sxtb16 r4, r8",
        "sxtb16 r5, r9",
        "sxtb16 r6, r8, ror #8",
        "sxtb16 r7, r9, ror #8",
        "stmia r2!, {{r4-r7}}",
        "cmp r3, #0",
        "bne 1b",
        "pop {{r4-r9}}",
        "bx lr",
    )
}

/// Packs keys (S, D) into place `j` and the following of `packed`, whose keys have `key_words` words each; `false`, and
/// nothing done, unless rows have whole steps and are aligned.
pub(crate) fn pack_keys(keys: &[i8], width: usize, j: usize, packed: &mut [u32]) -> bool {
    let (steps, rest) = (width / 4, keys.len() % 4 + width % 4);
    let place = 2 * steps * (j & !1);
    let rows = keys.len() / width.max(1);
    let needed = 2 * steps * (j + rows).next_multiple_of(2);
    if steps == 0 || rest > 0 || rows == 0 || packed.len() < needed || !is_aligned(keys) {
        return false;
    }
    let pair = packed.as_mut_ptr().wrapping_add(place + j % 2 * 2);
    // SAFETY: the keys have `steps` whole steps each and are aligned, and from `pair` on there are four words for each
    // step of two keys.
    unsafe { pack_rows(keys.as_ptr(), pair, steps, keys.as_ptr_range().end, j % 2) };
    true
}

/// One key at a time, into the first half of every four words or the second.
#[unsafe(naked)]
unsafe extern "C" fn pack_rows(
    keys: *const i8,
    pair: *mut u32,
    steps: usize,
    end: *const i8,
    half: usize,
) {
    dsp_asm!(
        "push {{r4-r6, lr}}",
        "ldr r12, [sp, #16]",
        // From the end of a first half to the second, and from there to the next first one.
        "lsl r6, r2, #4",
        "rsb r6, r6, #8",
        "1:",
        "mov lr, r2",
        "2:",
        "ldr r4, [r0], #4",
        "sxtb16 r5, r4",
        "sxtb16 r4, r4, ror #8",
        "strd r5, r4, [r1], #16",
        "subs lr, #1",
        "bne 2b",
        "eors r12, r12, #1",
        "ite ne",
        "addne r1, r1, r6",
        "subeq r1, #8",
        "cmp r0, r3",
        "bne 1b",
        "pop {{r4-r6, pc}}",
    )
}

/// Packs values (S, E), two words for three columns, `block` words apart, and for the next value beside them; `false`,
/// and nothing done, if they do not fit.
pub(crate) fn pack_values(values: &[i8], columns: usize, words: &mut [u32], block: usize) -> bool {
    let rows = values.len() / columns.max(1);
    let last = columns.saturating_sub(1) / 3 * block;
    if columns == 0 || rows == 0 || words.len() < last + 2 * rows {
        return false;
    }
    let shape = [4 * block, columns, rows];
    // SAFETY: there are so many rows and columns, and `words` has two words for every three columns of a row, and for
    // those that are left.
    unsafe { pack_columns(values.as_ptr(), words.as_mut_ptr(), &shape) };
    true
}

/// Three columns at a time, by a load that need not be aligned, then the last one, two or three by bytes: a fourth byte
/// may not be there.
#[unsafe(naked)]
unsafe extern "C" fn pack_columns(values: *const i8, words: *mut u32, shape: &[usize; 3]) {
    dsp_asm!(
        "push {{r4-r10, lr}}",
        "mov lr, #0x80808080",
        "movw r10, #0x00ff",
        "movt r10, #0xff00",
        "ldmia r2, {{r2, r7, r8}}",
        "0:",
        "mov r9, r1",
        "subs r3, r7, #4",
        "bcc 2f",
        "1:",
        "ldr r4, [r0], #3",
        "eor r4, r4, lr",
        "and r5, r10, r4, ror #8",
        "and r4, r10, r4, ror #16",
        "strd r4, r5, [r9]",
        "add r9, r9, r2",
        "subs r3, #3",
        "bcs 1b",
        "2:",
        "ldrb r4, [r0], #1",
        "eor r4, r4, #128",
        "mov r5, #0",
        "adds r3, #3",
        "beq 3f",
        "mov r5, r4",
        "ldrb r4, [r0], #1",
        "eor r4, r4, #128",
        "orr r4, r4, r5, lsl #24",
        "cmp r3, #1",
        "beq 3f",
        "ubfx r6, r4, #0, #8",
        "orr r5, r6, r5, lsl #24",
        "ldrb r4, [r0], #1",
        "eor r4, r4, #128",
        "orr r4, r4, r6, lsl #24",
        "3:",
        "strd r4, r5, [r9]",
        "add r1, #8",
        "subs r8, #1",
        "bne 0b",
        "pop {{r4-r10, pc}}",
    )
}

/// How far into the code of a loop of [`STEPS`] steps one jumps for so many, and the bit that says Thumb.
const fn skipped(steps: usize, bytes: usize) -> usize {
    (STEPS - steps % STEPS) % STEPS * bytes + 1
}

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
