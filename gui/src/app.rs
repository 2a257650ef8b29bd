//! One frame: session, run, views, at most one action; and `apply`, the only place that changes the session.

/// What is computed beside the frame.
mod computing;
/// What is read, written and kept.
mod files;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{Context, Ui, gui_zoom};

use crate::action::{Action, FileAction, Zoom};
use crate::background::Job;
use crate::commands::State;
use crate::compare::first::Search;
use crate::compare::heads::{HeadId, Setting};
use crate::compare::numbers::Numbers;
use crate::dialog::{Dialog, Question};
use crate::edit::EditError;
use crate::history::History;
use crate::judging::{Judging, Subject};
use crate::library::Library;
use crate::look::Look;
use crate::pictures::Pictures;
use crate::run::Run;
use crate::session::edits::Edits;
use crate::session::judge::JudgeAction;
use crate::session::layout::{LayoutAction, Pane};
use crate::session::{FormatChoice, InputId, LearnAction, Selection, Session};
use crate::store::{Kept, Store};
use crate::views::palette::Palette;
use crate::{keyboard, lesson, theme, views};
use computing::Computing;
use files::{Reading, Then};

/// How often the progress of long work is drawn.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// The window.
pub struct App {
    session: Session,
    run: Run,
    history: History,
    library: Library,
    pointed: Option<Selection>,
    notices: Vec<String>,
    pictures: Pictures,
    judging: Judging,
    dialog: Dialog,
    palette: Option<Palette>,
    reading: Option<(Reading, Then)>,
    computing: Option<Computing>,
    writing: Vec<Job<Result<(), String>>>,
    painting: Option<PathBuf>,
    store: Option<Store>,
    kept: Kept,
    kept_at: Instant,
    recent: Kept,
}

impl App {
    /// The window on the real capture, or on `files` if there are any; a bad file leaves a notice.
    ///
    /// # Errors
    /// A sentence, if not even the capture can be shown.
    pub fn new(ctx: &Context, files: Vec<PathBuf>) -> Result<Self, String> {
        Self::restored(ctx, None, files)
    }

    /// The same, where the last session was left, if it was kept in `store`.
    ///
    /// # Errors
    /// A sentence, if not even the capture can be shown.
    pub fn restored(
        ctx: &Context,
        store: Option<Store>,
        files: Vec<PathBuf>,
    ) -> Result<Self, String> {
        let session = Session::default();
        theme::apply(ctx);
        let mut library = Library::default();
        let input = library
            .get(&session.input)
            .map_err(|error| error.to_string())?;
        let run = Run::new(None, &input, &session, session.selection)
            .map_err(|error| error.to_string())?;
        let mut app = Self {
            session,
            run,
            history: History::default(),
            library,
            pointed: None,
            notices: Vec::new(),
            pictures: Pictures::default(),
            judging: Judging::default(),
            dialog: Dialog::default(),
            palette: None,
            reading: None,
            computing: None,
            writing: Vec::new(),
            painting: None,
            store,
            kept: Kept::default(),
            kept_at: Instant::now(),
            recent: Kept::default(),
        };
        app.restore(ctx, files);
        Ok(app)
    }

    /// Goes on where the last session was left, unless there are files to be shown.
    fn restore(&mut self, ctx: &Context, files: Vec<PathBuf>) {
        match self.store.as_ref().map(Store::load) {
            Some(Ok(Some(kept))) => {
                self.recent.recent.clone_from(&kept.recent);
                if files.is_empty() {
                    let session = Box::new(kept.session.clone());
                    self.read(ctx, kept.session.input.clone(), Then::Restore(session));
                }
                self.kept = kept;
            }
            Some(Err(notice)) => self.notify(notice),
            Some(Ok(None)) | None => {}
        }
        if !files.is_empty() {
            self.apply(ctx, Action::Open(files));
        }
    }

    /// What the user chose.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What was computed from it.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// What is to be read and has not been closed yet.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Whether something is being read, computed, written or searched for.
    pub fn is_busy(&self) -> bool {
        let (reads, writes) = (self.reading.is_some(), !self.writing.is_empty());
        reads
            || writes
            || self.painting.is_some()
            || self.computing.is_some()
            || self.judging.is_busy()
    }

    /// Carries out what a view asked for.
    pub fn apply(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::AskForFiles => self.dialog.ask(ctx, Question::Input),
            Action::File(action) => self.file(ctx, action),
            Action::Judge(action) => self.judge(ctx, action),
            Action::Open(files) => {
                self.recent.opened(&files);
                let id = InputId::Files(files);
                self.read(ctx, id.clone(), Then::Show(id));
            }
            Action::Cancel => (self.reading, self.computing) = (None, None),
            Action::Palette => {
                self.palette = match self.palette {
                    None => Some(Palette::default()),
                    Some(_) => None,
                }
            }
            Action::Zoom(zoom) => match zoom {
                Zoom::In => gui_zoom::zoom_in(ctx),
                Zoom::Out => gui_zoom::zoom_out(ctx),
                Zoom::Reset => ctx.set_zoom_factor(1.0),
            },
            Action::Dismiss(at) => {
                if at < self.notices.len() {
                    self.notices.remove(at);
                }
            }
            Action::Point(pointed) => {
                self.pointed = pointed;
                self.refresh(self.session.clone());
            }
            Action::Undo => {
                if let Some(before) = self.history.undo(self.session.clone()) {
                    self.refresh(self.placed_as_now(before));
                }
            }
            Action::Redo => {
                if let Some(after) = self.history.redo(self.session.clone()) {
                    self.refresh(self.placed_as_now(after));
                }
            }
            Action::Layout(layout) => {
                // What a pane shows is computed when it opens.
                let mut session = self.session.clone();
                layout.apply(&mut session);
                session.around = session.around_shown();
                let begins = !session.learn.begun && session.layout.is_open(Pane::Lessons);
                self.refresh(session);
                if begins {
                    self.change(
                        ctx,
                        &Action::Learn(LearnAction::Lesson(self.session.learn.lesson)),
                    );
                }
            }
            Action::Theme(theme) => self.session.theme = theme,
            action => self.change(ctx, &action),
        }
        ctx.request_repaint();
    }

    /// What is judged now.
    fn subject(&self) -> Subject {
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
    fn judge(&mut self, ctx: &Context, action: JudgeAction) {
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
    fn measure(&mut self, ctx: &Context) {
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

    /// Panes and colours are not undone.
    fn placed_as_now(&self, session: Session) -> Session {
        let mut placed = Session {
            layout: self.session.layout.clone(),
            theme: self.session.theme,
            ..session
        };
        placed.around = placed.around_shown();
        placed
    }

    /// `session` after a simple change.
    fn after(&mut self, mut session: Session, action: &Action) -> Result<Session, EditError> {
        match action.clone() {
            Action::Choose(id) => self.show_input(&mut session, id),
            Action::Layer(layer) => session.layer = layer,
            Action::Head(head) => session.head = head,
            Action::OpenHead { layer, head } => (session.layer, session.head) = (layer, head),
            Action::Mask(mask) => session.mask = mask,
            Action::Scaling(scaling) => session.scaling = scaling,
            Action::Changes(changes) => session.changes = changes,
            Action::Format(side, format) => *session.format_mut(side) = format,
            Action::Runs(runs) => {
                let added = matches!(runs, crate::session::runs::RunsAction::Add(_));
                runs.apply(&mut session);
                let pane = Pane::Runs;
                if added && !session.layout.is_open(pane) {
                    LayoutAction::Toggle(pane).apply(&mut session);
                }
            }
            Action::Judge(judge) => judge.apply(&mut session),
            Action::Show(shown) => session.shown = shown,
            Action::Unit(unit) => session.unit = unit,
            Action::Select(selection) => {
                (session.selection, session.around) = (selection, None);
            }
            Action::SelectAround(cell) => session.around = Some(cell),
            Action::Enlarge(enlarged) => session.enlarged = enlarged,
            Action::Arrange(arrangement) => session.arrangement = arrangement,
            Action::Edit(edit) => edit.apply(&mut session, &self.run.input)?,
            Action::Heads(heads) => session.heads = heads,
            Action::Positions(positions) => session.positions = positions,
            Action::Learn(learn) => {
                let before = session.learn;
                session.learn.apply(learn);
                if let LearnAction::Lesson(number) = learn {
                    let setup = lesson::step(number).setup;
                    let input = (setup.input)();
                    // What was tried stays while the next steps are about the same numbers.
                    let goes_on = before.begun && before.lesson != number && session.input == input;
                    if !goes_on {
                        self.show_input(&mut session, input);
                    }
                    setup.apply(&mut session);
                }
            }
            Action::Point(_)
            | Action::Open(_)
            | Action::AskForFiles
            | Action::File(_)
            | Action::Layout(_)
            | Action::Theme(_)
            | Action::Palette
            | Action::Zoom(_)
            | Action::Cancel
            | Action::Undo
            | Action::Redo
            | Action::Dismiss(_) => {}
        }
        Ok(session)
    }

    /// Another input starts at its first head, or at the place that the capture is known for.
    fn show_input(&mut self, session: &mut Session, id: InputId) {
        let start = Session::default();
        let (layer, head, selection) = if id == start.input {
            (start.layer, start.head, start.selection)
        } else {
            let first = Selection {
                query: 0,
                key: 0,
                ..start.selection
            };
            (0, 0, first)
        };
        if let Ok(input) = self.library.get(&id) {
            let fit = |format: FormatChoice| format.meant_for(&input, layer, head);
            session.mask = input.mask;
            session.left = fit(session.left);
            session.right = fit(session.right);
            for format in &mut session.more.0 {
                *format = fit(*format);
            }
        }
        *session = Session {
            input: id,
            layer,
            head,
            selection,
            around: None,
            edits: Edits::default(),
            ..session.clone()
        };
    }

    /// Makes `session` the present one with everything that follows from it, or says why not.
    fn refresh(&mut self, session: Session) -> bool {
        match self.compute(&session) {
            Ok(run) => {
                self.run = run;
                self.session = session;
                true
            }
            Err(sentence) => {
                self.notify(sentence);
                false
            }
        }
    }

    fn compute(&mut self, session: &Session) -> Result<Run, String> {
        let input = self
            .library
            .edited(&session.input, &session.edits)
            .map_err(|error| error.to_string())?;
        let focus = self.pointed.unwrap_or(session.selection);
        let focus = focus.within(input.queries, input.keys);
        Run::new(Some(&self.run), &input, session, focus).map_err(|error| error.to_string())
    }

    fn notify(&mut self, sentence: String) {
        self.notices.retain(|notice| *notice != sentence);
        self.notices.push(sentence);
    }

    /// What the keyboard, the dialog or a drop asks for.
    fn outside(&mut self, ctx: &Context) -> Option<Action> {
        let dropped: Vec<PathBuf> = ctx.input(|input| {
            let files = input.raw.dropped_files.iter();
            files.map(|file| file.path().to_owned()).collect()
        });
        if let [file] = dropped.as_slice()
            && file.extension().is_some_and(|extension| extension == "kqv")
        {
            return Some(Action::File(FileAction::OpenSession(file.clone())));
        }
        if !dropped.is_empty() {
            return Some(Action::Open(dropped));
        }
        if let Some(answer) = self.dialog.answer() {
            return Some(answer);
        }
        if self.palette.is_some() {
            return None;
        }
        let state = State {
            session: &self.session,
            run: &self.run,
            history: &self.history,
            recent: &self.recent.recent,
        };
        keyboard::action(ctx, state)
    }

    fn window_ui(&mut self, ui: &mut Ui) -> Option<Action> {
        let choices = self.library.choices();
        let reading = self.reading.as_ref().map(|(job, _)| job.name.as_str());
        let computing = self.computing.as_ref().map(Computing::name);
        let mut window = views::Window {
            session: &self.session,
            run: &self.run,
            state: State {
                session: &self.session,
                run: &self.run,
                history: &self.history,
                recent: &self.recent.recent,
            },
            choices: &choices,
            notices: &self.notices,
            busy: reading.or(computing),
            pointed: self.pointed,
            judging: &self.judging,
            pictures: &mut self.pictures,
            palette: &mut self.palette,
        };
        views::window_ui(ui, &mut window)
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        if ctx.input(|input| !input.pointer.any_down()) {
            self.history.pause_after_drag();
        }
        self.collect(&ctx);
        self.collect_run(&ctx);
        self.measure(&ctx);
        self.keep(&ctx);
        let outside = self.outside(&ctx);
        let palette_was_open = self.palette.is_some();
        let look = Look::of(&ctx, self.session.theme);
        self.pictures.look = look;
        let inside = self.window_ui(ui);
        self.pictures.end_frame();
        look.finish_frame(&ctx);
        self.save_painted(&ctx);
        // What was picked from the list closes it; the list itself is closed by its own action.
        if palette_was_open
            && inside
                .as_ref()
                .is_some_and(|action| !matches!(action, Action::Palette | Action::Point(_)))
        {
            self.palette = None;
        }
        for action in [outside, inside].into_iter().flatten() {
            self.apply(&ctx, action);
        }
    }

    fn on_exit(&mut self, _: Option<&eframe::glow::Context>) {
        let Some(store) = self.store.as_ref().filter(|_| self.reading.is_none()) else {
            return;
        };
        if let Err(sentence) = store.save(&self.present()) {
            eprintln!("kqv: the session could not be kept: {sentence}");
        }
    }
}
