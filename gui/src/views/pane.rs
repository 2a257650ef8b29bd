//! The panes: each is drawn by its own view, and can be moved, resized and closed.

use eframe::egui::{Color32, Frame, Margin, Style, Ui, Visuals, WidgetText};
use egui_tiles::{
    Behavior, SimplificationOptions, TabState, Tabs, Tile, TileId, Tiles, UiResponse,
};

use super::{
    Window, change, derivation, heads, lessons, positions, runs, statistics, steps, sweep, tables,
};
use crate::action::Action;
use crate::colour;
use crate::session::layout::{LayoutAction, Pane};

/// All open panes where the session has them.
pub fn panes_ui(ui: &mut Ui, window: &mut Window<'_>) -> Option<Action> {
    let mut tree = window.session.layout.tree.clone();
    let alone = tree
        .tiles
        .tiles()
        .filter(|tile| matches!(tile, Tile::Pane(_)))
        .count()
        < 2;
    let mut panes = Panes {
        window,
        action: None,
        alone,
    };
    tree.ui(&mut panes, ui);
    let Panes { window, action, .. } = panes;
    let arranged = || {
        let moved = tree != window.session.layout.tree;
        moved.then(|| Action::Layout(LayoutAction::Arranged(Box::new(tree))))
    };
    action.or_else(arranged)
}

/// What one pane shows.
fn pane_ui(pane: Pane, ui: &mut Ui, window: &mut Window<'_>) -> Option<Action> {
    match pane {
        Pane::Tables => tables::tables_ui(
            ui,
            window.session,
            window.run,
            window.pointed,
            window.pictures,
        ),
        Pane::Runs => runs::runs_ui(ui, window.session, window.run),
        Pane::Change => framed(ui, |ui| change::change_ui(ui, window.session, window.run)),
        Pane::Heads => framed(ui, |ui| {
            heads::heads_ui(ui, window.session, window.run, window.pictures)
        }),
        Pane::Layer => framed(ui, |ui| {
            positions::positions_ui(ui, window.session, window.run, window.pictures)
        }),
        Pane::Lessons => framed(ui, |ui| lessons::lessons_ui(ui, window.session, window.run)),
        Pane::Steps => framed(ui, |ui| steps::steps_ui(ui, window.session, window.run)),
        Pane::Derivation => framed(ui, |ui| {
            derivation::derivation_ui(ui, window.session, window.run)
        }),
        Pane::Statistics => framed(ui, |ui| {
            statistics::pane_ui(ui, window.session, window.judging).map(Action::Judge)
        }),
        Pane::Sweep => framed(ui, |ui| {
            sweep::sweep_ui(ui, &window.session.judge, &window.judging.sweep()).map(Action::Judge)
        }),
    }
}

/// With room around it, on the colour of a panel.
fn framed<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let frame = Frame::new().fill(colour::PANEL);
    let show = |ui: &mut Ui| {
        ui.spacing_mut().scroll.fade.strength = 0.0; // a gradient has no partner in the light look
        ui.set_min_size(ui.available_size());
        content(ui)
    };
    frame
        .inner_margin(Margin::symmetric(12, 8))
        .show(ui, show)
        .inner
}

struct Panes<'a, 'w> {
    window: &'a mut Window<'w>,
    action: Option<Action>,
    alone: bool,
}

impl Behavior<Pane> for Panes<'_, '_> {
    fn pane_ui(&mut self, ui: &mut Ui, _: TileId, pane: &mut Pane) -> UiResponse {
        let action = pane_ui(*pane, ui, self.window);
        self.action = self.action.take().or(action);
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        pane.title().into()
    }

    fn is_tab_closable(&self, tiles: &Tiles<Pane>, tile: TileId) -> bool {
        matches!(tiles.get(tile), Some(Tile::Pane(pane)) if *pane != Pane::Tables)
    }

    fn is_tab_bar_visible(&self, _: TileId, _: &Tabs) -> bool {
        !self.alone
    }

    fn tab_bar_color(&self, _: &Visuals) -> Color32 {
        colour::PANEL
    }

    fn tab_bg_color(&self, _: &Visuals, _: &Tiles<Pane>, _: TileId, tab: &TabState) -> Color32 {
        if tab.active {
            colour::FIELD
        } else {
            colour::PANEL
        }
    }

    fn tab_text_color(&self, _: &Visuals, _: &Tiles<Pane>, _: TileId, tab: &TabState) -> Color32 {
        if tab.active {
            colour::TEXT
        } else {
            colour::WEAK
        }
    }

    fn gap_width(&self, _: &Style) -> f32 {
        4.0
    }

    fn min_size(&self) -> f32 {
        180.0
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions {
            all_panes_must_have_tabs: true,
            ..SimplificationOptions::default()
        }
    }
}
