//! i16 and i8 attention for many queries at once, on AVX2, with the bits of the rows.
//!
//! The rows ([`row`](crate::row)) take a query at a time: every key and every value is read anew for each. Here a tile
//! of 8 or 16 queries shares them. Departures from the rows, and why they change no bit:
//!
//! - [`score`](super::score): a lane is a query, two columns go into one multiplication, and several keys are in flight.
//!   Sums of integers are exact in any order.
//! - [`weigh`](super::weigh): a lane is a query again, so that a greatest cell, a sum and a factor are lanes of a
//!   register and nothing is added across one.
//! - [`mix`](super::mix): a lane is a column, and two keys go into one multiplication.
//! - A key that only some queries of a tile see is scored for all of them and hidden from the others: its weight is
//!   zero, and so is what its share adds. Keys that none sees are not touched: causal work is skipped.
//! - A query of i16 that has to be scored from another base is left to the rows, as are changed scores (soft cap,
//!   bias), which are scalar work anyhow.
//!
//! AVX-512 runs these loops too.

use core::array::from_fn;
use core::ops::Range;

use super::lanes::Lanes;
use super::mix::{COLUMNS, QUERIES};
use super::score::turn_round;
use super::weigh::{greatest, share, weigh};
use super::width::Tiled;
use crate::attend::attend_row;
use crate::attention::{Attention, Softcap};
use crate::exp::share_factor;
use crate::fixed::{Prepared, Quantized};
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
    if changes || !std::arch::is_x86_feature_detected!("avx2") {
        return 0;
    }
    let call = Call {
        prepared,
        qkv,
        attention,
    };
    // SAFETY: the processor was found to have AVX2.
    unsafe { call.attend(scratch, output) }
}

/// All that stays the same from tile to tile.
#[derive(Clone, Copy)]
struct Call<'a, I, M> {
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
        let a_row = registers * (2 * keys.div_ceil(2) + width.div_ceil(2));
        a_row + self.beside(keys)
    }

    /// Those beside the cells and the tile of Q: first for keys, then for a strip of V.
    fn beside(&self, keys: usize) -> usize {
        I::room(self.qkv.k.columns()).max(I::STRIP * keys.div_ceil(2))
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
        let again = self.weigh_and_mix::<R>(first, &visible, keys, scratch, output);
        for (lane, _) in again.as_flattened().iter().enumerate().filter(|at| *at.1) {
            let (i, columns) = (first + lane, self.qkv.v.columns());
            let row = output.get_mut(i * columns..(i + 1) * columns);
            if let (Some(row), Some(cells)) = (row, scratch.get_mut(..k.rows())) {
                let Self { prepared, qkv, attention } = *self;
                attend_row::<Quantized<I>, M, ()>(prepared, qkv, attention, i, cells, row, &mut ());
            }
        }
    }

    fn query(&self, row: usize) -> Query {
        Query {
            row,
            position: row.saturating_add(self.attention.offset),
        }
    }

    /// The tile over the keys that any of its queries sees; says which queries the rows have to do.
    #[target_feature(enable = "avx2")]
    fn weigh_and_mix<const R: usize>(
        &self,
        first: usize,
        visible: &Visible<R>,
        keys: Range<usize>,
        scratch: &mut [i32],
        output: &mut [I],
    ) -> [[bool; 8]; R] {
        let Qkv { q, k, v } = self.qkv;
        let pairs = keys.len().div_ceil(2);
        let (cells, rest) = Lanes::in_scratch(scratch).split_at_mut(2 * R * pairs);
        let (tile, rest) = rest.split_at_mut(R * k.columns().div_ceil(2));
        let cells = cells.as_chunks_mut::<R>().0;
        let tile = tile.as_chunks_mut::<R>().0;
        let beside = rest.get_mut(..self.beside(keys.len())).unwrap_or_default();

        turn_round(q, first, tile);
        if !I::fits(tile) {
            return [[true; 8]; R];
        }
        let scored = cells.get_mut(..keys.len()).unwrap_or_default();
        let firsts = visible
            .each_ref()
            .map(|lanes| lanes.each_ref().map(|seen| seen.start - keys.start));
        let k = k.rows_between(keys.clone());
        // SAFETY: this function is compiled for AVX2.
        unsafe { I::score_tile(self.prepared, &firsts, tile, k, beside, scored) };
        hide(keys.start, visible, cells);
        let max = greatest(cells);
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
        };
        tile.mix(q.rows(), v.rows_between(keys), beside, output);
        max.map(|max| max.0.map(|max| I::RELATIVE && max == i32::MAX))
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
        let pairs = from / 2..to.div_ceil(2);
        let shares = self.shares.get(pairs.clone()).unwrap_or_default();
        let strip = strip.get(pairs.start * I::STRIP..).unwrap_or_default();
        // SAFETY: this function is compiled for AVX2.
        unsafe { I::mix((r, half), shares, strip, weighed) }
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
    for (pair, strip) in strip.chunks_exact_mut(I::STRIP).enumerate().take(v.rows().div_ceil(2)) {
        // SAFETY: this function is compiled for AVX2.
        unsafe { I::strip(&columns(2 * pair), &columns(2 * pair + 1), strip) }
    }
}
