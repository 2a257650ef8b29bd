//! Which panes are open, and where they stand.

use eframe::egui;
use egui_tiles::{Container, LinearDir, Tile, Tree};
use serde::{Deserialize, Serialize};

use super::Session;

/// One thing that can stand in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pane {
    /// The seven tables.
    Tables,
    /// Any number of formats, each held against the left one.
    Runs,
    /// Numbers by formula, own tokens, inputs from nothing.
    Change,
    /// All heads at once.
    Heads,
    /// X, the weights, concat and `W_O`; positions.
    Layer,
    /// What is taught.
    Lessons,
    /// The walk through one query.
    Steps,
    /// The expression behind the selected number.
    Derivation,
    /// The measures of every run, and where it goes wrong.
    Statistics,
    /// Which format is enough.
    Sweep,
}

impl Pane {
    /// In the order of the menu.
    pub const ALL: [Self; 10] = [
        Self::Tables,
        Self::Runs,
        Self::Change,
        Self::Heads,
        Self::Layer,
        Self::Lessons,
        Self::Steps,
        Self::Derivation,
        Self::Statistics,
        Self::Sweep,
    ];

    /// Those that are wide and low.
    const BELOW: [Self; 2] = [Self::Steps, Self::Derivation];

    /// As it is called on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tables => "Tables",
            Self::Runs => "Runs",
            Self::Change => "Change",
            Self::Heads => "Heads",
            Self::Layer => "Layer",
            Self::Lessons => "Lessons",
            Self::Steps => "Step through",
            Self::Derivation => "Derivation",
            Self::Statistics => "Statistics",
            Self::Sweep => "Sweep",
        }
    }

    /// What is in it.
    pub fn about(self) -> &'static str {
        match self {
            Self::Tables => "Q, K, V, scores, weights and output",
            Self::Runs => "Any number of formats at once, and the selected number in each",
            Self::Change => "Other numbers by formula, own tokens, a small input from nothing",
            Self::Heads => "All heads at once, sorted by how widely and how far they look",
            Self::Layer => "X, W, concat and W_O of the layer; sinusoidal and rotary positions",
            Self::Lessons => "The Illustrated Transformer and your own questions, on live numbers",
            Self::Steps => "One query from dot products to its output, number by number",
            Self::Derivation => "The selected number with all that it is made of, and its bits",
            Self::Statistics => {
                "Every stage of every run measured, and the first step that goes wrong"
            }
            Self::Sweep => {
                "Which format is enough: SQNR and bytes of every width and number of bits"
            }
        }
    }
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Visibility {
    /// It takes its room.
    Shown,
    /// It takes none.
    Hidden,
}

impl Visibility {
    /// The other one.
    #[must_use]
    pub fn toggled(self) -> Self {
        match self {
            Self::Shown => Self::Hidden,
            Self::Hidden => Self::Shown,
        }
    }
}

/// Light, dark, or as the system is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    /// As the system is.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Where everything stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// The panes; there is always one with the tables.
    pub tree: Tree<Pane>,
    /// The column on the left.
    pub choices: Visibility,
    /// The panel below, where it has a place.
    pub inspector: Visibility,
    /// The pane that a step of the lessons opened and the next one closes.
    #[serde(default)]
    pub by_lesson: Option<Pane>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            tree: Tree::new_tabs(egui::Id::unique("panes"), vec![Pane::Tables]),
            choices: Visibility::Shown,
            inspector: Visibility::Shown,
            by_lesson: None,
        }
    }
}

impl Layout {
    /// Whether a pane is open.
    pub fn is_open(&self, pane: Pane) -> bool {
        self.tree.tiles.find_pane(&pane).is_some()
    }

    /// Whether the inspector has a place: the panes below say the same at greater length, or have yet to
    /// come to it; and a lesson with another pane needs the room.
    pub fn has_place_for_inspector(&self) -> bool {
        let below = Pane::BELOW.into_iter().any(|pane| self.is_open(pane));
        let lesson = self.by_lesson.is_some_and(|pane| self.is_open(pane));
        !(below || lesson && self.is_open(Pane::Lessons))
    }

    /// Opens a pane beside the tables, behind what is there already.
    fn open(&mut self, pane: Pane) {
        let tree = &mut self.tree;
        let tile = tree.tiles.insert_pane(pane);
        let Some(root) = tree.root else {
            tree.root = Some(tree.tiles.insert_tab_tile(vec![tile]));
            return;
        };
        let last = match tree.tiles.get(root) {
            Some(Tile::Container(Container::Linear(linear)))
                if linear.dir == LinearDir::Horizontal =>
            {
                linear.children.last().copied()
            }
            _ => None,
        };
        if let Some(last) = last
            && let Some(Tile::Container(Container::Tabs(tabs))) = tree.tiles.get_mut(last)
        {
            tabs.add_child(tile);
            tabs.set_active(tile);
            return;
        }
        let tab = tree.tiles.insert_tab_tile(vec![tile]);
        let both = tree.tiles.insert_horizontal_tile(vec![root, tab]);
        if let Some(Tile::Container(Container::Linear(linear))) = tree.tiles.get_mut(both) {
            linear.shares.set_share(root, 0.66);
            linear.shares.set_share(tab, 0.34);
        }
        tree.root = Some(both);
    }

    /// Opens a pane below everything, or beside the one that is there already.
    fn open_below(&mut self, pane: Pane) {
        let there = Pane::BELOW.into_iter().find(|&other| self.is_open(other));
        if let Some(there) = there {
            return self.open_by(there, pane, LinearDir::Horizontal);
        }
        let tree = &mut self.tree;
        let tile = tree.tiles.insert_pane(pane);
        let tab = tree.tiles.insert_tab_tile(vec![tile]);
        let Some(root) = tree.root else {
            tree.root = Some(tab);
            return;
        };
        let both = tree.tiles.insert_vertical_tile(vec![root, tab]);
        if let Some(Tile::Container(Container::Linear(linear))) = tree.tiles.get_mut(both) {
            // A walk has a board.
            let share = if pane == Pane::Steps { 0.32 } else { 0.26 };
            linear.shares.set_share(root, 1.0 - share);
            linear.shares.set_share(tab, share);
        }
        tree.root = Some(both);
    }

    /// Opens a pane in the place of another one, which gets half of it; beside the tables where that one is not
    /// open.
    fn open_by(&mut self, other: Pane, pane: Pane, dir: LinearDir) {
        let tiles = &mut self.tree.tiles;
        let tabs = tiles
            .find_pane(&other)
            .and_then(|tile| tiles.parent_of(tile));
        let Some(tabs) = tabs else {
            return self.open(pane);
        };
        let around = tiles.parent_of(tabs);
        let tile = tiles.insert_pane(pane);
        let tab = tiles.insert_tab_tile(vec![tile]);
        let both = match dir {
            LinearDir::Horizontal => tiles.insert_horizontal_tile(vec![tabs, tab]),
            LinearDir::Vertical => tiles.insert_vertical_tile(vec![tabs, tab]),
        };
        match around.and_then(|around| tiles.get_mut(around)) {
            Some(Tile::Container(Container::Linear(linear))) => {
                for child in &mut linear.children {
                    if *child == tabs {
                        *child = both;
                    }
                }
                linear.shares.replace_with(tabs, both);
            }
            _ => self.tree.root = Some(both),
        }
    }

    /// Shows the pane that a step of the lessons is about where the lesson can still be read, and closes the one
    /// that the step before had opened.
    pub fn show_beside_lessons(&mut self, pane: Option<Pane>) {
        if let Some(before) = self.by_lesson.take_if(|before| Some(*before) != pane) {
            self.close(before);
        }
        let Some(pane) = pane else {
            return;
        };
        if self.is_open(pane) {
            let tile = self.tree.tiles.find_pane(&pane);
            self.tree.make_active(|id, _| Some(id) == tile);
            return;
        }
        self.by_lesson = Some(pane);
        if Pane::BELOW.contains(&pane) {
            self.open_below(pane);
        } else {
            self.open_by(Pane::Lessons, pane, LinearDir::Vertical);
        }
    }

    fn close(&mut self, pane: Pane) {
        if let Some(tile) = self.tree.tiles.find_pane(&pane) {
            self.tree.remove_recursively(tile);
        }
    }
}

/// A wish about the layout.
#[derive(Clone, Debug, PartialEq)]
pub enum LayoutAction {
    /// Open a pane, or close it.
    Toggle(Pane),
    /// The column of choices, shown or hidden.
    Choices,
    /// The inspector, shown or hidden.
    Inspector,
    /// As it was at the beginning.
    Reset,
    /// Panes were moved, resized or closed by hand.
    Arranged(Box<Tree<Pane>>),
}

impl LayoutAction {
    /// Does it.
    pub fn apply(self, session: &mut Session) {
        let layout = &mut session.layout;
        match self {
            Self::Toggle(Pane::Tables) => session.enlarged = None,
            Self::Toggle(pane) if layout.is_open(pane) => layout.close(pane),
            Self::Toggle(pane) if Pane::BELOW.contains(&pane) => layout.open_below(pane),
            Self::Toggle(pane) => layout.open(pane),
            Self::Choices => layout.choices = layout.choices.toggled(),
            Self::Inspector => layout.inspector = layout.inspector.toggled(),
            Self::Reset => *layout = Layout::default(),
            Self::Arranged(tree) => layout.tree = *tree,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pane_opens_once_closes_and_comes_back_from_a_file() {
        let mut session = Session::default();
        LayoutAction::Toggle(Pane::Runs).apply(&mut session);
        assert!(session.layout.is_open(Pane::Runs) && session.layout.is_open(Pane::Tables));
        let saved = serde_json::to_string(&session.layout).unwrap();
        let back: Layout = serde_json::from_str(&saved).unwrap();
        assert_eq!(back, session.layout);
        LayoutAction::Toggle(Pane::Runs).apply(&mut session);
        assert!(!session.layout.is_open(Pane::Runs) && session.layout.is_open(Pane::Tables));
        LayoutAction::Toggle(Pane::Tables).apply(&mut session);
        assert!(session.layout.is_open(Pane::Tables));
    }

    #[test]
    fn a_lesson_closes_only_the_pane_that_a_lesson_opened() {
        let mut layout = Layout::default();
        layout.open(Pane::Lessons);
        layout.show_beside_lessons(Some(Pane::Layer));
        let [lessons, layer] = [Pane::Lessons, Pane::Layer].map(|pane| {
            let tile = layout.tree.tiles.find_pane(&pane).unwrap();
            layout.tree.tiles.parent_of(tile)
        });
        assert_ne!(lessons, layer, "both are seen at once");
        layout.show_beside_lessons(Some(Pane::Steps));
        assert!(!layout.is_open(Pane::Layer) && layout.is_open(Pane::Steps));
        layout.show_beside_lessons(None);
        assert!(!layout.is_open(Pane::Steps) && layout.is_open(Pane::Lessons));
        layout.open(Pane::Heads);
        layout.show_beside_lessons(Some(Pane::Heads));
        layout.show_beside_lessons(None);
        assert!(layout.is_open(Pane::Heads), "the user opened it");
    }
}
