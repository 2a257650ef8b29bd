//! The second stage on AVX2: cells to weights to shares, eight queries to a register, none of which waits for another.

use core::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256,
    _mm256_blend_epi32, _mm256_cmpeq_epi32, _mm256_max_epi32, _mm256_min_epu32, _mm256_mul_epu32,
    _mm256_or_si256, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_sll_epi32,
    _mm256_slli_epi32, _mm256_srli_epi32, _mm256_srli_epi64, _mm256_srlv_epi32, _mm256_sub_epi32,
    _mm256_sub_epi64, _mm256_xor_si256,
};

use super::lanes::{Lanes, whole_words};
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
    stored(greatest)
}

#[inline]
#[target_feature(enable = "avx2")]
fn stored<const R: usize>(registers: [__m256i; R]) -> [Lanes; R] {
    let mut lanes = [Lanes::ZERO; R];
    for (lanes, register) in lanes.iter_mut().zip(registers) {
        lanes.store(register);
    }
    lanes
}

/// Cells to weights, in place, by their distance from `greatest`; returns the sums. The number of keys is even.
///
/// Two registers at a time: what one waits for is done while the other computes.
#[inline(never)] // for registers of its own
#[target_feature(enable = "avx2")]
pub(super) fn weigh<const R: usize>(
    exponent: Exponent,
    greatest: &[Lanes; R],
    cells: &mut [[Lanes; R]],
) -> [[u64; 8]; R] {
    let low = _mm256_set1_epi64x(0xffff_ffff);
    let mut sums = [[_mm256_setzero_si256(); 2]; 2];
    let ends = [greatest[0].load(), greatest[R - 1].load()];
    for cells in cells.as_flattened_mut().as_chunks_mut::<2>().0 {
        let weights = weights(exponent, ends, [cells[0].load(), cells[1].load()]);
        for i in 0..2 {
            cells[i].store(weights[i]);
            let [even, odd] = &mut sums[i];
            *even = _mm256_add_epi64(*even, _mm256_and_si256(weights[i], low));
            *odd = _mm256_add_epi64(*odd, _mm256_srli_epi64::<32>(weights[i]));
        }
    }
    let mut added = [[0; 8]; R];
    for (i, [even, odd]) in sums.into_iter().enumerate() {
        let (even, odd) = (whole_words(even), whole_words(odd));
        for lane in 0..8 {
            let sums = if lane % 2 == 0 { even } else { odd };
            added[i.min(R - 1)][lane] += sums[lane / 2];
        }
    }
    added
}

/// The weights of eight cells and eight more: [`Exponent::x_q26`] and [`exp2_neg_q30`](crate::exp::exp2_neg_q30), lane
/// by lane.
///
/// A product of 32 by 32 bits needs 64: lanes with even and with odd numbers go through the polynomial apart, and
/// meet in the end.
#[inline]
#[target_feature(enable = "avx2")]
fn weights(exponent: Exponent, greatest: [__m256i; 2], cells: [__m256i; 2]) -> [__m256i; 2] {
    let mut octaves = [_mm256_setzero_si256(); 2];
    let mut g_q32 = [_mm256_setzero_si256(); 4]; // by turns for the even and for the odd lanes
    for i in 0..2 {
        let (x_q26, dead) = x_q26(exponent, greatest[i], cells[i]);
        octaves[i] = _mm256_or_si256(_mm256_srli_epi32::<26>(x_q26), dead);
        g_q32[2 * i] = _mm256_srli_epi32::<1>(_mm256_slli_epi32::<6>(x_q26));
        g_q32[2 * i + 1] = _mm256_srli_epi64::<32>(g_q32[2 * i]);
    }
    let [p0, p1, p2, p3, p4, p5] = HALVED_P_Q30;
    let mut p_q30 = [_mm256_set1_epi64x(i64::from(p5) << 32); 4];
    for c in [p4, p3, p2, p1, p0] {
        let c = _mm256_set1_epi64x(i64::from(c) << 32);
        for i in 0..4 {
            let p = _mm256_srli_epi64::<32>(p_q30[i]);
            p_q30[i] = _mm256_sub_epi64(c, _mm256_mul_epu32(p, g_q32[i]));
        }
    }
    let mut weights = [_mm256_setzero_si256(); 2];
    for i in 0..2 {
        let even = _mm256_srli_epi64::<32>(p_q30[2 * i]);
        let p_q30 = _mm256_blend_epi32::<0b1010_1010>(even, p_q30[2 * i + 1]);
        weights[i] = _mm256_srlv_epi32(p_q30, octaves[i]); // by 32 or more: nothing is left
    }
    weights
}

/// The exponents of two of eight cells, and all bits where there is no weight.
#[inline]
#[target_feature(enable = "avx2")]
fn x_q26(exponent: Exponent, greatest: __m256i, cells: __m256i) -> (__m256i, __m256i) {
    let splat = |x: u32| _mm256_set1_epi32(x.cast_signed());
    let hidden = _mm256_cmpeq_epi32(cells, _mm256_set1_epi32(i32::MIN));
    let distance = _mm256_sub_epi32(greatest, cells);
    let near = _mm256_cmpeq_epi32(_mm256_min_epu32(distance, splat(exponent.limit)), distance);
    let dead = _mm256_or_si256(hidden, _mm256_xor_si256(near, splat(u32::MAX)));
    let shift = _mm_cvtsi32_si128(exponent.shift.cast_signed());
    let distance = _mm256_sll_epi32(distance, shift);
    (high_words(distance, splat(exponent.mantissa)), dead)
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
    factors: &[Lanes; R],
    split: impl Fn(__m256i, __m256i) -> [__m256i; 2],
    cells: &mut [[[Lanes; R]; 2]],
) -> [Lanes; R] {
    let mut totals = [_mm256_setzero_si256(); R];
    for [a, b] in cells {
        for r in 0..R {
            let factors = factors[r].load();
            let shares = [
                high_words(a[r].load(), factors),
                high_words(b[r].load(), factors),
            ];
            totals[r] = _mm256_add_epi32(totals[r], _mm256_add_epi32(shares[0], shares[1]));
            let [low, high] = split(shares[0], shares[1]);
            a[r].store(low);
            b[r].store(high);
        }
    }
    stored(totals)
}
