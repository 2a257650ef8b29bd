//! What a learner does in the window: lessons, a walk through one query, derivations, bits.

use super::common::Window;
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use kqv_gui::action::Action;
use kqv_gui::bits::Part;
use kqv_gui::lesson::{Verdict, step, steps};
use kqv_gui::run::Column;
use kqv_gui::session::layout::Pane;
use kqv_gui::session::{InputId, LearnAction, Mask, Question, Scaling, TableKind};
use kqv_gui::steps::Stage;

#[test]
fn lessons_set_the_window_up_and_tick_what_is_printed() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::L);
    assert!(window.session().layout.is_open(Pane::Lessons));
    assert!(window.session().learn.begun);
    assert_eq!(steps().count(), 27, "the README says so");
    for number in 1..steps().count() {
        window.click(Role::Button, "Next");
        assert_eq!(window.session().learn.lesson, number);
        let step = step(number);
        assert_eq!(window.session().input, (step.setup.input)());
        for printed in step.numbers {
            let verdict = printed.verdict(window.run(), window.session());
            assert!(
                matches!(verdict, Verdict::Holds(_) | Verdict::Slip(..)),
                "{}: {}: {verdict:?}",
                step.title,
                printed.label
            );
        }
    }
    assert!(window.notices().is_empty());
    window.click(Role::Button, "Back");
    window.press(Modifiers::NONE, Key::Period);
    assert_eq!(window.session().learn.lesson, steps().count() - 1);
}

#[test]
fn step_four_shows_the_golden_numbers_and_goes_on_when_they_change() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::L);
    for _ in 0..3 {
        window.press(Modifiers::NONE, Key::Period);
    }
    assert_eq!(
        window.session().input,
        InputId::Case("thinking-machines".to_owned())
    );
    let weight = |window: &Window| window.cell(TableKind::Weights, Column::Left, (0, 0));
    assert_eq!(format!("{:.6}", weight(&window).unwrap()), "0.880797");
    window.picture("lesson.png");
    window.press(Modifiers::NONE, Key::S);
    assert_eq!(window.session().scaling, Scaling::Off);
    let verdict = step(3).numbers[0].verdict(window.run(), window.session());
    assert_eq!(verdict, Verdict::Changed(112.0));
    window.click(Role::Button, "Set up again");
    assert_eq!(window.session().scaling, Scaling::On);
}

#[test]
fn a_question_stands_beside_the_original() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::L);
    assert!(window.run().original.is_none());
    window.click(Role::Button, "squared");
    assert_eq!(window.session().learn.question, Question::Squared);
    let original = window.run().original.as_ref().unwrap();
    let before = original.table(TableKind::Weights).get(10, 2).unwrap();
    let after = window
        .cell(TableKind::Weights, Column::Left, (10, 2))
        .unwrap();
    assert_eq!(format!("{before:.4}"), "0.6397");
    assert!(after > 0.99, "{after}");
    window.click(Role::Button, "left-bottom −∞");
    assert_eq!(
        window.cell(TableKind::Weights, Column::Left, (14, 14)),
        Some(1.0)
    );
    assert_eq!(
        window.cell(TableKind::Weights, Column::Left, (14, 13)),
        None
    );
    window.click(Role::Button, "reversed");
    let reversed = window.cell(TableKind::Raw, Column::Left, (2, 10)).unwrap();
    assert_eq!(format!("{reversed:.4}"), "3.6264");
    let key = window.cell(TableKind::K, Column::Left, (2, 0));
    window.click(Role::Button, "as it is");
    assert_eq!(window.cell(TableKind::K, Column::Left, (2, 0)), key);
}

#[test]
fn a_walk_fills_the_tables_and_arrows_lead_it() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::W);
    assert!(window.session().layout.is_open(Pane::Steps));
    let walk = window.run().walk(window.session());
    assert_eq!(walk.moments(), 15 * 32 + 7 * 15 + 1);
    window.press(Modifiers::NONE, Key::Home);
    assert_eq!(window.session().learn.walk, Some(0));
    window.press(Modifiers::NONE, Key::ArrowRight);
    window.press(Modifiers::NONE, Key::ArrowRight);
    assert_eq!(window.session().learn.walk, Some(2));
    window.press(Modifiers::NONE, Key::ArrowLeft);
    assert_eq!(window.session().learn.walk, Some(1));
    for stage in Stage::ALL.into_iter().skip(1) {
        window.press(Modifiers::SHIFT, Key::ArrowRight);
        assert_eq!(window.session().learn.walk, Some(walk.start_of(stage)));
    }
    let learned = window.run().learned.clone().unwrap();
    assert_eq!(learned.trace.so_far, learned.trace.output);
    for _ in 0..3 {
        window.press(Modifiers::SHIFT, Key::ArrowLeft);
    }
    for _ in 0..6 {
        window.click(Role::Button, "Step");
    }
    window.picture("walk.png");
    window.press(Modifiers::NONE, Key::End);
    assert_eq!(window.session().learn.walk, None);
    // A walk is watched, not made: undo does not lead back into it.
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.session().learn.walk, None);
}

#[test]
fn every_number_leads_back_to_q_and_k() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::D);
    let learned = window.run().learned.clone().unwrap();
    let last = learned.lines.last().unwrap();
    assert!(last.text().ends_with("= 0.6397"), "{}", last.text());
    assert!(learned.lines[0].text().contains("… 26 more = 20.5143"));
    assert!(
        learned
            .test
            .as_ref()
            .unwrap()
            .contains("fn f32_weight_10_2()")
    );
    assert_eq!(learned.bits, None);
    window.click(Role::Button, "All terms");
    let learned = window.run().learned.clone().unwrap();
    assert!(!learned.lines[0].text().contains("26 more"));
    window.press(Modifiers::NONE, Key::T);
    // The same in i8, with its bits.
    window.press(Modifiers::NONE, Key::Num2);
    let learned = window.run().learned.clone().unwrap();
    assert!(
        learned
            .lines
            .iter()
            .any(|line| line.text().contains(" >> 32 = "))
    );
    assert!((learned.reference.unwrap() - 0.639_665).abs() < 1e-6);
    window.picture("derivation.png");
    window.click_cell("Q in i8, 15 by 32", (10, 3), (15, 32));
    let bits = window.run().learned.clone().unwrap().bits.clone().unwrap();
    assert_eq!(bits.bits.len(), 8);
    let fraction = bits.bits.iter().filter(|bit| bit.part == Part::Fraction);
    assert_eq!(fraction.count(), 4);
    assert!(bits.removed.unwrap().abs() <= 0.5);
    window.click_cell("Output in i8, 15 by 32", (10, 3), (15, 32));
    let bits = window.run().learned.clone().unwrap().bits.clone().unwrap();
    assert!(bits.removed.unwrap().abs() <= 0.5);
    window.picture("bits.png");
}

#[test]
fn a_hidden_key_says_so() {
    let mut window = Window::new();
    window.press(Modifiers::NONE, Key::D);
    window.press(Modifiers::NONE, Key::M);
    assert_eq!(window.session().mask, Mask::Causal);
    window.click_cell("Weights in f32, 15 by 15", (2, 10), (15, 15));
    let learned = window.run().learned.clone().unwrap();
    assert_eq!(learned.lines.last().unwrap().text(), "weight[2,10] = 0");
    assert_eq!(learned.test, None);
}

#[test]
fn the_first_lesson_is_set_up_when_lessons_open_for_the_first_time() {
    let mut window = Window::new();
    window.pick("Input", "thinking-machines");
    window.press(Modifiers::NONE, Key::L);
    assert_eq!(window.session().input, (step(0).setup.input)());
    window.press(Modifiers::COMMAND, Key::Z);
    let before = InputId::Case("thinking-machines".to_owned());
    assert_eq!(window.session().input, before);
    window.press(Modifiers::NONE, Key::Period);
    window.pick("Input", "thinking-machines");
    for _ in 0..2 {
        window.press(Modifiers::NONE, Key::L);
        assert_eq!(window.session().input, before);
    }
}

#[test]
fn a_walk_gives_nothing_away_before_its_time() {
    let mut window = Window::new();
    let (label, shape) = ("Weights in f32, 15 by 15", (15, 15));
    let secret = "the walk has not come here yet";
    let asks = "\"it\" asks, \"animal\" offers";
    assert!(window.has(asks));
    window.press(Modifiers::NONE, Key::W);
    window.press(Modifiers::NONE, Key::Home);
    assert!(!window.has(asks), "the inspector knows the end");
    window.hover(label, (10, 2), shape);
    assert!(window.has(secret));
    window.leave();
    window.press(Modifiers::NONE, Key::End);
    window.hover(label, (10, 2), shape);
    assert!(!window.has(secret));
    window.leave();
    window.press(Modifiers::NONE, Key::W);
    assert!(window.has(asks));
}

#[test]
fn statistics_and_lessons_tell_nothing_that_a_walk_has_not_come_to() {
    let mut window = Window::new();
    window.press(Modifiers::COMMAND, Key::T);
    window.wait();
    assert!(window.has_any("Same top key"));
    window.press(Modifiers::NONE, Key::L);
    for _ in 0..3 {
        window.press(Modifiers::NONE, Key::Period);
    }
    assert!(window.has_any("Holds") && !window.has_any("not yet"));
    window.press(Modifiers::NONE, Key::W);
    window.press(Modifiers::NONE, Key::Home);
    assert!(!window.has_any("Holds") && window.has_any("not yet"));
    let verdict = |window: &Window, number: usize| {
        step(3).numbers[number].verdict(window.run(), window.session())
    };
    assert_eq!(verdict(&window, 0), Verdict::NotYet);
    // Both scores are scaled, then both weights are known.
    let walk = window.run().walk(window.session());
    window.apply(Action::Learn(LearnAction::Walk(Some(
        walk.start_of(Stage::Mask),
    ))));
    assert_ne!(verdict(&window, 0), Verdict::NotYet);
    assert!(window.has_any("not yet"));
    window.picture("walk-lesson.png");
    window.press(Modifiers::NONE, Key::End);
    assert!(window.has_any("Holds") && !window.has_any("not yet"));

    let mut window = Window::new();
    window.press(Modifiers::COMMAND, Key::T);
    window.press(Modifiers::NONE, Key::W);
    window.press(Modifiers::NONE, Key::Home);
    window.wait();
    let veiled = "The walk has not come to its end: the measures are known then";
    assert!(window.has(veiled) && !window.has_any("Same top key"));
    window.press(Modifiers::NONE, Key::End);
    window.wait();
    assert!(!window.has(veiled) && window.has_any("Same top key"));
}
