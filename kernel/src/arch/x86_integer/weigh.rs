//! The second stage on AVX2: cells to weights to shares, eight queries to a register, none of which waits for another.

use core::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256,
    _mm256_blend_epi32, _mm256_cmpeq_epi32, _mm256_max_epi32, _mm256_min_epu32, _mm256_mul_epu32,
    _mm256_or_si256, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_sll_epi32,
    _mm256_slli_epi32, _mm256_srli_epi32, _mm256_srli_epi64, _mm256_srlv_epi32, _mm256_sub_epi32,
    _mm256_sub_epi64, _mm256_xor_si256,
};

use super::lanes::Lanes;
use crate::exp::{Exponent, HALVED_P_Q30};

/// The greatest cell of every lane.
#[inline(never)] // for registers of its own
#[target_feature(enable = "avx2")]
pub(super) fn greatest<const R: usize>(cells: &[[Lanes; R]]) -> [Lanes; R] {
    let mut greatest = [_mm256_set1_epi32(i32::MIN); R];
    for cells in cells {
        for (greatest, cells) in greatest.iter_mut().zip(cells) {
            *greatest = _mm256_max_epi32(*greatest, cells.load());
        }
    }
    greatest.map(|register| stored(register))
}

#[inline]
#[target_feature(enable = "avx2")]
fn stored(register: __m256i) -> Lanes {
    let mut lanes = Lanes::ZERO;
    lanes.store(register);
    lanes
}

/// Cells to weights, in place, by their distance from `greatest`; returns the sums.
#[inline(never)] // for registers of its own
#[target_feature(enable = "avx2")]
pub(super) fn weigh<const R: usize>(
    exponent: Exponent,
    greatest: &[Lanes; R],
    cells: &mut [[Lanes; R]],
) -> [[u64; 8]; R] {
    let low = _mm256_set1_epi64x(0xffff_ffff);
    let mut sums = [[_mm256_setzero_si256(); 2]; R];
    for cells in cells {
        for r in 0..R {
            let weight = weight(exponent, greatest[r].load(), cells[r].load());
            cells[r].store(weight);
            let [even, odd] = &mut sums[r];
            *even = _mm256_add_epi64(*even, _mm256_and_si256(weight, low));
            *odd = _mm256_add_epi64(*odd, _mm256_srli_epi64::<32>(weight));
        }
    }
    sums.map(|sums| {
        let halves = sums.map(|sums| stored(sums).0);
        core::array::from_fn(|lane| {
            let at = lane / 2 * 2;
            let [low, high] = [halves[lane % 2][at], halves[lane % 2][at + 1]];
            u64::from(high.cast_unsigned()) << 32 | u64::from(low.cast_unsigned())
        })
    })
}

/// The weights of eight cells: [`Exponent::x_q26`] and [`exp2_neg_q30`](crate::exp::exp2_neg_q30), lane by lane.
///
/// A product of 32 by 32 bits needs 64: lanes with even and with odd numbers go through the polynomial apart, and
/// meet in the end.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn weight(exponent: Exponent, greatest: __m256i, cells: __m256i) -> __m256i {
    let splat = |x: u32| _mm256_set1_epi32(x.cast_signed());
    let hidden = _mm256_cmpeq_epi32(cells, _mm256_set1_epi32(i32::MIN));
    let distance = _mm256_sub_epi32(greatest, cells);
    let near = _mm256_cmpeq_epi32(_mm256_min_epu32(distance, splat(exponent.limit)), distance);
    let dead = _mm256_or_si256(hidden, _mm256_xor_si256(near, splat(u32::MAX)));
    let shift = _mm_cvtsi32_si128(exponent.shift.cast_signed());
    let x_q26 = high_words(_mm256_sll_epi32(distance, shift), splat(exponent.mantissa));
    let octaves = _mm256_srli_epi32::<26>(x_q26);
    let g_q32 = _mm256_srli_epi32::<1>(_mm256_slli_epi32::<6>(x_q26));

    let step = |c: i32, p: __m256i, g: __m256i| {
        let c = _mm256_set1_epi64x(i64::from(c) << 32);
        _mm256_sub_epi64(c, _mm256_mul_epu32(p, g))
    };
    let g_odd_q32 = _mm256_srli_epi64::<32>(g_q32);
    let [p0, p1, p2, p3, p4, p5] = HALVED_P_Q30;
    let first = _mm256_set1_epi64x(i64::from(p5));
    let (mut even, mut odd) = (step(p4, first, g_q32), step(p4, first, g_odd_q32));
    for c in [p3, p2, p1, p0] {
        even = step(c, _mm256_srli_epi64::<32>(even), g_q32);
        odd = step(c, _mm256_srli_epi64::<32>(odd), g_odd_q32);
    }
    let p_q30 = _mm256_blend_epi32::<0b1010_1010>(_mm256_srli_epi64::<32>(even), odd);
    // A shift by 32 or more leaves nothing.
    _mm256_srlv_epi32(p_q30, _mm256_or_si256(octaves, dead))
}

/// The high words of eight products.
#[inline]
#[target_feature(enable = "avx2")]
fn high_words(a: __m256i, b: __m256i) -> __m256i {
    let even = _mm256_mul_epu32(a, b);
    let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(a), _mm256_srli_epi64::<32>(b));
    _mm256_blend_epi32::<0b1010_1010>(_mm256_srli_epi64::<32>(even), odd)
}

/// Weights to shares, and those in pairs of keys to what `split` makes of them, in place; returns what they add up to.
#[inline(never)] // for registers of its own
#[target_feature(enable = "avx2")]
pub(super) fn share<const R: usize>(
    factors: &[[u32; 8]; R],
    split: impl Fn(__m256i, __m256i) -> [__m256i; 2],
    cells: &mut [[[Lanes; R]; 2]],
) -> [Lanes; R] {
    let factors = factors.map(|factors| Lanes(factors.map(u32::cast_signed)));
    let mut totals = [_mm256_setzero_si256(); R];
    for [a, b] in cells {
        for r in 0..R {
            let factors = factors[r].load();
            let shares = [high_words(a[r].load(), factors), high_words(b[r].load(), factors)];
            totals[r] = _mm256_add_epi32(totals[r], _mm256_add_epi32(shares[0], shares[1]));
            let [low, high] = split(shares[0], shares[1]);
            a[r].store(low);
            b[r].store(high);
        }
    }
    totals.map(|register| stored(register))
}
