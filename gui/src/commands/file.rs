//! Files, and undo.

use eframe::egui::{Key, Modifiers};

use super::{COMMAND, Command, Menu, SHIFTED, command, keys};
use crate::action::{Action, FileAction};

/// As they stand in their menu.
pub(super) static COMMANDS: &[Command] = &[
    command(
        Menu::File,
        "Open…",
        "A .safetensors, .npz, .npy or .csv file with q, k and v, or with x and its weights; or drop it on the window",
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
];
