//! `.csv`: one row a line, values between commas, semicolons or tabs, numbers only.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::error::{Problem, SourceError};
use crate::arrays::Tensor;

/// (rows, columns) from text.
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Tensor<f64>, SourceError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::NotText {
            byte: error.valid_up_to(),
        }
        .of(file)
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true) // so that a ragged row is told in our words
        .trim(Trim::All)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut tensor = Tensor {
        shape: vec![0, 0],
        values: Vec::new(),
    };
    for record in reader.records() {
        let record = record.map_err(|error| Problem::NotCsv(error.to_string()).of(file))?;
        if record.iter().any(|field| !field.is_empty()) {
            push_row(&mut tensor, &record).map_err(|problem| problem.of(file))?;
        }
    }
    if tensor.values.is_empty() {
        return Err(Problem::Empty.of(file));
    }
    Ok(tensor)
}

/// What stands between the numbers: the first of tab, semicolon and comma that there is.
fn delimiter(text: &str) -> u8 {
    let mut candidates = [b'\t', b';'].into_iter();
    let present = |&delimiter: &u8| text.as_bytes().contains(&delimiter);
    candidates.find(present).unwrap_or(b',')
}

/// Appends one line, which must be as long as the others.
fn push_row(tensor: &mut Tensor<f64>, record: &StringRecord) -> Result<(), Problem> {
    let line = record.position().map_or(0, csv::Position::line);
    let [rows, columns] = tensor.shape[..] else {
        return Ok(());
    };
    for (column, field) in record.iter().enumerate() {
        let number = field.parse().map_err(|_| Problem::NotANumber {
            line,
            column: column + 1,
            found: field.chars().take(24).collect(),
        })?;
        tensor.values.push(number);
    }
    if rows > 0 && record.len() != columns {
        return Err(Problem::Ragged {
            line,
            values: record.len(),
            others: columns,
        });
    }
    tensor.shape = vec![rows + 1, record.len()];
    Ok(())
}
