//! One frame: session, run, views, at most one action; and `apply`, the only place that changes the session.

/// What a change makes of a session.
mod changed;
/// What is computed beside the frame.
mod computing;
/// What is read, written and kept.
mod files;
/// What is searched for and measured.
mod judged;

use std::path::PathBuf;
use std::time::Instant;

use eframe::egui::{Context, Ui, gui_zoom};

use crate::action::{Action, FileAction, Zoom};
use crate::background::Job;
use crate::commands::State;
use crate::dialog::{Dialog, Question};
use crate::history::History;
use crate::judging::Judging;
use crate::library::Library;
use crate::look::Look;
use crate::pictures::Pictures;
use crate::run::Run;
use crate::session::layout::Pane;
use crate::session::{InputId, LearnAction, Selection, Session};
use crate::store::{Kept, Store};
use crate::views::palette::Palette;
use crate::{keyboard, theme, views};
use computing::Computing;
use files::{Reading, Then};

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
