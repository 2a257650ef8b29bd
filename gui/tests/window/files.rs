//! What is opened in the window: again, and where it cannot be.

use std::fs;
use std::path::PathBuf;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use kqv_gui::commands::COMMANDS;
use kqv_gui::session::InputId;

use crate::common::Window;

/// A safetensors file whose first eight bytes announce so long a header.
fn announcing(header: u64, rest: &[u8]) -> Vec<u8> {
    [&header.to_le_bytes()[..], rest].concat()
}

#[test]
fn every_wrong_file_gets_a_sentence_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // Each in a folder of its own, with K and V beside it.
    let write = |at: u32, name: &str, bytes: &[u8]| -> Vec<PathBuf> {
        let place = path(&at.to_string());
        fs::create_dir(&place).unwrap();
        for name in ["k.csv", "v.csv"] {
            fs::write(place.join(name), b"1,2\n3,4\n").unwrap();
        }
        for name in ["k.npy", "v.npy"] {
            fs::write(place.join(name), b"").unwrap();
        }
        fs::write(place.join(name), bytes).unwrap();
        vec![place.join(name)]
    };
    fs::create_dir(path("folder.npz")).unwrap();
    let four_gigabytes = 4 << 30;
    let mut window = Window::new();
    let before = window.session().clone();
    for (files, sentence) in [
        (
            write(1, "truncated.safetensors", &announcing(200, b"{\"q\":")),
            "it ends within its header",
        ),
        (
            write(2, "huge.safetensors", &announcing(four_gigabytes, b"{}")),
            "announce a header of more than 100 million bytes",
        ),
        (
            write(3, "bytes.safetensors", &announcing(2, b"\xff\xfe")),
            "its header is not UTF-8 text",
        ),
        (
            write(4, "q.csv", b"1,2,3\n"),
            "a query and a key need the same width",
        ),
        (
            write(5, "q.csv", b"1,NaN\n"),
            "NaN: finite numbers are needed",
        ),
        (write(6, "q.csv", b"1,\xff\n"), "is not UTF-8 text"),
        (write(7, "q.npy", b"\x93NUMPY"), "it ends within its header"),
        (vec![path("folder.npz")], "this is a folder"),
        (vec![path("gone.npz")], "it cannot be read: No such file"),
        (
            write(8, "session.kqv", b"{\"version\": 1"),
            "it is not a whole session",
        ),
        (write(9, "notes.txt", b"1"), "its kind is not known"),
    ] {
        window.drop_files(files);
        let notices = window.notices();
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].contains(sentence), "{notices:?}");
        assert_eq!(*window.session(), before, "{sentence}");
        window.click(Role::Button, "Close");
    }
}

#[test]
fn a_file_is_opened_again_from_the_menu() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["q.csv", "k.csv", "v.csv"] {
        fs::write(path(name), "1,2\n3,4\n").unwrap();
    }
    let mut window = Window::new();
    window.drop_files(vec![path("q.csv")]);
    let opened = window.session().input.clone();
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.session().input, InputId::Capture);
    window.click(Role::Button, "File");
    window.click(Role::Button, "Open q.csv again");
    window.wait();
    assert_eq!(window.session().input, opened);
    assert_eq!(window.run().input.keys, 2);
}

#[test]
fn the_palette_lists_every_command_that_can_be_done_with_its_keys() {
    let mut window = Window::new();
    window.press(Modifiers::COMMAND, Key::K);
    for command in COMMANDS.iter() {
        // These have nothing to do yet, or are the list itself.
        let idle = ["Undo", "Redo", "All tables again", "All commands"];
        if idle.contains(&command.name) || !window.can_do(command) {
            continue;
        }
        assert!(window.has_any(command.name), "{}", command.name);
        let keys = window.keys_of(command);
        assert!(window.has_any(&keys), "{}: {keys}", command.name);
    }
}
