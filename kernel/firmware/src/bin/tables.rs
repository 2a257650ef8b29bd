//! Prints Q, K, V, scores, weights and output of "Thinking Machines" as text.
//!
//! The numbers are The Illustrated Transformer's: 112 and 96, divided by √64 14 and 12,
//! after softmax 0.880797 and 0.119203.
#![no_std]
#![no_main]

use kqv::{Attention, Format, Number, Observer, Qkv, Scale, Scores, ShapeError, View, attend_view};
use kqv_firmware::{exit, print_table, println};
use kqv_fixtures::Case;

/// T, and S too: "Thinking" and "Machines" look at each other.
const WORDS: usize = 2;
/// E.
const VALUE_WIDTH: usize = 3;

kqv_firmware::start!(main);

fn main() -> ! {
    let Some(case) = kqv_fixtures::case("thinking-machines") else {
        println!("There is no case named thinking-machines");
        exit(1)
    };
    if let Err(error) = print_tables(case) {
        println!("{error}");
        exit(1)
    }
    exit(0)
}

/// Inputs first, then every stage in the order in which it is computed.
fn print_tables(case: &Case) -> Result<(), ShapeError> {
    let words = case.query_tokens;
    let q = View::new(case.q, case.queries, case.width)?;
    let k = View::new(case.k, case.keys, case.width)?;
    let v = View::new(case.v, case.keys, case.value_width)?;
    print_table("Q: what each word asks", words, q, 2);
    print_table("K: what each word offers", words, k, 2);
    print_table("V: what each word carries", words, v, 2);

    let qkv = Qkv::new(q, k, v)?;
    let unscaled = Scale::new(1.0).unwrap_or_default();
    let dots = Stages::of(qkv, unscaled)?.raw;
    let stages = Stages::of(qkv, Scale::INVERSE_SQRT_WIDTH)?;
    let output = View::from(&stages.output);
    print_table("Dot products: Q·Kᵀ", words, View::from(&dots), 0);
    print_table("Scores: Q·Kᵀ / √64", words, View::from(&stages.raw), 0);
    print_table(
        "Weights: softmax by row",
        words,
        View::from(&stages.weights),
        6,
    );
    print_table("Output: weights · V", words, output, 6);
    Ok(())
}

/// Every stage of one run, kept as it passes.
#[derive(Default)]
struct Stages {
    /// (T, S)
    raw: [[f32; WORDS]; WORDS],
    /// (T, S); a row sums to one.
    weights: [[f64; WORDS]; WORDS],
    /// (T, E)
    output: [[f32; VALUE_WIDTH]; WORDS],
}

impl Stages {
    fn of(qkv: Qkv<'_, f32>, scale: Scale) -> Result<Self, ShapeError> {
        let attention = Attention {
            scale,
            ..Attention::FULL
        };
        let mut stages = Self::default();
        let mut scratch = [0.0; WORDS];
        let mut output = [0.0; WORDS * VALUE_WIDTH];
        attend_view(
            f32::FORMAT,
            qkv,
            attention,
            &mut scratch,
            &mut output,
            &mut stages,
        )?;
        Ok(stages)
    }
}

impl<F: Format<Cell = f32, Element = f32, Output = f32>> Observer<F> for Stages {
    fn raw(&mut self, i: usize, scores: Scores<'_, F>) {
        copy(scores.cells().iter().copied(), &mut self.raw[i]);
    }

    fn weights(&mut self, i: usize, weights: &[f32], sum: F::Sum) {
        let shares = weights.iter().map(|&weight| F::weight_real(weight, sum));
        copy(shares, &mut self.weights[i]);
    }

    fn output(&mut self, i: usize, output: &[f32]) {
        copy(output.iter().copied(), &mut self.output[i]);
    }
}

/// Fills `row` from `values`.
fn copy<N>(values: impl Iterator<Item = N>, row: &mut [N]) {
    for (to, from) in row.iter_mut().zip(values) {
        *to = from;
    }
}
