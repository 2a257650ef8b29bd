//! The crossed picture, all heads, positions and edits, by their labels.

#![expect(clippy::float_cmp, reason = "edits are exact")]

use crate::common::Window;
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use kqv_gui::action::Action;
use kqv_gui::heads::{Looks, Order};
use kqv_gui::run::Column;
use kqv_gui::session::layout::{Pane, Theme};
use kqv_gui::session::{Arrangement, InputId, Selection, TableKind};

const IT: usize = 10;
const OF_Q: (usize, usize) = (15, 32);

/// The real number of a cell of Q, K or V, after edits.
fn q(window: &Window, (row, column): (usize, usize)) -> f64 {
    let (session, run) = (window.session(), window.run());
    run.input.head(session.layer, session.head).q[row * run.input.width + column]
}

#[test]
fn crossed_and_back_by_button_and_key() {
    let mut window = Window::new();
    let output = window.cell(TableKind::Output, Column::Left, (IT, 3));
    window.click(Role::Button, "Crossed");
    assert_eq!(window.session().arrangement, Arrangement::Crossed);
    assert_eq!(
        output,
        window.cell(TableKind::Output, Column::Left, (IT, 3))
    );
    window.picture("crossed.png");
    // K is turned: its label says its own shape, its picture is 32 high and 15 wide.
    window.click_cell("K in f32, 15 by 32", (7, 4), (32, 15));
    let Selection {
        table, key, column, ..
    } = window.session().selection;
    assert_eq!((table, key, column), (TableKind::K, 4, 7));
    window.hover("Output in f32, 15 by 32", (IT, 5), OF_Q);
    window.picture("crossed-output.png");
    window.leave();
    window.apply(Action::Theme(Theme::Light));
    window.picture("crossed-light.png");
    window.apply(Action::Theme(Theme::Dark));
    window.press(Modifiers::NONE, Key::X);
    assert_eq!(window.session().arrangement, Arrangement::Beside);
}

#[test]
fn crossed_looks_right_for_every_shape() {
    let mut window = Window::open((1280, 720), Vec::new());
    window.press(Modifiers::NONE, Key::X);
    window.picture("crossed-1280.png");
    for name in ["thinking-machines", "cat-sat-causal", "random-512"] {
        window.pick("Input", name);
        window.picture(&format!("crossed-{name}.png"));
        let run = window.run();
        let (queries, keys) = (run.input.queries, run.input.keys);
        let label = match name {
            "cat-sat-causal" => format!("Masked scores in f32, {queries} by {keys}"),
            _ => format!("Raw scores in f32, {queries} by {keys}"),
        };
        assert!(window.has(&label), "{label}");
    }
}

#[test]
fn a_drag_changes_a_number_and_is_one_step_of_undo() {
    let mut window = Window::new();
    let (before, start) = (window.session().clone(), q(&window, (IT, 3)));
    let score = window.cell(TableKind::Raw, Column::Left, (IT, 2)).unwrap();
    window.drag_cell("Q in f32, 15 by 32", (IT, 3), OF_Q, -60.0);
    let end = q(&window, (IT, 3));
    assert!(end > start + 0.3 && end < start + 1.0, "{start} {end}");
    assert_ne!(
        window.cell(TableKind::Raw, Column::Left, (IT, 2)),
        Some(score)
    );
    assert_eq!(window.session().edits.count(), 1);
    window.picture("edited.png");
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(*window.session(), before);
    assert_eq!(q(&window, (IT, 3)), start);
    window.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(q(&window, (IT, 3)), end);
}

#[test]
fn a_number_is_typed_and_a_wrong_one_is_told() {
    let mut window = Window::new();
    window.double_click_cell("Q in f32, 15 by 32", (IT, 3), OF_Q);
    window.type_here("abc");
    window.picture("typing0.png");
    window.press(Modifiers::NONE, Key::Enter);
    assert!(window.has("\"abc\" is no number: type one like -1.25, 1e-3 or 1/3"));
    window.picture("typing.png");
    window.press(Modifiers::NONE, Key::Escape);
    assert!(window.session().edits.is_empty());
    window.press(Modifiers::NONE, Key::Enter);
    window.type_here("-1.25");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(q(&window, (IT, 3)), -1.25);
    assert_eq!(
        window.cell(TableKind::Q, Column::Left, (IT, 3)),
        Some(-1.25)
    );
    window.press(Modifiers::NONE, Key::Delete);
    assert!(window.session().edits.is_empty());
}

#[test]
fn a_block_is_pasted_whole_or_refused_in_one_sentence() {
    let mut window = Window::new();
    window.click_cell("K in f32, 15 by 32", (13, 0), OF_Q);
    window.paste("1\t2\n3\t4\n");
    let run = window.run();
    let k = run.input.head(3, 1).k;
    assert_eq!(
        [k[13 * 32], k[13 * 32 + 1], k[14 * 32], k[14 * 32 + 1]],
        [1., 2., 3., 4.]
    );
    let before = window.session().clone();
    window.paste("1\n2\n3\n");
    assert_eq!(*window.session(), before);
    assert_eq!(
        window.notices(),
        [
            "A block of 3 by 1 does not fit at (13, 0) of K, where there is room for 2 by 32: select a cell further up or left"
        ]
    );
}

#[test]
fn formulas_fill_and_everything_can_be_taken_back() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::N);
    assert!(window.session().layout.is_open(Pane::Change));
    window.pick("Matrix to fill", "Q");
    window.pick("Formula", "Identity");
    window.click(Role::Button, "Fill");
    assert_eq!((q(&window, (4, 4)), q(&window, (4, 5))), (1.0, 0.0));
    // A row of scores is now a column of K, times the scale.
    let raw = window.cell(TableKind::Raw, Column::Left, (4, 9)).unwrap();
    let k = window.cell(TableKind::K, Column::Left, (9, 4)).unwrap();
    assert!((raw - k * window.run().scale).abs() < 1e-6);
    window.picture("change.png");
    window.click(Role::Button, "Take all back");
    assert!(window.session().edits.is_empty());
}

#[test]
fn own_tokens_name_rows_and_columns() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::N);
    window.click(Role::Button, "Make");
    window.focus(Role::TextInput, "Own tokens");
    window.type_here("red green blue");
    window.click(Role::Button, "Use as tokens");
    assert_eq!(window.notices(), ["3 tokens for 4 rows: type 4 words"]);
    assert!(window.session().edits.is_empty());
    window.focus(Role::TextInput, "Own tokens");
    window.type_here(" sky.");
    window.click(Role::Button, "Use as tokens");
    assert_eq!(
        window.notices().len(),
        2,
        "a full stop is a token of its own"
    );
    window.press(Modifiers::NONE, Key::Tab); // the button keeps the focus otherwise
    window.focus(Role::TextInput, "Own tokens");
    window.press(Modifiers::NONE, Key::End);
    window.press(Modifiers::NONE, Key::Backspace);
    window.press(Modifiers::NONE, Key::Enter);
    let input = &window.run().input;
    assert_eq!(
        (input.query_name(3), input.key_name(0)),
        ("sky".into(), "red".into())
    );
}

#[test]
fn a_small_input_is_made_from_nothing() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::N);
    window.pick("Formula of the new input", "One-hot");
    window.click(Role::Button, "Make");
    assert!(matches!(window.session().input, InputId::Made(_)));
    assert_eq!(window.cell(TableKind::Q, Column::Left, (2, 2)), Some(1.0));
    window.picture("made.png");
    window.press(Modifiers::NONE, Key::X);
    window.picture("made-crossed.png");
    window.press(Modifiers::COMMAND, Key::Z);
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.session().input, InputId::Capture);
}

#[test]
fn all_heads_are_sorted_filtered_and_opened() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::H);
    assert_eq!(window.run().all_heads.as_ref().unwrap().heads.len(), 6 * 12);
    window.picture("heads.png");
    window.click(Role::Button, "Layer 2, head 5");
    assert_eq!((window.session().layer, window.session().head), (2, 5));
    // The weights are those of the tables, to the bit.
    let all = window.run().all_heads.clone().unwrap();
    let small = all.weights(2, 5).unwrap().values();
    assert_eq!(small, window.run().left.table(TableKind::Weights).values());
    window.pick("Order of heads", "Narrow first");
    assert_eq!(window.session().heads.order, Order::Narrow);
    window.set_slider("Entropy at most", 1.5);
    let facts = all.heads.iter().map(|(facts, _)| *facts);
    let chosen = window.session().heads.chosen(facts);
    assert!(!chosen.is_empty() && chosen.len() < 72);
    assert!(chosen.is_sorted_by(|a, b| a.entropy_bits <= b.entropy_bits));
    assert!(chosen.last().unwrap().entropy_bits <= 1.5);
    assert!(window.has(&format!("{} of 72 heads", chosen.len())));
    window.picture("heads-sorted.png");
}

#[test]
fn who_looks_at_me_is_as_near_as_whom_i_look_at() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::H);
    window.click(Role::Button, "Who looks at \"animal\"");
    assert_eq!(window.session().heads.looks, Looks::AtMe);
    window.apply(Action::Theme(Theme::Light));
    window.picture("heads-who.png");
    let lines = "Looks of layer 3, head 1";
    window.click_in(Role::Image, lines, (0.1, 0.5 / 15.0));
    assert_eq!(window.session().heads.looks, Looks::AtWhom);
    window.click_in(Role::Image, lines, (0.1, 0.5 / 15.0));
    assert_eq!(window.session().selection.query, 0);
}

#[test]
fn the_layer_of_the_worked_example_is_shown_and_edited() {
    let mut window = Window::new();
    window.pick("Input", "Eight heads from X");
    window.press(Modifiers::NONE, Key::P);
    let layer = window.run().layer.clone().unwrap();
    assert_eq!((layer.concat.rows(), layer.concat.columns()), (2, 24));
    let output = layer.output().unwrap();
    assert_eq!((output.rows(), output.columns()), (2, 4));
    window.picture("layer.png");
    let before = window.run().left.table(TableKind::Q).values().to_vec();
    window.double_click_cell("X, 2 by 4", (1, 2), (2, 4));
    window.type_here("3");
    window.press(Modifiers::NONE, Key::Enter);
    let after = window.run().left.table(TableKind::Q).values().to_vec();
    assert_eq!(before[..3], after[..3]);
    assert_ne!(before[3..], after[3..]);
    assert_ne!(
        output.values(),
        window
            .run()
            .layer
            .as_ref()
            .unwrap()
            .output()
            .unwrap()
            .values()
    );
}

#[test]
fn positions_are_shown_as_tables() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::P);
    let positions = window.run().positions.clone().unwrap();
    assert_eq!(positions.table.get(0, 1), Some(1.0), "a cosine");
    window.pick("Kind of positions", "Rotary, halves");
    let positions = window.run().positions.clone().unwrap();
    assert_eq!(positions.table.get(0, 0), Some(1.0));
    window.picture("positions.png");
}
