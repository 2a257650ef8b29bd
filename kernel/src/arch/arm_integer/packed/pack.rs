//! K and V, and a pair of queries, as words.

#![expect(
    unsafe_code,
    reason = "the compiler does not reach these instructions, and no stable function stands for them"
)]

use core::arch::{asm, naked_asm};

use super::super::is_aligned;

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
