//! What holds for every input: the naive loop's bits, one result however it is computed, and the identities of attention.

use std::fmt::Debug;

use crate::support::{Exact, Problem, Recorder, bits, naive};
use fastrand::Rng;
use fixed::types::{I3F5, I4F12};
use kqv::{
    Alibi, Allowed, Attention, Bias, CacheFull, Float, Format, Integer, KvCache, Mask, Modify,
    Number, Quantized, Query, RealKeys, Scale, Score, Softcap, View, Window, attend, quantize,
};

/// Random problems of every shape up to 40 in each size, with both masks.
fn random_problems(seed: u64) -> impl Iterator<Item = (Problem<f32>, Attention)> {
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
fn integers<I: Integer>(problem: &Problem<f32>, fraction_bits: i32) -> (Problem<I>, Quantized<I>) {
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
        $law(problem, Float::<f32>::FORMAT);
        $law(&problem.map(f64::from), Float::<f64>::FORMAT);
        let (narrow, format) = integers::<i16>(problem, 12);
        $law(&narrow, format);
        let (narrow, format) = integers::<i8>(problem, 5);
        $law(&narrow, format);
    }};
}

#[test]
fn f32_has_the_bits_of_the_naive_loop() {
    for (problem, attention) in random_problems(1) {
        let output = problem.attend(Float::<f32>::FORMAT, attention);
        assert_eq!(bits(&output), bits(&naive(&problem, attention)));
    }
}

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

/// Every kind of mask at once, each on or off.
type Anything<'a> = (
    (Mask, Option<Window>),
    (
        Option<RealKeys>,
        (Option<Allowed<'a>>, (Option<Bias<'a>>, Option<Alibi>)),
    ),
);

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

#[test]
fn any_finite_scale_is_taken_zero_and_negative_ones_too() {
    for factor in [0.0, -0.25, 1e-30, 1e3, -1e30] {
        let scale = Scale::new(factor).unwrap();
        for (problem, attention) in random_problems(2).take(50) {
            let attention = Attention { scale, ..attention };
            let output = problem.attend(Float::<f32>::FORMAT, attention);
            assert_eq!(bits(&output), bits(&naive(&problem, attention)));

            let (integers, format) = integers::<i16>(&problem, 12);
            let real = integers.map(|x| f64::from(x) / 4096.0);
            let exact = Exact::of(&real, attention).output;
            for (y, exact) in integers.attend(format, attention).iter().zip(exact) {
                let error = (f64::from(*y) - exact * 4096.0).abs();
                assert!(error < 0.51, "scale {factor}: {error} units");
            }
        }
    }
}

#[test]
fn prefill_chunks_and_single_queries_give_the_same_bits() {
    fn law<F: Format<Element: PartialEq + Debug>>(problem: &Problem<F::Element>, format: F) {
        let whole = problem.attend(format, Attention::CAUSAL);
        for chunk in [1, 2, 7] {
            let mut joined = Vec::new();
            for (block, q) in problem.q.chunks(chunk * problem.width).enumerate() {
                // Keys that are still to come are not there yet.
                let offset = block * chunk;
                let queries = q.len() / problem.width;
                let keys = offset + queries;
                let part = Problem {
                    queries,
                    keys,
                    q: q.to_vec(),
                    k: problem.k[..keys * problem.width].to_vec(),
                    v: problem.v[..keys * problem.value_width].to_vec(),
                    ..*problem
                };
                let attention = Attention {
                    offset,
                    ..Attention::CAUSAL
                };
                joined.extend(part.attend(format, attention));
            }
            assert_eq!(joined, whole);
        }
    }
    let mut rng = Rng::with_seed(3);
    for s in [1, 2, 17, 40] {
        let problem = Problem::new([s, s, 9, 5], || 8.0 * rng.f32() - 4.0);
        in_every_format!(problem, law);
    }
}

/// Q, K and V of `T` tokens as arrays, and the same as a problem.
type Arrays<N> = ([[N; 8]; 12], [[N; 8]; 12], [[N; 3]; 12]);

fn arrays<N: Copy>(mut number: impl FnMut() -> N) -> (Arrays<N>, Problem<N>) {
    let q = [(); 12].map(|()| [(); 8].map(|()| number()));
    let k = [(); 12].map(|()| [(); 8].map(|()| number()));
    let v = [(); 12].map(|()| [(); 3].map(|()| number()));
    let problem = Problem {
        queries: 12,
        keys: 12,
        width: 8,
        value_width: 3,
        q: q.as_flattened().to_vec(),
        k: k.as_flattened().to_vec(),
        v: v.as_flattened().to_vec(),
    };
    ((q, k, v), problem)
}

#[test]
fn arrays_views_and_the_cache_give_the_same_bits() {
    fn law<N: Number + PartialEq + Debug>(number: impl FnMut() -> N) {
        let ((q, k, v), problem) = arrays(number);
        for attention in [Attention::FULL, Attention::CAUSAL] {
            let output = attend(&q, &k, &v, attention, ());
            assert_eq!(output.as_flattened(), problem.attend(N::FORMAT, attention));
        }
        let causal = attend(&q, &k, &v, Attention::CAUSAL, ());
        let mut cache = KvCache::<N, 8, 3, 12>::new();
        for i in 0..12 {
            cache.push(&k[i], &v[i]).unwrap();
            assert_eq!(cache.attend(&q[i], Scale::default(), ()), causal[i]);
        }
        assert_eq!(cache.push(&k[0], &v[0]), Err(CacheFull { capacity: 12 }));
        assert_eq!(cache.attend(&q[11], Scale::default(), ()), causal[11]);
    }
    let mut rng = Rng::with_seed(4);
    law(|| 8.0 * rng.f32() - 4.0);
    law(|| 8.0 * rng.f64() - 4.0);
    law(|| I4F12::from_bits(rng.i16(..)));
    law(|| I3F5::from_bits(rng.i8(..)));
}

#[test]
fn a_q_format_is_a_run_time_scale_known_at_compile_time() {
    let mut rng = Rng::with_seed(5);
    let (_, problem) = arrays(|| I4F12::from_bits(rng.i16(..)));
    let (_, format) = integers::<i16>(&Problem::new([0; 4], || 0.0), 12);
    let from_types = problem.attend(I4F12::FORMAT, Attention::CAUSAL);
    let from_integers = problem
        .map(I4F12::to_bits)
        .attend(format, Attention::CAUSAL);
    assert_eq!(
        from_types,
        from_integers
            .into_iter()
            .map(I4F12::from_bits)
            .collect::<Vec<_>>()
    );
}

#[test]
fn one_visible_key_returns_its_value_exactly() {
    fn law<F: Format<Element: PartialEq + Debug>>(problem: &Problem<F::Element>, format: F) {
        let e = problem.value_width;
        assert_eq!(
            problem.attend(format, Attention::CAUSAL)[..e],
            problem.v[..e]
        );
    }
    for (problem, _) in random_problems(6).filter(|(problem, _)| problem.queries * problem.keys > 0)
    {
        in_every_format!(problem, law);
    }
}

#[test]
fn a_query_without_keys_gives_zero() {
    fn law<F: Format<Element: PartialEq + Debug>>(problem: &Problem<F::Element>, format: F) {
        for attention in [Attention::FULL, Attention::CAUSAL] {
            assert!(
                problem
                    .attend(format, attention)
                    .iter()
                    .all(|&y| y == F::ZERO)
            );
        }
    }
    let problem = Problem::new([3, 0, 4, 5], || 1.0);
    in_every_format!(problem, law);
    let cache = KvCache::<f32, 2, 2, 4>::new();
    assert_eq!(cache.attend(&[1.0, 2.0], Scale::default(), ()), [0.0, 0.0]);
}

#[test]
fn integers_do_not_care_about_the_order_of_keys_or_a_shift_of_all_scores() {
    fn law<I: Integer + PartialEq + Debug + From<i8>>(problem: &Problem<f32>, fraction_bits: i32) {
        let mut rng = Rng::with_seed(7);
        let (problem, format) = integers::<I>(problem, fraction_bits);
        let output = problem.attend(format, Attention::FULL);

        let mut order: Vec<usize> = (0..problem.keys).collect();
        rng.shuffle(&mut order);
        let reordered = |rows: &[I], width: usize| {
            let row = |&j: &usize| rows[j * width..(j + 1) * width].to_vec();
            order.iter().flat_map(row).collect()
        };
        let permuted = Problem {
            q: problem.q.clone(),
            k: reordered(&problem.k, problem.width),
            v: reordered(&problem.v, problem.value_width),
            ..problem
        };
        assert_eq!(permuted.attend(format, Attention::FULL), output);

        // One more column, the same in every key, adds the same to every score of a query.
        let widened = |rows: &[I], last: i8| {
            let widen = |row: &[I]| [row, &[last.into()]].concat();
            rows.chunks(problem.width).flat_map(widen).collect()
        };
        let shifted = Problem {
            width: problem.width + 1,
            q: widened(&problem.q, 113),
            k: widened(&problem.k, -101),
            v: problem.v.clone(),
            ..problem
        };
        let scale = Scale::new(Scale::default().factor(problem.width)).unwrap();
        let attention = Attention {
            scale,
            ..Attention::FULL
        };
        assert_eq!(shifted.attend(format, attention), output);
    }
    for (problem, _) in random_problems(8).filter(|(problem, _)| problem.width > 0) {
        law::<i16>(&problem, 12);
        law::<i8>(&problem, 5);
    }
}

#[test]
fn equal_keys_average_the_values_also_on_long_rows() {
    fn law<I: Integer>(keys: usize, value: impl FnMut() -> I) {
        let mut problem = Problem::new([1, keys, 0, 1], value);
        problem.q.clear();
        let format = Quantized::<I>::from_fraction_bits(0, 0, 0).unwrap();
        let output: f64 = problem.attend(format, Attention::FULL)[0].into();
        let sum: f64 = problem.v.iter().map(|&v| Into::<f64>::into(v)).sum();
        #[expect(clippy::cast_precision_loss, reason = "65,536 at most")]
        let mean = sum / keys as f64;
        assert!(
            (output - mean).abs() <= 0.5,
            "{keys} keys: {output}, mean {mean}"
        );
    }
    let mut rng = Rng::with_seed(9);
    for keys in [1, 2, 3, 400, 512, 4_096, 65_536] {
        law::<i16>(keys, || rng.i16(..));
        law::<i8>(keys, || rng.i8(..));
    }
}

#[test]
fn nan_in_a_query_spoils_its_own_row_only() {
    let mut rng = Rng::with_seed(10);
    for spoiler in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let problem = Problem::new([5, 6, 4, 3], || rng.f32() - 0.5);
        let mut spoilt = problem.clone();
        spoilt.q[2 * 4 + 1] = spoiler;
        let good = problem.attend(Float::<f32>::FORMAT, Attention::FULL);
        let bad = spoilt.attend(Float::<f32>::FORMAT, Attention::FULL);
        for (i, (good, bad)) in good.chunks(3).zip(bad.chunks(3)).enumerate() {
            if i == 2 {
                assert!(bad.iter().all(|y| y.is_nan()));
            } else {
                assert_eq!(bits(good), bits(bad));
            }
        }
    }
}
