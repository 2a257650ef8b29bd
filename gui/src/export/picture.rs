//! Heat maps: points for a page on screen, shapes and digits for print.

use eframe::egui::{Color32, ColorImage};
use svg::Document;
use svg::node::element::{Rectangle, Text, Title};

use super::{ExportError, Sheet};
use crate::colour;
use crate::number::{cell, plain, real};

/// Side of a cell in an SVG: room for three digits.
const CELL: usize = 26;
/// Left of an SVG, for the names of rows.
const MARGIN: usize = 90;
/// Above it, for the title and the names of columns.
const HEAD: usize = 96;
/// The most cells of an SVG: browsers stay quick with it.
const MOST_SHAPES: usize = 128 * 128;
/// The most points of a PNG, along one side.
const SIDE: usize = 16_384;

/// One colour per cell, as whole squares of points.
pub(super) fn png(sheet: &Sheet<'_>) -> Result<Vec<u8>, ExportError> {
    let (rows, columns) = (sheet.table.rows(), sheet.table.columns());
    if rows.max(columns) > SIDE || rows == 0 || columns == 0 {
        return Err(too_large(sheet, SIDE * SIDE));
    }
    let points = (1024 / rows.max(columns)).clamp(1, 32);
    let mut pixels = Vec::with_capacity(rows * columns * points * points * 3);
    for row in 0..rows {
        let line: Vec<u8> = (0..columns)
            .flat_map(|column| {
                [background(sheet, row, column); 32]
                    .into_iter()
                    .take(points)
            })
            .flat_map(|colour| [colour.r(), colour.g(), colour.b()])
            .collect();
        for _ in 0..points {
            pixels.extend_from_slice(&line);
        }
    }
    let size =
        |cells: usize| u32::try_from(cells * points).map_err(|_| too_large(sheet, SIDE * SIDE));
    encode([size(columns)?, size(rows)?], &pixels)
}

/// Everything on screen, point by point.
pub(super) fn window(image: &ColorImage) -> Result<Vec<u8>, ExportError> {
    let pixels = image.pixels.iter();
    let pixels: Vec<u8> = pixels.flat_map(|at| [at.r(), at.g(), at.b()]).collect();
    let [width, height] = image.size.map(u32::try_from);
    match (width, height) {
        (Ok(width), Ok(height)) => encode([width, height], &pixels),
        _ => Err(ExportError::Make(
            "The window is too large for a picture".to_owned(),
        )),
    }
}

/// Rows of red, green and blue as a PNG file.
fn encode([width, height]: [u32; 2], pixels: &[u8]) -> Result<Vec<u8>, ExportError> {
    let make = |error: png::EncodingError| ExportError::Make(error.to_string());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(make)?;
    writer.write_image_data(pixels).map_err(make)?;
    writer.finish().map_err(make)?;
    Ok(bytes)
}

/// Every cell with its digits, the names around it, and the exact number where the pointer rests.
pub(super) fn svg(sheet: &Sheet<'_>) -> Result<Vec<u8>, ExportError> {
    let (rows, columns) = (sheet.table.rows(), sheet.table.columns());
    if rows * columns > MOST_SHAPES {
        return Err(too_large(sheet, MOST_SHAPES));
    }
    let (width, height) = (MARGIN + columns * CELL + 20, HEAD + rows * CELL + 20);
    let mut document = Document::new()
        .set("viewBox", (0, 0, width, height))
        .set("font-family", "sans-serif")
        .add(words(
            &format!("{} ({rows}, {columns})", sheet.name),
            10,
            22,
            15,
        ))
        .add(words(sheet.about, 10, 40, 11));
    for column in 0..columns {
        let (x, y) = (MARGIN + column * CELL + CELL / 2, HEAD - 6);
        let turned = words(&sheet.column_name(column), x, y, 10);
        document = document.add(turned.set("transform", format!("rotate(-60 {x} {y})")));
    }
    for row in 0..rows {
        let name = words(&sheet.row_name(row), MARGIN - 6, HEAD + row * CELL + 17, 10);
        document = document.add(name.set("text-anchor", "end"));
        for column in 0..columns {
            document = document.add(square(sheet, row, column));
            if let Some(digits) = digits(sheet, row, column) {
                document = document.add(digits);
            }
        }
    }
    Ok(document.to_string().into_bytes())
}

fn words(text: &str, x: usize, y: usize, size: usize) -> Text {
    Text::new(text)
        .set("x", real(x))
        .set("y", real(y))
        .set("font-size", size)
}

fn square(sheet: &Sheet<'_>, row: usize, column: usize) -> Rectangle {
    let value = sheet.table.get(row, column);
    let value = value.map_or_else(|| "hidden by the mask".to_owned(), plain);
    let title = format!(
        "{}, {}: {value}",
        sheet.row_name(row),
        sheet.column_name(column)
    );
    Rectangle::new()
        .set("x", MARGIN + column * CELL)
        .set("y", HEAD + row * CELL)
        .set("width", CELL)
        .set("height", CELL)
        .set("fill", hex(background(sheet, row, column)))
        .add(Title::new(title))
}

/// The digits of a cell that the mask leaves.
fn digits(sheet: &Sheet<'_>, row: usize, column: usize) -> Option<Text> {
    let text = cell(sheet.table.get(row, column)?);
    let (x, y) = (MARGIN + column * CELL + CELL / 2, HEAD + row * CELL + 17);
    let colour = colour::on(background(sheet, row, column));
    Some(
        words(&text, x, y, 9)
            .set("text-anchor", "middle")
            .set("fill", hex(colour)),
    )
}

fn background(sheet: &Sheet<'_>, row: usize, column: usize) -> Color32 {
    sheet.colours.colour(sheet.table.get(row, column))
}

fn hex(colour: Color32) -> String {
    format!("#{:02x}{:02x}{:02x}", colour.r(), colour.g(), colour.b())
}

fn too_large(sheet: &Sheet<'_>, most: usize) -> ExportError {
    ExportError::TooLarge {
        rows: sheet.table.rows(),
        columns: sheet.table.columns(),
        most,
    }
}
