//! The last stage on AVX2: shares times V, lanes across columns, a strip of sixteen columns at a time.
//!
//! `pmaddwd` multiplies 16 by 16 bits and adds up the products of two keys: a strip of V holds the values of both
//! by turns, and a cell a half of the share of both. A share is `high` · 2^16 + `low`, with a sign in `low`. Sums may
//! go round in 32 bits on the way, as their end is known to lie within.
//!
//! - i8: `low` · v adds up in 32 bits. `high` is at most 255, so that `pmaddubsw` takes it, twice as many products
//!   at a time; and as only the last 16 bits of Σ `high` · v reach the sum, 16 bits are enough to add them up in.
//!   Two shares add up to less than 2^24 − 2^16, their `high` to 255 at most: no pair passes 255 · 128 < 2^15.
//! - i16: what a product adds is rounded down, `high` · v + (`low` · v >> 16): `pmaddwd` and `pmulhw`. What the
//!   latter gives, two 16-bit numbers in a lane, is added up as in the scores: the lanes, and their upper halves
//!   apart. For that the lower half must have no sign: 2^15 more.

use core::arch::x86_64::{
    __m128i, __m256d, __m256i, _mm_loadu_si128, _mm_packs_epi16, _mm_packs_epi32, _mm_sign_epi32,
    _mm_storeu_si128, _mm_unpackhi_epi8, _mm_unpackhi_epi16, _mm_unpacklo_epi8, _mm_unpacklo_epi16,
    _mm256_add_epi16, _mm256_add_epi32, _mm256_add_pd, _mm256_andnot_pd, _mm256_blend_epi16,
    _mm256_castsi256_si128, _mm256_cvtepi8_epi16, _mm256_cvtepi16_epi32, _mm256_cvtepi32_pd,
    _mm256_cvttpd_epi32, _mm256_extracti128_si256, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_mul_pd, _mm256_mulhi_epi16, _mm256_or_si256, _mm256_set_m128i, _mm256_set1_epi32,
    _mm256_set1_pd, _mm256_setzero_si256, _mm256_slli_epi32, _mm256_srai_epi32, _mm256_srli_epi32,
    _mm256_sub_epi32, _mm256_xor_si256,
};

use super::lanes::Lanes;
use crate::integer::{TOTAL_BITS, half_i16};

/// The columns of a strip.
pub(super) const COLUMNS: usize = 16;

/// The queries that share a strip.
pub(super) const QUERIES: usize = 4;

/// The shares of two keys in eight lanes as their `low` and their `high`, the latter twice, as bytes.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn split_i8(a: __m256i, b: __m256i) -> [__m256i; 2] {
    let (high_a, high_b) = (rounded_high(a), rounded_high(b));
    let high = _mm256_or_si256(high_a, _mm256_slli_epi32::<8>(high_b));
    [
        low_halves(a, b),
        _mm256_or_si256(high, _mm256_slli_epi32::<16>(high)),
    ]
}

/// The shares of two keys in eight lanes as their `low` and their `high`.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn split_i16(a: __m256i, b: __m256i) -> [__m256i; 2] {
    let (high_a, high_b) = (rounded_high(a), rounded_high(b));
    [
        low_halves(a, b),
        _mm256_or_si256(high_a, _mm256_slli_epi32::<16>(high_b)),
    ]
}

/// What is left of a share when `low` has been taken off, in units of 2^16.
#[inline]
#[target_feature(enable = "avx2")]
fn rounded_high(share: __m256i) -> __m256i {
    _mm256_srli_epi32::<16>(_mm256_add_epi32(share, _mm256_set1_epi32(1 << 15)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn low_halves(a: __m256i, b: __m256i) -> __m256i {
    _mm256_blend_epi16::<0b1010_1010>(a, _mm256_slli_epi32::<16>(b))
}

/// Sixteen columns of two keys, by turns: as bytes, and in 16 bits.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn strip_i8(a: &[i8; COLUMNS], b: &[i8; COLUMNS], strip: &mut [Lanes; 3]) {
    // SAFETY: as long as the register, and need not be aligned.
    let [a, b] = [a, b].map(|row| unsafe { _mm_loadu_si128(row.as_ptr().cast()) });
    let (low, high) = (_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b));
    strip[0].store(_mm256_set_m128i(high, low));
    strip[1].store(_mm256_cvtepi8_epi16(low));
    strip[2].store(_mm256_cvtepi8_epi16(high));
}

/// Sixteen columns of two keys, by turns.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn strip_i16(a: &[i16; COLUMNS], b: &[i16; COLUMNS], strip: &mut [Lanes; 2]) {
    let (a, b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    for (strip, (a, b)) in strip.iter_mut().zip(a.iter().zip(b)) {
        // SAFETY: as long as the register, and need not be aligned.
        let [a, b] = [a, b].map(|row| unsafe { _mm_loadu_si128(row.as_ptr().cast()) });
        strip.store(_mm256_set_m128i(
            _mm_unpackhi_epi16(a, b),
            _mm_unpacklo_epi16(a, b),
        ));
    }
}

/// Four queries of a tile and what they are mixed with.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a, const R: usize> {
    /// The register of the queries, and which half of it.
    pub(super) place: (usize, usize),
    /// The halves of the shares of two keys, (S/2, 2, R).
    pub(super) shares: &'a [[[Lanes; R]; 2]],
    /// Sixteen columns of V, of as many keys.
    pub(super) strip: &'a [Lanes],
    /// The first pair of keys that any of the four sees.
    pub(super) first: usize,
    /// The pairs of keys of which a `high` is not zero, of each query.
    pub(super) live: [&'a [u16]; QUERIES],
    /// Whether V has a number as low as can be.
    pub(super) has_least: bool,
}

impl<'a, const R: usize> Group<'a, R> {
    /// The `low` of the four queries and the values, for every pair of keys that one of them sees.
    #[inline]
    fn low<const STRIP: usize>(&self) -> (&'a [[[Lanes; R]; 2]], &'a [[Lanes; STRIP]]) {
        let shares = self.shares.get(self.first..).unwrap_or_default();
        let strip = self.strip.as_chunks().0.get(self.first..);
        let strip = strip.and_then(|strip| strip.get(..shares.len()));
        (shares, strip.unwrap_or_default())
    }

    /// The `high` of one query and the values, for every pair of keys where it is not zero.
    #[inline]
    fn high<const STRIP: usize>(
        &self,
        query: usize,
    ) -> impl Iterator<Item = (i32, &'a [Lanes; STRIP])> {
        let (r, half) = self.place;
        let (shares, strip) = (self.shares, self.strip.as_chunks().0);
        self.live[query].iter().map_while(move |&pair| {
            let [_, high] = shares.get(usize::from(pair))?;
            Some((four(&high[r], half)[query], strip.get(usize::from(pair))?))
        })
    }
}

/// The sums of four queries.
#[inline(never)] // for registers of its own
#[target_feature(enable = "avx2")]
pub(super) fn mix_i8<const R: usize>(group: Group<'_, R>) -> [[__m256i; 2]; QUERIES] {
    let (r, half) = group.place;
    let mut sums = [[_mm256_setzero_si256(); 2]; QUERIES];
    let (shares, strip) = group.low::<3>();
    for ([low, _], [_, first, second]) in shares.iter().zip(strip) {
        let low = four(&low[r], half);
        for (query, sums) in sums.iter_mut().enumerate() {
            let low = _mm256_set1_epi32(low[query]);
            sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(low, first.load()));
            sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(low, second.load()));
        }
    }
    for (query, sums) in sums.iter_mut().enumerate() {
        let mut ends = _mm256_setzero_si256();
        for (high, [bytes, ..]) in group.high::<3>(query) {
            let products = _mm256_maddubs_epi16(_mm256_set1_epi32(high), bytes.load());
            ends = _mm256_add_epi16(ends, products);
        }
        *sums = with_ends(*sums, ends);
    }
    sums
}

/// Σ `low` · v and the last 16 bits of Σ `high` · v, together.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn with_ends(sums: [__m256i; 2], ends: __m256i) -> [__m256i; 2] {
    let low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(ends));
    let high = _mm256_cvtepi16_epi32(_mm256_extracti128_si256::<1>(ends));
    [
        _mm256_add_epi32(sums[0], _mm256_slli_epi32::<16>(low)),
        _mm256_add_epi32(sums[1], _mm256_slli_epi32::<16>(high)),
    ]
}

/// Adds the products of two keys of i8 and one query: Σ `high` · v, and Σ `low` · v in two registers.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn add_two_i8([a, b]: [i32; 2], strip: &[Lanes; 3], sums: &mut [__m256i; 4]) {
    let high = (a + (1 << 15)) >> 16 | (b + (1 << 15)) >> 16 << 8;
    let high = _mm256_set1_epi32(high << 16 | high);
    let low = _mm256_set1_epi32(b << 16 | a & 0xffff);
    sums[0] = _mm256_add_epi16(sums[0], _mm256_maddubs_epi16(high, strip[0].load()));
    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(low, strip[1].load()));
    sums[2] = _mm256_add_epi32(sums[2], _mm256_madd_epi16(low, strip[2].load()));
}

/// Adds the products of two keys of i16 and one query, in two registers for every eight columns.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn add_two_i16([a, b]: [i32; 2], strip: &[Lanes; 2], sums: &mut [__m256i; 4]) {
    let high = (a + (1 << 15)) >> 16 | (b + (1 << 15)) >> 16 << 16;
    let high = _mm256_set1_epi32(high);
    let low = _mm256_set1_epi32(b << 16 | a & 0xffff);
    for (sums, values) in sums.as_chunks_mut::<2>().0.iter_mut().zip(strip) {
        add_halves(_mm256_mulhi_epi16(low, values.load()), sums);
        sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(high, values.load()));
    }
}

/// Half of a register.
#[inline]
fn four(lanes: &Lanes, half: usize) -> &[i32; 4] {
    let (low, high) = lanes.0.split_at(4);
    let four = if half == 0 { low } else { high };
    four.first_chunk().unwrap_or(&[0; 4])
}

/// The sums of four queries.
#[inline(never)] // for registers of its own
#[target_feature(enable = "avx2")]
pub(super) fn mix_i16<const R: usize>(group: Group<'_, R>) -> [[__m256i; 2]; QUERIES] {
    let mut sums = [[_mm256_setzero_si256(); 2]; QUERIES];
    for (two, sums) in sums.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        *sums = if group.has_least {
            low_i16::<R, false>(group, 2 * two)
        } else {
            low_i16::<R, true>(group, 2 * two)
        };
    }
    for (query, sums) in sums.iter_mut().enumerate() {
        for (high, strip) in group.high::<2>(query) {
            let high = _mm256_set1_epi32(high);
            for (sum, values) in sums.iter_mut().zip(strip) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(high, values.load()));
            }
        }
    }
    sums
}

/// Σ `low` · v >> 16 of two queries.
///
/// Where no v is −2^15, what `pmulhw` gives lies in −2^14 to 2^14 − 1: `TWICE` adds up two of them in 16 bits first.
#[inline]
#[target_feature(enable = "avx2")]
fn low_i16<const R: usize, const TWICE: bool>(
    group: Group<'_, R>,
    first: usize,
) -> [[__m256i; 2]; 2] {
    let (r, half) = group.place;
    let (shares, strip) = group.low::<2>();
    let (shares, last) = shares.as_chunks::<2>();
    let (strip, last_strip) = strip.as_chunks::<2>();
    let mut sums = [[[_mm256_setzero_si256(); 2]; 2]; 2];
    let mut added = 0;
    for ([[a, _], [b, _]], [a_values, b_values]) in shares.iter().zip(strip) {
        let (a, b) = (four(&a[r], half), four(&b[r], half));
        for (query, sums) in sums.iter_mut().enumerate() {
            let a = _mm256_set1_epi32(a[(first + query) % 4]);
            let b = _mm256_set1_epi32(b[(first + query) % 4]);
            for (i, sums) in sums.iter_mut().enumerate() {
                let a = _mm256_mulhi_epi16(a, a_values[i].load());
                let b = _mm256_mulhi_epi16(b, b_values[i].load());
                if TWICE {
                    add_halves(_mm256_add_epi16(a, b), sums);
                } else {
                    add_halves(a, sums);
                    add_halves(b, sums);
                }
            }
        }
        added += if TWICE { 1 } else { 2 };
    }
    for ([low, _], values) in last.iter().zip(last_strip) {
        let low = four(&low[r], half);
        for (query, sums) in sums.iter_mut().enumerate() {
            let low = _mm256_set1_epi32(low[(first + query) % 4]);
            for (values, sums) in values.iter().zip(sums) {
                add_halves(_mm256_mulhi_epi16(low, values.load()), sums);
            }
        }
        added += 1;
    }
    let mut whole = [[_mm256_setzero_si256(); 2]; 2];
    for (whole, sums) in whole.iter_mut().zip(sums) {
        *whole = [whole_of(sums[0], added), whole_of(sums[1], added)];
    }
    whole
}

/// Eight sums from what [`add_halves`] added, so many times.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn whole_of([lanes, upper]: [__m256i; 2], added: i32) -> __m256i {
    let signs = _mm256_set1_epi32(added << 15); // 2^16 times at most, and sums may go round
    let rest = _mm256_sub_epi32(lanes, _mm256_slli_epi32::<16>(upper));
    _mm256_add_epi32(_mm256_sub_epi32(rest, signs), upper)
}

/// Adds the lanes, with no sign in their lower halves, and their upper halves apart.
#[inline]
#[target_feature(enable = "avx2")]
fn add_halves(halves: __m256i, [lanes, upper]: &mut [__m256i; 2]) {
    let unsigned = _mm256_xor_si256(halves, _mm256_set1_epi32(1 << 15));
    *lanes = _mm256_add_epi32(*lanes, unsigned);
    *upper = _mm256_add_epi32(*upper, _mm256_srai_epi32::<16>(halves));
}

/// The means of sixteen columns, (2, 8) sums, over shares that add up to `total`: to the nearest, halves away from zero.
///
/// A quotient that is no whole number lies at least 1/total away from one, 2^-24 and more: half a unit on the
/// dividend, and what f64 rounds off, cannot take it across.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn mean_i8(sums: [__m256i; 2], total: u32) -> [i8; COLUMNS] {
    let half = _mm256_set1_pd(f64::from(total / 2) + 0.5);
    let reciprocal = _mm256_set1_pd(1.0 / f64::from(total));
    let low = quotients(sums[0], half, reciprocal);
    let high = quotients(sums[1], half, reciprocal);
    let mut means = [0; COLUMNS];
    // SAFETY: as long as the register, and need not be aligned.
    unsafe { _mm_storeu_si128(means.as_mut_ptr().cast(), _mm_packs_epi16(low, high)) }
    means
}

/// Eight quotients with the signs of the dividends, in 16 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn quotients(sums: __m256i, half: __m256d, reciprocal: __m256d) -> __m128i {
    let (low, high) = (
        _mm256_castsi256_si128(sums),
        _mm256_extracti128_si256::<1>(sums),
    );
    _mm_packs_epi32(
        four_quotients(low, half, reciprocal),
        four_quotients(high, half, reciprocal),
    )
}

#[inline]
#[target_feature(enable = "avx2")]
fn four_quotients(sums: __m128i, half: __m256d, reciprocal: __m256d) -> __m128i {
    let size = _mm256_andnot_pd(_mm256_set1_pd(-0.0), _mm256_cvtepi32_pd(sums));
    let quotients = _mm256_mul_pd(_mm256_add_pd(size, half), reciprocal);
    _mm_sign_epi32(_mm256_cvttpd_epi32(quotients), sums)
}

/// The means of sixteen columns over `keys` keys: half a unit more, and shifted, to what 16 bits hold.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn mean_i16(sums: [__m256i; 2], keys: usize) -> [i16; COLUMNS] {
    const SHIFT: i32 = TOTAL_BITS.cast_signed() - 16;
    let half = _mm256_set1_epi32(half_i16(keys));
    let mut means = [0; COLUMNS];
    for (means, sums) in means.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
        let sums = _mm256_srai_epi32::<SHIFT>(_mm256_add_epi32(sums, half));
        let (low, high) = (
            _mm256_castsi256_si128(sums),
            _mm256_extracti128_si256::<1>(sums),
        );
        // SAFETY: eight numbers are as long as the register, and need not be aligned.
        unsafe { _mm_storeu_si128(means.as_mut_ptr().cast(), _mm_packs_epi32(low, high)) }
    }
    means
}
