//! Where the cells of a matrix lie: whole pixels, so that a picture of them is sharp.

use std::ops::Range;

use eframe::egui::{Pos2, Rect, Ui, Vec2, vec2};

use crate::number::{index, points};
use crate::table::Table;

/// Nor larger.
const MAX_CELL: Vec2 = vec2(120.0, 64.0);
/// Cells do not get smaller than this, the table is scrolled instead.
const MIN_CELL: f32 = 3.0;
/// Rows and columns of cells of one size.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Of one cell, in points.
    pub cell: Vec2,
}

impl Grid {
    /// Cells of whole pixels that fill the body, or the smallest ones.
    pub fn fit(ui: &Ui, body: Rect, table: &Table) -> Self {
        let (rows, columns) = (table.rows(), table.columns());
        let pixels = ui.pixels_per_point();
        let fit = |space: f32, count: usize, max: f32| {
            let cell = space / points(count.max(1));
            (cell.clamp(MIN_CELL, max) * pixels).floor().max(1.0) / pixels
        };
        Self {
            rows,
            columns,
            cell: vec2(
                fit(body.width(), columns, MAX_CELL.x),
                fit(body.height(), rows, MAX_CELL.y),
            ),
        }
    }

    /// Of all cells.
    pub fn size(self) -> Vec2 {
        vec2(points(self.columns), points(self.rows)) * self.cell
    }

    /// The rectangle of some cells, where cell (0, 0) lies at `origin`.
    pub fn cells(self, origin: Pos2, rows: Range<usize>, columns: Range<usize>) -> Rect {
        let corner =
            |row: usize, column: usize| origin + vec2(points(column), points(row)) * self.cell;
        Rect::from_min_max(
            corner(rows.start, columns.start),
            corner(rows.end, columns.end),
        )
    }

    /// The cell at a place, if there is one.
    pub fn cell_at(self, origin: Pos2, at: Pos2) -> Option<(usize, usize)> {
        let Vec2 { x, y } = (at - origin) / self.cell;
        let inside = x >= 0.0 && y >= 0.0 && index(y) < self.rows && index(x) < self.columns;
        inside.then(|| (index(y), index(x)))
    }

    /// Rows and columns of which something can be seen.
    pub fn visible(self, origin: Pos2, clip: Rect) -> (Range<usize>, Range<usize>) {
        let from = (clip.min - origin) / self.cell;
        let to = (clip.max - origin) / self.cell;
        let range = |from: f32, to: f32, count: usize| {
            index(from.max(0.0)).min(count)..(index(to.max(0.0)) + 1).min(count)
        };
        (
            range(from.y, to.y, self.rows),
            range(from.x, to.x, self.columns),
        )
    }
}
