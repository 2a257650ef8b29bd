//! The report as a table for a terminal.

use super::{FormatReport, Report, StageReport, decibels, digits, percent};
use crate::compare::numbers::Memory;
use crate::compare::tally::Errors;

/// One line a format, then one a stage of each.
pub fn text(report: &Report) -> String {
    let input = &report.input;
    let mut lines = vec![format!(
        "{}: {} heads, {}, mask {}, scale {}{}; held against {}",
        input.name,
        input.compared,
        input.shape(),
        input.mask,
        digits(input.scale),
        input.changes,
        report.reference,
    )];
    lines.push(String::new());
    let mut rows = vec![
        [
            "format",
            "SQNR dB",
            "worst head",
            "same top key",
            "saturated",
            "memory",
        ]
        .map(str::to_owned),
    ];
    rows.extend(report.formats.iter().map(summary));
    lines.extend(aligned(&rows));
    for format in &report.formats {
        lines.push(String::new());
        lines.push(format!("{}, all heads", format.format));
        let mut rows = vec![STAGE_COLUMNS.map(str::to_owned)];
        rows.extend(format.stages.iter().map(stage));
        lines.extend(aligned(&rows));
    }
    lines.push(String::new());
    lines.push("Errors in units of the last place, or in real units where there is none; perfect rounding has an RMS of 0.289 places.".to_owned());
    lines.push(String::new());
    lines.join("\n")
}

fn summary(format: &FormatReport) -> [String; 6] {
    let (layer, head) = (format.worst.layer, format.worst.head);
    [
        format.format.clone(),
        decibels(format.sqnr_db),
        format!("{} (layer {layer}, head {head})", decibels(format.worst_db)),
        percent(format.rows.same_top, format.rows.rows),
        format!("{} of {}", format.saturated, format.values),
        Memory::text(format.memory.total()),
    ]
}

const STAGE_COLUMNS: [&str; 8] = [
    "stage",
    "SQNR dB",
    "unit",
    "max",
    "mean",
    "RMS",
    "RMS local",
    "cosine",
];

/// Of a stage, in last places where it has any.
pub(super) fn errors(stage: &StageReport) -> [Errors; 2] {
    let of = |measures: &crate::compare::tally::Measures| measures.places.unwrap_or(measures.real);
    [of(&stage.total), of(&stage.local)]
}

/// What its errors are counted in.
pub(super) fn unit(stage: &StageReport) -> &'static str {
    match stage.total.places {
        Some(_) => "place",
        None => "real",
    }
}

fn stage(stage: &StageReport) -> [String; 8] {
    let [total, local] = errors(stage);
    [
        stage.table.name().to_owned(),
        decibels(stage.total.sqnr_db),
        unit(stage).to_owned(),
        digits(total.max),
        digits(total.mean),
        digits(total.rms),
        digits(local.rms),
        format!("{:.6}", stage.total.cosine),
    ]
}

/// The first column to the left, the others to the right.
fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(at, (cell, &width))| {
            if at == 0 {
                format!("{cell:width$}")
            } else {
                format!("{cell:>width$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["a", "bb"], ["ccc", "√"]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), ["a    bb", "ccc   √"]);
    }
}
