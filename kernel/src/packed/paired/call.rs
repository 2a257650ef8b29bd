//! One call of attention over what is packed.

use core::ops::Range;

use super::ring::Ring;
use crate::attention::Attention;
#[cfg(kqv_dsp)]
use crate::attention::Softcap;
use crate::body::Body;
use crate::exp::share_factor;
use crate::fixed::{Prepared, Quantized};
use crate::format::Format;
use crate::integer::Core;
use crate::modify::{Modify, Query, visible_keys};
use crate::row::{greatest, share, weigh};
use crate::score::Score;
use crate::view::View;

/// One call of attention.
pub(super) struct Call<'a, A> {
    pub(super) ring: Ring<'a>,
    pub(super) prepared: Prepared,
    /// (T, D)
    pub(super) q: View<'a, i8>,
    pub(super) attention: Attention<A>,
}

impl<A: Modify> Call<'_, A> {
    pub(super) fn attend(&self, scratch: &mut [i32], output: &mut [i8]) {
        let columns = self.ring.value_width;
        if columns == 0 {
            return;
        }
        let done = self.attend_fast(scratch, output);
        let rows = output.chunks_exact_mut(columns).enumerate().skip(done);
        for (i, output) in rows {
            self.attend_row(i, scratch, output);
        }
    }

    /// Two queries at a time as a chip can; returns for how many.
    #[cfg(kqv_dsp)]
    fn attend_fast(&self, scratch: &mut [i32], output: &mut [i8]) -> usize {
        let plain = !A::CHANGES && self.attention.softcap == Softcap::NONE;
        if !plain || self.prepared.body == Body::Scalar {
            return 0;
        }
        super::fast::attend(self, scratch, output)
    }

    /// No other machine is better at it than at what is not packed.
    #[cfg(not(kqv_dsp))]
    #[expect(clippy::unused_self, reason = "others look at it")]
    fn attend_fast(&self, _: &mut [i32], _: &mut [i8]) -> usize {
        0
    }

    pub(super) fn visible(&self, i: usize) -> (Query, Range<usize>) {
        let position = i.saturating_add(self.attention.offset);
        let query = Query { row: i, position };
        let seen = visible_keys(&self.attention.mask, query, self.ring.len);
        (query, seen)
    }

    /// Query `i`: score, change, weigh, mix.
    #[cfg_attr(target_os = "none", inline(never))] // its frame is not for those who do without
    fn attend_row(&self, i: usize, scratch: &mut [i32], output: &mut [i8]) {
        let (query, seen) = self.visible(i);
        let cells = scratch.get_mut(seen.clone()).unwrap_or_default();
        let q = self.q.row(i);
        let cap = self.attention.softcap.cap();
        let changes = A::CHANGES || cap.is_some();
        let mut prepared = self.prepared;
        let mut live = 0;
        for (cell, j) in cells.iter_mut().zip(seen.clone()) {
            let dot = self.ring.dot(q, j).into();
            if !changes {
                *cell = crate::integer::saturated(prepared.steps(dot));
                live += 1;
                continue;
            }
            let score = prepared.score::<i8>(dot);
            let score = cap.map_or(score, |cap| score.softcapped(cap));
            let score = Quantized::<i8>::to_score(Quantized::<i8>::from_score(score));
            let changed = self.attention.mask.change(score, query, j);
            live += usize::from(changed.is_some());
            *cell = changed.map_or(Quantized::<i8>::HIDDEN, Quantized::<i8>::from_score);
        }
        if live == 0 {
            return output.fill(0);
        }
        if changes {
            prepared = Quantized::<i8>::changed(prepared);
        }
        let max = greatest(prepared.body, cells);
        let fast = prepared.body != Body::Scalar && !changes;
        let sum = weigh(fast, prepared.exponent, max, cells);
        let factor = share_factor(sum, i8::TOTAL, cells.len());
        let total = share(prepared.body, cells, factor);
        self.ring.mix(cells, seen.start, total, output);
    }
}
