//! AVX-512 and AVX2: the vectors of [`stages`](crate::stages), and the choice among them at run time.
#![expect(
    unsafe_code,
    reason = "intrinsics, and functions compiled for what this processor turns out to have"
)]
#![expect(
    clippy::inline_always,
    reason = "a vector operation is worth nothing unless it is inlined into the function that was compiled for it"
)]

use core::arch::x86_64::{
    __m256, __m512, _CMP_LT_OQ, _mm_loadu_ps, _mm256_add_ps, _mm256_andnot_ps, _mm256_castps_si256,
    _mm256_castps128_ps256, _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_insertf128_ps,
    _mm256_loadu_ps, _mm256_max_ps, _mm256_mul_ps, _mm256_set1_ps, _mm256_shuffle_ps,
    _mm256_slli_epi32, _mm256_storeu_ps, _mm256_sub_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    _mm512_add_ps, _mm512_castps_si512, _mm512_castps128_ps512, _mm512_castsi512_ps,
    _mm512_cmp_ps_mask, _mm512_insertf32x4, _mm512_loadu_ps, _mm512_mask_mov_ps,
    _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_max_ps, _mm512_mul_ps, _mm512_set1_ps,
    _mm512_setzero_ps, _mm512_shuffle_ps, _mm512_slli_epi32, _mm512_storeu_ps, _mm512_sub_ps,
    _mm512_unpackhi_ps, _mm512_unpacklo_ps,
};

use core::hint::black_box;
use core::ops::Range;

use crate::body::Body;
use crate::stages::{MOST_LANES, Stages, Weighed, stages};
use crate::vector::Vector;
use crate::view::View;

/// The fastest body that this processor has.
pub(crate) fn best() -> Body {
    if std::arch::is_x86_feature_detected!("avx512f") {
        Body::Avx512
    } else if std::arch::is_x86_feature_detected!("avx2") {
        Body::Avx2
    } else {
        Body::Scalar
    }
}

/// The stages on AVX-512.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// If the processor has it.
    pub(crate) fn found() -> Option<Self> {
        (best() == Body::Avx512).then_some(Self(()))
    }
}

stages!(#[target_feature(enable = "avx512f")] Avx512, Zmm of 16, tiles of [2, 1], 8 keys, 8 by 2);

/// The stages on AVX2.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// If the processor has it, as all do that have AVX-512.
    pub(crate) fn found() -> Option<Self> {
        (best() != Body::Scalar).then_some(Self(()))
    }
}

stages!(#[target_feature(enable = "avx2")] Avx2, Ymm of 8, tiles of [4, 2, 1], 4 keys, 1 by 8);

/// 16 numbers.
#[derive(Clone, Copy)]
struct Zmm(__m512);

/// 8 numbers.
#[derive(Clone, Copy)]
struct Ymm(__m256);

/// The operations that are one intrinsic each. Every call stands inside a function that was compiled for the
/// feature and is called only where the processor has it; all are inlined there.
macro_rules! one_each {
    ($lanes:literal, $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $max:ident) => {
        #[inline(always)]
        fn splat(x: f32) -> Self {
            // SAFETY: see the macro.
            Self(unsafe { $splat(x) })
        }

        #[inline(always)]
        fn load(from: &[f32; $lanes]) -> Self {
            // SAFETY: see the macro; the array is as long as the register, and need not be aligned.
            Self(unsafe { $load(from.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, to: &mut [f32; $lanes]) {
            // SAFETY: as for `load`.
            unsafe { $store(to.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: see the macro.
            Self(unsafe { $add(self.0, other.0) })
        }

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            // SAFETY: see the macro.
            Self(unsafe { $sub(self.0, other.0) })
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            // SAFETY: see the macro.
            Self(unsafe { $mul(self.0, other.0) })
        }

        #[inline(always)]
        fn greater(self, other: Self) -> Self {
            // SAFETY: see the macro. The instruction returns its second operand for NaN.
            Self(unsafe { $max(self.0, other.0) })
        }
    };
}

impl Vector<16> for Zmm {
    one_each!(
        16,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_max_ps
    );

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: see the macro.
        Self(unsafe { _mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_castps_si512(self.0))) })
    }

    #[inline(always)]
    fn zero_below(self, x: Self, end: f32) -> Self {
        // SAFETY: see the macro.
        Self(unsafe {
            let below = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(x.0, _mm512_set1_ps(end));
            _mm512_mask_mov_ps(self.0, below, _mm512_setzero_ps())
        })
    }

    /// Quarters of four rows are loaded into one register, four columns at a time: the turning of four rows of four,
    /// in all quarters at once.
    #[inline(always)]
    fn turned(rows: [&[f32; 16]; 16]) -> [Self; 16] {
        let [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]] = [
            Self::four_columns(&rows, 0),
            Self::four_columns(&rows, 1),
            Self::four_columns(&rows, 2),
            Self::four_columns(&rows, 3),
        ];
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }

    #[inline(always)]
    fn load_part(from: &[f32]) -> Self {
        if let Some(whole) = from.first_chunk() {
            return Self::load(whole);
        }
        // SAFETY: see the macro; lanes that are not in `from` are not read.
        Self(unsafe { _mm512_maskz_loadu_ps(first_lanes(from.len()), from.as_ptr()) })
    }

    #[inline(always)]
    fn store_part(self, to: &mut [f32]) {
        if let Some(whole) = to.first_chunk_mut() {
            return self.store(whole);
        }
        // SAFETY: see the macro; lanes that are not in `to` are not written.
        unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr(), first_lanes(to.len()), self.0) }
    }
}

impl Zmm {
    /// The columns from 4 · `four` on.
    #[inline(always)]
    fn four_columns(rows: &[&[f32; 16]; 16], four: usize) -> [Self; 4] {
        let mut joined = [Self::splat(0.0).0; 4];
        for (i, joined) in joined.iter_mut().enumerate() {
            let [a, b, c, d] = [rows[i], rows[i + 4], rows[i + 8], rows[i + 12]];
            // SAFETY: see the macro; four numbers lie at each pointer, and need not be aligned.
            *joined = unsafe {
                let quarter = |row: &[f32; 16]| _mm_loadu_ps(row.as_chunks::<4>().0[four].as_ptr());
                let half = _mm512_insertf32x4::<1>(_mm512_castps128_ps512(quarter(a)), quarter(b));
                _mm512_insertf32x4::<3>(_mm512_insertf32x4::<2>(half, quarter(c)), quarter(d))
            };
        }
        let [a, b, c, d] = joined;
        // SAFETY: see the macro.
        unsafe {
            let (low, high) = (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            let (next_low, next_high) = (_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
            [
                Self(_mm512_shuffle_ps::<0x44>(low, next_low)),
                Self(_mm512_shuffle_ps::<0xee>(low, next_low)),
                Self(_mm512_shuffle_ps::<0x44>(high, next_high)),
                Self(_mm512_shuffle_ps::<0xee>(high, next_high)),
            ]
        }
    }
}

/// A mask with a bit for each of the first lanes.
#[inline(always)]
fn first_lanes(lanes: usize) -> u16 {
    if lanes < 16 {
        (1 << lanes) - 1
    } else {
        u16::MAX
    }
}

impl Vector<8> for Ymm {
    one_each!(
        8,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_max_ps
    );

    #[inline(always)]
    fn apart<T>(numbers: &[T]) -> &[T] {
        black_box(numbers)
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: see the macro.
        Self(unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_castps_si256(self.0))) })
    }

    #[inline(always)]
    fn zero_below(self, x: Self, end: f32) -> Self {
        // SAFETY: see the macro.
        Self(unsafe {
            let below = _mm256_cmp_ps::<_CMP_LT_OQ>(x.0, _mm256_set1_ps(end));
            _mm256_andnot_ps(below, self.0)
        })
    }

    /// Halves of two rows are loaded into one register, since what crosses from one half of a register to the other
    /// is dear; the rest is the turning of four rows of four, in both halves at once.
    #[inline(always)]
    fn turned(rows: [&[f32; 8]; 8]) -> [Self; 8] {
        let mut turned = [Self::splat(0.0); 8];
        for half in 0..2 {
            let mut pairs = [Self::splat(0.0).0; 4];
            for (i, pair) in pairs.iter_mut().enumerate() {
                let [lower, upper] = [rows[i], rows[i + 4]].map(|row| row.as_chunks::<4>().0);
                // SAFETY: see the macro; four numbers lie at each pointer, and need not be aligned.
                *pair = unsafe {
                    let lower = _mm256_castps128_ps256(_mm_loadu_ps(lower[half].as_ptr()));
                    _mm256_insertf128_ps::<1>(lower, _mm_loadu_ps(upper[half].as_ptr()))
                };
            }
            let [a, b, c, d] = pairs;
            // SAFETY: see the macro.
            unsafe {
                let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
                turned[4 * half] = Self(_mm256_shuffle_ps::<0x44>(ab, cd));
                turned[4 * half + 1] = Self(_mm256_shuffle_ps::<0xee>(ab, cd));
                let (ab, cd) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
                turned[4 * half + 2] = Self(_mm256_shuffle_ps::<0x44>(ab, cd));
                turned[4 * half + 3] = Self(_mm256_shuffle_ps::<0xee>(ab, cd));
            }
        }
        turned
    }
}
