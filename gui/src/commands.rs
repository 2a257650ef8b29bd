//! Every command once: its name, what it does, its shortcut. Menus, palette and keyboard read this list.

/// The arrangement, edits and heads.
mod change;
/// How far formats are from each other.
mod compare;
/// Layer and head, mask, scale, formats.
mod compute;
/// Files and undo.
mod file;
/// Lessons, the walk, the derivation.
mod learn;
/// What is on screen.
mod view;

use std::path::PathBuf;
use std::sync::LazyLock;

use eframe::egui::{Key, KeyboardShortcut, Modifiers};

use crate::action::Action;
use crate::history::History;
use crate::run::Run;
use crate::session::Session;

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
    let window = [file::COMMANDS, view::COMMANDS, compute::COMMANDS];
    let parts = [change::COMMANDS, learn::COMMANDS, compare::COMMANDS];
    [window.concat(), parts.concat()].concat()
});

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
