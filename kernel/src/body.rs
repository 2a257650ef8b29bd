//! Which body does the work of f32: they differ in speed, never in a bit.

/// The ways to compute f32 attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Body {
    /// The naive loop, query by query: what runs without the feature `std` and while somebody watches.
    Scalar,
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
        #[cfg(not(all(feature = "std", target_arch = "x86_64")))]
        return Self::Scalar;
    }
}
