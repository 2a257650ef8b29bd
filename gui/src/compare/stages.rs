//! One run of one head against another, stage by stage: how far it is, what it did itself, and what it cut.

use kqv::Alibi;
use serde::Serialize;

use super::exact;
use super::histogram::{Fate, fate};
use super::numbers::{Numbers, operand};
use super::rows::Rows;
use super::tally::Tally;
use crate::recorder::{Job, Record};
use crate::session::TableKind;

/// A value that a format could not hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Event {
    /// In which table.
    pub table: TableKind,
    /// Its row there.
    pub row: usize,
    /// Its column there.
    pub column: usize,
    /// Cut at the end of the range, or gone to zero.
    pub fate: Fate,
    /// What it should have been.
    pub was: f64,
    /// What it became.
    pub is: f64,
}

/// One stage of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stage {
    /// Against the reference: all that is wrong by now.
    pub total: Tally,
    /// Against the exact result of this stage from the inputs this run had: what the stage did itself.
    pub local: Tally,
    /// That exact result against the reference: what was wrong before.
    pub inherited: Tally,
    /// Values cut at the end of the range.
    pub saturated: usize,
    /// Values that became zero.
    pub flushed: usize,
}

impl Stage {
    fn merge(&mut self, other: &Self) {
        self.total.merge(&other.total);
        self.local.merge(&other.local);
        self.inherited.merge(&other.inherited);
        self.saturated += other.saturated;
        self.flushed += other.flushed;
    }
}

/// Every stage of a run, in the order of [`TableKind::ALL`], those that do nothing included; heads can be pooled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stages {
    stages: [Stage; 8],
    /// What only the rows of the weights have.
    pub rows: Rows,
}

impl Stages {
    /// One of them.
    pub fn stage(&self, kind: TableKind) -> &Stage {
        let [q, k, v, raw, capped, masked, weights, output] = &self.stages;
        match kind {
            TableKind::Q => q,
            TableKind::K => k,
            TableKind::V => v,
            TableKind::Raw => raw,
            TableKind::Capped => capped,
            TableKind::Masked => masked,
            TableKind::Weights => weights,
            TableKind::Output => output,
        }
    }

    /// The stages of another head besides.
    pub fn merge(&mut self, other: &Self) {
        for (stage, other) in self.stages.iter_mut().zip(&other.stages) {
            stage.merge(other);
        }
        self.rows.merge(&other.rows);
    }

    /// Values of Q, K and V cut at the end of the range.
    pub fn saturated(&self) -> usize {
        self.stages.iter().map(|stage| stage.saturated).sum()
    }
}

/// A format and what the kernel showed in it.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// In which numbers.
    pub numbers: Numbers,
    /// Everything that was seen.
    pub record: &'a Record,
}

/// Holds `run` against `reference`, two runs of the same `job`; also lists what it cut, in reading order.
pub fn compare(job: &Job<'_>, reference: Watched<'_>, run: Watched<'_>) -> (Stages, Vec<Event>) {
    let scale = job.attention.scale.factor(job.width);
    let mut events = Vec::new();
    let exact = exact_stages(job, run.record, scale);
    let stages = TableKind::ALL.map(|kind| {
        let tables = Tables {
            kind,
            reference: values(reference.record, kind),
            run: values(run.record, kind),
            exact: match kind {
                TableKind::Q => job.q,
                TableKind::K => job.k,
                TableKind::V => job.v,
                TableKind::Raw => &exact.raw,
                TableKind::Capped => &exact.capped,
                TableKind::Masked => &exact.masked,
                TableKind::Weights => &exact.weights,
                TableKind::Output => &exact.output,
            },
            columns: columns(job, kind),
        };
        tables.stage(
            &|row, column| visible(run.record, kind, row, column),
            reference.numbers,
            run.numbers,
            &mut events,
        )
    });
    let mut rows = Rows::default();
    let keys = job.keys.max(1);
    let weights = reference
        .record
        .weights
        .chunks(keys)
        .zip(run.record.weights.chunks(keys));
    for (reference, run) in weights {
        rows.add(reference, run);
    }
    (Stages { stages, rows }, events)
}

/// Each stage as it should be from what the run had before it.
struct Exact {
    raw: Vec<f64>,
    capped: Vec<f64>,
    masked: Vec<f64>,
    weights: Vec<f64>,
    output: Vec<f64>,
}

fn exact_stages(job: &Job<'_>, record: &Record, scale: f64) -> Exact {
    let Job {
        attention, alibi, ..
    } = *job;
    Exact {
        raw: exact::raw_scores(&record.q, &record.k, job.width, scale),
        capped: match attention.softcap.cap() {
            Some(cap) => exact::capped(&record.raw, cap),
            None => record.raw.clone(),
        },
        masked: match alibi {
            Some(Alibi { slope }) => {
                exact::biased(record.after_cap(), job.keys, attention.offset, slope.into())
            }
            None => record.after_cap().to_vec(),
        },
        weights: exact::weights(record.after_mask(), &record.visible, job.keys),
        output: exact::output(&record.weights, &record.v, job.keys, job.value_width),
    }
}

/// A table of a record, row after row.
pub(super) fn values(record: &Record, kind: TableKind) -> &[f64] {
    match kind {
        TableKind::Q => &record.q,
        TableKind::K => &record.k,
        TableKind::V => &record.v,
        TableKind::Raw => &record.raw,
        TableKind::Capped => record.after_cap(),
        TableKind::Masked => record.after_mask(),
        TableKind::Weights => &record.weights,
        TableKind::Output => &record.output,
    }
}

/// D, E or S.
pub(super) fn columns(job: &Job<'_>, kind: TableKind) -> usize {
    match kind {
        TableKind::Q | TableKind::K => job.width,
        TableKind::V | TableKind::Output => job.value_width,
        _ => job.keys,
    }
    .max(1)
}

/// Whether the mask leaves a cell; raw scores are seen before it.
pub(super) fn visible(record: &Record, kind: TableKind, row: usize, column: usize) -> bool {
    !matches!(kind, TableKind::Masked | TableKind::Weights)
        || record
            .visible
            .get(row)
            .is_some_and(|keys| keys.contains(&column))
}

/// One table three times: as it is held against, as it is, and as it should be from what came before.
struct Tables<'a> {
    kind: TableKind,
    reference: &'a [f64],
    run: &'a [f64],
    exact: &'a [f64],
    columns: usize,
}

impl Tables<'_> {
    fn stage(
        &self,
        visible: &dyn Fn(usize, usize) -> bool,
        reference_numbers: Numbers,
        numbers: Numbers,
        events: &mut Vec<Event>,
    ) -> Stage {
        let mut stage = Stage::default();
        let cells = self.reference.iter().zip(self.run).zip(self.exact);
        for (at, ((&reference, &value), &exact)) in cells.enumerate() {
            let (row, column) = (at / self.columns, at % self.columns);
            if !visible(row, column) {
                continue;
            }
            // The coarser of the two, as in the tables of the window.
            let own = numbers.place(self.kind, exact);
            let other = reference_numbers.place(self.kind, reference);
            let place = own.zip(other).map(|(own, other)| own.max(other));
            stage.total.add(reference, value, place);
            stage.local.add(exact, value, own);
            stage.inherited.add(reference, exact, place);
            let (fate, was) = self.fate(numbers, reference, value, exact);
            match fate {
                Fate::InRange => continue,
                Fate::Overflow => stage.saturated += 1,
                Fate::Underflow => stage.flushed += 1,
            }
            events.push(Event {
                table: self.kind,
                row,
                column,
                fate,
                was,
                is: value,
            });
        }
        stage
    }

    /// What became of a value, and what it was.
    ///
    /// Raw scores are exact sums: nothing is cut there. Capped and biased scores of integers have a range.
    fn fate(&self, numbers: Numbers, reference: f64, value: f64, exact: f64) -> (Fate, f64) {
        if let Some(operand) = operand(self.kind) {
            return (fate(numbers, operand, exact), exact);
        }
        let changed = matches!(self.kind, TableKind::Capped | TableKind::Masked);
        if changed && numbers.cuts_score(exact, value) {
            return (Fate::Overflow, exact);
        }
        let can_vanish = matches!(self.kind, TableKind::Weights | TableKind::Output);
        if can_vanish && value == 0.0 && reference != 0.0 {
            (Fate::Underflow, reference)
        } else {
            (Fate::InRange, reference)
        }
    }
}

#[cfg(test)]
mod tests {
    use kqv::{Attention, Scale};

    use super::*;

    const HALVES: Numbers = Numbers::I8([0.5, 0.5, 0.5]);

    fn job<'a>(q: &'a [f64], k: &'a [f64], v: &'a [f64]) -> Job<'a> {
        let scale = Scale::new(1.0).unwrap();
        let attention = Attention {
            scale,
            ..Attention::FULL
        };
        Job {
            q,
            k,
            v,
            keys: 2,
            width: 2,
            value_width: 1,
            attention,
            alibi: None,
        }
    }

    fn check(job: &Job<'_>, numbers: Numbers) -> (Stages, Vec<Event>) {
        let reference = Numbers::F64.record(job).unwrap();
        let run = numbers.record(job).unwrap();
        let watched = |numbers, record| Watched { numbers, record };
        compare(
            job,
            watched(Numbers::F64, &reference),
            watched(numbers, &run),
        )
    }

    #[test]
    fn an_exact_score_of_rounded_values_inherits_all_of_its_error() {
        // 1.2 becomes 1.0: the only thing that is wrong, and the dot product is exact.
        let job = job(&[1.2, 1.0], &[2.0, 0.0, 0.0, 2.0], &[1.0, 3.0]);
        let (stages, events) = check(&job, HALVES);
        let [q, k, raw] =
            [TableKind::Q, TableKind::K, TableKind::Raw].map(|kind| stages.stage(kind));
        assert!((q.local.measures().real.max - 0.2).abs() < 1e-15);
        assert!((q.local.measures().places.unwrap().max - 0.4).abs() < 1e-15);
        assert_eq!(k.total.measures().real.max, 0.0);
        assert_eq!(raw.local.measures().real.max, 0.0);
        assert!((raw.total.measures().real.max - 0.4).abs() < 1e-15);
        assert_eq!(raw.inherited, raw.total);
        assert!(events.is_empty());
    }

    #[test]
    fn the_output_rounds_once_whatever_it_inherits() {
        let job = job(&[1.2, 1.0], &[2.0, 0.0, 0.0, 2.0], &[1.0, 3.0]);
        let (stages, _) = check(&job, HALVES);
        let output = stages.stage(TableKind::Output);
        // Weights of 1/2 each: the exact output of this run is 2, a multiple of the step.
        assert_eq!(output.local.measures().real.max, 0.0);
        // The true scores are 2.4 and 2: (e^0.4 + 3) / (e^0.4 + 1) = 1.802624…
        let truth = (0.4_f64.exp() + 3.0) / (0.4_f64.exp() + 1.0);
        assert!((output.total.measures().real.max - (2.0 - truth)).abs() < 1e-12);
        let weights = stages.stage(TableKind::Weights).total.measures();
        assert!(weights.places.is_none());
        assert_eq!(stages.rows.measures().same_top, 1);
    }

    #[test]
    fn what_is_cut_is_listed_with_its_place() {
        let job = job(&[0.2, 100.0], &[2.0, 0.0, 0.0, -64.5], &[1.0, 3.0]);
        let (stages, events) = check(&job, HALVES);
        let cut: Vec<_> = events
            .iter()
            .map(|e| (e.table, e.row, e.column, e.fate, e.is))
            .collect();
        assert_eq!(
            cut[..3],
            [
                (TableKind::Q, 0, 0, Fate::Underflow, 0.0),
                (TableKind::Q, 0, 1, Fate::Overflow, 63.5),
                (TableKind::K, 1, 1, Fate::Overflow, -64.0),
            ]
        );
        assert_eq!(stages.saturated(), 2);
        assert_eq!(stages.stage(TableKind::Q).flushed, 1);
    }

    #[test]
    fn heads_are_pooled_cell_by_cell() {
        let one = job(&[1.2, 1.0], &[2.0, 0.0, 0.0, 2.0], &[1.0, 3.0]);
        let (mut pooled, _) = check(&one, HALVES);
        let (other, _) = check(&one, HALVES);
        pooled.merge(&other);
        assert_eq!(pooled.stage(TableKind::Raw).total.measures().cells, 4);
        assert_eq!(pooled.rows.measures().rows, 2);
    }
}
