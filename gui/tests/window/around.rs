//! X, W and what the layer makes of its heads: written out, typed over, pasted into; and what a walk keeps to itself.

#![expect(
    clippy::float_cmp,
    clippy::unwrap_used,
    reason = "edits are exact; cells of tests are there"
)]

use std::fs::File;
use std::path::Path;

use crate::common::Window;
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use kqv_gui::action::{Action, FileAction};
use kqv_gui::derivation::Line;
use kqv_gui::edit::{MatrixId, Operand, Place};
use kqv_gui::lesson::{Verdict, step};
use kqv_gui::number::points;
use kqv_gui::run::Column;
use kqv_gui::session::edits::EditAction;
use kqv_gui::session::{LearnAction, Scaling, TableKind};
use kqv_gui::steps::Stage;
use ndarray::{Array2, arr0};
use ndarray_npy::NpzWriter;

/// The worked example with the layer beside it.
fn worked() -> Window {
    let mut window = Window::new();
    window.pick("Input", "Eight heads from X");
    window.press(Modifiers::NONE, Key::P);
    window
}

fn cell(window: &Window, kind: TableKind, at: (usize, usize)) -> f64 {
    window.cell(kind, Column::Left, at).unwrap()
}

#[test]
fn a_block_is_pasted_into_x_and_all_that_follows_follows() {
    let mut window = worked();
    let before = window.session().clone();
    let output = cell(&window, TableKind::Output, (1, 0));
    window.click_cell("X, 2 by 4", (0, 0), (2, 4));
    window.paste("1\t2\n3\t4\n");
    let layer = window.run().input.layer.clone().unwrap();
    assert_eq!(
        [layer.x[0], layer.x[1], layer.x[4], layer.x[5]],
        [1., 2., 3., 4.]
    );
    let [q, _, _] = layer.project();
    assert_eq!(cell(&window, TableKind::Q, (1, 2)), q[5]);
    assert_ne!(cell(&window, TableKind::Output, (1, 0)), output);
    window.press(Modifiers::COMMAND, Key::Z);
    assert!(window.session().edits.is_empty());
    assert_eq!(cell(&window, TableKind::Output, (1, 0)), output);
    window.click_cell("W_K, 4 by 3", (3, 2), (4, 3));
    window.paste("1\t2\n");
    assert_eq!(window.session().edits, before.edits);
    assert_eq!(
        window.notices(),
        [
            "A block of 1 by 2 does not fit at (3, 2) of W_K, where there is room for 1 by 1: select a cell further up or left"
        ]
    );
    window.press(Modifiers::NONE, Key::Enter);
    window.type_here("0.5");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.run().input.layer.as_ref().unwrap().w_k[11], 0.5);
    // Arrows lead on; what is closed is not edited.
    window.press(Modifiers::NONE, Key::ArrowUp);
    let cell = window.session().around.unwrap();
    assert_eq!((cell.row, cell.column), (2, 2));
    window.press(Modifiers::NONE, Key::P);
    assert_eq!(window.session().around, None);
}

#[test]
fn what_is_typed_into_q_stays_when_x_changes_until_it_is_to_follow() {
    let mut window = worked();
    window.double_click_cell("Q in f32, 2 by 3", (0, 0), (2, 3));
    window.type_here("5");
    window.press(Modifiers::NONE, Key::Enter);
    let other = cell(&window, TableKind::Q, (0, 1));
    window.double_click_cell("X, 2 by 4", (0, 0), (2, 4));
    window.type_here("3");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(cell(&window, TableKind::Q, (0, 0)), 5.0);
    assert_ne!(cell(&window, TableKind::Q, (0, 1)), other);
    assert!(window.has("1 edit of Q, K or V stays as put in by hand when X or W changes"));
    window.picture("pinned.png");
    window.click(Role::Button, "Let them follow");
    assert_ne!(cell(&window, TableKind::Q, (0, 0)), 5.0);
    assert_eq!(window.session().edits.count(), 1, "that of X");
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(cell(&window, TableKind::Q, (0, 0)), 5.0);
}

#[test]
fn a_number_of_the_layer_is_written_out_back_to_x() {
    let mut window = worked();
    window.press(Modifiers::NONE, Key::D);
    window.click_cell("Layer output in f32, 2 by 4", (1, 2), (2, 4));
    let learned = window.run().learned.clone().unwrap();
    let has = |start: &str| {
        learned
            .lines
            .iter()
            .any(|line| line.text().starts_with(start))
    };
    let output = window
        .run()
        .layer
        .as_ref()
        .unwrap()
        .output()
        .unwrap()
        .get(1, 2)
        .unwrap();
    let last = format!("= {output:.4}").replace('-', "−");
    let first = learned.lines[0].text();
    assert!(
        first.starts_with("layer[1,2] = (concat[1,0] × w_o[0,2])"),
        "{first}"
    );
    assert!(first.ends_with(&last), "{first} {last}");
    for start in [
        "concat[1,0] = output[1,0]",
        "output[1,0] = (weight[1,0] × v[0,0])",
        "weight[1,0] = e^(",
        "score[1,0] = (",
        "q[1,0] = (x[1,0] × w_q[0,0])",
        "v[0,0] = (x[0,0] × w_v[0,0])",
    ] {
        assert!(has(start), "{start}");
    }
    let test = learned.test.clone().unwrap();
    assert!(test.contains("kqv::MultiHead<f32, 4, 8, 8, 3, 3>"));
    window.picture("layer-derivation.png");
    // A number of K goes back to X and W_K, and is rounded as its format does it.
    window.press(Modifiers::NONE, Key::Num2);
    window.click_cell("K in i8, 2 by 3", (1, 2), (2, 3));
    let learned = window.run().learned.clone().unwrap();
    let texts: Vec<String> = learned.lines.iter().map(Line::text).collect();
    assert!(
        texts[0].starts_with("k[1,2] = (x[1,0] × w_k[0,2])"),
        "{texts:?}"
    );
    assert!(
        texts[1].starts_with("integer = round(−4.25 × 2^"),
        "{texts:?}"
    );
    assert!(texts[2].starts_with("k[1,2] = "), "{texts:?}");
    // What is normalised, and a position.
    window.click_cell("LayerNorm in f64, 2 by 4", (0, 0), (2, 4));
    let learned = window.run().learned.clone().unwrap();
    assert!(
        learned
            .lines
            .iter()
            .any(|line| line.text().starts_with("variance = "))
    );
}

#[test]
fn a_walk_keeps_heads_runs_and_derivation_to_itself() {
    let mut window = Window::new();
    for (modifiers, key) in [
        (Modifiers::NONE, Key::H),
        (Modifiers::COMMAND, Key::R),
        (Modifiers::NONE, Key::W),
        (Modifiers::NONE, Key::D),
        (Modifiers::NONE, Key::Home),
    ] {
        window.press(modifiers, key);
    }
    assert!(window.has("the walk has not come here yet"), "runs");
    assert!(
        window.has("the walk has not come further yet"),
        "derivation"
    );
    assert!(window.has("How well the formats agree is known when the walk ends"));
    window.picture("walk-panes.png");
    // Half of the values are mixed: the row of the output is on its way.
    let walk = window.run().walk(window.session());
    let half = walk.start_of(Stage::Mix) + 7;
    window.apply(Action::Learn(LearnAction::Walk(Some(half))));
    let mixing = window.run().mixing.clone().unwrap();
    let so_far = window.run().learned.clone().unwrap().trace.so_far.clone();
    assert_eq!(mixing.row(10), so_far);
    assert_ne!(
        mixing.row(10),
        window.run().left.table(TableKind::Output).row(10)
    );
    window.picture("walk-mixing.png");
    window.press(Modifiers::NONE, Key::End);
    assert!(!window.has("the walk has not come here yet"));
    assert!(!window.has("the walk has not come further yet"));
}

#[test]
fn what_was_tried_goes_on_to_the_next_step_of_a_lesson() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::L);
    for _ in 0..3 {
        window.press(Modifiers::NONE, Key::Period);
    }
    let place = Place {
        matrix: MatrixId::new(Operand::K, 0, 0),
        row: 1,
        column: 0,
    };
    window.apply(Action::Edit(EditAction::Type(place, "9.5".to_owned())));
    let verdict = |window: &Window| step(3).numbers[1].verdict(window.run(), window.session());
    assert_eq!(verdict(&window), Verdict::Changed(13.0));
    window.press(Modifiers::NONE, Key::Period);
    assert_eq!(window.session().learn.lesson, 4);
    assert_eq!(cell(&window, TableKind::Raw, (0, 1)), 104.0, "undivided");
    assert!(window.has("The lesson goes on with your edit"));
    window.press(Modifiers::NONE, Key::Comma);
    assert_eq!(verdict(&window), Verdict::Changed(13.0));
    window.click(Role::Button, "Set up again");
    assert!(window.session().edits.is_empty());
    assert_eq!(verdict(&window), Verdict::Holds(12.0));
    window.click(Role::Button, "no √d");
    assert_eq!(window.session().scaling, Scaling::Off);
    let original = window.run().original.clone().unwrap();
    assert_eq!(original.table(TableKind::Raw).get(0, 0), Some(14.0));
    assert_eq!(cell(&window, TableKind::Raw, (0, 0)), 112.0);
}

#[test]
fn a_session_with_edits_of_x_and_own_tokens_opens_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.kqv");
    let mut window = worked();
    window.apply(Action::Head(5));
    window.apply(Action::Edit(EditAction::Tokens(
        "Pensées Machines".to_owned(),
    )));
    window.double_click_cell("X, 2 by 4", (1, 3), (2, 4));
    window.type_here("1/4");
    window.press(Modifiers::NONE, Key::Enter);
    window.double_click_cell("V in f32, 2 by 3", (0, 2), (2, 3));
    window.type_here("-2");
    window.press(Modifiers::NONE, Key::Enter);
    window.click_cell("Layer output in f32, 2 by 4", (1, 3), (2, 4));
    let saved = window.session().clone();
    assert_eq!(saved.edits.count(), 2);
    let output = cell(&window, TableKind::Output, (1, 2));
    window.apply(Action::File(FileAction::SaveSession(path.clone())));
    let mut other = Window::new();
    other.drop_files(vec![path]);
    assert_eq!(*other.session(), saved, "{:?}", other.notices());
    assert_eq!(cell(&other, TableKind::Output, (1, 2)), output);
    assert_eq!(other.run().input.key_name(0), "Pensées");
}

/// X (2, 3), two heads of W (3, 2), joined by `W_O` (4, 3) if that is asked for, as numpy saves them.
fn saved_layer(path: &Path, arrays: &[&str]) {
    let mut file = NpzWriter::new(File::create(path).unwrap());
    let mut add = |name: &str, rows: usize, columns: usize, salt: usize| {
        if arrays.contains(&name) {
            let value = |(row, column)| points((row * 5 + column * 3 + salt) % 7) - 3.0;
            let array = Array2::from_shape_fn((rows, columns), value);
            file.add_array(name, &array).unwrap();
        }
    };
    add("X", 2, 3, 1);
    add("W_Q", 3, 4, 2);
    add("W_K", 3, 4, 3);
    add("W_V", 3, 4, 4);
    add("W_O", 4, 3, 5);
    file.add_array("heads", &arr0(2_i64)).unwrap();
    file.finish().unwrap();
}

#[test]
fn a_layer_from_a_file_is_edited_derived_and_joined_as_the_worked_example_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layer.npz");
    saved_layer(&path, &["X", "W_Q", "W_K", "W_V", "W_O"]);
    let mut window = Window::new();
    window.drop_files(vec![path.clone()]);
    assert!(window.notices().is_empty(), "{:?}", window.notices());
    window.press(Modifiers::NONE, Key::P);
    window.press(Modifiers::NONE, Key::PageDown);
    assert_eq!((window.session().head, window.run().input.heads), (1, 2));
    let before = cell(&window, TableKind::Q, (1, 0));
    window.double_click_cell("X, 2 by 3", (1, 0), (2, 3));
    window.type_here("10");
    window.press(Modifiers::NONE, Key::Enter);
    let layer = window.run().input.layer.clone().unwrap();
    assert_eq!(layer.x[3], 10.0);
    // Head 1 has columns 2 and 3 of W_Q.
    let w = |row: usize| f64::from(points((row * 5 + 2 * 3 + 2) % 7)) - 3.0;
    let sum = 10.0 * w(0) + layer.x[4] * w(1) + layer.x[5] * w(2);
    assert_eq!(cell(&window, TableKind::Q, (1, 0)), sum);
    assert_ne!(sum, before);
    let tables = window.run().layer.clone().unwrap();
    assert_eq!(tables.output().unwrap().columns(), 3);
    window.press(Modifiers::NONE, Key::D);
    window.click_cell("Q in f32, 2 by 2", (1, 0), (2, 2));
    let lines = window.run().learned.clone().unwrap().lines.clone();
    let text: Vec<String> = lines.iter().map(Line::text).collect();
    assert!(
        text[0].starts_with("q[1,0] = (x[1,0] × w_q[0,0])"),
        "{text:?}"
    );
    window.click_cell("Layer output in f32, 2 by 3", (1, 2), (2, 3));
    let lines = window.run().learned.clone().unwrap().lines.clone();
    assert!(lines[0].text().contains("concat[1,0] × w_o[0,2]"));
    window.picture("layer-file.png");

    let bare = folder.path().join("bare.npz");
    saved_layer(&bare, &["X", "W_Q", "W_K", "W_V"]);
    window.drop_files(vec![bare]);
    assert!(window.notices().is_empty(), "{:?}", window.notices());
    assert!(window.has("This input has no W_O: nothing joins the heads"));
    assert!(window.has("Concat in f32, 2 by 4") && !window.has("Layer output in f32, 2 by 3"));

    let wrong = folder.path().join("wrong.npz");
    saved_layer(&wrong, &["X", "W_Q", "W_V"]);
    let shown = window.session().clone();
    window.drop_files(vec![wrong]);
    assert_eq!(*window.session(), shown);
    assert_eq!(
        window.notices(),
        [
            "wrong.npz: it has X and no W_K: W_Q, W_K and W_V are needed, or q_proj.weight, k_proj.weight and v_proj.weight"
        ]
    );
}
