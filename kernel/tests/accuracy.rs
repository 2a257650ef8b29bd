//! How far every format is from the exact result: f64 of the same inputs, rounded once.

use crate::layer::{
    I8, I16, MIXED, Scales, UNWATCHED, Weights, array, i8_weights, i16_weights, mixed_weights,
    turning,
};
use crate::support::{Exact, Problem};
use fastrand::Rng;
use kqv::{
    Arithmetic, Attention, FineOutput, Float, Format, Integer, Pairing, Quantized, Rescale, Rotary,
    Scale, quantize,
};

/// Errors in units of the last place of the output.
#[derive(Debug, Default)]
struct Errors {
    worst: f64,
    squares: f64,
    not_nearest: usize,
    count: usize,
}

impl Errors {
    fn rms(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let count = self.count as f64;
        (self.squares / count).sqrt()
    }

    /// The output in units of its last place, of which there are so many in one of V.
    fn add<I: Integer, F>(
        &mut self,
        problem: &Problem<I>,
        scales: Quantized<I>,
        (format, finer): (F, f64),
        scale: Scale,
    ) where
        F: Format<Element = I, Output: Into<f64>>,
    {
        let attention = Attention {
            scale,
            ..Attention::FULL
        };
        let widened = Problem {
            q: problem
                .q
                .iter()
                .map(|&q| real(q) * scales.q_scale())
                .collect(),
            k: problem
                .k
                .iter()
                .map(|&k| real(k) * scales.k_scale())
                .collect(),
            v: problem.v.iter().map(|&v| v.into()).collect(),
            ..problem.map(real)
        };
        let output = problem.attend(format, attention);
        for (y, exact) in output
            .into_iter()
            .zip(Exact::of(&widened, attention).output)
        {
            self.note((y.into() - exact * finer).abs());
        }
    }

    fn note(&mut self, error: f64) {
        self.worst = self.worst.max(error);
        self.squares += error * error;
        self.not_nearest += usize::from(error > 0.5);
        self.count += 1;
    }
}

/// Random, one-hot, near-equal, saturating and adversarial inputs, 1 to 2,048 keys; `with` says in which format,
/// and how many units of its output are one of V.
fn hard_problems<I: Integer, F>(
    mut any: impl FnMut() -> I,
    with: impl Fn(Quantized<I>) -> (F, f64),
) -> Errors
where
    F: Format<Element = I, Output: Into<f64>>,
{
    let mut errors = Errors::default();
    let format = |fraction_bits| {
        let [q, k, v] = [fraction_bits; 3];
        Quantized::<I>::from_fraction_bits(q, k, v).expect("in range")
    };
    for keys in [1, 2, 3, 17, 128, 512, 2048] {
        for width in [1, 2, 32] {
            let shape = [4, keys, width, 8];
            for fraction_bits in [-2, 0, 3, 5, 7, 9, 12, 15] {
                let (problem, scales) = (Problem::new(shape, &mut any), format(fraction_bits));
                errors.add(&problem, scales, with(scales), Scale::default());
            }
            // One live key among others that are almost dead: 2^-10 to 2^-30 of its weight.
            for dead in [7.0, 10.0, 14.0, 17.0, 20.0] {
                let mut problem = Problem::new(shape, &mut any);
                problem.q.fill(one());
                problem.k.fill(zero());
                problem.k[..width].fill(one());
                #[expect(clippy::cast_precision_loss, reason = "32 at most")]
                let scale = Scale::new(dead / width as f64).expect("finite");
                errors.add(&problem, format(0), with(format(0)), scale);
                // The values of the others all lie on one side: what each loses adds up.
                problem
                    .v
                    .fill(quantize(127.0, 1.0).unwrap_or_else(|beyond| beyond.end));
                problem.v[..8].fill(quantize(-128.0, 1.0).unwrap_or_else(|beyond| beyond.end));
                errors.add(&problem, format(0), with(format(0)), scale);
            }
        }
    }
    errors
}

fn real<I: Integer>(integer: I) -> f64 {
    integer.into()
}

fn one<I: Integer>() -> I {
    I::try_from(1).unwrap_or_else(|_| unreachable!("1 fits every integer"))
}

fn zero<I: Integer>() -> I {
    I::try_from(0).unwrap_or_else(|_| unreachable!("0 fits every integer"))
}

#[test]
fn i16_is_within_0_58_units_of_the_exact_result() {
    let mut rng = Rng::with_seed(11);
    let errors = hard_problems(|| rng.i16(..), |format| (format, 1.0));
    assert!(errors.worst < 0.58 && errors.rms() < 0.289, "{errors:?}");
}

#[test]
fn i8_is_the_exact_result_rounded_once() {
    let mut rng = Rng::with_seed(12);
    let errors = hard_problems(|| rng.i8(..), |format| (format, 1.0));
    assert!(errors.not_nearest * 1000 <= errors.count, "{errors:?}");
    assert!(errors.worst < 0.501 && errors.rms() < 0.289, "{errors:?}");
}

/// In units of its own last place as exact as i16, which is a 200th of the error that i8 has.
#[test]
fn i16_of_i8_is_within_0_58_units_of_the_exact_result() {
    let finer = |format: Quantized<i8>| {
        let fine = FineOutput::of(format);
        (fine, format.v_scale() / fine.output_scale())
    };
    let mut rng = Rng::with_seed(14);
    let errors = hard_problems(|| rng.i8(..), finer);
    assert!(errors.worst < 0.58 && errors.rms() < 0.289, "{errors:?}");

    let mut rng = Rng::with_seed(14);
    let coarse = hard_problems(|| rng.i8(..), |format| (format, 1.0));
    assert!(errors.rms() / 256.0 < coarse.rms() / 200.0, "{coarse:?}");
    assert!(errors.worst / 256.0 < coarse.worst / 200.0, "{coarse:?}");
}

/// Products and values in −1..1: the bound grows with their size.
#[test]
fn f32_is_within_1_7e_7_of_the_exact_result() {
    let mut rng = Rng::with_seed(13);
    let mut worst = 0.0_f64;
    for keys in [1, 2, 17, 128, 512, 2048] {
        let problem = Problem::new([4, keys, 32, 8], || 2.0 * rng.f32() - 1.0);
        let exact = Exact::of(&problem.map(f64::from), Attention::FULL);
        let output = problem.attend(Float::<f32>::FORMAT, Attention::FULL);
        for (y, exact) in output.into_iter().zip(exact.output) {
            worst = worst.max((f64::from(y) - exact).abs());
        }
    }
    assert!(worst < 1.7e-7, "{worst}");
}

/// 300 rotary layers of integers against layers of f64 with the numbers that their integers stand for.
fn layers<A>(
    seed: u64,
    weights: impl Fn(&mut Rng) -> Weights<A>,
    scales: Scales,
    mut token: impl FnMut() -> A::Element,
) -> Errors
where
    A: Arithmetic<Rescale = Rescale, Element: Integer, Weight: Into<f64>, Bias: Into<i64>>,
{
    let mut rng = Rng::with_seed(seed);
    let mut errors = Errors::default();
    let rotary = Rotary::new(4, Pairing::Halves).ok();
    for _ in 0..300 {
        let integers = weights(&mut rng);
        let reals = integers.reals(scales);
        let layer = turning(integers.quantized(scales), rotary);
        let exact = turning(reals.layer(), rotary);
        let (mut past, mut exact_past) = (layer.past::<10>(), exact.past::<10>());
        for _ in 0..10 {
            let token: [A::Element; 6] = array(&mut token);
            let exact_token = token.map(|x| real(x) * scales.x);
            let y = layer.slide(&token, &mut past, Attention::CAUSAL, UNWATCHED);
            let exact = exact.slide(&exact_token, &mut exact_past, Attention::CAUSAL, UNWATCHED);
            for (y, exact) in y.into_iter().zip(exact) {
                errors.note((real(y) - exact / scales.y).abs());
            }
        }
    }
    errors
}

/// Four roundings lie before the last: of Q, K and V, and of the mixed values.
#[test]
fn integer_layers_are_within_3_6_units_of_the_layer_in_f64() {
    let mut rng = Rng::with_seed(19);
    for errors in [
        layers(20, i8_weights, I8, || rng.i8(..)),
        layers(21, i16_weights, I16, || rng.i16(..)),
        layers(22, mixed_weights, MIXED, || rng.i16(..)),
    ] {
        assert!(errors.worst < 3.6 && errors.rms() < 0.66, "{errors:?}");
    }
}

/// Of every size of a sum: the ends of a power of two, what lies near them, and anything between.
#[test]
fn a_share_factor_is_the_total_over_the_sum() {
    fn law<I: Integer>(total: u64, rng: &mut Rng) -> u64 {
        let mut worst = 0;
        for bits in 30..47 {
            let (least, greatest) = (1_u64 << bits, (2_u64 << bits) - 1);
            let near = [least, least + 1, greatest - 1, greatest];
            let between = (0..2000).map(|_| rng.u64(least..=greatest));
            for sum in near.into_iter().chain(between).collect::<Vec<_>>() {
                // A key adds 2^30 at most, and half a unit to the total.
                let keys = usize::try_from(sum.div_ceil(1 << 30)).expect("2^17 at most");
                let total = u128::from(total) + u128::try_from(keys / 2).expect("small");
                let exact = ((total << 32) / u128::from(sum)).min(u32::MAX.into());
                let factor = Quantized::<I>::share_factor(sum, keys);
                let exact = u64::try_from(exact).expect("32 bits");
                worst = worst.max(exact.abs_diff(factor.into()));
            }
        }
        worst
    }
    let mut rng = Rng::with_seed(15);
    let i8 = law::<i8>((1 << 24) - (1 << 17), &mut rng);
    let i16 = law::<i16>(1 << 30, &mut rng);
    assert!(i8 <= 1 && i16 <= 4, "{i8} and {i16} units of 2^-32");
}
