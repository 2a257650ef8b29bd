//! One frame: session, run, views, at most one action; and `apply`, the only place that changes the session.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{Context, Ui, gui_zoom};

use crate::action::{Action, FileAction, Zoom};
use crate::background::{Job, Progress};
use crate::commands::State;
use crate::dialog::{Dialog, Question};
use crate::edit::EditError;
use crate::history::History;
use crate::library::Library;
use crate::look::Look;
use crate::pictures::Pictures;
use crate::run::{Column, Run};
use crate::session::edits::Edits;
use crate::session::layout::LayoutAction;
use crate::session::{FormatChoice, InputId, Selection, Session, Shown, TableKind};
use crate::sheets::Sheets;
use crate::source::{Input, load};
use crate::store::{self, Kept, Store};
use crate::views::palette::Palette;
use crate::{keyboard, theme, views};

/// How often the session is kept.
const KEPT_EVERY: Duration = Duration::from_mins(1);

/// The window.
pub struct App {
    session: Session,
    run: Run,
    history: History,
    library: Library,
    pointed: Option<Selection>,
    notices: Vec<String>,
    pictures: Pictures,
    dialog: Dialog,
    palette: Option<Palette>,
    reading: Option<(Reading, Then)>,
    writing: Vec<Job<Result<(), String>>>,
    store: Option<Store>,
    kept: Kept,
    kept_at: Instant,
    recent: Kept,
}

/// An input, or a sentence.
type Reading = Job<Result<Arc<Input>, String>>;

/// What follows when an input was read.
enum Then {
    /// Show it as it is.
    Show(InputId),
    /// Go on with this session.
    Continue(Box<Session>),
    /// Go on with this session, which was kept; set it aside if that cannot be done.
    Restore(Box<Session>),
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
            dialog: Dialog::default(),
            palette: None,
            reading: None,
            writing: Vec::new(),
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

    /// Whether something is being read or written.
    pub fn is_busy(&self) -> bool {
        self.reading.is_some() || !self.writing.is_empty()
    }

    /// Carries out what a view asked for.
    pub fn apply(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::AskForFiles => self.dialog.ask(ctx, Question::Input),
            Action::File(action) => self.file(ctx, action),
            Action::Open(files) => {
                self.recent.opened(&files);
                let id = InputId::Files(files);
                self.read(ctx, id.clone(), Then::Show(id));
            }
            Action::Cancel => self.reading = None,
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
                self.refresh(session);
            }
            Action::Theme(theme) => self.session.theme = theme,
            action => self.change(&action),
        }
        ctx.request_repaint();
    }

    /// Panes and colours are not undone.
    fn placed_as_now(&self, session: Session) -> Session {
        Session {
            layout: self.session.layout.clone(),
            theme: self.session.theme,
            ..session
        }
    }

    /// Files besides Q, K and V.
    fn file(&mut self, ctx: &Context, action: FileAction) {
        let table = self.session.selection.table;
        match action {
            FileAction::AskForSession => self.dialog.ask(ctx, Question::Session),
            FileAction::AskWhereSession => self.dialog.ask(ctx, Question::WhereSession),
            FileAction::AskWhereTable => self.dialog.ask(ctx, Question::WhereTable),
            FileAction::AskWhereTables => self.dialog.ask(ctx, Question::WhereTables),
            FileAction::OpenSession(path) => match store::open(&path) {
                Ok(kept) => {
                    let id = kept.session.input.clone();
                    self.read(ctx, id, Then::Continue(Box::new(kept.session)));
                }
                Err(sentence) => self.notify(sentence),
            },
            FileAction::SaveSession(path) => {
                let kept = Kept {
                    session: self.session.clone(),
                    recent: Vec::new(),
                };
                self.write(ctx, &path.clone(), move || store::save(&path, &kept));
            }
            FileAction::SaveTable(path) => self.export(ctx, path, vec![table]),
            FileAction::SaveTables(path) => self.export(ctx, path, TableKind::ALL.to_vec()),
            FileAction::CopyTable => {
                let sheets = self.sheets(vec![table]);
                ctx.copy_text(sheets.text());
            }
        }
    }

    /// Tables as they are shown now.
    fn sheets(&self, kinds: Vec<TableKind>) -> Sheets {
        Sheets {
            run: self.run.clone(),
            column: self.column(),
            kinds,
        }
    }

    fn export(&mut self, ctx: &Context, path: PathBuf, kinds: Vec<TableKind>) {
        let sheets = self.sheets(kinds);
        self.write(ctx, &path.clone(), move || sheets.save(&path));
    }

    /// The column that is shown, or the left one of three.
    fn column(&self) -> Column {
        match self.session.shown {
            Shown::Left | Shown::Beside => Column::Left,
            Shown::Right => Column::Right,
            Shown::Difference => Column::Difference,
        }
    }

    fn write(
        &mut self,
        ctx: &Context,
        path: &std::path::Path,
        work: impl FnOnce() -> Result<(), String> + Send + 'static,
    ) {
        let name = format!("Writing {}", path.display());
        self.writing.push(Job::start(ctx, name, work));
    }

    /// Reads an input beside the frame, unless it is in memory and cannot have changed.
    fn read(&mut self, ctx: &Context, id: InputId, then: Then) {
        let name = match &id {
            InputId::Files(files) => {
                let file = files.first().and_then(|file| file.file_name());
                format!("Reading {}", file.unwrap_or_default().to_string_lossy())
            }
            _ => "Reading".to_owned(),
        };
        let work = move || {
            let read = load(&id).map(Arc::new);
            read.map_err(|error| error.to_string())
        };
        self.reading = Some((Job::start(ctx, name, work), then));
    }

    /// Takes what was read or written by now.
    fn collect(&mut self) {
        if let Some((job, then)) = self.reading.take() {
            match job.poll() {
                Progress::Pending(job) => self.reading = Some((job, then)),
                Progress::Done(read) => self.was_read(read, then),
                Progress::Lost => self.notify("The file could not be read to its end".to_owned()),
            }
        }
        for job in std::mem::take(&mut self.writing) {
            match job.poll() {
                Progress::Pending(job) => self.writing.push(job),
                Progress::Done(Ok(())) => {}
                Progress::Done(Err(sentence)) => self.notify(sentence),
                Progress::Lost => self.notify("The file could not be written".to_owned()),
            }
        }
    }

    fn was_read(&mut self, read: Result<Arc<Input>, String>, then: Then) {
        let result = match (read, then) {
            (Err(sentence), Then::Restore(_)) => Err((sentence, true)),
            (Err(sentence), _) => Err((sentence, false)),
            (Ok(input), Then::Show(id)) => {
                self.library.hold(&id, &input);
                self.change(&Action::Choose(id));
                Ok(())
            }
            (Ok(input), Then::Continue(session)) => {
                let before = self.session.clone();
                let result = self.go_on(&input, *session).map_err(|why| (why, false));
                if result.is_ok() && self.session != before {
                    self.history.changed(&Action::Undo, before);
                }
                result
            }
            (Ok(input), Then::Restore(session)) => {
                self.go_on(&input, *session).map_err(|why| (why, true))
            }
        };
        if let Err((sentence, aside)) = result {
            let store = self.store.as_ref().filter(|_| aside);
            let notice = store.map_or(sentence.clone(), |store| store.set_aside(&sentence));
            self.notify(notice);
        }
    }

    fn go_on(&mut self, input: &Arc<Input>, session: Session) -> Result<(), String> {
        self.library.hold(&session.input, input);
        let run = self.compute(&session)?;
        self.run = run;
        self.session = session;
        Ok(())
    }

    /// An action that makes another session of this one; if that cannot be computed, this one stays.
    fn change(&mut self, action: &Action) {
        let before = self.session.clone();
        let after = match self.after(action) {
            Ok(after) => after,
            Err(error) => return self.notify(error.to_string()),
        };
        if self.refresh(after) && self.session != before {
            self.history.changed(action, before);
        }
    }

    /// The session after a simple change.
    fn after(&mut self, action: &Action) -> Result<Session, EditError> {
        let mut session = self.session.clone();
        match action.clone() {
            Action::Choose(id) => self.show_input(&mut session, id),
            Action::Layer(layer) => session.layer = layer,
            Action::Head(head) => session.head = head,
            Action::OpenHead { layer, head } => (session.layer, session.head) = (layer, head),
            Action::Mask(mask) => session.mask = mask,
            Action::Scaling(scaling) => session.scaling = scaling,
            Action::Format(side, format) => *session.format_mut(side) = format,
            Action::Runs(runs) => {
                let added = matches!(runs, crate::session::runs::RunsAction::Add(_));
                runs.apply(&mut session);
                let pane = crate::session::layout::Pane::Runs;
                if added && !session.layout.is_open(pane) {
                    LayoutAction::Toggle(pane).apply(&mut session);
                }
            }
            Action::Show(shown) => session.shown = shown,
            Action::Unit(unit) => session.unit = unit,
            Action::Select(selection) => session.selection = selection,
            Action::Enlarge(enlarged) => session.enlarged = enlarged,
            Action::Arrange(arrangement) => session.arrangement = arrangement,
            Action::Edit(edit) => edit.apply(&mut session, &self.run.input)?,
            Action::Heads(heads) => session.heads = heads,
            Action::Positions(positions) => session.positions = positions,
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

    /// What was opened and chosen by now.
    fn present(&self) -> Kept {
        Kept {
            session: self.session.clone(),
            recent: self.recent.recent.clone(),
        }
    }

    /// Keeps the session once a minute, beside the frame.
    fn keep(&mut self, ctx: &Context) {
        let Some(store) = self.store.clone() else {
            return;
        };
        ctx.request_repaint_after(KEPT_EVERY);
        // What is still being restored must not be overwritten.
        if self.kept_at.elapsed() < KEPT_EVERY || self.reading.is_some() {
            return;
        }
        self.kept_at = Instant::now();
        let present = self.present();
        if present != self.kept {
            self.kept = present.clone();
            self.writing.push(Job::start(
                ctx,
                "Keeping the session".to_owned(),
                move || store.save(&present),
            ));
        }
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
            busy: reading,
            pointed: self.pointed,
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
        self.collect();
        self.keep(&ctx);
        let outside = self.outside(&ctx);
        let palette_was_open = self.palette.is_some();
        let look = Look::of(&ctx, self.session.theme);
        self.pictures.look = look;
        let inside = self.window_ui(ui);
        self.pictures.end_frame();
        look.finish_frame(&ctx);
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
