//! Eight i32 in one register of AVX2, and how a caller's scratch becomes a row of them.

use core::arch::x86_64::{
    __m128i, __m256d, __m256i, _mm_storeu_si128, _mm256_load_si256, _mm256_store_si256,
    _mm256_storeu_pd, _mm256_storeu_si256,
};

/// Eight numbers that lie as a register wants them: a load that is not aligned costs half as much again.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(crate) struct Lanes(pub(super) [i32; 8]);

impl Lanes {
    pub(super) const ZERO: Self = Self([0; 8]);

    /// The whole registers in `scratch`; up to seven cells at either end are left out.
    #[inline]
    pub(super) fn in_scratch(scratch: &mut [i32]) -> &mut [Self] {
        // SAFETY: `Lanes` is eight i32 and nothing else, and any bits make an i32.
        unsafe { scratch.align_to_mut().1 }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn load(&self) -> __m256i {
        // SAFETY: as long and as aligned as the register.
        unsafe { _mm256_load_si256(self.0.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn store(&mut self, register: __m256i) {
        // SAFETY: as for `load`.
        unsafe { _mm256_store_si256(self.0.as_mut_ptr().cast(), register) }
    }
}

/// The four numbers of a register.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn reals(register: __m256d) -> [f64; 4] {
    let mut reals = [0.0; 4];
    // SAFETY: as long as the register, and need not be aligned.
    unsafe { _mm256_storeu_pd(reals.as_mut_ptr(), register) }
    reals
}

/// A number of 16 bits.
pub(super) trait Half {}

impl Half for i16 {}
impl Half for u16 {}

/// The same memory as numbers of 16 bits.
#[inline]
pub(super) fn halves<H: Half>(lanes: &mut [Lanes]) -> &mut [H] {
    // SAFETY: a register is sixteen numbers of 16 bits as well, with nothing between, and any bits make one.
    unsafe { lanes.align_to_mut().1 }
}

/// The four numbers of a register.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn whole_words(register: __m256i) -> [u64; 4] {
    let mut words = [0; 4];
    // SAFETY: as long as the register, and need not be aligned.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), register) }
    words
}

/// The four numbers of a register.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn numbers(register: __m128i) -> [i32; 4] {
    let mut numbers = [0; 4];
    // SAFETY: as long as the register, and need not be aligned.
    unsafe { _mm_storeu_si128(numbers.as_mut_ptr().cast(), register) }
    numbers
}
