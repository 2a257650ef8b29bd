//! Two queries at a time on a chip with DSP instructions, each with a row of cells of its own.
//!
//! All places that either query sees are looked at, from a multiple of four to another; what lies between them and is
//! not seen has a cell of zero, which no other lies below, and its weight is taken out again.

use core::ops::Range;

use super::call::Call;
use super::ring::{FOUR, Ring};
use crate::arch::arm_integer::{Mixer, Scorer, Weigher, greatest_above_zero, share};
use crate::exp::share_factor;
use crate::integer::Core;
use crate::modify::Modify;
use crate::pairs::{MAX_WIDTH, reach_i8, spread_two};

/// Attends for all queries if there is room for two rows and two queries in `scratch`, else for none; returns how
/// many.
#[inline(never)] // its frame is not for those who do without
pub(super) fn attend<A: Modify>(
    call: &Call<'_, A>,
    scratch: &mut [i32],
    output: &mut [i8],
) -> usize {
    let ring = &call.ring;
    let (width, words) = (call.q.columns(), 2 * ring.key_words);
    let room = 2 * ring.len.next_multiple_of(FOUR) + words;
    let [(_, q), (0, _)] = call.q.pieces() else {
        return 0;
    };
    if !(1..=MAX_WIDTH).contains(&width) || scratch.len() < room || ring.value_width == 0 {
        return 0;
    }
    let mixer = Mixer::new(ring.values, 2 * ring.rows, ring.value_width);
    let (Some((tile, cells)), Some(scorer), Some(mixer)) = (
        scratch.split_at_mut_checked(words),
        Scorer::new(words),
        mixer,
    ) else {
        return 0;
    };
    let weigher = Weigher::new(call.prepared.exponent, reach_i8(width));
    let mut row = Row {
        mixer,
        start: 0,
        weigher,
    };
    let outputs = output.chunks_mut((2 * ring.value_width).max(1));
    for (pair, (q, output)) in q.chunks((2 * width).max(1)).zip(outputs).enumerate() {
        let (one, other) = q.split_at_checked(width).unwrap_or_default();
        let rows = [one, if other.is_empty() { one } else { other }];
        spread_two(rows, call.prepared.negative, tile);
        let seen = [2 * pair, 2 * pair + usize::from(!other.is_empty())].map(|i| call.seen(i));
        let start = seen[0].start().min(seen[1].start()) & !(FOUR - 1);
        let end = seen[0].end().max(seen[1].end()).next_multiple_of(FOUR);
        let keys = end.saturating_sub(start);
        let Some((one, rest)) = cells.split_at_mut_checked(keys) else {
            return 0;
        };
        let other = rest.get_mut(..keys).unwrap_or_default();
        let packed = ring.keys.get(start * ring.key_words..).unwrap_or_default();
        let packed = packed.get(..keys * ring.key_words).unwrap_or_default();
        scorer.score(tile, packed, one, other);
        row.start = start;
        let (output, other_output) = output
            .split_at_mut_checked(ring.value_width)
            .unwrap_or_default();
        row.finish(&seen[0], one, output);
        if !other_output.is_empty() {
            row.finish(&seen[1], other, other_output);
        }
    }
    call.q.rows()
}

/// The places of the keys that a query sees, from the front of the memory on, and those of others behind them.
pub(super) struct Seen {
    first: Range<usize>,
    /// The last place if there are no others.
    second: Range<usize>,
}

impl Seen {
    fn start(&self) -> usize {
        self.first.start
    }

    fn end(&self) -> usize {
        self.second.end
    }

    fn count(&self) -> usize {
        self.first.len() + self.second.len()
    }

    /// What a row of cells from `start` on has of places that are not seen.
    fn hidden(&self, start: usize, cells: usize) -> [Range<usize>; 3] {
        [
            0..self.first.start - start,
            self.first.end - start..self.second.start - start,
            self.second.end - start..cells,
        ]
    }
}

impl<A: Modify> Call<'_, A> {
    /// Where the keys lie that query `i` sees.
    fn seen(&self, i: usize) -> Seen {
        let Ring {
            oldest, capacity, ..
        } = self.ring;
        let (_, seen) = self.visible(i);
        let (start, end) = (seen.start + oldest, seen.end + oldest);
        let (first, second) = if end <= capacity {
            (start..end, end..end)
        } else if start >= capacity {
            let end = end - capacity;
            (start - capacity..end, end..end)
        } else {
            (0..end - capacity, start..capacity)
        };
        Seen { first, second }
    }
}

/// What the rows of a call have in common.
struct Row<'a> {
    weigher: Weigher,
    mixer: Mixer<'a>,
    /// The place of the first cell.
    start: usize,
}

impl Row<'_> {
    /// From the cells of a query, a multiple of four, to its output.
    #[inline(never)] // for registers of its own
    fn finish(&mut self, seen: &Seen, cells: &mut [i32], output: &mut [i8]) {
        let count = seen.count();
        if count == 0 {
            return output.fill(0);
        }
        if count < cells.len() {
            take(seen.hidden(self.start, cells.len()), cells);
        }
        let (_, greatest) = greatest_above_zero(cells);
        let (_, mut sum) = self.weigher.weigh(greatest, cells);
        if count < cells.len() {
            sum = sum.wrapping_sub(take(seen.hidden(self.start, cells.len()), cells));
        }
        let (_, total) = share(cells, share_factor(sum, i8::TOTAL, count));
        self.mixer.mix(cells, self.start, total, output);
    }
}

/// Makes cells zero; returns what they held.
fn take(ranges: [Range<usize>; 3], cells: &mut [i32]) -> u64 {
    let mut sum = 0;
    for range in ranges {
        for cell in cells.get_mut(range).unwrap_or_default() {
            sum += u64::from(cell.cast_unsigned());
            *cell = 0;
        }
    }
    sum
}
