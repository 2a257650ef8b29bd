//! The report as rows for a spreadsheet: one for each format, head and stage.

use super::{FormatReport, Report, StageReport};

const HEADER: [&str; 21] = [
    "format",
    "layer",
    "head",
    "stage",
    "cells",
    "sqnr_db",
    "nmse",
    "cosine",
    "max",
    "mean",
    "rms",
    "max_places",
    "mean_places",
    "rms_places",
    "local_rms",
    "local_rms_places",
    "inherited_rms",
    "saturated",
    "flushed",
    "divergence_mean",
    "same_top_rows",
];

/// Real units, and units of the last place in the columns that say so; what does not apply is empty,
/// an infinite SQNR is `inf`, and the layer and head of all heads pooled are `all`.
///
/// # Errors
/// What the writer of rows says.
pub fn csv(report: &Report) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(HEADER)
        .map_err(|error| error.to_string())?;
    for row in report.formats.iter().flat_map(rows) {
        writer
            .write_record(row)
            .map_err(|error| error.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn rows(format: &FormatReport) -> Vec<Vec<String>> {
    let all = ["all".to_owned(), "all".to_owned()];
    let pooled = format
        .stages
        .iter()
        .map(|stage| row(&format.format, &all, stage, format.rows));
    let heads = format.heads.iter().flat_map(|head| {
        let place = [head.id.layer.to_string(), head.id.head.to_string()];
        let stages = head.stages.iter();
        stages.map(move |stage| row(&head.format, &place, stage, head.rows))
    });
    pooled.chain(heads).collect()
}

fn row(
    format: &str,
    [layer, head]: &[String; 2],
    stage: &StageReport,
    weights: crate::compare::rows::RowMeasures,
) -> Vec<String> {
    let StageReport {
        table,
        total,
        local,
        inherited,
        ..
    } = stage;
    let places = |pick: fn(crate::compare::tally::Errors) -> f64, measures: &super::Measures| {
        measures
            .places
            .map_or_else(String::new, |errors| pick(errors).to_string())
    };
    let of_weights = |text: String| {
        if *table == crate::session::TableKind::Weights {
            text
        } else {
            String::new()
        }
    };
    vec![
        format.to_owned(),
        layer.clone(),
        head.clone(),
        table.name().to_owned(),
        total.cells.to_string(),
        total.sqnr_db.to_string(),
        total.nmse.to_string(),
        total.cosine.to_string(),
        total.real.max.to_string(),
        total.real.mean.to_string(),
        total.real.rms.to_string(),
        places(|errors| errors.max, total),
        places(|errors| errors.mean, total),
        places(|errors| errors.rms, total),
        local.real.rms.to_string(),
        places(|errors| errors.rms, local),
        inherited.real.rms.to_string(),
        stage.saturated.to_string(),
        stage.flushed.to_string(),
        of_weights(weights.divergence_mean.to_string()),
        of_weights(weights.same_top.to_string()),
    ]
}
