//! i16 and i8 attention for many queries at once, on AVX2, with the bits of the rows.
//!
//! The rows ([`row`](crate::row)) take a query at a time: every key and every value is read anew for each, and sums are
//! added up across a register. Here a tile of 8 or 16 queries shares what is read. Departures from the rows, and why
//! they change no bit:
//!
//! - [`score`](super::score): a lane is a query, two columns go into one multiplication, and several keys are in flight.
//!   Sums of integers are exact in any order.
//! - [`weigh`](super::weigh): a lane is a query again, so that a greatest cell, a sum and a factor are lanes of a
//!   register. The operations are those of a row, lane by lane.
//! - [`mix`](super::mix): a lane is a column, and two keys go into one multiplication of a half of their shares. The
//!   upper halves are zero wherever a weight is small, which is most often: [`list_live`] finds those that are not, once
//!   for all columns.
//! - A key that only some queries of a tile see is scored for all of them and hidden from the others: its weight is
//!   zero, and so is what its share adds. Keys that none sees are not touched: causal work is skipped.
//! - A lane of i16 whose greatest score lies beyond its cells is moved to another base, as a row is scored once more:
//!   [`Call::rebase`].
//! - Changed scores (soft cap, bias) are left to the rows: they are scalar work.
//!
//! What bounds it, on the AMD Zen 1 this was measured on (`cargo bench -p kqv-benches --bench ratio`): one of the four
//! pipes multiplies integers, 8 products of 16 bits a cycle, no more than the multiplications and additions of f32
//! that all four do: 20 billion a second either way. Of those, a key and a query of i16 need 1 for a column of K and 2
//! for one of V, and i8 needs 1 and 1½, or 1 and 1 where the upper halves are zero; f32 needs 1 and 1. An exponential
//! in 32 bits takes 3 cycles of that pipe beside.
//!
//! AVX-512 runs these loops too, on registers of AVX2.

use core::array::from_fn;
use core::ops::Range;

use super::lanes::{Lanes, halves};
use super::mix::{COLUMNS, Group, QUERIES};
use super::score::turn_round;
use super::weigh::{greatest, share, weigh};
use super::width::Tiled;
use crate::attend::attend_row;
use crate::attention::{Attention, Softcap};
use crate::exp::share_factor;
use crate::fixed::{Prepared, Quantized};
use crate::integer::saturated;
use crate::modify::{Modify, Query, visible_keys};
use crate::view::{Qkv, View};

/// Attends for the first queries, as many as make tiles for which `scratch` has room; returns how many.
pub(crate) fn attend<I: Tiled, M: Modify>(
    prepared: Prepared,
    qkv: Qkv<'_, I>,
    attention: Attention<M>,
    scratch: &mut [i32],
    output: &mut [I],
) -> usize {
    let changes = M::CHANGES || attention.softcap != Softcap::NONE;
    if changes || qkv.q.rows() < FEW || !std::arch::is_x86_feature_detected!("avx2") {
        return 0;
    }
    // SAFETY: the processor was found to have AVX2.
    unsafe {
        let call = Call {
            has_least: I::LEAST.is_some_and(|least| has(least, qkv.v)),
            prepared,
            qkv,
            attention,
        };
        call.attend(scratch, output)
    }
}

/// Whether any number of V is `least`, and none is less.
#[target_feature(enable = "avx2")]
fn has<I: Tiled>(least: I, v: View<'_, I>) -> bool {
    let in_rows = |rows: &[I]| rows.iter().copied().fold(I::MAX, I::min) == least;
    v.pieces().iter().any(|(_, rows)| in_rows(rows))
}

/// All that stays the same from tile to tile.
#[derive(Clone, Copy)]
struct Call<'a, I, M> {
    /// Whether V has a number as low as can be.
    has_least: bool,
    prepared: Prepared,
    qkv: Qkv<'a, I>,
    attention: Attention<M>,
}

/// The fewest queries that make a tile of 8.
const FEW: usize = 3;

impl<I: Tiled, M: Modify> Call<'_, I, M> {
    #[target_feature(enable = "avx2")]
    fn attend(self, scratch: &mut [i32], output: &mut [I]) -> usize {
        let rows = self.qkv.q.rows();
        let lanes = Lanes::in_scratch(scratch).len();
        let mut first = 0;
        while first < rows {
            let left = rows - first;
            if left > 8 && self.room(2) <= lanes {
                self.attend_tile::<2>(first, scratch, output);
                first += 16;
            } else if left >= FEW && self.room(1) <= lanes {
                self.attend_tile::<1>(first, scratch, output);
                first += 8;
            } else {
                break;
            }
        }
        first.min(rows)
    }

    /// The registers of scratch for a tile of so many registers of queries.
    fn room(&self, registers: usize) -> usize {
        let (keys, width) = (self.qkv.k.rows(), self.qkv.k.columns());
        let pairs = keys.div_ceil(2);
        let queries = registers * (2 * pairs + width.div_ceil(2) + pairs.div_ceil(2));
        queries + I::room(width).max(I::STRIP * pairs)
    }

    /// Attends for the queries `first..first + 8 · R`, as far as they exist; `scratch` has the room.
    #[target_feature(enable = "avx2")]
    fn attend_tile<const R: usize>(&self, first: usize, scratch: &mut [i32], output: &mut [I]) {
        let (q, k) = (self.qkv.q, self.qkv.k);
        let last = q.rows().saturating_sub(1);
        let visible: Visible<R> = from_fn(|r| {
            from_fn(|lane| {
                let query = self.query((first + 8 * r + lane).min(last));
                visible_keys(&self.attention.mask, query, k.rows())
            })
        });
        let keys = union(visible.as_flattened());
        if self.weigh_and_mix::<R>(first, &visible, keys, scratch, output) {
            return;
        }
        for i in first..q.rows().min(first + 8 * R) {
            let columns = self.qkv.v.columns();
            let row = output.get_mut(i * columns..(i + 1) * columns);
            if let (Some(row), Some(cells)) = (row, scratch.get_mut(..k.rows())) {
                let Self {
                    prepared,
                    qkv,
                    attention,
                    ..
                } = *self;
                attend_row::<Quantized<I>, M, (), false>(
                    prepared,
                    qkv,
                    attention,
                    i,
                    cells,
                    row,
                    &mut (),
                );
            }
        }
    }

    fn query(&self, row: usize) -> Query {
        Query {
            row,
            position: row.saturating_add(self.attention.offset),
        }
    }

    /// The tile over the keys that any of its queries sees; false where its sums might not fit.
    #[target_feature(enable = "avx2")]
    fn weigh_and_mix<const R: usize>(
        &self,
        first: usize,
        visible: &Visible<R>,
        keys: Range<usize>,
        scratch: &mut [i32],
        output: &mut [I],
    ) -> bool {
        let Qkv { q, k, v } = self.qkv;
        let pairs = keys.len().div_ceil(2);
        let (cells, rest) = Lanes::in_scratch(scratch).split_at_mut(2 * R * pairs);
        let (tile, rest) = rest.split_at_mut(R * k.columns().div_ceil(2));
        let cells = cells.as_chunks_mut::<R>().0;
        let tile = tile.as_chunks_mut::<R>().0;
        let (live, beside) = rest.split_at_mut(R * pairs.div_ceil(2));

        turn_round(q, first, tile);
        if !I::fits(tile) {
            return false;
        }
        let scored = cells.get_mut(..keys.len()).unwrap_or_default();
        let firsts = visible
            .each_ref()
            .map(|lanes| lanes.each_ref().map(|seen| seen.start - keys.start));
        let k = k.rows_between(keys.clone());
        // SAFETY: this function is compiled for AVX2.
        unsafe { I::score_tile(self.prepared, &firsts, tile, k, beside, scored) };
        hide(keys.start, visible, cells);
        let mut max = greatest(cells);
        if I::RELATIVE {
            self.rebase(first, visible, keys.start, &mut max, cells);
        }
        let sums = weigh(self.prepared.exponent, &max, cells);
        let mut factors = [Lanes::ZERO; R];
        for r in 0..R {
            for lane in 0..8 {
                let (sum, keys) = (sums[r][lane], visible[r][lane].len());
                if keys > 0 {
                    factors[r].0[lane] = share_factor(sum, I::TOTAL, keys).cast_signed();
                }
            }
        }
        let cells = cells.as_chunks_mut::<2>().0;
        // SAFETY: as above.
        let totals = share(&factors, |a, b| unsafe { I::split(a, b) }, cells);
        let tile = Weighed {
            first,
            start: keys.start,
            shares: cells,
            totals,
            visible,
            live: list_live(cells, halves(live)),
            has_least: self.has_least,
        };
        tile.mix(q.rows(), v.rows_between(keys), beside, output);
        true
    }

    /// Scores lane by lane from another base where a greatest cell is as great as can be, as the rows do.
    ///
    /// What does not lie beyond the range is moved; what does, a few keys, is scored again.
    fn rebase<const R: usize>(
        &self,
        first: usize,
        visible: &Visible<R>,
        start: usize,
        max: &mut [Lanes; R],
        cells: &mut [[Lanes; R]],
    ) {
        let last = self.qkv.q.rows().saturating_sub(1);
        for (r, lane) in (0..R).flat_map(|r| (0..8).map(move |lane| (r, lane))) {
            if max[r].0[lane] < i32::MAX {
                continue;
            }
            let q = self.qkv.q.row((first + 8 * r + lane).min(last));
            let steps = |j| self.prepared.steps(I::dot(q, self.qkv.k.row(j)).into());
            let keys = visible[r][lane].clone();
            let old = steps(keys.start);
            let cells = cells.get_mut(keys.start - start..).unwrap_or_default();
            let beyond =
                |(j, cells): (usize, &[Lanes; R])| (cells[r].0[lane] == i32::MAX).then(|| steps(j));
            let base = keys.clone().zip(&*cells).filter_map(beyond).max();
            let base = base.unwrap_or(old);
            for (j, cells) in keys.zip(cells) {
                let cell = &mut cells[r].0[lane];
                let from_old = match *cell {
                    i32::MAX => steps(j) - old,
                    cell => cell.into(),
                };
                *cell = saturated(from_old + old - base);
            }
            max[r].0[lane] = 0;
        }
    }
}

/// What the queries of a tile see, register by register, lane by lane.
type Visible<const R: usize> = [[Range<usize>; 8]; R];

/// From the first key that anyone sees to the last.
fn union(visible: &[Range<usize>]) -> Range<usize> {
    let start = visible.iter().map(|keys| keys.start).min().unwrap_or(0);
    start..visible.iter().map(|keys| keys.end).fold(start, usize::max)
}

/// Hides from every lane the keys that only others see, and the one that makes their number even.
fn hide<const R: usize>(start: usize, visible: &Visible<R>, cells: &mut [[Lanes; R]]) {
    for (r, visible) in visible.iter().enumerate() {
        for (lane, keys) in visible.iter().enumerate() {
            let (before, after) = (keys.start - start, keys.end.max(start) - start);
            for hidden in [0..before, after..cells.len()] {
                for cells in cells.get_mut(hidden).unwrap_or_default() {
                    cells[r].0[lane] = i32::MIN;
                }
            }
        }
    }
}

/// A tile whose weights have become shares.
struct Weighed<'a, const R: usize> {
    /// The first query.
    first: usize,
    /// The first key.
    start: usize,
    /// The halves of the shares of two keys, (S/2, 2, R).
    shares: &'a [[[Lanes; R]; 2]],
    /// What the shares add up to.
    totals: [Lanes; R],
    visible: &'a Visible<R>,
    /// Of every query the pairs of keys whose `high` is not zero.
    live: [[&'a [u16]; 8]; R],
    /// Whether V has a number as low as can be.
    has_least: bool,
}

/// Lists for every query the pairs of keys whose `high` is not zero, in `room`.
///
/// Most weights of most rows are small, and half of the work is theirs alone.
#[inline(never)]
#[target_feature(enable = "avx2")]
fn list_live<'a, const R: usize>(
    shares: &[[[Lanes; R]; 2]],
    room: &'a mut [u16],
) -> [[&'a [u16]; 8]; R] {
    let mut live = [[[].as_slice(); 8]; R];
    let mut rest = room;
    for r in 0..R {
        for lane in 0..8 {
            let Some((list, after)) = rest.split_at_mut_checked(shares.len()) else {
                return live;
            };
            rest = after;
            let mut count = 0;
            let mut number = 0_u16; // MAX_KEYS / 2 are as many as there are
            for [_, high] in shares {
                if let Some(place) = list.get_mut(count) {
                    *place = number;
                }
                count += usize::from(high[r].0[lane] != 0);
                number = number.wrapping_add(1);
            }
            live[r][lane] = list.get(..count).unwrap_or_default();
        }
    }
    live
}

impl<const R: usize> Weighed<'_, R> {
    /// Shares times V, a strip of columns after the other; there are `rows` queries.
    #[target_feature(enable = "avx2")]
    fn mix<I: Tiled>(&self, rows: usize, v: View<'_, I>, strip: &mut [Lanes], output: &mut [I]) {
        let queries = (8 * R).min(rows - self.first);
        let columns = v.columns();
        for e in (0..columns).step_by(COLUMNS) {
            fill_strip(v, e, strip);
            for group in (0..queries).step_by(QUERIES) {
                let means = self.mix_group::<I>(group, strip);
                for (query, means) in means.iter().enumerate().take(queries - group) {
                    let row = (self.first + group + query) * columns;
                    let end = columns.min(e + COLUMNS);
                    let Some(output) = output.get_mut(row + e..row + end) else {
                        return;
                    };
                    let sees = !self.visible.as_flattened()[group + query].is_empty();
                    for (output, &mean) in output.iter_mut().zip(means) {
                        *output = if sees { mean } else { I::ZERO };
                    }
                }
            }
        }
    }

    /// Sixteen columns of the queries from lane `group` on, over the keys that they see.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn mix_group<I: Tiled>(&self, group: usize, strip: &[Lanes]) -> [[I; COLUMNS]; QUERIES] {
        let (r, half) = (group / 8, group % 8 / QUERIES);
        let place = |query| (r, QUERIES * half + query);
        let seen = from_fn::<_, QUERIES, _>(|query| {
            let (r, lane) = place(query);
            self.visible[r][lane].clone()
        });
        let weighed = from_fn(|query| {
            let (r, lane) = place(query);
            (self.totals[r].0[lane].cast_unsigned(), seen[query].len())
        });
        let keys = union(&seen);
        let (from, to) = (keys.start - self.start, keys.end - self.start);
        let group = Group {
            place: (r, half),
            shares: self.shares.get(..to.div_ceil(2)).unwrap_or_default(),
            strip,
            first: from / 2,
            live: from_fn(|query| self.live[r][QUERIES * half + query]),
            has_least: self.has_least,
        };
        // SAFETY: this function is compiled for AVX2.
        unsafe { I::mix(group, weighed) }
    }
}

/// Sixteen columns of V from `e` on, two keys by turns; what is missing is zero.
#[inline]
#[target_feature(enable = "avx2")]
fn fill_strip<I: Tiled>(v: View<'_, I>, e: usize, strip: &mut [Lanes]) {
    let columns = |j: usize| {
        let row = if j < v.rows() { v.row(j) } else { &[] };
        let row = row.get(e..).unwrap_or_default();
        row.first_chunk().copied().unwrap_or_else(|| {
            let mut columns = [I::ZERO; COLUMNS];
            for (column, &value) in columns.iter_mut().zip(row) {
                *column = value;
            }
            columns
        })
    };
    for (pair, strip) in strip
        .chunks_exact_mut(I::STRIP)
        .enumerate()
        .take(v.rows().div_ceil(2))
    {
        // SAFETY: this function is compiled for AVX2.
        unsafe { I::strip(&columns(2 * pair), &columns(2 * pair + 1), strip) }
    }
}
