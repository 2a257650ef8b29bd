//! Projections: the naive loop's bits for floats, the exact sum rounded once for integers.

use fastrand::Rng;
use kqv::{Arithmetic, Integer, Linear, Merge, Rescale, Split, W8A16};

use crate::support::bits;

/// The specification: left to right, multiply then add, the bias last.
fn naive(weights: &[f32], bias: Option<f32>, x: &[f32]) -> f32 {
    let mut y = 0.0;
    for (weight, x) in weights.iter().zip(x) {
        y += weight * x;
    }
    bias.map_or(y, |bias| y + bias)
}

/// The widest row of i8, and the lowest.
static LOW: [[i8; 65_536]; 1] = [[-128; 65_536]; 1];
static ZEROS: [i8; 65_536] = [0; 65_536];

fn rescale(x: f64, weight: f64, y: f64) -> Rescale {
    Rescale::new(x, weight, y).expect("positive")
}

fn array<N, const L: usize>(mut number: impl FnMut() -> N) -> [N; L] {
    [(); L].map(|()| number())
}

#[test]
fn f32_has_the_bits_of_the_naive_loop_with_the_bias_last() {
    let mut rng = Rng::with_seed(41);
    let mut number = || 8.0 * rng.f32() - 4.0;
    for _ in 0..100 {
        let weights: [[f32; 33]; 7] = array(|| array(&mut number));
        let bias: [f32; 7] = array(&mut number);
        let x: [f32; 33] = array(&mut number);
        let linear = Linear::<f32, 33, 7>::new(&weights);
        let expected: Vec<f32> = weights.iter().map(|row| naive(row, None, &x)).collect();
        assert_eq!(bits(&linear.apply(&x)), bits(&expected));
        let rows = weights.iter().zip(bias);
        let expected: Vec<f32> = rows.map(|(row, b)| naive(row, Some(b), &x)).collect();
        assert_eq!(bits(&linear.with_bias(&bias).apply(&x)), bits(&expected));
    }
}

#[test]
fn identity_weights_return_the_input() {
    fn law<A: Arithmetic<Element: PartialEq + std::fmt::Debug>>(
        linear: impl Fn(&[[A::Weight; 9]; 9]) -> Linear<'_, A, 9, 9>,
        [zero, one]: [A::Weight; 2],
        number: impl FnMut() -> A::Element,
    ) {
        let mut weights = [[zero; 9]; 9];
        for (i, row) in weights.iter_mut().enumerate() {
            row[i] = one;
        }
        let x = array(number);
        assert_eq!(linear(&weights).apply(&x), x);
    }
    let mut rng = Rng::with_seed(42);
    for _ in 0..100 {
        law::<f32>(|weights| Linear::new(weights), [0.0, 1.0], || rng.f32());
        law::<f64>(|weights| Linear::new(weights), [0.0, 1.0], || rng.f64());
        // 100 stands for one.
        let same = rescale(0.3, 0.01, 0.3);
        law::<i8>(|w| Linear::quantized(w, same), [0, 100], || rng.i8(..));
        law::<i16>(|w| Linear::quantized(w, same), [0, 100], || rng.i16(..));
        law::<W8A16>(|w| Linear::quantized(w, same), [0, 100], || rng.i16(..));
    }
}

#[test]
fn integers_are_the_exact_sum_rounded_once() {
    /// The factor as `mantissa · 2^-shift` with 31 bits of mantissa, and the quotient in i128.
    fn rounded(sum: i128, factor: f64, [min, max]: [i128; 2]) -> i128 {
        let mut shift = 0;
        let mut mantissa = factor;
        while mantissa < 1_073_741_824.0 {
            mantissa *= 2.0;
            shift += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "2^30 to 2^31")]
        let mantissa = (mantissa + 0.5).floor() as i128;
        let size = (2 * sum.abs() * mantissa + (1 << shift)) >> (shift + 1);
        (size * sum.signum()).clamp(min, max)
    }

    fn law<A, W>(mut weight: impl FnMut() -> W, mut x: impl FnMut() -> A::Element, seed: u64)
    where
        A: Arithmetic<Weight = W, Rescale = Rescale, Element: Integer, Bias: TryFrom<i64>>,
        W: Integer,
    {
        let integer = |x: A::Element| -> i128 { Into::<i64>::into(x).into() };
        let ends = if size_of::<A::Element>() == 1 {
            [-128, 127]
        } else {
            [-32_768, 32_767]
        };
        let mut rng = Rng::with_seed(seed);
        let mut inside = 0;
        for _ in 0..2_000 {
            let weights: [[W; 300]; 2] = array(|| array(&mut weight));
            let x: [A::Element; 300] = array(&mut x);
            let offset = rng.i64(-1_000_000..1_000_000);
            let bias: [A::Bias; 2] = array(|| A::Bias::try_from(offset).ok().expect("fits"));
            let scales = [(); 3].map(|()| 2.0_f64.powf(20.0 * rng.f64() - 10.0));
            let [x_scale, weight_scale, y_scale] = scales;
            let y_scale = y_scale * 100.0;
            let rescale = rescale(x_scale, weight_scale, y_scale);
            let linear = Linear::<A, 300, 2>::quantized(&weights, rescale).with_bias(&bias);
            for (row, y) in weights.iter().zip(linear.apply(&x)) {
                let products = row.iter().zip(&x).map(|(&weight, &x)| {
                    let weight: i64 = weight.into();
                    i128::from(weight) * integer(x)
                });
                let sum = products.sum::<i128>() + i128::from(offset);
                let factor = x_scale * weight_scale / y_scale;
                assert_eq!(integer(y), rounded(sum, factor, ends), "{sum} · {factor}");
                // 31 bits are so many that the real product is nearest too, but for near ties.
                #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                let [real, y, min, max] =
                    [sum, integer(y), ends[0], ends[1]].map(|integer| integer as f64);
                let error = (y - (real * factor).clamp(min, max)).abs();
                assert!(error < 0.5 + 8e-6, "{error}");
                inside += usize::from(y > min && y < max);
            }
        }
        assert!((500..3_900).contains(&inside), "{inside} of 4,000 inside");
    }
    let mut rng = Rng::with_seed(43);
    let mut other = Rng::with_seed(44);
    law::<i8, i8>(|| rng.i8(..), || other.i8(..), 45);
    law::<i16, i16>(|| rng.i16(..), || other.i16(..), 46);
    law::<W8A16, i8>(|| rng.i8(..), || other.i16(..), 47);
}

#[test]
fn rounding_is_to_the_nearest_with_halves_away_from_zero() {
    let half = rescale(1.0, 0.5, 1.0);
    let sums = [-5, -4, -3, -1, 0, 1, 2, 3, 5];
    assert_eq!(
        sums.map(|sum| half.apply::<i8>(sum)),
        [-3, -2, -2, -1, 0, 1, 1, 2, 3]
    );
}

#[test]
fn what_lies_beyond_the_range_becomes_its_end() {
    let same = rescale(1.0, 1.0, 1.0);
    let check = |sum, narrow: i8, wide: i16| {
        assert_eq!(
            (same.apply::<i8>(sum), same.apply::<i16>(sum)),
            (narrow, wide)
        );
    };
    check(127, 127, 127);
    check(128, 127, 128);
    check(-128, -128, -128);
    check(-129, -128, -129);
    check(i64::MAX, 127, 32_767);
    check(i64::MIN, -128, -32_768);

    // Sums at the end of what was proven, and a bias at the end of i32 and i64.
    let linear = Linear::<i8, 65_536, 1>::quantized(&LOW, rescale(1.0, 0.5_f64.powi(24), 1.0));
    assert_eq!(linear.apply(&LOW[0]), [64]); // 2^30 / 2^24
    let linear = linear.with_bias(&[i32::MAX]);
    assert_eq!(linear.apply(&ZEROS), [127]);
    assert_eq!(linear.apply(&LOW[0]), [127]);

    let weights = [[i16::MIN; 512]];
    let linear = Linear::<i16, 512, 1>::quantized(&weights, same);
    assert_eq!(linear.with_bias(&[i64::MAX]).apply(&weights[0]), [32_767]);
    assert_eq!(
        linear.with_bias(&[i64::MIN]).apply(&[32_767; 512]),
        [-32_768]
    );
    let weights = [[i8::MIN; 512]];
    let tiny = rescale(1.0, 0.5_f64.powi(17), 1.0);
    let linear = Linear::<W8A16, 512, 1>::quantized(&weights, tiny);
    assert_eq!(linear.apply(&[i16::MIN; 512]), [16_384]); // 2^31 / 2^17
}

#[test]
fn scales_of_any_size_are_taken_and_others_named() {
    assert_eq!(rescale(1e-300, 1e-300, 1.0).apply::<i8>(i64::MAX), 0);
    assert_eq!(rescale(1e300, 1e300, 1e-300).apply::<i8>(0), 0);
    assert_eq!(rescale(1e300, 1e300, 1e-300).apply::<i8>(-1), -128);
    let wrong = Rescale::new(1.0, 0.0, 1.0).unwrap_err();
    let sentence = "The scale of W is 0: a positive, finite number is needed";
    assert_eq!(wrong.to_string(), sentence);
    assert!(Rescale::new(1.0, 1.0, f64::NAN).is_err());
}

#[test]
fn eight_bit_weights_give_the_bits_of_the_same_weights_in_sixteen() {
    let mut rng = Rng::with_seed(48);
    for _ in 0..100 {
        let narrow: [[i8; 600]; 3] = array(|| array(|| rng.i8(..)));
        let wide = narrow.map(|row| row.map(i16::from));
        let bias = array(|| rng.i64(-1_000..1_000));
        let x = array(|| rng.i16(..));
        let rescale = rescale(0.01, 0.02, 0.5);
        let narrow = Linear::<W8A16, 600, 3>::quantized(&narrow, rescale).with_bias(&bias);
        let wide = Linear::<i16, 600, 3>::quantized(&wide, rescale).with_bias(&bias);
        assert_eq!(narrow.apply(&x), wide.apply(&x));
    }
}

#[test]
fn splitting_and_merging_read_the_weights_as_one_matrix() {
    let mut rng = Rng::with_seed(49);
    let mut number = || 8.0 * rng.f32() - 4.0;
    for _ in 0..50 {
        let weights: [[f32; 12]; 12] = array(|| array(&mut number));
        let bias: [f32; 12] = array(&mut number);
        let x: [f32; 12] = array(&mut number);
        let whole = Linear::<f32, 12, 12>::new(&weights).with_bias(&bias);
        let expected = bits(&whole.apply(&x));

        // Three heads of four.
        let by_head: [[[f32; 12]; 4]; 3] = array_of_rows(&weights);
        let head_bias: [[f32; 4]; 3] = array_of_rows(&bias);
        let split = Split::<f32, 12, 3, 4>::new(&by_head).with_bias(&head_bias);
        let heads = split.heads().map(|head| head.apply(&x));
        assert_eq!(bits(&heads.flatten().collect::<Vec<_>>()), expected);

        let by_head: [[[f32; 4]; 3]; 12] = weights.map(|row| array_of_rows(&row));
        let merge = Merge::<f32, 3, 4, 12>::new(&by_head).with_bias(&bias);
        let heads: [[f32; 4]; 3] = array_of_rows(&x);
        assert_eq!(bits(&merge.apply(heads.each_ref())), expected);
    }
}

/// Twelve rows as three times four.
fn array_of_rows<N: Copy>(rows: &[N; 12]) -> [[N; 4]; 3] {
    [0, 4, 8].map(|first| [0, 1, 2, 3].map(|row| rows[first + row]))
}
