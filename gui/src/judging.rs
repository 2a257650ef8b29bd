//! What judging formats needs besides the session: measures kept while they are of use, and long searches.

use std::sync::Arc;

use crate::compare::first::{Search, Trial, Wrong, first_wrong};
use crate::compare::heads::{HeadId, Setting, heads_of};
use crate::compare::numbers::Numbers;
use crate::compare::statistics::{Question, Statistics};
use crate::compare::sweep::{Scope, Sweep};
use crate::compare::task::Task;
use crate::session::judge::{Against, Judge};
use crate::side::RunError;
use crate::source::Input;
use crate::views::sweep::SweepState;

/// What is judged, as the session has it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The input, edits applied.
    pub input: Arc<Input>,
    /// The chosen head.
    pub id: HeadId,
    /// What all runs have in common.
    pub setting: Setting,
    /// The runs; the others are held against the first.
    pub runs: Vec<Numbers>,
}

impl Subject {
    /// The format that runs are held against.
    fn reference(&self, judge: &Judge) -> Numbers {
        match judge.against {
            Against::Reference => Numbers::F64,
            Against::First => self.runs.first().copied().unwrap_or(Numbers::F64),
        }
    }

    /// The run that is judged.
    pub fn judged(&self, judge: &Judge) -> Numbers {
        let last = self.runs.len().saturating_sub(1);
        self.runs
            .get(judge.run.min(last))
            .copied()
            .unwrap_or(Numbers::F64)
    }
}

/// Statistics, or why there are none.
type Measuring = Task<Result<Statistics, RunError>>;

/// So many products of a run and its reference are measured within a frame.
const AT_ONCE: usize = 1 << 20;

/// Measures and searches; the window holds one.
#[derive(Default)]
pub struct Judging {
    statistics: Option<(Arc<Input>, Statistics)>,
    measuring: Option<(Arc<Input>, Question, Measuring)>,
    refused: Option<(Arc<Input>, Question)>,
    search: Search,
    searching: Option<Task<Result<Option<Wrong>, RunError>>>,
    sweeping: Option<Task<Result<Option<Sweep>, RunError>>>,
    sweep: Option<Result<Sweep, String>>,
}

impl Judging {
    /// The measures of the chosen head, those of before while new ones are computed.
    pub fn statistics(&self) -> Option<&Statistics> {
        self.statistics.as_ref().map(|(_, statistics)| statistics)
    }

    /// Measures the chosen head if that is not done: at once, or beside the frame if it takes long;
    /// `wake` is called then when it is done.
    ///
    /// # Errors
    /// [`RunError`], a sentence.
    pub fn measure(
        &mut self,
        subject: &Subject,
        judge: &Judge,
        wake: impl FnOnce() + Send + 'static,
    ) -> Result<(), RunError> {
        let question = Question {
            id: subject.id,
            setting: subject.setting,
            reference: subject.reference(judge),
            runs: subject.runs.clone(),
        };
        let input = &subject.input;
        let asked = |held: &Arc<Input>, of: &Question| Arc::ptr_eq(held, input) && *of == question;
        if let Some((held, of, task)) = &self.measuring
            && let Some(done) = task.take()
        {
            let held = Arc::clone(held);
            let refused = (Arc::clone(&held), of.clone());
            self.measuring = None;
            match done {
                Ok(statistics) => self.statistics = Some((held, statistics)),
                Err(error) => {
                    self.refused = Some(refused);
                    return Err(error);
                }
            }
        }
        let kept = self
            .statistics
            .as_ref()
            .is_some_and(|(held, statistics)| asked(held, &statistics.question));
        let refused = self
            .refused
            .as_ref()
            .is_some_and(|(held, of)| asked(held, of));
        let under_way = self
            .measuring
            .as_ref()
            .is_some_and(|(held, of, _)| asked(held, of));
        if kept || refused || under_way {
            return Ok(());
        }
        let products = input.queries * input.keys * (input.width + input.value_width);
        if products * question.runs.len() <= AT_ONCE {
            let statistics = Statistics::new(input, question)?;
            self.statistics = Some((Arc::clone(input), statistics));
            self.measuring = None;
            return Ok(());
        }
        let (held, of) = (Arc::clone(input), question.clone());
        let task = Task::start(move |_| Statistics::new(&held, of), wake);
        self.measuring = Some((Arc::clone(input), question, task));
        Ok(())
    }

    /// How the last search for the first wrong step ended.
    pub fn search(&self) -> Search {
        self.search
    }

    /// Looks for the first wrong step of all heads; `wake` is called when it is found.
    pub fn find_first_wrong(
        &mut self,
        subject: &Subject,
        judge: &Judge,
        wake: impl FnOnce() + Send + 'static,
    ) {
        let (input, setting) = (Arc::clone(&subject.input), subject.setting);
        let trial = Trial {
            reference: subject.reference(judge),
            numbers: subject.judged(judge),
            budget: judge.budget,
        };
        self.search = Search::NotYet;
        self.searching = Some(Task::start(
            move |progress| {
                let ids = heads_of(0..input.layers, &(0..input.heads));
                first_wrong(&input, setting, &ids, &trial, progress)
            },
            wake,
        ));
    }

    /// How far that search is, from 0 to 1, while it is under way.
    pub fn searched(&self) -> Option<f32> {
        self.searching.as_ref().map(Task::share)
    }

    /// Stops looking.
    pub fn stop_search(&mut self) {
        self.searching = None;
    }

    /// Tries every format; `wake` is called when it is done.
    pub fn start_sweep(
        &mut self,
        subject: &Subject,
        judge: &Judge,
        wake: impl FnOnce() + Send + 'static,
    ) {
        let (input, setting, around) = (
            Arc::clone(&subject.input),
            subject.setting,
            judge.sweep.around,
        );
        let HeadId { layer, head } = subject.id;
        let ids = match judge.sweep.scope {
            Scope::Head => heads_of(layer..layer + 1, &(head..head + 1)),
            Scope::Layer => heads_of(layer..layer + 1, &(0..input.heads)),
            Scope::All => heads_of(0..input.layers, &(0..input.heads)),
        };
        self.sweep = None;
        let work = move |progress: &_| Sweep::new(&input, setting, &ids, around, progress);
        self.sweeping = Some(Task::start(work, wake));
    }

    /// Stops trying.
    pub fn stop_sweep(&mut self) {
        self.sweeping = None;
    }

    /// Whether anything is under way, so that its progress is to be drawn.
    pub fn is_busy(&self) -> bool {
        self.searching.is_some() || self.sweeping.is_some() || self.measuring.is_some()
    }

    /// Takes what is done; a search that ended just now is returned, to be shown.
    ///
    /// # Errors
    /// A sentence.
    pub fn poll(&mut self) -> Result<Search, String> {
        if let Some(done) = self.sweeping.as_ref().and_then(Task::take) {
            self.sweeping = None;
            self.sweep = done.map_err(|error| error.to_string()).transpose();
        }
        let Some(done) = self.searching.as_ref().and_then(Task::take) else {
            return Ok(Search::NotYet);
        };
        self.searching = None;
        self.search = done.map_err(|error| error.to_string())?.into();
        Ok(self.search)
    }

    /// How far the sweep is.
    pub fn sweep(&self) -> SweepState<'_> {
        match (&self.sweeping, &self.sweep) {
            (Some(task), _) => SweepState::Running(task.share()),
            (None, Some(Ok(sweep))) => SweepState::Done(sweep),
            (None, Some(Err(sentence))) => SweepState::Refused(sentence),
            (None, None) => SweepState::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;
    use crate::session::{Changes, InputId, Mask, Scaling};
    use crate::source::load;

    fn subject() -> Subject {
        Subject {
            input: Arc::new(load(&InputId::Capture).unwrap()),
            id: HeadId { layer: 3, head: 1 },
            setting: Setting {
                mask: Mask::None,
                scaling: Scaling::On,
                changes: Changes::NONE,
            },
            runs: vec![Numbers::F32, Numbers::I8([1.0 / 32.0; 3])],
        }
    }

    #[test]
    fn a_large_head_is_measured_beside_the_frame() {
        let (mut subject, mut judging) = (subject(), Judging::default());
        subject.runs = vec![Numbers::F32; 100];
        let (done, woken) = channel();
        let wake = || {
            let done = done.clone();
            move || done.send(()).unwrap()
        };
        let judge = Judge::default();
        judging.measure(&subject, &judge, wake()).unwrap();
        assert!(judging.statistics().is_none());
        woken.recv_timeout(Duration::from_mins(1)).unwrap();
        judging.measure(&subject, &judge, wake()).unwrap();
        assert_eq!(judging.statistics().unwrap().runs.len(), 100);
    }

    #[test]
    fn measures_are_kept_while_nothing_changes() {
        let (subject, mut judging) = (subject(), Judging::default());
        let judge = Judge::default();
        let mut measured = |judge: &Judge| {
            judging.measure(&subject, judge, || {}).unwrap();
            let statistics = judging.statistics().unwrap();
            (statistics.runs.as_ptr(), statistics.question.reference)
        };
        let first = measured(&judge);
        assert_eq!(measured(&judge), first);
        let other = Judge {
            against: Against::First,
            ..judge
        };
        assert_eq!(measured(&other).1, Numbers::F32);
    }

    #[test]
    fn a_sweep_and_a_search_come_back_by_themselves() {
        let (subject, mut judging) = (subject(), Judging::default());
        let mut judge = Judge {
            run: 1,
            ..Judge::default()
        };
        judge.sweep.scope = Scope::Head;
        let (done, woken) = channel();
        let wake = || {
            let done = done.clone();
            move || done.send(()).unwrap()
        };
        judging.start_sweep(&subject, &judge, wake());
        judging.find_first_wrong(&subject, &judge, wake());
        for _ in 0..2 {
            woken.recv_timeout(Duration::from_mins(1)).unwrap();
        }
        let search = judging.poll().unwrap();
        assert!(matches!(search, Search::Found(_)));
        assert_eq!(
            (judging.search(), judging.poll()),
            (search, Ok(Search::NotYet))
        );
        assert!(matches!(judging.sweep(), SweepState::Done(sweep) if sweep.heads == 1));
        assert!(!judging.is_busy());
        judging.start_sweep(&subject, &judge, wake());
        judging.stop_sweep();
        assert!(matches!(judging.sweep(), SweepState::Idle));
    }
}
