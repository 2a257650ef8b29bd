//! `.csv`: one row a line, values between commas, semicolons or tabs, numbers only.

use super::error::{Problem, SourceError};
use super::input::Tensor;

/// (rows, columns) from text.
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Tensor, SourceError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::NotText {
            byte: error.valid_up_to(),
        }
        .of(file)
    })?;
    let mut values = Vec::new();
    let mut columns = 0;
    let mut rows = 0;
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let before = values.len();
        for (column, field) in line.split([',', ';', '\t']).enumerate() {
            let field = field.trim();
            values.push(field.parse::<f64>().map_err(|_| {
                Problem::NotANumber {
                    line: at + 1,
                    column: column + 1,
                    found: field.chars().take(24).collect(),
                }
                .of(file)
            })?);
        }
        let count = values.len() - before;
        if rows > 0 && count != columns {
            return Err(Problem::Ragged {
                line: at + 1,
                values: count,
                others: columns,
            }
            .of(file));
        }
        columns = count;
        rows += 1;
    }
    if rows == 0 {
        return Err(Problem::Empty.of(file));
    }
    Ok(Tensor {
        shape: vec![rows, columns],
        values,
    })
}
