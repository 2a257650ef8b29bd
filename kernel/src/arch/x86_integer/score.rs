//! The first stage on AVX2: a tile of queries against every key, lanes across queries.
//!
//! The tile is turned round once, so that a lane holds two columns of one query, 16 bits each, and a register those of
//! eight queries. The same two columns of a key are broadcast: `pmaddwd` multiplies both and adds them up, and nothing
//! has to be added across a register.

use core::arch::x86_64::{
    __m128i, __m256d, __m256i, _mm256_add_epi32, _mm256_add_pd, _mm256_castsi256_si128,
    _mm256_cvtepi32_pd, _mm256_cvtpd_epi32, _mm256_extracti128_si256, _mm256_floor_pd,
    _mm256_madd_epi16, _mm256_max_pd, _mm256_min_pd, _mm256_mul_pd, _mm256_set_m128i,
    _mm256_set1_epi32, _mm256_set1_pd, _mm256_setr_pd, _mm256_setzero_si256, _mm256_slli_epi32,
    _mm256_srai_epi32, _mm256_sub_epi32, _mm256_sub_pd, _mm256_unpackhi_epi32,
    _mm256_unpackhi_epi64, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
};
use core::array::from_fn;

use super::lanes::{Lanes, halves, reals};
use super::width::Tiled;
use crate::fixed::Prepared;
use crate::view::View;

/// Writes the rows of `q` from `first` on into a tile, (D/2, R); lanes without a query repeat the last.
///
/// Eight queries and eight columns at a time: four lanes of every query, of which two and two are interleaved until a
/// register holds the same lane of all.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn turn_round<I: Tiled, const R: usize>(
    q: View<'_, I>,
    first: usize,
    tile: &mut [[Lanes; R]],
) {
    let last = q.rows().saturating_sub(1);
    for r in 0..R {
        let rows: [_; 8] = from_fn(|lane| q.row((first + 8 * r + lane).min(last)));
        for (block, words) in tile.chunks_mut(4).enumerate() {
            let mut part = [_mm256_setzero_si256(); 4];
            for (i, part) in part.iter_mut().enumerate() {
                let (low, high) = (eight(rows[i], 8 * block), eight(rows[i + 4], 8 * block));
                *part = _mm256_set_m128i(high, low);
            }
            for (words, register) in words.iter_mut().zip(turned(part)) {
                words[r].store(register);
            }
        }
    }
}

/// Eight columns of a row from `d` on, in 16 bits; those that are missing are zero.
#[inline]
#[target_feature(enable = "avx2")]
fn eight<I: Tiled>(row: &[I], d: usize) -> __m128i {
    let row = row.get(d..).unwrap_or_default();
    if let Some(columns) = row.first_chunk() {
        // SAFETY: this function is compiled for AVX2.
        return unsafe { I::eight(columns) };
    }
    let mut columns = [I::ZERO; 8];
    for (column, &q) in columns.iter_mut().zip(row) {
        *column = q;
    }
    // SAFETY: as above.
    unsafe { I::eight(&columns) }
}

/// Rows of four to columns of four, in both halves.
#[inline]
#[target_feature(enable = "avx2")]
fn turned([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    let (ab, cd) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
    let (ab_high, cd_high) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
    [
        _mm256_unpacklo_epi64(ab, cd),
        _mm256_unpackhi_epi64(ab, cd),
        _mm256_unpacklo_epi64(ab_high, cd_high),
        _mm256_unpackhi_epi64(ab_high, cd_high),
    ]
}

/// Whether a lane holds two columns of −2^15, whose products with two such columns of a key add up to 2^31.
#[inline]
pub(super) fn has_two_least<const R: usize>(tile: &[[Lanes; R]]) -> bool {
    let two_least = pair(&[i16::MIN; 2]);
    let mut lanes = tile.as_flattened().iter();
    lanes.any(|lanes| lanes.0.contains(&two_least))
}

/// Hands out the tile two columns at a time, with the same columns of `keys`.
#[inline]
#[target_feature(enable = "avx2")]
fn walk<const R: usize, const KEYS: usize>(
    tile: &[[Lanes; R]],
    keys: [&[i16]; KEYS],
    mut add: impl FnMut(&[Lanes; R], [i32; KEYS]),
) {
    let pairs = keys.map(|key| key.as_chunks::<2>());
    let whole = pairs[0].0.len().min(tile.len());
    if pairs.iter().all(|(pairs, _)| pairs.len() >= whole) {
        for d in 0..whole {
            add(&tile[d], pairs.map(|(pairs, _)| pair(&pairs[d])));
        }
    }
    if let Some(tile) = tile.get(whole) {
        add(
            tile,
            pairs.map(|(_, rest)| pair(&[rest.first().copied().unwrap_or(0), 0])),
        );
    }
}

/// Two columns as they lie in a lane.
#[inline]
fn pair(columns: &[i16; 2]) -> i32 {
    // SAFETY: both are four bytes of which any bits are a value, and need not be aligned.
    unsafe { columns.as_ptr().cast::<i32>().read_unaligned() }
}

/// How many keys of i8 are in flight: two registers of sums each.
pub(super) const KEYS_I8: usize = 4;

/// The cells of a tile and the keys of `k`, (S, R): Σ q·k, in 32 bits.
///
/// `room` is for [`KEYS_I8`] keys in 16 bits.
#[inline(never)] // for registers of its own
#[target_feature(enable = "avx2")]
pub(super) fn score_i8<const R: usize>(
    negative: bool,
    tile: &[[Lanes; R]],
    k: View<'_, i8>,
    room: &mut [Lanes],
    cells: &mut [[Lanes; R]],
) {
    let width = k.columns();
    let room = halves(room);
    let (blocks, rest) = cells.as_chunks_mut::<KEYS_I8>();
    let first = blocks.len() * KEYS_I8;
    for (block, cells) in blocks.iter_mut().enumerate() {
        for key in 0..KEYS_I8 {
            widen(k.row(block * KEYS_I8 + key), room, key * width);
        }
        let mut keys = [[].as_slice(); KEYS_I8];
        for (key, columns) in keys.iter_mut().enumerate() {
            *columns = room.get(key * width..(key + 1) * width).unwrap_or_default();
        }
        score_block_i8(negative, tile, keys, cells);
    }
    for (cells, j) in rest.iter_mut().zip(first..) {
        widen(k.row(j), room, 0);
        let key = room.get(..width).unwrap_or_default();
        score_block_i8(negative, tile, [key], core::array::from_mut(cells));
    }
}

/// Writes `key` into `room`, from a place on.
#[inline]
#[target_feature(enable = "avx2")]
fn widen(key: &[i8], room: &mut [i16], from: usize) {
    let room = room.get_mut(from..).unwrap_or_default();
    for (wide, &column) in room.iter_mut().zip(key) {
        *wide = column.into();
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn score_block_i8<const R: usize, const KEYS: usize>(
    negative: bool,
    tile: &[[Lanes; R]],
    keys: [&[i16]; KEYS],
    cells: &mut [[Lanes; R]; KEYS],
) {
    let mut sums = [[_mm256_setzero_si256(); R]; KEYS];
    walk(tile, keys, |q, keys| {
        for (sums, key) in sums.iter_mut().zip(keys) {
            let key = _mm256_set1_epi32(key);
            for r in 0..R {
                sums[r] = _mm256_add_epi32(sums[r], _mm256_madd_epi16(key, q[r].load()));
            }
        }
    });
    for (sums, cells) in sums.iter().zip(cells) {
        for r in 0..R {
            let negated = _mm256_sub_epi32(_mm256_setzero_si256(), sums[r]);
            cells[r].store(if negative { negated } else { sums[r] });
        }
    }
}

/// What takes Σ q·k of i16 to steps: f64 holds every number on the way exactly, as it stays below 2^53 units of the
/// last place.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    /// What 2^16 of Σ q·k are worth in steps.
    high: f64,
    /// What one of it is worth.
    low: f64,
    /// Half a step, in steps: what makes of rounding down the nearest.
    half: f64,
}

impl Steps {
    pub(super) fn new(prepared: Prepared) -> Self {
        let low = 1.0 / f64::from(1 << (prepared.step_bits / 2));
        let low = low / f64::from(1 << prepared.step_bits.div_ceil(2));
        let low = if prepared.negative { -low } else { low };
        Self {
            high: low * 65_536.0,
            low,
            half: if prepared.step_bits == 0 { 0.0 } else { 0.5 },
        }
    }

    /// Four sums as steps, from their parts, and `more`.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn of(self, high: __m128i, low: __m128i, more: __m256d) -> __m256d {
        let high = _mm256_mul_pd(_mm256_cvtepi32_pd(high), _mm256_set1_pd(self.high));
        let low = _mm256_mul_pd(_mm256_cvtepi32_pd(low), _mm256_set1_pd(self.low));
        _mm256_floor_pd(_mm256_add_pd(_mm256_add_pd(high, low), more))
    }

    /// Eight sums as steps, from what `sums_i16` has of them, and `more`.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn of_eight(self, [lanes, high]: [__m256i; 2], more: [__m256d; 2]) -> [__m256d; 2] {
        let low = _mm256_sub_epi32(lanes, _mm256_slli_epi32::<16>(high));
        let (high_end, low_end) = (
            _mm256_extracti128_si256::<1>(high),
            _mm256_extracti128_si256::<1>(low),
        );
        let (high, low) = (_mm256_castsi256_si128(high), _mm256_castsi256_si128(low));
        [
            self.of(high, low, more[0]),
            self.of(high_end, low_end, more[1]),
        ]
    }
}

/// The most pairs of columns of i16: Σ `h` and Σ `l`, see [`sums_i16`], stay below 2^31.
pub(super) const MAX_PAIRS_I16: usize = (1 << 15) - 1;

/// Σ q·k of a tile and `KEYS` keys: the low 32 bits of it, and Σ `h`.
///
/// A pair of products has 32 bits, `h` · 2^16 + `l`, and no sign in `l`. With Σ `h` and the low 32 bits of the whole
/// sum, Σ `l` is known too, which is below 2^31.
#[inline]
#[target_feature(enable = "avx2")]
fn sums_i16<const R: usize, const KEYS: usize>(
    tile: &[[Lanes; R]],
    keys: [&[i16]; KEYS],
) -> [[[__m256i; R]; 2]; KEYS] {
    let mut sums = [[[_mm256_setzero_si256(); R]; 2]; KEYS];
    walk(tile, keys, |q, keys| {
        for ([lanes, high], key) in sums.iter_mut().zip(keys) {
            let key = _mm256_set1_epi32(key);
            for r in 0..R {
                let pairs = _mm256_madd_epi16(key, q[r].load());
                lanes[r] = _mm256_add_epi32(lanes[r], pairs);
                high[r] = _mm256_add_epi32(high[r], _mm256_srai_epi32::<16>(pairs));
            }
        }
    });
    sums
}

/// How many keys of i16 are in flight: two registers of sums each, and two for what those leave out.
const KEYS_I16: usize = 3;

/// The cells of a tile and the keys of `k`, (S, R): steps, less those of the key that each lane sees first.
#[inline(never)] // for registers of its own
#[target_feature(enable = "avx2")]
pub(super) fn score_i16<const R: usize>(
    steps: Steps,
    firsts: &[[usize; 8]; R],
    tile: &[[Lanes; R]],
    k: View<'_, i16>,
    cells: &mut [[Lanes; R]],
) {
    let mores = less_bases(steps, firsts, tile, k);
    let (blocks, rest) = cells.as_chunks_mut::<KEYS_I16>();
    let first = blocks.len() * KEYS_I16;
    for (block, cells) in blocks.iter_mut().enumerate() {
        let j = block * KEYS_I16;
        let keys = [k.row(j), k.row(j + 1), k.row(j + 2)];
        write_i16(steps, &mores, &sums_i16::<R, KEYS_I16>(tile, keys), cells);
    }
    for (cells, j) in rest.iter_mut().zip(first..) {
        let sums = sums_i16::<R, 1>(tile, [k.row(j)]);
        write_i16(steps, &mores, &sums, core::array::from_mut(cells));
    }
}

/// Half a step, less the steps of every lane and the key that it sees first.
#[inline]
#[target_feature(enable = "avx2")]
fn less_bases<const R: usize>(
    steps: Steps,
    firsts: &[[usize; 8]; R],
    tile: &[[Lanes; R]],
    k: View<'_, i16>,
) -> [[__m256d; 2]; R] {
    let half = _mm256_set1_pd(steps.half);
    let mut registers = [[half; 2]; R];
    for r in 0..R {
        let mut bases = [[0.0; 4]; 2];
        let mut before = None;
        for (lane, &key) in firsts[r].iter().enumerate() {
            if before == Some(key) {
                continue; // this lane has been given what that key scores
            }
            before = Some(key);
            let [[lanes, high]] = sums_i16::<R, 1>(tile, [k.row(key)]);
            let [start, end] = steps.of_eight([lanes[r], high[r]], [half; 2]);
            let steps = [reals(start), reals(end)];
            bases.as_flattened_mut()[lane..].copy_from_slice(&steps.as_flattened()[lane..]);
        }
        for (more, [a, b, c, d]) in registers[r].iter_mut().zip(bases) {
            *more = _mm256_sub_pd(half, _mm256_setr_pd(a, b, c, d));
        }
    }
    registers
}

#[inline]
#[target_feature(enable = "avx2")]
fn write_i16<const R: usize, const KEYS: usize>(
    steps: Steps,
    mores: &[[__m256d; 2]; R],
    sums: &[[[__m256i; R]; 2]; KEYS],
    cells: &mut [[Lanes; R]; KEYS],
) {
    for key in 0..KEYS {
        for r in 0..R {
            let [lanes, high] = &sums[key];
            let [start, end] = steps.of_eight([lanes[r], high[r]], mores[r]);
            cells[key][r].store(_mm256_set_m128i(saturated(end), saturated(start)));
        }
    }
}

/// Four distances from a base as cells.
#[inline]
#[target_feature(enable = "avx2")]
fn saturated(differences: __m256d) -> __m128i {
    let end = f64::from(i32::MAX);
    let below = _mm256_min_pd(differences, _mm256_set1_pd(end));
    _mm256_cvtpd_epi32(_mm256_max_pd(below, _mm256_set1_pd(-end)))
}
