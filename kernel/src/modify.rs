//! Who may look at whom, and what else happens to a score: masks, windows, biases, and your own.

use core::ops::Range;

use crate::score::Score;
use crate::view::View;

/// Where a query stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// Its row in this block of queries, `i`.
    pub row: usize,
    /// The key it stands at, `i + offset`: a causal query sees the keys up to there.
    pub position: usize,
}

/// Says which keys a query may see, and changes the scores of those.
///
/// This is what `mask_mod` and `score_mod` are in FlexAttention. Changes come after the scale and the
/// soft cap, and before the softmax. A tuple does one thing after the other.
///
/// An own one takes five lines:
/// ```
/// use kqv::{Attention, Modify, Query, Score, attend};
///
/// /// Every step back costs 0.1.
/// #[derive(Clone, Copy)]
/// struct Recency;
///
/// impl Modify for Recency {
///     const CHANGES: bool = true;
///     fn change<N: Score>(&self, score: N, query: Query, key: usize) -> Option<N> {
///         Some(score - N::from_real(0.1 * query.position.abs_diff(key) as f64))
///     }
/// }
///
/// let rows = [[1.0_f32], [2.0], [3.0]];
/// let output = attend(&[[0.0]], &[[1.0]; 3], &rows, Attention::of(Recency), ());
/// assert!(output[0][0] < 2.0); // the mean, drawn towards the first key
/// ```
pub trait Modify: Copy {
    /// Whether [`change`](Self::change) does anything. Where it does not, the integer formats keep
    /// their scores exact and unscaled.
    const CHANGES: bool = false;

    /// The keys among `0..keys` that `query` may see; the others are not even scored.
    fn visible(&self, query: Query, keys: usize) -> Range<usize> {
        let _ = query;
        0..keys
    }

    /// The score of a visible key as it shall be, or `None` to hide the key after all.
    fn change<N: Score>(&self, score: N, query: Query, key: usize) -> Option<N> {
        let _ = (query, key);
        Some(score)
    }

    /// Of so many rows of Q, how many belong to one head: all of them, but under [`Grouped`]. A cache lets the last
    /// of them stand at its last key.
    fn queries(&self, rows: usize) -> usize {
        rows
    }
}

/// What `mask` lets `query` see, cut to the keys that exist: an own mask may point beyond them.
pub(crate) fn visible_keys(mask: &impl Modify, query: Query, keys: usize) -> Range<usize> {
    let visible = mask.visible(query, keys);
    let end = visible.end.min(keys);
    visible.start.min(end)..end
}

/// The two masks that most models need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mask {
    /// Every query sees every key.
    #[default]
    None,
    /// A query sees the keys up to its own position: itself and what came before.
    Causal,
}

impl Modify for Mask {
    fn visible(&self, query: Query, keys: usize) -> Range<usize> {
        match self {
            Self::None => 0..keys,
            Self::Causal => 0..keys.min(query.position.saturating_add(1)),
        }
    }
}

/// A local window: some keys to the left of a query's position, itself, and some to the right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// How many keys before its own a query sees; `None` is all.
    pub left: Option<usize>,
    /// How many keys after its own a query sees; `None` is all.
    pub right: Option<usize>,
}

impl Window {
    /// Itself and the keys before it, `keys` in all, as sliding-window models look.
    pub const fn last(keys: usize) -> Self {
        Self {
            left: Some(keys.saturating_sub(1)),
            right: Some(0),
        }
    }
}

impl Modify for Window {
    fn visible(&self, query: Query, keys: usize) -> Range<usize> {
        let start = |left| query.position.saturating_sub(left);
        let end = |right: usize| query.position.saturating_add(right).saturating_add(1);
        let end = self.right.map_or(keys, end).min(keys);
        self.left.map_or(0, start).min(end)..end
    }
}

/// Only the first so many keys are real, the rest is padding (the standard's `nonpad_kv_seqlen`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RealKeys(pub usize);

impl Modify for RealKeys {
    fn visible(&self, _: Query, keys: usize) -> Range<usize> {
        0..keys.min(self.0)
    }
}

/// Several query heads over one head of keys and values, as in grouped-query attention: what is loaded of K and V
/// then serves all of them.
///
/// Q is the group's heads one behind the other, as they lie in (H, T, D): one view of heads·T rows of width D; so is the
/// output. To `mask`, every head has rows 0 to T − 1, and the positions of [`Attention::offset`](crate::Attention).
///
/// ```
/// use kqv::{Attention, Number, Qkv, View, attend_view};
///
/// // Two query heads of two tokens over one head of keys; the first token of each sees only itself.
/// let q = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]];
/// let (k, v) = ([[4.0, 0.0], [0.0, 4.0]], [[1.0], [2.0]]);
/// let qkv = Qkv::new(View::from(&q), View::from(&k), View::from(&v))?;
/// let (mut scratch, mut output) = ([0.0_f32; 2], [0.0; 4]);
/// attend_view(f32::FORMAT, qkv, Attention::CAUSAL.grouped(2), &mut scratch, &mut output, ())?;
/// assert_eq!([output[0], output[2]], [1.0, 1.0]);
/// # Ok::<(), kqv::ShapeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouped<M> {
    /// The queries of each head, T.
    pub queries: usize,
    /// What holds within each head.
    pub mask: M,
}

impl<M> Grouped<M> {
    /// The query as its head knows it.
    fn in_head(&self, query: Query) -> Query {
        let row = query.row % self.queries.max(1);
        let position = query.position.saturating_sub(query.row - row);
        Query { row, position }
    }
}

impl<M: Modify> Modify for Grouped<M> {
    const CHANGES: bool = M::CHANGES;

    fn visible(&self, query: Query, keys: usize) -> Range<usize> {
        self.mask.visible(self.in_head(query), keys)
    }

    fn change<N: Score>(&self, score: N, query: Query, key: usize) -> Option<N> {
        self.mask.change(score, self.in_head(query), key)
    }

    fn queries(&self, rows: usize) -> usize {
        self.queries.min(rows)
    }
}

/// A boolean mask, (T, S): `true` where a query may see a key. One row alone serves all queries;
/// a key beyond the last column is hidden.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a>(pub View<'a, bool>);

impl Modify for Allowed<'_> {
    const CHANGES: bool = true;

    fn change<N: Score>(&self, score: N, query: Query, key: usize) -> Option<N> {
        let allowed = broadcast_row(self.0, query).get(key).copied();
        allowed.unwrap_or(false).then_some(score)
    }
}

/// An additive mask, (T, S): what to add to a score, −∞ to hide its key. One row alone serves all
/// queries; a key beyond the last column is hidden.
#[derive(Clone, Copy, Debug)]
pub struct Bias<'a>(pub View<'a, f32>);

impl Modify for Bias<'_> {
    const CHANGES: bool = true;

    fn change<N: Score>(&self, score: N, query: Query, key: usize) -> Option<N> {
        let bias = *broadcast_row(self.0, query).get(key)?;
        (bias > f32::NEG_INFINITY || bias.is_nan()).then(|| score + N::from_real(bias.into()))
    }
}

/// The row of `query`, or the only row there is.
fn broadcast_row<N>(table: View<'_, N>, query: Query) -> &[N] {
    table.row(if table.rows() == 1 { 0 } else { query.row })
}

/// Attention with linear biases: `slope` less for every step between a query's position and a key.
///
/// Source: Press and others, "Train Short, Test Long" (arXiv 2108.12409, section 3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alibi {
    /// What a step costs; the heads of a model have different slopes.
    pub slope: f32,
}

impl Alibi {
    /// The slope of `head` among `heads`, where `heads` is a power of two: 2^(−8·(head + 1)/heads).
    pub fn of_head(head: usize, heads: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "heads are counted in tens")]
        let exponent = -8.0 * (head + 1) as f32 / heads.max(1) as f32;
        Self {
            slope: libm::exp2f(exponent),
        }
    }
}

impl Modify for Alibi {
    const CHANGES: bool = true;

    fn change<N: Score>(&self, score: N, query: Query, key: usize) -> Option<N> {
        #[expect(clippy::cast_precision_loss, reason = "a distance is far below 2^53")]
        let steps = query.position.abs_diff(key) as f64;
        Some(score - N::from_real(f64::from(self.slope) * steps))
    }
}

/// One thing after the other: a key must be visible to both, and both change its score.
impl<A: Modify, B: Modify> Modify for (A, B) {
    const CHANGES: bool = A::CHANGES || B::CHANGES;

    fn visible(&self, query: Query, keys: usize) -> Range<usize> {
        let (a, b) = (self.0.visible(query, keys), self.1.visible(query, keys));
        let end = a.end.min(b.end);
        a.start.max(b.start).min(end)..end
    }

    fn change<N: Score>(&self, score: N, query: Query, key: usize) -> Option<N> {
        let score = self.0.change(score, query, key)?;
        self.1.change(score, query, key)
    }

    fn queries(&self, rows: usize) -> usize {
        self.1.queries(self.0.queries(rows))
    }
}

/// `None` does nothing.
impl<M: Modify> Modify for Option<M> {
    const CHANGES: bool = M::CHANGES;

    fn visible(&self, query: Query, keys: usize) -> Range<usize> {
        self.map_or(0..keys, |mask| mask.visible(query, keys))
    }

    fn change<N: Score>(&self, score: N, query: Query, key: usize) -> Option<N> {
        match self {
            Some(mask) => mask.change(score, query, key),
            None => Some(score),
        }
    }

    fn queries(&self, rows: usize) -> usize {
        self.map_or(rows, |mask| mask.queries(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws what 4 queries at positions `offset..` may see and holds it against `picture`.
    fn assert_mask(mask: impl Modify, offset: usize, picture: &[&str; 4]) {
        for (row, line) in picture.iter().enumerate() {
            let query = Query {
                row,
                position: row + offset,
            };
            let visible = mask.visible(query, line.len());
            for (key, cell) in line.bytes().enumerate() {
                let seen = visible.contains(&key) && mask.change(0.0_f32, query, key).is_some();
                assert_eq!(seen, cell == b'#', "query {row}, key {key}");
            }
        }
    }

    #[test]
    fn a_mask_is_what_its_picture_shows() {
        assert_mask(Mask::None, 0, &["####", "####", "####", "####"]);
        assert_mask(Mask::Causal, 0, &["#...", "##..", "###.", "####"]);
        assert_mask(Mask::Causal, 2, &["###...", "####..", "#####.", "######"]);
        assert_mask(Mask::Causal, 2, &["##", "##", "##", "##"]);
        assert_mask(Mask::Causal, 0, &["", "", "", ""]);
    }

    #[test]
    fn a_window_moves_with_the_query() {
        assert_mask(Window::default(), 0, &["####", "####", "####", "####"]);
        assert_mask(Window::last(2), 0, &["#...", "##..", ".##.", "..##"]);
        assert_mask(Window::last(2), 3, &["..##.", "...##", "....#", "....."]);
        let around = Window {
            left: Some(1),
            right: Some(1),
        };
        assert_mask(around, 0, &["##..", "###.", ".###", "..##"]);
        let ahead = Window {
            left: Some(0),
            right: None,
        };
        assert_mask(ahead, 0, &["####", ".###", "..##", "...#"]);
    }

    #[test]
    fn masks_combine() {
        let local = (
            Mask::Causal,
            Window {
                left: Some(1),
                right: None,
            },
        );
        assert_mask(local, 0, &["#...", "##..", ".##.", "..##"]);
        assert_mask(
            (RealKeys(3), Some(Mask::Causal)),
            0,
            &["#...", "##..", "###.", "###."],
        );
        assert_mask(
            (RealKeys(2), None::<Mask>),
            0,
            &["##..", "##..", "##..", "##.."],
        );
    }

    #[test]
    fn heads_of_a_group_have_the_same_picture() {
        let mask = Grouped {
            queries: 2,
            mask: Mask::Causal,
        };
        assert_mask(mask, 0, &["#..", "##.", "#..", "##."]);
        assert_mask(mask, 1, &["##.", "###", "##.", "###"]);
        let rows = [[true, false], [false, true]];
        let mask = Grouped {
            queries: 2,
            mask: Allowed((&rows).into()),
        };
        assert_mask(mask, 7, &["#.", ".#", "#.", ".#"]);
    }

    #[test]
    fn tables_hide_keys_and_one_row_serves_all_queries() {
        let diagonal = [0, 1, 2, 3].map(|i| [0, 1, 2, 3].map(|j| i == j));
        assert_mask(
            Allowed((&diagonal).into()),
            5,
            &["#...", ".#..", "..#.", "...#"],
        );
        let first_two = [[true, true, false]];
        let picture = &["##..", "##..", "##..", "##.."];
        assert_mask(Allowed((&first_two).into()), 0, picture);
        let bias = [[0.5, -1.0, f32::NEG_INFINITY]];
        assert_mask(Bias((&bias).into()), 0, picture);
        let query = Query {
            row: 0,
            position: 0,
        };
        assert_eq!(Bias((&bias).into()).change(2.0_f32, query, 1), Some(1.0));
    }

    #[test]
    fn alibi_costs_a_slope_a_step() {
        let query = Query {
            row: 0,
            position: 5,
        };
        let alibi = Alibi::of_head(0, 8);
        assert_eq!(alibi.slope, 0.5);
        assert_eq!(alibi.change(1.0_f32, query, 2), Some(-0.5));
    }
}
