//! What is on screen. A view reads the session and the run, draws, and returns at most one action.

/// What is lit.
pub mod bands;
/// A number as its bits.
pub mod bits;
/// The expression behind one number.
pub mod derivation;
/// Where cells lie.
pub mod grid;
/// Name, shape and colour bar.
pub mod header;
/// One score written out.
pub mod inspector;
/// What is taught.
pub mod lessons;
/// One matrix.
pub mod matrix;
/// What went wrong.
pub mod notices;
/// What is looked at.
pub mod sidebar;
/// One query, number by number.
pub mod steps;
/// Where the tables stand.
pub mod tables;
/// The exact value under the cursor.
pub mod tooltip;
/// The commands.
pub mod topbar;

use eframe::egui::{CentralPanel, Frame, Margin, Panel, RichText, ScrollArea, Ui};

use crate::action::Action;
use crate::colour;
use crate::history::History;
use crate::pictures::Pictures;
use crate::run::Run;
use crate::session::{Below, InputId, LearnAction, Selection, Session};

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
    let lessons = session.learn.teaches.then(|| {
        Panel::right("lessons")
            .exact_size(336.0)
            .resizable(false)
            .frame(panel.inner_margin(Margin::symmetric(14, 10)))
            .show(ui, |ui| lessons::lessons_ui(ui, session, run))
            .inner
    });
    let below = Panel::bottom("inspector")
        .exact_size(200.0)
        .frame(panel.inner_margin(Margin::symmetric(14, 8)))
        .show(ui, |ui| below_ui(ui, session, run))
        .inner;
    let tables = CentralPanel::default()
        .frame(Frame::new().fill(colour::BACKGROUND))
        .show(ui, |ui| {
            tables::tables_ui(ui, session, run, window.pointed, pictures)
        })
        .inner;
    let notices = notices::notices_ui(ui.ctx(), window.notices);
    let lessons = lessons.flatten();
    commands
        .or(sidebar)
        .or(notices)
        .or(lessons)
        .or(below)
        .or(tables)
}

/// One of the panels below the tables, and the row of their names.
fn below_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    let mut action = None;
    ui.horizontal(|ui| {
        for below in Below::ALL {
            let on = session.learn.below == below;
            let colour = if on { colour::TEXT } else { colour::WEAK };
            let name = RichText::new(below.name()).color(colour);
            let tab = ui.selectable_label(on, name).on_hover_text(below.about());
            if tab.clicked() && !on {
                action = Some(Action::Learn(LearnAction::Below(below)));
            }
        }
    });
    let inside = match session.learn.below {
        Below::Score => {
            inspector::inspector_ui(ui, session, run);
            None
        }
        Below::Steps => steps::steps_ui(ui, session, run),
        Below::Derivation => derivation::derivation_ui(ui, session, run),
    };
    action.or(inside)
}
