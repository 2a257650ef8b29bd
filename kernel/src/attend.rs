//! The algorithm, once.
//!
//! [`attend`] takes arrays, whose shapes the compiler proves; [`attend_view`] takes views, whose
//! shapes it checks. Both run the same loop and give the same bits.

use core::ops::Range;

use crate::attention::{Attention, Softcap};
use crate::body::{Body, QUERIES_AT_ONCE, scratch_cells};
use crate::format::{Format, Number};
use crate::modify::{Modify, Query, visible_keys};
use crate::observer::{Observer, Scores};
use crate::score::Score;
use crate::view::{Qkv, ShapeError, View};

/// Attention of Q (T, D), K (S, D) and V (S, E): softmax(Q·Kᵀ·scale + mask)·V, (T, E).
///
/// A query that may see no key has output zero. The row of scores, S cells, lies on the stack.
///
/// Shapes that would overflow the format's sums do not compile.
///
/// ```
/// use kqv::{attend, Attention};
///
/// let q = [[1.0_f32, 0.0], [0.0, 1.0]];
/// let k = [[4.0_f32, 0.0], [0.0, 4.0], [0.0, 0.0]];
/// let v = [[1.0_f32], [2.0], [3.0]];
/// let output = attend(&q, &k, &v, Attention::CAUSAL, ());
/// assert_eq!(output[0], [1.0]); // the first query sees only the first key
/// ```
pub fn attend<N, M, O, const T: usize, const S: usize, const D: usize, const E: usize>(
    q: &[[N; D]; T],
    k: &[[N; D]; S],
    v: &[[N; E]; S],
    attention: Attention<M>,
    observer: O,
) -> [[N; E]; T]
where
    N: Number,
    M: Modify,
    O: Observer<N::Format>,
{
    const {
        assert!(
            D <= N::Format::MAX_WIDTH,
            "Q and K are too wide for this format"
        );
        assert!(S <= N::Format::MAX_KEYS, "too many keys for this format");
    }
    let qkv = Qkv {
        q: q.into(),
        k: k.into(),
        v: v.into(),
    };
    let mut scratch = [N::Format::ZERO_CELL; S];
    let mut output = [[N::Format::ZERO; E]; T];
    attend_rows(
        N::FORMAT,
        0,
        qkv,
        attention,
        &mut scratch,
        output.as_flattened_mut(),
        observer,
    );
    output
}

/// [`attend`] over shapes known at run time, in any format, with the caller's memory.
///
/// `scratch` holds one row of scores: at least S cells, their content does not matter. With
/// [`fast_scratch_cells`] the vectors of the processor are put to use, for the same bits.
/// `output` is (T, E), row-major.
///
/// # Errors
/// [`ShapeError`] if `scratch` is too short, `output` is not T · E long, or the shape could
/// overflow the format's sums; nothing is written then.
pub fn attend_view<F, M, O>(
    format: F,
    qkv: Qkv<'_, F::Element>,
    attention: Attention<M>,
    scratch: &mut [F::Cell],
    output: &mut [F::Element],
    observer: O,
) -> Result<(), ShapeError>
where
    F: Format,
    M: Modify,
    O: Observer<F>,
{
    let body = Body::best();
    attend_view_on(body, format, qkv, attention, scratch, output, observer)
}

/// [`attend_view`] on a certain body, to hold one against the other; one that this processor or
/// program does not have leaves the work to [`Body::Scalar`].
///
/// # Errors
/// Those of [`attend_view`].
pub fn attend_view_on<F, M, O>(
    body: Body,
    format: F,
    qkv: Qkv<'_, F::Element>,
    attention: Attention<M>,
    scratch: &mut [F::Cell],
    output: &mut [F::Element],
    observer: O,
) -> Result<(), ShapeError>
where
    F: Format,
    M: Modify,
    O: Observer<F>,
{
    let Qkv { q, k, v } = qkv;
    let keys = k.rows();
    if keys > F::MAX_KEYS {
        let max = F::MAX_KEYS;
        return Err(ShapeError::TooManyKeys { keys, max });
    }
    if k.columns() > F::MAX_WIDTH {
        let (columns, max) = (k.columns(), F::MAX_WIDTH);
        return Err(ShapeError::TooWide { columns, max });
    }
    if q.rows().checked_mul(v.columns()) != Some(output.len()) {
        return Err(ShapeError::Output {
            values: output.len(),
            queries: q.rows(),
            columns: v.columns(),
        });
    }
    let cells = scratch.len();
    if cells < keys {
        return Err(ShapeError::Scratch { cells, keys });
    }
    let prepared = format.prepare(attention.scale.factor(k.columns()));
    let done = if O::WATCHES {
        0
    } else {
        F::attend_at_once(body, prepared, qkv, attention, scratch, output)
    };
    if let (Some(scratch), Some(output)) = (
        scratch.get_mut(..keys),
        output.get_mut(done * v.columns()..),
    ) {
        attend_rows(format, done, qkv, attention, scratch, output, observer);
    }
    Ok(())
}

/// The scratch cells, for S keys of D columns, with which [`attend_view`] is fastest.
pub const fn fast_scratch_cells(keys: usize, columns: usize) -> usize {
    scratch_cells(QUERIES_AT_ONCE, keys, columns)
}

/// Every query from `first` to the last; the shapes fit, `scratch` has exactly S cells, and `output`
/// begins with the row of the first.
pub(crate) fn attend_rows<F, M, O>(
    format: F,
    first: usize,
    qkv: Qkv<'_, F::Element>,
    attention: Attention<M>,
    scratch: &mut [F::Cell],
    output: &mut [F::Element],
    mut observer: O,
) where
    F: Format,
    M: Modify,
    O: Observer<F>,
{
    let Qkv { q, k, v } = qkv;
    let prepared = format.prepare(attention.scale.factor(k.columns()));
    let mut rest = output;
    for i in first..q.rows() {
        let Some((output, later)) = rest.split_at_mut_checked(v.columns()) else {
            return;
        };
        rest = later;
        attend_row::<F, M, O>(prepared, qkv, attention, i, scratch, output, &mut observer);
    }
}

/// Query `i`: score, change, weigh, mix, with `scratch` for its row of S cells.
pub(crate) fn attend_row<F, M, O>(
    prepared: F::Prepared,
    Qkv { q, k, v }: Qkv<'_, F::Element>,
    attention: Attention<M>,
    i: usize,
    scratch: &mut [F::Cell],
    output: &mut [F::Element],
    observer: &mut O,
) where
    F: Format,
    M: Modify,
    O: Observer<F>,
{
    let query = Query {
        row: i,
        position: i.saturating_add(attention.offset),
    };
    let visible = visible_keys(&attention.mask, query, k.rows());
    // An observer is shown the scores of hidden keys too.
    let scored = if O::WATCHES {
        0..k.rows()
    } else {
        visible.clone()
    };

    score_keys::<F>(
        prepared,
        q.row(i),
        k.rows_between(scored.clone()),
        part(scratch, scored.clone()),
    );
    observer.raw(
        i,
        Scores {
            cells: scratch,
            prepared,
        },
    );

    let changes = M::CHANGES || attention.softcap.cap().is_some();
    let prepared = if changes {
        soften::<F>(prepared, attention.softcap, part(scratch, scored));
        F::changed(prepared)
    } else {
        prepared
    };
    observer.softcapped(
        i,
        Scores {
            cells: scratch,
            prepared,
        },
    );

    let cells = part(scratch, visible.clone());
    let seen = if M::CHANGES {
        change_scores::<F, M>(prepared, attention.mask, query, visible.start, cells)
    } else {
        cells.len()
    };
    if O::WATCHES {
        fill_around(scratch, &visible, F::HIDDEN);
        observer.masked(
            i,
            Scores {
                cells: scratch,
                prepared,
            },
        );
    }

    let cells = part(scratch, visible.clone());
    let sum = if seen > 0 {
        let sum = F::weigh(prepared, cells);
        F::mix(cells, sum, v.rows_between(visible.clone()), output);
        sum
    } else {
        cells.fill(F::ZERO_CELL);
        output.fill(F::ZERO);
        F::weigh(prepared, &mut [])
    };
    if O::WATCHES {
        fill_around(scratch, &visible, F::ZERO_CELL);
        observer.weights(i, scratch, sum);
        observer.output(i, output);
    }
}

/// The scores of one query with every row of `keys`.
fn score_keys<F: Format>(
    prepared: F::Prepared,
    q: &[F::Element],
    keys: View<'_, F::Element>,
    cells: &mut [F::Cell],
) {
    for (cell, key) in cells.iter_mut().zip(keys.iter_rows()) {
        *cell = F::score(prepared, q, key);
    }
}

/// Turns raw scores into those that can be changed, and bounds them if there is a cap.
fn soften<F: Format>(prepared: F::Prepared, softcap: Softcap, cells: &mut [F::Cell]) {
    for cell in cells {
        let score = F::to_score(prepared, *cell);
        *cell = F::from_score(softcap.cap().map_or(score, |cap| score.softcapped(cap)));
    }
}

/// Changes the scores of the keys from `first` on; says how many of them stay visible.
fn change_scores<F: Format, M: Modify>(
    prepared: F::Prepared,
    mask: M,
    query: Query,
    first: usize,
    cells: &mut [F::Cell],
) -> usize {
    let mut seen = 0;
    for (cell, key) in cells.iter_mut().zip(first..) {
        let changed = mask.change(F::to_score(prepared, *cell), query, key);
        seen += usize::from(changed.is_some());
        *cell = changed.map_or(F::HIDDEN, F::from_score);
    }
    seen
}

/// The cells of these keys, as far as they exist.
fn part<C>(cells: &mut [C], keys: Range<usize>) -> &mut [C] {
    cells.get_mut(keys).unwrap_or_default()
}

/// Fills the cells of all other keys.
fn fill_around<C: Copy>(cells: &mut [C], keys: &Range<usize>, filling: C) {
    part(cells, 0..keys.start).fill(filling);
    if let Some(after) = cells.get_mut(keys.end..) {
        after.fill(filling);
    }
}
