//! What a view can ask for. A view returns one of these, and `App::apply` carries it out.

use std::path::PathBuf;

use crate::heads::HeadsView;
use crate::positions::PositionsView;
use crate::session::around::LayerCell;
use crate::session::edits::EditAction;
use crate::session::judge::JudgeAction;
use crate::session::layout::{LayoutAction, Theme};
use crate::session::runs::RunsAction;
use crate::session::{
    Arrangement, Changes, FormatChoice, InputId, LearnAction, Mask, Scaling, Selection, Shown,
    SideId, TableKind, Unit,
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
    /// Another head of another layer.
    OpenHead {
        /// From zero.
        layer: usize,
        /// From zero.
        head: usize,
    },
    /// Another mask.
    Mask(Mask),
    /// Scale on or off.
    Scaling(Scaling),
    /// Another soft cap or bias.
    Changes(Changes),
    /// Another format, or other steps.
    Format(SideId, FormatChoice),
    /// What the tables show.
    Show(Shown),
    /// What differences are counted in.
    Unit(Unit),
    /// Keep this cell.
    Select(Selection),
    /// Keep this cell around the head.
    SelectAround(LayerCell),
    /// The pointer is here now, or on no table.
    Point(Option<Selection>),
    /// One table in the whole window, or all of them again.
    Enlarge(Option<TableKind>),
    /// How the tables stand to each other.
    Arrange(Arrangement),
    /// Another number, block or formula.
    Edit(EditAction),
    /// How all heads are shown.
    Heads(HeadsView),
    /// Which positions are shown.
    Positions(PositionsView),
    /// Lessons and walks.
    Learn(LearnAction),
    /// Panes.
    Layout(LayoutAction),
    /// Light or dark.
    Theme(Theme),
    /// Formats besides left and right.
    Runs(RunsAction),
    /// How formats are judged.
    Judge(JudgeAction),
    /// Files besides Q, K and V.
    File(FileAction),
    /// Open the list of all commands, or close it.
    Palette,
    /// Enlarge or shrink everything.
    Zoom(Zoom),
    /// The session before.
    Undo,
    /// The session after.
    Redo,
    /// Stop waiting for what is being read.
    Cancel,
    /// Close the notice of that number.
    Dismiss(usize),
}

/// A wish about files besides Q, K and V.
#[derive(Clone, Debug, PartialEq)]
pub enum FileAction {
    /// Ask where the session is.
    AskForSession,
    /// Continue the session of this file.
    OpenSession(PathBuf),
    /// Ask where to put the session.
    AskWhereSession,
    /// Put the session there.
    SaveSession(PathBuf),
    /// Ask where to put the selected table, and as what.
    AskWhereTable,
    /// Put the selected table there; the extension says as what.
    SaveTable(PathBuf),
    /// Ask where to put all tables, and as what.
    AskWhereTables,
    /// Put all tables there; the extension says as what.
    SaveTables(PathBuf),
    /// Ask where to put the picture of the window.
    AskWhereWindow,
    /// Put the picture of the whole window there, a PNG.
    SaveWindow(PathBuf),
    /// The selected table, for a spreadsheet.
    CopyTable,
}

/// Of everything on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    /// Larger.
    In,
    /// Smaller.
    Out,
    /// As it was.
    Reset,
}
