//! One matrix: name, shape, meaning, colour bar, tokens, the heat map, digits, and what is lit in it.

use eframe::egui::{
    Color32, Id, Pos2, Rect, Response, ScrollArea, Sense, Ui, UiBuilder, Vec2, pos2, vec2,
};

use super::bands::Bands;
use super::cells::{Lit, cells_ui};
use super::grid::Grid;
use super::header::header_ui;
use super::labels::labels;
use crate::colour::ColourScale;
use crate::edit::{Edits, MatrixId};
use crate::pictures::Pictures;
use crate::session::{Selection, TableKind};
use crate::source::Input;
use crate::steps::Walk;
use crate::table::Table;

/// Height of name, shape and meaning.
pub const HEADER: f32 = 40.0;
/// Height of the tokens below a table.
pub const TOKENS_BELOW: f32 = 52.0;

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
    /// In points.
    pub fn room(self) -> f32 {
        match self {
            Self::Absent => 0.0,
            Self::Empty(room) | Self::Margin(room) => room,
        }
    }
}

/// Which way the rows of a table run on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facing {
    /// Downwards.
    Upright,
    /// To the right: the table is drawn turned.
    Turned,
}

impl Facing {
    /// What belongs to rows and what belongs to columns, of the screen or of the table.
    pub fn pair<T>(self, rows: T, columns: T) -> (T, T) {
        match self {
            Self::Upright => (rows, columns),
            Self::Turned => (columns, rows),
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
    /// Which way its rows run.
    pub facing: Facing,
    /// What is edited in it, if it can be.
    pub edits: Option<(&'a Edits, MatrixId)>,
}

impl Matrix<'_> {
    /// What is lit, as it is on screen.
    pub fn bands(&self) -> Bands {
        let bands = Bands::new(self.focus, self.kind);
        match self.facing {
            Facing::Upright => bands,
            Facing::Turned => bands.turned(),
        }
    }

    fn lit(&self) -> Lit<'_> {
        Lit {
            table: self.table,
            scale: self.scale,
            facing: self.facing,
            bands: self.bands(),
            edits: self.edits,
            walk: self.walk.map(|(walk, moment)| (walk, moment, self.kind)),
            hidden: if self.kind == TableKind::Masked {
                "−∞"
            } else {
                "0"
            },
            title: &self.title,
        }
    }

    /// What a row of the table is called.
    pub fn row_name(&self, row: usize) -> String {
        if self.kind.has_key_rows() {
            self.input.key_name(row)
        } else {
            self.input.query_name(row)
        }
    }
}

/// What the pointer does to a matrix.
pub struct MatrixResponse {
    /// The cell that is pointed at: row and column of the table.
    pub cell: Option<(usize, usize)>,
    /// Of the heat map: clicks, drags, the tooltip.
    pub response: Response,
    /// The name was clicked: one wants it large.
    pub name_clicked: bool,
    /// Where its cells lie.
    pub grid: Grid,
    /// Where cell (0, 0) lies.
    pub origin: Pos2,
    /// Which way its rows run.
    pub facing: Facing,
}

impl MatrixResponse {
    /// Where a cell of the table is on screen.
    pub fn rect_of(&self, row: usize, column: usize) -> Rect {
        let (row, column) = self.facing.pair(row, column);
        self.grid
            .cells(self.origin, row..row + 1, column..column + 1)
    }

    /// The cell of the table at a place on screen.
    pub fn cell_at(&self, at: Pos2) -> Option<(usize, usize)> {
        let (row, column) = self.grid.cell_at(self.origin, at)?;
        Some(self.facing.pair(row, column))
    }
}

/// Draws a matrix into `rect`, its cells as large as fits.
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
    let id = id(ui, matrix);
    let drawn = body_ui(ui, id, body, grid, matrix, pictures);
    labels(ui, matrix, grid, drawn.origin, drawn.clip);
    MatrixResponse {
        cell: drawn.cell,
        response: drawn.response,
        name_clicked,
        grid,
        origin: drawn.origin,
        facing: matrix.facing,
    }
}

/// Draws a matrix with cells of size `cell` from `origin` on, and its name in `header`.
pub fn matrix_at(
    ui: &mut Ui,
    origin: Pos2,
    cell: Vec2,
    header: Rect,
    matrix: &Matrix<'_>,
    pictures: &mut Pictures,
) -> MatrixResponse {
    let (rows, columns) = matrix
        .facing
        .pair(matrix.table.rows(), matrix.table.columns());
    let grid = Grid {
        rows,
        columns,
        cell,
    };
    let name_clicked = header_ui(ui, header, matrix);
    let origin = on_pixel(ui, origin);
    let rect = Rect::from_min_size(origin, grid.size());
    let response = ui.interact(rect, id(ui, matrix), sense(matrix));
    let clip = rect.intersect(ui.clip_rect());
    let cell = cells_ui(ui, grid, origin, clip, &response, &matrix.lit(), pictures);
    labels(ui, matrix, grid, origin, clip);
    MatrixResponse {
        cell,
        response,
        name_clicked,
        grid,
        origin,
        facing: matrix.facing,
    }
}

fn id(ui: &Ui, matrix: &Matrix<'_>) -> Id {
    ui.scope_id().with((&matrix.title, matrix.kind))
}

/// Only what can be edited is dragged.
fn sense(matrix: &Matrix<'_>) -> Sense {
    match matrix.edits {
        Some(_) => Sense::click_and_drag(),
        None => Sense::click(),
    }
}

/// What was drawn, and where.
struct Drawn {
    cell: Option<(usize, usize)>,
    response: Response,
    origin: Pos2,
    /// What can be seen.
    clip: Rect,
}

/// The heat map, scrolled if it must be.
fn body_ui(
    ui: &mut Ui,
    id: Id,
    body: Rect,
    grid: Grid,
    matrix: &Matrix<'_>,
    pictures: &mut Pictures,
) -> Drawn {
    let size = grid.size();
    if size.x <= body.width() + 0.5 && size.y <= body.height() + 0.5 {
        let origin = on_pixel(ui, body.min);
        let clip = Rect::from_min_size(origin, size);
        let response = ui.interact(clip, id, sense(matrix));
        let cell = cells_ui(ui, grid, origin, clip, &response, &matrix.lit(), pictures);
        return Drawn {
            cell,
            response,
            origin,
            clip,
        };
    }
    let mut child = ui.new_child(UiBuilder::new().id_salt(id).max_rect(body));
    let output = ScrollArea::both()
        .id_salt(id)
        .auto_shrink([true, true])
        .show(&mut child, |ui| {
            let (rect, response) = ui.allocate_exact_size(size, sense(matrix));
            let origin = on_pixel(ui, rect.min);
            let clip = ui.clip_rect().intersect(body);
            follow(ui, id, grid, origin, matrix);
            let cell = cells_ui(ui, grid, origin, clip, &response, &matrix.lit(), pictures);
            (cell, response, origin)
        });
    let (cell, response, origin) = output.inner;
    Drawn {
        cell,
        response,
        origin,
        clip: output.inner_rect.intersect(body),
    }
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

/// The nearest whole pixel.
pub fn on_pixel(ui: &Ui, at: Pos2) -> Pos2 {
    let pixels = ui.pixels_per_point();
    ((at.to_vec2() * pixels).round() / pixels).to_pos2()
}
