//! What is on screen: panes, tables, formats, theme, size.

use eframe::egui::{Key, Modifiers};

use super::{COMMAND, Command, Menu, SHIFTED, command, keys};
use crate::action::{Action, Zoom};
use crate::session::layout::{LayoutAction, Pane, Theme};
use crate::session::{Shown, Unit};

/// As they stand in their menu.
pub(super) static COMMANDS: &[Command] = &[
    command(
        Menu::View,
        "All commands",
        "Find a command by a part of its name",
        keys(COMMAND, Key::K),
        |_| Some(Action::Palette),
    ),
    command(
        Menu::View,
        "Runs",
        "Any number of formats at once, and the selected number in each",
        keys(COMMAND, Key::R),
        |_| Some(Action::Layout(LayoutAction::Toggle(Pane::Runs))),
    ),
    command(
        Menu::View,
        "Choices",
        "The column on the left, shown or hidden",
        keys(COMMAND, Key::B),
        |_| Some(Action::Layout(LayoutAction::Choices)),
    ),
    command(
        Menu::View,
        "Inspector",
        "The panel below, shown or hidden; a walk or a derivation takes its place",
        keys(COMMAND, Key::J),
        |state| {
            let toggle = Action::Layout(LayoutAction::Inspector);
            let has_place = state.session.layout.has_place_for_inspector();
            has_place.then_some(toggle)
        },
    ),
    command(
        Menu::View,
        "Reset layout",
        "All panes as they were at the beginning",
        keys(SHIFTED, Key::R),
        |_| Some(Action::Layout(LayoutAction::Reset)),
    ),
    command(
        Menu::View,
        "All tables again",
        "From one large table back to all",
        keys(Modifiers::NONE, Key::Escape),
        |state| {
            let enlarged = state.session.enlarged;
            enlarged.map(|_| Action::Enlarge(None))
        },
    ),
    command(
        Menu::View,
        "Enlarge selected table",
        "The table of the selected cell alone",
        keys(Modifiers::NONE, Key::E),
        |state| Some(Action::Enlarge(Some(state.session.selection.table))),
    ),
    command(
        Menu::View,
        "Left format",
        "The tables in the left format",
        keys(Modifiers::NONE, Key::Num1),
        |_| Some(Action::Show(Shown::Left)),
    ),
    command(
        Menu::View,
        "Right format",
        "The tables in the right format",
        keys(Modifiers::NONE, Key::Num2),
        |_| Some(Action::Show(Shown::Right)),
    ),
    command(
        Menu::View,
        "Difference of the formats",
        "Right minus left",
        keys(Modifiers::NONE, Key::Num3),
        |_| Some(Action::Show(Shown::Difference)),
    ),
    command(
        Menu::View,
        "Formats side by side",
        "Left, right and difference of every table",
        keys(Modifiers::NONE, Key::Num4),
        |_| Some(Action::Show(Shown::Beside)),
    ),
    command(
        Menu::View,
        "Differences in the other unit",
        "In units of the last place, or in real numbers",
        keys(Modifiers::NONE, Key::U),
        |state| {
            Some(Action::Unit(match state.session.unit {
                Unit::Real => Unit::LastPlace,
                Unit::LastPlace => Unit::Real,
            }))
        },
    ),
    command(
        Menu::View,
        "Theme of the system",
        "Light or dark as the system is",
        keys(SHIFTED, Key::Num1),
        |_| Some(Action::Theme(Theme::System)),
    ),
    command(
        Menu::View,
        "Light theme",
        "Dark words on a light ground",
        keys(SHIFTED, Key::Num2),
        |_| Some(Action::Theme(Theme::Light)),
    ),
    command(
        Menu::View,
        "Dark theme",
        "Light words on a dark ground",
        keys(SHIFTED, Key::Num3),
        |_| Some(Action::Theme(Theme::Dark)),
    ),
    command(
        Menu::View,
        "Larger",
        "Everything on screen",
        keys(COMMAND, Key::Plus),
        |_| Some(Action::Zoom(Zoom::In)),
    ),
    command(
        Menu::View,
        "Smaller",
        "Everything on screen",
        keys(COMMAND, Key::Minus),
        |_| Some(Action::Zoom(Zoom::Out)),
    ),
    command(
        Menu::View,
        "Usual size",
        "Everything on screen",
        keys(COMMAND, Key::Num0),
        |_| Some(Action::Zoom(Zoom::Reset)),
    ),
];
