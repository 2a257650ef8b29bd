//! Every fixture against its exact result, at every stage that an observer sees.

use std::fmt::Write;

use kqv::{Attention, Float, Format, Integer, Quantized};
use kqv_fixtures::digest::{CaseFormat, attention, digest, memory_words};
use kqv_fixtures::{CASES, Case, EXPECTED};

use crate::support::{Exact, Problem, Recorder};

/// The case with other numbers in its matrices.
fn problem<N: Copy>(case: &Case, [q, k, v]: [&[N]; 3]) -> Problem<N> {
    Problem {
        queries: case.queries,
        keys: case.keys,
        width: case.width,
        value_width: case.value_width,
        q: q.to_vec(),
        k: k.to_vec(),
        v: v.to_vec(),
    }
}

/// What a run in `format` shows of `problem`.
fn record<F: Format>(
    problem: &Problem<F::Element>,
    format: F,
    attention: Attention,
) -> Recorder<F> {
    let mut seen = Recorder::new(format);
    problem.observed(format, attention, &mut seen);
    seen
}

/// The greatest difference of two tables.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// The greatest absolute value.
fn greatest(values: &[f32]) -> f64 {
    values
        .iter()
        .map(|value| f64::from(value.abs()))
        .fold(0.0, f64::max)
}

/// Sums of `len` terms, each rounded with relative error `epsilon`, are off by this share of their terms.
#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn rounding(len: usize, epsilon: f64) -> f64 {
    (len + 4) as f64 * epsilon
}

/// Holds every stage of a float run against the exact result; the bounds grow with the terms of each sum.
fn check_float<F: Format>(case: &Case, problem: &Problem<F::Element>, format: F, epsilon: f64) {
    let at = CASES.iter().position(|other| other.name == case.name);
    let exact = &EXPECTED[at.expect("a case")];
    let seen = record(problem, format, attention(case));
    #[expect(clippy::cast_precision_loss, reason = "at most 64")]
    let terms = case.width as f64 * greatest(case.q) * greatest(case.k);
    let terms = terms * attention(case).scale.factor(case.width).abs();

    let smallest = f64::from(f32::from_bits(1)); // products may be subnormal
    let raw = rounding(case.width, epsilon) * (terms + smallest / epsilon);
    assert!(
        distance(&seen.raw, exact.raw) <= raw,
        "{}: raw scores",
        case.name
    );
    let weights = 2.0 * raw + rounding(case.keys, epsilon);
    assert!(
        distance(&seen.weights, exact.weights) <= weights,
        "{}: weights",
        case.name
    );
    let output = 2.0 * weights * greatest(case.v);
    assert!(
        distance(&seen.output, exact.output) <= output,
        "{}: output",
        case.name
    );
}

#[test]
fn f64_and_f32_give_the_exact_tables_of_every_case() {
    for case in CASES {
        let narrow = problem(case, [case.q, case.k, case.v]);
        let epsilon = f64::from(f32::EPSILON) / 2.0;
        check_float(case, &narrow, Float::<f32>::FORMAT, epsilon);
        let wide = narrow.map(f64::from);
        check_float(case, &wide, Float::<f64>::FORMAT, f64::EPSILON);
    }
}

/// Holds an integer run against f64 attention of the same integers.
fn check_integers<I: Integer>(case: &Case, integers: &kqv_fixtures::Quantized<I>) {
    let bits = [
        integers.q_fraction_bits,
        integers.k_fraction_bits,
        integers.v_fraction_bits,
    ];
    let format = Quantized::<I>::from_fraction_bits(bits[0], bits[1], bits[2]).expect("in range");
    let problem = problem(case, [integers.q, integers.k, integers.v]);
    let seen = record(&problem, format, attention(case));

    let [q_scale, k_scale, v_scale] = bits.map(|bits| libm::scalbn(1.0, -bits));
    let reals = |integers: &[I], scale: f64| -> Vec<f64> {
        integers
            .iter()
            .map(|&x| Into::<f64>::into(x) * scale)
            .collect()
    };
    let reals = Problem {
        q: reals(&problem.q, q_scale),
        k: reals(&problem.k, k_scale),
        v: reals(&problem.v, v_scale),
        ..problem.map(Into::into)
    };
    let exact = Exact::of(&reals, attention(case));
    // Every weight is rounded down to 30 bits, equal ones all the same way, and 2^-x is off by 9e-8 of it.
    let weights = rounding(case.keys, 1.0 / f64::from(1 << 30)) + 1e-7;
    let greatest_score = exact.raw.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    assert!(
        distance(&seen.raw, &exact.raw) <= 1e-14 * greatest_score,
        "{}: raw",
        case.name
    );
    assert!(
        distance(&seen.weights, &exact.weights) < weights,
        "{}: weights",
        case.name
    );
    assert!(
        distance(&seen.output, &exact.output) < 0.51 * v_scale,
        "{}: output",
        case.name
    );
}

#[test]
fn integers_give_the_exact_tables_of_their_inputs_rounded_once() {
    for case in CASES {
        check_integers(case, &case.i16);
        check_integers(case, &case.i8);
    }
}

#[test]
fn thinking_machines_has_the_numbers_of_the_illustrated_transformer() {
    let case = kqv_fixtures::case("thinking-machines").unwrap();
    let machine = problem(case, [case.q, case.k, case.v]);
    let seen = record(&machine, Float::<f32>::FORMAT, attention(case));
    assert_eq!(seen.raw[..2], [14.0, 12.0]);
    assert_eq!(
        seen.raw[..2]
            .iter()
            .map(|raw| raw * 8.0)
            .collect::<Vec<_>>(),
        [112.0, 96.0]
    );
    assert!(distance(&seen.weights[..2], &[0.880_797, 0.119_203]) < 5e-7);
}

#[test]
fn it_looks_at_animal() {
    let case = kqv_fixtures::case("minilm-it").unwrap();
    let head = problem(case, [case.q, case.k, case.v]);
    let seen = record(&head, Float::<f32>::FORMAT, attention(case));
    let token = |name| {
        case.key_tokens
            .iter()
            .position(|&token| token == name)
            .unwrap()
    };
    let weight = seen.weights[token("it") * case.keys + token("animal")];
    assert!((weight - 0.6397).abs() < 5e-5, "{weight}");
}

/// A change of any bit of any stage shows here, and is a breaking change.
///
/// Where it is wanted, `KQV_WRITE_DIGESTS=1 cargo test -p kqv no_bit` writes the file anew.
#[test]
fn no_bit_of_any_case_has_changed() {
    let mut lines = String::new();
    for case in CASES {
        for format in CaseFormat::ALL {
            let mut memory = vec![0; memory_words(case, format)];
            let digest = digest(case, format, &mut memory).unwrap();
            let (case, format) = (case.name, format.name());
            writeln!(lines, "{case} {format} {digest:016x}").expect("a String takes it");
        }
    }
    if std::env::var_os("KQV_WRITE_DIGESTS").is_some() {
        std::fs::write("tests/digests.txt", &lines).expect("the folder is there");
    }
    let known = std::fs::read_to_string("tests/digests.txt").expect("the file is there");
    let changed: Vec<_> = lines.lines().filter(|line| !known.contains(line)).collect();
    assert!(
        changed.is_empty() && lines.len() == known.len(),
        "changed: {changed:#?}"
    );
}
