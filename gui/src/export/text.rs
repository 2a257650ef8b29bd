//! Rows of numbers, every digit of them, under the names of the columns and behind those of the rows.

use super::{ExportError, Sheet};

/// Values separated by tabs; a cell that the mask hides is empty.
pub fn tsv(sheet: &Sheet<'_>) -> String {
    let one_word = |name: String| name.replace(['\t', '\n', '\r'], " ");
    let columns = sheet.table.columns();
    let mut text = one_word(sheet.name.to_owned());
    for column in 0..columns {
        text.push('\t');
        text.push_str(&one_word(sheet.column_name(column)));
    }
    text.push('\n');
    for row in 0..sheet.table.rows() {
        text.push_str(&one_word(sheet.row_name(row)));
        for column in 0..columns {
            text.push('\t');
            text.push_str(&digits(sheet.table.get(row, column)));
        }
        text.push('\n');
    }
    text
}

/// Values separated by commas, quoted where they must be; a cell that the mask hides is empty.
pub(super) fn csv(sheet: &Sheet<'_>) -> Result<Vec<u8>, ExportError> {
    let why = |error: csv::Error| ExportError::Make(error.to_string());
    let columns = sheet.table.columns();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = (0..columns).map(|column| sheet.column_name(column));
    writer
        .write_record(std::iter::once(sheet.name.to_owned()).chain(names))
        .map_err(why)?;
    for row in 0..sheet.table.rows() {
        let values = (0..columns).map(|column| digits(sheet.table.get(row, column)));
        writer
            .write_record(std::iter::once(sheet.row_name(row)).chain(values))
            .map_err(why)?;
    }
    writer
        .into_inner()
        .map_err(|error| ExportError::Make(error.to_string()))
}

/// As many digits as tell the number from every other.
fn digits(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
