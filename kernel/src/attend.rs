//! The algorithm, once.
//!
//! [`attend`] takes arrays, whose shapes the compiler proves; [`attend_view`] takes views, whose
//! shapes it checks. Both run the same loop and give the same bits.

use crate::format::{Format, Number};
use crate::modify::Attention;
use crate::observer::Observer;
use crate::view::{Qkv, ShapeError};

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
pub fn attend<N, O, const T: usize, const S: usize, const D: usize, const E: usize>(
    q: &[[N; D]; T],
    k: &[[N; D]; S],
    v: &[[N; E]; S],
    attention: Attention,
    observer: O,
) -> [[N; E]; T]
where
    N: Number,
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
/// `scratch` holds one row of scores: at least S cells, their content does not matter.
/// `output` is (T, E), row-major.
///
/// # Errors
/// [`ShapeError`] if `scratch` is too short, `output` is not T · E long, or the shape could
/// overflow the format's sums; nothing is written then.
pub fn attend_view<F, O>(
    format: F,
    qkv: Qkv<'_, F::Element>,
    attention: Attention,
    scratch: &mut [F::Cell],
    output: &mut [F::Element],
    observer: O,
) -> Result<(), ShapeError>
where
    F: Format,
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
    let Some(scratch) = scratch.get_mut(..keys) else {
        return Err(ShapeError::Scratch { cells, keys });
    };
    attend_rows(format, qkv, attention, scratch, output, observer);
    Ok(())
}

/// Every query from first to last; the shapes fit, and `scratch` has exactly S cells.
pub(crate) fn attend_rows<F, O>(
    format: F,
    qkv: Qkv<'_, F::Element>,
    attention: Attention,
    scratch: &mut [F::Cell],
    output: &mut [F::Element],
    mut observer: O,
) where
    F: Format,
    O: Observer<F>,
{
    let Qkv { q, k, v } = qkv;
    let keys = k.rows();
    let prepared = format.prepare(attention.scale.factor(k.columns()));
    let mut rest = output;
    for (i, query) in q.iter_rows().enumerate() {
        let Some((row, later)) = rest.split_at_mut_checked(v.columns()) else {
            return;
        };
        rest = later;

        let visible = attention.visible(i, keys);
        let (start, end) = (visible.start, visible.end);
        let scored = if O::WATCHES { 0..keys } else { visible.clone() };
        let scored_keys = k.rows_between(scored.start, scored.end);
        for (cell, key) in scratch
            .iter_mut()
            .skip(scored.start)
            .zip(scored_keys.iter_rows())
        {
            *cell = F::score(prepared, query, key);
        }
        if O::WATCHES {
            observer.raw(i, scratch);
            observer.masked(i, scratch, visible);
        }

        let Some(cells) = scratch.get_mut(start..end) else {
            return;
        };
        let sum = F::weigh(prepared, cells);
        if cells.is_empty() {
            row.fill(F::ZERO);
        } else {
            F::mix(cells, sum, v.rows_between(start, end), row);
        }
        if O::WATCHES {
            for (j, cell) in scratch.iter_mut().enumerate() {
                if j < start || j >= end {
                    *cell = F::ZERO_CELL;
                }
            }
            observer.weights(i, scratch, sum);
            observer.output(i, row);
        }
    }
}
