//! Layer and head, mask, scale, formats.

use eframe::egui::{Key, Modifiers};

use super::{Command, Menu, State, command, keys};
use crate::action::Action;
use crate::session::runs::RunsAction;
use crate::session::{Mask, Scaling, SideId};

/// As they stand in their menu.
pub(super) static COMMANDS: &[Command] = &[
    command(
        Menu::Compute,
        "Mask on or off",
        "Causal: a query sees itself and what came before",
        keys(Modifiers::NONE, Key::M),
        |state| {
            Some(Action::Mask(match state.session.mask {
                Mask::None => Mask::Causal,
                Mask::Causal => Mask::None,
            }))
        },
    ),
    command(
        Menu::Compute,
        "Scale on or off",
        "By what a dot product is multiplied",
        keys(Modifiers::NONE, Key::S),
        |state| {
            Some(Action::Scaling(match state.session.scaling {
                Scaling::On => Scaling::Off,
                Scaling::Off => Scaling::On,
            }))
        },
    ),
    command(
        Menu::Compute,
        "Layer before",
        "One layer nearer to the input",
        keys(Modifiers::SHIFT, Key::PageUp),
        |state| state.session.layer.checked_sub(1).map(Action::Layer),
    ),
    command(
        Menu::Compute,
        "Layer after",
        "One layer nearer to the output",
        keys(Modifiers::SHIFT, Key::PageDown),
        |state| {
            let next = state.session.layer + 1;
            (next < state.run.input.layers).then_some(Action::Layer(next))
        },
    ),
    command(
        Menu::Compute,
        "Head before",
        "One head back in the same layer",
        keys(Modifiers::NONE, Key::PageUp),
        |state| state.session.head.checked_sub(1).map(Action::Head),
    ),
    command(
        Menu::Compute,
        "Head after",
        "One head on in the same layer",
        keys(Modifiers::NONE, Key::PageDown),
        |state| {
            let next = state.session.head + 1;
            (next < state.run.input.heads).then_some(Action::Head(next))
        },
    ),
    command(
        Menu::Compute,
        "Add a run",
        "The right format once more, to be changed in the pane of runs",
        keys(Modifiers::NONE, Key::A),
        |state| {
            let format = state.session.right;
            Some(Action::Runs(RunsAction::Add(format)))
        },
    ),
    command(
        Menu::Compute,
        "Fit the right format",
        "The smallest steps with which no value of this head saturates",
        keys(Modifiers::NONE, Key::F),
        |State { session, run, .. }| {
            let (layer, head) = (session.layer, session.head);
            let fitted = session.right.fitted(&run.input, layer, head);
            (fitted != session.right).then_some(Action::Format(SideId::Right, fitted))
        },
    ),
];
