//! One query watched on its way through the kernel: real numbers, and the integers that stand for them.

use std::ops::Range;

use kqv::{Body, Exponent, Format, Modify, Observer, Qkv, Scores, View, exp2_neg_q30};

pub use super::whole::{Integers, Mixing, Whole};
use crate::recorder::{Job, masked_by};
use crate::side::RunError;
use crate::stored::Operand;

/// Everything one query showed. Rows are (S) unless they say otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The factor between a dot product and its score.
    pub scale: f64,
    /// The query as the format holds it, (D).
    pub q: Vec<f64>,
    /// K as the format holds it, (S, D).
    pub k: Vec<f64>,
    /// V as the format holds it, (S, E).
    pub v: Vec<f64>,
    /// The dot product of the watched key after each of its terms, unscaled, (D).
    pub dots: Vec<f64>,
    /// The whole dot product of every key, unscaled.
    pub products: Vec<f64>,
    /// Scores, hidden keys included.
    pub raw: Vec<f64>,
    /// The bound of the scores, if there is a soft cap.
    pub cap: Option<f64>,
    /// Scores after it.
    pub capped: Vec<f64>,
    /// What a step of distance costs, if there is a bias, and how many steps each key is away.
    pub bias: Option<(f64, Vec<usize>)>,
    /// Scores after the mask and the bias; −∞ for a hidden key.
    pub masked: Vec<f64>,
    /// Weights before the division by their sum.
    pub exponentials: Vec<f64>,
    /// What they sum to after each key, in the order of the keys.
    pub sums: Vec<f64>,
    /// What they sum to.
    pub sum: f64,
    /// Shares of the sum.
    pub weights: Vec<f64>,
    /// The output as it is once the watched key has been mixed in, and no later one, (E).
    pub so_far: Vec<f64>,
    /// (E).
    pub output: Vec<f64>,
    /// The same in integers, where the format has them.
    pub integers: Option<Integers>,
}

impl Trace {
    /// The greatest score that the query may look at; −∞ if it may look at none.
    pub fn max(&self) -> f64 {
        self.masked
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether the mask leaves the key.
    pub fn sees(&self, key: usize) -> bool {
        self.masked
            .get(key)
            .is_some_and(|&score| score != f64::NEG_INFINITY)
    }
}

/// Watches the one query of `job`, and takes `key` apart.
///
/// # Errors
/// [`RunError`], a sentence.
pub fn watch<F: Whole>(format: F, job: &Job<'_>, key: usize) -> Result<Trace, RunError> {
    let mask = job.attention.mask;
    match job.alibi {
        None => watch_with(format, job, key, mask),
        Some(alibi) => watch_with(format, job, key, (mask, alibi)),
    }
}

/// [`watch`] with another mask than that of the job.
///
/// # Errors
/// [`RunError`], a sentence.
pub fn watch_with<F: Whole, M: Modify>(
    format: F,
    job: &Job<'_>,
    key: usize,
    mask: M,
) -> Result<Trace, RunError> {
    let (width, value_width) = (job.width, job.value_width);
    let stored = [
        (job.q, Operand::Q),
        (job.k, Operand::K),
        (job.v, Operand::V),
    ];
    let [q, k, v] = stored.map(|(reals, operand)| format.elements(reals, operand).0);
    let reals = |elements: &[F::Element], operand: Operand| -> Vec<f64> {
        let real = |&element: &F::Element| format.real(element, operand);
        elements.iter().map(real).collect()
    };
    let whole = |elements: &[F::Element]| -> Vec<i64> {
        elements
            .iter()
            .map(|&element| F::element_whole(element))
            .collect()
    };
    let view = View::new(&v, job.keys, value_width)?;
    let qkv = Qkv::new(
        View::new(&q, 1, width)?,
        View::new(&k, job.keys, width)?,
        view,
    )?;
    let scale = job.attention.scale.factor(width);
    let row = |key: usize| k.get(key * width..(key + 1) * width).unwrap_or_default();
    let mut watcher = Watcher {
        format,
        key,
        changes: M::CHANGES || job.attention.softcap.cap().is_some(),
        v: view,
        exponent: None,
        trace: Trace {
            scale,
            cap: job.attention.softcap.cap(),
            bias: job.alibi.map(|alibi| {
                let position = job.attention.offset; // of the one query there is
                let steps = (0..job.keys).map(|key| position.abs_diff(key));
                (alibi.slope.into(), steps.collect())
            }),
            q: reals(&q, Operand::Q),
            k: reals(&k, Operand::K),
            v: reals(&v, Operand::V),
            dots: growing(format, &q, row(key)),
            products: (0..job.keys).map(|key| dot(format, &q, row(key))).collect(),
            integers: format.scales().map(|scales| Integers {
                scales,
                q: whole(&q),
                k: whole(&k),
                v: whole(&v),
                dots: (0..job.keys)
                    .map(|key| whole_number(dot(format, &q, row(key)) / (scales[0] * scales[1])))
                    .collect(),
                ..Integers::default()
            }),
            ..Trace::default()
        },
    };
    let mut scratch = vec![F::ZERO_CELL; job.keys];
    let mut output = vec![F::ZERO; value_width];
    kqv::attend_view(
        format,
        qkv,
        masked_by(job.attention, mask),
        &mut scratch,
        &mut output,
        &mut watcher,
    )?;
    Ok(watcher.trace)
}

/// The kernel's dot product of the first 1, 2, … D columns, with scale one.
fn growing<F: Format>(format: F, q: &[F::Element], k: &[F::Element]) -> Vec<f64> {
    let ends = 1..=q.len().min(k.len());
    let heads = ends.map_while(|end| Some((q.get(..end)?, k.get(..end)?)));
    heads.map(|(q, k)| dot(format, q, k)).collect()
}

/// The kernel's score of two rows with scale one.
fn dot<F: Format>(format: F, q: &[F::Element], k: &[F::Element]) -> f64 {
    let mut prepared = format.prepare(Body::Scalar, 1.0);
    let mut cells = [F::ZERO_CELL];
    let Ok(key) = View::new(k, 1, k.len()) else {
        return 0.0;
    };
    F::score_row(&mut prepared, q, key, &mut cells);
    F::score_real(prepared, cells[0], q, k)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "an exact dot product, shown; beyond 2^53 its last bits are rounded off"
)]
fn whole_number(real: f64) -> i64 {
    real.round() as i64
}

struct Watcher<'a, F: Format> {
    format: F,
    key: usize,
    /// Whether anything changes scores: then the softmax sees what the cells hold.
    changes: bool,
    v: View<'a, F::Element>,
    /// Of the integer core, once scores are there.
    exponent: Option<Exponent>,
    trace: Trace,
}

impl<F: Whole> Observer<F> for Watcher<'_, F> {
    fn raw(&mut self, _: usize, scores: Scores<'_, F>) {
        self.trace.raw = scores.reals().collect();
    }

    fn softcapped(&mut self, _: usize, scores: Scores<'_, F>) {
        self.trace.capped = scores.reals().collect();
    }

    fn masked(&mut self, _: usize, scores: Scores<'_, F>) {
        self.trace.masked = scores.reals().collect();
        let prepared = self.format.prepare(Body::Scalar, self.trace.scale);
        let prepared = if self.changes {
            F::changed(prepared)
        } else {
            prepared
        };
        if let Some(integers) = &mut self.trace.integers
            && let Some(core) = F::integer_core(prepared)
        {
            integers.step_bits = if self.changes { 0 } else { core.step_bits() };
            integers.exponent_parts = core.exponent().parts();
            self.exponent = Some(core.exponent());
            let sign = if self.trace.scale < 0.0 { -1 } else { 1 };
            let cells = scores.cells().iter().zip(&integers.dots);
            integers.scores = cells
                .map(|(&cell, &dot)| {
                    let score = if self.changes {
                        F::cell_whole(cell)
                    } else {
                        sign * dot
                    };
                    (!F::is_hidden(cell)).then_some(score)
                })
                .collect();
            let steps = |score: i64| {
                if self.changes {
                    score
                } else {
                    core.steps(sign * score)
                }
            };
            let scores = integers.scores.iter();
            integers.steps = scores.map(|score| score.map(steps)).collect();
        }
    }

    fn weights(&mut self, _: usize, weights: &[F::Cell], sum: F::Sum) {
        let trace = &mut self.trace;
        let seen: Vec<bool> = (0..weights.len()).map(|key| trace.sees(key)).collect();
        let shown = |real: &dyn Fn(F::Cell) -> f64| -> Vec<f64> {
            let cells = weights.iter().zip(&seen);
            cells
                .map(|(&cell, &seen)| if seen { real(cell) } else { 0.0 })
                .collect()
        };
        trace.exponentials = shown(&F::exponential_real);
        trace.weights = shown(&|cell| F::weight_real(cell, sum));
        trace.sum = F::sum_real(sum);
        let range = range(&seen);
        let weighing = weights.get(range.clone()).unwrap_or_default();
        trace.sums = vec![0.0; range.start];
        trace.sums.extend(F::running(weighing));
        let last = trace.sums.last().copied().unwrap_or_default();
        trace.sums.resize(weights.len(), last);
        let columns = self.v.columns();
        let values: Vec<F::Element> = self.v.iter_rows().flatten().copied().collect();
        let values = values.get(range.start * columns..range.end * columns);
        let mut values = values.unwrap_or_default().to_vec();
        if let Some(integers) = &mut trace.integers {
            integers.weights = weights.iter().map(|&cell| F::cell_whole(cell)).collect();
            integers.sum = F::sum_whole(sum);
            integers.exponents = exponents(self.exponent, integers);
            if let Ok(v) = View::new(&values, range.len(), columns)
                && !range.is_empty()
            {
                integers.mixing = F::mixing(weighing, sum, v).unwrap_or_default();
            }
        }
        let mut so_far = vec![F::ZERO; columns];
        if trace.max() != f64::NEG_INFINITY {
            // The watched key is the last that has values.
            let later = (self.key + 1).saturating_sub(range.start) * columns;
            if let Some(later) = values.get_mut(later..) {
                later.fill(F::ZERO);
            }
            if let Ok(v) = View::new(&values, range.len(), columns) {
                let prepared = self.format.prepare(Body::Scalar, trace.scale);
                F::mix(prepared, &mut weighing.to_vec(), sum, v, &mut so_far);
            }
        }
        trace.so_far = so_far
            .iter()
            .map(|&value| self.format.output_real(value))
            .collect();
    }

    fn output(&mut self, _: usize, output: &[F::Element]) {
        let reals = output.iter().map(|&value| self.format.output_real(value));
        self.trace.output = reals.collect();
        if let Some(integers) = &mut self.trace.integers {
            integers.output = output
                .iter()
                .map(|&value| F::element_whole(value))
                .collect();
        }
    }
}

/// From the first to the last key that is seen.
fn range(seen: &[bool]) -> Range<usize> {
    let first = seen.iter().position(|&seen| seen);
    let last = seen.iter().rposition(|&seen| seen);
    first
        .zip(last)
        .map_or(0..0, |(first, last)| first..last + 1)
}

/// The exponents that lead to the weights, by the kernel's own functions; left out where they do not.
fn exponents(exponent: Option<Exponent>, integers: &Integers) -> Vec<Option<u32>> {
    let max = integers.steps.iter().flatten().copied().max();
    let pairs = integers.steps.iter().zip(&integers.weights);
    pairs
        .map(|(step, &weight)| {
            let distance = u32::try_from(max?.abs_diff((*step)?)).ok()?;
            let x = exponent?.x_q26(distance);
            (i64::from(exp2_neg_q30(x)) == weight && x != u32::MAX).then_some(x)
        })
        .collect()
}

#[cfg(test)]
mod tests;
