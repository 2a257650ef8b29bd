//! What is on screen. A view reads the session and the run, draws, and returns at most one action.

/// Two rows that meet.
pub mod bands;
/// The bar of a colour scale.
mod bar;
/// A number as its bits.
pub mod bits;
/// What a walk knows of every key.
pub mod board;
/// The cells of a matrix.
pub mod cells;
/// Numbers by formula, tokens, inputs from nothing.
pub mod change;
/// The tables crossed.
pub mod crossed;
/// The expression behind one number.
pub mod derivation;
/// Changing a number where it stands.
pub mod editing;
/// Where cells lie.
pub mod grid;
/// Name, shape and colour bar.
pub mod header;
/// All heads at once.
pub mod heads;
/// Sizes of values, one bar a bit.
mod histogram;
/// One score written out.
pub mod inspector;
/// The names of rows and columns.
pub mod labels;
/// What is taught.
pub mod lessons;
/// A matrix that is none of the seven.
pub mod map;
/// One matrix.
pub mod matrix;
/// Of a stage.
mod measures;
/// What went wrong.
pub mod notices;
/// All commands, found by name.
pub mod palette;
/// The panes.
pub mod pane;
/// Where the tables stand.
mod places;
/// The layer around the head, and positions.
pub mod positions;
/// Any number of formats.
pub mod runs;
/// Steps of integers.
mod scales;
/// What is collected while tables are drawn.
pub mod scene;
/// What is looked at.
pub mod sidebar;
/// The measures of every run.
pub mod statistics;
/// One query, number by number.
pub mod steps;
/// Which format is enough.
pub mod sweep;
/// The tables.
pub mod tables;
/// The exact value under the cursor.
pub mod tooltip;
/// The commands.
pub mod topbar;
/// What a walk has not come to.
pub mod veil;
/// Tables that wrap.
mod wrapped;

use eframe::egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};

use crate::action::Action;
use crate::colour;
use crate::commands::State;
use crate::judging::Judging;
use crate::pictures::Pictures;
use crate::run::Run;
use crate::session::layout::Visibility;
use crate::session::{InputId, Selection, Session};

/// What the whole window is drawn from.
pub struct Window<'a> {
    /// What the user chose.
    pub session: &'a Session,
    /// What follows from it.
    pub run: &'a Run,
    /// What commands can see.
    pub state: State<'a>,
    /// What can be picked as input.
    pub choices: &'a [(InputId, String)],
    /// Sentences to be read.
    pub notices: &'a [String],
    /// What is being done elsewhere, if anything.
    pub busy: Option<&'a str>,
    /// What the pointer was on in the last frame.
    pub pointed: Option<Selection>,
    /// Measures and searches.
    pub judging: &'a Judging,
    /// Textures.
    pub pictures: &'a mut Pictures,
    /// The list of commands, if it is open.
    pub palette: &'a mut Option<palette::Palette>,
}

/// The window: commands, sidebar, inspector, panes, notices.
pub fn window_ui(ui: &mut Ui, window: &mut Window<'_>) -> Option<Action> {
    let (session, run, state) = (window.session, window.run, window.state);
    let panel = Frame::new().fill(colour::PANEL);
    let commands = Panel::top("commands")
        .exact_size(42.0)
        .frame(panel.inner_margin(Margin::symmetric(14, 4)))
        .show(ui, |ui| topbar::topbar_ui(ui, state))
        .inner;
    let mut sidebar = None;
    if session.layout.choices == Visibility::Shown {
        sidebar = Panel::left("choices")
            .exact_size(232.0)
            .resizable(false)
            .frame(panel.inner_margin(Margin::symmetric(12, 8)))
            .show(ui, |ui| {
                ScrollArea::vertical()
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        sidebar::sidebar_ui(ui, session, run, window.choices, window.pictures)
                    })
                    .inner
            })
            .inner;
    }
    let layout = &session.layout;
    if layout.inspector == Visibility::Shown && layout.has_place_for_inspector() {
        Panel::bottom("inspector")
            .exact_size(172.0)
            .frame(panel.inner_margin(Margin::symmetric(14, 10)))
            .show(ui, |ui| inspector::inspector_ui(ui, session, run));
    }
    let panes = CentralPanel::default()
        .frame(Frame::new().fill(colour::BACKGROUND))
        .show(ui, |ui| pane::panes_ui(ui, window))
        .inner;
    let notices = notices::notices_ui(ui.ctx(), window.notices, window.busy);
    let palette = window.palette.as_mut();
    let palette = palette.and_then(|palette| palette::palette_ui(ui.ctx(), palette, state));
    let pasted = editing::paste_action(ui, session);
    let above = palette.or(commands).or(sidebar).or(notices);
    let walked = || steps::walk_action(ui, session, run);
    above.or(pasted).or(panes).or_else(walked)
}
