//! The arrangement of the tables, edits, heads and the layer.

use eframe::egui::{Key, Modifiers};

use super::{Command, Menu, SHIFTED, command, keys};
use crate::action::Action;
use crate::session::edits::EditAction;
use crate::session::layout::{LayoutAction, Pane};

/// As they stand in their menus.
pub(super) static COMMANDS: &[Command] = &[
    command(
        Menu::View,
        "Tables crossed or beside",
        "Products where they happen: Q left of the scores, K turned above them",
        keys(Modifiers::NONE, Key::X),
        |state| Some(Action::Arrange(state.session.arrangement.other())),
    ),
    command(
        Menu::View,
        "Change numbers",
        "Other numbers by formula, own tokens, a small input from nothing",
        keys(Modifiers::NONE, Key::N),
        |_| Some(Action::Layout(LayoutAction::Toggle(Pane::Change))),
    ),
    command(
        Menu::View,
        "All heads",
        "All heads at once, sorted by how widely and how far they look",
        keys(Modifiers::NONE, Key::H),
        |_| Some(Action::Layout(LayoutAction::Toggle(Pane::Heads))),
    ),
    command(
        Menu::View,
        "Layer and positions",
        "X, W, concat and W_O of the layer; sinusoidal and rotary positions",
        keys(Modifiers::NONE, Key::P),
        |_| Some(Action::Layout(LayoutAction::Toggle(Pane::Layer))),
    ),
    command(
        Menu::Compute,
        "Take all edits back",
        "Every number and token as the source has it",
        keys(SHIFTED, Key::Backspace),
        |state| {
            let all = Action::Edit(EditAction::ResetAll);
            (!state.session.edits.is_empty()).then_some(all)
        },
    ),
];
