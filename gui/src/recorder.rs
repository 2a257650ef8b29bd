//! Watches the kernel and keeps what it saw as real numbers. Every table of the window comes from here.

use std::ops::Range;

use kqv::{
    Alibi, Attention, Float, Modify, Observer, Qkv, Quantized, Query, Scores, ShapeError, View,
    WEIGHT_ONE,
};
use rayon::prelude::*;

use crate::stored::{Operand, Stored};

/// What the window needs to know of a format besides how it is [`Stored`].
pub trait Readable: Stored {
    /// What an element stands for.
    fn real(&self, element: Self::Element, operand: Operand) -> f64;

    /// An unnormalised weight: e to the distance from the row's greatest score.
    fn exponential_real(cell: Self::Cell) -> f64;

    /// The sum of such weights.
    fn sum_real(sum: Self::Sum) -> f64;
}

impl<N> Readable for Float<N>
where
    N: Into<f64>,
    Self: Stored<Element = N, Cell = N, Sum = N>,
{
    fn real(&self, element: N, _: Operand) -> f64 {
        element.into()
    }

    fn exponential_real(cell: N) -> f64 {
        cell.into()
    }

    fn sum_real(sum: N) -> f64 {
        sum.into()
    }
}

/// The integer that stands for a weight of one.
const ONE: f64 = WEIGHT_ONE as f64;

impl<I> Readable for Quantized<I>
where
    I: Into<f64>,
    Self: Stored<Element = I, Sum = u64, Cell: Into<i64>>,
{
    fn real(&self, element: I, operand: Operand) -> f64 {
        let element: f64 = element.into();
        element * operand.scale(self)
    }

    #[expect(clippy::cast_precision_loss, reason = "a weight has 30 bits")]
    fn exponential_real(cell: Self::Cell) -> f64 {
        let weight: i64 = cell.into();
        weight as f64 / ONE
    }

    #[expect(clippy::cast_precision_loss, reason = "shown, never computed with")]
    fn sum_real(sum: u64) -> f64 {
        sum as f64 / ONE
    }
}

/// One call of attention, in real numbers.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// (T, D).
    pub q: &'a [f64],
    /// (S, D).
    pub k: &'a [f64],
    /// (S, E).
    pub v: &'a [f64],
    /// S.
    pub keys: usize,
    /// D.
    pub width: usize,
    /// E.
    pub value_width: usize,
    /// Scale, soft cap and mask.
    pub attention: Attention,
    /// The bias for distance, if there is one.
    pub alibi: Option<Alibi>,
}

/// Everything that was seen, in real numbers, row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Q as the format holds it, (T, D).
    pub q: Vec<f64>,
    /// K as the format holds it, (S, D).
    pub k: Vec<f64>,
    /// V as the format holds it, (S, E).
    pub v: Vec<f64>,
    /// Values of Q, K and V beyond the range of the format.
    pub saturated: [usize; 3],
    /// (T, S).
    pub raw: Vec<f64>,
    /// After the soft cap, (T, S). Empty where there is none.
    pub capped: Vec<f64>,
    /// After mask, bias and question, (T, S); a hidden key keeps its score. Empty where a mask only hides.
    pub masked: Vec<f64>,
    /// The keys that each query may see, (T).
    pub visible: Vec<Range<usize>>,
    /// Weights before the division by their sum, (T, S); kept of a single query only.
    pub exponentials: Vec<f64>,
    /// The sum of each row of them, (T).
    pub sums: Vec<f64>,
    /// (T, S).
    pub weights: Vec<f64>,
    /// (T, E).
    pub output: Vec<f64>,
}

impl Record {
    /// The scores after the soft cap, which are the raw ones where there is none.
    pub fn after_cap(&self) -> &[f64] {
        if self.capped.is_empty() {
            &self.raw
        } else {
            &self.capped
        }
    }

    /// The scores that the softmax sees, hidden keys besides.
    pub fn after_mask(&self) -> &[f64] {
        if self.masked.is_empty() {
            self.after_cap()
        } else {
            &self.masked
        }
    }
}

/// Some rows of a [`Record`], as the kernel fills them: each slice holds these rows of its table.
#[derive(Default)]
struct Rows<'a> {
    raw: &'a mut [f64],
    capped: &'a mut [f64],
    masked: &'a mut [f64],
    visible: &'a mut [Range<usize>],
    exponentials: &'a mut [f64],
    sums: &'a mut [f64],
    weights: &'a mut [f64],
    output: &'a mut [f64],
}

impl<'a> Rows<'a> {
    /// All of `record`, in blocks of so many rows.
    fn blocks(record: &'a mut Record, rows: usize, keys: usize, columns: usize) -> Vec<Self> {
        let table =
            |values: &'a mut Vec<f64>, columns: usize| values.chunks_mut((rows * columns).max(1));
        let mut raw = table(&mut record.raw, keys);
        let mut capped = table(&mut record.capped, keys);
        let mut masked = table(&mut record.masked, keys);
        let mut exponentials = table(&mut record.exponentials, keys);
        let mut sums = table(&mut record.sums, 1);
        let mut weights = table(&mut record.weights, keys);
        let mut output = table(&mut record.output, columns);
        let blocks = record.visible.chunks_mut(rows.max(1)).map(|visible| Self {
            visible,
            raw: raw.next().unwrap_or_default(),
            capped: capped.next().unwrap_or_default(),
            masked: masked.next().unwrap_or_default(),
            exponentials: exponentials.next().unwrap_or_default(),
            sums: sums.next().unwrap_or_default(),
            weights: weights.next().unwrap_or_default(),
            output: output.next().unwrap_or_default(),
        });
        blocks.collect()
    }
}

/// Row `i` of a table of so many columns; empty where the table is left out.
fn row(values: &mut [f64], i: usize, columns: usize) -> &mut [f64] {
    values
        .get_mut(i * columns..(i + 1) * columns)
        .unwrap_or_default()
}

struct Recorder<'a, F, M> {
    format: F,
    attention: Attention<M>,
    rows: Rows<'a>,
}

impl<F: Readable, M: Modify> Observer<F> for Recorder<'_, F, M> {
    fn raw(&mut self, i: usize, scores: Scores<'_, F>) {
        fill(row(self.rows.raw, i, scores.cells().len()), scores.reals());
    }

    fn softcapped(&mut self, i: usize, scores: Scores<'_, F>) {
        if self.attention.softcap.cap().is_some() {
            let row = row(self.rows.capped, i, scores.cells().len());
            fill(row, scores.reals());
        }
    }

    fn masked(&mut self, i: usize, scores: Scores<'_, F>) {
        let Attention { mask, offset, .. } = self.attention;
        let query = Query {
            row: i,
            position: i + offset,
        };
        let keys = scores.cells().len();
        if let Some(visible) = self.rows.visible.get_mut(i) {
            *visible = mask.visible(query, keys);
        }
        if !M::CHANGES {
            return;
        }
        let rows = &mut self.rows;
        let before = if rows.capped.is_empty() {
            row(rows.raw, i, keys)
        } else {
            row(rows.capped, i, keys)
        };
        let masked = scores.reals().zip(before);
        let shown = masked.map(|(score, before)| if score.is_finite() { score } else { *before });
        fill(row(rows.masked, i, keys), shown);
    }

    fn weights(&mut self, i: usize, weights: &[F::Cell], sum: F::Sum) {
        let (rows, keys) = (&mut self.rows, weights.len());
        if let Some(held) = rows.sums.get_mut(i) {
            *held = F::sum_real(sum);
        }
        // A row that sees nothing has the sum zero, and no share of it; what is hidden has none either.
        let visible = rows.visible.get(i).cloned().unwrap_or_default();
        let seen = || weights.get(visible.clone()).unwrap_or_default().iter();
        let shares = row(rows.weights, i, keys).get_mut(visible.clone());
        let shares = shares.unwrap_or_default();
        fill(shares, seen().map(|&weight| F::weight_real(weight, sum)));
        let exponentials = row(rows.exponentials, i, keys).get_mut(visible.clone());
        let exponentials = exponentials.unwrap_or_default();
        fill(
            exponentials,
            seen().map(|&weight| F::exponential_real(weight)),
        );
    }

    fn output(&mut self, i: usize, output: &[F::Element]) {
        let reals = output.iter().map(|&value| self.format.output_real(value));
        fill(row(self.rows.output, i, output.len()), reals);
    }
}

fn fill(row: &mut [f64], values: impl Iterator<Item = f64>) {
    for (held, value) in row.iter_mut().zip(values) {
        *held = value;
    }
}

/// Runs the kernel in one format and returns everything it showed.
///
/// # Errors
/// The kernel's [`ShapeError`].
pub fn record<F: Readable>(format: F, job: &Job<'_>) -> Result<Record, ShapeError> {
    let mask = job.attention.mask;
    match job.alibi {
        None => record_with(format, job, mask),
        Some(alibi) => record_with(format, job, (mask, alibi)),
    }
}

/// So many products of queries and keys are worth a second core.
const PRODUCTS_AT_ONCE: usize = 1 << 18;
/// The vectors of the kernel take so many queries at once: blocks are whole multiples of it.
const ROWS_AT_ONCE: usize = 16;

/// [`record`] with another mask than that of the job; blocks of queries on all cores, for the same bits.
///
/// # Errors
/// The kernel's [`ShapeError`].
pub fn record_with<F: Readable, M: Modify + Sync>(
    format: F,
    job: &Job<'_>,
    mask: M,
) -> Result<Record, ShapeError> {
    let Job {
        keys,
        width,
        value_width,
        ..
    } = *job;
    let attention = masked_by(job.attention, mask);
    let queries = job.q.len() / width.max(1);
    let (q, q_saturated) = format.elements(job.q, Operand::Q);
    let (k, k_saturated) = format.elements(job.k, Operand::K);
    let (v, v_saturated) = format.elements(job.v, Operand::V);
    let (k_view, v_view) = (
        View::new(&k, keys, width)?,
        View::new(&v, keys, value_width)?,
    );
    let scores = |is_there: bool| vec![0.0; if is_there { queries * keys } else { 0 }];
    let mut record = Record {
        q: reals(format, &q, Operand::Q),
        k: reals(format, &k, Operand::K),
        v: reals(format, &v, Operand::V),
        saturated: [q_saturated, k_saturated, v_saturated],
        raw: scores(true),
        capped: scores(attention.softcap.cap().is_some()),
        masked: scores(M::CHANGES),
        visible: vec![0..0; queries],
        exponentials: scores(queries == 1),
        sums: vec![0.0; queries],
        weights: scores(true),
        output: vec![0.0; queries * value_width],
    };
    let products = queries * keys * (width + value_width);
    let cores = products / PRODUCTS_AT_ONCE + 1;
    let rows = queries.div_ceil(cores.min(BLOCKS)).max(1);
    let rows = rows.next_multiple_of(ROWS_AT_ONCE);
    let blocks = Rows::blocks(&mut record, rows, keys, value_width);
    let starts = (0..).step_by(rows);
    let work: Vec<_> = starts.zip(blocks).collect();
    work.into_par_iter().try_for_each(|(start, rows)| {
        let count = rows.visible.len();
        let q = q
            .get(start * width..(start + count) * width)
            .unwrap_or_default();
        let qkv = Qkv::new(View::new(q, count, width)?, k_view, v_view)?;
        let attention = Attention {
            offset: attention.offset + start,
            ..attention
        };
        let mut recorder = Recorder {
            format,
            attention,
            rows,
        };
        // With this much, queries that are watched share K.
        let cells = kqv::scratch_bytes::<F>(count, keys) / size_of::<F::Cell>();
        let mut scratch = vec![F::ZERO_CELL; cells];
        let mut output = vec![F::ZERO; count * value_width];
        kqv::attend_view(
            format,
            qkv,
            attention,
            &mut scratch,
            &mut output,
            &mut recorder,
        )
    })?;
    Ok(record)
}

/// As many blocks keep every core busy to the end.
const BLOCKS: usize = 32;

/// The same call with another mask.
pub fn masked_by<M>(attention: Attention, mask: M) -> Attention<M> {
    Attention {
        scale: attention.scale,
        softcap: attention.softcap,
        mask,
        offset: attention.offset,
    }
}

fn reals<F: Readable>(format: F, elements: &[F::Element], operand: Operand) -> Vec<f64> {
    elements
        .iter()
        .map(|&element| format.real(element, operand))
        .collect()
}
