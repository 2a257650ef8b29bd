//! The system's dialogs for files, on a thread of their own so that the window goes on.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use eframe::egui::Context;
use rfd::AsyncFileDialog;

use crate::action::{Action, FileAction};
use crate::export::FileKind;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Q, K and V.
    Input,
    /// A session to continue.
    Session,
    /// Where to put the session.
    WhereSession,
    /// Where to put the selected table.
    WhereTable,
    /// Where to put all tables.
    WhereTables,
    /// Where to put the picture of the window.
    WhereWindow,
}

/// At most one dialog at a time.
#[derive(Debug, Default)]
pub struct Dialog {
    open: Option<Receiver<Option<Action>>>,
}

impl Dialog {
    /// Opens the dialog, unless one is open.
    pub fn ask(&mut self, ctx: &Context, question: Question) {
        if self.open.is_some() {
            return;
        }
        let (sender, receiver) = channel();
        self.open = Some(receiver);
        let ctx = ctx.clone();
        thread::spawn(move || {
            // The window may be closed by now: then nobody waits for the answer.
            let _ = sender.send(answer_to(question));
            ctx.request_repaint();
        });
    }

    /// What was answered since, once.
    pub fn answer(&mut self) -> Option<Action> {
        match self.open.as_ref()?.try_recv() {
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.open = None;
                None
            }
            Ok(action) => {
                self.open = None;
                action
            }
        }
    }
}

fn answer_to(question: Question) -> Option<Action> {
    let dialog = AsyncFileDialog::new();
    let save = |dialog: AsyncFileDialog| {
        let file = pollster::block_on(dialog.save_file())?;
        Some(file.path().to_owned())
    };
    match question {
        Question::Input => {
            let dialog = dialog
                .set_title("Open Q, K and V")
                .add_filter("Q, K and V", &["safetensors", "npz", "npy", "csv", "tsv"]);
            let files = pollster::block_on(dialog.pick_files())?;
            let paths: Vec<PathBuf> = files.iter().map(|file| file.path().to_owned()).collect();
            (!paths.is_empty()).then_some(Action::Open(paths))
        }
        Question::Session => {
            let dialog = dialog
                .set_title("Open session")
                .add_filter("Session", &["kqv", "json"]);
            let file = pollster::block_on(dialog.pick_file())?;
            Some(Action::File(FileAction::OpenSession(
                file.path().to_owned(),
            )))
        }
        Question::WhereSession => {
            let dialog = dialog
                .set_title("Save session")
                .add_filter("Session", &["kqv"]);
            let path = save(dialog.set_file_name("session.kqv"))?;
            Some(Action::File(FileAction::SaveSession(path)))
        }
        Question::WhereTable => {
            let dialog = kinds(dialog.set_title("Export table"), |_| true);
            let path = save(dialog.set_file_name("table.png"))?;
            Some(Action::File(FileAction::SaveTable(path)))
        }
        Question::WhereTables => {
            let dialog = kinds(dialog.set_title("Export all tables"), FileKind::takes_many);
            let path = save(dialog.set_file_name("tables.safetensors"))?;
            Some(Action::File(FileAction::SaveTables(path)))
        }
        Question::WhereWindow => {
            let dialog = kinds(dialog.set_title("Export window"), |kind| {
                matches!(kind, FileKind::Png | FileKind::Svg)
            });
            let path = save(dialog.set_file_name("window.png"))?;
            Some(Action::File(FileAction::SaveWindow(path)))
        }
    }
}

/// A filter for each kind of file.
fn kinds(dialog: AsyncFileDialog, which: fn(FileKind) -> bool) -> AsyncFileDialog {
    let kinds = FileKind::ALL.into_iter().filter(|&kind| which(kind));
    kinds.fold(dialog, |dialog, kind| {
        dialog.add_filter(kind.name(), &[kind.extension()])
    })
}
