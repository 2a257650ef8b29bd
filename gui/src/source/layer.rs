//! A layer before its heads: X, the weights that make Q, K and V of it, and `W_O` that joins the heads.
//!
//! ```text
//! X (T, X) ─┬─ W_Q (H, X, D) ─ Q (H, T, D) ─┐
//!           ├─ W_K (H, X, D) ─ K (H, T, D) ─┼─ Z (H, T, E) ─ concat (T, H·E) ─ W_O (H·E, X) ─ (T, X)
//!           └─ W_V (H, X, E) ─ V (H, T, E) ─┘
//! ```
//!
//! Every projection is a sum by the kernel's arithmetic, in f32: the bits are those of `MultiHead`.

use kqv::Arithmetic;

use super::input::Input;
use crate::session::Mask;

/// X and the weights, row-major, drawn as they are multiplied: inputs down, outputs across.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// T, and S.
    pub tokens: usize,
    /// X: columns of a token.
    pub columns: usize,
    /// H.
    pub heads: usize,
    /// D.
    pub width: usize,
    /// E.
    pub value_width: usize,
    /// (T, X).
    pub x: Vec<f64>,
    /// (H, X, D).
    pub w_q: Vec<f64>,
    /// (H, X, D).
    pub w_k: Vec<f64>,
    /// (H, X, E).
    pub w_v: Vec<f64>,
    /// (H·E, X), or empty: then nothing joins the heads.
    pub w_o: Vec<f64>,
}

/// What becomes of the outputs of all heads.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// The outputs of the heads beside each other, (T, H·E).
    pub concat: Vec<f64>,
    /// Times `W_O`, (T, X); empty without one.
    pub output: Vec<f64>,
}

impl Layer {
    /// Q (H, T, D), K (H, T, D) and V (H, T, E).
    pub fn project(&self) -> [Vec<f64>; 3] {
        let Self {
            columns,
            width,
            value_width,
            ..
        } = *self;
        let of = |weights: &[f64], outputs: usize| -> Vec<f64> {
            weights
                .chunks(columns * outputs.max(1))
                .flat_map(|head| product(&self.x, head, columns, outputs))
                .collect()
        };
        [
            of(&self.w_q, width),
            of(&self.w_k, width),
            of(&self.w_v, value_width),
        ]
    }

    /// Joins the output of every head, (T, E) each.
    pub fn join(&self, heads: &[&[f64]]) -> Joined {
        let (value_width, wide) = (self.value_width, self.heads * self.value_width);
        let concat: Vec<f64> = (0..self.tokens)
            .flat_map(|i| heads.iter().map(move |head| (i, head)))
            .flat_map(|(i, head)| {
                let row = head.get(i * value_width..(i + 1) * value_width);
                row.unwrap_or_default().iter().copied()
            })
            .collect();
        let output = match self.w_o.as_slice() {
            [] => Vec::new(),
            w_o => product(&concat, w_o, wide, self.columns),
        };
        Joined { concat, output }
    }

    /// The input with the Q, K and V that follow; `words` are its tokens.
    pub fn into_input(self, name: &str, about: &str, words: &[&str]) -> Input {
        let [q, k, v] = self.project();
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        Input {
            name: name.to_owned(),
            about: about.to_owned(),
            layers: 1,
            heads: self.heads,
            queries: self.tokens,
            keys: self.tokens,
            width: self.width,
            value_width: self.value_width,
            q,
            k,
            v,
            query_tokens: words.clone(),
            key_tokens: words,
            scale: None,
            bits: None,
            mask: Mask::None,
            layer: Some(self),
        }
    }
}

/// `rows` (T, X) times `weights` (X, Y): the kernel's sum for every cell, in f32.
pub fn product(rows: &[f64], weights: &[f64], inputs: usize, outputs: usize) -> Vec<f64> {
    #[expect(clippy::cast_possible_truncation, reason = "a layer computes in f32")]
    let narrow =
        |values: &[f64]| -> Vec<f32> { values.iter().map(|&value| value as f32).collect() };
    let (rows, weights) = (narrow(rows), narrow(weights));
    // The kernel takes a row of weights per output.
    let column = |y: usize| weights.iter().skip(y).step_by(outputs.max(1)).copied();
    let turned: Vec<Vec<f32>> = (0..outputs).map(|y| column(y).collect()).collect();
    let cell = |row: &[f32], column: &[f32]| {
        let sum = <f32 as Arithmetic>::add(<f32 as Arithmetic>::NOTHING, column, row);
        f64::from(<f32 as Arithmetic>::finish(sum, None, ()))
    };
    rows.chunks(inputs.max(1))
        .flat_map(|row| turned.iter().map(move |column| cell(row, column)))
        .collect()
}

#[cfg(test)]
mod tests {
    use kqv::{Attention, Merge, MultiHead, Split};

    use super::super::preset::worked;

    #[expect(clippy::cast_possible_truncation, reason = "quarters")]
    fn at(values: &[f64], at: usize) -> f32 {
        values[at] as f32
    }

    /// Heads' weights (H, X, D) as the kernel stores them, (H, D, X).
    fn turned(weights: &[f64]) -> [[[f32; 4]; 3]; 8] {
        std::array::from_fn(|head| {
            std::array::from_fn(|d| std::array::from_fn(|x| at(weights, (head * 4 + x) * 3 + d)))
        })
    }

    #[test]
    fn a_layer_has_the_bits_of_the_kernels_own() {
        let input = worked();
        let layer = input.layer.clone().unwrap();
        let (q, k, v) = (turned(&layer.w_q), turned(&layer.w_k), turned(&layer.w_v));
        let o: [[[f32; 3]; 8]; 4] = std::array::from_fn(|x| {
            std::array::from_fn(|head| {
                std::array::from_fn(|e| at(&layer.w_o, (head * 3 + e) * 4 + x))
            })
        });
        let kernel: MultiHead<f32, 4, 8, 8, 3, 3> = MultiHead::new(
            Split::new(&q),
            Split::new(&k),
            Split::new(&v),
            Merge::new(&o),
        );
        let x: [[f32; 4]; 2] =
            std::array::from_fn(|i| std::array::from_fn(|x| at(&layer.x, i * 4 + x)));
        let mut past = kernel.past::<2>();
        let expected = kernel
            .forward(&x, &mut past, Attention::FULL, [(); 8])
            .unwrap();

        let side = |head| {
            crate::side::record_in(
                crate::session::FormatChoice::F32,
                &crate::recorder::Job {
                    q: input.head(0, head).q,
                    k: input.head(0, head).k,
                    v: input.head(0, head).v,
                    keys: 2,
                    width: 3,
                    value_width: 3,
                    attention: Attention::FULL,
                    alibi: None,
                },
            )
        };
        let outputs: Vec<Vec<f64>> = (0..8).map(|head| side(head).unwrap().output).collect();
        let outputs: Vec<&[f64]> = outputs.iter().map(Vec::as_slice).collect();
        let joined = layer.join(&outputs);
        assert_eq!((joined.concat.len(), joined.output.len()), (2 * 24, 2 * 4));
        let expected: Vec<f64> = expected.iter().flatten().copied().map(f64::from).collect();
        assert_eq!(joined.output, expected);
    }
}
