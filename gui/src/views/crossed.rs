//! The tables crossed: a product is drawn where it happens.
//!
//! ```text
//!           Kᵀ (D, S)                        V (S, E)
//! Q (T, D)  scores (T, S)    weights (T, S)  output (T, E)
//! ```
//!
//! Row i of Q and column j of Kᵀ meet in the score that is their dot product; a row of weights and a
//! column of V meet in an output. Rows of the lower tables stand at one height, columns of the tables
//! above each other at one place.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

use super::matrix::{Facing, HEADER, TOKENS_BELOW};
use crate::number::points;
use crate::session::TableKind;

/// Between two tables that are multiplied.
const SEAM: f32 = 6.0;
/// Between the two products.
const GAP: f32 = 36.0;
/// A name, a shape and a colour bar need this much,
const SLOT: f32 = 180.0;
/// a name and a shape this much.
const NARROW_SLOT: f32 = 92.0;
/// Cells of scores do not get larger,
const MAX_CELL: Vec2 = vec2(84.0, 56.0);
/// nor columns d and e,
const MAX_COLUMN: f32 = 60.0;
/// nor rows of Kᵀ and V,
const MAX_ROW: f32 = 40.0;
/// nor smaller: then the whole picture is scrolled.
const MIN_CELL: f32 = 1.0;
/// Cells of scores of this size can be read.
const LEGIBLE: f32 = 18.0;
/// Eighths of halves that are tried, from the largest cells on.
const STEPS: usize = 80;

/// What the picture depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    /// T.
    pub queries: usize,
    /// S.
    pub keys: usize,
    /// D.
    pub width: usize,
    /// E.
    pub value_width: usize,
    /// Room for the names of queries and of keys, in points.
    pub names: [f32; 2],
    /// The scores that are shown: raw or masked.
    pub scores: TableKind,
}

/// One table of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Which one.
    pub kind: TableKind,
    /// Only K is turned.
    pub facing: Facing,
    /// Where its cells lie.
    pub cells: Rect,
    /// Of one cell.
    pub cell: Vec2,
    /// Where its name stands.
    pub header: Rect,
}

/// The whole picture, from (0, 0) on.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossed {
    /// Q, K, scores, weights, V, output.
    pub parts: [Part; 6],
    /// Of all of it; larger than the space if it must be scrolled.
    pub size: Vec2,
}

/// Sizes of the cells: one width each for columns d, e and keys; one height each for queries and for
/// the rows of Kᵀ and of V.
struct Cells {
    q_column: f32,
    v_column: f32,
    key: f32,
    query: f32,
    k_row: f32,
    v_row: f32,
}

impl Cells {
    /// As large as fits into `space`, whole pixels. Where there is little room, cells of scores, which
    /// carry digits, shrink less than the others.
    fn fit(space: Vec2, sizes: &Sizes, pixels: f32) -> Self {
        let whole = |cell: f32, max: f32| (cell.clamp(MIN_CELL, max) * pixels).floor() / pixels;
        let key_least = sizes.key_least(space.x);
        let query_least = LEGIBLE.min(0.4 * space.y / points(sizes.queries.max(1)));
        let shrunk =
            |share: f32, most: f32, least: f32| whole((most * share.powf(0.75)).max(least), most);
        let (mut column, mut key) = (MIN_CELL, whole(key_least, MAX_CELL.x));
        let (mut row, mut query) = (MIN_CELL, whole(query_least, MAX_CELL.y));
        for step in 0..=STEPS {
            let share = 0.5_f32.powf(points(step) / 8.0);
            column = whole(MAX_COLUMN * share, MAX_COLUMN);
            key = shrunk(share, MAX_CELL.x, key_least);
            if sizes.width_of(space.x, column, key) <= space.x {
                break;
            }
        }
        for step in 0..=STEPS {
            let share = 0.5_f32.powf(points(step) / 8.0);
            row = whole(MAX_ROW * share, MAX_ROW);
            query = shrunk(share, MAX_CELL.y, query_least);
            if sizes.height_of(row, query) <= space.y {
                break;
            }
        }
        // What the names and the taller of Kᵀ and V need anyway is filled.
        let slot = sizes.slot(space.x);
        let filled = |slot: f32, count: usize, least: f32, most: f32| {
            whole((slot / points(count.max(1))).max(least), most)
        };
        let upper = points(sizes.width.max(sizes.keys)) * row;
        Self {
            q_column: filled(slot, sizes.width, column, MAX_COLUMN),
            v_column: filled(slot, sizes.value_width, column, MAX_COLUMN),
            key: filled(slot, sizes.keys, key, MAX_CELL.x),
            query,
            k_row: filled(upper, sizes.width, row, MAX_ROW),
            v_row: filled(upper, sizes.keys, row, MAX_ROW),
        }
    }
}

impl Sizes {
    /// The width of a cell of scores where there is little room.
    fn key_least(&self, space: f32) -> f32 {
        LEGIBLE.min(0.55 * space / points((2 * self.keys).max(1)))
    }

    /// What every table gets at least in a space of this width.
    fn slot(&self, space: f32) -> f32 {
        let [queries, keys] = self.names;
        let tables = space - queries - GAP - 2.0 * SEAM;
        let even = tables / 4.0;
        let scores = points(self.keys) * self.key_least(space);
        let even = if scores > even {
            (tables - 2.0 * scores) / 2.0
        } else if even < keys {
            // The names of the rows of V stand above the weights.
            (tables - keys) / 3.0
        } else {
            even
        };
        even.floor().clamp(NARROW_SLOT, SLOT)
    }

    /// Of the whole picture, with the names that stand beside and above it.
    fn width_of(&self, space: f32, column: f32, key: f32) -> f32 {
        let least = self.slot(space);
        let slot = |count: usize, cell: f32| (points(count) * cell).max(least);
        let keys = slot(self.keys, key);
        let lower = self.names[0] + slot(self.width, column) + keys + 2.0 * SEAM + GAP;
        lower + keys.max(self.names[1]) + slot(self.value_width, column)
    }

    fn height_of(&self, row: f32, query: f32) -> f32 {
        let upper = points(self.width.max(self.keys)) * row;
        upper + points(self.queries) * query + SEAM + 2.0 * HEADER + TOKENS_BELOW
    }
}

impl Crossed {
    /// Where everything stands in a space of this size; `pixels` are those of a point.
    pub fn new(space: Vec2, sizes: &Sizes, pixels: f32) -> Self {
        let cells = Cells::fit(space, sizes, pixels);
        let (t, s) = (points(sizes.queries), points(sizes.keys));
        let (d, e) = (points(sizes.width), points(sizes.value_width));
        let lower = t * cells.query;
        let (k_height, v_height) = (d * cells.k_row, s * cells.v_row);
        let upper = k_height.max(v_height);
        let (seam, bottom) = (HEADER + upper, HEADER + upper + SEAM + lower);

        let [q_width, keys_width] = [d * cells.q_column, s * cells.key];
        let least = sizes.slot(space.x);
        let slot = |width: f32| width.max(least);
        let q_right = sizes.names[0] + slot(q_width);
        let scores = q_right + SEAM;
        // The names of the rows of V stand above the weights.
        let weights_room = slot(keys_width).max(sizes.names[1]);
        let weights_right = scores + slot(keys_width) + GAP + weights_room;
        let output = weights_right + SEAM;
        let size = vec2(
            output + slot(e * cells.v_column),
            bottom + TOKENS_BELOW + HEADER,
        );
        let below = |left: f32, width: f32| {
            let at = pos2(left, bottom + TOKENS_BELOW);
            Rect::from_min_size(at, vec2(slot(width) - 12.0, HEADER))
        };
        let above = |left: f32, width: f32, top: f32| {
            let header = vec2(slot(width), HEADER);
            Rect::from_min_size(pos2(left, top - HEADER), header)
        };
        let part = |kind, facing, min: Pos2, size: Vec2, cell, header| Part {
            kind,
            facing,
            cells: Rect::from_min_size(min, size),
            cell,
            header,
        };
        let row = |left: f32| pos2(left, seam + SEAM);
        let (k_top, v_top) = (seam - k_height, seam - v_height);
        let parts = [
            part(
                TableKind::Q,
                Facing::Upright,
                row(q_right - q_width),
                vec2(q_width, lower),
                vec2(cells.q_column, cells.query),
                below(q_right - slot(q_width), q_width),
            ),
            part(
                TableKind::K,
                Facing::Turned,
                pos2(scores, k_top),
                vec2(keys_width, k_height),
                vec2(cells.key, cells.k_row),
                above(scores, keys_width, k_top),
            ),
            part(
                sizes.scores,
                Facing::Upright,
                row(scores),
                vec2(keys_width, lower),
                vec2(cells.key, cells.query),
                below(scores, keys_width),
            ),
            part(
                TableKind::Weights,
                Facing::Upright,
                row(weights_right - keys_width),
                vec2(keys_width, lower),
                vec2(cells.key, cells.query),
                below(weights_right - slot(keys_width), keys_width),
            ),
            part(
                TableKind::V,
                Facing::Upright,
                pos2(output, v_top),
                vec2(e * cells.v_column, v_height),
                vec2(cells.v_column, cells.v_row),
                above(output, e * cells.v_column, v_top),
            ),
            part(
                TableKind::Output,
                Facing::Upright,
                row(output),
                vec2(e * cells.v_column, lower),
                vec2(cells.v_column, cells.query),
                below(output, e * cells.v_column),
            ),
        ];
        Self { parts, size }
    }

    /// The part that shows a table, if one does.
    pub fn part(&self, kind: TableKind) -> Option<&Part> {
        self.parts.iter().find(|part| part.kind == kind)
    }

    /// The two bands that meet in cell (row, column) of the scores, the weights' output or what they
    /// are made of: from the left edge of the one to the cell, and from the top edge of the other.
    pub fn bands(&self, product: TableKind, (row, column): (usize, usize)) -> Option<[Rect; 2]> {
        let (left, above) = match product {
            TableKind::Output => (TableKind::Weights, TableKind::V),
            _ => (TableKind::Q, TableKind::K),
        };
        let (left, above, here) = (self.part(left)?, self.part(above)?, self.part(product)?);
        let corner = here.cells.min + vec2(points(column), points(row)) * here.cell;
        let cell = Rect::from_min_size(corner, here.cell);
        if !here.cells.contains(cell.center()) {
            return None;
        }
        Some([
            Rect::from_min_max(pos2(left.cells.min.x, cell.min.y), cell.max),
            Rect::from_min_max(pos2(cell.min.x, above.cells.min.y), cell.max),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossed(space: Vec2, [t, s, d, e]: [usize; 4]) -> Crossed {
        let sizes = Sizes {
            queries: t,
            keys: s,
            width: d,
            value_width: e,
            names: [60.0, 60.0],
            scores: TableKind::Raw,
        };
        Crossed::new(space, &sizes, 1.0)
    }

    /// One letter for about 40 by 40 points.
    fn picture(crossed: &Crossed) -> Vec<String> {
        let letter = |x: usize, y: usize| {
            let at = pos2(points(x), points(y)) * 40.0 + vec2(20.0, 20.0);
            let part = crossed.parts.iter().find(|part| part.cells.contains(at));
            part.map_or('.', |part| match part.kind {
                TableKind::Q => 'q',
                TableKind::K => 'k',
                TableKind::V => 'v',
                TableKind::Output => 'o',
                TableKind::Weights => 'w',
                _ => 's',
            })
        };
        let row = |y| (0..30).map(|x| letter(x, y)).collect();
        (0..16).map(row).collect()
    }

    #[test]
    fn a_product_stands_right_of_the_one_and_below_the_other() {
        let crossed = crossed(vec2(1200.0, 640.0), [15, 15, 32, 32]);
        let expected = [
            "..............................",
            "........kkkkkkk........vvvvvv.",
            "........kkkkkkk........vvvvvv.",
            "........kkkkkkk........vvvvvv.",
            "........kkkkkkk........vvvvvv.",
            "........kkkkkkk........vvvvvv.",
            "........kkkkkkk........vvvvvv.",
            ".qqqqqqqsssssss.wwwwww.oooooo.",
            ".qqqqqqqsssssss.wwwwww.oooooo.",
            ".qqqqqqqsssssss.wwwwww.oooooo.",
            ".qqqqqqqsssssss.wwwwww.oooooo.",
            ".qqqqqqqsssssss.wwwwww.oooooo.",
            ".qqqqqqqsssssss.wwwwww.oooooo.",
            "..............................",
            "..............................",
            "..............................",
        ];
        assert_eq!(picture(&crossed), expected);
    }

    #[test]
    fn cells_are_whole_and_stand_in_line_whatever_the_shape() {
        for shape in [
            [2, 2, 64, 3],
            [1, 2, 4, 1],
            [15, 15, 32, 32],
            [3, 40, 8, 64],
            [512, 512, 64, 64],
            [40, 3, 2, 5],
        ] {
            for space in [vec2(1340.0, 760.0), vec2(1000.0, 480.0), vec2(500.0, 300.0)] {
                let crossed = crossed(space, shape);
                let [q, k, scores, weights, v, output] = crossed.parts;
                for part in crossed.parts {
                    assert_eq!(part.cell, part.cell.round(), "{shape:?}");
                    assert!(
                        part.cells.max.x <= crossed.size.x && part.cells.max.y <= crossed.size.y
                    );
                }
                for part in [scores, weights, output] {
                    assert_eq!(part.cells.y_range(), q.cells.y_range(), "one height");
                }
                assert_eq!(k.cells.x_range(), scores.cells.x_range());
                assert_eq!(v.cells.x_range(), output.cells.x_range());
                assert_eq!(q.cells.max.x + SEAM, scores.cells.min.x);
                assert_eq!(k.cells.max.y + SEAM, scores.cells.min.y);
                assert_eq!(weights.cells.max.x + SEAM, output.cells.min.x);
                assert_eq!(v.cells.max.y + SEAM, output.cells.min.y);
                let overlap = |a: &Part| {
                    crossed
                        .parts
                        .iter()
                        .filter(|b| b.cells.intersects(a.cells))
                        .count()
                };
                assert!(
                    crossed.parts.iter().all(|part| overlap(part) == 1),
                    "{shape:?}"
                );
            }
        }
    }

    #[test]
    fn bands_end_in_the_cell_where_they_meet() {
        let crossed = crossed(vec2(1340.0, 760.0), [4, 3, 2, 5]);
        let [row, column] = crossed.bands(TableKind::Raw, (1, 2)).unwrap();
        let scores = crossed.part(TableKind::Raw).unwrap();
        assert_eq!(row.intersect(column).size(), scores.cell);
        assert_eq!(row.min.x, crossed.part(TableKind::Q).unwrap().cells.min.x);
        assert_eq!(
            column.min.y,
            crossed.part(TableKind::K).unwrap().cells.min.y
        );
        assert!(crossed.bands(TableKind::Output, (3, 4)).is_some());
        assert!(crossed.bands(TableKind::Output, (3, 5)).is_none());
    }
}
