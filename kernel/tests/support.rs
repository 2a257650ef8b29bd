//! What the tests of the kernel share: random problems, a way to run them, and two oracles.

use std::ops::Range;

use kqv::{Attention, Format, Observer, Qkv, View, attend_view};

/// Q (T, D), K (S, D) and V (S, E), row-major.
#[derive(Clone, Debug)]
pub(crate) struct Problem<N> {
    pub(crate) queries: usize,
    pub(crate) keys: usize,
    pub(crate) width: usize,
    pub(crate) value_width: usize,
    pub(crate) q: Vec<N>,
    pub(crate) k: Vec<N>,
    pub(crate) v: Vec<N>,
}

impl<N: Copy> Problem<N> {
    /// A problem of shape [T, S, D, E] whose numbers come from `number`.
    pub(crate) fn new([t, s, d, e]: [usize; 4], mut number: impl FnMut() -> N) -> Self {
        let mut matrix = |len| (0..len).map(|_| number()).collect();
        Self {
            queries: t,
            keys: s,
            width: d,
            value_width: e,
            q: matrix(t * d),
            k: matrix(s * d),
            v: matrix(s * e),
        }
    }

    /// The same shape with every number changed.
    pub(crate) fn map<M>(&self, mut change: impl FnMut(N) -> M) -> Problem<M> {
        let mut matrix = |values: &[N]| values.iter().map(|&value| change(value)).collect();
        Problem {
            queries: self.queries,
            keys: self.keys,
            width: self.width,
            value_width: self.value_width,
            q: matrix(&self.q),
            k: matrix(&self.k),
            v: matrix(&self.v),
        }
    }

    /// The three matrices as the kernel wants them.
    pub(crate) fn qkv(&self) -> Qkv<'_, N> {
        let view = |values, rows, columns| View::new(values, rows, columns).expect("fits");
        Qkv::new(
            view(&self.q, self.queries, self.width),
            view(&self.k, self.keys, self.width),
            view(&self.v, self.keys, self.value_width),
        )
        .expect("fits")
    }

    /// The output, (T, E).
    pub(crate) fn attend<F: Format<Element = N>>(&self, format: F, attention: Attention) -> Vec<N> {
        self.observed(format, attention, ())
    }

    /// The output, (T, E), with somebody watching.
    pub(crate) fn observed<F: Format<Element = N>>(
        &self,
        format: F,
        attention: Attention,
        observer: impl Observer<F>,
    ) -> Vec<N> {
        let mut scratch = vec![F::ZERO_CELL; self.keys];
        let mut output = vec![F::ZERO; self.queries * self.value_width];
        attend_view(
            format,
            self.qkv(),
            attention,
            &mut scratch,
            &mut output,
            observer,
        )
        .expect("fits");
        output
    }
}

/// Attention in f64, straight from the formula.
pub(crate) struct Exact {
    pub(crate) raw: Vec<f64>,
    pub(crate) weights: Vec<f64>,
    pub(crate) output: Vec<f64>,
}

impl Exact {
    pub(crate) fn of(problem: &Problem<f64>, attention: Attention) -> Self {
        let Problem {
            queries,
            keys,
            width,
            value_width,
            q,
            k,
            v,
        } = problem;
        let scale = attention.scale.factor(*width);
        let mut exact = Self {
            raw: vec![],
            weights: vec![],
            output: vec![],
        };
        for i in 0..*queries {
            let q = &q[i * width..(i + 1) * width];
            let score = |j| dot(q, &k[j * width..(j + 1) * width]) * scale;
            let scores: Vec<f64> = (0..*keys).map(score).collect();
            let weights = softmax(&scores, attention.visible(i, *keys));
            for e in 0..*value_width {
                let column: Vec<f64> = (0..*keys).map(|j| v[j * value_width + e]).collect();
                exact.output.push(dot(&weights, &column));
            }
            exact.raw.extend(scores);
            exact.weights.extend(weights);
        }
        exact
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn softmax(scores: &[f64], visible: Range<usize>) -> Vec<f64> {
    let max = scores[visible.clone()]
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let power = |j: usize| {
        if visible.contains(&j) {
            libm::exp(scores[j] - max)
        } else {
            0.0
        }
    };
    let powers: Vec<f64> = (0..scores.len()).map(power).collect();
    let sum: f64 = powers.iter().sum();
    powers
        .iter()
        .map(|power| if sum > 0.0 { power / sum } else { 0.0 })
        .collect()
}

/// The naive loop of the specification in f32: the oracle for every bit.
pub(crate) fn naive(problem: &Problem<f32>, attention: Attention) -> Vec<f32> {
    let Problem {
        queries,
        keys,
        width,
        value_width,
        q,
        k,
        v,
    } = problem;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the specification rounds the scale once"
    )]
    let scale = attention.scale.factor(*width) as f32;
    let mut output = vec![0.0_f32; queries * value_width];
    for i in 0..*queries {
        let visible = attention.visible(i, *keys);
        let mut scores = vec![0.0_f32; *keys];
        let mut max = f32::NEG_INFINITY;
        for j in visible.clone() {
            for d in 0..*width {
                scores[j] += q[i * width + d] * k[j * width + d];
            }
            scores[j] *= scale;
            max = if scores[j] > max { scores[j] } else { max };
        }
        let mut sum = 0.0_f32;
        for j in visible.clone() {
            scores[j] = kqv::exp_neg(scores[j] - max);
            sum += scores[j];
        }
        for e in 0..*value_width {
            let mut mixed = 0.0_f32;
            for j in visible.clone() {
                mixed += scores[j] * v[j * value_width + e];
            }
            output[i * value_width + e] = if visible.is_empty() {
                0.0
            } else {
                mixed * (1.0 / sum)
            };
        }
    }
    output
}

/// The bits of every number, so that NaN and −0 compare too.
pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Everything an observer can see, as real numbers.
pub(crate) struct Recorder<F> {
    pub(crate) format: F,
    pub(crate) scale: f64,
    pub(crate) raw: Vec<f64>,
    pub(crate) visible: Vec<Range<usize>>,
    pub(crate) weights: Vec<f64>,
    pub(crate) output: Vec<f64>,
}

impl<F: Format> Recorder<F> {
    /// Watches a run in `format` with softmax scale `scale`.
    pub(crate) fn new(format: F, scale: f64) -> Self {
        Self {
            format,
            scale,
            raw: vec![],
            visible: vec![],
            weights: vec![],
            output: vec![],
        }
    }
}

impl<F: Format> Observer<F> for Recorder<F> {
    fn raw(&mut self, _: usize, scores: &[F::Cell]) {
        let real = |&score| self.format.score_real(score, self.scale);
        self.raw.extend(scores.iter().map(real));
    }

    fn masked(&mut self, _: usize, _: &[F::Cell], visible: Range<usize>) {
        self.visible.push(visible);
    }

    fn weights(&mut self, _: usize, weights: &[F::Cell], sum: F::Sum) {
        self.weights
            .extend(weights.iter().map(|&weight| F::weight_real(weight, sum)));
    }

    fn output(&mut self, _: usize, output: &[F::Element]) {
        self.output
            .extend(output.iter().map(|&y| self.format.output_real(y)));
    }
}
