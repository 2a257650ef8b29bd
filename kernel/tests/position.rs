//! Sinusoidal and rotary positions: the paper's numbers, and what turning keeps.

use std::fmt::Debug;

use fastrand::Rng;
use fixed::types::{I3F5, I4F12};
use kqv::{Pairing, Rotary, RotaryError, Rotate, Sinusoidal};

const PAIRINGS: [Pairing; 2] = [Pairing::Adjacent, Pairing::Halves];

#[test]
fn sinusoidal_positions_are_those_of_the_paper_and_of_the_figure() {
    let check = |arrangement: Sinusoidal, position, expected: [f64; 4]| {
        for (x, expected) in expected.into_iter().enumerate() {
            let value = arrangement.value(position, x, 4);
            let places = if expected.abs() < 0.001 { 1e4 } else { 1e2 };
            assert_eq!((value * places).round() / places, expected);
        }
    };
    check(Sinusoidal::Interleaved, 0, [0.0, 1.0, 0.0, 1.0]);
    check(Sinusoidal::Interleaved, 1, [0.84, 0.54, 0.01, 1.0]);
    check(Sinusoidal::Halves, 0, [0.0, 0.0, 1.0, 1.0]);
    check(Sinusoidal::Halves, 1, [0.84, 0.0001, 0.54, 1.0]);
    check(Sinusoidal::Halves, 2, [0.91, 0.0002, -0.42, 1.0]);
}

#[test]
fn sinusoidal_columns_follow_their_formulas_for_every_width() {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    fn formula(arrangement: Sinusoidal, position: usize, x: usize, columns: usize) -> f64 {
        let (x, half, position) = (x as f64, (columns / 2) as f64, position as f64);
        let angle = |pair: f64, of: f64| position * 10_000_f64.powf(-pair / of);
        match arrangement {
            Sinusoidal::Interleaved if x % 2.0 == 0.0 => angle(x, columns as f64).sin(),
            Sinusoidal::Interleaved => angle(x - 1.0, columns as f64).cos(),
            Sinusoidal::Halves if x < half => angle(x, f64::max(half - 1.0, 1.0)).sin(),
            Sinusoidal::Halves if x < 2.0 * half => {
                angle(x - half, f64::max(half - 1.0, 1.0)).cos()
            }
            Sinusoidal::Halves => 0.0,
        }
    }
    for columns in [1, 2, 3, 4, 5, 64, 511, 512] {
        for arrangement in [Sinusoidal::Interleaved, Sinusoidal::Halves] {
            for position in [0, 1, 20, 4_095] {
                let mut token = vec![0.0_f32; columns];
                arrangement.add(&mut token, position);
                for (x, added) in token.into_iter().enumerate() {
                    let exact = formula(arrangement, position, x, columns);
                    let value = arrangement.value(position, x, columns);
                    assert!((value - exact).abs() < 1e-12, "{value} {exact}");
                    #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
                    let rounded = value as f32;
                    assert_eq!(added, rounded);
                }
                assert_eq!(arrangement.value(position, columns, columns), 0.0);
            }
        }
    }
}

#[test]
fn integers_take_positions_with_one_rounding_and_saturate() {
    let mut rng = Rng::with_seed(31);
    for scale in [1.0 / 4096.0, 0.01, 0.3] {
        let token: Vec<i16> = (0..64).map(|_| rng.i16(..)).collect();
        let mut sum = token.clone();
        Sinusoidal::Interleaved.add_quantized(&mut sum, 7, scale);
        for (x, (sum, token)) in sum.into_iter().zip(token).enumerate() {
            let exact = f64::from(token) + Sinusoidal::Interleaved.value(7, x, 64) / scale;
            let nearest = exact.clamp(-32_768.0, 32_767.0);
            assert!((f64::from(sum) - nearest).abs() <= 0.5);
        }
    }
    let mut ends = [127_i8, 127, -128, -128];
    Sinusoidal::Halves.add_quantized(&mut ends, 2, 0.01); // +91, 0, −42, +100
    assert_eq!(ends, [127, 127, -128, -28]);
}

/// The rotation of the paper in f64, pair by pair.
fn rotated(row: &[f64], width: usize, pairing: Pairing, base: f64, position: f64) -> Vec<f64> {
    let mut turned = row.to_vec();
    for p in 0..width / 2 {
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let angle = position * base.powf(-2.0 * p as f64 / width as f64);
        let [a, b] = match pairing {
            Pairing::Adjacent => [2 * p, 2 * p + 1],
            Pairing::Halves => [p, p + width / 2],
        };
        turned[a] = row[a] * angle.cos() - row[b] * angle.sin();
        turned[b] = row[a] * angle.sin() + row[b] * angle.cos();
    }
    turned
}

/// Holds `law` up against rotary positions of every kind and random rows in −1..1.
fn for_every_rotary(seed: u64, mut law: impl FnMut(Rotary, Pairing, f64, usize, &[f64])) {
    let mut rng = Rng::with_seed(seed);
    for pairing in PAIRINGS {
        for (width, columns) in [(0, 3), (2, 2), (6, 8), (64, 64), (32, 65)] {
            for base in [10_000.0, 500_000.0, 2.5] {
                for position in [0, 1, 31, 2_047, 100_000] {
                    let row: Vec<f64> = (0..columns).map(|_| 2.0 * rng.f64() - 1.0).collect();
                    let rotary = Rotary::new(width, pairing).expect("even");
                    let rotary = rotary.with_base(base).expect("positive");
                    law(rotary, pairing, base, position, &row);
                }
            }
        }
    }
}

#[test]
fn rotary_positions_turn_pairs_as_the_paper_does() {
    let (mut worst_f32, mut worst_f64) = (0.0_f64, 0.0_f64);
    for_every_rotary(32, |rotary, pairing, base, position, row| {
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let turned = rotated(row, rotary.width(), pairing, base, position as f64);
        let mut wide = row.to_vec();
        rotary.rotate(&mut wide, position).unwrap();
        #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
        let mut narrow: Vec<f32> = row.iter().map(|&x| x as f32).collect();
        rotary.rotate(&mut narrow, position).unwrap();
        for ((wide, narrow), exact) in wide.into_iter().zip(narrow).zip(turned) {
            worst_f64 = worst_f64.max((wide - exact).abs());
            worst_f32 = worst_f32.max((f64::from(narrow) - exact).abs());
        }
    });
    assert!(worst_f32 < 1.5e-7, "{worst_f32:e}");
    assert!(worst_f64 < 2e-11, "{worst_f64:e}");
}

#[test]
fn turning_keeps_the_norm_and_turning_back_the_row() {
    let (mut norm, mut back) = (0.0_f64, 0.0_f64);
    for_every_rotary(33, |rotary, _, _, position, row| {
        #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
        let row: Vec<f32> = row.iter().map(|&x| x as f32).collect();
        let length = |row: &[f32]| {
            row.iter()
                .map(|&x| f64::from(x).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        let mut turned = row.clone();
        rotary.rotate(&mut turned, position).unwrap();
        norm = norm.max((length(&turned) / length(&row) - 1.0).abs());
        rotary.rotate_back(&mut turned, position).unwrap();
        for (turned, x) in turned.into_iter().zip(row) {
            back = back.max(f64::from((turned - x).abs()));
        }
    });
    assert!(norm < 1.5e-7, "{norm:e}");
    assert!(back < 2.5e-7, "{back:e}");
}

#[test]
fn a_score_depends_on_the_distance_of_its_tokens_alone() {
    let mut rng = Rng::with_seed(34);
    let mut worst = 0.0_f64;
    for pairing in PAIRINGS {
        let rotary = Rotary::new(64, pairing).unwrap();
        let [q, k] = [(); 2].map(|()| [(); 64].map(|()| 2.0 * rng.f32() - 1.0));
        let score = |query: usize, key: usize| {
            let (mut q, mut k) = (q, k);
            rotary.rotate(&mut q, query).unwrap();
            rotary.rotate(&mut k, key).unwrap();
            let products = q.iter().zip(k).map(|(&q, k)| f64::from(q) * f64::from(k));
            products.sum::<f64>()
        };
        for distance in [0, 1, 5, 100] {
            for key in [1, 10, 1_000, 100_000] {
                let difference = score(key + distance, key) - score(distance, 0);
                worst = worst.max(difference.abs());
            }
        }
    }
    assert!(worst < 5e-7, "{worst:e}");
}

#[test]
fn at_position_zero_and_outside_its_width_nothing_turns() {
    for_every_rotary(35, |rotary, _, _, position, row| {
        let mut turned = row.to_vec();
        rotary.rotate(&mut turned, position).unwrap();
        assert_eq!(turned[rotary.width()..], row[rotary.width()..]);
        turned.copy_from_slice(row);
        rotary.rotate(&mut turned, 0).unwrap();
        assert_eq!(turned, row);
    });
    let mut integers = [i16::MIN, -1, 0, i16::MAX];
    let rotary = Rotary::new(4, Pairing::Adjacent).unwrap();
    rotary.rotate(&mut integers, 0).unwrap();
    assert_eq!(integers, [i16::MIN, -1, 0, i16::MAX]);
}

#[test]
fn both_pairings_are_one_with_the_columns_in_another_order() {
    fn law<N: Rotate + PartialEq + Debug>(mut number: impl FnMut() -> N) {
        let adjacent: Vec<N> = (0..16).map(|_| number()).collect();
        let by_halves = |row: &[N]| {
            let column = |parity: usize| row[..12].iter().skip(parity).step_by(2);
            let rest = &row[12..];
            let joined = column(0).chain(column(1)).chain(rest);
            joined.copied().collect::<Vec<N>>()
        };
        for position in [0, 3, 77, 9_999] {
            let (mut a, mut h) = (adjacent.clone(), by_halves(&adjacent));
            let rotary = |pairing| Rotary::new(12, pairing).unwrap();
            rotary(Pairing::Adjacent).rotate(&mut a, position).unwrap();
            rotary(Pairing::Halves).rotate(&mut h, position).unwrap();
            assert_eq!(by_halves(&a), h);
        }
    }
    let mut rng = Rng::with_seed(36);
    law(|| 8.0 * rng.f32() - 4.0);
    law(|| 8.0 * rng.f64() - 4.0);
    law(|| rng.i16(..));
    law(|| rng.i8(..));
    law(|| I4F12::from_bits(rng.i16(..)));
    law(|| I3F5::from_bits(rng.i8(..)));
}

#[test]
fn integers_turn_with_one_rounding_and_saturate() {
    fn law<I: kqv::Integer + Rotate>(mut any: impl FnMut() -> I, ends: [f64; 2]) -> (f64, usize) {
        let (mut worst, mut saturated) = (0.0_f64, 0);
        for pairing in PAIRINGS {
            for position in [1, 7, 100, 54_321].repeat(50) {
                let row: Vec<I> = (0..64).map(|_| any()).collect();
                let mut turned = row.clone();
                let rotary = Rotary::new(64, pairing).unwrap();
                rotary.rotate(&mut turned, position).unwrap();
                let row: Vec<f64> = row.into_iter().map(Into::into).collect();
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let exact = rotated(&row, 64, pairing, 10_000.0, position as f64);
                for (turned, exact) in turned.into_iter().zip(exact) {
                    let turned: f64 = turned.into();
                    worst = worst.max((turned - exact.clamp(ends[0], ends[1])).abs());
                    saturated += usize::from(exact < ends[0] || exact > ends[1]);
                }
            }
        }
        (worst, saturated)
    }
    let mut rng = Rng::with_seed(37);
    let (worst, saturated) = law(|| rng.i16(..), [-32_768.0, 32_767.0]);
    assert!(worst < 0.5 + 3e-5 && saturated > 500, "{worst} {saturated}");
    let (worst, saturated) = law(|| rng.i8(..), [-128.0, 127.0]);
    assert!(worst < 0.5 + 2e-7 && saturated > 500, "{worst} {saturated}");
}

#[test]
fn a_sentence_says_why_nothing_was_turned() {
    let check = |error: RotaryError, sentence: &str| assert_eq!(error.to_string(), sentence);
    let rotary = Rotary::new(4, Pairing::Halves).unwrap();
    check(
        Rotary::new(3, Pairing::Halves).unwrap_err(),
        "3 columns cannot be turned in pairs: an even number is needed",
    );
    check(
        rotary.with_base(-1.0).unwrap_err(),
        "The base is -1: a positive, finite number is needed",
    );
    assert!(rotary.with_base(f64::NAN).is_err() && rotary.with_base(f64::INFINITY).is_err());
    let mut short = [1.0_f32, 2.0, 3.0];
    check(
        rotary.rotate(&mut short, 1).unwrap_err(),
        "A row has 3 columns: turning its first 4 needs as many",
    );
    assert_eq!(short, [1.0, 2.0, 3.0]);
}
