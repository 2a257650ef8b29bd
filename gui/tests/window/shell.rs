//! Commands, panes, runs, sessions and exports.

use std::fs;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use kqv_gui::action::{Action, FileAction};
use kqv_gui::session::layout::{LayoutAction, Pane, Theme, Visibility};
use kqv_gui::session::{FormatChoice, InputId, Mask, TableKind};

use crate::common::Window;

#[test]
fn a_command_is_found_by_a_part_of_its_name_and_done() {
    let mut window = Window::new();
    window.press(Modifiers::COMMAND, Key::K);
    window.type_text("Command", "mask on");
    window.picture("palette.png");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.session().mask, Mask::Causal);
    window.press(Modifiers::COMMAND, Key::K);
    window.press(Modifiers::NONE, Key::Escape);
    window.press(Modifiers::NONE, Key::M);
    assert_eq!(window.session().mask, Mask::None);
}

#[test]
fn panes_open_and_close_and_the_layout_comes_back() {
    let mut window = Window::new();
    let start = window.session().layout.clone();
    window.press(Modifiers::COMMAND, Key::R);
    assert!(window.session().layout.is_open(Pane::Runs));
    window.press(Modifiers::COMMAND, Key::B);
    window.press(Modifiers::COMMAND, Key::J);
    assert_eq!(window.session().layout.choices, Visibility::Hidden);
    assert_eq!(window.session().layout.inspector, Visibility::Hidden);
    window.apply(Action::Layout(LayoutAction::Reset));
    assert_eq!(window.session().layout, start);
}

#[test]
fn the_light_theme_is_light_and_its_numbers_keep_their_colours() {
    let mut window = Window::new();
    let dark = window.picture("dark.png");
    window.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Num2);
    assert_eq!(window.session().theme, Theme::Light);
    window.press(Modifiers::NONE, Key::M);
    window.picture("light-causal.png");
    window.press(Modifiers::NONE, Key::M);
    let light = window.picture("light.png");
    assert!(dark.at(5, 900).iter().all(|&part| part < 0x40));
    assert!(light.at(5, 900).iter().all(|&part| part > 0xe0));
    let of_both = |x, y| (dark.at(x, y), light.at(x, y));
    let (before, after) = of_both(400, 330);
    assert_eq!(before, after);
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.session().theme, Theme::Light);
}

#[test]
fn any_number_of_runs_stands_beside_the_first_two() {
    let mut window = Window::new();
    for _ in 0..3 {
        window.press(Modifiers::NONE, Key::A);
    }
    assert!(window.session().layout.is_open(Pane::Runs));
    window.pick("Format of run 3", "i16");
    window.pick("Format of run 4", "f64");
    let sqnr: Vec<f64> = window.run().more.iter().map(|held| held.sqnr_db).collect();
    assert_eq!(sqnr[2], window.run().compare.sqnr_db);
    assert!(
        sqnr[0] > sqnr[2] + 30.0 && sqnr[1] > sqnr[0] + 30.0,
        "{sqnr:?}"
    );
    window.picture("runs.png");
    window.click(Role::Button, "Show run 3");
    assert!(matches!(window.session().right, FormatChoice::I16(_)));
    assert_eq!(window.run().compare.sqnr_db, sqnr[0]);
    window.click(Role::Button, "Remove run 5");
    assert_eq!(window.session().more.0.len(), 2);
}

#[test]
fn a_session_from_a_file_opens_at_the_same_cell() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("q.csv", "1,0\n0,1\n"),
        ("k.csv", "4,0\n0,4\n0,0\n"),
        ("v.csv", "1\n2\n3\n"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().join("mine.kqv");
    let mut window = Window::open((1600, 1000), vec![folder.path().join("q.csv")]);
    window.click_cell("Weights in f32, 2 by 3", (1, 2), (2, 3));
    window.press(Modifiers::NONE, Key::A);
    window.apply(Action::File(FileAction::SaveSession(path.clone())));
    let mut saved = window.session().clone();
    // On another machine there are no such files, and the session lies elsewhere.
    for name in ["q.csv", "k.csv", "v.csv"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let there = elsewhere.path().join("theirs.kqv");
    fs::rename(&path, &there).unwrap();
    saved.input = InputId::Enclosed(there.clone());
    let mut other = Window::new();
    other.drop_files(vec![there.clone()]);
    assert_eq!(*other.session(), saved, "{:?}", other.notices());
    let weights = [&window, &other].map(|window| window.run().left.table(TableKind::Weights));
    assert_eq!(weights[0].values(), weights[1].values());
    assert_eq!(other.run().input.name, window.run().input.name);

    // What was enclosed goes on from there,
    let again = elsewhere.path().join("again.kqv");
    other.apply(Action::File(FileAction::SaveSession(again.clone())));
    fs::remove_file(&there).unwrap();
    other.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(other.session().input, InputId::Capture);
    other.drop_files(vec![again.clone()]);
    assert_eq!(other.session().input, InputId::Enclosed(again.clone()));
    assert!(other.notices().is_empty(), "{:?}", other.notices());

    // and what is broken, or was saved without, changes nothing.
    let before = other.session().clone();
    let bytes = fs::read(&again).unwrap();
    fs::write(&there, &bytes[..bytes.len() / 2]).unwrap();
    other.drop_files(vec![there]);
    window.apply(Action::File(FileAction::SaveSession(path.clone())));
    let [notice] = window.notices() else {
        panic!("{:?}", window.notices());
    };
    assert!(
        notice.starts_with("q.csv: ") && notice.ends_with("was saved without its numbers"),
        "{notice}"
    );
    other.drop_files(vec![path]);
    assert_eq!(*other.session(), before);
    assert_eq!(other.notices().len(), 2, "{:?}", other.notices());
}

#[test]
fn what_is_exported_is_what_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut window = Window::new();
    let weight = window.run().left.table(TableKind::Weights).get(10, 2);
    for kind in kqv_gui::export::FileKind::ALL {
        let extension = kind.extension();
        let file = path(&format!("table.{extension}"));
        window.apply(Action::File(FileAction::SaveTable(file.clone())));
        assert!(fs::metadata(&file).unwrap().len() > 500, "{extension}");
    }
    assert!(window.notices().is_empty(), "{:?}", window.notices());
    let csv = fs::read_to_string(path("table.csv")).unwrap();
    let cell = csv.lines().nth(11).unwrap().split(',').nth(3).unwrap();
    assert_eq!(cell.parse().ok(), weight);
    let npy: ndarray::Array2<f64> = ndarray_npy::read_npy(path("table.npy")).unwrap();
    assert_eq!((npy.dim(), Some(npy[[10, 2]])), ((15, 15), weight));
    window.apply(Action::File(FileAction::SaveTables(path(
        "head.safetensors",
    ))));
    let reopened = Window::open((1280, 720), vec![path("head.safetensors")]);
    assert_eq!(
        reopened.run().left.table(TableKind::Weights).get(10, 2),
        weight
    );
    window.apply(Action::File(FileAction::SaveTables(path("head.png"))));
    let notice = window.notices().first().unwrap();
    assert!(notice.ends_with("head.png: a file of all tables ends in .safetensors or .rs"));
    assert!(!path("head.png").exists());
}

#[test]
fn constants_for_firmware_are_the_integers_of_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("head.rs");
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::Num2);
    window.apply(Action::File(FileAction::SaveTables(file.clone())));
    let code = fs::read_to_string(&file).unwrap();
    assert!(
        code.contains("/// Q, (15, 32); one is 6.25e-2."),
        "{}",
        &code[..300]
    );
    let q = window.run().right.table(TableKind::Q).values()[0] * 16.0;
    let start = format!("pub const Q: [[i8; 32]; 15] = [\n    [{q}, ");
    assert!(code.contains(&start), "{}", &code[..300]);
}

#[test]
fn the_picture_of_the_window_is_what_is_on_screen() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open((1280, 720), Vec::new());
    let file = folder.path().join("window.png");
    window.apply(Action::File(FileAction::SaveWindow(file.clone())));
    assert!(window.notices().is_empty(), "{:?}", window.notices());
    let reader = png::Decoder::new(std::io::BufReader::new(fs::File::open(&file).unwrap()));
    let mut reader = reader.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (1280, 720));
    let colours: std::collections::HashSet<_> = pixels.chunks(3).collect();
    assert!(colours.len() > 400, "{} colours", colours.len());
    let shapes = folder.path().join("window.svg");
    window.apply(Action::File(FileAction::SaveWindow(shapes.clone())));
    let text = fs::read_to_string(&shapes).unwrap();
    assert!(text.contains("viewBox=\"0 0 1280 720\""));
    for word in ["Raw scores", "Weights", "SQNR of the output", "animal"] {
        assert!(
            text.contains(&format!(">\n{word}\n</text>")) || text.contains(word),
            "{word}"
        );
    }
    // Seven tables and the maps of twelve heads.
    assert!(text.matches("<image").count() >= 7 + 12 - 1);
    for matrix in text.split("matrix(").skip(1) {
        let (numbers, _) = matrix.split_once(')').unwrap();
        let numbers: Vec<f32> = numbers.split(' ').map(|x| x.parse().unwrap()).collect();
        let [a, b, c, d] = *numbers.first_chunk().unwrap();
        assert_eq!(
            a * c + b * d,
            0.0,
            "the sides of a picture are square to each other"
        );
    }
    let other = folder.path().join("window.csv");
    window.apply(Action::File(FileAction::SaveWindow(other.clone())));
    let notice = window.notices().first().unwrap();
    assert!(notice.ends_with("window.csv: a picture of the window ends in .png or .svg"));
    assert!(!other.exists());
}

#[test]
fn every_table_has_its_colour_bar_however_narrow_it_is() {
    for size in [(1600, 1000), (1280, 720), (900, 600)] {
        let mut window = Window::open(size, Vec::new());
        window.press(Modifiers::COMMAND, Key::T);
        window.wait();
        for arrangement in ["beside", "crossed"] {
            window.leave();
            window.picture(&format!("bars-{arrangement}-{}.png", size.0));
            for table in ["Q", "K", "V", "Raw scores", "Weights", "Output"] {
                let bar = window.label_starting_with(&format!("Colours of {table} in f32, from "));
                assert!(
                    table != "Weights" || bar.ends_with("from 0 to 1.0"),
                    "{bar}"
                );
            }
            window.press(Modifiers::NONE, Key::X);
        }
    }
    let mut window = Window::new();
    window.pick("Input", "Eight heads from X");
    window.press(Modifiers::NONE, Key::P);
    for table in [
        "X",
        "W_Q",
        "W_K",
        "W_V",
        "W_O",
        "Concat in f32",
        "Position table",
    ] {
        assert!(
            !window
                .label_starting_with(&format!("Colours of {table}, from "))
                .is_empty()
        );
    }
    // In the pane's thirds, and in its whole width.
    let [q, k] = ["Colours of W_Q, ", "W_K, "].map(|start| window.rect_starting_with(start));
    assert!(q.right() < k.left(), "{q:?} {k:?}");
    let concat = window.rect_starting_with("Concat in f32, ");
    assert!(concat.right() < 1600.0, "{concat:?}");
}
