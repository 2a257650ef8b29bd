//! The bodies of chips have the bits of the naive loop, whatever the numbers and wherever they lie.

use fastrand::Rng;
use kqv::{Attention, Body, Float, Mask, Qkv, View, attend_view_on};

use crate::support::Problem;

const CHIPS: [Body; 3] = [Body::Soft, Body::Quads, Body::Assembly];

/// Numbers of one kind: usual ones, or such as arithmetic may get wrong.
fn number(kind: usize, rng: &mut Rng) -> f32 {
    let usual = 4.0 * rng.f32() - 2.0;
    let bits = |exponent: u32, fraction: u32, rng: &mut Rng| {
        f32::from_bits(u32::from(rng.bool()) << 31 | exponent << 23 | fraction)
    };
    match (kind, rng.u8(..16)) {
        (1, 0..8) => [0.0, -0.0, 1.0, -1.0][rng.usize(..4)],
        (2, _) => bits(rng.u32(100..150), rng.u32(..1 << 23), rng), // far apart
        (3, 0) => bits(rng.u32(..256), rng.u32(..1 << 23), rng),    // subnormal, infinite, NaN
        (4, _) => bits(rng.u32(125..130), rng.u32(..4), rng),       // ties
        (5, _) => usual * 1e-12,
        (6, _) => usual * 20.0, // weights that vanish
        _ => usual,
    }
}

/// Any NaN as one.
fn bits(values: &[f32]) -> Vec<u32> {
    let bits = |y: &f32| if y.is_nan() { f32::NAN } else { *y }.to_bits();
    values.iter().map(bits).collect()
}

#[track_caller]
fn check(qkv: Qkv<'_, f32>, attention: Attention, cells: usize) {
    let output_on = |body| {
        let mut scratch = vec![0.0; cells];
        let mut output = vec![7.0; qkv.q().rows() * qkv.v().columns()];
        let format = Float::<f32>::FORMAT;
        attend_view_on(body, format, qkv, attention, &mut scratch, &mut output, ())
            .expect("the shapes fit");
        bits(&output)
    };
    let expected = output_on(Body::Scalar);
    for body in CHIPS {
        assert_eq!(output_on(body), expected, "{body:?}");
    }
}

#[test]
fn any_numbers_have_the_bits_of_the_naive_loop() {
    let mut rng = Rng::with_seed(71);
    for round in 0..7_000 {
        let [t, s, d, e] = [10, 19, 13, 18].map(|end| rng.usize(..end));
        let mut problem = Problem::new([t, s, d, e], || number(round % 7, &mut rng));
        let kind = rng.usize(..7);
        problem.v.fill_with(|| number(kind, &mut rng));
        let attention = Attention {
            offset: rng.usize(..5),
            ..Attention::of([Mask::None, Mask::Causal][rng.usize(..2)])
        };
        let cells = [s, 4 * s, 4 * (s + d)][rng.usize(..3)];
        check(problem.qkv(), attention, cells);
    }
}

#[test]
fn a_cache_that_has_slid_has_the_bits_of_one_that_has_not() {
    let mut rng = Rng::with_seed(72);
    let mut rows = || -> [[f32; 9]; 13] {
        std::array::from_fn(|_| std::array::from_fn(|_| 4.0 * rng.f32() - 2.0))
    };
    let (q, k, v) = (rows(), rows(), rows());
    for cut in 0..=13 {
        let pieces = |rows| -> View<'_, f32> {
            let (head, tail): (&[[f32; 9]], _) = <[_]>::split_at(rows, cut);
            View::in_two_pieces(head, tail)
        };
        let qkv = Qkv::new(View::from(&q), pieces(&k), pieces(&v)).expect("the shapes fit");
        for cells in [13, 4 * 13] {
            check(qkv, Attention::CAUSAL, cells);
        }
    }
}

#[test]
fn a_row_of_values_with_weight_zero_takes_no_part_whatever_is_in_it() {
    for spoiler in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-45] {
        let mut problem = Problem::new([5, 6, 1, 9], || 1.0);
        problem.k[3] = -200.0; // e^−201 is zero
        problem.v[3 * 9..][..9].fill(spoiler);
        check(problem.qkv(), Attention::FULL, 4 * 7);
        let output = problem.attend(Float::<f32>::FORMAT, Attention::FULL);
        assert_eq!(output, [1.0; 5 * 9]);
    }
}
