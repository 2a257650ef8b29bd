//! Two queries at a time, each with a row of cells of its own, so that what is loaded of V serves both, and of K too
//! if it is i8: for chips whose compiler has registers enough, RISC-V foremost.
//!
//! Both rows have cells for all keys that either query sees. Those that a query does not see itself are scored in vain
//! and have a share of zero, before and behind the cells that its softmax looks at. What does not fit is left to
//! [`attend_row`](crate::attend::attend_row), which has the same bits.

use core::ops::Range;

use crate::attention::{Attention, Softcap};
use crate::exp::share_factor;
use crate::fixed::{Prepared, Quantized};
use crate::format::Format;
use crate::fours::EIGHT;
use crate::integer::{Core, Integer, saturated};
use crate::mean_of::MeanOf;
use crate::modify::Modify;
use crate::row::{greatest, share, weigh};
use crate::view::{Qkv, View};

/// Attends for the first queries, an even number; returns for how many.
#[inline(never)] // its frame is not for those who do without
pub(crate) fn attend<M: Modify, I: Integer, N: MeanOf<I>>(
    prepared: Prepared,
    qkv: Qkv<'_, I>,
    attention: Attention<M>,
    scratch: &mut [i32],
    output: &mut [N],
) -> usize {
    let (keys, width) = (qkv.k.rows(), qkv.v.columns());
    let plain = !M::CHANGES && attention.softcap == Softcap::NONE && !prepared.negative;
    let (Some(values), true) = (whole_values(&qkv), plain && keys > 0) else {
        return 0;
    };
    let Some((one, other)) = scratch.split_at_mut_checked(keys) else {
        return 0;
    };
    let mut done = 0;
    for output in output.chunks_exact_mut((2 * width).max(1)) {
        let seen = [done, done + 1].map(|row| attention.visible(row, keys));
        let all = seen[0].start.min(seen[1].start)..seen[0].end.max(seen[1].end);
        let own = seen.map(|seen| seen.start - all.start..seen.end - all.start);
        let (Some(one), Some(other)) = (one.get_mut(..all.len()), other.get_mut(..all.len()))
        else {
            return done;
        };
        let k = qkv.k.rows_between(all.clone());
        let [q, other_q] = [done, done + 1].map(|row| qkv.q.row(row));
        let scored = score_two([q, other_q], &k, [&mut *one, &mut *other]);
        let totals = [
            share_row::<I, N>(&prepared, q, &k, scored, &own[0], one),
            share_row::<I, N>(&prepared, other_q, &k, scored, &own[1], other),
        ];
        let v = values.get(all.start * width..all.end * width);
        let count = [own[0].len(), own[1].len()];
        let shares = [&*one, &*other];
        mix_two(shares, v.unwrap_or_default(), totals, count, output);
        done += 2;
    }
    done
}

/// V (S, E), if it lies in one piece, and K too, and both have whole steps of columns.
fn whole_values<'a, I: Integer>(qkv: &Qkv<'a, I>) -> Option<&'a [I]> {
    let whole = |columns: usize| columns.is_multiple_of(EIGHT) && columns > 0;
    match (qkv.k.pieces(), qkv.v.pieces()) {
        ([_, (0, _)], [(_, values), (0, _)])
            if whole(qkv.k.columns()) && whole(qkv.v.columns()) =>
        {
            Some(values)
        }
        _ => None,
    }
}

/// The cells of two queries with the first of the keys that either sees, (S, D); returns of how many keys.
fn score_two<I: Integer>(q: [&[I]; 2], k: &View<'_, I>, cells: [&mut [i32]; 2]) -> usize {
    match k.pieces() {
        [(_, keys), (0, _)] => I::score_two(q, keys, cells),
        _ => 0,
    }
}

/// Shares of one query, from cells of which so many are `scored`: those that are its `own` become shares, and the
/// others zero; returns what the shares add up to, 1 at least.
#[cfg_attr(target_os = "none", inline(never))] // for registers of its own
fn share_row<I: Integer, N: Core>(
    prepared: &Prepared,
    q: &[I],
    k: &View<'_, I>,
    scored: usize,
    own: &Range<usize>,
    cells: &mut [i32],
) -> u32 {
    let mut greatest_cell = 0;
    if I::RELATIVE {
        let cells = cells.get_mut(own.clone()).unwrap_or_default();
        if !cells.is_empty() {
            let mut prepared = *prepared;
            Quantized::<I>::score_row(&mut prepared, q, k.rows_between(own.clone()), cells);
            greatest_cell = prepared.greatest;
        }
    } else {
        let rest = k.rows_between(scored..k.rows());
        let rest = rest.iter_rows().map(|key| I::dot(q, key).into());
        for (cell, dot) in cells.iter_mut().skip(scored).zip(rest) {
            *cell = saturated(dot);
        }
        greatest_cell = greatest(prepared.body, cells.get(own.clone()).unwrap_or_default());
    }
    for hidden in [0..own.start, own.end..cells.len()] {
        cells.get_mut(hidden).unwrap_or_default().fill(0);
    }
    let cells = cells.get_mut(own.clone()).unwrap_or_default();
    if cells.is_empty() {
        return 1;
    }
    let sum = weigh(true, prepared.exponent, greatest_cell, cells);
    share(
        prepared.body,
        cells,
        share_factor(sum, N::TOTAL, cells.len()),
    )
}

/// The means of V (S, E) under the shares of two queries (S), which add up to `totals` over so many `keys`; E is a
/// multiple of eight.
#[cfg_attr(target_os = "none", inline(never))] // its frame does not lie below those of the other stages
fn mix_two<I: Integer, N: MeanOf<I>>(
    shares: [&[i32]; 2],
    v: &[I],
    totals: [u32; 2],
    keys: [usize; 2],
    output: &mut [N],
) {
    let width = output.len() / 2;
    let (one, other) = output.split_at_mut(width);
    let blocks = one.as_chunks_mut::<EIGHT>().0.iter_mut();
    for (block, (one, other)) in blocks.zip(other.as_chunks_mut().0).enumerate() {
        let sums = N::sums_of_two(shares, v, width, block * EIGHT);
        *one = sums[0].map(|sum| N::mean(sum, totals[0], keys[0]));
        *other = sums[1].map(|sum| N::mean(sum, totals[1], keys[1]));
    }
}
