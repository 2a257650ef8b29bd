//! The names of rows and columns beside a matrix.

use eframe::egui::epaint::TextShape;
use eframe::egui::{Align2, Color32, FontId, Pos2, Rect, Ui, pos2};

use super::grid::Grid;
use super::matrix::{Labels, Matrix};
use crate::colour;
use crate::number::{index, points};

/// Tokens on the left and below, as many as fit, the lit one always.
pub fn labels(ui: &Ui, matrix: &Matrix<'_>, grid: Grid, origin: Pos2, clip: Rect) {
    let (row, column) = matrix.focus.cell_in(matrix.kind);
    let (rows, columns) = grid.visible(origin, clip);
    let bottom = clip.max.y.min(origin.y + grid.size().y);
    let painter = ui.painter();
    if let Labels::Margin(width) = matrix.rows {
        let size = (grid.cell.y * 0.8).clamp(9.0, 12.0);
        let space = index(size.div_euclid(grid.cell.y)) + 1;
        let area = Rect::from_min_max(pos2(clip.min.x - width, clip.min.y - 6.0), clip.max);
        let painter = painter.with_clip_rect(area.intersect(ui.clip_rect()));
        for i in rows.filter(|&i| shown(i, row, space)) {
            let cell = grid.cells(origin, i..i + 1, 0..1);
            let at = pos2(clip.min.x - 7.0, cell.center().y);
            let (text, colour) = (short_name(matrix.row_name(i)), label_colour(i == row));
            painter.text(
                at,
                Align2::RIGHT_CENTER,
                text,
                FontId::proportional(size),
                colour,
            );
        }
    }
    if let Labels::Margin(_) = matrix.columns {
        let size = (grid.cell.x * 0.8).clamp(9.0, 12.0);
        let space = index((size + 2.0).div_euclid(grid.cell.x)) + 1;
        // Level where there is room for the longest name, leaning where there is not.
        let level = points(longest(&matrix.input.key_tokens)) * size * 0.6 < grid.cell.x;
        for j in columns.filter(|&j| shown(j, column, space)) {
            let cell = grid.cells(origin, 0..1, j..j + 1);
            let (text, colour) = (
                short_name(matrix.input.key_name(j)),
                label_colour(j == column),
            );
            let font = FontId::proportional(size);
            if level {
                let at = pos2(cell.center().x, bottom + 5.0);
                painter.text(at, Align2::CENTER_TOP, text, font, colour);
                continue;
            }
            let galley = painter.layout_no_wrap(text, font, colour);
            let at = pos2(cell.center().x + 3.0, bottom + 5.0);
            let at = Align2::RIGHT_TOP.anchor_size(at, galley.size()).min;
            let shape = TextShape::new(at, galley, colour);
            painter.add(shape.with_angle_and_anchor(-1.0, Align2::RIGHT_TOP));
        }
    }
}

/// Every `space`-th, and the lit one, which pushes its neighbours away.
fn shown(at: usize, lit: usize, space: usize) -> bool {
    at == lit || at.is_multiple_of(space) && at.abs_diff(lit) >= space
}

fn label_colour(lit: bool) -> Color32 {
    if lit { colour::TEXT } else { colour::WEAK }
}

/// The number of letters of the longest token; numbers have up to four.
pub fn longest(tokens: &[String]) -> usize {
    let letters = tokens.iter().map(|token| token.chars().count());
    letters.max().unwrap_or(4)
}

/// A long token must not push the table away.
fn short_name(name: String) -> String {
    const MAX: usize = 11;
    if name.chars().count() <= MAX {
        return name;
    }
    let start: String = name.chars().take(MAX - 1).collect();
    format!("{start}…")
}
