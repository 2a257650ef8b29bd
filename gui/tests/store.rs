//! The session survives whatever happens while it is written: the program is killed during a save a hundred times.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use egui_kittest::Harness;
use kqv_gui::App;
use kqv_gui::session::{InputId, Session};
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

/// The window as the program opens it.
#[expect(clippy::unwrap_used, reason = "a test's own window")]
fn window(store: &Store) -> Harness<'static, App> {
    let store = Some(store.clone());
    let mut harness = Harness::builder()
        .build_eframe(|creation| App::restored(&creation.egui_ctx, store, Vec::new()).unwrap());
    while harness.state().is_busy() {
        harness.step();
        sleep(Duration::from_millis(2));
    }
    harness
}

#[test]
fn the_window_opens_where_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_folder(folder.path());
    let session = Session {
        layer: 5,
        head: 11,
        ..Session::default()
    };
    let recent = vec![vec!["head.npz".into()]];
    let kept = Kept { session, recent };
    store.save(&kept).unwrap();
    let mut first = window(&store);
    assert_eq!(*first.state().session(), kept.session);
    assert_eq!(first.state().run().left.choice.head, 11);
    fs::remove_file(folder.path().join("session.json")).unwrap();
    eframe::App::on_exit(first.state_mut(), None);
    assert_eq!(store.load(), Ok(Some(kept)));
}

#[test]
fn a_session_whose_input_is_gone_is_set_aside_and_the_capture_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_folder(folder.path());
    let session = Session {
        input: InputId::Files(vec![folder.path().join("gone.npz")]),
        ..Session::default()
    };
    let kept = Kept {
        session,
        recent: Vec::new(),
    };
    store.save(&kept).unwrap();
    let window = window(&store);
    assert_eq!(window.state().session().input, InputId::Capture);
    let [notice] = window.state().notices() else {
        panic!("{:?}", window.state().notices());
    };
    assert!(
        notice.contains("session-set-aside-1.json. gone.npz: "),
        "{notice}"
    );
    assert!(folder.path().join("session-set-aside-1.json").exists());
}
