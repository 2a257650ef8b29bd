//! Statistics, the first wrong step and the sweep, in the window.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use kqv_gui::action::Action;
use kqv_gui::run::Column;
use kqv_gui::session::judge::{Against, JudgeAction};
use kqv_gui::session::layout::{LayoutAction, Pane, Theme};
use kqv_gui::session::{
    Bias, Changes, FormatChoice, FractionBits, Session, SideId, Step, TableKind, Unit,
};

use crate::common::Window;

/// Where "it" looks at "animal".
const IT_ANIMAL: (usize, usize) = (10, 2);

fn with(pane: Pane) -> Window {
    let mut window = Window::new();
    window.apply(Action::Layout(LayoutAction::Toggle(pane)));
    window
}

#[test]
fn statistics_open_by_a_shortcut_and_follow_the_session() {
    let mut window = Window::new();
    window.press(Modifiers::COMMAND, Key::T);
    assert!(window.session().layout.is_open(Pane::Statistics));
    window.click(Role::Button, "i8:4/4/5");
    window.click(Role::Button, "First run");
    assert_eq!(window.session().judge.against, Against::First);
    window.picture("statistics-window.png");
    window.press(Modifiers::NONE, Key::Num3);
    window.picture("statistics-readme.png"); // gui/statistics.png
    window.press(Modifiers::NONE, Key::Num1);
    window.press(Modifiers::NONE, Key::F); // fits the right format to the head
    window.click(Role::Button, "i8:5/4/5");
    window.press(Modifiers::COMMAND, Key::T);
    assert!(!window.session().layout.is_open(Pane::Statistics));
}

#[test]
fn one_key_goes_to_the_first_wrong_step() {
    let mut window = Window::new();
    let bits = FractionBits { q: 5, k: 5, v: 5 };
    window.apply(Action::Format(SideId::Right, FormatChoice::I8(bits.into())));
    window.apply(Action::Judge(JudgeAction::FirstWrong));
    let session: &Session = window.session();
    let (table, (row, column)) = (
        session.selection.table,
        session.selection.cell_in(session.selection.table),
    );
    let place = format!(
        "Layer {}, head {}, {} ({row}, {column}) saturates",
        session.layer,
        session.head,
        table.name()
    );
    assert!(
        window.notices()[0].starts_with(&place),
        "{:?}",
        window.notices()
    );
    let input = &window.run().input;
    let head = input.head(session.layer, session.head);
    let (values, columns) = match table {
        TableKind::Q => (head.q, input.width),
        TableKind::K => (head.k, input.width),
        _ => (head.v, input.value_width),
    };
    let value = values[row * columns + column];
    assert!((value * 32.0).abs() > 127.5, "{value}");
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!((window.session().layer, window.session().head), (3, 1));
}

#[test]
fn each_tensor_has_a_power_of_two_or_any_scale() {
    let mut window = Window::new();
    let before = window.session().clone();
    let steps = |window: &Window| window.session().right.steps().unwrap();
    window.click(Role::Button, "Any scale for K, right");
    let input = Arc::clone(&window.run().input);
    let k = input.head(before.layer, before.head).k;
    let largest = k.iter().fold(0.0_f64, |max, value| max.max(value.abs()));
    let Step::Scale(fitted) = steps(&window).k else {
        panic!("{:?}", steps(&window))
    };
    assert!(
        (largest / fitted - 127.0).abs() < 1e-9,
        "{largest} {fitted}"
    );
    assert_eq!(steps(&window).q, before.right.steps().unwrap().q);
    // The kernel ran with that scale: K is whole multiples of it, and the greatest is 127 of them.
    let whole = |value: f64| value / fitted - (value / fitted).round();
    let table = window.run().right.table(TableKind::K).values().to_vec();
    assert!(table.iter().all(|&value| whole(value).abs() < 1e-9));
    let greatest = table
        .iter()
        .fold(0.0_f64, |max, value| max.max(value.abs()));
    assert_eq!((greatest / fitted).round(), 127.0);
    let finer = window.run().compare.sqnr_db;

    // Any number can be set; then it can be fitted again, and all of it undone.
    window.set_slider("Scale of K, right", 0.5);
    assert_eq!(steps(&window).k, Step::Scale(0.5));
    assert!(window.run().compare.sqnr_db < finer);
    window.click(Role::Button, "Fit right format");
    assert_eq!(steps(&window).k, Step::Scale(fitted));
    window.click(Role::Button, "Any scale for K, right");
    assert!(matches!(steps(&window).k, Step::Bits(_)));
    for _ in 0..4 {
        window.press(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(*window.session(), before);
}

#[test]
fn a_run_with_a_scale_is_measured_and_told_in_a_line() {
    let mut window = with(Pane::Runs);
    window.press(Modifiers::NONE, Key::A);
    window.click(Role::Button, "Any scale for V, run 3");
    let Step::Scale(scale) = window.session().more.0[0].steps().unwrap().v else {
        panic!("{:?}", window.session().more)
    };
    let output = window.run().more[0].side.table(TableKind::Output);
    let whole = |value: &f64| (value / scale - (value / scale).round()).abs() < 1e-9;
    assert!(output.values().iter().all(whole));
    window.apply(Action::Layout(LayoutAction::Toggle(Pane::Statistics)));
    window.apply(Action::Judge(JudgeAction::Run(2)));
    let label = window.label_starting_with("i8@");
    assert!(label.split('/').count() == 3 && label.len() < 30, "{label}");
    window.picture("scales.png");
}

#[test]
fn a_soft_cap_and_a_bias_have_stages_of_their_own() {
    let mut window = with(Pane::Statistics);
    let raw = |window: &Window| {
        window
            .cell(TableKind::Raw, Column::Left, IT_ANIMAL)
            .unwrap()
    };
    let score = raw(&window);
    assert!(!window.has("Capped scores in f32, 15 by 15"));
    window.press(Modifiers::NONE, Key::B);
    assert_eq!(window.session().changes.softcap, Some(50.0));
    window.apply(Action::Changes(Changes {
        softcap: Some(2.0),
        bias: Bias::None,
    }));
    assert!(window.has("Capped scores in f32, 15 by 15"));
    let capped = window
        .cell(TableKind::Capped, Column::Left, IT_ANIMAL)
        .unwrap();
    assert_eq!(raw(&window), score);
    assert!((capped - 2.0 * (score / 2.0).tanh()).abs() < 1e-6);
    // The key looks back: 10 − 2 steps.
    window.press(Modifiers::NONE, Key::I);
    assert_eq!(window.session().changes.bias, Bias::Alibi);
    let slope = f64::from(kqv::Alibi::of_head(1, 12).slope);
    let masked = window
        .cell(TableKind::Masked, Column::Left, IT_ANIMAL)
        .unwrap();
    assert!((masked - (capped - 8.0 * slope)).abs() < 1e-6);
    window.picture("softcap.png");
    window.pick("Bias", "own slope");
    assert_eq!(window.session().changes.bias, Bias::Slope(0.5));
    let steeper = window
        .cell(TableKind::Masked, Column::Left, IT_ANIMAL)
        .unwrap();
    assert!((steeper - (capped - 4.0)).abs() < 1e-6);
    // Row sums, and the causal mask besides.
    window.press(Modifiers::NONE, Key::M);
    let weights = window.run().left.table(TableKind::Weights);
    for row in 0..weights.rows() {
        let sum: f64 = weights.row(row).iter().sum();
        assert!((sum - 1.0).abs() < 1e-6);
        assert_eq!(weights.get(row, row + 1), None);
    }
    window.press(Modifiers::NONE, Key::B);
    assert!(!window.has("Capped scores in f32, 15 by 15"));
}

#[test]
fn weights_of_integers_differ_in_real_units() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::Num3);
    assert_eq!(window.session().unit, Unit::LastPlace);
    let of = |window: &Window, column| window.cell(TableKind::Weights, column, IT_ANIMAL).unwrap();
    let real = of(&window, Column::Right) - of(&window, Column::Left);
    assert_eq!(of(&window, Column::Difference), real);
    window.pick("Right format", "f64");
    let single = of(&window, Column::Left);
    #[expect(clippy::cast_possible_truncation, reason = "it is an f32")]
    let place = f64::from((single as f32).next_up()) - single;
    let units = (of(&window, Column::Right) - single) / place;
    assert_eq!(of(&window, Column::Difference), units);
}

#[test]
fn a_search_with_an_accumulator_names_the_term() {
    let mut window = with(Pane::Statistics);
    window.pick("Right format", "i16");
    window.pick("Bits of a sum", "16 bits");
    assert_eq!(window.session().judge.budget.sum_bits, Some(16));
    window.apply(Action::Judge(JudgeAction::FirstWrong));
    let found = "leaves the range of a sum of 16 bits at term";
    assert!(
        window.notices()[0].contains(found),
        "{:?}",
        window.notices()
    );
    assert_eq!(window.session().selection.table, TableKind::Raw);
}

#[test]
fn a_sweep_answers_and_its_format_is_taken() {
    let mut window = with(Pane::Sweep);
    window.click(Role::Button, "This head");
    window.apply(Action::Judge(JudgeAction::StartSweep));
    window.picture("sweep-window.png");
    let before = window.session().right;
    let label = window.label_starting_with("Use i16");
    window.click(Role::Button, &label);
    assert!(matches!(window.session().right, FormatChoice::I16(_)));
    assert!(window.run().compare.sqnr_db > 60.0);
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.session().right, before);
}

#[test]
fn both_panes_fit_a_small_light_window() {
    let mut window = Window::open((1280, 720), Vec::new());
    window.apply(Action::Theme(Theme::Light));
    for (pane, name) in [(Pane::Statistics, "statistics"), (Pane::Sweep, "sweep")] {
        window.apply(Action::Layout(LayoutAction::Toggle(pane)));
        if pane == Pane::Sweep {
            window.apply(Action::Judge(JudgeAction::StartSweep));
        }
        let picture = window.picture(&format!("{name}-1280.png"));
        assert!(picture.colours(900..1280, 60..540) > 30);
        window.apply(Action::Layout(LayoutAction::Toggle(pane)));
    }
}
