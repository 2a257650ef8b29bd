//! The system's open dialog, on a thread of its own so that the window goes on.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use eframe::egui::Context;

/// At most one dialog at a time.
#[derive(Debug, Default)]
pub struct Dialog {
    open: Option<Receiver<Vec<PathBuf>>>,
}

impl Dialog {
    /// Opens the dialog, unless it is open.
    pub fn ask(&mut self, ctx: &Context) {
        if self.open.is_some() {
            return;
        }
        let (sender, receiver) = channel();
        self.open = Some(receiver);
        let picked = rfd::AsyncFileDialog::new()
            .set_title("Open Q, K and V")
            .add_filter("Q, K and V", &["safetensors", "npz", "npy", "csv", "tsv"])
            .pick_files();
        let ctx = ctx.clone();
        thread::spawn(move || {
            let files = pollster::block_on(picked).unwrap_or_default();
            let paths = files.iter().map(|file| file.path().to_owned()).collect();
            // The window may be closed by now: then nobody waits for the answer.
            let _ = sender.send(paths);
            ctx.request_repaint();
        });
    }

    /// The files that were picked since, once.
    pub fn answer(&mut self) -> Option<Vec<PathBuf>> {
        match self.open.as_ref()?.try_recv() {
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.open = None;
                None
            }
            Ok(paths) => {
                self.open = None;
                Some(paths).filter(|paths| !paths.is_empty())
            }
        }
    }
}
