//! Bodies for particular processors: the only unsafe code, each with the portable loop as its oracle.

#[cfg(all(feature = "std", target_arch = "x86_64"))]
pub(crate) mod x86;

#[cfg(any(
    all(target_arch = "wasm32", target_feature = "simd128"),
    all(target_arch = "aarch64", target_feature = "neon")
))]
pub(crate) mod lanes4;
