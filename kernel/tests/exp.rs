//! Both exponentials on every argument there is: the error and the order.

use std::num::NonZero;
use std::thread;

use kqv::{EXP_NEG_END, Exponent, WEIGHT_ONE, exp_neg, exp2_neg_q30};

/// The greatest error and where it is.
type Worst = (f64, f64);

/// Splits `first..=last` over the processors and joins what `check` found in each part.
///
/// Parts overlap by one argument, so that order is checked across their borders too.
fn on_all_processors(first: u32, last: u32, check: fn(u32, u32) -> Worst) -> Worst {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let step = (last - first) / u32::try_from(processors).unwrap_or(1) + 1;
    thread::scope(|scope| {
        let parts: Vec<_> = (first..=last)
            .step_by(step as usize)
            .map(|start| scope.spawn(move || check(start, last.min(start + step))))
            .collect();
        let found = parts
            .into_iter()
            .map(|part| part.join().expect("a check failed"));
        found.fold((0.0, 0.0), |a, b| if a.0 > b.0 { a } else { b })
    })
}

/// One unit of the last place of the f32 numbers around `value`, which is not subnormal.
fn ulp(value: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff << 52;
    f64::from_bits(value.to_bits() & EXPONENT) * f64::from(f32::EPSILON)
}

#[test]
fn exp_neg_is_within_0_881_ulp_and_monotone_on_every_f32() {
    fn check(first: u32, last: u32) -> Worst {
        let mut worst = (0.0, 0.0);
        let mut before = exp_neg(f32::from_bits(first));
        for bits in first..=last {
            let x = f32::from_bits(bits);
            let y = exp_neg(x);
            assert!(y <= before, "exp_neg rises at {x}");
            before = y;
            let exact = libm::exp(f64::from(x));
            let error = (f64::from(y) - exact).abs() / ulp(exact);
            if error > worst.0 {
                worst = (error, x.into());
            }
        }
        worst
    }
    let worst = on_all_processors((-0.0_f32).to_bits(), EXP_NEG_END.to_bits(), check);
    assert!(worst.0 < 0.881, "{worst:?}");
    assert!(
        worst.0 > 0.88,
        "the documented bound can be lowered: {worst:?}"
    );
}

#[test]
fn exp_neg_is_zero_below_its_end_and_has_no_subnormal() {
    let end = EXP_NEG_END.to_bits();
    assert!(exp_neg(EXP_NEG_END) >= f32::MIN_POSITIVE);
    for bits in (end + 1)..=f32::NEG_INFINITY.to_bits() {
        assert_eq!(exp_neg(f32::from_bits(bits)).to_bits(), 0);
    }
}

#[test]
fn exp_neg_of_zero_is_one_and_of_nan_is_nan() {
    assert_eq!(exp_neg(0.0), 1.0);
    assert_eq!(exp_neg(-0.0), 1.0);
    assert!(exp_neg(f32::NAN).is_nan());
}

#[test]
fn exp2_neg_is_within_9e_8_and_monotone_on_every_argument() {
    const WHOLES: u32 = 31;
    /// Takes every whole part of the exponents whose fraction is in `first..=last`.
    fn check(first: u32, last: u32) -> Worst {
        let mut worst = (0.0, 0.0);
        let weights = |fraction| {
            std::array::from_fn(|whole| {
                exp2_neg_q30((u32::try_from(whole).unwrap() << 26) + fraction)
            })
        };
        let mut before: [i32; WHOLES as usize] = weights(first);
        for fraction in first..=last {
            let f = f64::from(fraction) / f64::from(1 << 26);
            let mut exact = libm::exp2(-f) * f64::from(WEIGHT_ONE);
            let row: [i32; WHOLES as usize] = weights(fraction);
            for (before, weight) in before.iter().zip(row) {
                assert!(weight <= *before, "2^-x rises at {f}");
                let error = (f64::from(weight) - exact).abs();
                if error > worst.0 {
                    worst = (error, f);
                }
                exact /= 2.0;
            }
            before = row;
        }
        worst
    }
    let last = (1 << 26) - 1;
    for whole in 0..WHOLES {
        let end_of_octave = exp2_neg_q30((whole << 26) + last);
        assert!(end_of_octave >= exp2_neg_q30((whole + 1) << 26));
    }
    assert_eq!(exp2_neg_q30(0), WEIGHT_ONE);
    assert_eq!(exp2_neg_q30(u32::MAX), 0);
    let worst = on_all_processors(0, last, check);
    assert!(worst.0 < 96.0, "{worst:?}");
    assert!(
        worst.0 > 95.0,
        "the documented bound can be lowered: {worst:?}"
    );
}

#[test]
fn the_exponent_of_a_distance_is_right_to_its_last_bit() {
    let multipliers = [
        0.0, 1e-300, 3e-28, 1e-20, 1e-12, 7.45e-9, 7.46e-9, 1e-6, 0.001, 0.18, 0.99, 1.0, 1.44,
        30.9, 31.0, 31.9, 32.0, 1e9, 1e300,
    ];
    let distances =
        (0..32).flat_map(|bit| [(1_u32 << bit) - 1, 1 << bit, (1 << bit) + (1 << bit) / 3]);
    for distance in distances {
        for multiplier in multipliers {
            let exact = f64::from(distance) * multiplier;
            let x = Exponent::new(multiplier).x_q26(distance);
            if x >= 31 << 26 {
                assert!(exact > 31.0 - 5e-8, "{distance} · {multiplier}");
            } else {
                let error = f64::from(x) - exact * f64::from(1 << 26);
                assert!(error.abs() < 2.1, "{distance} · {multiplier}: {error}");
            }
        }
    }
}
