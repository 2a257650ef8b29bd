//! Watches the kernel and keeps what it saw as real numbers. Every table of the window comes from here.

use std::ops::Range;

use kqv::{
    Attention, Float, Modify, Observer, Qkv, Quantized, Query, Scores, ShapeError, View, WEIGHT_ONE,
};

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
    /// Scale and mask.
    pub attention: Attention,
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
    /// After mask and question, (T, S); a hidden key keeps its raw score. Empty where a mask only hides.
    pub masked: Vec<f64>,
    /// The keys that each query may see, (T).
    pub visible: Vec<Range<usize>>,
    /// Weights before the division by their sum, (T, S).
    pub exponentials: Vec<f64>,
    /// The sum of each row of them, (T).
    pub sums: Vec<f64>,
    /// (T, S).
    pub weights: Vec<f64>,
    /// (T, E).
    pub output: Vec<f64>,
}

struct Recorder<F, M> {
    format: F,
    attention: Attention<M>,
    record: Record,
}

impl<F: Readable, M: Modify> Observer<F> for Recorder<F, M> {
    fn raw(&mut self, _: usize, scores: Scores<'_, F>) {
        self.record.raw.extend(scores.reals());
    }

    fn masked(&mut self, i: usize, scores: Scores<'_, F>) {
        let Attention { mask, offset, .. } = self.attention;
        let query = Query {
            row: i,
            position: i + offset,
        };
        let visible = mask.visible(query, scores.cells().len());
        self.record.visible.push(visible);
        if !M::CHANGES {
            return;
        }
        let record = &mut self.record;
        let raw = record.raw.iter().skip(record.masked.len());
        let masked = scores.reals().zip(raw);
        let shown = masked.map(|(score, &raw)| if score.is_finite() { score } else { raw });
        record.masked.extend(shown);
    }

    fn weights(&mut self, _: usize, weights: &[F::Cell], sum: F::Sum) {
        let record = &mut self.record;
        record.sums.push(F::sum_real(sum));
        let visible = record.visible.last().cloned().unwrap_or_default();
        for (j, &weight) in weights.iter().enumerate() {
            // A row that sees nothing has the sum zero, and no share of it.
            let seen = visible.contains(&j);
            let exponential = F::exponential_real(weight);
            record
                .exponentials
                .push(if seen { exponential } else { 0.0 });
            let share = F::weight_real(weight, sum);
            record.weights.push(if seen { share } else { 0.0 });
        }
    }

    fn output(&mut self, _: usize, output: &[F::Element]) {
        let reals = output.iter().map(|&value| self.format.output_real(value));
        self.record.output.extend(reals);
    }
}

/// Runs the kernel in one format and returns everything it showed.
///
/// # Errors
/// The kernel's [`ShapeError`].
pub fn record<F: Readable>(format: F, job: &Job<'_>) -> Result<Record, ShapeError> {
    record_with(format, job, job.attention.mask)
}

/// [`record`] with another mask than that of the job.
///
/// # Errors
/// The kernel's [`ShapeError`].
pub fn record_with<F: Readable, M: Modify>(
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
    let qkv = Qkv::new(
        View::new(&q, queries, width)?,
        View::new(&k, keys, width)?,
        View::new(&v, keys, value_width)?,
    )?;
    let mut recorder = Recorder {
        format,
        attention,
        record: Record {
            q: reals(format, &q, Operand::Q),
            k: reals(format, &k, Operand::K),
            v: reals(format, &v, Operand::V),
            saturated: [q_saturated, k_saturated, v_saturated],
            raw: Vec::with_capacity(queries * keys),
            exponentials: Vec::with_capacity(queries * keys),
            weights: Vec::with_capacity(queries * keys),
            output: Vec::with_capacity(queries * value_width),
            ..Record::default()
        },
    };
    let mut scratch = vec![F::ZERO_CELL; keys];
    let mut output = vec![F::ZERO; queries * value_width];
    kqv::attend_view(
        format,
        qkv,
        attention,
        &mut scratch,
        &mut output,
        &mut recorder,
    )?;
    Ok(recorder.record)
}

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
