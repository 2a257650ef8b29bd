//! Every head of an input, in every format, on all cores.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use super::formats::FormatSpec;
use super::numbers::Numbers;
use super::stages::{Event, Stages, Watched, compare};
use crate::number::{drawn, real};
use crate::recorder::Job;
use crate::session::{Changes, FormatChoice, Mask, Question, Scaling};
use crate::side::{Choice, RunError, alibi, attention};
use crate::source::Input;

/// What every run of a comparison has in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Who may look at whom.
    pub mask: Mask,
    /// By what a dot product is multiplied.
    pub scaling: Scaling,
    /// What else happens to scores.
    pub changes: Changes,
}

/// A layer and a head of it, both from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct HeadId {
    /// Which layer.
    pub layer: usize,
    /// Which head of it.
    pub head: usize,
}

/// Some layers times some heads, in reading order.
pub fn heads_of(layers: Range<usize>, heads: &Range<usize>) -> Vec<HeadId> {
    layers
        .flat_map(|layer| heads.clone().map(move |head| HeadId { layer, head }))
        .collect()
}

/// What the kernel is asked for on one head.
///
/// # Errors
/// [`RunError`] if the input asks for a scale that is no number.
pub fn job(input: &Input, id: HeadId, setting: Setting) -> Result<Job<'_>, RunError> {
    let HeadId { layer, head } = id;
    let Setting {
        mask,
        scaling,
        changes,
    } = setting;
    let format = FormatChoice::F64; // a job has none yet
    let choice = Choice {
        layer,
        head,
        mask,
        scaling,
        changes,
        question: Question::None, // formats are judged on attention as it is
        format,
    };
    let head = input.head(layer, head);
    Ok(Job {
        q: head.q,
        k: head.k,
        v: head.v,
        keys: input.keys,
        width: input.width,
        value_width: input.value_width,
        attention: attention(input, choice)?,
        alibi: alibi(input, choice)?,
    })
}

/// How far a long computation is, and whether it is still wanted; shared with whoever waits.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    total: AtomicUsize,
    cancelled: AtomicBool,
}

impl Progress {
    /// So many steps will be made.
    pub fn expect(&self, steps: usize) {
        self.total.store(steps, Ordering::Relaxed);
    }

    /// One step was made.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// From 0 to 1.
    pub fn share(&self) -> f32 {
        let [done, total] = [&self.done, &self.total].map(|count| count.load(Ordering::Relaxed));
        drawn(real(done) / real(total.max(1)))
    }

    /// Nobody waits for it any more.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// One head in one format, held against the reference.
#[derive(Clone, Debug)]
pub struct HeadReport {
    /// Which head.
    pub id: HeadId,
    /// In which numbers: scales may differ from head to head.
    pub numbers: Numbers,
    /// How far it is, stage by stage.
    pub stages: Stages,
    /// What it cut, in reading order, as many as are kept.
    pub events: Vec<Event>,
}

/// How many events of a head are kept; all are counted.
pub const MAX_EVENTS: usize = 1000;

/// What is held against what, and where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// On which heads.
    pub ids: Vec<HeadId>,
    /// What all runs have in common.
    pub setting: Setting,
    /// What is right.
    pub reference: FormatSpec,
    /// What is judged.
    pub formats: Vec<FormatSpec>,
}

impl Plan {
    /// Runs the kernel on every head in every format, (heads, formats); `None` if it was cancelled.
    ///
    /// # Errors
    /// [`RunError`], a sentence, of the first head that has one.
    pub fn carry_out(
        &self,
        input: &Input,
        progress: &Progress,
    ) -> Result<Option<Vec<Vec<HeadReport>>>, RunError> {
        progress.expect(self.ids.len());
        let heads: Result<Vec<_>, RunError> = (self.ids.par_iter())
            .map(|&id| {
                if progress.is_cancelled() {
                    return Ok(Vec::new());
                }
                let reports = self.head(input, id);
                progress.step();
                reports
            })
            .collect();
        let heads = heads?;
        Ok((!progress.is_cancelled()).then_some(heads))
    }

    /// Every format on one head.
    fn head(&self, input: &Input, id: HeadId) -> Result<Vec<HeadReport>, RunError> {
        let job = job(input, id, self.setting)?;
        let numbers = self.reference.on(input, id.layer, id.head);
        let record = numbers.record(&job)?;
        let reference = Watched {
            numbers,
            record: &record,
        };
        let formats = self.formats.iter();
        formats
            .map(|format| report(id, &job, reference, format.on(input, id.layer, id.head)))
            .collect()
    }
}

fn report(
    id: HeadId,
    job: &Job<'_>,
    reference: Watched<'_>,
    numbers: Numbers,
) -> Result<HeadReport, RunError> {
    let record = numbers.record(job)?;
    let run = Watched {
        numbers,
        record: &record,
    };
    let (stages, mut events) = compare(job, reference, run);
    events.truncate(MAX_EVENTS);
    Ok(HeadReport {
        id,
        numbers,
        stages,
        events,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{InputId, TableKind};
    use crate::source::load;

    fn plan(ids: Vec<HeadId>) -> Plan {
        Plan {
            ids,
            setting: Setting {
                mask: Mask::None,
                scaling: Scaling::On,
                changes: Changes::NONE,
            },
            reference: "f64".parse().unwrap(),
            formats: ["f64", "i8:4/4/5"]
                .map(|text| text.parse().unwrap())
                .to_vec(),
        }
    }

    #[test]
    fn every_head_is_held_against_the_reference() {
        let input = load(&InputId::Capture).unwrap();
        let progress = Progress::default();
        let reports = plan(heads_of(3..4, &(0..2))).carry_out(&input, &progress);
        let reports = reports.unwrap().unwrap();
        assert_eq!((reports.len(), progress.share()), (2, 1.0));
        let [exact, i8] = &reports[1][..] else {
            panic!("two formats were asked for")
        };
        assert_eq!(exact.id, HeadId { layer: 3, head: 1 });
        let sqnr = |report: &HeadReport| report.stages.stage(TableKind::Output).total.sqnr_db();
        assert_eq!(sqnr(exact), f64::INFINITY);
        assert!((sqnr(i8) - 27.2).abs() < 0.05, "{}", sqnr(i8)); // what the window shows
    }

    #[test]
    fn who_cancels_gets_nothing() {
        let input = load(&InputId::Capture).unwrap();
        let progress = Progress::default();
        progress.cancel();
        let reports = plan(heads_of(0..1, &(0..1))).carry_out(&input, &progress);
        assert!(reports.unwrap().is_none());
    }
}
