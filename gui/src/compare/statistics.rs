//! Every measure of the chosen head, for each of its runs: what the pane of statistics shows.

use super::accumulator::{Overflow, leaves_range};
use super::heads::{HeadId, Setting, job};
use super::histogram::Histogram;
use super::numbers::Numbers;
use super::rows::RowMeasures;
use super::stages::{Event, Watched, compare};
use crate::report::{StageReport, stage_reports};
use crate::side::RunError;
use crate::source::Input;
use crate::stored::Operand;

/// How many events are kept to be listed; all are counted.
const LISTED_EVENTS: usize = 500;

/// What the measures depend on; while it stays, they stay.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// On which head.
    pub id: HeadId,
    /// What all runs have in common.
    pub setting: Setting,
    /// What they are held against.
    pub reference: Numbers,
    /// In which numbers.
    pub runs: Vec<Numbers>,
}

/// The measures of all runs.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// What was asked.
    pub question: Question,
    /// In the order of the runs.
    pub runs: Vec<RunStatistics>,
    width: usize,
}

/// The measures of one run.
#[derive(Clone, Debug)]
pub struct RunStatistics {
    /// In which numbers.
    pub numbers: Numbers,
    /// Each stage.
    pub stages: Vec<StageReport>,
    /// Of the weights.
    pub rows: RowMeasures,
    /// What was cut or vanished, in reading order, the first of it.
    pub events: Vec<Event>,
    /// How much there is of it.
    pub event_count: usize,
    /// Of Q, K and V.
    pub histograms: [Histogram; 3],
    /// (T, D) as the format holds it.
    q: Vec<f64>,
    /// (S, D) as the format holds it.
    k: Vec<f64>,
}

impl Statistics {
    /// Runs the kernel in every format.
    ///
    /// # Errors
    /// [`RunError`], a sentence.
    pub fn new(input: &Input, question: Question) -> Result<Self, RunError> {
        let job = job(input, question.id, question.setting)?;
        let reference = question.reference.record(&job)?;
        let reference = Watched {
            numbers: question.reference,
            record: &reference,
        };
        let runs = question.runs.iter().map(|&numbers| {
            let record = numbers.record(&job)?;
            let (stages, mut events) = compare(
                &job,
                reference,
                Watched {
                    numbers,
                    record: &record,
                },
            );
            let event_count = events.len();
            events.truncate(LISTED_EVENTS);
            let tensors = [
                (Operand::Q, job.q),
                (Operand::K, job.k),
                (Operand::V, job.v),
            ];
            Ok(RunStatistics {
                numbers,
                stages: stage_reports(&stages, question.setting.changes),
                rows: stages.rows.measures(),
                events,
                event_count,
                histograms: tensors
                    .map(|(operand, values)| Histogram::new(operand, &[(numbers, values)])),
                q: record.q,
                k: record.k,
            })
        });
        Ok(Self {
            runs: runs.collect::<Result<_, RunError>>()?,
            width: input.width,
            question,
        })
    }

    /// Where accumulators of 16 and of 32 bits would have left their range in q·k of a run; the
    /// kernel's own sums are exact.
    pub fn accumulators(&self, run: usize, query: usize, key: usize) -> [Option<Overflow>; 2] {
        let Some(run) = self.runs.get(run) else {
            return [None; 2];
        };
        let [q, k] = [(&run.q, query), (&run.k, key)].map(|(values, row)| {
            let row = values.get(row * self.width..(row + 1) * self.width);
            row.unwrap_or_default()
        });
        [16, 32].map(|bits| leaves_range(run.numbers, q, k, bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Changes, InputId, Mask, Scaling, TableKind};
    use crate::source::load;

    #[test]
    fn every_run_has_its_measures() {
        let input = load(&InputId::Capture).unwrap();
        let question = Question {
            id: HeadId { layer: 3, head: 1 },
            setting: Setting {
                mask: Mask::None,
                scaling: Scaling::On,
                changes: Changes::NONE,
            },
            reference: Numbers::F32,
            runs: vec![
                Numbers::F32,
                Numbers::I16([1.0 / 4096.0; 3]),
                Numbers::I8([1.0 / 64.0; 3]),
            ],
        };
        let statistics = Statistics::new(&input, question).unwrap();
        let [same, fine, cut] = &statistics.runs[..] else {
            panic!("three runs were asked for")
        };
        assert_eq!(same.stages.last().unwrap().total.sqnr_db, f64::INFINITY);
        assert!(fine.stages.iter().all(|stage| stage.total.sqnr_db > 60.0));
        assert_eq!((fine.rows.same_top, fine.rows.rows), (15, 15));
        let saturated = cut
            .events
            .iter()
            .find(|event| event.table == TableKind::Q)
            .unwrap();
        let value = input.head(3, 1).q[saturated.row * input.width + saturated.column];
        assert_eq!(saturated.was, value);
        assert!(cut.histograms[0].bins.iter().any(|bin| bin.overflow > 0));
        // 20.5143 in steps of 2⁻²⁴ is 3.4e8: beyond 16 bits from some term on, never beyond 32.
        let [sixteen, thirty_two] = statistics.accumulators(1, 10, 2);
        assert!(sixteen.is_some() && thirty_two.is_none());
        assert_eq!(statistics.accumulators(0, 10, 2), [None, None]);
    }
}
