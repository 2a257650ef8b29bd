//! The session survives whatever happens while it is written: the program is killed during a save a hundred times.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use kqv_gui::session::Session;
use kqv_gui::store::{Kept, Store};

/// Where the writer writes; set only for the program that is killed.
const FOLDER: &str = "KQV_TEST_STORE_FOLDER";

/// A session that says which save it is from.
fn kept(save: usize) -> Kept {
    Kept {
        session: Session {
            head: save,
            ..Session::default()
        },
        recent: vec![vec!["long".repeat(2000).into()]; 8],
    }
}

/// Not a test of its own: saves one session after the other until it is killed.
#[test]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = Store::in_folder(folder.as_ref());
    let from = store.load().unwrap().map_or(0, |kept| kept.session.head);
    for save in from + 1.. {
        store.save(&kept(save)).unwrap();
        if save == from + 1 {
            println!("saved");
        }
    }
}

#[test]
fn a_hundred_kills_during_a_save_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_folder(folder.path());
    let mut last = 0;
    for round in 0..100 {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["writer", "--exact", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The first save of this round is done once the word is there; then it is killed in the midst of others.
        let mut output = writer.stdout.take().unwrap();
        let mut text = Vec::new();
        while !text.windows(5).any(|word| word == b"saved") {
            let mut byte = [0];
            output.read_exact(&mut byte).unwrap();
            text.push(byte[0]);
        }
        sleep(Duration::from_micros(137 * (round % 40)));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let found = store.load().unwrap().unwrap();
        let save = found.session.head;
        assert!(save > last, "round {round}: save {save} after {last}");
        assert_eq!(found, kept(save), "round {round}");
        last = save;
    }
    println!("{last} saves, 100 kills, nothing lost");
}
