//! Which body does the work of f32: they differ in speed, never in a bit.

use crate::attention::Attention;
use crate::modify::Modify;
use crate::view::Qkv;

/// The ways to compute f32 attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Body {
    /// The naive loop, query by query: what runs where there is no other, and while somebody watches.
    Scalar,
    /// Tiles of 4 and 8 queries: WebAssembly compiled for `simd128`, and 64-bit Arm.
    Lanes4,
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
        #[cfg(any(
            all(target_arch = "wasm32", target_feature = "simd128"),
            all(target_arch = "aarch64", target_feature = "neon")
        ))]
        return Self::Lanes4;
        #[cfg(not(any(
            all(feature = "std", target_arch = "x86_64"),
            all(target_arch = "wasm32", target_feature = "simd128"),
            all(target_arch = "aarch64", target_feature = "neon")
        )))]
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
    if qkv.v.iter_rows().flatten().all(|value| value.is_finite()) {
        return crate::arch::x86::attend(body, scale, qkv, attention, scratch, output);
    }
    #[cfg(any(
        all(target_arch = "wasm32", target_feature = "simd128"),
        all(target_arch = "aarch64", target_feature = "neon")
    ))]
    if body == Body::Lanes4 && qkv.v.iter_rows().flatten().all(|value| value.is_finite()) {
        return crate::arch::lanes4::attend(scale, qkv, attention, scratch, output);
    }
    let _ = (body, scale, qkv, attention, scratch, output);
    0
}
