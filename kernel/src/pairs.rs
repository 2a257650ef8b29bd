//! Integers on a chip with DSP instructions, row after row without a detour: i8 two queries at a time, whose cells lie
//! side by side, and i16 one by one.
//!
//! What is loaded of K and V serves both queries. Both look at all keys that either of them sees; a cell of a key that
//! a query does not see is zero, which no other lies below, and its weight is taken out again. What does not fit is
//! left to [`attend_row`](crate::attend::attend_row), which has the same bits.

use core::ops::Range;

use crate::arch::arm_integer::{
    self, BIAS, Weigher, dot_i16, greatest_above_zero, greatest_of_two, is_aligned, mix_i16,
    score_i16, score_two, share_two, spread,
};
use crate::attention::{Attention, Softcap};
use crate::exp::{exp2_neg_q30, share_factor};
use crate::fixed::Prepared;
use crate::integer::{Core, half_i16, saturated};
use crate::modify::Modify;
use crate::packed::filled_up;
use crate::row::share;
use crate::view::{Qkv, View};

/// The widest rows whose products, with the bias, fit cells of 31 bits.
pub(crate) const MAX_WIDTH: usize = 1 << 15;

/// How far two cells of i8 can lie apart.
pub(crate) fn reach_i8(width: usize) -> u32 {
    u32::try_from(width).map_or(u32::MAX, |width| width.saturating_mul(1 << 15))
}

/// Two rows of i8 as words of two columns, in the order of `SXTB16`; columns that are missing are zero.
pub(crate) fn spread_two(rows: [&[i8]; 2], negative: bool, tile: &mut [i32]) {
    let done = arm_integer::spread_two(rows, tile);
    let (steps, _) = tile.as_chunks_mut::<4>();
    if let [_, ..] = steps.get(done..).unwrap_or_default() {
        let [a, b] = rows.map(|row| row.chunks(4).skip(done));
        for ((step, a), b) in steps.iter_mut().skip(done).zip(a).zip(b) {
            let [[a, a_odd], [b, b_odd]] = [a, b].map(|columns| spread(filled_up(columns)));
            *step = [a, b, a_odd, b_odd];
        }
    }
    if negative {
        for word in tile {
            let (low, high) = (*word << 16, *word & !0xffff);
            *word = high.wrapping_neg() | (low.wrapping_neg().cast_unsigned() >> 16).cast_signed();
        }
    }
}

/// What the means of i8 can be: as coarse as the values, or 256 times as fine.
pub(crate) trait MixTwo: Core {
    /// The means of the rows of V (S, E) under `shares` (S, 2), whose sums are `totals`, of queries that see so many
    /// `keys`.
    fn mix_two(shares: &[i32], v: &[i8], totals: [u32; 2], keys: [usize; 2], output: &mut [Self]);
}

impl MixTwo for i8 {
    fn mix_two(shares: &[i32], v: &[i8], totals: [u32; 2], _: [usize; 2], output: &mut [i8]) {
        // A query that sees nothing has a total of zero, and a mean of zero over one.
        let means = totals.map(|total| arm_integer::Mean::new(total.max(1)));
        arm_integer::mix_two(shares, v, means, output);
    }
}

impl MixTwo for i16 {
    fn mix_two(shares: &[i32], v: &[i8], _: [u32; 2], keys: [usize; 2], output: &mut [i16]) {
        arm_integer::mix_two_fine(shares, v, keys.map(half_i16), output);
    }
}

/// i8, two queries at a time; returns for how many the work is done.
#[inline(never)] // its frame is not for those who do without
pub(crate) fn attend_i8<M: Modify, N: MixTwo>(
    prepared: Prepared,
    qkv: Qkv<'_, i8>,
    attention: Attention<M>,
    scratch: &mut [i32],
    output: &mut [N],
) -> usize {
    let (keys, width, value_width) = (qkv.k.rows(), qkv.k.columns(), qkv.v.columns());
    let [(_, rows), (0, _)] = qkv.k.pieces() else {
        return 0;
    };
    let fits = width.is_multiple_of(8) && (1..=MAX_WIDTH).contains(&width) && is_aligned(rows);
    let mixes = value_width.is_multiple_of(4) && value_width > 0;
    if !fits || !mixes || keys == 0 || M::CHANGES || attention.softcap != Softcap::NONE {
        return 0;
    }
    let cells = 2 * keys.next_multiple_of(2);
    if scratch.len() < cells + width {
        return 0;
    }
    let mut two = Two {
        prepared,
        weigher: Weigher::new(prepared.exponent, reach_i8(width)),
        qkv,
        attention,
        scratch,
    };
    let mut done = 0;
    for output in output.chunks_exact_mut((2 * value_width).max(1)) {
        two.attend(done, output);
        done += 2;
    }
    done
}

/// One call of attention.
struct Two<'a, M> {
    prepared: Prepared,
    weigher: Weigher,
    qkv: Qkv<'a, i8>,
    attention: Attention<M>,
    /// Cells of two queries for all keys, and the queries themselves.
    scratch: &'a mut [i32],
}

impl<M: Modify> Two<'_, M> {
    /// The queries `i` and `i + 1`.
    fn attend<N: MixTwo>(&mut self, i: usize, output: &mut [N]) {
        let Qkv { q, k, v } = self.qkv;
        let seen = [i, i + 1].map(|row| self.attention.visible(row, k.rows()));
        let all = seen[0].start.min(seen[1].start)..seen[0].end.max(seen[1].end);
        let (keys, padded) = (all.len(), 2 * all.len().next_multiple_of(2));
        if keys == 0 {
            return output.fill(N::ZERO);
        }
        let Some((cells, tile)) = self.scratch.split_at_mut_checked(padded) else {
            return;
        };
        let Some(tile) = tile.get_mut(..q.columns()) else {
            return;
        };
        spread_two([q.row(i), q.row(i + 1)], self.prepared.negative, tile);
        score(tile, k.rows_between(all.clone()), cells);
        for (lane, seen) in seen.iter().enumerate() {
            for key in hidden(seen, &all, padded / 2) {
                if let Some(cell) = cells.get_mut(2 * key + lane) {
                    *cell = 0;
                }
            }
        }
        let greatest = greatest_of_two(cells);
        let mut factors = [0; 2];
        for (lane, factor) in factors.iter_mut().enumerate() {
            let cells = cells.get_mut(lane..).unwrap_or_default();
            let mut sum = self.weigher.weigh_every_other(greatest[lane], cells);
            for key in hidden(&seen[lane], &all, padded / 2) {
                if let Some(cell) = cells.get_mut(2 * key) {
                    sum = sum.wrapping_sub(u64::from(cell.cast_unsigned()));
                    *cell = 0;
                }
            }
            *factor = share_factor(sum, N::TOTAL, seen[lane].len());
        }
        let totals = share_two(cells, factors);
        let shares = cells.get(..2 * keys).unwrap_or_default();
        if let [(_, values), (0, _)] = v.rows_between(all).pieces() {
            N::mix_two(shares, values, totals, seen.map(|seen| seen.len()), output);
        }
    }
}

/// The cells, from that of the first of `all` on, of keys that a query does not see.
fn hidden(seen: &Range<usize>, all: &Range<usize>, cells: usize) -> impl Iterator<Item = usize> {
    (0..seen.start - all.start).chain(seen.end - all.start..cells)
}

/// Scores, (S, 2), of an even number of keys, and of the last one with its neighbour; if there is but one, of that.
fn score(tile: &[i32], keys: View<'_, i8>, cells: &mut [i32]) {
    let [(rows, values), _] = keys.pieces();
    let even = rows & !1;
    let pairs = cells.get_mut(..2 * even).unwrap_or_default();
    score_two(
        tile,
        values.get(..even * keys.columns()).unwrap_or_default(),
        pairs,
    );
    if rows == even {
        return;
    }
    let last = values
        .get((rows - 1) * keys.columns()..)
        .unwrap_or_default();
    for lane in 0..2 {
        if let Some(cell) = cells.get_mut(2 * even + lane) {
            *cell = BIAS + dot(tile.get(lane..).unwrap_or_default(), last);
        }
    }
}

/// Σ q·k of one query of a tile.
fn dot(lane: &[i32], key: &[i8]) -> i32 {
    let halves = |word: i32| [word << 16 >> 16, word >> 16];
    let mut dot = 0;
    for (words, &[a, b, c, d]) in lane.chunks(4).zip(key.as_chunks::<4>().0) {
        let (Some(&even), Some(&odd)) = (words.first(), words.get(2)) else {
            break;
        };
        let ([q_a, q_c], [q_b, q_d]) = (halves(even), halves(odd));
        dot += q_a * i32::from(a) + q_b * i32::from(b) + q_c * i32::from(c) + q_d * i32::from(d);
    }
    dot
}

/// i16, query by query; returns for how many the work is done.
#[inline(never)] // its frame is not for those who do without
pub(crate) fn attend_i16<M: Modify>(
    prepared: Prepared,
    qkv: Qkv<'_, i16>,
    attention: Attention<M>,
    scratch: &mut [i32],
    output: &mut [i16],
) -> usize {
    let (keys, width, value_width) = (qkv.k.rows(), qkv.k.columns(), qkv.v.columns());
    let ([(_, k), (0, _)], [(_, v), (0, _)]) = (qkv.k.pieces(), qkv.v.pieces()) else {
        return 0;
    };
    let whole = [width, value_width]
        .iter()
        .all(|columns| columns.is_multiple_of(8) && *columns > 0);
    let aligned = is_aligned(k) && is_aligned(v) && is_aligned(output);
    let [(_, q), _] = qkv.q.pieces();
    let plain = !M::CHANGES && attention.softcap == Softcap::NONE && !prepared.negative;
    if !whole || !aligned || !is_aligned(q) || !plain || scratch.len() < keys {
        return 0;
    }
    let mut weigher = Weigher::new(prepared.exponent, u32::MAX);
    let mut prepared = prepared;
    for (i, output) in output.chunks_exact_mut(value_width.max(1)).enumerate() {
        let seen = attention.visible(i, keys);
        let cells = scratch.get_mut(..seen.len()).unwrap_or_default();
        if cells.is_empty() {
            output.fill(0);
            continue;
        }
        let q = qkv.q.row(i);
        let keys = k
            .get(seen.start * width..seen.end * width)
            .unwrap_or_default();
        let first = keys.get(..width).unwrap_or_default();
        prepared.base = prepared.steps(dot_i16(q, first).unwrap_or_default());
        let mut greatest = score_row(prepared, q, keys, cells);
        if greatest == i32::MAX {
            let dots = keys
                .chunks(width.max(1))
                .map(|key| dot_i16(q, key).unwrap_or_default());
            prepared.base = dots.map(|dot| prepared.steps(dot)).max().unwrap_or(0);
            greatest = score_row(prepared, q, keys, cells);
        }
        let sum = weigh(&mut weigher, prepared, greatest, cells);
        share(
            prepared.body,
            cells,
            share_factor(sum, i16::TOTAL, cells.len()),
        );
        let values = v.get(seen.start * value_width..seen.end * value_width);
        mix_i16(
            cells,
            values.unwrap_or_default(),
            half_i16(cells.len()),
            output,
        );
    }
    qkv.q.rows()
}

/// Cells of a query, whose rows have whole steps; returns the greatest, as one is zero.
fn score_row(prepared: Prepared, q: &[i16], keys: &[i16], cells: &mut [i32]) -> i32 {
    let done = score_i16(q, keys, prepared.step_bits, prepared.base, cells);
    if let (Some(cell), Some(last)) = (cells.get_mut(done), keys.get(done * q.len()..)) {
        *cell = saturated(prepared.steps(dot_i16(q, last).unwrap_or_default()) - prepared.base);
    }
    greatest_of(cells)
}

/// The greatest cell, where one is zero.
fn greatest_of(cells: &[i32]) -> i32 {
    let (done, greatest) = greatest_above_zero(cells);
    let rest = cells.get(done..).unwrap_or_default();
    rest.iter().copied().fold(greatest, i32::max)
}

/// Turns cells into weights; returns their sum.
fn weigh(weigher: &mut Weigher, prepared: Prepared, greatest: i32, cells: &mut [i32]) -> u64 {
    let (done, mut sum) = weigher.weigh(greatest, cells);
    if let Some(cell) = cells.get_mut(done) {
        *cell = exp2_neg_q30(prepared.exponent.x_q26(greatest.abs_diff(*cell)));
        sum += u64::from(cell.cast_unsigned());
    }
    sum
}
