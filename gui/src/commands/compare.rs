//! Changes of scores, statistics and sweep.

use eframe::egui::{Key, Modifiers};

use super::{COMMAND, Command, Menu, SHIFTED, command, keys};
use crate::action::Action;
use crate::session::judge::JudgeAction;
use crate::session::layout::{LayoutAction, Pane};
use crate::session::{Bias, Changes};

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
        "Soft cap on or off",
        "Scores bounded smoothly: cap · tanh(score / cap)",
        keys(Modifiers::NONE, Key::B),
        |state| {
            let changes = state.session.changes;
            Some(Action::Changes(Changes {
                softcap: match changes.softcap {
                    None => Some(Changes::USUAL_CAP),
                    Some(_) => None,
                },
                ..changes
            }))
        },
    ),
    command(
        Menu::Compute,
        "ALiBi on or off",
        "Every step between a query and a key costs the slope of the head",
        keys(Modifiers::NONE, Key::I),
        |state| {
            let changes = state.session.changes;
            Some(Action::Changes(Changes {
                bias: match changes.bias {
                    Bias::None => Bias::Alibi,
                    Bias::Alibi | Bias::Slope(_) => Bias::None,
                },
                ..changes
            }))
        },
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
