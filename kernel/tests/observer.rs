//! What is watched, and that watching changes nothing.

use std::fmt::Debug;

use fastrand::Rng;
use kqv::{Alibi, Attention, Float, Format, Observer, Scores, Window};

use crate::support::{Problem, Recorder, in_every_format, integers};

#[test]
fn watching_changes_no_bit() {
    fn law<F: Format<Output: PartialEq + Debug>>(problem: &Problem<F::Element>, format: F) {
        for attention in [Attention::FULL, Attention::CAUSAL] {
            let alone = problem.attend(format, attention);
            assert_eq!(
                problem.observed(format, attention, Recorder::new(format)),
                alone
            );
        }
        let mask = (Window::last(3), Alibi { slope: 0.5 });
        let alone = problem.attend(format, Attention::of(mask));
        let watched = problem.observed(format, Attention::of(mask), Recorder::new(format));
        assert_eq!(watched, alone);
    }
    let mut rng = Rng::with_seed(21);
    for shape in [
        [1, 1, 1, 1],
        [5, 7, 3, 2],
        [16, 16, 8, 8],
        [3, 40, 33, 5],
        [40, 40, 8, 9],
    ] {
        let problem = Problem::new(shape, || 8.0 * rng.f32() - 4.0);
        in_every_format!(problem, law);
    }
}

#[test]
fn hidden_keys_have_a_raw_score_and_weight_zero() {
    let mut rng = Rng::with_seed(22);
    let problem = Problem::new([6, 6, 4, 3], || rng.f32() + 0.1);
    let format = Float::<f32>::FORMAT;
    let mut seen = Recorder::new(format);
    let output = problem.observed(format, Attention::CAUSAL, &mut seen);
    assert!(seen.raw.iter().all(|&score| score > 0.0));
    for (i, row) in seen.masked.chunks(6).enumerate() {
        assert_eq!(row[..=i], seen.raw[i * 6..][..=i]);
        assert!(row[i + 1..].iter().all(|&score| score == f64::NEG_INFINITY));
    }
    for (i, row) in seen.weights.chunks(6).enumerate() {
        assert!(row[i + 1..].iter().all(|&weight| weight == 0.0));
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    }
    assert_eq!(
        seen.output,
        output.into_iter().map(f64::from).collect::<Vec<_>>()
    );
}

/// Writes down which stage of which query it saw.
#[derive(Default)]
struct Stages(Vec<String>);

impl<F: Format> Observer<F> for Stages {
    fn raw(&mut self, i: usize, scores: Scores<'_, F>) {
        self.0.push(format!("raw {i} of {}", scores.cells().len()));
    }

    fn softcapped(&mut self, i: usize, scores: Scores<'_, F>) {
        self.0
            .push(format!("softcapped {i} of {}", scores.cells().len()));
    }

    fn masked(&mut self, i: usize, scores: Scores<'_, F>) {
        self.0
            .push(format!("masked {i} of {}", scores.cells().len()));
    }

    fn weights(&mut self, i: usize, weights: &[F::Cell], _: F::Sum) {
        self.0.push(format!("weights {i} of {}", weights.len()));
    }

    fn output(&mut self, i: usize, output: &[F::Output]) {
        self.0.push(format!("output {i} of {}", output.len()));
    }
}

#[test]
fn every_stage_is_seen_once_per_query_in_order() {
    let problem = Problem::new([2, 3, 4, 5], || 1.0_f32);
    let mut stages = Stages::default();
    problem.observed(Float::<f32>::FORMAT, Attention::CAUSAL, &mut stages);
    let expected = [
        "raw 0 of 3",
        "softcapped 0 of 3",
        "masked 0 of 3",
        "weights 0 of 3",
        "output 0 of 5",
        "raw 1 of 3",
        "softcapped 1 of 3",
        "masked 1 of 3",
        "weights 1 of 3",
        "output 1 of 5",
    ];
    assert_eq!(stages.0, expected);
}
