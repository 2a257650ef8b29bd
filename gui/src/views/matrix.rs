//! One matrix: name, shape, meaning, colour bar, tokens, the heat map, digits, and what is lit in it.

use std::ops::Range;

use eframe::egui::epaint::TextShape;
use eframe::egui::{
    Align2, Color32, FontId, Id, Painter, Pos2, Rect, Response, Role, ScrollArea, Sense, Stroke,
    StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::grid::Grid;
use super::header::header_ui;
use crate::colour::{self, ColourScale};
use crate::number;
use crate::number::{index, points};
use crate::pictures::{Pictures, TILE};
use crate::session::{Selection, TableKind};
use crate::source::Input;
use crate::steps::Walk;
use crate::table::Table;

/// Height of name, shape and meaning.
pub const HEADER: f32 = 40.0;
/// Height of the tokens below a table.
pub const TOKENS_BELOW: f32 = 52.0;
/// Digits need at least this size.
const MIN_FONT: f32 = 7.5;

/// Whether a side of the table carries tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Labels {
    /// Its neighbour carries them.
    Absent,
    /// Nobody does, but the room is kept, so that rows stand beside each other.
    Empty(f32),
    /// In a margin of this many points.
    Margin(f32),
}

impl Labels {
    fn room(self) -> f32 {
        match self {
            Self::Absent => 0.0,
            Self::Empty(room) | Self::Margin(room) => room,
        }
    }
}

/// What is to be drawn.
pub struct Matrix<'a> {
    /// Which of the seven.
    pub kind: TableKind,
    /// Tells apart the columns of a comparison.
    pub title: String,
    /// After the name: of which format it is.
    pub tag: (String, Color32),
    /// Its meaning in one line.
    pub meaning: String,
    /// The numbers.
    pub table: &'a Table,
    /// Their colours.
    pub scale: ColourScale,
    /// What is pointed at or selected.
    pub focus: Selection,
    /// What is selected: a scrolled table follows it.
    pub selection: Selection,
    /// Knows what queries and keys are called.
    pub input: &'a Input,
    /// The walk that is on, and its moment: cells that it has not come to stay blank.
    pub walk: Option<(Walk, usize)>,
    /// Tokens on the left.
    pub rows: Labels,
    /// Tokens below.
    pub columns: Labels,
}

impl Matrix<'_> {
    fn row_name(&self, row: usize) -> String {
        if self.kind.has_key_rows() {
            self.input.key_name(row)
        } else {
            self.input.query_name(row)
        }
    }
}

/// The cell under the pointer, and the widget that was clicked if one was.
pub struct Hit {
    /// Row and column.
    pub cell: (usize, usize),
    /// Of the heat map, for the tooltip.
    pub response: Response,
}

/// What the pointer does to a matrix.
#[derive(Default)]
pub struct MatrixResponse {
    /// A cell is pointed at.
    pub hit: Option<Hit>,
    /// The name was clicked: one wants it large.
    pub name_clicked: bool,
}

/// Draws a matrix into `rect`.
pub fn matrix_ui(
    ui: &mut Ui,
    rect: Rect,
    matrix: &Matrix<'_>,
    pictures: &mut Pictures,
) -> MatrixResponse {
    let (left, below) = (matrix.rows.room(), matrix.columns.room());
    let body = Rect::from_min_max(
        rect.min + vec2(left, HEADER),
        pos2(rect.max.x, rect.max.y - below),
    );
    let grid = Grid::fit(ui, body, matrix.table);
    let width = grid.size().x.max(230.0).min(body.width());
    let header = Rect::from_min_max(
        pos2(body.min.x, rect.min.y),
        pos2(body.min.x + width, body.min.y),
    );
    let name_clicked = header_ui(ui, header, matrix);
    let id = ui.scope_id().with((&matrix.title, matrix.kind));
    let (hit, origin, clip) = body_ui(ui, id, body, grid, matrix, pictures);
    labels(ui, matrix, grid, origin, clip);
    MatrixResponse { hit, name_clicked }
}

/// The heat map, scrolled if it must be. Returns the cell under the pointer, where cell (0, 0) lies,
/// and what can be seen.
fn body_ui(
    ui: &mut Ui,
    id: Id,
    body: Rect,
    grid: Grid,
    matrix: &Matrix<'_>,
    pictures: &mut Pictures,
) -> (Option<Hit>, Pos2, Rect) {
    let size = grid.size();
    if size.x <= body.width() + 0.5 && size.y <= body.height() + 0.5 {
        let origin = on_pixel(ui, body.min);
        let rect = Rect::from_min_size(origin, size);
        let response = ui.interact(rect, id, Sense::click());
        let hit = cells_ui(ui, grid, origin, rect, response, matrix, pictures);
        return (hit, origin, rect);
    }
    let mut child = ui.new_child(UiBuilder::new().id_salt(id).max_rect(body));
    let output = ScrollArea::both()
        .id_salt(id)
        .auto_shrink([true, true])
        .show(&mut child, |ui| {
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            let origin = on_pixel(ui, rect.min);
            let clip = ui.clip_rect().intersect(body);
            follow(ui, id, grid, origin, matrix);
            let hit = cells_ui(ui, grid, origin, clip, response, matrix, pictures);
            (hit, origin)
        });
    let (hit, origin) = output.inner;
    (hit, origin, output.inner_rect.intersect(body))
}

/// Scrolls a new selection into view, in every table that it belongs to.
fn follow(ui: &Ui, id: Id, grid: Grid, origin: Pos2, matrix: &Matrix<'_>) {
    let seen = ui.data(|data| data.get_temp::<Selection>(id));
    if seen == Some(matrix.selection) {
        return;
    }
    ui.data_mut(|data| data.insert_temp(id, matrix.selection));
    let (row, column) = matrix.selection.cell_in(matrix.kind);
    let cell = grid.cells(origin, row..row + 1, column..column + 1);
    ui.scroll_to_rect(cell.expand2(grid.cell * 3.0), None);
}

fn on_pixel(ui: &Ui, at: Pos2) -> Pos2 {
    let pixels = ui.pixels_per_point();
    ((at.to_vec2() * pixels).round() / pixels).to_pos2()
}

fn cells_ui(
    ui: &Ui,
    grid: Grid,
    origin: Pos2,
    clip: Rect,
    response: Response,
    matrix: &Matrix<'_>,
    pictures: &mut Pictures,
) -> Option<Hit> {
    let painter = ui.painter().with_clip_rect(clip.intersect(ui.clip_rect()));
    let (rows, columns) = grid.visible(origin, painter.clip_rect());
    for down in rows.start / TILE..rows.end.div_ceil(TILE) {
        for across in columns.start / TILE..columns.end.div_ceil(TILE) {
            let texture = pictures.tile(ui.ctx(), matrix.table, matrix.scale, (down, across));
            let tile = grid.cells(
                origin,
                down * TILE..grid.rows.min((down + 1) * TILE),
                across * TILE..grid.columns.min((across + 1) * TILE),
            );
            let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            painter.image(texture, tile, whole, Color32::WHITE);
        }
    }
    digits(&painter, grid, origin, &rows, &columns, matrix);
    blanks(&painter, grid, origin, &rows, &columns, matrix);
    highlights(
        &painter.with_clip_rect(painter.clip_rect().expand(2.0)),
        grid,
        origin,
        matrix,
    );
    let title = format!("{}, {} by {}", matrix.title, grid.rows, grid.columns);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &title));
    let at = response.hover_pos().filter(|at| clip.contains(*at))?;
    let cell = grid.cell_at(origin, at)?;
    Some(Hit { cell, response })
}

/// Digits where they can be read.
fn digits(
    painter: &Painter,
    grid: Grid,
    origin: Pos2,
    rows: &Range<usize>,
    columns: &Range<usize>,
    matrix: &Matrix<'_>,
) {
    let size = (grid.cell.x / 2.3).min(grid.cell.y * 0.72).min(13.0);
    if size < MIN_FONT {
        return;
    }
    let font = FontId::proportional(size);
    for row in rows.clone() {
        for column in columns.clone() {
            let value = matrix.table.get(row, column);
            let back = matrix.scale.colour(value);
            let (text, colour) = match value {
                Some(value) => (number::cell(value), colour::on(back)),
                None if matrix.kind == TableKind::Masked => ("−∞".to_owned(), colour::WEAK),
                None => ("0".to_owned(), colour::WEAK),
            };
            let cell = grid.cells(origin, row..row + 1, column..column + 1);
            painter.text(
                cell.center(),
                Align2::CENTER_CENTER,
                text,
                font.clone(),
                colour,
            );
        }
    }
}

/// Covers what the walk has not come to.
fn blanks(
    painter: &Painter,
    grid: Grid,
    origin: Pos2,
    rows: &Range<usize>,
    columns: &Range<usize>,
    matrix: &Matrix<'_>,
) {
    let Some((walk, moment)) = matrix.walk else {
        return;
    };
    for row in rows.clone() {
        // What is known of a row is its start.
        let known = |&column: &usize| walk.known(moment, matrix.kind, row, column);
        let start = columns.start + columns.clone().take_while(known).count();
        if start < columns.end {
            let cells = grid.cells(origin, row..row + 1, start..columns.end);
            painter.rect_filled(cells, 0.0, colour::HIDDEN);
        }
    }
}

/// Outlines the row and the column that belong to the focus.
fn highlights(painter: &Painter, grid: Grid, origin: Pos2, matrix: &Matrix<'_>) {
    let (row, column) = matrix.focus.cell_in(matrix.kind);
    if row >= grid.rows {
        return;
    }
    let outline = |rect: Rect, width: f32| {
        painter.rect_stroke(
            rect,
            0.0,
            Stroke::new(width + 1.0, colour::BACKGROUND),
            StrokeKind::Outside,
        );
        painter.rect_stroke(
            rect,
            0.0,
            Stroke::new(width, Color32::WHITE),
            StrokeKind::Outside,
        );
    };
    outline(grid.cells(origin, row..row + 1, 0..grid.columns), 1.0);
    if column >= grid.columns {
        return;
    }
    if matrix.kind.is_query_by_key() {
        outline(grid.cells(origin, 0..grid.rows, column..column + 1), 1.0);
    }
    if matrix.kind.is_query_by_key() || same_columns(matrix.kind, matrix.focus.table) {
        outline(grid.cells(origin, row..row + 1, column..column + 1), 2.0);
    }
}

/// Whether a column of one is a column of the other: d of Q and K, e of V and the output.
fn same_columns(a: TableKind, b: TableKind) -> bool {
    let of_keys = |kind| matches!(kind, TableKind::Q | TableKind::K);
    let of_values = |kind| matches!(kind, TableKind::V | TableKind::Output);
    of_keys(a) && of_keys(b) || of_values(a) && of_values(b)
}

/// Tokens on the left and below, as many as fit, the lit one always.
fn labels(ui: &Ui, matrix: &Matrix<'_>, grid: Grid, origin: Pos2, clip: Rect) {
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
