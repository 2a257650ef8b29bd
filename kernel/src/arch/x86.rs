//! AVX-512 and AVX2: the vectors of [`tile`](crate::tile), and the choice among them at run time.
#![expect(
    unsafe_code,
    reason = "intrinsics, and functions compiled for what this processor turns out to have"
)]
#![expect(
    clippy::inline_always,
    reason = "a vector operation is worth nothing unless it is inlined into the function that was compiled for it"
)]

use core::arch::x86_64::{
    __m256, __m512, _CMP_LT_OQ, _mm256_add_ps, _mm256_andnot_ps, _mm256_castps_si256,
    _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_mul_ps,
    _mm256_permute2f128_ps, _mm256_set1_ps, _mm256_slli_epi32, _mm256_storeu_ps, _mm256_sub_ps,
    _mm256_unpackhi_ps, _mm256_unpacklo_ps, _mm512_add_ps, _mm512_castps_si512,
    _mm512_castsi512_ps, _mm512_cmp_ps_mask, _mm512_loadu_ps, _mm512_mask_mov_ps,
    _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_max_ps, _mm512_mul_ps,
    _mm512_permutex2var_ps, _mm512_set1_ps, _mm512_setr_epi32, _mm512_setzero_ps,
    _mm512_slli_epi32, _mm512_storeu_ps, _mm512_sub_ps,
};

use crate::attention::Attention;
use crate::body::Body;
use crate::modify::Modify;
use crate::tile::attend_in_tiles;
use crate::vector::Vector;
use crate::view::Qkv;

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

/// Attends for as many queries as whole tiles in `scratch` allow, from the first on; returns how many.
pub(crate) fn attend<M: Modify>(
    body: Body,
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize {
    match body {
        // SAFETY: the processor was found to have AVX-512F.
        Body::Avx512 if best() == Body::Avx512 => unsafe {
            attend_avx512(scale, qkv, attention, scratch, output)
        },
        // SAFETY: whatever has AVX-512F has AVX2, and the other was found to have AVX2.
        Body::Avx2 if best() != Body::Scalar => unsafe {
            attend_avx2(scale, qkv, attention, scratch, output)
        },
        _ => 0,
    }
}

/// Tiles of 32 and 16 queries.
#[target_feature(enable = "avx512f")]
fn attend_avx512<M: Modify>(
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize {
    attend_in_tiles::<M, Zmm, 16, 8, 8>(scale, qkv, attention, scratch, output)
}

/// Tiles of 16 and 8 queries.
#[target_feature(enable = "avx2")]
fn attend_avx2<M: Modify>(
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize {
    attend_in_tiles::<M, Ymm, 8, 4, 4>(scale, qkv, attention, scratch, output)
}

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

    #[inline(always)]
    fn interleave(self, other: Self) -> [Self; 2] {
        // SAFETY: see the macro. From 16 on an index means a lane of `other`.
        unsafe {
            let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let high =
                _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
            [low, high].map(|lanes| Self(_mm512_permutex2var_ps(self.0, lanes, other.0)))
        }
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

    #[inline(always)]
    fn interleave(self, other: Self) -> [Self; 2] {
        // SAFETY: see the macro. Unpacking works on halves; 0x20 joins the lower ones, 0x31 the upper.
        unsafe {
            let low = _mm256_unpacklo_ps(self.0, other.0);
            let high = _mm256_unpackhi_ps(self.0, other.0);
            [
                Self(_mm256_permute2f128_ps::<0x20>(low, high)),
                Self(_mm256_permute2f128_ps::<0x31>(low, high)),
            ]
        }
    }
}
