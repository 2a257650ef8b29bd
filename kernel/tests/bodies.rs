//! Every body has the bits of the naive loop, whatever the sizes.

use fastrand::Rng;
use kqv::{
    Alibi, Attention, Body, Float, Format, Integer, Mask, Modify, Quantized, Query, Scale, Softcap,
    attend_view_on, fast_scratch_cells,
};

use crate::masks::under_every_option;
use crate::support::{Problem, Recorder, bits, integers, naive, random_problems};

/// The bodies that this processor has.
pub(crate) fn bodies() -> impl Iterator<Item = Body> {
    let all = [
        Body::Scalar,
        Body::Soft,
        Body::Quads,
        Body::Avx2,
        Body::Avx512,
    ];
    let chosen = chosen_body();
    let is_chosen = move |body: &Body| {
        chosen
            .as_ref()
            .is_none_or(|name| format!("{body:?}") == *name)
    };
    all.into_iter()
        .filter(|&body| body <= Body::best())
        .filter(is_chosen)
}

/// The only body to be tried, if `KQV_BODY` names one, which must be the best then: where others have been tried before.
fn chosen_body() -> Option<String> {
    std::env::var("KQV_BODY").ok()
}

/// The output on a certain body, with `cells` of scratch.
fn attend_on(
    body: Body,
    problem: &Problem<f32>,
    attention: Attention<impl Modify>,
    cells: usize,
) -> Vec<f32> {
    let mut scratch = vec![0.0; cells];
    let mut output = vec![7.0; problem.queries * problem.value_width];
    let format = Float::<f32>::FORMAT;
    attend_view_on(
        body,
        format,
        problem.qkv(),
        attention,
        &mut scratch,
        &mut output,
        (),
    )
    .expect("fits");
    output
}

#[test]
fn odd_sizes_have_the_bits_of_the_naive_loop_on_every_body() {
    let mut rng = Rng::with_seed(31);
    for t in [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 50] {
        for s in [0, 1, 7, 8, 9, 40] {
            for (d, e) in [(0, 3), (1, 1), (7, 9), (32, 8), (33, 17)] {
                let problem = Problem::new([t, s, d, e], || 8.0 * rng.f32() - 4.0);
                for mask in [Mask::None, Mask::Causal] {
                    let attention = Attention {
                        offset: 3,
                        ..Attention::of(mask)
                    };
                    let expected = bits(&naive(&problem, attention));
                    for body in bodies() {
                        let output = attend_on(body, &problem, attention, fast_scratch_cells(s, d));
                        assert_eq!(
                            bits(&output),
                            expected,
                            "{body:?}, T {t}, S {s}, D {d}, E {e}"
                        );
                    }
                }
            }
        }
    }
}

/// The integers of a problem on a certain body.
fn integers_on<I: Integer>(body: Body, problem: &Problem<I>, attention: Attention) -> Vec<I> {
    let format = Quantized::<I>::new(0.031, 0.027, 0.04).expect("positive");
    let mut scratch = vec![0; problem.keys];
    let mut output = vec![Quantized::<I>::ZERO; problem.queries * problem.value_width];
    let qkv = problem.qkv();
    attend_view_on(body, format, qkv, attention, &mut scratch, &mut output, ()).expect("fits");
    output
}

/// Holds every body against the plain loops, with integers from `integer`.
fn check_integers<I: Integer + PartialEq + std::fmt::Debug>(mut integer: impl FnMut() -> I) {
    for t in [1, 5] {
        for s in [0, 1, 7, 8, 9, 33, 70] {
            for (d, e) in [(0, 3), (1, 1), (7, 9), (32, 32), (33, 70), (64, 64)] {
                let problem = Problem::new([t, s, d, e], &mut integer);
                for scale in [0.125, -0.5, 1e-7] {
                    let attention = Attention {
                        scale: Scale::new(scale).expect("finite"),
                        ..Attention::CAUSAL
                    };
                    let expected = integers_on(Body::Scalar, &problem, attention);
                    for body in bodies() {
                        let output = integers_on(body, &problem, attention);
                        assert_eq!(output, expected, "{body:?}, T {t}, S {s}, D {d}, E {e}");
                    }
                }
            }
        }
    }
}

#[test]
fn integers_of_odd_sizes_have_the_bits_of_the_plain_loops_on_every_body() {
    let mut rng = Rng::with_seed(36);
    check_integers(|| rng.i8(..));
    check_integers(|| rng.i16(..));
    check_integers(|| i8::MIN);
    check_integers(|| i16::MIN);
}

#[test]
fn every_mask_bias_and_cap_has_the_bits_of_the_naive_loop_on_every_body() {
    under_every_option(32, &mut |problem, attention| {
        let expected = bits(&naive(problem, attention));
        let cells = fast_scratch_cells(problem.keys, problem.width);
        for body in bodies() {
            let output = attend_on(body, problem, attention, cells);
            assert_eq!(bits(&output), expected, "{body:?}");
        }
    });
}

/// Every stage that an observer is shown on a certain body with so many rows of scratch, as bits.
fn stages_on<F: Format>(
    body: Body,
    format: F,
    problem: &Problem<F::Element>,
    attention: Attention<impl Modify>,
    rows: usize,
) -> Vec<u64> {
    let mut scratch = vec![F::ZERO_CELL; rows * problem.keys];
    let mut output = vec![F::ZERO; problem.queries * problem.value_width];
    let mut seen = Recorder::new(format);
    let (qkv, watch) = (problem.qkv(), &mut seen);
    attend_view_on(
        body,
        format,
        qkv,
        attention,
        &mut scratch,
        &mut output,
        watch,
    )
    .expect("fits");
    let stages = [
        seen.raw,
        seen.softcapped,
        seen.masked,
        seen.weights,
        seen.output,
    ];
    stages.concat().into_iter().map(f64::to_bits).collect()
}

#[test]
fn an_observer_is_shown_the_same_bits_on_every_body() {
    fn law(problem: &Problem<f32>, attention: Attention<impl Modify>) {
        let (whole_problem, quantized) = integers::<i16>(problem, 12);
        let single = Float::<f32>::FORMAT;
        let scalar = stages_on(Body::Scalar, single, problem, attention, 1);
        let whole = stages_on(Body::Scalar, quantized, &whole_problem, attention, 1);
        for body in bodies() {
            for rows in [1, 4] {
                let seen = stages_on(body, single, problem, attention, rows);
                assert_eq!(seen, scalar, "{body:?}, {rows} rows");
                let seen = stages_on(body, quantized, &whole_problem, attention, rows);
                assert_eq!(seen, whole, "{body:?}, {rows} rows, i16");
            }
        }
    }
    for (problem, attention) in random_problems(38).take(100) {
        law(&problem, attention);
        let mask = (attention.mask, Alibi { slope: 0.25 });
        let softcap = Softcap::new(2.0).expect("a cap");
        law(
            &problem,
            Attention {
                softcap,
                ..Attention::of(mask)
            },
        );
    }
}

#[test]
fn any_scratch_from_one_row_on_gives_the_same_bits() {
    let mut rng = Rng::with_seed(33);
    let problem = Problem::new([40, 9, 5, 6], || 8.0 * rng.f32() - 4.0);
    let expected = bits(&naive(&problem, Attention::CAUSAL));
    for cells in [9, 111, 112, 223, 224, 447, 448, 1000] {
        for body in bodies() {
            let output = attend_on(body, &problem, Attention::CAUSAL, cells);
            assert_eq!(bits(&output), expected, "{body:?}, {cells} cells");
        }
    }
}

#[test]
fn a_mask_that_points_beyond_the_keys_sees_those_that_exist() {
    /// From its own position to the end of time, or backwards.
    #[derive(Clone, Copy)]
    struct Onwards;
    impl Modify for Onwards {
        fn visible(&self, query: Query, _: usize) -> std::ops::Range<usize> {
            query.position..usize::MAX
        }
    }
    #[derive(Clone, Copy)]
    struct OnwardsCut;
    impl Modify for OnwardsCut {
        fn visible(&self, query: Query, keys: usize) -> std::ops::Range<usize> {
            query.position.min(keys)..keys
        }
    }
    let mut rng = Rng::with_seed(35);
    let problem = Problem::new([20, 9, 5, 6], || 8.0 * rng.f32() - 4.0);
    let expected = bits(&naive(&problem, Attention::of(OnwardsCut)));
    for body in bodies() {
        let output = attend_on(body, &problem, Attention::of(Onwards), 10_000);
        assert_eq!(bits(&output), expected, "{body:?}");
    }
    let mut seen = Recorder::new(Float::<f32>::FORMAT);
    problem.observed(Float::<f32>::FORMAT, Attention::of(Onwards), &mut seen);
    let hidden = |(score, weight): (&f64, &f64)| (*score == f64::NEG_INFINITY) == (*weight == 0.0);
    assert!(seen.masked.iter().zip(&seen.weights).all(hidden));
}

#[test]
fn what_is_not_finite_spoils_the_same_numbers_on_every_body() {
    let mut rng = Rng::with_seed(34);
    for spoiler in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for place in 0..3 {
            let mut problem = Problem::new([20, 21, 4, 5], || rng.f32() - 0.5);
            let matrix = [&mut problem.q, &mut problem.k, &mut problem.v];
            matrix.into_iter().nth(place).expect("three")[30] = spoiler;
            // A NaN has many bits that mean the same.
            let shown = |output: Vec<f32>| {
                let one_nan = |y: f32| {
                    if y.is_nan() {
                        f32::NAN.to_bits()
                    } else {
                        y.to_bits()
                    }
                };
                output.into_iter().map(one_nan).collect::<Vec<_>>()
            };
            let expected = shown(naive(&problem, Attention::CAUSAL));
            for body in bodies() {
                let output = attend_on(body, &problem, Attention::CAUSAL, 10_000);
                assert_eq!(shown(output), expected, "{body:?}");
            }
        }
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_processor_with_vectors_uses_them() {
    let best = if std::arch::is_x86_feature_detected!("avx512f") {
        Body::Avx512
    } else if std::arch::is_x86_feature_detected!("avx2") {
        Body::Avx2
    } else {
        Body::Scalar
    };
    let expected = if cfg!(feature = "std") {
        best
    } else {
        Body::Scalar
    };
    assert_eq!(Body::best(), expected);
    if let Some(name) = chosen_body() {
        assert_eq!(format!("{expected:?}"), name, "this is another processor");
    }
}

#[test]
fn long_rows_do_not_grow_the_stack() {
    /// What every body gets by with, in dev builds too: a thread with less does not start everywhere.
    const STACK_BYTES: usize = 48 << 10;
    let mut rng = Rng::with_seed(37);
    let mut random = |t| Problem::new([t, 50_000, 3, 2], || rng.f32() - 0.5);
    let problems = [1, 4, 33].map(&mut random);
    let check = move || {
        for problem in &problems {
            let cells = fast_scratch_cells(problem.keys, problem.width);
            let expected = bits(&attend_on(Body::Scalar, problem, Attention::FULL, cells));
            for body in bodies() {
                let output = attend_on(body, problem, Attention::FULL, cells);
                assert_eq!(bits(&output), expected, "{body:?}");
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    thread.spawn(check).expect("a thread").join().expect("room");
}
