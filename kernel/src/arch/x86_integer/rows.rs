//! Two loops of the rows that the compiler makes little of, on AVX2: the scores of i16, and shares times V.
//!
//! The multiplications are those of the tiles, see [`score`](super::score) and [`mix`](super::mix), of one query: its
//! columns lie side by side as those of a key do, so that sums are added across a register, four keys at a time; and
//! the values of two keys are interleaved anew for every query.

use core::arch::x86_64::{
    __m256i, _mm_add_epi32, _mm256_add_epi32, _mm256_castsi256_si128, _mm256_extracti128_si256,
    _mm256_hadd_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_setzero_si256,
    _mm256_slli_epi32, _mm256_srai_epi32, _mm256_sub_epi32,
};

use super::lanes::{Lanes, numbers};
use super::mix::COLUMNS;
use super::width::Tiled;
use crate::integer::{Core, saturated};

/// How many keys are added up together.
const KEYS: usize = 4;

/// Σ q·k of i16 as cells for the first keys; returns for how many, none where a sum could pass its bits.
pub(crate) fn score_i16(
    step_bits: u32,
    base: i64,
    q: &[i16],
    keys: &[i16],
    cells: &mut [i32],
) -> usize {
    let fits = q.len() < 1 << 16 && q.iter().copied().fold(0, i16::min) > i16::MIN;
    if q.is_empty() || !fits || !std::arch::is_x86_feature_detected!("avx2") {
        return 0;
    }
    // SAFETY: the processor was found to have AVX2.
    unsafe { score_in_fours(step_bits, base, q, keys, cells) }
}

#[target_feature(enable = "avx2")]
fn score_in_fours(step_bits: u32, base: i64, q: &[i16], keys: &[i16], cells: &mut [i32]) -> usize {
    let half = (1_i64 << step_bits) >> 1;
    let (blocks, _) = cells.as_chunks_mut::<KEYS>();
    let done = blocks.len() * KEYS;
    for (cells, keys) in blocks.iter_mut().zip(keys.chunks_exact(KEYS * q.len())) {
        let mut sums = [[_mm256_setzero_si256(); 2]; KEYS];
        let mut rest = [0; KEYS];
        for (i, key) in keys.chunks_exact(q.len()).enumerate() {
            let (q, q_rest) = q.as_chunks::<16>();
            let (key, key_rest) = key.as_chunks::<16>();
            for (q, key) in q.iter().zip(key) {
                let pairs = _mm256_madd_epi16(load(q), load(key));
                sums[i][0] = _mm256_add_epi32(sums[i][0], pairs);
                sums[i][1] = _mm256_add_epi32(sums[i][1], _mm256_srai_epi32::<16>(pairs));
            }
            rest[i] = i16::dot(q_rest, key_rest);
        }
        let mut low = [_mm256_setzero_si256(); KEYS];
        let mut high = low;
        for (i, [lanes, upper]) in sums.into_iter().enumerate() {
            low[i] = _mm256_sub_epi32(lanes, _mm256_slli_epi32::<16>(upper));
            high[i] = upper;
        }
        let (low, high) = (added_up(low), added_up(high));
        for i in 0..KEYS {
            let dot = (i64::from(high[i]) << 16) + i64::from(low[i]) + rest[i];
            cells[i] = saturated(((dot + half) >> step_bits) - base);
        }
    }
    done
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(columns: &[i16; 16]) -> __m256i {
    // SAFETY: as long as the register, and need not be aligned.
    unsafe { _mm256_loadu_si256(columns.as_ptr().cast()) }
}

/// The sums of the lanes of each register.
#[inline]
#[target_feature(enable = "avx2")]
fn added_up([a, b, c, d]: [__m256i; KEYS]) -> [i32; KEYS] {
    let (ab, cd) = (_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    let halves = _mm256_hadd_epi32(ab, cd);
    let low = _mm256_castsi256_si128(halves);
    numbers(_mm_add_epi32(low, _mm256_extracti128_si256::<1>(halves)))
}

/// The means of the first columns of `v`, sixteen at a time; returns of how many.
pub(crate) fn mix<I: Tiled>(shares: &[i32], v: &[I], total: u32, output: &mut [I]) -> usize {
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was found to have AVX2.
        unsafe { mix_strips(shares, v, total, output) }
    } else {
        0
    }
}

#[target_feature(enable = "avx2")]
fn mix_strips<I: Tiled>(shares: &[i32], v: &[I], total: u32, output: &mut [I]) -> usize {
    let columns = output.len();
    let strips = output.as_chunks_mut::<COLUMNS>().0;
    for (strip, output) in strips.iter_mut().enumerate() {
        let e = strip * COLUMNS;
        let mut sums = [_mm256_setzero_si256(); 4];
        let (pairs, last) = shares.as_chunks::<2>();
        let mut rows = v.chunks_exact(columns);
        let mut next = || rows.next().and_then(|row| row.get(e..)?.first_chunk());
        for &[a, b] in pairs {
            let (Some(a_values), Some(b_values)) = (next(), next()) else {
                return 0;
            };
            add_two([a, b], [a_values, b_values], &mut sums);
        }
        if let ([a], Some(values)) = (last, next()) {
            add_two([*a, 0], [values, &[I::ZERO; COLUMNS]], &mut sums);
        }
        // SAFETY: this function is compiled for AVX2.
        *output = unsafe { I::means_of(sums, total, shares.len()) };
    }
    strips.len() * COLUMNS
}

/// Adds sixteen columns of two keys, each times its share.
#[inline]
#[target_feature(enable = "avx2")]
fn add_two<I: Tiled>(shares: [i32; 2], values: [&[I; COLUMNS]; 2], sums: &mut [__m256i; 4]) {
    let mut strip = [Lanes::ZERO; 3];
    // SAFETY: this function is compiled for AVX2.
    unsafe {
        I::strip(values[0], values[1], &mut strip);
        I::add_two(shares, &strip, sums);
    }
}
