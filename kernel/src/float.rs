//! f32 and f64: the naive loop is the specification.
//!
//! Read left to right, multiply then add, no fused multiply-add, no reassociation:
//! `score = (((0 + q0 k0) + q1 k1) + …) · scale`, then the soft cap `cap · tanh(score / cap)`, then
//! mask and bias in the order given, `max` over the visible keys, `weight = exp_neg(score − max)`,
//! `sum` in key order, `output[e] = (((0 + w0 v0[e]) + w1 v1[e]) + …) · (1 / sum)`.
//!
//! Hidden keys, and keys whose weight is zero, take no part: nothing in their rows can spoil a
//! result. NaN or infinity in a row of Q makes that row of the output NaN, and no other; NaN in a
//! row of K or V spoils the queries that see that key.

use core::marker::PhantomData;

use crate::attention::Attention;
use crate::body::{Body, QUERIES_ON_STACK};
use crate::exp::{exp_neg, exp_neg_f64};
use crate::format::{Format, Number};
use crate::modify::Modify;
use crate::view::{Qkv, View};

/// The format of `f32` or `f64`: no scale, rounding at every operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Float<N>(PhantomData<N>);

impl<N> Scaled<N> {
    /// For one who computes a row by the loop.
    pub(crate) fn by_the_loop(scale: N) -> Self {
        let body = Body::Scalar;
        Self { scale, body }
    }
}

impl<N> Float<N> {
    /// The format as a value.
    pub const FORMAT: Self = Self(PhantomData);
}

/// The softmax scale, rounded once, and who computes with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaled<N> {
    pub(crate) scale: N,
    body: Body,
}

/// Writes the naive loop for one float type, and for f32 who does a row of it faster.
macro_rules! naive_loop {
    ($float:ty, $exp_neg:path, $fast:ident, $queries:expr) => {
        impl Number for $float {
            type Format = Float<$float>;
            const FORMAT: Self::Format = Float::FORMAT;
        }

        impl Format for Float<$float> {
            type Element = $float;
            type Output = $float;
            type Cell = $float;
            type Score = $float;
            type Sum = $float;
            type Prepared = Scaled<$float>;

            const ZERO_CELL: $float = 0.0;
            const HIDDEN: $float = <$float>::NEG_INFINITY;
            const ZERO: $float = 0.0;
            const MAX_WIDTH: usize = usize::MAX;
            const MAX_KEYS: usize = usize::MAX;
            const QUERIES_AT_ONCE: usize = $queries;

            #[allow(
                clippy::cast_possible_truncation,
                reason = "f32 takes the scale rounded once; the same line serves f64"
            )]
            fn prepare(&self, body: Body, scale: f64) -> Scaled<$float> {
                let scale = scale as $float;
                Scaled { scale, body }
            }

            fn score_row(
                prepared: &mut Scaled<$float>,
                q: &[$float],
                keys: View<'_, $float>,
                cells: &mut [$float],
            ) {
                let Scaled { scale, body } = *prepared;
                if $fast::score_row(body, scale, q, keys, cells) {
                    return;
                }
                for (cell, key) in cells.iter_mut().zip(keys.iter_rows()) {
                    *cell = Self::score(*prepared, q, key);
                }
            }

            fn score_at_once(
                prepared: Scaled<$float>,
                q: View<'_, $float>,
                first: usize,
                keys: View<'_, $float>,
                cells: &mut [$float],
            ) -> usize {
                $fast::score_rows(prepared.body, prepared.scale, q, first, keys, cells)
            }

            fn score(prepared: Scaled<$float>, q: &[$float], k: &[$float]) -> $float {
                let mut dot = 0.0;
                for (q, k) in q.iter().zip(k) {
                    dot += q * k;
                }
                dot * prepared.scale
            }

            fn to_score(cell: $float) -> $float {
                cell
            }

            fn from_score(score: $float) -> $float {
                score
            }

            fn changed(prepared: Scaled<$float>) -> Scaled<$float> {
                prepared
            }

            fn weigh(prepared: Scaled<$float>, cells: &mut [$float]) -> $float {
                if let Some(sum) = $fast::weigh(prepared.body, cells) {
                    return sum;
                }
                let mut max = <$float>::NEG_INFINITY;
                for &score in cells.iter() {
                    if score > max {
                        max = score;
                    }
                }
                let mut sum = 0.0;
                for cell in cells {
                    *cell = $exp_neg(*cell - max);
                    sum += *cell;
                }
                sum
            }

            fn mix(
                prepared: Scaled<$float>,
                weights: &mut [$float],
                sum: $float,
                v: View<'_, $float>,
                output: &mut [$float],
            ) {
                if $fast::mix(prepared.body, weights, sum, v, output) {
                    return;
                }
                output.fill(0.0);
                for (&weight, values) in weights.iter().zip(v.iter_rows()) {
                    if weight == 0.0 {
                        continue;
                    }
                    for (output, value) in output.iter_mut().zip(values) {
                        *output += weight * value;
                    }
                }
                let reciprocal = 1.0 / sum;
                for output in output {
                    *output *= reciprocal;
                }
            }

            fn attend_at_once<M: Modify>(
                body: Body,
                prepared: Scaled<$float>,
                qkv: Qkv<'_, $float>,
                attention: Attention<M>,
                scratch: &mut [$float],
                output: &mut [$float],
            ) -> usize {
                $fast::attend(body, prepared.scale, qkv, attention, scratch, output)
            }

            fn score_real(_: Scaled<$float>, score: $float, _: &[$float], _: &[$float]) -> f64 {
                f64::from(score)
            }

            fn weight_real(weight: $float, sum: $float) -> f64 {
                if weight == 0.0 {
                    return 0.0; // also where nothing is visible and the sum is zero
                }
                f64::from(weight * (1.0 / sum))
            }

            fn output_real(&self, output: $float) -> f64 {
                f64::from(output)
            }
        }
    };
}

naive_loop!(f32, exp_neg, fast_f32, QUERIES_ON_STACK);
naive_loop!(f64, exp_neg_f64, fast_f64, 1);

/// What a body does for f32: the whole, or a row of it while somebody watches.
mod fast_f32 {
    pub(super) use crate::body::{
        attend_f32 as attend, mix_f32 as mix, score_row_f32 as score_row,
        score_rows_f32 as score_rows, weigh_f32 as weigh,
    };
}

/// f64 is a reference, and takes its time.
mod fast_f64 {
    use crate::attention::Attention;
    use crate::body::Body;
    use crate::modify::Modify;
    use crate::view::{Qkv, View};

    pub(super) fn attend<M: Modify>(
        _: Body,
        _: f64,
        _: Qkv<'_, f64>,
        _: Attention<M>,
        _: &mut [f64],
        _: &mut [f64],
    ) -> usize {
        0
    }

    pub(super) fn score_row(_: Body, _: f64, _: &[f64], _: View<'_, f64>, _: &mut [f64]) -> bool {
        false
    }

    pub(super) fn score_rows(
        _: Body,
        _: f64,
        _: View<'_, f64>,
        _: usize,
        _: View<'_, f64>,
        _: &mut [f64],
    ) -> usize {
        0
    }

    pub(super) fn weigh(_: Body, _: &mut [f64]) -> Option<f64> {
        None
    }

    pub(super) fn mix(_: Body, _: &[f64], _: f64, _: View<'_, f64>, _: &mut [f64]) -> bool {
        false
    }
}
