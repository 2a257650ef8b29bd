//! The algorithm, once.
//!
//! [`attend`] takes arrays, whose shapes the compiler proves; [`attend_view`] takes views, whose
//! shapes it checks. Both run the same loop and give the same bits.

use core::ops::Range;

use crate::attention::{Attention, Softcap};
use crate::body::{Body, CELLS_IN_A_LINE, QUERIES_AT_ONCE, scratch_cells};
use crate::format::{Format, Number};
use crate::modify::{Modify, Query, visible_keys};
use crate::observer::{Observer, Scores};
use crate::score::Score;
use crate::view::{Qkv, ShapeError, View};

/// Attention of Q (T, D), K (S, D) and V (S, E): softmax(Q·Kᵀ·scale + mask)·V, (T, E).
///
/// A query that may see no key has output zero. The rows of scores lie on the stack, S cells for each of
/// [`Format::QUERIES_AT_ONCE`] queries, one where there is but one query; see [`scratch_bytes`].
///
/// On a chip the stack holds that scratch, 16·D bytes, the output twice (once for the caller) and 1 kB of frames
/// at most: the firmware program `stack` measures it.
///
/// Shapes that would overflow the format's sums do not compile: 65,536 columns of i8 do, no more.
///
/// ```
/// # use fixed::types::I3F5;
/// # use kqv::{Attention, attend};
/// let row = [[I3F5::ZERO; 65_536]];
/// attend(&row, &row, &[[I3F5::ONE]], Attention::FULL, ());
/// ```
/// ```compile_fail,E0080
/// # use fixed::types::I3F5;
/// # use kqv::{Attention, attend};
/// let row = [[I3F5::ZERO; 65_537]];
/// attend(&row, &row, &[[I3F5::ONE]], Attention::FULL, ());
/// ```
///
/// Nor do more keys than 131,072 in fixed point:
///
/// ```compile_fail,E0080
/// # use fixed::types::I4F12;
/// # use kqv::{Attention, attend};
/// let column = [[I4F12::ZERO]; 131_073];
/// attend(&[[I4F12::ZERO]], &column, &column, Attention::FULL, ());
/// ```
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
    let mut output = [[N::Format::ZERO; E]; T];
    let out = output.as_flattened_mut();
    attend_on_stack::<N::Format, M, O, S>(N::FORMAT, T, S, qkv, attention, out, observer);
    output
}

/// The bytes of scratch that [`attend`] and the KV cache keep on the stack in format `F` for `queries`
/// queries and room for `keys` keys.
///
/// ```
/// use kqv::{Quantized, scratch_bytes};
///
/// const _: () = assert!(scratch_bytes::<Quantized<i8>>(128, 128) == 4 * 128);
/// ```
pub const fn scratch_bytes<F: Format>(queries: usize, keys: usize) -> usize {
    let rows = if queries > 1 && F::QUERIES_AT_ONCE > 1 {
        QUERIES
    } else {
        1
    };
    size_of::<F::Cell>()
        .saturating_mul(rows)
        .saturating_mul(keys)
}

/// The most queries whose scores [`attend`] keeps at one time.
const QUERIES: usize = 4;

/// [`attend_rows`] with scratch of its own for `CAP` keys, of which there are `keys`.
pub(crate) fn attend_on_stack<F, M, O, const CAP: usize>(
    format: F,
    queries: usize,
    keys: usize,
    qkv: Qkv<'_, F::Element>,
    attention: Attention<M>,
    output: &mut [F::Output],
    observer: O,
) where
    F: Format,
    M: Modify,
    O: Observer<F>,
{
    const { assert!(F::QUERIES_AT_ONCE <= QUERIES, "more scratch than promised") };
    let body = Body::best();
    if queries > 1 && F::QUERIES_AT_ONCE > 1 {
        let mut scratch = [[F::ZERO_CELL; CAP]; QUERIES];
        let scratch = scratch.as_flattened_mut();
        attend_rows(
            body, format, keys, qkv, attention, scratch, output, observer,
        );
    } else {
        let mut scratch = [F::ZERO_CELL; CAP];
        attend_rows(
            body,
            format,
            keys,
            qkv,
            attention,
            &mut scratch,
            output,
            observer,
        );
    }
}

/// [`attend`] over shapes known at run time, in any format, with the caller's memory.
///
/// `scratch` holds one row of scores: at least S cells, their content does not matter. With
/// [`fast_scratch_cells`] the vectors of the processor are put to use, for the same bits; an observer needs no more
/// than the [`scratch_bytes`] for that.
/// `output` is (T, E), row-major.
///
/// On a chip it takes at most 1 kB of stack, whatever the shape: the firmware program `count` measures it.
///
/// # Errors
/// [`ShapeError`] if `scratch` is too short, `output` is not T · E long, or the shape could
/// overflow the format's sums; nothing is written then.
pub fn attend_view<F, M, O>(
    format: F,
    qkv: Qkv<'_, F::Element>,
    attention: Attention<M>,
    scratch: &mut [F::Cell],
    output: &mut [F::Output],
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
    output: &mut [F::Output],
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
    attend_rows(
        body, format, keys, qkv, attention, scratch, output, observer,
    );
    Ok(())
}

/// The scratch cells, for S keys of D columns, with which [`attend_view`] is fastest.
pub const fn fast_scratch_cells(keys: usize, columns: usize) -> usize {
    scratch_cells(QUERIES_AT_ONCE, keys, columns).saturating_add(CELLS_IN_A_LINE)
}

/// Every query; the shapes fit, and `scratch` has at least a cell for every one of the `keys`.
#[expect(clippy::too_many_arguments, reason = "all that attention takes")]
pub(crate) fn attend_rows<F, M, O>(
    body: Body,
    format: F,
    keys: usize,
    qkv: Qkv<'_, F::Element>,
    attention: Attention<M>,
    scratch: &mut [F::Cell],
    output: &mut [F::Output],
    mut observer: O,
) where
    F: Format,
    M: Modify,
    O: Observer<F>,
{
    let Qkv { q, k, v } = qkv;
    let prepared = format.prepare(body, attention.scale.factor(k.columns()));
    let done = if O::WATCHES {
        0
    } else {
        F::attend_at_once(body, prepared, qkv, attention, scratch, output)
    };
    let mut rest = output.get_mut(done * v.columns()..).unwrap_or_default();
    let mut scored = done..done;
    for i in done..q.rows() {
        let Some((output, later)) = rest.split_at_mut_checked(v.columns()) else {
            return;
        };
        rest = later;
        if O::WATCHES && i == scored.end {
            scored = i..i + F::score_at_once(prepared, q, i, k, scratch);
        }
        if scored.contains(&i) {
            let row = (i - scored.start) * keys;
            let row = part(scratch, row..row + keys);
            attend_row::<F, M, O, true>(prepared, qkv, attention, i, row, output, &mut observer);
        } else {
            let row = part(scratch, 0..keys);
            attend_row::<F, M, O, false>(prepared, qkv, attention, i, row, output, &mut observer);
        }
    }
}

/// Query `i`: score, change, weigh, mix, with `scratch` for its row of S cells; those of a `SCORED` row are there
/// already, from [`Format::score_at_once`].
#[cfg_attr(target_os = "none", inline(never))] // its frame is not for bodies that do without
pub(crate) fn attend_row<F, M, O, const SCORED: bool>(
    prepared: F::Prepared,
    Qkv { q, k, v }: Qkv<'_, F::Element>,
    attention: Attention<M>,
    i: usize,
    scratch: &mut [F::Cell],
    output: &mut [F::Output],
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
    let row = q.row(i);
    let mut prepared = prepared;
    let changes = M::CHANGES || attention.softcap.cap().is_some();
    if !SCORED && (O::WATCHES || !changes) {
        let cells = part(scratch, visible.clone());
        F::score_row(&mut prepared, row, k.rows_between(visible.clone()), cells);
    }
    if !SCORED && O::WATCHES {
        // An observer is shown the scores of hidden keys too.
        for hidden in [0..visible.start, visible.end..k.rows()] {
            let cells = part(scratch, hidden.clone());
            F::score_hidden(prepared, row, k.rows_between(hidden), cells);
        }
    }
    if O::WATCHES {
        observer.raw(
            i,
            Scores {
                cells: scratch,
                prepared,
                q: row,
                k,
            },
        );
    }
    if changes && SCORED {
        cap_scores::<F>(attention.softcap, scratch);
        prepared = F::changed(prepared);
    } else if changes {
        let scored = if O::WATCHES {
            0..k.rows()
        } else {
            visible.clone()
        };
        let cells = part(scratch, scored.clone());
        let keys = k.rows_between(scored);
        score_to_change::<F>(prepared, attention.softcap, row, keys, cells);
        prepared = F::changed(prepared);
    }
    observer.softcapped(
        i,
        Scores {
            cells: scratch,
            prepared,
            q: row,
            k,
        },
    );

    let cells = part(scratch, visible.clone());
    let seen = if M::CHANGES {
        change_scores::<F, M>(attention.mask, query, visible.start, cells)
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
                q: row,
                k,
            },
        );
    }

    let cells = part(scratch, visible.clone());
    let sum = if seen > 0 {
        F::weigh(prepared, cells)
    } else {
        cells.fill(F::ZERO_CELL);
        F::weigh(prepared, &mut [])
    };
    if O::WATCHES {
        fill_around(scratch, &visible, F::ZERO_CELL);
        observer.weights(i, scratch, sum);
    }
    if seen > 0 {
        let values = v.rows_between(visible.clone());
        F::mix(prepared, part(scratch, visible), sum, values, output);
    } else {
        output.fill(F::ZERO);
    }
    observer.output(i, output);
}

/// Scores that can be changed, bounded if there is a cap.
#[cfg_attr(target_os = "none", inline(never))] // its frame is not for those who change nothing
fn score_to_change<F: Format>(
    prepared: F::Prepared,
    softcap: Softcap,
    q: &[F::Element],
    keys: View<'_, F::Element>,
    cells: &mut [F::Cell],
) {
    for (cell, key) in cells.iter_mut().zip(keys.iter_rows()) {
        let score = F::score(prepared, q, key);
        *cell = F::from_score(softcap.cap().map_or(score, |cap| score.softcapped(cap)));
    }
}

/// Bounds scores that can be changed, if there is a cap.
fn cap_scores<F: Format>(softcap: Softcap, cells: &mut [F::Cell]) {
    if let Some(cap) = softcap.cap() {
        for cell in cells {
            *cell = F::from_score(F::to_score(*cell).softcapped(cap));
        }
    }
}

/// Changes the scores of the keys from `first` on; says how many of them stay visible.
fn change_scores<F: Format, M: Modify>(
    mask: M,
    query: Query,
    first: usize,
    cells: &mut [F::Cell],
) -> usize {
    let mut seen = 0;
    for (cell, key) in cells.iter_mut().zip(first..) {
        let changed = mask.change(F::to_score(*cell), query, key);
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
