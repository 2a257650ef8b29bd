//! What attention is, whatever the numbers: one key, equal keys, other orders, shifted scores, no key.

use std::fmt::Debug;

use fastrand::Rng;
use kqv::{
    Attention, FineOutput, Float, Format, Integer, KvCache, Modify, Quantized, Query, Scale, Score,
};

use crate::support::{Problem, bits, in_every_format, integers, random_problems};

#[test]
fn one_visible_key_returns_its_value_exactly() {
    fn law<F>(problem: &Problem<F::Element>, format: F)
    where
        F: Format<Element: PartialEq + Debug, Output = <F as Format>::Element>,
    {
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
    fn law<F: Format<Output: PartialEq + Debug>>(problem: &Problem<F::Element>, format: F) {
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
    let (narrow, format) = integers::<i8>(&problem, 5);
    law(&narrow, FineOutput::of(format));
    let cache = KvCache::<f32, 2, 2, 4>::new();
    assert_eq!(
        cache.attend(&[[1.0, 2.0]], Attention::CAUSAL, ()),
        [[0.0, 0.0]]
    );
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

/// A sum of `terms` numbers of size up to `size`, in whatever order, is off by at most this in f32.
#[expect(clippy::cast_precision_loss, reason = "65,536 at most")]
fn summation(terms: usize, size: f64) -> f64 {
    terms as f64 * size * f64::from(f32::EPSILON) / 2.0
}

#[test]
fn f32_cares_about_the_order_of_keys_no_more_than_its_sums_do() {
    let mut rng = Rng::with_seed(20);
    for keys in [2, 17, 128, 512, 4_096] {
        let problem = Problem::new([2, keys, 8, 3], || 2.0 * rng.f32() - 1.0);
        let backwards = |rows: &[f32], width| rows.chunks(width).rev().flatten().copied().collect();
        let reversed = Problem {
            k: backwards(&problem.k, 8),
            v: backwards(&problem.v, 3),
            ..problem.clone()
        };
        let format = Float::<f32>::FORMAT;
        let output = problem.attend(format, Attention::FULL);
        for (a, b) in reversed
            .attend(format, Attention::FULL)
            .into_iter()
            .zip(output)
        {
            let error = (f64::from(a) - f64::from(b)).abs();
            assert!(error <= summation(keys, 2.0), "{keys} keys: {error}");
        }
    }
}

#[test]
fn f32_cares_about_a_shift_of_all_scores_no_more_than_their_digits_do() {
    /// Adds the same to every score.
    #[derive(Clone, Copy)]
    struct Shift(f64);
    impl Modify for Shift {
        const CHANGES: bool = true;
        fn change<N: Score>(&self, score: N, _: Query, _: usize) -> Option<N> {
            Some(score + N::from_real(self.0))
        }
    }
    let mut rng = Rng::with_seed(21);
    let problem = Problem::new([4, 64, 8, 3], || 2.0 * rng.f32() - 1.0);
    let format = Float::<f32>::FORMAT;
    let output = problem.attend(format, Attention::FULL);
    for shift in [1.0, -100.0, 1000.0] {
        // Every score is rounded to the digits that `shift` leaves, and e^x is off by that share.
        let bound = 2.0 * summation(2, shift) + summation(64, 1.0);
        let shifted = problem.attend(format, Attention::of(Shift(shift)));
        for (a, b) in shifted.into_iter().zip(&output) {
            let error = (f64::from(a) - f64::from(*b)).abs();
            assert!(error <= bound.abs(), "{shift}: {error}");
        }
    }
    // In fixed point the same shift changes no bit.
    let (problem, format) = integers::<i16>(&problem, 12);
    let unshifted = problem.attend(format, Attention::of(Shift(0.0)));
    for shift in [1.0, -100.0, 1000.0] {
        assert_eq!(
            problem.attend(format, Attention::of(Shift(shift))),
            unshifted
        );
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

        let problem = Problem::new([1, keys, 1, 1], || 1.0_f32);
        let problem = Problem {
            v: problem.v.iter().map(|_| rng.f32()).collect(),
            ..problem
        };
        let output = f64::from(problem.attend(Float::<f32>::FORMAT, Attention::FULL)[0]);
        #[expect(clippy::cast_precision_loss, reason = "65,536 at most")]
        let mean = problem.v.iter().copied().map(f64::from).sum::<f64>() / keys as f64;
        assert!(
            (output - mean).abs() <= summation(keys + 2, 1.0),
            "{keys} keys"
        );
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
