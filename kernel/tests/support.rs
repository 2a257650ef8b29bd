//! What the tests of the kernel share: random problems, a way to run them, and two oracles.

use fastrand::Rng;
use kqv::{
    Attention, Format, Integer, Mask, Modify, Observer, Qkv, Quantized, Query, Score, Scores, View,
    attend_view, quantize,
};

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
    pub(crate) fn attend<F: Format<Element = N>>(
        &self,
        format: F,
        attention: Attention<impl Modify>,
    ) -> Vec<F::Output> {
        self.observed(format, attention, ())
    }

    /// The output, (T, E), with somebody watching.
    pub(crate) fn observed<F: Format<Element = N>>(
        &self,
        format: F,
        attention: Attention<impl Modify>,
        observer: impl Observer<F>,
    ) -> Vec<F::Output> {
        let cells = kqv::fast_scratch_cells(self.keys, self.width);
        let mut scratch = vec![F::ZERO_CELL; cells];
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
    pub(crate) fn of(problem: &Problem<f64>, attention: Attention<impl Modify>) -> Self {
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
            let raw: Vec<f64> = (0..*keys)
                .map(|j| dot(q, &k[j * width..(j + 1) * width]) * scale)
                .collect();
            let weights = softmax(&masked(&raw, attention, i));
            for e in 0..*value_width {
                let column: Vec<f64> = (0..*keys).map(|j| v[j * value_width + e]).collect();
                exact.output.push(dot(&weights, &column));
            }
            exact.raw.extend(raw);
            exact.weights.extend(weights);
        }
        exact
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The scores of query `i` after soft cap, mask and bias; `None` for a hidden key.
fn masked<N: Score>(raw: &[N], attention: Attention<impl Modify>, i: usize) -> Vec<Option<N>> {
    let query = Query {
        row: i,
        position: i + attention.offset,
    };
    let visible = attention.mask.visible(query, raw.len());
    let change = |(j, &raw): (usize, &N)| {
        let score = attention
            .softcap
            .cap()
            .map_or(raw, |cap| raw.softcapped(cap));
        if visible.contains(&j) {
            attention.mask.change(score, query, j)
        } else {
            None
        }
    };
    raw.iter().enumerate().map(change).collect()
}

fn softmax(scores: &[Option<f64>]) -> Vec<f64> {
    let max = scores
        .iter()
        .flatten()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores
        .iter()
        .map(|score| score.map_or(0.0, |score| libm::exp(score - max)))
        .collect();
    let sum: f64 = powers.iter().sum();
    powers
        .iter()
        .map(|power| if sum > 0.0 { power / sum } else { 0.0 })
        .collect()
}

/// The naive loop of the specification in f32: the oracle for every bit.
pub(crate) fn naive(problem: &Problem<f32>, attention: Attention<impl Modify>) -> Vec<f32> {
    let Problem {
        queries,
        keys,
        width,
        value_width,
        q,
        k,
        v,
    } = problem;
    let scale = f32::from_real(attention.scale.factor(*width));
    let mut output = vec![0.0_f32; queries * value_width];
    for i in 0..*queries {
        let mut raw = vec![0.0_f32; *keys];
        for (j, raw) in raw.iter_mut().enumerate() {
            for d in 0..*width {
                *raw += q[i * width + d] * k[j * width + d];
            }
            *raw *= scale;
        }
        let scores = masked(&raw, attention, i);
        let mut max = f32::NEG_INFINITY;
        for &score in scores.iter().flatten() {
            max = if score > max { score } else { max };
        }
        let weight = |score: Option<f32>| score.map(|score| kqv::exp_neg(score - max));
        let mut sum = 0.0_f32;
        for weight in scores.iter().copied().filter_map(weight) {
            sum += weight;
        }
        for e in 0..*value_width {
            let mut mixed = 0.0_f32;
            for (j, &score) in scores.iter().enumerate() {
                mixed += weight(score).map_or(0.0, |weight| weight * v[j * value_width + e]);
            }
            let visible = scores.iter().flatten().count() > 0;
            output[i * value_width + e] = if visible { mixed * (1.0 / sum) } else { 0.0 };
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
    pub(crate) raw: Vec<f64>,
    pub(crate) softcapped: Vec<f64>,
    pub(crate) masked: Vec<f64>,
    pub(crate) weights: Vec<f64>,
    pub(crate) output: Vec<f64>,
}

impl<F: Format> Recorder<F> {
    /// Watches a run in `format`.
    pub(crate) fn new(format: F) -> Self {
        Self {
            format,
            raw: vec![],
            softcapped: vec![],
            masked: vec![],
            weights: vec![],
            output: vec![],
        }
    }
}

impl<F: Format> Observer<F> for Recorder<F> {
    fn raw(&mut self, _: usize, scores: Scores<'_, F>) {
        self.raw.extend(scores.reals());
    }

    fn softcapped(&mut self, _: usize, scores: Scores<'_, F>) {
        self.softcapped.extend(scores.reals());
    }

    fn masked(&mut self, _: usize, scores: Scores<'_, F>) {
        self.masked.extend(scores.reals());
    }

    fn weights(&mut self, _: usize, weights: &[F::Cell], sum: F::Sum) {
        let share = |&weight| F::weight_real(weight, sum);
        self.weights.extend(weights.iter().map(share));
    }

    fn output(&mut self, _: usize, output: &[F::Output]) {
        let real = |&y| self.format.output_real(y);
        self.output.extend(output.iter().map(real));
    }
}

/// Random problems of every shape up to 40 in each size, with both masks.
pub(crate) fn random_problems(seed: u64) -> impl Iterator<Item = (Problem<f32>, Attention)> {
    let mut rng = Rng::with_seed(seed);
    (0..300).map(move |_| {
        let shape = [(); 4].map(|()| rng.usize(0..=40));
        let problem = Problem::new(shape, || 8.0 * rng.f32() - 4.0);
        let mask = [Mask::None, Mask::Causal][rng.usize(0..2)];
        let attention = Attention {
            mask,
            offset: rng.usize(0..4),
            ..Attention::FULL
        };
        (problem, attention)
    })
}

/// The problem as integers with `fraction_bits` in each matrix.
pub(crate) fn integers<I: Integer>(
    problem: &Problem<f32>,
    fraction_bits: i32,
) -> (Problem<I>, Quantized<I>) {
    let scale = libm::scalbn(1.0, -fraction_bits);
    let integers = problem.map(|x| quantize(x.into(), scale).unwrap_or_else(|beyond| beyond.end));
    let [q, k, v] = [fraction_bits; 3];
    let format = Quantized::from_fraction_bits(q, k, v);
    (integers, format.expect("in range"))
}

/// Holds the generic function `law` up against one problem in every format.
macro_rules! in_every_format {
    ($problem:expr, $law:ident) => {{
        let problem = &$problem;
        $law(problem, kqv::Float::<f32>::FORMAT);
        $law(&problem.map(f64::from), kqv::Float::<f64>::FORMAT);
        let (narrow, format) = integers::<i16>(problem, 12);
        $law(&narrow, format);
        let (narrow, format) = integers::<i8>(problem, 5);
        $law(&narrow, format);
    }};
}
pub(crate) use in_every_format;
