//! Work that takes long, on a thread of its own: the frame asks whether it is done.

use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use eframe::egui::Context;

/// Work under way.
#[derive(Debug)]
pub struct Job<T> {
    /// What is being done, as it is called on screen.
    pub name: String,
    result: Receiver<T>,
}

impl<T: Send + 'static> Job<T> {
    /// Starts it; the window is drawn again when it is done. A job that is dropped ends unheard.
    pub fn start(ctx: &Context, name: String, work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, result) = channel();
        let ctx = ctx.clone();
        thread::spawn(move || {
            // Nobody listens to a job that was dropped.
            let _ = sender.send(work());
            ctx.request_repaint();
        });
        Self { name, result }
    }

    /// What came of it: `Pending` is the job itself.
    pub fn poll(self) -> Progress<T> {
        match self.result.try_recv() {
            Ok(result) => Progress::Done(result),
            Err(TryRecvError::Empty) => Progress::Pending(self),
            Err(TryRecvError::Disconnected) => Progress::Lost,
        }
    }
}

/// How far a job is.
#[derive(Debug)]
pub enum Progress<T> {
    /// Not done.
    Pending(Job<T>),
    /// Done.
    Done(T),
    /// It ended without a result.
    Lost,
}
