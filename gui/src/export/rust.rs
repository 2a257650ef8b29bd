//! Constant arrays for firmware, in the numbers that the format holds.

use std::fmt::Write as _;

use super::{Element, Sheet};

/// Every table as a `pub const` array of rows, with its shape and what one stands for.
pub(super) fn constants(sheets: &[Sheet<'_>]) -> String {
    let mut source = String::new();
    for sheet in sheets {
        if !source.is_empty() {
            source.push('\n');
        }
        // Writing into a string cannot fail.
        let _ = constant(&mut source, sheet);
    }
    source
}

fn constant(source: &mut String, sheet: &Sheet<'_>) -> std::fmt::Result {
    let (rows, columns) = (sheet.table.rows(), sheet.table.columns());
    let unit = match sheet.element {
        Element::F32 | Element::F64 => String::new(),
        Element::I16 { scale } | Element::I8 { scale } => format!("; one is {scale:e}"),
    };
    for line in sheet.about.lines() {
        writeln!(source, "/// {line}")?;
    }
    if !sheet.about.is_empty() {
        writeln!(source, "///")?;
    }
    writeln!(source, "/// {}, ({rows}, {columns}){unit}.", sheet.name)?;
    let (name, number) = (identifier(sheet.name), type_name(sheet.element));
    writeln!(source, "#[rustfmt::skip]")?;
    writeln!(
        source,
        "pub const {name}: [[{number}; {columns}]; {rows}] = ["
    )?;
    for row in 0..rows {
        let values: Vec<String> = (0..columns)
            .map(|column| literal(sheet.element, sheet.value(row, column)))
            .collect();
        writeln!(source, "    [{}],", values.join(", "))?;
    }
    writeln!(source, "];")
}

/// `Masked scores` is `MASKED_SCORES`.
fn identifier(name: &str) -> String {
    name.chars()
        .map(|letter| match letter.to_ascii_uppercase() {
            letter if letter.is_ascii_alphanumeric() => letter,
            _ => '_',
        })
        .collect()
}

const fn type_name(element: Element) -> &'static str {
    match element {
        Element::F32 => "f32",
        Element::F64 => "f64",
        Element::I16 { .. } => "i16",
        Element::I8 { .. } => "i8",
    }
}

fn literal(element: Element, value: f64) -> String {
    let name = type_name(element);
    match element {
        Element::I16 { scale } | Element::I8 { scale } if value.is_finite() => {
            format!("{:.0}", value / scale)
        }
        Element::I16 { .. } | Element::I8 { .. } => format!("{name}::MIN"),
        _ if value.is_nan() => format!("{name}::NAN"),
        _ if value == f64::INFINITY => format!("{name}::INFINITY"),
        _ if value == f64::NEG_INFINITY => format!("{name}::NEG_INFINITY"),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the table holds the numbers of an f32 run"
        )]
        Element::F32 => format!("{:?}", value as f32),
        Element::F64 => format!("{value:?}"),
    }
}
