//! What a person does in the window, by the labels a screen reader reads; held against session and tables.

use std::fs;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use kqv_gui::run::Column;
use kqv_gui::session::{
    FormatChoice, FractionBits, InputId, Mask, Scaling, Shown, Step, TableKind, Unit,
};

use crate::common::Window;

const IT: usize = 10;
const ANIMAL: usize = 2;

/// A weight as it is printed in the lessons: four decimals.
fn printed(weight: Option<f64>) -> String {
    weight.map_or("hidden".to_owned(), |weight| format!("{weight:.4}"))
}

#[test]
fn it_looks_at_animal_when_the_window_opens() {
    let window = Window::new();
    let weight = |column| printed(window.cell(TableKind::Weights, column, (IT, ANIMAL)));
    assert_eq!(weight(Column::Left), "0.6397");
    assert_eq!(window.session().layer, 3);
    assert_eq!(window.session().head, 1);
    let detail = &window.run().detail;
    assert_eq!((detail.focus.query, detail.focus.key), (IT, ANIMAL));
    assert_eq!(format!("{:.6}", detail.left.weight), "0.639665");
    assert_eq!(format!("{:.4}", detail.left.dot), "20.5143");
    assert_eq!(format!("{:.4}", detail.left.score), "3.6264");
    assert_eq!(format!("{:.4}", detail.left.sum), "1.5633");
    let picture = window.picture("start.png");
    assert!(picture.colours(240..1600, 60..800) > 400);
    assert!(picture.colours(0..230, 42..1000) > 60);
}

#[test]
fn another_head_is_a_click_on_its_small_map() {
    let mut window = Window::new();
    let before = window.cell(TableKind::Raw, Column::Left, (0, 0));
    window.click(Role::Button, "Show head 11");
    window.pick("Layer", "5");
    assert_eq!((window.session().layer, window.session().head), (5, 11));
    assert_ne!(window.cell(TableKind::Raw, Column::Left, (0, 0)), before);
    let weight = window.cell(TableKind::Weights, Column::Left, (IT, ANIMAL));
    assert_eq!(printed(weight), "0.6466");
}

#[test]
fn a_causal_mask_hides_what_comes_later_and_leaves_the_raw_scores() {
    let mut window = Window::new();
    let raw = window.cell(TableKind::Raw, Column::Left, (ANIMAL, IT));
    window.pick("Mask", "causal");
    assert_eq!(window.session().mask, Mask::Causal);
    for column in [Column::Left, Column::Right, Column::Difference] {
        for kind in [TableKind::Masked, TableKind::Weights] {
            assert_eq!(window.cell(kind, column, (ANIMAL, IT)), None);
            assert!(window.cell(kind, column, (IT, ANIMAL)).is_some());
        }
    }
    assert_eq!(window.cell(TableKind::Raw, Column::Left, (ANIMAL, IT)), raw);
    assert_eq!(
        window.cell(TableKind::Weights, Column::Left, (0, 0)),
        Some(1.0)
    );
    window.picture("causal.png");
}

#[test]
fn without_the_scale_scores_are_dot_products() {
    let mut window = Window::new();
    window.pick("Scale", "off");
    assert_eq!(window.session().scaling, Scaling::Off);
    let score = window.cell(TableKind::Raw, Column::Left, (IT, ANIMAL));
    assert_eq!(score, Some(window.run().detail.left.dot));
}

#[test]
fn fraction_bits_move_with_their_sliders_and_the_tables_with_them() {
    let mut window = Window::new();
    window.pick("Right format", "i16");
    let sqnr = window.run().compare.sqnr_db;
    assert!(sqnr > 60.0, "{sqnr} dB");
    window.pick("Right format", "i8");
    window.set_slider("Fraction bits of Q, right", 2.0);
    let FormatChoice::I8(bits) = window.session().right else {
        panic!("{:?}", window.session().right);
    };
    assert_eq!(bits.q, Step::Bits(2));
    assert!(window.run().compare.sqnr_db < sqnr - 20.0);
    let q = window.run().right.table(TableKind::Q);
    assert!(q.values().iter().all(|value| (value * 4.0).fract() == 0.0));
    window.set_slider("Fraction bits of V, right", 12.0);
    assert!(window.run().compare.saturated > 0);
    window.click(Role::Button, "Fit right format");
    assert_eq!(window.run().compare.saturated, 0);
}

#[test]
fn the_difference_is_right_minus_left_in_both_units() {
    let mut window = Window::new();
    window.click(Role::Button, "Difference");
    assert_eq!(window.session().shown, Shown::Difference);
    window.click(Role::Button, "Real");
    assert_eq!(window.session().unit, Unit::Real);
    let value = |window: &Window, column| window.cell(TableKind::Q, column, (IT, 3)).unwrap();
    let difference = value(&window, Column::Right) - value(&window, Column::Left);
    assert_eq!(value(&window, Column::Difference), difference);
    assert!(difference.abs() <= 1.0 / 32.0);
    window.click(Role::Button, "Last place");
    assert_eq!(value(&window, Column::Difference), difference * 16.0);
    window.picture("difference.png");
    window.click(Role::Button, "Side by side");
    window.picture("beside.png");
}

#[test]
fn pointing_at_a_score_takes_it_apart_and_clicking_keeps_it() {
    let mut window = Window::new();
    let of = (15, 15);
    window.hover("Weights in f32, 15 by 15", (7, 4), of);
    assert_eq!(
        (
            window.run().detail.focus.query,
            window.run().detail.focus.key
        ),
        (7, 4)
    );
    assert_eq!(
        (
            window.session().selection.query,
            window.session().selection.key
        ),
        (IT, ANIMAL)
    );
    window.picture("hover.png");
    window.leave();
    assert_eq!(window.run().detail.focus, window.session().selection);
    window.click_cell("Raw scores in f32, 15 by 15", (3, 5), of);
    assert_eq!(
        (
            window.session().selection.query,
            window.session().selection.key
        ),
        (3, 5)
    );
    window.leave();
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::ArrowRight);
    assert_eq!(
        (
            window.session().selection.query,
            window.session().selection.key
        ),
        (4, 6)
    );
}

#[test]
fn the_keyboard_reaches_every_choice() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::PageDown);
    window.press(Modifiers::SHIFT, Key::PageUp);
    assert_eq!((window.session().layer, window.session().head), (2, 2));
    window.press(Modifiers::NONE, Key::M);
    assert_eq!(window.session().mask, Mask::Causal);
    window.press(Modifiers::NONE, Key::S);
    assert_eq!(window.session().scaling, Scaling::Off);
    for (key, shown) in [
        (Key::Num2, Shown::Right),
        (Key::Num3, Shown::Difference),
        (Key::Num4, Shown::Beside),
        (Key::Num1, Shown::Left),
    ] {
        window.press(Modifiers::NONE, key);
        assert_eq!(window.session().shown, shown);
    }
}

#[test]
fn an_output_cell_is_its_weights_times_a_column_of_v() {
    let mut window = Window::new();
    window.click_cell("Output in f32, 15 by 32", (IT, 5), (15, 32));
    let terms = &window.run().detail.terms;
    let sum: f64 = terms
        .pairs
        .iter()
        .map(|(weight, value)| weight * value)
        .sum();
    assert_eq!(terms.pairs.len(), 15);
    assert!((sum - terms.total).abs() < 1e-6, "{sum} {}", terms.total);
    assert_eq!(
        Some(terms.total),
        window.cell(TableKind::Output, Column::Left, (IT, 5))
    );
}

#[test]
fn undo_and_redo_walk_through_the_sessions() {
    let mut window = Window::new();
    let start = window.session().clone();
    window.pick("Head", "4");
    window.pick("Mask", "causal");
    let end = window.session().clone();
    window.press(Modifiers::COMMAND, Key::Z);
    window.click(Role::Button, "Undo");
    assert_eq!(*window.session(), start);
    assert_eq!(window.run().left.choice.head, start.head);
    window.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    window.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(*window.session(), end);
    assert_eq!(window.run().left.choice.head, end.head);
}

#[test]
fn a_wrong_file_leaves_a_sentence_and_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.safetensors");
    fs::write(&path, b"short").unwrap();
    let mut window = Window::new();
    let before = window.session().clone();
    window.drop_files(vec![path]);
    assert_eq!(
        window.notices(),
        ["broken.safetensors: it is not a whole .safetensors file: it has fewer than 8 bytes"]
    );
    assert_eq!(*window.session(), before);
    window.picture("notice.png");
    window.click(Role::Button, "Close");
    assert!(window.notices().is_empty());
}

#[test]
fn three_dropped_files_are_one_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("q.csv"), "1,0\n0,1\n").unwrap();
    fs::write(path("k.csv"), "4,0\n0,4\n0,0\n").unwrap();
    fs::write(path("v.csv"), "1\n2\n3\n").unwrap();
    let mut window = Window::new();
    window.drop_files(["v.csv", "q.csv", "k.csv"].map(path).into());
    assert!(window.notices().is_empty(), "{:?}", window.notices());
    assert!(matches!(window.session().input, InputId::Files(_)));
    assert_eq!(window.run().input.keys, 3);
    window.picture("small.png");
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.session().input, InputId::Capture);
}

#[test]
fn a_large_input_is_scrolled_and_every_cell_can_be_reached() {
    const TOKENS: usize = 512;
    let folder = tempfile::tempdir().unwrap();
    for (seed, name) in [(3, "q.csv"), (5, "k.csv"), (7, "v.csv")] {
        let row = |i: usize| format!("{},{}\n", (i * seed) % 17, (i * seed) % 23);
        let text: String = (0..TOKENS).map(row).collect();
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut window = Window::open((1280, 720), vec![folder.path().join("v.csv")]);
    assert_eq!(window.run().left.table(TableKind::Weights).rows(), TOKENS);
    let of = (TOKENS, TOKENS);
    window.click_cell("Raw scores in f32, 512 by 512", (10, 20), of);
    assert_eq!(
        (
            window.session().selection.query,
            window.session().selection.key
        ),
        (10, 20)
    );
    for _ in 0..3 {
        window.press(Modifiers::NONE, Key::ArrowUp);
    }
    assert_eq!(window.session().selection.query, 7);
    window.picture("large.png");
    window.click(Role::Button, "Enlarge Weights in f32");
    window.picture("large-alone.png");
}

#[test]
fn every_fixture_opens_and_can_be_looked_at_from_all_sides() {
    let mut window = Window::open((1280, 720), Vec::new());
    window.picture("start-1280.png");
    for name in kqv_gui::source::case_names() {
        window.pick("Input", name);
        assert_eq!(window.session().input, InputId::Case(name.to_owned()));
        for switch in ["Difference", "Side by side", "f32"] {
            window.click(Role::Button, switch);
        }
        if [
            "cat-sat-causal",
            "random-2048",
            "random-512",
            "saturation",
            "thinking-machines",
        ]
        .contains(&name)
        {
            window.picture(&format!("case-{name}.png"));
        }
    }
    assert!(window.notices().is_empty());
}

#[test]
fn an_enlarged_table_stands_alone_until_escape() {
    let mut window = Window::new();
    window.click(Role::Button, "Enlarge Weights in f32");
    assert_eq!(window.session().enlarged, Some(TableKind::Weights));
    window.picture("enlarged.png");
    window.press(Modifiers::NONE, Key::Escape);
    assert_eq!(window.session().enlarged, None);
}

#[test]
fn fitting_bits_are_the_most_without_saturation() {
    let mut window = Window::new();
    window.pick("Layer", "0");
    window.click(Role::Button, "Fit right format");
    assert_eq!(window.run().compare.saturated, 0);
    let bits = window.session().right.steps().unwrap().bits().unwrap();
    for (q, k, v) in [(1, 0, 0), (0, 1, 0), (0, 0, 1)] {
        let more = FractionBits {
            q: bits.q + q,
            k: bits.k + k,
            v: bits.v + v,
        };
        for (name, bits) in [("Q", more.q), ("K", more.k), ("V", more.v)] {
            window.set_slider(&format!("Fraction bits of {name}, right"), bits.into());
        }
        assert!(window.run().compare.saturated > 0);
    }
}
