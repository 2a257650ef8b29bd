//! Q·K, four keys at a time.

#![expect(
    unsafe_code,
    reason = "the compiler has no way to ask for VMLA, nor for these registers"
)]

use core::arch::asm;

use crate::quad::QUAD;

/// Sixteen sums, and then the scale that becomes of them.
type Constants = [f32; QUAD * QUAD + 1];

/// Whether there are `blocks` blocks of four keys.
fn keys_fit(keys: &[f32], columns: usize, blocks: usize) -> bool {
    blocks > 0 && keys.len() / QUAD / blocks >= columns
}

/// Raw scores of a tile (D, 4) with `keys` (4·blocks, D), four keys at a time.
pub(crate) fn score_tile(
    scale: f32,
    q: &[[f32; QUAD]],
    keys: &[f32],
    scores: &mut [[[f32; QUAD]; QUAD]],
) {
    if !keys_fit(keys, q.len(), scores.len()) {
        return;
    }
    let mut constants: Constants = [0.0; _];
    constants[QUAD * QUAD] = scale;
    // SAFETY: reads `constants`, `4 · D` numbers of `q` from its start in every block, and `4 · D · blocks`
    // of `keys`, as checked; writes the `16 · blocks` of `scores`.
    unsafe {
        with_all_registers!(
            "2:",
            "vldmia {constants}, {{s0-s15}}",
            "mov {q}, {q_start}",
            "add {k1}, {k0}, {columns}, lsl #2",
            "add {k2}, {k1}, {columns}, lsl #2",
            "add {k3}, {k2}, {columns}, lsl #2",
            "lsrs {count}, {columns}, #2",
            "beq 4f",
            "3:", // four columns
            "vldmia {q}!, {{s16-s23}}",
            "vldmia {k0}!, {{s24-s25}}",
            "vldmia {k1}!, {{s26-s27}}",
            "vldmia {k2}!, {{s28-s29}}",
            "vldmia {k3}!, {{s30-s31}}",
            multiply_add_16!(16 17 18 19, 24 26 28 30),
            multiply_add_16!(20 21 22 23, 25 27 29 31),
            "vldmia {q}!, {{s16-s23}}",
            "vldmia {k0}!, {{s24-s25}}",
            "vldmia {k1}!, {{s26-s27}}",
            "vldmia {k2}!, {{s28-s29}}",
            "vldmia {k3}!, {{s30-s31}}",
            multiply_add_16!(16 17 18 19, 24 26 28 30),
            multiply_add_16!(20 21 22 23, 25 27 29 31),
            "subs {count}, {count}, #1",
            "bne 3b",
            "4:",
            "ands {count}, {columns}, #3",
            "beq 6f",
            "5:", // one column
            "vldmia {q}!, {{s16-s19}}",
            "vldmia {k0}!, {{s24}}",
            "vldmia {k1}!, {{s26}}",
            "vldmia {k2}!, {{s28}}",
            "vldmia {k3}!, {{s30}}",
            multiply_add_16!(16 17 18 19, 24 26 28 30),
            "subs {count}, {count}, #1",
            "bne 5b",
            "6:",
            "vldr s16, [{constants}, #64]",
            "vmul.f32 s0, s0, s16",
            "vmul.f32 s1, s1, s16",
            "vmul.f32 s2, s2, s16",
            "vmul.f32 s3, s3, s16",
            "vmul.f32 s4, s4, s16",
            "vmul.f32 s5, s5, s16",
            "vmul.f32 s6, s6, s16",
            "vmul.f32 s7, s7, s16",
            "vmul.f32 s8, s8, s16",
            "vmul.f32 s9, s9, s16",
            "vmul.f32 s10, s10, s16",
            "vmul.f32 s11, s11, s16",
            "vmul.f32 s12, s12, s16",
            "vmul.f32 s13, s13, s16",
            "vmul.f32 s14, s14, s16",
            "vmul.f32 s15, s15, s16",
            "vstmia {scores}!, {{s0-s15}}",
            "mov {k0}, {k3}",
            "subs {blocks}, {blocks}, #1",
            "bne 2b",
            constants = in(reg) constants.as_ptr(),
            q_start = in(reg) q.as_ptr(),
            columns = in(reg) q.len(),
            scores = inout(reg) scores.as_mut_ptr() => _,
            blocks = inout(reg) scores.len() => _,
            k0 = inout(reg) keys.as_ptr() => _,
            k1 = out(reg) _,
            k2 = out(reg) _,
            k3 = out(reg) _,
            q = out(reg) _,
            count = out(reg) _,
        );
    }
}

/// Raw scores of a row (D) with `keys` (4·blocks, D), four keys at a time.
pub(crate) fn score_row(scale: f32, q: &[f32], keys: &[f32], scores: &mut [[f32; QUAD]]) {
    if !keys_fit(keys, q.len(), scores.len()) {
        return;
    }
    let mut constants: Constants = [0.0; _];
    constants[QUAD * QUAD] = scale;
    // SAFETY: reads `constants`, the D numbers of `q` from its start in every block, and `4 · D · blocks`
    // of `keys`, as checked; writes the `4 · blocks` of `scores`.
    unsafe {
        with_all_registers!(
            "2:",
            "vldmia {constants}, {{s0-s3}}",
            "mov {q}, {q_start}",
            "add {k1}, {k0}, {columns}, lsl #2",
            "add {k2}, {k1}, {columns}, lsl #2",
            "add {k3}, {k2}, {columns}, lsl #2",
            "lsrs {count}, {columns}, #2",
            "beq 4f",
            "3:", // four columns
            "vldmia {q}!, {{s4-s7}}",
            "vldmia {k0}!, {{s8-s11}}",
            "vldmia {k1}!, {{s12-s15}}",
            "vldmia {k2}!, {{s16-s19}}",
            "vldmia {k3}!, {{s20-s23}}",
            multiply_add!(4: (0, 8) (1, 12) (2, 16) (3, 20)),
            multiply_add!(5: (0, 9) (1, 13) (2, 17) (3, 21)),
            multiply_add!(6: (0, 10) (1, 14) (2, 18) (3, 22)),
            multiply_add!(7: (0, 11) (1, 15) (2, 19) (3, 23)),
            "subs {count}, {count}, #1",
            "bne 3b",
            "4:",
            "ands {count}, {columns}, #3",
            "beq 6f",
            "5:", // one column
            "vldmia {q}!, {{s4}}",
            "vldmia {k0}!, {{s8}}",
            "vldmia {k1}!, {{s12}}",
            "vldmia {k2}!, {{s16}}",
            "vldmia {k3}!, {{s20}}",
            multiply_add!(4: (0, 8) (1, 12) (2, 16) (3, 20)),
            "subs {count}, {count}, #1",
            "bne 5b",
            "6:",
            "vldr s4, [{constants}, #64]",
            "vmul.f32 s0, s0, s4",
            "vmul.f32 s1, s1, s4",
            "vmul.f32 s2, s2, s4",
            "vmul.f32 s3, s3, s4",
            "vstmia {scores}!, {{s0-s3}}",
            "mov {k0}, {k3}",
            "subs {blocks}, {blocks}, #1",
            "bne 2b",
            constants = in(reg) constants.as_ptr(),
            q_start = in(reg) q.as_ptr(),
            columns = in(reg) q.len(),
            scores = inout(reg) scores.as_mut_ptr() => _,
            blocks = inout(reg) scores.len() => _,
            k0 = inout(reg) keys.as_ptr() => _,
            k1 = out(reg) _,
            k2 = out(reg) _,
            k3 = out(reg) _,
            q = out(reg) _,
            count = out(reg) _,
        );
    }
}
