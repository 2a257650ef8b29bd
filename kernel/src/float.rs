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
use crate::body::{Body, attend_f32};
use crate::exp::{exp_neg, exp_neg_f64};
use crate::format::{Format, Number};
use crate::modify::Modify;
use crate::view::{Qkv, View};

/// The format of `f32` or `f64`: no scale, rounding at every operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Float<N>(PhantomData<N>);

impl<N> Float<N> {
    /// The format as a value.
    pub const FORMAT: Self = Self(PhantomData);
}

/// Writes the naive loop for one float type.
macro_rules! naive_loop {
    ($float:ty, $exp_neg:path, $at_once:path) => {
        impl Number for $float {
            type Format = Float<$float>;
            const FORMAT: Self::Format = Float::FORMAT;
        }

        impl Format for Float<$float> {
            type Element = $float;
            type Cell = $float;
            type Score = $float;
            type Sum = $float;
            type Prepared = $float;

            const ZERO_CELL: $float = 0.0;
            const HIDDEN: $float = <$float>::NEG_INFINITY;
            const ZERO: $float = 0.0;
            const MAX_WIDTH: usize = usize::MAX;
            const MAX_KEYS: usize = usize::MAX;

            #[allow(
                clippy::cast_possible_truncation,
                reason = "f32 takes the scale rounded once; the same line serves f64"
            )]
            fn prepare(&self, _: Body, scale: f64) -> $float {
                scale as $float
            }

            fn score_row(
                scale: &mut $float,
                q: &[$float],
                keys: View<'_, $float>,
                cells: &mut [$float],
            ) {
                for (cell, key) in cells.iter_mut().zip(keys.iter_rows()) {
                    *cell = Self::score(*scale, q, key);
                }
            }

            fn score(scale: $float, q: &[$float], k: &[$float]) -> $float {
                let mut dot = 0.0;
                for (q, k) in q.iter().zip(k) {
                    dot += q * k;
                }
                dot * scale
            }

            fn to_score(cell: $float) -> $float {
                cell
            }

            fn from_score(score: $float) -> $float {
                score
            }

            fn changed(scale: $float) -> $float {
                scale
            }

            fn weigh(_: $float, cells: &mut [$float]) -> $float {
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
                _: $float,
                weights: &mut [$float],
                sum: $float,
                v: View<'_, $float>,
                output: &mut [$float],
            ) {
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
                scale: $float,
                qkv: Qkv<'_, $float>,
                attention: Attention<M>,
                scratch: &mut [$float],
                output: &mut [$float],
            ) -> usize {
                $at_once(body, scale, qkv, attention, scratch, output)
            }

            fn score_real(_: $float, score: $float, _: &[$float], _: &[$float]) -> f64 {
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

naive_loop!(f32, exp_neg, attend_f32);
naive_loop!(f64, exp_neg_f64, none_at_once);

/// f64 is a reference, and takes its time.
fn none_at_once<M: Modify>(
    _: Body,
    _: f64,
    _: Qkv<'_, f64>,
    _: Attention<M>,
    _: &mut [f64],
    _: &mut [f64],
) -> usize {
    0
}
