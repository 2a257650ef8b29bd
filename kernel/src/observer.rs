//! What can be watched while attention runs.
//!
//! The stages are those that ONNX `Attention` returns as its `qk_matmul_output_mode` 0 to 3: raw
//! scores, after the soft cap, after mask and bias, after the softmax.

use crate::format::Format;
use crate::view::View;

/// Sees every stage of every query as the algorithm passes it.
///
/// An observer is handed to [`attend`](crate::attend) **by value**; `()` watches nothing and leaves
/// the machine code as if there were no observer. To keep what was seen, hand over `&mut observer`.
/// Watching changes no bit of a result.
///
/// ```
/// use kqv::{Attention, Format, Observer, Scores, attend};
///
/// /// Keeps the raw scores of every query in real units, whatever the format.
/// #[derive(Default)]
/// struct RawScores(Vec<f64>);
///
/// impl<F: Format> Observer<F> for RawScores {
///     fn raw(&mut self, _: usize, scores: Scores<'_, F>) {
///         self.0.extend(scores.reals());
///     }
/// }
///
/// // "Thinking Machines" of The Illustrated Transformer: 112 and 96 over √64.
/// let mut seen = RawScores::default();
/// let (q, k, v) = ([[1.0_f32; 64]], [[1.75; 64], [1.5; 64]], [[1.0], [2.0]]);
/// attend(&q, &k, &v, Attention::FULL, &mut seen);
/// assert_eq!(seen.0, [14.0, 12.0]);
/// ```
pub trait Observer<F: Format> {
    /// Whether anything is watched; `false` also skips the scores that the mask would hide.
    const WATCHES: bool = true;

    /// The raw scores of query `i`, (S): `q·k` times the scale, hidden keys included.
    fn raw(&mut self, i: usize, scores: Scores<'_, F>) {
        let _ = (i, scores);
    }

    /// The scores of query `i` after the soft cap, (S), hidden keys included.
    fn softcapped(&mut self, i: usize, scores: Scores<'_, F>) {
        let _ = (i, scores);
    }

    /// The scores of query `i` after mask and bias, (S); those of hidden keys are −∞.
    fn masked(&mut self, i: usize, scores: Scores<'_, F>) {
        let _ = (i, scores);
    }

    /// The softmax weights of query `i`, (S), not yet divided by their `sum`; hidden keys have zero.
    ///
    /// [`Format::weight_real`] gives the share of each.
    fn weights(&mut self, i: usize, weights: &[F::Cell], sum: F::Sum) {
        let _ = (i, weights, sum);
    }

    /// The output row of query `i`, (E).
    fn output(&mut self, i: usize, output: &[F::Output]) {
        let _ = (i, output);
    }
}

impl<F: Format> Observer<F> for () {
    const WATCHES: bool = false;
}

impl<F: Format, O: Observer<F>> Observer<F> for &mut O {
    const WATCHES: bool = O::WATCHES;

    fn raw(&mut self, i: usize, scores: Scores<'_, F>) {
        (**self).raw(i, scores);
    }

    fn softcapped(&mut self, i: usize, scores: Scores<'_, F>) {
        (**self).softcapped(i, scores);
    }

    fn masked(&mut self, i: usize, scores: Scores<'_, F>) {
        (**self).masked(i, scores);
    }

    fn weights(&mut self, i: usize, weights: &[F::Cell], sum: F::Sum) {
        (**self).weights(i, weights, sum);
    }

    fn output(&mut self, i: usize, output: &[F::Output]) {
        (**self).output(i, output);
    }
}

/// One row of scores, (S), as a format holds it, and what its numbers mean.
pub struct Scores<'a, F: Format> {
    pub(crate) cells: &'a [F::Cell],
    pub(crate) prepared: F::Prepared,
    /// The row of Q, (D).
    pub(crate) q: &'a [F::Element],
    /// K, (S, D).
    pub(crate) k: View<'a, F::Element>,
}

impl<'a, F: Format> Scores<'a, F> {
    /// The format's own numbers: for the integers distances between sums of products, or, once scores
    /// are changed, fixed point.
    pub fn cells(&self) -> &'a [F::Cell] {
        self.cells
    }

    /// The scores in real units, exact for the integers until they are changed; −∞ for a hidden key.
    pub fn reals(&self) -> impl ExactSizeIterator<Item = f64> + use<'a, F> {
        let Self {
            cells,
            prepared,
            q,
            k,
        } = *self;
        let cells = cells.iter().enumerate();
        cells.map(move |(j, &cell)| F::score_real(prepared, cell, q, k.row(j)))
    }
}
