//! A matrix that is none of the seven: a name, a shape, a heat map, digits where they fit.

use eframe::egui::{Align, Color32, FontId, Label, Layout, RichText, Sense, Ui, Vec2, vec2};

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
/// The size of the name,
const NAME: f32 = 15.0;
/// and that of the shape behind it.
const SHAPE: f32 = 11.5;
/// In less room a meaning says nothing.
const SHORTEST: f32 = 60.0;

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

/// Name, shape, colour bar and meaning; in a narrow place the bar stands below the name.
fn heading_ui(ui: &mut Ui, map: &Map<'_>) {
    let name = RichText::new(map.name).size(NAME).color(map.tint);
    let shape = format!("({}, {})", map.table.rows(), map.table.columns());
    let width = |text: &str, size: f32| {
        let font = FontId::proportional(size);
        let galley = ui
            .painter()
            .layout_no_wrap(text.to_owned(), font, colour::WEAK);
        galley.size().x + ui.spacing().item_spacing.x
    };
    let is_beside = width(map.name, NAME) + width(&shape, SHAPE) + BAR <= ui.available_width();
    let bar = |ui: &mut Ui| {
        let (place, _) = ui.allocate_exact_size(vec2(BAR, 14.0), Sense::hover());
        bar_ui(ui, place.right_center(), BAR, map.scale, map.name);
        if ui.available_width() > SHORTEST {
            let meaning = RichText::new(map.meaning).size(11.0).color(colour::WEAK);
            ui.add(Label::new(meaning).truncate());
        }
    };
    ui.horizontal(|ui| {
        ui.label(name).on_hover_text(map.meaning);
        ui.label(RichText::new(shape).size(SHAPE).color(colour::WEAK));
        if is_beside {
            bar(ui);
        }
    });
    if !is_beside {
        ui.horizontal(bar);
    }
}

/// Draws it where the next widget goes, as wide as there is room.
pub fn map_ui(ui: &mut Ui, map: &Map<'_>, pictures: &mut Pictures) -> MatrixResponse {
    heading_ui(ui, map);
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
