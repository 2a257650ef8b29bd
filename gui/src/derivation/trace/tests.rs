//! A small query on its way.

use kqv::{Attention, Float, Quantized};

use super::*;

const JOB: Job<'_> = Job {
    q: &[1.0, 0.5, -2.0],
    k: &[1.0, 2.0, 0.25, -1.0, 1.0, 0.5, 0.5, 0.5, 0.5],
    v: &[1.0, -1.0, 0.5, 2.0, -0.25, 0.75],
    keys: 3,
    width: 3,
    value_width: 2,
    attention: Attention::FULL,
    alibi: None,
};

#[test]
fn the_terms_of_a_dot_product_lead_to_its_score() {
    let single = watch(Float::<f32>::FORMAT, &JOB, 1).unwrap();
    assert_eq!(single.dots, [-1.0, -0.5, -1.5]);
    assert!((single.dots[2] * single.scale - single.raw[1]).abs() < 1e-7);
    assert_eq!(single.integers, None);
    let bytes = watch(
        Quantized::<i8>::from_fraction_bits(4, 4, 5).unwrap(),
        &JOB,
        1,
    )
    .unwrap();
    assert_eq!(bytes.dots, single.dots);
    assert_eq!(bytes.integers.unwrap().dots, [384, -384, -64]);
}

#[test]
fn once_the_last_key_is_mixed_in_the_output_is_whole() {
    let format = Quantized::<i16>::from_fraction_bits(10, 10, 11).unwrap();
    for trace in [
        watch(Float::<f32>::FORMAT, &JOB, 2).unwrap(),
        watch(Float::<f64>::FORMAT, &JOB, 2).unwrap(),
        watch(format, &JOB, 2).unwrap(),
    ] {
        assert_eq!(trace.so_far, trace.output);
        assert!((trace.weights.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    }
    let causal = Job {
        attention: Attention {
            offset: 1,
            ..Attention::CAUSAL
        },
        ..JOB
    };
    let trace = watch(format, &causal, 2).unwrap();
    assert_eq!(trace.so_far, trace.output, "two of three keys");
    let first = watch(format, &JOB, 0).unwrap();
    assert!((first.so_far[0] - first.weights[0] * first.v[0]).abs() < 2.0_f64.powi(-11));
}

#[test]
fn the_exponents_are_those_that_the_weights_came_from() {
    let format = Quantized::<i16>::from_fraction_bits(10, 10, 11).unwrap();
    let integers = watch(format, &JOB, 0).unwrap().integers.unwrap();
    assert!(integers.exponents.iter().all(Option::is_some));
    assert_eq!(integers.exponents[0], Some(0));
    assert_eq!(
        integers.sum,
        integers
            .weights
            .iter()
            .map(|w| w.cast_unsigned())
            .sum::<u64>()
    );
}

#[test]
fn sums_grow_to_the_sum_and_the_mixing_leads_to_the_output() {
    let words = Quantized::<i16>::from_fraction_bits(10, 10, 11).unwrap();
    let bytes = Quantized::<i8>::from_fraction_bits(4, 4, 5).unwrap();
    for attention in [Attention::FULL, Attention::CAUSAL] {
        let attention = Attention {
            offset: 1,
            ..attention
        };
        let job = Job { attention, ..JOB };
        let single = watch(Float::<f32>::FORMAT, &job, 0).unwrap();
        assert_eq!(single.sums[0], single.exponentials[0]);
        assert_eq!(single.sums[2], single.sum);
        for trace in [
            watch(words, &job, 0).unwrap(),
            watch(bytes, &job, 0).unwrap(),
        ] {
            assert_eq!(trace.sums[2], trace.sum);
            let integers = trace.integers.unwrap();
            assert_eq!(integers.mixing.means, integers.output);
            let total: i64 = integers.mixing.shares.iter().sum();
            assert_eq!(total, i64::from(integers.mixing.total));
        }
    }
}

#[test]
fn a_hidden_key_has_no_score_and_no_weight() {
    let job = Job {
        attention: Attention::CAUSAL,
        ..JOB
    };
    let format = Quantized::<i8>::from_fraction_bits(4, 4, 5).unwrap();
    let trace = watch(format, &job, 2).unwrap();
    assert!(!trace.sees(2));
    assert_eq!(trace.weights, [1.0, 0.0, 0.0]);
    assert_eq!(trace.max(), trace.raw[0]);
    assert_eq!(trace.integers.unwrap().scores[1..], [None, None]);
}
