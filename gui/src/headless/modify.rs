//! Who may look at whom, where the kernel has no type for it: queries that stand before the first
//! key, and a mask in f64.

use std::ops::Range;

use kqv::{Mask, Modify, Query, Score, View, Window};

/// A causal line and a window over positions that begin at any `offset`, a negative one included.
///
/// Padding shorter than the block of queries puts the first of them before the first key: ONNX
/// `Attention-24`, `offset = nonpad_kv_seqlen − T`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Positions {
    pub(super) offset: isize,
    pub(super) mask: Mask,
    pub(super) window: Window,
}

impl Modify for Positions {
    fn visible(&self, query: Query, keys: usize) -> Range<usize> {
        let Self {
            offset,
            mask,
            window,
        } = *self;
        let before = match query.row.checked_add_signed(offset) {
            Some(position) => {
                let query = Query { position, ..query };
                return (mask, window).visible(query, keys);
            }
            None => offset.unsigned_abs() - query.row, // so many steps before key 0
        };
        let end = match (mask, window.right) {
            (Mask::None, None) => keys,
            (Mask::None, Some(right)) => right.saturating_add(1).saturating_sub(before),
            _ => 0,
        };
        0..end.min(keys)
    }
}

/// What to add to each score, (T, S), as [`kqv::Bias`] but in f64, so that `--format f64` loses
/// nothing of it. One row alone serves all queries; a key beyond the last column is hidden.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bias<'a>(pub(super) View<'a, f64>);

impl Modify for Bias<'_> {
    const CHANGES: bool = true;

    fn change<N: Score>(&self, score: N, query: Query, key: usize) -> Option<N> {
        let Self(table) = self;
        let row = if table.rows() == 1 { 0 } else { query.row };
        let bias = *table.row(row).get(key)?;
        (bias != f64::NEG_INFINITY).then(|| score + N::from_real(bias))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws what 4 queries may see of 5 keys.
    fn check(offset: isize, mask: Mask, sides: [Option<usize>; 2], picture: [&str; 4]) {
        let [left, right] = sides;
        let window = Window { left, right };
        let positions = Positions {
            offset,
            mask,
            window,
        };
        let drawn = [0, 1, 2, 3].map(|row| {
            let visible = positions.visible(Query { row, position: 99 }, 5);
            (0..5)
                .map(|key| if visible.contains(&key) { '#' } else { '.' })
                .collect::<String>()
        });
        assert_eq!(drawn, picture);
    }

    #[test]
    #[rustfmt::skip]
    fn a_query_may_stand_before_the_first_key() {
        let open = [None, None];
        check(0, Mask::Causal, open, ["#....", "##...", "###..", "####."]);
        check(-2, Mask::Causal, open, [".....", ".....", "#....", "##..."]);
        check(-9, Mask::Causal, open, [".....", ".....", ".....", "....."]);
        check(-2, Mask::None, open, ["#####", "#####", "#####", "#####"]);
        check(-2, Mask::None, [Some(0), Some(1)], [".....", "#....", "##...", ".##.."]);
        check(-2, Mask::None, [Some(0), None], ["#####", "#####", "#####", ".####"]);
        check(-2, Mask::Causal, [None, Some(3)], [".....", ".....", "#....", "##..."]);
        check(1, Mask::Causal, [Some(1), None], ["##...", ".##..", "..##.", "...##"]);
    }
}
