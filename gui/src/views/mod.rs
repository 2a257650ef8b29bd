//! What is on screen. A view reads the session and the run, draws, and returns at most one action.

/// Where cells lie.
pub mod grid;
/// Name, shape and colour bar.
pub mod header;
/// Sizes of values, one bar a bit.
mod histogram;
/// One score written out.
pub mod inspector;
/// One matrix.
pub mod matrix;
/// What went wrong.
pub mod notices;
/// What is looked at.
pub mod sidebar;
/// The measures of every run.
pub mod statistics;
/// Which format is enough.
pub mod sweep;
/// Where the tables stand.
pub mod tables;
/// The exact value under the cursor.
pub mod tooltip;
/// The commands.
pub mod topbar;

use eframe::egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};

use crate::action::Action;
use crate::colour;
use crate::history::History;
use crate::pictures::Pictures;
use crate::run::Run;
use crate::session::{InputId, Selection, Session};

/// What the whole window is drawn from.
pub struct Window<'a> {
    /// What the user chose.
    pub session: &'a Session,
    /// What follows from it.
    pub run: &'a Run,
    /// What can be picked as input.
    pub choices: &'a [(InputId, String)],
    /// Sentences to be read.
    pub notices: &'a [String],
    /// Whether there is something to undo.
    pub history: &'a History,
    /// What the pointer was on in the last frame.
    pub pointed: Option<Selection>,
    /// Textures.
    pub pictures: &'a mut Pictures,
}

/// The window: commands, sidebar, inspector, tables, notices.
pub fn window_ui(ui: &mut Ui, window: &mut Window<'_>) -> Option<Action> {
    let Window {
        session,
        run,
        pictures,
        ..
    } = window;
    let panel = Frame::new().fill(colour::PANEL);
    let commands = Panel::top("commands")
        .exact_size(42.0)
        .frame(panel.inner_margin(Margin::symmetric(14, 4)))
        .show(ui, |ui| topbar::topbar_ui(ui, session, run, window.history))
        .inner;
    let sidebar = Panel::left("choices")
        .exact_size(232.0)
        .resizable(false)
        .frame(panel.inner_margin(Margin::symmetric(12, 8)))
        .show(ui, |ui| {
            ScrollArea::vertical()
                .auto_shrink([false, false])
                .show(ui, |ui| {
                    sidebar::sidebar_ui(ui, session, run, window.choices, pictures)
                })
                .inner
        })
        .inner;
    Panel::bottom("inspector")
        .exact_size(172.0)
        .frame(panel.inner_margin(Margin::symmetric(14, 10)))
        .show(ui, |ui| inspector::inspector_ui(ui, session, run));
    let tables = CentralPanel::default()
        .frame(Frame::new().fill(colour::BACKGROUND))
        .show(ui, |ui| {
            tables::tables_ui(ui, session, run, window.pointed, pictures)
        })
        .inner;
    let notices = notices::notices_ui(ui.ctx(), window.notices);
    commands.or(sidebar).or(notices).or(tables)
}
