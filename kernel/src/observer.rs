//! What can be watched while attention runs.
//!
//! The stages carry the names of the field's operator standard: ONNX `Attention` returns the
//! raw scores as its `qk_matmul_output_mode` 0, the masked scores as 2, the weights as 3.

use core::ops::Range;

use crate::format::Format;

/// Sees every stage of every query as the algorithm passes it.
///
/// An observer is handed to [`attend`](crate::attend) **by value**; `()` watches nothing and leaves
/// the machine code as if there were no observer. To keep what was seen, hand over `&mut observer`.
/// Watching changes no bit of a result.
///
/// Cells are in the format's own numbers; [`Format::score_real`] and [`Format::weight_real`] say
/// what they stand for.
pub trait Observer<F: Format> {
    /// Whether anything is watched; `false` also skips the scores that the mask would hide.
    const WATCHES: bool = true;

    /// The raw scores of query `i`, (S): `q·k` times the scale, hidden keys included.
    fn raw(&mut self, i: usize, scores: &[F::Cell]) {
        let _ = (i, scores);
    }

    /// The masked scores of query `i`, (S): only the keys in `visible` count, the others are −∞.
    fn masked(&mut self, i: usize, scores: &[F::Cell], visible: Range<usize>) {
        let _ = (i, scores, visible);
    }

    /// The softmax weights of query `i`, (S), not yet divided by their `sum`; hidden keys have zero.
    fn weights(&mut self, i: usize, weights: &[F::Cell], sum: F::Sum) {
        let _ = (i, weights, sum);
    }

    /// The output row of query `i`, (E).
    fn output(&mut self, i: usize, output: &[F::Element]) {
        let _ = (i, output);
    }
}

impl<F: Format> Observer<F> for () {
    const WATCHES: bool = false;
}

impl<F: Format, O: Observer<F>> Observer<F> for &mut O {
    const WATCHES: bool = O::WATCHES;

    fn raw(&mut self, i: usize, scores: &[F::Cell]) {
        (**self).raw(i, scores);
    }

    fn masked(&mut self, i: usize, scores: &[F::Cell], visible: Range<usize>) {
        (**self).masked(i, scores, visible);
    }

    fn weights(&mut self, i: usize, weights: &[F::Cell], sum: F::Sum) {
        (**self).weights(i, weights, sum);
    }

    fn output(&mut self, i: usize, output: &[F::Element]) {
        (**self).output(i, output);
    }
}
