//! The blocks of [`quad`](crate::quad) for the floating-point unit of a Cortex-M4F, M7, M33 or M55.
//!
//! `VMLA.F32` multiplies, rounds, adds and rounds again: it is the naive loop's step in one
//! instruction. (`VFMA.F32` is the fused one.) LLVM never emits it, since some cores take as many
//! cycles for it as for the two instructions it stands for; here fewer instructions are what counts.
//! All 32 registers are in use: sixteen sums, and what is loaded several at a time, which is one
//! instruction too. Subnormal numbers stay what they are, as FPSCR has it after a reset.
//!
//! Here are the registers; the stages are in files of their own.

pub(crate) use mix::{mix_row, mix_tile};
pub(crate) use score::{score_row, score_tile};
pub(crate) use weigh::weigh;

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

mod mix;
mod score;
mod weigh;
