//! What takes longer than a frame is computed beside it: the picture before stays until the new one is there.

use std::sync::Arc;

use eframe::egui::Context;

use super::App;
use crate::action::Action;
use crate::background::{Job, Progress};
use crate::run::Run;
use crate::session::{LearnAction, Session};
use crate::source::Input;

/// Up to this many scores a run is computed within the frame.
const AT_ONCE: usize = 1 << 19;

/// A run under way and the changes that ask for it.
pub(super) struct Computing {
    job: Job<Result<Run, String>>,
    actions: Vec<Action>,
}

impl Computing {
    /// What is being done, as it is called on screen.
    pub(super) fn name(&self) -> &str {
        &self.job.name
    }
}

impl App {
    /// Changes that make another session of this one; if that cannot be computed, this one stays.
    pub(super) fn change(&mut self, ctx: &Context, action: &Action) {
        let session = self.session.clone();
        let after = match self.after(session, action) {
            Ok(after) => after,
            Err(error) => return self.notify(error.to_string()),
        };
        let input = match self.library.edited(&after.input, &after.edits) {
            Ok(input) => input,
            Err(error) => return self.notify(error.to_string()),
        };
        if !is_long(&input) || self.run.holds(&input, &after) {
            let before = self.session.clone();
            if self.refresh(after) {
                self.remember(action, before);
            }
            return;
        }
        if let Some(computing) = &mut self.computing {
            // One at a time: it follows when the first is done, with all that is asked for by then.
            computing.actions.push(action.clone());
        } else {
            let before = self.run.clone();
            self.compute_beside(ctx, before, &input, after, vec![action.clone()]);
        }
    }

    fn compute_beside(
        &mut self,
        ctx: &Context,
        before: Run,
        input: &Arc<Input>,
        session: Session,
        actions: Vec<Action>,
    ) {
        let name = format!("Computing {} × {} scores", input.queries, input.keys);
        let focus = session.selection.within(input.queries, input.keys);
        let input = Arc::clone(input);
        let work = move || {
            let run = Run::new(Some(&before), &input, &session, focus);
            run.map_err(|error| error.to_string())
        };
        let job = Job::start(ctx, name, work);
        self.computing = Some(Computing { job, actions });
    }

    /// Takes what was computed by now.
    pub(super) fn collect_run(&mut self, ctx: &Context) {
        let Some(Computing { job, actions }) = self.computing.take() else {
            return;
        };
        match job.poll() {
            Progress::Pending(job) => self.computing = Some(Computing { job, actions }),
            Progress::Done(Ok(run)) => self.was_computed(ctx, run, actions),
            Progress::Done(Err(sentence)) => self.notify(sentence),
            Progress::Lost => self.notify("The run ended without a result".to_owned()),
        }
    }

    /// Shows `run` if it is still what the changes ask for, and computes what they ask for now if not. Cells that
    /// were selected and panes that were opened in the meantime stay.
    fn was_computed(&mut self, ctx: &Context, run: Run, actions: Vec<Action>) {
        let mut sessions = vec![self.session.clone()];
        for action in &actions {
            let last = sessions.last().unwrap_or(&self.session).clone();
            match self.after(last, action) {
                Ok(after) => sessions.push(after),
                Err(error) => return self.notify(error.to_string()),
            }
        }
        let after = sessions.pop().unwrap_or_else(|| self.session.clone());
        let input = match self.library.edited(&after.input, &after.edits) {
            Ok(input) => input,
            Err(error) => return self.notify(error.to_string()),
        };
        if is_long(&input) && !run.holds(&input, &after) {
            return self.compute_beside(ctx, run, &input, after, actions);
        }
        let focus = after.selection.within(input.queries, input.keys);
        match Run::new(Some(&run), &input, &after, focus) {
            Ok(run) => {
                (self.run, self.session) = (run, after);
                for (action, before) in actions.iter().zip(sessions) {
                    self.remember(action, before);
                }
            }
            Err(error) => self.notify(error.to_string()),
        }
    }

    /// A step that can be undone, if anything changed. To watch is not to change: a walk is not undone moment by
    /// moment.
    fn remember(&mut self, action: &Action, before: Session) {
        let watches = matches!(
            action,
            Action::Learn(LearnAction::Walk(_) | LearnAction::Play(_))
        );
        if self.session != before && !watches {
            self.history.changed(action, before);
        }
    }
}

fn is_long(input: &Input) -> bool {
    input.queries * input.keys > AT_ONCE
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;
    use crate::session::{FormatChoice, Mask, SideId, TableKind};

    const TOKENS: usize = 1024;

    fn wait(app: &mut App, ctx: &Context) {
        while app.is_busy() {
            app.collect(ctx);
            app.collect_run(ctx);
            sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn a_long_run_leaves_the_picture_before_until_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let rows: Vec<String> = (0..TOKENS)
            .map(|i| format!("{},{}\n", i % 17, i % 23))
            .collect();
        let text = rows.concat();
        for name in ["q.csv", "k.csv", "v.csv"] {
            fs::write(folder.path().join(name), &text).unwrap();
        }
        let ctx = Context::default();
        let mut app = App::new(&ctx, vec![folder.path().join("q.csv")]).unwrap();
        wait(&mut app, &ctx);
        assert_eq!(app.run.left.table(TableKind::Weights).rows(), TOKENS);

        let before = app.session.clone();
        app.apply(&ctx, Action::Format(SideId::Right, FormatChoice::F64));
        app.apply(&ctx, Action::Mask(Mask::Causal));
        assert!(app.is_busy());
        assert_eq!(app.session, before);
        let cell = before.selection.at(TableKind::Weights, 5, 7);
        app.apply(&ctx, Action::Select(cell));
        assert_eq!(app.session.selection, cell);
        wait(&mut app, &ctx);
        let (right, mask) = (app.session.right, app.session.mask);
        assert_eq!((right, mask), (FormatChoice::F64, Mask::Causal));
        assert_eq!(app.session.selection, cell);
        assert_eq!(app.run.left.table(TableKind::Weights).get(5, 7), None);
        assert!(app.notices.is_empty(), "{:?}", app.notices);

        app.apply(&ctx, Action::Undo);
        let (right, mask) = (app.session.right, app.session.mask);
        assert_eq!((right, mask), (FormatChoice::F64, Mask::None));

        app.apply(&ctx, Action::Format(SideId::Right, FormatChoice::F32));
        app.apply(&ctx, Action::Cancel);
        assert!(!app.is_busy());
        assert_eq!(app.session.right, FormatChoice::F64);
    }
}
