//! i16 and i8 in tiles of queries have the bits of the plain loops, query by query.

use std::fmt::Debug;

use fastrand::Rng;
use kqv::{
    Attention, Body, FineOutput, Format, Integer, Mask, Modify, Quantized, RealKeys, Scale, Window,
    attend_view_on, fast_scratch_cells,
};

use crate::bodies::bodies;
use crate::masks::under_every_option;
use crate::support::Problem;

/// The output on a certain body, with `cells` of scratch.
fn attend_on<F: Format<Cell = i32>>(
    body: Body,
    format: F,
    problem: &Problem<F::Element>,
    attention: Attention<impl Modify>,
    cells: usize,
) -> Vec<F::Output> {
    let mut scratch = vec![77; cells];
    let mut output = vec![F::ZERO; problem.queries * problem.value_width];
    let qkv = problem.qkv();
    attend_view_on(body, format, qkv, attention, &mut scratch, &mut output, ()).expect("fits");
    output
}

/// [`check_in`] integers with this scale.
fn check<I: Integer + PartialEq + Debug>(
    scale: f64,
    problem: &Problem<I>,
    attention: Attention<impl Modify + Debug>,
) {
    check_in(with_scale::<I>(scale), problem, attention);
}

fn with_scale<I>(scale: f64) -> Quantized<I> {
    Quantized::new(scale, scale, scale).expect("positive")
}

/// Holds every body, with all the scratch that it could want, against the plain loops.
fn check_in<F: Format<Cell = i32>>(
    format: F,
    problem: &Problem<F::Element>,
    attention: Attention<impl Modify + Debug>,
) where
    F::Output: PartialEq + Debug,
{
    let expected = attend_on(Body::Scalar, format, problem, attention, problem.keys);
    for body in bodies() {
        let cells = fast_scratch_cells(problem.keys, problem.width) + 64;
        let output = attend_on(body, format, problem, attention, cells);
        let [t, s, d, e] = [
            problem.queries,
            problem.keys,
            problem.width,
            problem.value_width,
        ];
        assert_eq!(
            output, expected,
            "{body:?}, T {t}, S {s}, D {d}, E {e}, {attention:?}"
        );
    }
}

/// Odd sizes, under masks that cut a tile in every way, with integers from `integer`.
fn check_shapes<I: Integer + PartialEq + Debug>(integer: impl FnMut() -> I) {
    check_shapes_in(with_scale::<I>, integer);
}

/// The same in a format that a scale makes.
fn check_shapes_in<F: Format<Cell = i32>>(
    format: impl Fn(f64) -> F,
    mut integer: impl FnMut() -> F::Element,
) where
    F::Output: PartialEq + Debug,
{
    let around = Window {
        left: Some(2),
        right: Some(3),
    };
    for t in [1, 2, 3, 8, 9, 15, 16, 17, 33] {
        for s in [0, 1, 2, 7, 9, 40] {
            for (d, e) in [(0, 3), (1, 1), (7, 9), (8, 16), (33, 17), (64, 35)] {
                let problem = Problem::new([t, s, d, e], &mut integer);
                for factor in [0.125, -0.5] {
                    let scale = Scale::new(factor).expect("finite");
                    let with = |mask| Attention {
                        scale,
                        offset: 3,
                        ..Attention::of(mask)
                    };
                    check_in(format(0.01), &problem, with((Mask::None, None)));
                    check_in(format(0.01), &problem, with((Mask::Causal, None)));
                    check_in(format(1e-5), &problem, with((Mask::None, Some(around))));
                    check_in(
                        format(0.02),
                        &problem,
                        with((Mask::Causal, Some(Window::last(4)))),
                    );
                }
                check_in(format(0.3), &problem, Attention::of(RealKeys(5)));
            }
        }
    }
}

#[test]
fn tiles_have_the_bits_of_the_plain_loops_at_odd_sizes() {
    let mut rng = Rng::with_seed(41);
    check_shapes(|| rng.i8(..));
    check_shapes(|| rng.i16(..));
    check_shapes_in(|scale| FineOutput::of(with_scale(scale)), || rng.i8(..));
}

#[test]
fn tiles_have_the_bits_of_the_plain_loops_at_the_ends_of_the_range() {
    let mut rng = Rng::with_seed(42);
    check_shapes(|| i8::MIN);
    check_shapes(|| i16::MIN);
    check_shapes(|| if rng.bool() { i8::MIN } else { i8::MAX });
    check_shapes_in(
        |scale| FineOutput::of(with_scale(scale)),
        || if rng.bool() { i8::MIN } else { i8::MAX },
    );
    check_shapes(|| if rng.u8(..8) > 0 { i16::MAX } else { i16::MIN });
    check_shapes(|| if rng.bool() { -i16::MAX } else { i16::MAX });
}

#[test]
fn tiles_have_the_bits_of_the_plain_loops_whatever_the_scale() {
    let mut rng = Rng::with_seed(43);
    let bytes = Problem::new([20, 37, 13, 6], || rng.i8(..));
    let words = Problem::new([20, 37, 13, 6], || rng.i16(..));
    for exponent in -40..20 {
        let scale = 2.0_f64.powi(exponent) * 1.37;
        check(scale, &bytes, Attention::CAUSAL);
        check(scale, &words, Attention::CAUSAL);
    }
}

#[test]
fn tiles_give_way_to_the_rows_for_a_greatest_score_far_above_the_first() {
    let mut rng = Rng::with_seed(44);
    for value_width in [5, 8] {
        let mut problem = Problem::new([20, 30, 64, value_width], || rng.i16(-300..300));
        // One query of a tile meets a key that scores 2^31 steps above the others.
        problem.q[64 * 5..][..64].fill(30_000);
        problem.k[64 * 7..][..64].fill(30_000);
        for scale in [1.0, 1e-3, 1e-5, 1e-7] {
            check(scale, &problem, Attention::FULL);
            check(scale, &problem, Attention::CAUSAL);
        }
    }
}

#[test]
fn tiles_have_the_bits_of_the_plain_loops_where_shares_are_as_large_as_they_can_be() {
    // Two keys alike among 2^17 that are as good as hidden: each has half of everything.
    const KEYS: usize = 1 << 17;
    let mut problem = Problem::new([3, KEYS, 1, 1], || 0_i8);
    problem.q.fill(127);
    problem.v.fill(i8::MIN);
    for live in [0, 1] {
        problem.k[..2].fill(0);
        problem.k[..=live].fill(127);
        check(0.5, &problem, Attention::FULL);
    }
    check(0.5, &problem.map(i16::from), Attention::FULL);
}

#[test]
fn changed_scores_have_the_bits_of_the_plain_loops() {
    under_every_option(45, &mut |problem, attention| {
        #[expect(clippy::cast_possible_truncation, reason = "saturates, as it may")]
        let (words, bytes) = (
            problem.map(|x| (x * 4096.0) as i16),
            problem.map(|x| (x * 32.0) as i8),
        );
        check(1.0 / 4096.0, &words, attention);
        check(1.0 / 32.0, &bytes, attention);
    });
}

#[test]
fn any_scratch_from_one_row_on_gives_the_same_integers() {
    fn law<I: Integer + PartialEq + Debug>(problem: &Problem<I>) {
        let format = Quantized::<I>::new(0.02, 0.02, 0.02).expect("positive");
        let attention = Attention::CAUSAL;
        let expected = attend_on(Body::Scalar, format, problem, attention, problem.keys);
        for cells in problem.keys..900 {
            for body in bodies() {
                let output = attend_on(body, format, problem, attention, cells);
                assert_eq!(output, expected, "{body:?}, {cells} cells");
            }
        }
    }
    let mut rng = Rng::with_seed(46);
    law(&Problem::new([19, 9, 5, 6], || rng.i8(..)));
    law(&Problem::new([19, 9, 5, 6], || rng.i16(..)));
}

#[test]
fn long_rows_of_integers_do_not_grow_the_stack() {
    /// As for f32: a thread with less does not start everywhere.
    const STACK_BYTES: usize = 48 << 10;
    let mut rng = Rng::with_seed(47);
    let bytes = Problem::new([17, 50_000, 3, 2], || rng.i8(..));
    let words = Problem::new([17, 50_000, 3, 2], || rng.i16(..));
    let law = move || {
        check(0.02, &bytes, Attention::FULL);
        check(0.001, &words, Attention::FULL);
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    thread.spawn(law).expect("a thread").join().expect("room");
}
