//! Random attention problems for the benches: the same numbers in every format, and room to run in.

// What the processor could do at most.
pub mod peak;

use fastrand::Rng;
use kqv::{
    Attention, Body, Format, Integer, Observer, Qkv, Quantized, ShapeError, View, attend_view_on,
    quantize,
};

/// The shapes (S, D) that are measured, with as many queries as keys and V as wide as K.
pub const SHAPES: [(usize, usize); 4] = [(16, 16), (64, 32), (128, 64), (512, 64)];

/// Multiply-adds of one head: Q·Kᵀ and weights·V.
pub const fn multiply_adds(s: usize, d: usize) -> u64 {
    2 * (s * s * d) as u64
}

/// One head with the memory to run it again and again: Q, K, V and output (S, D), scratch (S).
#[derive(Debug)]
pub struct Problem<F: Format> {
    format: F,
    shape: (usize, usize),
    inputs: [Vec<F::Element>; 3],
    scratch: Vec<F::Cell>,
    output: Vec<F::Output>,
}

impl<F: Format> Problem<F> {
    /// Numbers in −4 to 4, the same for every format, turned into elements by `element`.
    pub fn new(format: F, (s, d): (usize, usize), element: impl Fn(f32) -> F::Element) -> Self {
        let mut rng = Rng::with_seed(1);
        let inputs = [(); 3].map(|()| {
            let number = |_| element(8.0 * rng.f32() - 4.0);
            (0..s * d).map(number).collect()
        });
        Self {
            format,
            shape: (s, d),
            inputs,
            scratch: vec![F::ZERO_CELL; kqv::fast_scratch_cells(s, d)],
            output: vec![F::ZERO; s * d],
        }
    }

    /// Q, K and V, (S, D) each.
    pub fn inputs(&self) -> &[Vec<F::Element>; 3] {
        &self.inputs
    }

    /// Attends once, causal or not, watched or not, on the best body.
    ///
    /// # Errors
    /// Those of [`attend_view_on`]: a shape beyond what the format takes.
    pub fn run(
        &mut self,
        attention: Attention,
        observer: impl Observer<F>,
    ) -> Result<&[F::Output], ShapeError> {
        self.run_on(Body::best(), attention, observer)
    }

    /// Attends once on a certain body.
    ///
    /// # Errors
    /// Those of [`attend_view_on`]: a shape beyond what the format takes.
    pub fn run_on(
        &mut self,
        body: Body,
        attention: Attention,
        observer: impl Observer<F>,
    ) -> Result<&[F::Output], ShapeError> {
        let (s, d) = self.shape;
        let [q, k, v] = &self.inputs;
        let qkv = Qkv::new(
            View::new(q, s, d)?,
            View::new(k, s, d)?,
            View::new(v, s, d)?,
        )?;
        let (scratch, output) = (&mut self.scratch, &mut self.output);
        attend_view_on(body, self.format, qkv, attention, scratch, output, observer)?;
        Ok(output)
    }
}

/// The problem as integers with `fraction_bits` in each matrix.
///
/// # Panics
/// If 2^−`fraction_bits` is no f64.
pub fn integers<I: Integer>(shape: (usize, usize), fraction_bits: i32) -> Problem<Quantized<I>> {
    let [q, k, v] = [fraction_bits; 3];
    let format = Quantized::from_fraction_bits(q, k, v).expect("a scale that is an f64");
    Problem::new(format, shape, |x| {
        quantize(x.into(), format.v_scale()).unwrap_or_else(|beyond| beyond.end)
    })
}
