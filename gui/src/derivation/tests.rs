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
fn an_output_in_integers_is_one_division() {
    let format = Quantized::<i8>::from_fraction_bits(4, 5, 5).unwrap();
    let trace = watch(format, &JOB, 1).unwrap();
    let integers = trace.integers.clone().unwrap();
    let [first, second] = integers.weights[..] else {
        panic!("two keys");
    };
    let sum = integers.sum;
    let lines = lines(&trace, TableKind::Output, FEW);
    assert_eq!(
        lines[1..],
        [
            format!("integer = round((({first} × 16) + ({second} × 64)) / {sum}) = 22"),
            "output[0,1] = 22 × 2^−5 = 0.6875".to_owned(),
        ]
    );
    assert_eq!(trace.output[1], 0.6875);
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
            .any(|line| line.starts_with("sum = (64 × 48) + … 3 more = 12288"))
    );
    assert!(
        lines
            .iter()
            .any(|line| line.ends_with(&format!("× 2^26 = {x}")))
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with(&format!("2^(−({x} / 2^26)) = ")))
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
