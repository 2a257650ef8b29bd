//! One frame: session, run, views, at most one action; and `apply`, the only place that changes the session.

use std::path::PathBuf;

use eframe::egui::{Context, Ui};

use crate::action::Action;
use crate::dialog::Dialog;
use crate::history::History;
use crate::library::Library;
use crate::pictures::Pictures;
use crate::run::Run;
use crate::session::{InputId, LearnAction, Selection, Session};
use crate::{keyboard, lesson, theme, views};

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
}

impl App {
    /// The window on the real capture, or on `files` if there are any; a bad file leaves a notice.
    ///
    /// # Errors
    /// A sentence, if not even the capture can be shown.
    pub fn new(ctx: &Context, files: Vec<PathBuf>) -> Result<Self, String> {
        theme::apply(ctx);
        let session = Session::default();
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
        };
        if !files.is_empty() {
            app.apply(ctx, Action::Open(files));
            app.history = History::default();
        }
        Ok(app)
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

    /// Carries out what a view asked for.
    pub fn apply(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::AskForFiles => self.dialog.ask(ctx),
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
                    self.refresh(before);
                }
            }
            Action::Redo => {
                if let Some(after) = self.history.redo(self.session.clone()) {
                    self.refresh(after);
                }
            }
            action => self.change(&action),
        }
        ctx.request_repaint();
    }

    /// An action that makes another session of this one; if that cannot be computed, this one stays.
    fn change(&mut self, action: &Action) {
        let before = self.session.clone();
        if let Action::Open(files) = action {
            let id = InputId::Files(files.clone());
            if let Err(error) = self.library.reload(&id) {
                self.notify(error.to_string());
                return;
            }
        }
        let after = self.after(action);
        // To watch is not to change: a walk is not undone moment by moment.
        let watches = matches!(
            action,
            Action::Learn(LearnAction::Walk(_) | LearnAction::Play(_))
        );
        if self.refresh(after) && self.session != before && !watches {
            self.history.changed(action, before);
        }
    }

    /// The session after a simple change.
    fn after(&mut self, action: &Action) -> Session {
        let mut session = self.session.clone();
        match action.clone() {
            Action::Choose(id) => self.show_input(&mut session, id),
            Action::Open(files) => self.show_input(&mut session, InputId::Files(files)),
            Action::Layer(layer) => session.layer = layer,
            Action::Head(head) => session.head = head,
            Action::Mask(mask) => session.mask = mask,
            Action::Scaling(scaling) => session.scaling = scaling,
            Action::Format(side, format) => *session.format_mut(side) = format,
            Action::Show(shown) => session.shown = shown,
            Action::Unit(unit) => session.unit = unit,
            Action::Select(selection) => session.selection = selection,
            Action::Enlarge(enlarged) => session.enlarged = enlarged,
            Action::Learn(learn) => {
                session.learn.apply(learn);
                if let LearnAction::Lesson(number) = learn {
                    let setup = lesson::step(number).setup;
                    self.show_input(&mut session, (setup.input)());
                    setup.apply(&mut session);
                }
            }
            Action::Point(_)
            | Action::AskForFiles
            | Action::Undo
            | Action::Redo
            | Action::Dismiss(_) => {}
        }
        session
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
        let fit = |format: crate::session::FormatChoice, input: &crate::source::Input| {
            format.meant_for(input, layer, head)
        };
        if let Ok(input) = self.library.get(&id) {
            session.mask = input.mask;
            session.left = fit(session.left, &input);
            session.right = fit(session.right, &input);
        }
        *session = Session {
            input: id,
            layer,
            head,
            selection,
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
            .get(&session.input)
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
        if !dropped.is_empty() {
            return Some(Action::Open(dropped));
        }
        let picked = self.dialog.answer();
        picked
            .map(Action::Open)
            .or_else(|| keyboard::action(ctx, &self.session, &self.run))
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        if ctx.input(|input| !input.pointer.any_down()) {
            self.history.pause_after_drag();
        }
        let outside = self.outside(&ctx);
        let choices = self.library.choices();
        let mut window = views::Window {
            session: &self.session,
            run: &self.run,
            choices: &choices,
            notices: &self.notices,
            history: &self.history,
            pointed: self.pointed,
            pictures: &mut self.pictures,
        };
        let inside = views::window_ui(ui, &mut window);
        self.pictures.end_frame();
        for action in [outside, inside].into_iter().flatten() {
            self.apply(&ctx, action);
        }
    }
}
