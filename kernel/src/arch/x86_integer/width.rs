//! What the tiles of i8 and of i16 do in their own way.

#![expect(
    clippy::inline_always,
    reason = "registers are handed over, and only a function compiled for them can take them so"
)]

use core::arch::x86_64::{__m128i, __m256i, _mm_cvtepi8_epi16, _mm_loadl_epi64, _mm_loadu_si128};

use super::lanes::Lanes;
use super::mix::{
    COLUMNS, Group, QUERIES, add_two_i8, add_two_i16, mean_i8, mean_i16, mix_i8, mix_i16, split_i8,
    split_i16, strip_i8, strip_i16, whole_of, with_ends,
};
use super::score::{KEYS_I8, MAX_PAIRS_I16, Steps, has_two_least, score_i8, score_i16};
use crate::fixed::Prepared;
use crate::integer::Integer;
use crate::view::View;

/// An integer that is attended to in tiles.
///
/// # Safety of its methods
/// Those that are unsafe want a processor with AVX2, and nothing else.
pub(crate) trait Tiled: Integer + Ord {
    /// The registers that two keys take in a strip of V.
    const STRIP: usize;

    /// Eight columns in 16 bits.
    unsafe fn eight(columns: &[Self; 8]) -> __m128i;

    /// The registers that scoring wants beside the tile, for keys of `width` columns.
    fn room(width: usize) -> usize;

    /// The least there is, if it is one that mixing has to know of.
    const LEAST: Option<Self>;

    /// Whether no sum of products of this tile can pass its bits.
    fn fits<const R: usize>(tile: &[[Lanes; R]]) -> bool;

    /// The cells of a tile and the keys of `k`, (S, R); `firsts` are the keys that the lanes see first.
    unsafe fn score_tile<const R: usize>(
        prepared: Prepared,
        firsts: &[[usize; 8]; R],
        tile: &[[Lanes; R]],
        k: View<'_, Self>,
        room: &mut [Lanes],
        cells: &mut [[Lanes; R]],
    );

    /// The shares of two keys as their halves.
    unsafe fn split(a: __m256i, b: __m256i) -> [__m256i; 2];

    /// Sixteen columns of two keys by turns.
    unsafe fn strip(a: &[Self; COLUMNS], b: &[Self; COLUMNS], strip: &mut [Lanes]);

    /// The means of four queries; `weighed` is what their shares add up to, and how many keys they see.
    unsafe fn mix<const R: usize>(
        group: Group<'_, R>,
        weighed: [(u32, usize); QUERIES],
    ) -> [[Self; COLUMNS]; QUERIES];

    /// Adds sixteen columns of two keys, each times its share, for one query.
    unsafe fn add_two(shares: [i32; 2], strip: &[Lanes; 3], sums: &mut [__m256i; 4]);

    /// The means of what was so added over `keys` keys, whose shares add up to `total`.
    unsafe fn means_of(sums: [__m256i; 4], total: u32, keys: usize) -> [Self; COLUMNS];
}

impl Tiled for i8 {
    const STRIP: usize = 3;
    const LEAST: Option<Self> = None;

    #[inline(always)]
    unsafe fn eight(columns: &[Self; 8]) -> __m128i {
        // SAFETY: the caller's processor has AVX2; and eight columns are as long as what is loaded.
        unsafe { _mm_cvtepi8_epi16(_mm_loadl_epi64(columns.as_ptr().cast())) }
    }

    #[inline(always)]
    fn room(width: usize) -> usize {
        width.saturating_mul(KEYS_I8).div_ceil(16)
    }

    #[inline(always)]
    fn fits<const R: usize>(_: &[[Lanes; R]]) -> bool {
        true
    }

    #[inline(always)]
    unsafe fn score_tile<const R: usize>(
        prepared: Prepared,
        _: &[[usize; 8]; R],
        tile: &[[Lanes; R]],
        k: View<'_, Self>,
        room: &mut [Lanes],
        cells: &mut [[Lanes; R]],
    ) {
        // SAFETY: the caller's processor has AVX2; so for all of them.
        unsafe { score_i8(prepared.negative, tile, k, room, cells) }
    }

    #[inline(always)]
    unsafe fn split(a: __m256i, b: __m256i) -> [__m256i; 2] {
        // SAFETY: see `score_tile`.
        unsafe { split_i8(a, b) }
    }

    #[inline(always)]
    unsafe fn strip(a: &[Self; COLUMNS], b: &[Self; COLUMNS], strip: &mut [Lanes]) {
        if let Some(strip) = strip.first_chunk_mut() {
            // SAFETY: see `score_tile`.
            unsafe { strip_i8(a, b, strip) }
        }
    }

    #[inline(always)]
    unsafe fn mix<const R: usize>(
        group: Group<'_, R>,
        weighed: [(u32, usize); QUERIES],
    ) -> [[Self; COLUMNS]; QUERIES] {
        // SAFETY: see `score_tile`.
        let sums = unsafe { mix_i8(group) };
        let mut means = [[0; COLUMNS]; QUERIES];
        for ((means, sums), (total, _)) in means.iter_mut().zip(sums).zip(weighed) {
            // SAFETY: see `score_tile`.
            *means = unsafe { mean_i8(sums, total) };
        }
        means
    }

    #[inline(always)]
    unsafe fn add_two(shares: [i32; 2], strip: &[Lanes; 3], sums: &mut [__m256i; 4]) {
        // SAFETY: see `score_tile`.
        unsafe { add_two_i8(shares, strip, sums) }
    }

    #[inline(always)]
    unsafe fn means_of(sums: [__m256i; 4], total: u32, _: usize) -> [Self; COLUMNS] {
        let [ends, first, second, _] = sums;
        // SAFETY: see `score_tile`.
        unsafe { mean_i8(with_ends([first, second], ends), total) }
    }
}

impl Tiled for i16 {
    const STRIP: usize = 2;
    const LEAST: Option<Self> = Some(Self::MIN);

    #[inline(always)]
    unsafe fn eight(columns: &[Self; 8]) -> __m128i {
        // SAFETY: see `i8`.
        unsafe { _mm_loadu_si128(columns.as_ptr().cast()) }
    }

    #[inline(always)]
    fn room(_: usize) -> usize {
        0
    }

    #[inline(always)]
    fn fits<const R: usize>(tile: &[[Lanes; R]]) -> bool {
        tile.len() <= MAX_PAIRS_I16 && !has_two_least(tile)
    }

    #[inline(always)]
    unsafe fn score_tile<const R: usize>(
        prepared: Prepared,
        firsts: &[[usize; 8]; R],
        tile: &[[Lanes; R]],
        k: View<'_, Self>,
        _: &mut [Lanes],
        cells: &mut [[Lanes; R]],
    ) {
        // SAFETY: see `i8`.
        unsafe { score_i16(Steps::new(prepared), firsts, tile, k, cells) }
    }

    #[inline(always)]
    unsafe fn split(a: __m256i, b: __m256i) -> [__m256i; 2] {
        // SAFETY: see `i8`.
        unsafe { split_i16(a, b) }
    }

    #[inline(always)]
    unsafe fn strip(a: &[Self; COLUMNS], b: &[Self; COLUMNS], strip: &mut [Lanes]) {
        if let Some(strip) = strip.first_chunk_mut() {
            // SAFETY: see `i8`.
            unsafe { strip_i16(a, b, strip) }
        }
    }

    #[inline(always)]
    unsafe fn mix<const R: usize>(
        group: Group<'_, R>,
        weighed: [(u32, usize); QUERIES],
    ) -> [[Self; COLUMNS]; QUERIES] {
        // SAFETY: see `i8`.
        let sums = unsafe { mix_i16(group) };
        let mut means = [[0; COLUMNS]; QUERIES];
        for ((means, sums), (_, keys)) in means.iter_mut().zip(sums).zip(weighed) {
            // SAFETY: see `i8`.
            *means = unsafe { mean_i16(sums, keys) };
        }
        means
    }

    #[inline(always)]
    unsafe fn add_two(shares: [i32; 2], strip: &[Lanes; 3], sums: &mut [__m256i; 4]) {
        let [first, second, _] = *strip;
        // SAFETY: see `i8`.
        unsafe { add_two_i16(shares, &[first, second], sums) }
    }

    #[inline(always)]
    unsafe fn means_of(sums: [__m256i; 4], _: u32, keys: usize) -> [Self; COLUMNS] {
        let [first, first_upper, second, second_upper] = sums;
        let added = i32::try_from(keys.div_ceil(2)).unwrap_or(0);
        // SAFETY: see `i8`.
        unsafe {
            let first = whole_of([first, first_upper], added);
            mean_i16([first, whole_of([second, second_upper], added)], keys)
        }
    }
}
