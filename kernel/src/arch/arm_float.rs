//! The blocks of [`quad`](crate::quad) for the floating-point unit of a Cortex-M4F, M7, M33 or M55.
//!
//! `VMLA.F32` multiplies, rounds, adds and rounds again: it is the naive loop's step in one
//! instruction. (`VFMA.F32` is the fused one.) LLVM never emits it, since some cores take as many
//! cycles for it as for the two instructions it stands for; here fewer instructions are what counts.
//! All 32 registers are in use: sixteen sums, and what is loaded several at a time, which is one
//! instruction too. Subnormal numbers stay what they are, as FPSCR has it after a reset.
#![expect(
    unsafe_code,
    reason = "the compiler has no way to ask for VMLA, nor for these registers"
)]

use core::arch::asm;
use core::f32::consts::{LN_2, LOG2_E};

use crate::exp::{EXP_NEG_END, HI, LO, P, WHOLE};
use crate::quad::{COLUMNS, QUAD};

/// Sixteen sums, and then the scale that becomes of them.
type Constants = [f32; QUAD * QUAD + 1];

/// `sums[i] += a[i] · b` for four sums in registers.
macro_rules! multiply_add {
    ($b:literal: $(($sum:literal, $a:literal))*) => {
        concat!($("vmla.f32 s", $sum, ", s", $a, ", s", $b, "\n"),*)
    };
}

/// One block of a tile: the four numbers of `a` (registers), times four more, on sixteen sums.
macro_rules! multiply_add_16 {
    ($a0:literal $a1:literal $a2:literal $a3:literal, $b0:literal $b1:literal $b2:literal $b3:literal) => {
        concat!(
            multiply_add!($b0: (0, $a0) (1, $a1) (2, $a2) (3, $a3)),
            multiply_add!($b1: (4, $a0) (5, $a1) (6, $a2) (7, $a3)),
            multiply_add!($b2: (8, $a0) (9, $a1) (10, $a2) (11, $a3)),
            multiply_add!($b3: (12, $a0) (13, $a1) (14, $a2) (15, $a3)),
        )
    };
}

/// `asm!` that uses every register of the unit.
macro_rules! with_all_registers {
    ($($code:tt)*) => {
        asm!(
            $($code)*
            out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _,
            out("s6") _, out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _,
            out("s12") _, out("s13") _, out("s14") _, out("s15") _, out("s16") _, out("s17") _,
            out("s18") _, out("s19") _, out("s20") _, out("s21") _, out("s22") _, out("s23") _,
            out("s24") _, out("s25") _, out("s26") _, out("s27") _, out("s28") _, out("s29") _,
            out("s30") _, out("s31") _,
            options(nostack),
        )
    };
}

/// Whether there are `blocks` blocks of four keys.
fn keys_fit(keys: &[f32], columns: usize, blocks: usize) -> bool {
    blocks > 0 && keys.len() / QUAD / blocks >= columns
}

/// Whether every key has `width` values, the rows beginning `columns` apart.
fn values_fit(values: &[f32], columns: usize, keys: usize, width: usize) -> bool {
    let before_last = keys.saturating_sub(1).saturating_mul(columns);
    keys > 0 && values.len() >= before_last.saturating_add(width)
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

/// Adds four columns of V, whose rows begin `columns` values apart, each times its weights (keys, 4).
///
/// `sums` are those of a column, (4, 4).
pub(crate) fn mix_tile(
    weights: &[[f32; QUAD]],
    values: &[f32],
    columns: usize,
    sums: &mut [[f32; QUAD]; QUAD],
) {
    if !values_fit(values, columns, weights.len(), QUAD) {
        return;
    }
    // SAFETY: reads all of `weights` and, of `values`, four numbers for each of them, as checked; reads and
    // writes `sums`.
    unsafe {
        with_all_registers!(
            "vldmia {sums}, {{s0-s15}}",
            "lsrs {count}, {keys}, #1",
            "beq 4f",
            "3:", // two keys
            "vldmia {weights}!, {{s16-s23}}",
            "vldmia {values}, {{s24-s27}}",
            "add {values}, {values}, {columns}, lsl #2",
            "vldmia {values}, {{s28-s31}}",
            "add {values}, {values}, {columns}, lsl #2",
            multiply_add_16!(16 17 18 19, 24 25 26 27),
            multiply_add_16!(20 21 22 23, 28 29 30 31),
            "subs {count}, {count}, #1",
            "bne 3b",
            "4:",
            "ands {count}, {keys}, #1",
            "beq 5f",
            "vldmia {weights}!, {{s16-s19}}",
            "vldmia {values}, {{s24-s27}}",
            multiply_add_16!(16 17 18 19, 24 25 26 27),
            "5:",
            "vstmia {sums}, {{s0-s15}}",
            sums = in(reg) sums.as_mut_ptr(),
            keys = in(reg) weights.len(),
            columns = in(reg) columns,
            weights = inout(reg) weights.as_ptr() => _,
            values = inout(reg) values.as_ptr() => _,
            count = out(reg) _,
        );
    }
}

/// Adds eight columns of V, whose rows begin `columns` values apart, each times its weight (keys).
pub(crate) fn mix_row(weights: &[f32], values: &[f32], columns: usize, sums: &mut [f32; COLUMNS]) {
    if !values_fit(values, columns, weights.len(), COLUMNS) {
        return;
    }
    // SAFETY: reads all of `weights` and, of `values`, eight numbers for each of them, as checked; reads and
    // writes `sums`.
    unsafe {
        with_all_registers!(
            "vldmia {sums}, {{s0-s7}}",
            "lsrs {count}, {keys}, #1",
            "beq 4f",
            "3:", // two keys
            "vldmia {weights}!, {{s8-s9}}",
            "vldmia {values}, {{s16-s23}}",
            "add {values}, {values}, {columns}, lsl #2",
            "vldmia {values}, {{s24-s31}}",
            "add {values}, {values}, {columns}, lsl #2",
            multiply_add!(8: (0, 16) (1, 17) (2, 18) (3, 19) (4, 20) (5, 21) (6, 22) (7, 23)),
            multiply_add!(9: (0, 24) (1, 25) (2, 26) (3, 27) (4, 28) (5, 29) (6, 30) (7, 31)),
            "subs {count}, {count}, #1",
            "bne 3b",
            "4:",
            "ands {count}, {keys}, #1",
            "beq 5f",
            "vldmia {weights}!, {{s8}}",
            "vldmia {values}, {{s16-s23}}",
            multiply_add!(8: (0, 16) (1, 17) (2, 18) (3, 19) (4, 20) (5, 21) (6, 22) (7, 23)),
            "5:",
            "vstmia {sums}, {{s0-s7}}",
            sums = in(reg) sums.as_mut_ptr(),
            keys = in(reg) weights.len(),
            columns = in(reg) columns,
            weights = inout(reg) weights.as_ptr() => _,
            values = inout(reg) values.as_ptr() => _,
            count = out(reg) _,
        );
    }
}

/// [`exp_neg`](crate::exp_neg) in two places at once, operation by operation.
///
/// What lies below the end is first moved to where the power of two is zero, so that nothing has to
/// be asked at the end. s8 to s19 hold the constants, s24 to s31 are free.
macro_rules! exp_neg_of_two {
    ($x:literal $y:literal, $max_x:literal $max_y:literal, $sum_x:literal $sum_y:literal) => {
        concat!(
            "vsub.f32 s",
            $x,
            ", s",
            $x,
            ", s",
            $max_x,
            "\n",
            "vsub.f32 s",
            $y,
            ", s",
            $y,
            ", s",
            $max_y,
            "\n",
            "vcmp.f32 s",
            $x,
            ", s18\n",
            "vmrs APSR_nzcv, fpscr\n",
            "it mi\n",
            "vmovmi.f32 s",
            $x,
            ", s19\n",
            "vcmp.f32 s",
            $y,
            ", s18\n",
            "vmrs APSR_nzcv, fpscr\n",
            "it mi\n",
            "vmovmi.f32 s",
            $y,
            ", s19\n",
            // shifted = WHOLE + x · log2 e
            "vmov.f32 s24, s9\n",
            "vmov.f32 s25, s9\n",
            "vmla.f32 s24, s",
            $x,
            ", s8\n",
            "vmla.f32 s25, s",
            $y,
            ", s8\n",
            // n = shifted − WHOLE
            "vsub.f32 s26, s24, s9\n",
            "vsub.f32 s27, s25, s9\n",
            // power of two
            "vmov {bits_x}, {bits_y}, s24, s25\n",
            "lsl {bits_x}, {bits_x}, #23\n",
            "lsl {bits_y}, {bits_y}, #23\n",
            "vmov s24, s25, {bits_x}, {bits_y}\n",
            // high = x − n · HI, low = n · LO, r = high − low
            "vmls.f32 s",
            $x,
            ", s26, s10\n",
            "vmls.f32 s",
            $y,
            ", s27, s10\n",
            "vmul.f32 s26, s26, s11\n",
            "vmul.f32 s27, s27, s11\n",
            "vsub.f32 s30, s",
            $x,
            ", s26\n",
            "vsub.f32 s31, s",
            $y,
            ", s27\n",
            // p
            "vmul.f32 s28, s30, s16\n",
            "vmul.f32 s29, s31, s16\n",
            "vadd.f32 s28, s28, s15\n",
            "vadd.f32 s29, s29, s15\n",
            "vmul.f32 s28, s28, s30\n",
            "vmul.f32 s29, s29, s31\n",
            "vadd.f32 s28, s28, s14\n",
            "vadd.f32 s29, s29, s14\n",
            "vmul.f32 s28, s28, s30\n",
            "vmul.f32 s29, s29, s31\n",
            "vadd.f32 s28, s28, s13\n",
            "vadd.f32 s29, s29, s13\n",
            "vmul.f32 s28, s28, s30\n",
            "vmul.f32 s29, s29, s31\n",
            "vadd.f32 s28, s28, s12\n",
            "vadd.f32 s29, s29, s12\n",
            // r · r · p − low
            "vmul.f32 s30, s30, s30\n",
            "vmul.f32 s31, s31, s31\n",
            "vnmls.f32 s26, s30, s28\n",
            "vnmls.f32 s27, s31, s29\n",
            // (1 + (high + that)) · power of two
            "vadd.f32 s",
            $x,
            ", s",
            $x,
            ", s26\n",
            "vadd.f32 s",
            $y,
            ", s",
            $y,
            ", s27\n",
            "vadd.f32 s",
            $x,
            ", s",
            $x,
            ", s17\n",
            "vadd.f32 s",
            $y,
            ", s",
            $y,
            ", s17\n",
            "vmul.f32 s",
            $x,
            ", s",
            $x,
            ", s24\n",
            "vmul.f32 s",
            $y,
            ", s",
            $y,
            ", s25\n",
            "vadd.f32 s",
            $sum_x,
            ", s",
            $sum_x,
            ", s",
            $x,
            "\n",
            "vadd.f32 s",
            $sum_y,
            ", s",
            $sum_y,
            ", s",
            $y,
            "\n",
        )
    };
}

/// Scores to weights, in place: `exp_neg(score − max)`; returns the sum of each place.
pub(crate) fn weigh(scores: &mut [[f32; QUAD]], max: [f32; QUAD]) -> [f32; QUAD] {
    /// The power of two that belongs to it is zero: n = −127.
    const NOWHERE: f32 = -127.0 * LN_2;
    let mut sums = [0.0; QUAD];
    if scores.is_empty() {
        return sums;
    }
    let constants = [
        LOG2_E,
        WHOLE,
        HI,
        LO,
        P[0],
        P[1],
        P[2],
        P[3],
        P[4],
        1.0,
        EXP_NEG_END,
        NOWHERE,
    ];
    // SAFETY: reads `max`, `constants` and `sums`, reads and writes all of `scores`, writes `sums`.
    unsafe {
        with_all_registers!(
            "vldmia {max}, {{s0-s3}}",
            "vldmia {sums}, {{s4-s7}}",
            "vldmia {constants}, {{s8-s19}}",
            "2:",
            "vldmia {scores}, {{s20-s23}}",
            exp_neg_of_two!(20 21, 0 1, 4 5),
            exp_neg_of_two!(22 23, 2 3, 6 7),
            "vstmia {scores}!, {{s20-s23}}",
            "subs {count}, {count}, #1",
            "bne 2b",
            "vstmia {sums}, {{s4-s7}}",
            max = in(reg) max.as_ptr(),
            sums = in(reg) sums.as_mut_ptr(),
            constants = in(reg) constants.as_ptr(),
            scores = inout(reg) scores.as_mut_ptr() => _,
            count = inout(reg) scores.len() => _,
            bits_x = out(reg) _,
            bits_y = out(reg) _,
        );
    }
    sums
}
