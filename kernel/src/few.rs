//! f32 attention for a few queries over many keys, with the bits of the naive loop: decode.
//!
//! Where there are too few queries to fill a vector ([`tile`](crate::tile)), vectors run *across keys*; up to four
//! queries share what is loaded. Maximum and exponential do not care for order. The sum of the weights does, and is
//! taken key by key; [`mix`](crate::mix) runs across columns.

use core::array::from_fn;
use core::ops::Range;

use crate::attention::{Attention, Softcap};
use crate::modify::{Modify, Query, visible_keys};
use crate::score::Score;
use crate::stages::Stages;
use crate::tile::union;
use crate::view::Qkv;

/// How many queries share a block of K.
pub(crate) const SHARING: usize = 4;

/// Attends for the `QUERIES` queries from `first` on, which exist; `scratch` has `QUERIES` · S cells. V is finite
/// if there is more than one query.
pub(crate) fn attend_few<S: Stages, M: Modify, const QUERIES: usize>(
    stages: S,
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    first: usize,
    scratch: &mut [f32],
    output: &mut [f32],
) {
    let Qkv { q, k, v } = qkv;
    let queries: [Query; QUERIES] = from_fn(|i| query(first + i, attention.offset));
    let visible: [_; QUERIES] = from_fn(|i| visible_keys(&attention.mask, queries[i], k.rows()));
    let Range { start, end } = union(&visible);
    let Some(mut rows) = rows_of::<QUERIES>(scratch, end - start) else {
        return;
    };
    let keys = start..end;
    let rows_of_q = queries.map(|query| q.row(query.row));
    stages.score_rows(scale, &rows_of_q, k.rows_between(keys.clone()), &mut rows);
    let mut seen = [false; QUERIES];
    for (i, row) in rows.iter_mut().enumerate() {
        seen[i] = change_row(attention, queries[i], start, &visible[i], row);
        stages.exponentials(row);
    }
    let rows = rows.map(|row| &*row);
    let mut sums = [0.0; QUERIES];
    add_up(rows, &mut sums);

    let columns = v.columns();
    let output = output.get_mut(first * columns..(first + QUERIES) * columns);
    let output = output.unwrap_or_default();
    output.fill(0.0);
    stages.mix_rows(&rows, v.rows_between(keys), output);
    for (i, row) in output.chunks_exact_mut(columns.max(1)).enumerate() {
        stages.divide(row, if seen[i] { Some(1.0 / sums[i]) } else { None });
    }
}

/// Query `row` of those that stand behind `offset` keys.
pub(crate) fn query(row: usize, offset: usize) -> Query {
    Query {
        row,
        position: row.saturating_add(offset),
    }
}

/// The first cells of scratch as rows of so many.
pub(crate) fn rows_of<const QUERIES: usize>(
    scratch: &mut [f32],
    cells: usize,
) -> Option<[&mut [f32]; QUERIES]> {
    let mut rest = scratch;
    let mut rows = [(); QUERIES].map(|()| <&mut [f32]>::default());
    for row in &mut rows {
        (*row, rest) = rest.split_at_mut_checked(cells)?;
    }
    Some(rows)
}

/// Caps and changes the scores of one query over the keys from `start` on, and hides the others; says whether it
/// sees any.
fn change_row<M: Modify>(
    attention: Attention<M>,
    query: Query,
    start: usize,
    visible: &Range<usize>,
    scores: &mut [f32],
) -> bool {
    let (from, to) = (visible.start - start, visible.end.max(start) - start);
    if let Some(before) = scores.get_mut(..from) {
        before.fill(f32::NEG_INFINITY);
    }
    if let Some(after) = scores.get_mut(to..) {
        after.fill(f32::NEG_INFINITY);
    }
    if !M::CHANGES && attention.softcap == Softcap::NONE {
        return !visible.is_empty();
    }
    let mut seen = false;
    let shown = scores.get_mut(from..to).unwrap_or_default();
    for (score, key) in shown.iter_mut().zip(visible.clone()) {
        let capped = match attention.softcap.cap() {
            Some(cap) => score.softcapped(cap),
            None => *score,
        };
        let changed = attention.mask.change(capped, query, key);
        seen |= changed.is_some();
        *score = changed.unwrap_or(f32::NEG_INFINITY);
    }
    seen
}

/// The sum of each row, in the order of the keys.
fn add_up<const QUERIES: usize>(rows: [&[f32]; QUERIES], sums: &mut [f32; QUERIES]) {
    let keys = rows[0].len();
    if rows.iter().all(|row| row.len() == keys) {
        for key in 0..keys {
            for (sum, row) in sums.iter_mut().zip(rows) {
                *sum += row[key];
            }
        }
    }
}
