//! AVX-512 and AVX2: the vectors of [`tile`](crate::tile), and the choice among them at run time.
#![expect(
    unsafe_code,
    reason = "intrinsics, and functions compiled for what this processor turns out to have"
)]

use core::arch::x86_64::{
    __m256, __m512, _CMP_LT_OQ, _mm256_add_ps, _mm256_andnot_ps, _mm256_castps_si256,
    _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_mul_ps,
    _mm256_set1_ps, _mm256_slli_epi32, _mm256_storeu_ps, _mm256_sub_ps, _mm512_add_ps,
    _mm512_castps_si512, _mm512_castsi512_ps, _mm512_cmp_ps_mask, _mm512_loadu_ps,
    _mm512_mask_mov_ps, _mm512_max_ps, _mm512_mul_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_slli_epi32, _mm512_storeu_ps, _mm512_sub_ps,
};

use crate::attention::Attention;
use crate::body::Body;
use crate::modify::Modify;
use crate::tile::{Vector, attend_in_tiles};
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

/// Tiles of 32 queries, and of 16 where no more are left.
#[target_feature(enable = "avx512f")]
fn attend_avx512<M: Modify>(
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize {
    attend_in_tiles::<M, Zmm<2>, 32, 8, Zmm<1>, 16, 8>(scale, qkv, attention, scratch, output)
}

/// Tiles of 16 queries, and of 8 where no more are left.
#[target_feature(enable = "avx2")]
fn attend_avx2<M: Modify>(
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize {
    attend_in_tiles::<M, Ymm<2>, 16, 4, Ymm<1>, 8, 8>(scale, qkv, attention, scratch, output)
}

/// Registers of 16 numbers.
#[derive(Clone, Copy)]
struct Zmm<const N: usize>([__m512; N]);

/// Registers of 8 numbers.
#[derive(Clone, Copy)]
struct Ymm<const N: usize>([__m256; N]);

/// Every operation, register by register. Each call stands inside a function that was compiled for the
/// feature and is called only where the processor has it; all are inlined there.
macro_rules! vector {
    (
        $name:ident, $registers:literal of $lanes:literal, $all:literal,
        $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $max:ident,
        $power:expr, $zero_below:expr
    ) => {
        impl Vector<$all> for $name<$registers> {
            #[inline(always)]
            fn splat(x: f32) -> Self {
                // SAFETY: see the macro.
                Self([unsafe { $splat(x) }; $registers])
            }

            #[inline(always)]
            fn load(from: &[f32; $all]) -> Self {
                // SAFETY: see the macro; register `i` ends at lane `lanes · (i + 1) <= all`.
                Self(core::array::from_fn(|i| unsafe {
                    $load(from.as_ptr().add($lanes * i))
                }))
            }

            #[inline(always)]
            fn store(self, to: &mut [f32; $all]) {
                for (i, register) in self.0.into_iter().enumerate() {
                    // SAFETY: as for `load`.
                    unsafe { $store(to.as_mut_ptr().add($lanes * i), register) }
                }
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: see the macro.
                Self(core::array::from_fn(|i| unsafe {
                    $add(self.0[i], other.0[i])
                }))
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: see the macro.
                Self(core::array::from_fn(|i| unsafe {
                    $sub(self.0[i], other.0[i])
                }))
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: see the macro.
                Self(core::array::from_fn(|i| unsafe {
                    $mul(self.0[i], other.0[i])
                }))
            }

            #[inline(always)]
            fn greater(self, other: Self) -> Self {
                // SAFETY: see the macro. The instruction returns its second operand for NaN.
                Self(core::array::from_fn(|i| unsafe {
                    $max(self.0[i], other.0[i])
                }))
            }

            #[inline(always)]
            fn power_of_two(self) -> Self {
                // SAFETY: see the macro.
                Self(self.0.map(|register| unsafe { $power(register) }))
            }

            #[inline(always)]
            fn zero_below(self, x: Self, end: f32) -> Self {
                // SAFETY: see the macro.
                Self(core::array::from_fn(|i| unsafe {
                    $zero_below(self.0[i], x.0[i], $splat(end))
                }))
            }
        }
    };
}

macro_rules! zmm {
    ($registers:literal, $all:literal) => {
        vector!(
            Zmm, $registers of 16, $all,
            _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps,
            _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps, _mm512_max_ps,
            |bits| _mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_castps_si512(bits))),
            |value, x, end| {
                let below = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(x, end);
                _mm512_mask_mov_ps(value, below, _mm512_setzero_ps())
            }
        );
    };
}

macro_rules! ymm {
    ($registers:literal, $all:literal) => {
        vector!(
            Ymm, $registers of 8, $all,
            _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps,
            _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, _mm256_max_ps,
            |bits| _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_castps_si256(bits))),
            |value, x, end| _mm256_andnot_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(x, end), value)
        );
    };
}

zmm!(1, 16);
zmm!(2, 32);
ymm!(1, 8);
ymm!(2, 16);
