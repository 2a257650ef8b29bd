//! What a view can ask for. A view returns one of these, and `App::apply` carries it out.

use std::path::PathBuf;

use crate::session::{
    FormatChoice, InputId, LearnAction, Mask, Scaling, Selection, Shown, SideId, TableKind, Unit,
};

/// A wish of the user.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Show another input.
    Choose(InputId),
    /// Read these files and show them.
    Open(Vec<PathBuf>),
    /// Ask for files with the system's dialog.
    AskForFiles,
    /// Another layer.
    Layer(usize),
    /// Another head.
    Head(usize),
    /// Another mask.
    Mask(Mask),
    /// Scale on or off.
    Scaling(Scaling),
    /// Another format, or other fraction bits.
    Format(SideId, FormatChoice),
    /// What the tables show.
    Show(Shown),
    /// What differences are counted in.
    Unit(Unit),
    /// Keep this cell.
    Select(Selection),
    /// The pointer is here now, or on no table.
    Point(Option<Selection>),
    /// One table in the whole window, or all of them again.
    Enlarge(Option<TableKind>),
    /// Lessons and walks.
    Learn(LearnAction),
    /// The session before.
    Undo,
    /// The session after.
    Redo,
    /// Close the notice of that number.
    Dismiss(usize),
}
