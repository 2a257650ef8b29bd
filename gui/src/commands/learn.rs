//! Lessons, the walk through a query, derivations, and the learner's questions.

use eframe::egui::{Key, Modifiers};

use super::{Command, Menu, command, keys};
use crate::action::Action;
use crate::lesson::steps;
use crate::session::layout::{LayoutAction, Pane};
use crate::session::{LearnAction, Question};

/// As they stand in their menu.
pub(super) static COMMANDS: &[Command] = &[
    command(
        Menu::Learn,
        "Lessons",
        "The Illustrated Transformer and your own questions, on live numbers",
        keys(Modifiers::NONE, Key::L),
        |_| Some(Action::Layout(LayoutAction::Toggle(Pane::Lessons))),
    ),
    command(
        Menu::Learn,
        "Next lesson",
        "Set up the step after",
        keys(Modifiers::NONE, Key::Period),
        |state| {
            let next = state.session.learn.lesson + 1;
            (next < steps().count()).then_some(Action::Learn(LearnAction::Lesson(next)))
        },
    ),
    command(
        Menu::Learn,
        "Lesson before",
        "Set up the step before",
        keys(Modifiers::NONE, Key::Comma),
        |state| {
            let before = state.session.learn.lesson.checked_sub(1);
            before.map(|before| Action::Learn(LearnAction::Lesson(before)))
        },
    ),
    command(
        Menu::Learn,
        "Step through",
        "One query from dot products to its output, number by number",
        keys(Modifiers::NONE, Key::W),
        |_| Some(Action::Layout(LayoutAction::Toggle(Pane::Steps))),
    ),
    command(
        Menu::Learn,
        "Derivation",
        "The selected number with all that it is made of, and its bits",
        keys(Modifiers::NONE, Key::D),
        |_| Some(Action::Layout(LayoutAction::Toggle(Pane::Derivation))),
    ),
    command(
        Menu::Learn,
        "All terms",
        "Write long sums out, or only their first terms",
        keys(Modifiers::NONE, Key::T),
        |state| {
            let expanded = state.session.learn.expanded;
            Some(Action::Learn(LearnAction::Expand(!expanded)))
        },
    ),
    command(
        Menu::Learn,
        "Next question",
        "As it is, squared, reversed, left-bottom hidden, and again",
        keys(Modifiers::NONE, Key::Q),
        |state| {
            let present = state.session.learn.question;
            let mut all = Question::ALL.into_iter().cycle();
            all.find(|&question| question == present)?;
            all.next().map(|next| Action::Learn(LearnAction::Ask(next)))
        },
    ),
];
