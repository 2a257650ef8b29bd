//! Every command once: its name, what it does, its shortcut. Menus, palette and keyboard read this list.

/// The arrangement, edits and heads.
mod change;
/// How far formats are from each other.
mod compare;
/// Lessons, the walk, the derivation.
mod learn;

use std::path::PathBuf;
use std::sync::LazyLock;

use eframe::egui::{Key, KeyboardShortcut, Modifiers};

use crate::action::{Action, FileAction, Zoom};
use crate::history::History;
use crate::run::Run;
use crate::session::layout::{LayoutAction, Pane, Theme};
use crate::session::runs::RunsAction;
use crate::session::{Mask, Scaling, Session, Shown, SideId, Unit};

/// In which menu a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    /// Files and undo.
    File,
    /// What is on screen.
    View,
    /// Input, mask, scale, formats.
    Compute,
    /// Lessons, the walk, the derivation.
    Learn,
}

impl Menu {
    /// From left to right.
    pub const ALL: [Self; 4] = [Self::File, Self::View, Self::Compute, Self::Learn];

    /// As it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::View => "View",
            Self::Compute => "Compute",
            Self::Learn => "Learn",
        }
    }
}

/// What a command can see.
#[derive(Clone, Copy)]
pub struct State<'a> {
    /// What the user chose.
    pub session: &'a Session,
    /// What follows from it.
    pub run: &'a Run,
    /// What there is to undo.
    pub history: &'a History,
    /// What was opened before, newest first.
    pub recent: &'a [Vec<PathBuf>],
}

/// One command.
#[derive(Clone, Copy)]
pub struct Command {
    /// Where it stands.
    pub menu: Menu,
    /// `…` where a dialog follows.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// The keys.
    pub shortcut: KeyboardShortcut,
    /// What it asks for now; `None` where there is nothing to do.
    pub action: fn(State<'_>) -> Option<Action>,
}

const COMMAND: Modifiers = Modifiers::COMMAND;
const SHIFTED: Modifiers = COMMAND.plus(Modifiers::SHIFT);

const fn keys(modifiers: Modifiers, key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(modifiers, key)
}

const fn command(
    menu: Menu,
    name: &'static str,
    about: &'static str,
    shortcut: KeyboardShortcut,
    action: fn(State<'_>) -> Option<Action>,
) -> Command {
    Command {
        menu,
        name,
        about,
        shortcut,
        action,
    }
}

/// The one with this name.
pub fn named(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// All commands: those of the window, then those of its parts.
pub static COMMANDS: LazyLock<Vec<Command>> = LazyLock::new(|| {
    let parts = [SHELL, change::COMMANDS, learn::COMMANDS, compare::COMMANDS];
    parts.concat()
});

/// Those of the window, menu by menu.
static SHELL: &[Command] = &[
    command(
        Menu::File,
        "Open…",
        "A .safetensors, .npz, .npy or .csv file with q, k and v; or drop it on the window",
        keys(COMMAND, Key::O),
        |_| Some(Action::AskForFiles),
    ),
    command(
        Menu::File,
        "Open session…",
        "Continue where a session was saved, at the same cell",
        keys(SHIFTED, Key::O),
        |_| Some(Action::File(FileAction::AskForSession)),
    ),
    command(
        Menu::File,
        "Save session…",
        "Everything that was chosen, to be opened again here or elsewhere",
        keys(COMMAND, Key::S),
        |_| Some(Action::File(FileAction::AskWhereSession)),
    ),
    command(
        Menu::File,
        "Export selected table…",
        "As .npy, .csv, .tsv, .safetensors, .rs (const arrays), .png or .svg",
        keys(COMMAND, Key::E),
        |_| Some(Action::File(FileAction::AskWhereTable)),
    ),
    command(
        Menu::File,
        "Export all tables…",
        "As .safetensors or .rs (const arrays for firmware)",
        keys(SHIFTED, Key::E),
        |_| Some(Action::File(FileAction::AskWhereTables)),
    ),
    command(
        Menu::File,
        "Export window…",
        "A picture of everything on screen, as .png or .svg",
        keys(SHIFTED, Key::P),
        |_| Some(Action::File(FileAction::AskWhereWindow)),
    ),
    command(
        Menu::File,
        "Copy selected table",
        "As tab-separated text, for a spreadsheet",
        keys(Modifiers::NONE, Key::C),
        |_| Some(Action::File(FileAction::CopyTable)),
    ),
    command(
        Menu::File,
        "Redo",
        "The choice after",
        keys(SHIFTED, Key::Z),
        |state| state.history.can_redo().then_some(Action::Redo),
    ),
    command(
        Menu::File,
        "Undo",
        "The choice before",
        keys(COMMAND, Key::Z),
        |state| state.history.can_undo().then_some(Action::Undo),
    ),
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

/// How well `query` fits `name`: its letters in this order, better where they begin words or follow each
/// other; `None` where one is missing.
pub fn fits(query: &str, name: &str) -> Option<i32> {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut score, mut at) = (0, 0);
    for letter in query.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let rest = name.get(at..).unwrap_or_default();
        let step = rest.iter().position(|&c| c == letter)?;
        let found = at + step;
        let begins = found == 0 || name.get(found - 1).is_some_and(|c| !c.is_alphanumeric());
        score += if begins { 4 } else { 0 } + if step == 0 { 3 } else { -1 };
        at = found + 1;
    }
    Some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_own_name_shortcut_and_sentence() {
        for (at, one) in COMMANDS.iter().enumerate() {
            assert!(!one.about.is_empty(), "{}", one.name);
            for other in &COMMANDS[at + 1..] {
                assert_ne!(one.name, other.name);
                assert_ne!(one.shortcut, other.shortcut, "{} {}", one.name, other.name);
            }
        }
    }

    #[test]
    fn a_part_of_a_name_finds_it_and_the_start_of_a_word_finds_it_first() {
        assert_eq!(fits("xyz", "Undo"), None);
        assert!(fits("un", "Undo") > fits("un", "Formats side by side, run"));
        let best = COMMANDS
            .iter()
            .max_by_key(|command| fits("expall", command.name));
        assert_eq!(best.unwrap().name, "Export all tables…");
    }
}
