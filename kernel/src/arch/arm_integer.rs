//! i8 and i16 on an Arm chip with the DSP instructions (Cortex-M4, M7, M33): whole loops in assembly.
//!
//! What the compiler makes of the portable loops takes four to six times the instructions: it leaves
//! `SMLAD` in the remainder of a loop that it unrolled, and checks what the shapes prove. Here
//!
//! - Q·K takes two keys at a time, so that a load of Q serves both: `SMLALD` adds two products of i16 to
//!   64 bits, `SMLAD` two of i8, spread to 16 bits by `SXTB16`, to 32;
//! - 2⁻ˣ is five `SMMLS`, one for each step of the polynomial;
//! - P·V takes eight columns at a time, with their sums in registers: `SMLAWB` adds the high word of a
//!   product of 32 and 16 bits, `MLA` the low word of one that is known to fit.
//!
//! Every function has the bits of its portable twin in [`row`](crate::row) and
//! [`fixed`](crate::fixed), and leaves to it what does not fit: it returns for how many keys it did the work.

pub(crate) use fine::mix_i8_fine;
pub(crate) use mix::{mix_i8, mix_i16};
pub(crate) use packed::{Mixer, Scorer, pack_keys, pack_values, spread, spread_two};
pub(crate) use score::{dot_i16, score_i8, score_i16};
pub(crate) use two::{BIAS, greatest_of_two, score_two, share_two};
pub(crate) use two_mix::{Mean, mix_two, mix_two_fine};
pub(crate) use weigh::{Weigher, greatest, greatest_above_zero, share, weigh};

/// A function in assembly. Outside of functions the assembler forgets for which processor of Armv8-M the
/// compiler was asked, and has to be told that there are DSP instructions.
#[cfg(kqv_dsp_v8m)]
macro_rules! dsp_asm {
    ($($lines:tt)*) => { naked_asm!(".cpu cortex-m33", $($lines)*) };
}
/// A function in assembly.
#[cfg(not(kqv_dsp_v8m))]
macro_rules! dsp_asm {
    ($($lines:tt)*) => { naked_asm!($($lines)*) };
}

mod fine;
mod mix;
mod packed;
mod score;
mod two;
mod two_mix;
mod weigh;

/// Keys, or rows of V, of a loop that are not worth a loop of their own.
const UNROLLED: usize = 4;
/// Columns that one step of Q·K, or one block of P·V, takes.
const STEP: usize = 8;

/// Whether words can be loaded from here, two at a time.
pub(crate) fn is_aligned<N>(values: &[N]) -> bool {
    values.as_ptr().addr().is_multiple_of(4)
}
