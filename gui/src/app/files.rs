//! What is read, written and kept: all of it beside the frame.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use eframe::egui::Context;

use super::App;
use crate::action::{Action, FileAction};
use crate::background::{Job, Progress};
use crate::dialog::Question;
use crate::export::{self, FileKind, Painted};
use crate::run::Column;
use crate::session::{InputId, Session, Shown, TableKind};
use crate::sheets::Sheets;
use crate::source::{Input, load};
use crate::store::{self, Kept};

/// How often the session is kept.
const KEPT_EVERY: Duration = Duration::from_mins(1);

/// An input, or a sentence.
pub(super) type Reading = Job<Result<Arc<Input>, String>>;

/// What follows when an input was read.
pub(super) enum Then {
    /// Show it as it is.
    Show(InputId),
    /// Go on with this session.
    Continue(Box<Session>),
    /// Go on with this session, which was kept; set it aside if that cannot be done.
    Restore(Box<Session>),
}

impl App {
    /// Files besides Q, K and V.
    pub(super) fn file(&mut self, ctx: &Context, action: FileAction) {
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
                self.write(ctx, &path.clone(), move || store::save_whole(&path, &kept));
            }
            FileAction::SaveTable(path) => self.export(ctx, path, vec![table]),
            FileAction::SaveTables(path) => {
                let kinds = TableKind::shown(self.session.changes).collect();
                self.export(ctx, path, kinds);
            }
            FileAction::AskWhereWindow => self.dialog.ask(ctx, Question::WhereWindow),
            FileAction::SaveWindow(path) => self.save_window(ctx, path),
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

    /// Writes the next frame as a picture.
    fn save_window(&mut self, ctx: &Context, path: PathBuf) {
        if FileKind::of(&path) == Ok(FileKind::Svg) {
            self.pictures.keep_copies();
            self.painting = Some(path);
            return;
        }
        let (sender, drawn) = channel();
        ctx.request_screenshot(move |image| {
            // Only a window that is closing does not wait for its picture.
            let _ = sender.send(image);
        });
        self.write(ctx, &path.clone(), move || {
            let image = drawn.recv();
            let image = image.map_err(|_| "The window was not drawn: try it again".to_owned())?;
            export::save_window(&path, &image).map_err(|error| error.to_string())
        });
    }

    /// Writes this frame, once it is painted, if it was asked for as shapes.
    pub(super) fn save_painted(&mut self, ctx: &Context) {
        let (Some(path), Some(copies)) = (self.painting.take(), self.pictures.take_copies()) else {
            return;
        };
        let painted = Painted::of(ctx, copies);
        self.write(ctx, &path.clone(), move || {
            export::save_painted(&path, &painted).map_err(|error| error.to_string())
        });
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
        path: &Path,
        work: impl FnOnce() -> Result<(), String> + Send + 'static,
    ) {
        let name = format!("Writing {}", path.display());
        self.writing.push(Job::start(ctx, name, work));
    }

    /// Reads an input beside the frame, unless it is in memory and cannot have changed.
    pub(super) fn read(&mut self, ctx: &Context, id: InputId, then: Then) {
        let name = match &id {
            InputId::Files(files) => files.first().and_then(|file| file.file_name()),
            InputId::Enclosed(session) => session.file_name(),
            _ => None,
        };
        let name = format!("Reading {}", name.unwrap_or_default().to_string_lossy());
        let name = name.trim_end().to_owned();
        let work = move || {
            let read = load(&id).map(Arc::new);
            read.map_err(|error| error.to_string())
        };
        self.reading = Some((Job::start(ctx, name, work), then));
    }

    /// Takes what was read or written by now.
    pub(super) fn collect(&mut self, ctx: &Context) {
        if let Some((job, then)) = self.reading.take() {
            match job.poll() {
                Progress::Pending(job) => self.reading = Some((job, then)),
                Progress::Done(read) => self.was_read(ctx, read, then),
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

    fn was_read(&mut self, ctx: &Context, read: Result<Arc<Input>, String>, then: Then) {
        let result = match (read, then) {
            (Err(sentence), Then::Restore(_)) => Err((sentence, true)),
            (Err(sentence), _) => Err((sentence, false)),
            (Ok(input), Then::Show(id)) => {
                self.library.hold(&id, &input);
                self.change(ctx, &Action::Choose(id));
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

    fn go_on(&mut self, input: &Arc<Input>, mut session: Session) -> Result<(), String> {
        self.library.hold(&session.input, input);
        // Files may have become smaller.
        session.selection = session.selection.within(input.queries, input.keys);
        let run = self.compute(&session)?;
        self.run = run;
        self.session = session;
        Ok(())
    }

    /// What was opened and chosen by now.
    pub(super) fn present(&self) -> Kept {
        Kept {
            session: self.session.clone(),
            recent: self.recent.recent.clone(),
        }
    }

    /// Keeps the session once a minute, beside the frame.
    pub(super) fn keep(&mut self, ctx: &Context) {
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
}
