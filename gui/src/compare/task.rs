//! Long work on a thread of its own, with progress, that stops when nobody waits for it any more.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::heads::Progress;

/// Work that is under way.
#[derive(Debug)]
pub struct Task<T> {
    progress: Arc<Progress>,
    result: Receiver<T>,
}

impl<T: Send + 'static> Task<T> {
    /// Starts `work`; `wake` is called when it is done, from its thread.
    pub fn start(
        work: impl FnOnce(&Progress) -> T + Send + 'static,
        wake: impl FnOnce() + Send + 'static,
    ) -> Self {
        let progress = Arc::new(Progress::default());
        let (sender, result) = channel();
        let shared = Arc::clone(&progress);
        thread::spawn(move || {
            let _ = sender.send(work(&shared)); // nobody waits any more: nothing to tell
            wake();
        });
        Self { progress, result }
    }

    /// From 0 to 1.
    pub fn share(&self) -> f32 {
        self.progress.share()
    }

    /// The result, once, when it is there.
    pub fn take(&self) -> Option<T> {
        self.result.try_recv().ok()
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.progress.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_task_gives_its_result_once() {
        let (done, woken) = channel();
        let task = Task::start(
            |progress| {
                progress.expect(2);
                progress.step();
                7
            },
            move || done.send(()).unwrap(),
        );
        woken.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(
            (task.take(), task.take(), task.share()),
            (Some(7), None, 0.5)
        );
    }

    #[test]
    fn a_task_that_is_dropped_is_told_so() {
        let (told, hears) = channel();
        let task = Task::start(
            move |progress| {
                while !progress.is_cancelled() {
                    thread::yield_now();
                }
                told.send(()).unwrap();
            },
            || {},
        );
        drop(task);
        assert!(hears.recv_timeout(Duration::from_secs(10)).is_ok());
    }
}
