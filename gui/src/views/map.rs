//! A matrix that is none of the seven: a name, a shape, a heat map, digits where they fit.

use eframe::egui::{Align, Color32, Label, Layout, RichText, Sense, Ui, Vec2, vec2};

use super::bands::Bands;
use super::bar::bar_ui;
use super::cells::{Lit, cells_ui};
use super::grid::Grid;
use super::matrix::{Facing, MatrixResponse, on_pixel};
use crate::colour::{self, ColourScale};
use crate::edit::{Edits, MatrixId};
use crate::number::points;
use crate::pictures::Pictures;
use crate::session::TableKind;
use crate::steps::Walk;
use crate::table::Table;

/// Room for the colour bar.
const BAR: f32 = 84.0;

/// What is to be drawn.
pub struct Map<'a> {
    /// As it is called; screen readers add the shape.
    pub name: &'a str,
    /// The colour of its name.
    pub tint: Color32,
    /// What it is, in one line.
    pub meaning: &'a str,
    /// The numbers.
    pub table: &'a Table,
    /// Their colours.
    pub scale: ColourScale,
    /// What is edited in it, if it can be.
    pub edits: Option<(&'a Edits, MatrixId)>,
    /// What is lit.
    pub bands: Bands,
    /// The walk that is on and its moment, for tables that follow from the output.
    pub walk: Option<(Walk, usize)>,
    /// A cell is at most this large.
    pub max_cell: Vec2,
}

impl Map<'_> {
    /// Whether the walk has come to the cell that is pointed at.
    pub fn knows(&self, drawn: &MatrixResponse) -> bool {
        match (self.walk, drawn.cell) {
            (Some((walk, moment)), Some((row, column))) => {
                walk.known(moment, TableKind::Output, row, column)
            }
            _ => true,
        }
    }
}

/// Draws it where the next widget goes, as wide as there is room.
pub fn map_ui(ui: &mut Ui, map: &Map<'_>, pictures: &mut Pictures) -> MatrixResponse {
    ui.horizontal(|ui| {
        ui.label(RichText::new(map.name).size(15.0).color(map.tint));
        let shape = format!("({}, {})", map.table.rows(), map.table.columns());
        ui.label(RichText::new(shape).size(11.5).color(colour::WEAK));
        let (place, _) = ui.allocate_exact_size(vec2(BAR, 14.0), Sense::hover());
        bar_ui(ui, place.right_center(), BAR, map.scale, map.name);
        let meaning = RichText::new(map.meaning).size(11.0).color(colour::WEAK);
        ui.add(Label::new(meaning).truncate());
    });
    let pixels = ui.pixels_per_point();
    let whole = |cell: f32, max: f32| (cell.clamp(1.0, max) * pixels).floor() / pixels;
    let (rows, columns) = (map.table.rows(), map.table.columns());
    let width = whole(
        ui.available_width() / points(columns.max(1)),
        map.max_cell.x,
    );
    let grid = Grid {
        rows,
        columns,
        cell: vec2(width, whole(map.max_cell.y, map.max_cell.y)),
    };
    let sense = match map.edits {
        Some(_) => Sense::click_and_drag(),
        None => Sense::click(),
    };
    let place = Layout::top_down(Align::Min); // a column would make it as wide as itself
    let place = ui.with_layout(place, |ui| ui.allocate_exact_size(grid.size(), sense));
    let (rect, response) = place.inner;
    let origin = on_pixel(ui, rect.min);
    let lit = Lit {
        table: map.table,
        scale: map.scale,
        facing: Facing::Upright,
        bands: map.bands,
        edits: map.edits,
        walk: map
            .walk
            .map(|(walk, moment)| (walk, moment, TableKind::Output)),
        hidden: "0",
        title: map.name,
    };
    let cell = cells_ui(ui, grid, origin, rect, &response, &lit, pictures);
    MatrixResponse {
        cell,
        response,
        name_clicked: false,
        grid,
        origin,
        facing: Facing::Upright,
    }
}
