//! What a number format must do: three stages of one query, and say what its numbers mean.

use crate::attention::Attention;
use crate::body::Body;
use crate::modify::Modify;
use crate::score::Score;
use crate::view::{Qkv, View};

/// A number format: how the three stages of attention are computed for one query.
///
/// The algorithm in [`attend_view`](crate::attend_view) calls [`score_row`](Self::score_row),
/// [`weigh`](Self::weigh) and [`mix`](Self::mix) in this order. Who changes scores in between does it
/// in [`Self::Score`], real units, which [`score`](Self::score) gives and
/// [`from_score`](Self::from_score) takes.
/// A format is a value, since fixed point may carry run-time scales.
pub trait Format: Copy {
    /// What Q, K and V are made of.
    type Element: Copy;
    /// What the output is made of: the same, or something finer.
    type Output: Copy;
    /// One cell of a row: first a score, then in its place the weight that the score becomes.
    type Cell: Copy;
    /// A score in real units, for those who change it.
    type Score: Score;
    /// The sum of a row of weights.
    type Sum: Copy;
    /// What is worked out once per call from the scale.
    type Prepared: Copy;

    /// A cell with weight zero.
    const ZERO_CELL: Self::Cell;
    /// The cell of a hidden key; no score is equal to it but −∞.
    const HIDDEN: Self::Cell;
    /// Zero: the output of a query that sees no key.
    const ZERO: Self::Output;
    /// The widest query and key (D) whose dot product cannot overflow.
    const MAX_WIDTH: usize;
    /// The most keys (S) over which no sum can overflow.
    const MAX_KEYS: usize;

    /// Whether the order of the keys decides any bit of the output: not where all sums are exact.
    const ORDERED: bool = true;

    /// How many queries of [`attend`](crate::attend) share its scratch, one row of S cells each: as many
    /// as [`attend_at_once`](Self::attend_at_once) wants.
    const QUERIES_AT_ONCE: usize = 1;

    /// Folds the softmax scale and the scales of Q and K into what the stages need.
    fn prepare(&self, body: Body, scale: f64) -> Self::Prepared;

    /// The scores of one query row (D) with the keys that it may see, (S, D); may add to `prepared` what
    /// the cells of this row mean.
    fn score_row(
        prepared: &mut Self::Prepared,
        q: &[Self::Element],
        keys: View<'_, Self::Element>,
        cells: &mut [Self::Cell],
    );

    /// The scores with other keys, for those who watch; the cells mean the same.
    fn score_hidden(
        prepared: Self::Prepared,
        q: &[Self::Element],
        keys: View<'_, Self::Element>,
        cells: &mut [Self::Cell],
    ) {
        let mut prepared = prepared;
        Self::score_row(&mut prepared, q, keys, cells);
    }

    /// For those who watch: the scores of the query rows from `first` on with all keys (S, D), a row of S cells each,
    /// if there is a faster body and `cells` has the room it wants; returns of how many queries. They can be changed,
    /// as if they came [`from_score`](Self::from_score).
    fn score_at_once(
        prepared: Self::Prepared,
        q: View<'_, Self::Element>,
        first: usize,
        keys: View<'_, Self::Element>,
        cells: &mut [Self::Cell],
    ) -> usize {
        let _ = (prepared, q, first, keys, cells);
        0
    }

    /// The score of one query row and one key row, both (D), in real units; may round.
    fn score(prepared: Self::Prepared, q: &[Self::Element], k: &[Self::Element]) -> Self::Score;

    /// The cell for a score that was changed.
    fn from_score(score: Self::Score) -> Self::Cell;

    /// The score in such a cell.
    fn to_score(cell: Self::Cell) -> Self::Score;

    /// What the stages need for cells that came [`from_score`](Self::from_score).
    fn changed(prepared: Self::Prepared) -> Self::Prepared;

    /// Turns the scores of the visible keys into weights, in place, and returns their sum.
    ///
    /// The weight of a [`HIDDEN`](Self::HIDDEN) cell is exactly zero; at least one cell is not hidden.
    fn weigh(prepared: Self::Prepared, cells: &mut [Self::Cell]) -> Self::Sum;

    /// Adds up the rows of `v` (S, E), each times its weight, and divides by `sum`; floats do not look at
    /// rows of weight zero. The content of `weights` is lost.
    fn mix(
        prepared: Self::Prepared,
        weights: &mut [Self::Cell],
        sum: Self::Sum,
        v: View<'_, Self::Element>,
        output: &mut [Self::Output],
    );

    /// Attends for the first queries with a faster body, if there is one and `scratch` has the room it
    /// wants; returns for how many. The bits are those of the other methods.
    fn attend_at_once<M: Modify>(
        body: Body,
        prepared: Self::Prepared,
        qkv: Qkv<'_, Self::Element>,
        attention: Attention<M>,
        scratch: &mut [Self::Cell],
        output: &mut [Self::Output],
    ) -> usize {
        let _ = (body, prepared, qkv, attention, scratch, output);
        0
    }

    /// The real number that the score of these rows stands for, whose cell this is; −∞ for a hidden key.
    fn score_real(
        prepared: Self::Prepared,
        cell: Self::Cell,
        q: &[Self::Element],
        k: &[Self::Element],
    ) -> f64;

    /// The share that a weight has of the `sum` of its row, 0 to 1.
    fn weight_real(weight: Self::Cell, sum: Self::Sum) -> f64;

    /// The real number that an element of the output stands for.
    fn output_real(&self, output: Self::Output) -> f64;
}

/// A number that brings its own format along: `f32`, `f64`, `FixedI16<Frac>`, `FixedI8<Frac>`.
pub trait Number: Copy {
    /// The format of this number.
    type Format: Format<Element = Self, Output = Self>;
    /// That format as a value.
    const FORMAT: Self::Format;
}
