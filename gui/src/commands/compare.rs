//! Statistics and sweep.

use eframe::egui::{Key, Modifiers};

use super::{COMMAND, Command, Menu, SHIFTED, command, keys};
use crate::action::Action;
use crate::session::judge::JudgeAction;
use crate::session::layout::{LayoutAction, Pane};

/// As they stand in their menus.
pub(super) static COMMANDS: &[Command] = &[
    command(
        Menu::View,
        "Statistics",
        "Every stage of every run measured, and the first step that goes wrong",
        keys(COMMAND, Key::T),
        |_| Some(Action::Layout(LayoutAction::Toggle(Pane::Statistics))),
    ),
    command(
        Menu::View,
        "Sweep",
        "Which format is enough: SQNR and bytes of every width and number of bits",
        keys(COMMAND, Key::G),
        |_| Some(Action::Layout(LayoutAction::Toggle(Pane::Sweep))),
    ),
    command(
        Menu::Compute,
        "First wrong step",
        "The first head, stage and cell where the judged run saturates or passes its budget",
        keys(Modifiers::NONE, Key::J),
        |_| Some(Action::Judge(JudgeAction::FirstWrong)),
    ),
    command(
        Menu::Compute,
        "Sweep formats",
        "Try both widths of integers around the fraction bits that fit, on all cores",
        keys(SHIFTED, Key::G),
        |_| Some(Action::Judge(JudgeAction::StartSweep)),
    ),
];
