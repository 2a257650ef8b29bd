//! The cells of a matrix: the picture, digits where they can be read, marks of edits, and what is lit.

use std::ops::Range;

use eframe::egui::{
    Align2, Color32, FontId, Mesh, Painter, Pos2, Rect, Response, Role, Shape, Stroke, StrokeKind,
    TextureId, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::bands::Bands;
use super::grid::Grid;
use super::matrix::Facing;
use crate::colour::{self, ColourScale};
use crate::edit::{Edits, MatrixId};
use crate::number;
use crate::pictures::{Pictures, TILE};
use crate::session::TableKind;
use crate::steps::Walk;
use crate::table::Table;

/// Digits need at least this size.
const MIN_FONT: f32 = 7.5;
/// The widest of them, as `-1.3`, is this many times as wide as a font is high,
const DIGITS: f32 = 1.9;
/// with room to the next cell,
const ROOMY: f32 = 2.3;
/// which small fonts do without.
const SMALL_FONT: f32 = 8.5;
/// Cells of this size show digits.
pub const LEGIBLE: Vec2 = vec2(MIN_FONT * DIGITS, MIN_FONT / SHARE);
/// What a font may take of the height of a cell.
const SHARE: f32 = 0.72;
/// Marks need cells of at least this size.
const MIN_MARKED: f32 = 7.0;

/// What is drawn of a table.
pub struct Lit<'a> {
    /// The numbers.
    pub table: &'a Table,
    /// Their colours.
    pub scale: ColourScale,
    /// Which way its rows run.
    pub facing: Facing,
    /// What is lit, as it is on screen.
    pub bands: Bands,
    /// What is edited in it, if it can be.
    pub edits: Option<(&'a Edits, MatrixId)>,
    /// The walk that is on, its moment, and which table this is: what it has not come to stays blank.
    pub walk: Option<(Walk, usize, TableKind)>,
    /// What stands in a cell that the mask hides.
    pub hidden: &'a str,
    /// As screen readers say it.
    pub title: &'a str,
}

/// Draws what can be seen of the cells, where cell (0, 0) lies at `origin`. Returns the cell of the
/// table under the pointer.
pub fn cells_ui(
    ui: &Ui,
    grid: Grid,
    origin: Pos2,
    clip: Rect,
    response: &Response,
    lit: &Lit<'_>,
    pictures: &mut Pictures,
) -> Option<(usize, usize)> {
    let painter = ui.painter().with_clip_rect(clip.intersect(ui.clip_rect()));
    let seen = grid.visible(origin, painter.clip_rect());
    picture(&painter, ui, grid, origin, &seen, lit, pictures);
    digits(&painter, grid, origin, &seen, lit);
    blanks(&painter, grid, origin, &seen, lit);
    let around = painter.with_clip_rect(painter.clip_rect().expand(2.0));
    marks(&around, grid, origin, &seen, lit);
    highlights(&around, grid, origin, lit);
    let (rows, columns) = (lit.table.rows(), lit.table.columns());
    let title = format!("{}, {rows} by {columns}", lit.title);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &title));
    let at = response.hover_pos().filter(|at| clip.contains(*at))?;
    let (row, column) = grid.cell_at(origin, at)?;
    Some(lit.facing.pair(row, column))
}

fn picture(
    painter: &Painter,
    ui: &Ui,
    grid: Grid,
    origin: Pos2,
    (rows, columns): &(Range<usize>, Range<usize>),
    lit: &Lit<'_>,
    pictures: &mut Pictures,
) {
    let table = lit.table;
    let (rows, columns) = lit.facing.pair(rows.clone(), columns.clone());
    for down in rows.start / TILE..rows.end.div_ceil(TILE) {
        for across in columns.start / TILE..columns.end.div_ceil(TILE) {
            let texture = pictures.tile(ui.ctx(), table, lit.scale, (down, across));
            let (rows, columns) = lit.facing.pair(
                down * TILE..table.rows().min((down + 1) * TILE),
                across * TILE..table.columns().min((across + 1) * TILE),
            );
            let tile = grid.cells(origin, rows, columns);
            painter.add(textured(texture, tile, lit.facing));
        }
    }
}

/// The texture in the rectangle, its rows downwards or, turned, to the right.
fn textured(texture: TextureId, rect: Rect, facing: Facing) -> Shape {
    let mut mesh = Mesh::with_texture(texture);
    for (x, y) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)] {
        let (u, v) = facing.pair(x, y);
        mesh.vertices.push(eframe::egui::epaint::Vertex {
            pos: rect.min + vec2(x, y) * rect.size(),
            uv: pos2(u, v),
            color: Color32::WHITE,
        });
    }
    mesh.add_triangle(0, 1, 2);
    mesh.add_triangle(0, 2, 3);
    Shape::mesh(mesh)
}

/// Covers what the walk has not come to.
fn blanks(
    painter: &Painter,
    grid: Grid,
    origin: Pos2,
    (rows, columns): &(Range<usize>, Range<usize>),
    lit: &Lit<'_>,
) {
    let Some((walk, moment, kind)) = lit.walk else {
        return;
    };
    for row in rows.clone() {
        for column in columns.clone() {
            let (i, j) = lit.facing.pair(row, column);
            if !walk.known(moment, kind, i, j) {
                let cell = grid.cells(origin, row..row + 1, column..column + 1);
                painter.rect_filled(cell, 0.0, colour::HIDDEN);
            }
        }
    }
}

/// Digits where they can be read.
fn digits(
    painter: &Painter,
    grid: Grid,
    origin: Pos2,
    (rows, columns): &(Range<usize>, Range<usize>),
    lit: &Lit<'_>,
) {
    let wide = (grid.cell.x / ROOMY).max((grid.cell.x / DIGITS).min(SMALL_FONT));
    let size = wide.min(grid.cell.y * SHARE).min(13.0);
    if size < MIN_FONT {
        return;
    }
    let font = FontId::proportional(size);
    for row in rows.clone() {
        for column in columns.clone() {
            let (table_row, table_column) = lit.facing.pair(row, column);
            let value = lit.table.get(table_row, table_column);
            let back = lit.scale.colour(value);
            let (text, colour) = match value {
                Some(value) => (number::cell(value), colour::on(back)),
                None => (lit.hidden.to_owned(), colour::WEAK),
            };
            let cell = grid.cells(origin, row..row + 1, column..column + 1);
            let middle = Align2::CENTER_CENTER;
            painter.text(cell.center(), middle, text, font.clone(), colour);
        }
    }
}

/// A corner of every cell that is edited; a frame around a matrix that is made by formula.
fn marks(
    painter: &Painter,
    grid: Grid,
    origin: Pos2,
    (rows, columns): &(Range<usize>, Range<usize>),
    lit: &Lit<'_>,
) {
    let Some((edits, id)) = lit.edits else {
        return;
    };
    if edits.is_filled(id) {
        let all = Rect::from_min_size(origin, grid.size());
        let stroke = Stroke::new(2.0, colour::RIGHT);
        painter.rect_stroke(all, 0.0, stroke, StrokeKind::Outside);
    }
    let size = (grid.cell.min_elem() * 0.5).min(9.0);
    if grid.cell.min_elem() < MIN_MARKED {
        return;
    }
    for (row, column) in edits.cells_of(id) {
        let ink = colour::on(lit.scale.colour(lit.table.get(row, column)));
        let (row, column) = lit.facing.pair(row, column);
        if rows.contains(&row) && columns.contains(&column) {
            let corner = grid
                .cells(origin, row..row + 1, column..column + 1)
                .right_top();
            let points = vec![corner, corner + vec2(-size, 0.0), corner + vec2(0.0, size)];
            painter.add(Shape::convex_polygon(points, ink, Stroke::NONE));
        }
    }
}

/// Outlines the row, the column and the cell that belong to the focus.
fn highlights(painter: &Painter, grid: Grid, origin: Pos2, lit: &Lit<'_>) {
    let bands = lit.bands;
    if let Some(row) = bands.row.filter(|&row| row < grid.rows) {
        outline(
            painter,
            grid.cells(origin, row..row + 1, 0..grid.columns),
            1.0,
        );
    }
    if let Some(column) = bands.column.filter(|&column| column < grid.columns) {
        let rect = grid.cells(origin, 0..grid.rows, column..column + 1);
        outline(painter, rect, 1.0);
    }
    if let Some((row, column)) = bands.cell
        && row < grid.rows
        && column < grid.columns
    {
        let rect = grid.cells(origin, row..row + 1, column..column + 1);
        outline(painter, rect, 2.0);
    }
}

/// White on dark, so that it is seen on every colour.
pub fn outline(painter: &Painter, rect: Rect, width: f32) {
    for (width, colour) in [(width + 1.0, colour::BACKGROUND), (width, Color32::WHITE)] {
        painter.rect_stroke(rect, 0.0, Stroke::new(width, colour), StrokeKind::Outside);
    }
}
