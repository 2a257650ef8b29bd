//! One query watched on its way through the kernel: real numbers, and the integers that stand for them.

use kqv::{
    Body, Exponent, Float, Format, Modify, Observer, Qkv, Quantized, Scores, View, exp2_neg_q30,
};

use crate::recorder::{Job, Readable, masked_by};
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

/// The integers behind a [`Trace`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Integers {
    /// What 1 stands for in Q, K and V.
    pub scales: [f64; 3],
    /// (D).
    pub q: Vec<i64>,
    /// (S, D).
    pub k: Vec<i64>,
    /// (S, E).
    pub v: Vec<i64>,
    /// Exact dot products, (S).
    pub dots: Vec<i64>,
    /// Scores that the softmax sees, (S); `None` for a hidden key.
    pub scores: Vec<Option<i64>>,
    /// How many powers of two one unit of a score is worth.
    pub multiplier: f64,
    /// The distance from the greatest score in powers of two, 26 fraction bits, (S); `None` where
    /// the format gets its weight another way.
    pub exponents: Vec<Option<u32>>,
    /// Not yet divided by their sum, (S).
    pub weights: Vec<i64>,
    /// Of the weights.
    pub sum: u64,
    /// (E).
    pub output: Vec<i64>,
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

/// What the integers of a format are; floats have none.
pub trait Whole: Readable {
    /// What 1 stands for in Q, K and V.
    fn scales(&self) -> Option<[f64; 3]> {
        None
    }

    /// The integer of an element.
    fn element_whole(element: Self::Element) -> i64 {
        let _ = element;
        0
    }

    /// The integer in a cell.
    fn cell_whole(cell: Self::Cell) -> i64 {
        let _ = cell;
        0
    }

    /// The integer of a sum.
    fn sum_whole(sum: Self::Sum) -> u64 {
        let _ = sum;
        0
    }

    /// Whether the cell is that of a hidden key.
    fn is_hidden(cell: Self::Cell) -> bool;
}

impl<N: PartialEq> Whole for Float<N>
where
    Self: Readable<Cell = N>,
{
    fn is_hidden(cell: N) -> bool {
        cell == Self::HIDDEN
    }
}

impl<I> Whole for Quantized<I>
where
    Self: Readable<Element: Into<i64>, Cell: Into<i64> + PartialEq, Sum: Into<u64>>,
{
    fn scales(&self) -> Option<[f64; 3]> {
        Some([self.q_scale(), self.k_scale(), self.v_scale()])
    }

    fn element_whole(element: Self::Element) -> i64 {
        element.into()
    }

    fn cell_whole(cell: Self::Cell) -> i64 {
        cell.into()
    }

    fn sum_whole(sum: Self::Sum) -> u64 {
        sum.into()
    }

    fn is_hidden(cell: Self::Cell) -> bool {
        cell == Self::HIDDEN
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
            integers: format.scales().map(|scales| Integers {
                scales,
                q: whole(&q),
                k: whole(&k),
                v: whole(&v),
                dots: (0..job.keys)
                    .map(|key| whole_number(dot(format, &q, row(key)) / (scales[0] * scales[1])))
                    .collect(),
                multiplier: scales[0] * scales[1] * scale.abs() * std::f64::consts::LOG2_E,
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
        if let Some(integers) = &mut self.trace.integers {
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
        if let Some(integers) = &mut trace.integers {
            integers.weights = weights.iter().map(|&cell| F::cell_whole(cell)).collect();
            integers.sum = F::sum_whole(sum);
            integers.exponents = exponents(integers);
        }
        let mut so_far = vec![F::ZERO; self.v.columns()];
        if trace.max() != f64::NEG_INFINITY {
            // The watched key is the last that has values.
            let mut values: Vec<F::Element> = self.v.iter_rows().flatten().copied().collect();
            if let Some(later) = values.get_mut((self.key + 1) * self.v.columns()..) {
                later.fill(F::ZERO);
            }
            if let Ok(v) = View::new(&values, self.v.rows(), self.v.columns()) {
                let prepared = self.format.prepare(Body::Scalar, trace.scale);
                F::mix(prepared, &mut weights.to_vec(), sum, v, &mut so_far);
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

/// The exponents that lead to the weights, by the kernel's own functions; left out where they do not.
fn exponents(integers: &Integers) -> Vec<Option<u32>> {
    let exponent = Exponent::new(integers.multiplier);
    let max = integers.scores.iter().flatten().copied().max();
    let pairs = integers.scores.iter().zip(&integers.weights);
    pairs
        .map(|(score, &weight)| {
            let distance = u32::try_from(max?.abs_diff((*score)?)).ok()?;
            let x = exponent.x_q26(distance);
            (i64::from(exp2_neg_q30(x)) == weight).then_some(x)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use kqv::Attention;

    use super::*;

    const JOB: Job<'_> = Job {
        q: &[1.0, 0.5, -2.0],
        k: &[1.0, 2.0, 0.25, -1.0, 1.0, 0.5, 0.5, 0.5, 0.5],
        v: &[1.0, -1.0, 0.5, 2.0, -0.25, 0.75],
        keys: 3,
        width: 3,
        value_width: 2,
        attention: Attention::FULL,
        alibi: None,
    };

    #[test]
    fn the_terms_of_a_dot_product_lead_to_its_score() {
        let single = watch(Float::<f32>::FORMAT, &JOB, 1).unwrap();
        assert_eq!(single.dots, [-1.0, -0.5, -1.5]);
        assert!((single.dots[2] * single.scale - single.raw[1]).abs() < 1e-7);
        assert_eq!(single.integers, None);
        let bytes = watch(
            Quantized::<i8>::from_fraction_bits(4, 4, 5).unwrap(),
            &JOB,
            1,
        )
        .unwrap();
        assert_eq!(bytes.dots, single.dots);
        assert_eq!(bytes.integers.unwrap().dots, [384, -384, -64]);
    }

    #[test]
    fn once_the_last_key_is_mixed_in_the_output_is_whole() {
        let format = Quantized::<i16>::from_fraction_bits(10, 10, 11).unwrap();
        for trace in [
            watch(Float::<f32>::FORMAT, &JOB, 2).unwrap(),
            watch(Float::<f64>::FORMAT, &JOB, 2).unwrap(),
            watch(format, &JOB, 2).unwrap(),
        ] {
            assert_eq!(trace.so_far, trace.output);
            assert!((trace.weights.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        }
        let first = watch(format, &JOB, 0).unwrap();
        assert!((first.so_far[0] - first.weights[0] * first.v[0]).abs() < 2.0_f64.powi(-11));
    }

    #[test]
    fn the_exponents_are_those_that_the_weights_came_from() {
        let format = Quantized::<i16>::from_fraction_bits(10, 10, 11).unwrap();
        let integers = watch(format, &JOB, 0).unwrap().integers.unwrap();
        assert!(integers.exponents.iter().all(Option::is_some));
        assert_eq!(integers.exponents[0], Some(0));
        assert_eq!(
            integers.sum,
            integers
                .weights
                .iter()
                .map(|w| w.cast_unsigned())
                .sum::<u64>()
        );
    }

    #[test]
    fn a_hidden_key_has_no_score_and_no_weight() {
        let job = Job {
            attention: Attention::CAUSAL,
            ..JOB
        };
        let format = Quantized::<i8>::from_fraction_bits(4, 4, 5).unwrap();
        let trace = watch(format, &job, 2).unwrap();
        assert!(!trace.sees(2));
        assert_eq!(trace.weights, [1.0, 0.0, 0.0]);
        assert_eq!(trace.max(), trace.raw[0]);
        assert_eq!(trace.integers.unwrap().scores[1..], [None, None]);
    }
}
