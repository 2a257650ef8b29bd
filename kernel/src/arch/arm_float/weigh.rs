//! From scores to weights: e^x, two at a time.

#![expect(
    unsafe_code,
    reason = "the compiler has no way to ask for VMLA, nor for these registers"
)]

use core::arch::asm;
use core::f32::consts::{LN_2, LOG2_E};

use crate::exp::{EXP_NEG_END, HI, LO, P, WHOLE};
use crate::quad::QUAD;

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
