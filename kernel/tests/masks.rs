//! Every mask, bias and cap, alone and together, against the oracles.

use fastrand::Rng;
use kqv::{
    Alibi, Allowed, Attention, Bias, Float, Format, Integer, Mask, Modify, Query, RealKeys, Score,
    Softcap, View, Window,
};

use crate::support::{
    Exact, Problem, Recorder, bits, in_every_format, integers, naive, random_problems,
};

/// Every kind of mask at once, each on or off.
type Anything<'a> = (
    (Mask, Option<Window>),
    (
        Option<RealKeys>,
        (Option<Allowed<'a>>, (Option<Bias<'a>>, Option<Alibi>)),
    ),
);

/// Holds a law up against random problems under every kind of mask, bias and cap.
fn under_every_option(seed: u64, law: &mut impl FnMut(&Problem<f32>, Attention<Anything<'_>>)) {
    let mut rng = Rng::with_seed(seed);
    for (problem, attention) in random_problems(seed) {
        let (rows, keys) = (problem.queries, problem.keys);
        let rows = if rng.bool() { 1 } else { rows };
        let allowed: Vec<bool> = (0..rows * keys).map(|_| rng.u8(..4) > 0).collect();
        let bias: Vec<f32> = (0..rows * keys)
            .map(|_| {
                if rng.u8(..8) == 0 {
                    f32::NEG_INFINITY
                } else {
                    6.0 * rng.f32() - 3.0
                }
            })
            .collect();
        let side = |rng: &mut Rng| rng.bool().then(|| rng.usize(0..20));
        let window = Window {
            left: side(&mut rng),
            right: side(&mut rng),
        };
        let allowed = View::new(&allowed, rows, keys).expect("fits");
        let bias = View::new(&bias, rows, keys).expect("fits");
        let mask = (
            (attention.mask, rng.bool().then_some(window)),
            (
                rng.bool().then_some(RealKeys(rng.usize(0..=40))),
                (
                    rng.bool().then_some(Allowed(allowed)),
                    (
                        rng.bool().then_some(Bias(bias)),
                        Some(Alibi::of_head(rng.usize(0..8), 8)),
                    ),
                ),
            ),
        );
        let softcap = if rng.bool() {
            Softcap::new(5.0).expect("positive")
        } else {
            Softcap::NONE
        };
        law(
            &problem,
            Attention {
                mask,
                softcap,
                offset: attention.offset,
                ..Attention::of(mask)
            },
        );
    }
}

#[test]
fn f32_has_the_bits_of_the_naive_loop_under_every_mask_bias_and_cap() {
    under_every_option(14, &mut |problem, attention| {
        let output = problem.attend(Float::<f32>::FORMAT, attention);
        assert_eq!(bits(&output), bits(&naive(problem, attention)));
    });
}

#[test]
fn integers_give_the_exact_result_under_every_mask_bias_and_cap() {
    fn law<I: Integer>(
        problem: &Problem<f32>,
        bits: i32,
        bound: f64,
        attention: Attention<Anything<'_>>,
    ) {
        let (integers, format) = integers::<I>(problem, bits);
        let one = 1.0 / format.v_scale();
        let exact = Exact::of(&integers.map(|x| Into::<f64>::into(x) / one), attention).output;
        for (y, exact) in integers.attend(format, attention).into_iter().zip(exact) {
            let error = (Into::<f64>::into(y) - exact * one).abs();
            assert!(error < bound, "{error} units");
        }
    }
    under_every_option(15, &mut |problem, attention| {
        law::<i16>(problem, 12, 0.51, attention);
        law::<i8>(problem, 5, 0.51, attention);
    });
}

#[test]
fn a_window_of_past_keys_decodes_to_the_same_bits() {
    let mut rng = Rng::with_seed(16);
    let problem = Problem::new([12, 12, 8, 3], || 8.0 * rng.f32() - 4.0);
    let mask = (Window::last(4), Alibi { slope: 0.25 });
    let whole = problem.attend(Float::<f32>::FORMAT, Attention::of(mask));
    for i in 0..12 {
        let query = Problem {
            queries: 1,
            q: problem.q[i * 8..][..8].to_vec(),
            ..problem.clone()
        };
        let attention = Attention {
            offset: i,
            ..Attention::of(mask)
        };
        let output = query.attend(Float::<f32>::FORMAT, attention);
        assert_eq!(bits(&output), bits(&whole[i * 3..][..3]));
    }
}

#[test]
fn nothing_in_the_row_of_a_hidden_key_can_spoil_a_result() {
    let mut rng = Rng::with_seed(17);
    let clean = Problem::new([4, 5, 3, 2], || rng.f32() - 0.5);
    let mut spoilt = clean.clone();
    spoilt.k[2 * 3..][..3].fill(f32::NAN);
    spoilt.v[2 * 2..][..2].fill(f32::INFINITY);
    let allowed = [[true, true, false, true, true]];
    let attention = Attention::of(Allowed((&allowed).into()));
    let format = Float::<f32>::FORMAT;
    assert_eq!(
        bits(&spoilt.attend(format, attention)),
        bits(&clean.attend(format, attention))
    );
    let all = spoilt.attend(format, Attention::FULL);
    assert!(
        all.iter().all(|y| y.is_nan()),
        "a NaN that is seen is not swallowed"
    );
}

/// The learner's what-ifs, each in a few lines.
#[test]
fn a_score_can_be_squared_or_reversed_and_the_left_bottom_hidden() {
    #[derive(Clone, Copy)]
    struct Squared;
    impl Modify for Squared {
        const CHANGES: bool = true;
        fn change<N: Score>(&self, score: N, _: Query, _: usize) -> Option<N> {
            Some(score * score)
        }
    }
    #[derive(Clone, Copy)]
    struct Reversed;
    impl Modify for Reversed {
        const CHANGES: bool = true;
        fn change<N: Score>(&self, score: N, _: Query, _: usize) -> Option<N> {
            Some(-score)
        }
    }
    #[derive(Clone, Copy)]
    struct LeftBottomHidden;
    impl Modify for LeftBottomHidden {
        fn visible(&self, query: Query, keys: usize) -> std::ops::Range<usize> {
            query.position.min(keys)..keys
        }
    }

    fn scores<F: Format>(
        problem: &Problem<F::Element>,
        format: F,
        mask: impl Modify,
    ) -> (Vec<f64>, Vec<f64>) {
        let mut seen = Recorder::new(format);
        problem.observed(format, Attention::of(mask), &mut seen);
        (seen.raw, seen.masked)
    }
    fn law<F: Format>(problem: &Problem<F::Element>, format: F) {
        let near = |a: f64, b: f64| (a - b).abs() < 2e-3;
        let (raw, squared) = scores(problem, format, Squared);
        assert!(
            raw.iter()
                .zip(&squared)
                .all(|(raw, score)| near(raw * raw, *score))
        );
        let (raw, reversed) = scores(problem, format, Reversed);
        assert!(
            raw.iter()
                .zip(&reversed)
                .all(|(raw, score)| near(-raw, *score))
        );
        let (_, hidden) = scores(problem, format, LeftBottomHidden);
        for (i, row) in hidden.chunks(problem.keys).enumerate() {
            for (j, score) in row.iter().enumerate() {
                assert_eq!(*score == f64::NEG_INFINITY, j < i);
            }
        }
    }
    let mut rng = Rng::with_seed(18);
    let problem = Problem::new([4, 4, 6, 2], || 8.0 * rng.f32() - 4.0);
    in_every_format!(problem, law);
}
