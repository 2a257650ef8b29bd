//! What is searched for and measured: all of it beside the frame.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui::Context;

use super::App;
use crate::action::Action;
use crate::compare::first::Search;
use crate::compare::heads::{HeadId, Setting};
use crate::compare::numbers::Numbers;
use crate::judging::Subject;
use crate::session::judge::JudgeAction;
use crate::session::layout::{LayoutAction, Pane};

/// How often the progress of long work is drawn.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

impl App {
    /// What is judged now.
    pub(super) fn subject(&self) -> Subject {
        let session = &self.session;
        let formats = [session.left, session.right].into_iter();
        let formats = formats.chain(session.more.0.iter().copied());
        Subject {
            input: Arc::clone(&self.run.input),
            id: HeadId {
                layer: session.layer,
                head: session.head,
            },
            setting: Setting {
                mask: session.mask,
                scaling: session.scaling,
                changes: session.changes,
            },
            runs: formats.map(Numbers::from).collect(),
        }
    }

    /// Starts what takes long; all else changes the session.
    pub(super) fn judge(&mut self, ctx: &Context, action: JudgeAction) {
        let (subject, judge) = (self.subject(), self.session.judge);
        let repainted = ctx.clone();
        let wake = move || repainted.request_repaint();
        match action {
            JudgeAction::FirstWrong => self.judging.find_first_wrong(&subject, &judge, wake),
            JudgeAction::StartSweep => {
                self.judging.start_sweep(&subject, &judge, wake);
                if !self.session.layout.is_open(Pane::Sweep) {
                    LayoutAction::Toggle(Pane::Sweep).apply(&mut self.session);
                }
            }
            JudgeAction::StopSearch => self.judging.stop_search(),
            JudgeAction::StopSweep => self.judging.stop_sweep(),
            action => self.change(ctx, &Action::Judge(action)),
        }
    }

    /// Measures what an open pane shows, and takes what was searched for by now.
    pub(super) fn measure(&mut self, ctx: &Context) {
        if self.session.layout.is_open(Pane::Statistics) {
            let repainted = ctx.clone();
            let (subject, judge) = (self.subject(), self.session.judge);
            let measured = self
                .judging
                .measure(&subject, &judge, move || repainted.request_repaint());
            if let Err(error) = measured {
                self.notify(error.to_string());
            }
        }
        match self.judging.poll() {
            Ok(Search::NotYet) => {}
            Ok(Search::Nothing) => {
                self.notify("No step of any head is wrong within the budget".to_owned());
            }
            Ok(Search::Found(wrong)) => {
                self.change(ctx, &Action::Judge(JudgeAction::Go(wrong.cell())));
                self.notify(wrong.to_string());
            }
            Err(sentence) => self.notify(sentence),
        }
        if self.judging.is_busy() {
            ctx.request_repaint_after(PROGRESS_EVERY);
        }
    }
}
