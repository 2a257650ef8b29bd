//! Tables as files: numbers for other programs, pictures for people, constants for firmware.

use std::fmt::Write as _;
use std::path::Path;

use eframe::egui::Color32;
use ndarray::Array2;
use ndarray_npy::WriteNpyExt;
use safetensors::tensor::{Dtype, TensorView};

use crate::colour::ColourScale;
use crate::number::plain;
use crate::run::{Column, Run};
use crate::session::{FormatChoice, TableKind};
use crate::store::write_whole;
use crate::table::Table;

/// As what a table can be exported: by extension.
pub const TABLE_EXTENSIONS: [&str; 7] = ["npy", "csv", "tsv", "safetensors", "rs", "png", "svg"];
/// As what all tables can be exported at once.
pub const TABLES_EXTENSIONS: [&str; 2] = ["safetensors", "rs"];
/// An SVG of more cells is more than viewers like.
const MAX_SVG_CELLS: usize = 1 << 16;

/// Writes one table, or `None` for all of them, as the extension of `path` says.
///
/// # Errors
/// A sentence; no file is left half written.
pub fn export(
    path: &Path,
    run: &Run,
    column: Column,
    kind: Option<TableKind>,
) -> Result<(), String> {
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    let kinds = kind.map_or(TableKind::ALL.to_vec(), |kind| vec![kind]);
    let bytes =
        bytes(&extension(path), run, column, &kinds).map_err(|why| format!("{name}: {why}"))?;
    write_whole(path, &bytes).map_err(|error| format!("{name}: {error}"))
}

fn extension(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default();
    extension.to_string_lossy().to_lowercase()
}

fn bytes(
    extension: &str,
    run: &Run,
    column: Column,
    kinds: &[TableKind],
) -> Result<Vec<u8>, String> {
    match (extension, kinds) {
        ("safetensors", _) => safetensors(run, column, kinds),
        ("rs", _) => Ok(rust(run, column, kinds).into_bytes()),
        ("npy", &[kind]) => npy(run.table(kind, column)),
        ("csv", &[kind]) => Ok(text(run.table(kind, column), ",").into_bytes()),
        ("tsv" | "txt", &[kind]) => Ok(text(run.table(kind, column), "\t").into_bytes()),
        ("png", &[kind]) => png(run.table(kind, column), scale(run, kind, column)),
        ("svg", &[kind]) => svg(
            run.table(kind, column),
            scale(run, kind, column),
            kind.name(),
        ),
        (_, [_]) => Err(format!(
            "use one of the extensions {}",
            TABLE_EXTENSIONS.join(", ")
        )),
        _ => Err(format!(
            "use one of the extensions {}",
            TABLES_EXTENSIONS.join(", ")
        )),
    }
}

/// As it is coloured on screen.
fn scale(run: &Run, kind: TableKind, column: Column) -> ColourScale {
    let end = run.scale_end(kind, column);
    if kind == TableKind::Weights && column != Column::Difference {
        ColourScale::Weights { end }
    } else {
        ColourScale::Diverging { end }
    }
}

/// A line for each row; every digit that tells a number from its neighbours; hidden scores are `-inf`.
pub fn text(table: &Table, between: &str) -> String {
    let mut text = String::new();
    for row in 0..table.rows() {
        let cells: Vec<String> = (0..table.columns())
            .map(|column| table.full(row, column).to_string())
            .collect();
        text.push_str(&cells.join(between));
        text.push('\n');
    }
    text
}

fn values(table: &Table) -> Vec<f64> {
    let cells =
        (0..table.rows()).flat_map(|row| (0..table.columns()).map(move |column| (row, column)));
    cells.map(|(row, column)| table.full(row, column)).collect()
}

fn npy(table: &Table) -> Result<Vec<u8>, String> {
    let shape = (table.rows(), table.columns());
    let array = Array2::from_shape_vec(shape, values(table)).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    array
        .write_npy(&mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn safetensors(run: &Run, column: Column, kinds: &[TableKind]) -> Result<Vec<u8>, String> {
    let tables: Vec<_> = kinds
        .iter()
        .map(|&kind| {
            let table = run.table(kind, column);
            let bytes: Vec<u8> = values(table)
                .into_iter()
                .flat_map(f64::to_le_bytes)
                .collect();
            (identifier(kind), vec![table.rows(), table.columns()], bytes)
        })
        .collect();
    let views = tables.iter().map(|(name, shape, bytes)| {
        TensorView::new(Dtype::F64, shape.clone(), bytes).map(|view| (name.to_lowercase(), view))
    });
    let views: Vec<_> = views
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    safetensors::serialize(views, None).map_err(|error| error.to_string())
}

fn identifier(kind: TableKind) -> String {
    kind.name().to_uppercase().replace(' ', "_")
}

/// `pub const Q: [[f32; 4]; 2] = […];`, fixed-point operands as their integers.
fn rust(run: &Run, column: Column, kinds: &[TableKind]) -> String {
    let side = match column {
        Column::Right => &run.right,
        Column::Left | Column::Difference => &run.left,
    };
    let format = side.choice.format;
    let mut code = format!(
        "//! {}, layer {}, head {}.\n",
        run.input.name.replace('\n', " "),
        side.choice.layer,
        side.choice.head
    );
    for &kind in kinds {
        let table = run.table(kind, column);
        let bits = match column {
            Column::Difference => None,
            Column::Left | Column::Right => fraction_bits(format, kind),
        };
        let (number, about) = match (bits, format) {
            (Some(bits), _) => (format.name(), format!("{bits} fraction bits")),
            (None, FormatChoice::F32) if column != Column::Difference => {
                ("f32", "real numbers".to_owned())
            }
            _ => ("f64", "real numbers".to_owned()),
        };
        let (rows, columns) = (table.rows(), table.columns());
        let _ = writeln!(code, "\n/// {}, ({rows}, {columns}), {about}.", kind.name()); // a string takes everything
        let _ = writeln!(
            code,
            "pub const {}: [[{number}; {columns}]; {rows}] = [",
            identifier(kind)
        );
        for row in 0..rows {
            let cells: Vec<String> = (0..columns)
                .map(|column| literal(table.full(row, column), bits, number))
                .collect();
            let _ = writeln!(code, "    [{}],", cells.join(", "));
        }
        code.push_str("];\n");
    }
    code
}

fn fraction_bits(format: FormatChoice, kind: TableKind) -> Option<i32> {
    let bits = format.fraction_bits()?;
    match kind {
        TableKind::Q => Some(bits.q),
        TableKind::K => Some(bits.k),
        TableKind::V | TableKind::Output => Some(bits.v),
        TableKind::Raw | TableKind::Masked | TableKind::Weights => None,
    }
}

fn literal(value: f64, bits: Option<i32>, number: &str) -> String {
    match bits {
        Some(bits) => format!("{}", value * 2.0_f64.powi(bits)),
        None if value == f64::NEG_INFINITY => format!("{number}::NEG_INFINITY"),
        None if value == f64::INFINITY => format!("{number}::INFINITY"),
        None if value.is_nan() => format!("{number}::NAN"),
        None => format!("{value:?}"),
    }
}

/// One pixel a cell, enlarged to whole pixels where the table is small.
fn png(table: &Table, scale: ColourScale) -> Result<Vec<u8>, String> {
    let (rows, columns) = (table.rows(), table.columns());
    let zoom = (1024 / rows.max(columns).max(1)).clamp(1, 24);
    let mut rgb = Vec::with_capacity(rows * columns * zoom * zoom * 3);
    for row in 0..rows {
        let mut line = Vec::with_capacity(columns * zoom * 3);
        for column in 0..columns {
            let [r, g, b, _] = scale.colour(table.get(row, column)).to_array();
            line.extend([r, g, b].repeat(zoom));
        }
        rgb.extend(line.repeat(zoom));
    }
    let side = |count: usize| u32::try_from(count * zoom).map_err(|_| "it is too large".to_owned());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side(columns)?, side(rows)?);
    encoder.set_color(png::ColorType::Rgb);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&rgb)?;
        writer.finish()
    });
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// A rectangle for each cell, its number on hover.
fn svg(table: &Table, scale: ColourScale, name: &str) -> Result<Vec<u8>, String> {
    const CELL: usize = 24;
    const ABOVE: usize = 28;
    let (rows, columns) = (table.rows(), table.columns());
    if rows * columns > MAX_SVG_CELLS {
        return Err(format!(
            "{} cells are too many for an SVG: at most {MAX_SVG_CELLS}; use a PNG",
            rows * columns
        ));
    }
    let (width, height) = (columns * CELL, rows * CELL + ABOVE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\">\n\
         <text x=\"0\" y=\"18\" font-size=\"14\" fill=\"#808080\">{name} ({rows}, {columns})</text>\n"
    );
    for row in 0..rows {
        for column in 0..columns {
            let value = table.get(row, column);
            let [r, g, b, _] = Color32::to_array(&scale.colour(value));
            let (x, y) = (column * CELL, row * CELL + ABOVE);
            let number = value.map_or("hidden".to_owned(), plain);
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{CELL}\" height=\"{CELL}\" fill=\"#{r:02x}{g:02x}{b:02x}\"><title>({row}, {column}) {number}</title></rect>"
            );
        }
    }
    svg.push_str("</svg>\n");
    Ok(svg.into_bytes())
}
