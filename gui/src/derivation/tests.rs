//! The lines of a small query, as they are read.

use kqv::{Attention, Float, Quantized};

use super::trace::watch;
use super::*;
use crate::recorder::Job;

/// "Thinking" of The Illustrated Transformer, four columns wide: 7 and 6 over √4, times four is 14 and 12.
const JOB: Job<'_> = Job {
    q: &[4.0; 4],
    k: &[1.75, 1.75, 1.75, 1.75, 1.5, 1.5, 1.5, 1.5],
    v: &[1.0, 0.5, -1.0, 2.0],
    keys: 2,
    width: 4,
    value_width: 2,
    attention: Attention::FULL,
    alibi: None,
};

fn lines(trace: &Trace, table: TableKind, most: usize) -> Vec<String> {
    let focus = Selection {
        table,
        query: 0,
        key: 1,
        column: 1,
    };
    let lines = derive(trace, focus, 4, most);
    lines.iter().map(Line::text).collect()
}

#[test]
fn a_weight_in_float_goes_back_to_q_and_k() {
    let trace = watch(Float::<f32>::FORMAT, &JOB, 1).unwrap();
    assert_eq!(
        lines(&trace, TableKind::Weights, 2),
        [
            "q[0] × k[1] = (q[0,0] × k[1,0]) + (q[0,1] × k[1,1]) + … 2 more \
             = (4.0000 × 1.5000) + (4.0000 × 1.5000) + … 2 more = 24.0000",
            "score[0,1] = 24.0000 × 2^−1 = 12.0000",
            "masked[0,1] = 12.0000",
            "e^(score[0,1] − max) = e^(12.0000 − 14.0000) = 0.1353",
            "sum = e^(14.0000 − 14.0000) + e^(12.0000 − 14.0000) = 1.0000 + 0.1353 = 1.1353",
            "weight[0,1] = 0.1353 / 1.1353 = 0.1192",
        ]
    );
}

#[test]
fn an_output_in_integers_is_its_shares_their_sum_and_one_rounding() {
    let format = Quantized::<i8>::from_fraction_bits(4, 5, 5).unwrap();
    let trace = watch(format, &JOB, 1).unwrap();
    let mixing = &trace.integers.as_ref().unwrap().mixing;
    let [first, second] = mixing.shares[..] else {
        panic!("two keys");
    };
    let (mixed, total) = (first * 16 + second * 64, mixing.total);
    let written = lines(&trace, TableKind::Output, FEW);
    assert_eq!(
        written[4..7],
        [
            format!("mixed = ({first} × 16) + ({second} × 64) = {mixed}"),
            format!("integer = round({mixed} / {total}) = 22"),
            "output[0,1] = 22 × 2^−5 = 0.6875".to_owned(),
        ]
    );
    assert_eq!(trace.output[1], 0.6875);
    let words = Quantized::<i16>::from_fraction_bits(10, 10, 11).unwrap();
    let trace = watch(words, &JOB, 1).unwrap();
    let mixing = &trace.integers.as_ref().unwrap().mixing;
    let [first, second] = mixing.shares[..] else {
        panic!("two keys");
    };
    let written = lines(&trace, TableKind::Output, FEW);
    let mixed = mixing.mixed[1];
    assert_eq!(
        written[4..6],
        [
            format!("mixed = (({first} × 1024) >> 16) + (({second} × 4096) >> 16) = {mixed}"),
            format!("integer = ({mixed} + 8193) >> 14 = 1390"),
        ]
    );
}

/// A formula of integers, worked out; none where something is left out or is no integer.
fn worked_out(expression: &Expression) -> Option<i128> {
    use Expression::{Difference, Integer, Left, Product, Quotient, Round, Shift, Sum};
    Some(match expression {
        Integer(integer) => *integer,
        Sum(terms, 0) => terms.iter().map(worked_out).sum::<Option<i128>>()?,
        Product(factors) => factors.iter().map(worked_out).product::<Option<i128>>()?,
        Difference(a, b) => worked_out(a)? - worked_out(b)?,
        Shift(value, bits) => worked_out(value)? >> bits,
        Left(value, bits) => worked_out(value)? << bits,
        Round(quotient) => {
            let Quotient(a, b) = &**quotient else {
                return None;
            };
            let (a, b) = (worked_out(a)?, worked_out(b)?);
            a.signum() * ((2 * a.abs() + b) / (2 * b))
        }
        _ => return None,
    })
}

#[test]
fn every_equals_sign_between_integers_is_exact() {
    let mut random = 1_u64;
    let mut reals = |count: usize, size: f64| -> Vec<f64> {
        let mut next = || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            f64::from(u32::try_from(random >> 33).unwrap()) / 2.0_f64.powi(30) - 1.0
        };
        (0..count).map(|_| size * next()).collect()
    };
    let (keys, width, value_width) = (37, 16, 3);
    let mut signs = 0;
    for size in [0.1, 1.0, 3.9, 40.0] {
        let (q, k) = (reals(width, size), reals(keys * width, size));
        let v = reals(keys * value_width, 3.9);
        for (mask, offset) in [(Attention::FULL, 0), (Attention::CAUSAL, 20)] {
            let attention = Attention { offset, ..mask };
            let (q, k, v) = (&q, &k, &v);
            let job = Job {
                q,
                k,
                v,
                keys,
                width,
                value_width,
                attention,
                alibi: None,
            };
            let bytes = Quantized::<i8>::from_fraction_bits(4, 4, 5).unwrap();
            let words = Quantized::<i16>::from_fraction_bits(9, 12, 13).unwrap();
            for trace in [
                watch(bytes, &job, 1).unwrap(),
                watch(words, &job, 1).unwrap(),
            ] {
                for table in [TableKind::Raw, TableKind::Weights, TableKind::Output] {
                    let focus = Selection {
                        table,
                        query: 0,
                        key: 1,
                        column: 2,
                    };
                    let lines = derive(&trace, focus, width, usize::MAX);
                    let whole = lines
                        .iter()
                        .filter(|line| line.numbers == Numbers::Integers);
                    for line in whole {
                        let last = line.equals.last().and_then(|(_, last)| worked_out(last));
                        for (relation, part) in &line.equals {
                            let here = worked_out(part);
                            if *relation == Relation::Equal && here.is_some() && last.is_some() {
                                assert_eq!(here, last, "{}", line.text());
                                signs += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(signs > 1900, "{signs}");
}

#[test]
fn integers_are_shown_with_their_shift() {
    let format = Quantized::<i8>::from_fraction_bits(4, 5, 5).unwrap();
    let trace = watch(format, &JOB, 1).unwrap();
    let lines = lines(&trace, TableKind::Weights, 1);
    let x = trace.integers.as_ref().unwrap().exponents[1].unwrap();
    // 2 · log2 e in 26 fraction bits
    assert_eq!(
        f64::from(x),
        (2.0 * std::f64::consts::LOG2_E * 67_108_864.0).floor()
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("dot = (64 × 48) + … 3 more = 12288"))
    );
    assert!(
        lines
            .iter()
            .any(|line| line.ends_with(&format!(" >> 32 = {x}")))
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with(&format!("w[0,1] ≈ 2^(−({x} / 2^26)) × 2^30 ≈ ")))
    );
}

#[test]
fn a_hidden_key_ends_at_the_mask() {
    let job = Job {
        attention: Attention::CAUSAL,
        ..JOB
    };
    let trace = watch(Float::<f64>::FORMAT, &job, 1).unwrap();
    let lines = lines(&trace, TableKind::Weights, FEW);
    assert_eq!(lines[2..], ["masked[0,1] = −∞", "weight[0,1] = 0"]);
}

#[test]
fn a_stored_number_is_its_integer_times_the_scale() {
    let format = Quantized::<i8>::from_fraction_bits(4, 5, 5).unwrap();
    let trace = watch(format, &JOB, 1).unwrap();
    assert_eq!(
        lines(&trace, TableKind::K, FEW),
        ["k[1,1] = 48 × 2^−5 = 1.5000"]
    );
    assert_eq!(
        lines(&trace, TableKind::V, FEW),
        ["v[1,1] = 64 × 2^−5 = 2.0000"]
    );
    assert_eq!(
        lines(&trace, TableKind::Q, FEW),
        ["q[0,1] = 64 × 2^−4 = 4.0000"]
    );
}

#[test]
fn latex_aligns_every_line_once() {
    let trace = watch(Float::<f32>::FORMAT, &JOB, 1).unwrap();
    let focus = Selection {
        table: TableKind::Output,
        query: 0,
        key: 1,
        column: 1,
    };
    let lines = derive(&trace, focus, 4, FEW);
    let block = latex(&lines);
    assert!(block.starts_with("\\begin{align*}\n\\text{output}_{0,1} &= "));
    assert_eq!(block.matches("&=").count(), lines.len());
}
