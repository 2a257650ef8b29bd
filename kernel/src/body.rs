//! Which body does the work: they differ in speed, never in a bit.

use crate::attention::Attention;
use crate::modify::Modify;
use crate::view::Qkv;

/// The ways to compute attention: with the vectors of a desktop for f32, on a chip for the integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Body {
    /// The naive loop, query by query: what runs without the feature `std` and while somebody watches.
    Scalar,
    /// Loops in assembly on a Cortex-M, for i8, and where it has DSP instructions for i16.
    Assembly,
    /// Tiles of 8 and 16 queries.
    Avx2,
    /// Tiles of 16 and 32 queries.
    Avx512,
}

impl Body {
    /// The fastest that this program and this processor have.
    pub fn best() -> Self {
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        return crate::arch::x86::best();
        #[cfg(any(kqv_dsp, kqv_narrow))]
        return Self::Assembly;
        #[cfg(not(any(all(feature = "std", target_arch = "x86_64"), kqv_dsp, kqv_narrow)))]
        return Self::Scalar;
    }
}

/// The cells that a tile of so many queries needs for `keys` keys of `columns` columns.
pub(crate) const fn scratch_cells(queries: usize, keys: usize, columns: usize) -> usize {
    queries.saturating_mul(keys.saturating_add(columns))
}

/// f32 attention for as many queries as whole tiles in `scratch` allow, from the first on; returns how many.
pub(crate) fn attend_f32<M: Modify>(
    body: Body,
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    return crate::arch::x86::attend(body, scale, qkv, attention, scratch, output);
    #[cfg(not(all(feature = "std", target_arch = "x86_64")))]
    let _ = (body, scale, qkv, attention, scratch, output);
    #[cfg(not(all(feature = "std", target_arch = "x86_64")))]
    0
}
