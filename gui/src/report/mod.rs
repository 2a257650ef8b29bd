//! What a comparison says: one set of facts, written as text, HTML, CSV and JSON.

use serde::Serialize;

use crate::compare::heads::{HeadId, HeadReport};
use crate::compare::histogram::Histogram;
use crate::compare::numbers::Memory;
use crate::compare::rows::RowMeasures;
use crate::compare::stages::{Event, Stages};
use crate::compare::tally::{Measures, finite};
use crate::number::real;
use crate::session::{Changes, TableKind};

// A table for the terminal,
mod text;
// a page with its pictures,
mod html;
mod svg;
// and rows for a spreadsheet.
mod table;

pub use html::html;
pub use svg::Grid;
pub use table::csv;
pub use text::text;

/// Everything that is reported.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The program and its version.
    pub program: String,
    /// The command that made it, as one would type it.
    pub command: String,
    /// What was compared.
    pub input: InputFacts,
    /// What every format is held against.
    pub reference: String,
    /// In the order asked for.
    pub formats: Vec<FormatReport>,
}

/// What was compared.
#[derive(Clone, Debug, Serialize)]
pub struct InputFacts {
    /// As it is called.
    pub name: String,
    /// Layers of the input.
    pub layers: usize,
    /// Heads of each.
    pub heads: usize,
    /// Heads compared.
    pub compared: usize,
    /// T.
    pub queries: usize,
    /// S.
    pub keys: usize,
    /// D.
    pub width: usize,
    /// E.
    pub value_width: usize,
    /// Who may look at whom.
    pub mask: &'static str,
    /// What else happens to scores: soft cap and bias.
    pub changes: String,
    /// The factor between a dot product and its score.
    pub scale: f64,
}

/// What one format makes of all heads.
#[derive(Clone, Debug, Serialize)]
pub struct FormatReport {
    /// As it was asked for.
    pub format: String,
    /// Of the output over all heads, in dB; null where nothing differs.
    #[serde(serialize_with = "finite")]
    pub sqnr_db: f64,
    /// The head whose output is worst.
    pub worst: HeadId,
    /// Its SQNR in dB.
    #[serde(serialize_with = "finite")]
    pub worst_db: f64,
    /// Of the weights, over all heads.
    pub rows: RowMeasures,
    /// Values of Q, K and V cut at the end of the range.
    pub saturated: usize,
    /// Values of Q, K and V.
    pub values: usize,
    /// On a chip, one head.
    pub memory: Memory,
    /// All heads pooled.
    pub stages: Vec<StageReport>,
    /// Each head.
    pub heads: Vec<HeadSummary>,
    /// Q, K and V of all heads, against the range that each head has.
    pub histograms: Vec<Histogram>,
    /// What was cut or vanished on the worst head, the first of it.
    pub events: Vec<Event>,
    /// How many there are.
    pub event_count: usize,
    /// Run minus reference on the worst head: weights (T, S) and output (T, E).
    #[serde(skip)]
    pub differences: [Grid; 2],
}

/// One stage of a format.
#[derive(Clone, Debug, Serialize)]
pub struct StageReport {
    /// Which.
    pub table: TableKind,
    /// Against the reference.
    pub total: Measures,
    /// What the stage did itself.
    pub local: Measures,
    /// What was wrong before.
    pub inherited: Measures,
    /// Values cut at the end of the range.
    pub saturated: usize,
    /// Values that became zero.
    pub flushed: usize,
}

/// One head in a format.
#[derive(Clone, Debug, Serialize)]
pub struct HeadSummary {
    /// Which.
    #[serde(flatten)]
    pub id: HeadId,
    /// In which numbers, as a format is written.
    pub format: String,
    /// Of the output, in dB; null where nothing differs.
    #[serde(serialize_with = "finite")]
    pub sqnr_db: f64,
    /// Of the weights.
    pub rows: RowMeasures,
    /// Values of Q, K and V cut at the end of the range.
    pub saturated: usize,
    /// Each stage.
    #[serde(skip)]
    pub stages: Vec<StageReport>,
}

/// Each stage of some heads that there is with these changes.
pub fn stage_reports(stages: &Stages, changes: Changes) -> Vec<StageReport> {
    let report = |table| {
        let stage = stages.stage(table);
        StageReport {
            table,
            total: stage.total.measures(),
            local: stage.local.measures(),
            inherited: stage.inherited.measures(),
            saturated: stage.saturated,
            flushed: stage.flushed,
        }
    };
    TableKind::shown(changes).map(report).collect()
}

impl HeadSummary {
    /// Of a head with these changes of its scores.
    pub fn new(head: &HeadReport, changes: Changes) -> Self {
        Self {
            id: head.id,
            format: head.numbers.text(),
            sqnr_db: head.stages.stage(TableKind::Output).total.sqnr_db(),
            rows: head.stages.rows.measures(),
            saturated: head.stages.saturated(),
            stages: stage_reports(&head.stages, changes),
        }
    }
}

/// `27.2`, or `exact` where nothing differs.
pub fn decibels(value: f64) -> String {
    if value == f64::INFINITY {
        "exact".to_owned()
    } else {
        format!("{value:.1}")
    }
}

/// Three digits, with an exponent where the number is small or large.
pub fn digits(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e4).contains(&size) {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

/// `99.3 %`; a whole only where it is one.
pub fn percent(part: usize, whole: usize) -> String {
    if part == whole {
        return "100 %".to_owned();
    }
    let share = 100.0 * real(part) / real(whole.max(1));
    format!("{:.1} %", share.min(99.9))
}

impl InputFacts {
    /// `T 15, S 15, D 32, E 32`.
    pub fn shape(&self) -> String {
        let Self {
            queries,
            keys,
            width,
            value_width,
            ..
        } = self;
        format!("T {queries}, S {keys}, D {width}, E {value_width}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        assert_eq!(
            (decibels(27.18), decibels(f64::INFINITY)),
            ("27.2".to_owned(), "exact".to_owned())
        );
        for (value, expected) in [
            (0.0, "0"),
            (0.289_1, "0.2891"),
            (-1.5e-5, "-1.50e-5"),
            (12_345.0, "1.23e4"),
        ] {
            assert_eq!(digits(value), expected);
        }
        assert_eq!(
            (percent(999_999, 1_000_000), percent(3, 3)),
            ("99.9 %".to_owned(), "100 %".to_owned())
        );
    }
}
