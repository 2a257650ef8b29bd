//! What the user chose: plain data, the unit of undo and of saving. Only `App::apply` changes it.

/// Cells around the head.
pub mod around;
mod arrangement;
/// Soft cap and bias.
pub mod changes;
/// What can be asked of its edits.
pub mod edits;
/// Number formats.
pub mod format;
/// How formats are judged.
pub mod judge;
/// Panes and theme.
pub mod layout;
mod learn;
/// More formats than two.
pub mod runs;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::heads::HeadsView;
use crate::lesson::LessonInput;
use crate::positions::PositionsView;
use crate::source::Made;
use around::LayerCell;
pub use arrangement::Arrangement;
pub use changes::{Bias, Changes};
use edits::Edits;
pub use format::{FormatChoice, FractionBits, Step, Steps};
use judge::Judge;
use layout::{Layout, Theme};
pub use learn::{Learn, LearnAction, Question, Speed};
use runs::More;

/// Everything the user chose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Where Q, K and V come from.
    pub input: InputId,
    /// Which layer of the input, from zero.
    pub layer: usize,
    /// Which head of the layer, from zero.
    pub head: usize,
    /// Who may look at whom.
    pub mask: Mask,
    /// By what a dot product is multiplied.
    pub scaling: Scaling,
    /// What else happens to scores.
    #[serde(default)]
    pub changes: Changes,
    /// The format on the left, the one held against.
    pub left: FormatChoice,
    /// The format on the right.
    pub right: FormatChoice,
    /// Which of the two, or what about them, the tables show.
    pub shown: Shown,
    /// What differences are counted in.
    pub unit: Unit,
    /// The cell that stays lit when the pointer leaves.
    pub selection: Selection,
    /// A cell around the head that was selected after it, if any.
    #[serde(default)]
    pub around: Option<LayerCell>,
    /// The one table that fills the window, if any.
    pub enlarged: Option<TableKind>,
    /// How the tables stand to each other.
    #[serde(default)]
    pub arrangement: Arrangement,
    /// Other numbers than those of the source.
    #[serde(default)]
    pub edits: Edits,
    /// How all heads are shown.
    #[serde(default)]
    pub heads: HeadsView,
    /// Which positions are shown.
    #[serde(default)]
    pub positions: PositionsView,
    /// Lessons and walks.
    #[serde(default)]
    pub learn: Learn,
    /// The formats besides those two.
    #[serde(default)]
    pub more: More,
    /// How formats are judged.
    #[serde(default)]
    pub judge: Judge,
    /// Where everything stands.
    #[serde(default)]
    pub layout: Layout,
    /// Light or dark.
    #[serde(default)]
    pub theme: Theme,
}

impl Default for Session {
    /// The real capture where "it" looks at "animal".
    fn default() -> Self {
        Self {
            input: InputId::Capture,
            layer: 3,
            head: 1,
            mask: Mask::None,
            scaling: Scaling::On,
            changes: Changes::NONE,
            left: FormatChoice::F32,
            right: FormatChoice::I8(FractionBits { q: 4, k: 4, v: 5 }.into()),
            shown: Shown::Left,
            unit: Unit::LastPlace,
            selection: Selection {
                table: TableKind::Weights,
                query: 10,
                key: 2,
                column: 0,
            },
            around: None,
            enlarged: None,
            arrangement: Arrangement::Beside,
            edits: Edits::default(),
            heads: HeadsView::default(),
            positions: PositionsView::default(),
            learn: Learn::default(),
            more: More::default(),
            judge: Judge::default(),
            layout: Layout::default(),
            theme: Theme::default(),
        }
    }
}

impl Session {
    /// The cell around the head that is selected, if its pane is open: nobody edits what cannot be seen.
    pub fn around_shown(&self) -> Option<LayerCell> {
        self.around
            .filter(|_| self.layout.is_open(layout::Pane::Layer))
    }

    /// The format of one side.
    pub fn format(&self, side: SideId) -> FormatChoice {
        match side {
            SideId::Left => self.left,
            SideId::Right => self.right,
        }
    }

    /// The format of one side, to be changed.
    pub fn format_mut(&mut self, side: SideId) -> &mut FormatChoice {
        match side {
            SideId::Left => &mut self.left,
            SideId::Right => &mut self.right,
        }
    }
}

/// The name of an input; the numbers themselves are held by the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum InputId {
    /// The capture of all-MiniLM-L6-v2.
    Capture,
    /// A fixture, by name.
    Case(String),
    /// The worked example with X and the weights of eight heads.
    Worked,
    /// Made from nothing, by sizes and formula.
    Made(Made),
    /// What a lesson needs.
    Lesson(LessonInput),
    /// One file, or three with q, k and v.
    Files(Vec<PathBuf>),
    /// The files that were enclosed in a session file.
    Enclosed(PathBuf),
}

/// Who may look at whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mask {
    /// Every query sees every key.
    None,
    /// Itself and what came before; the last query sees every key.
    Causal,
}

impl Mask {
    /// As it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Causal => "causal",
        }
    }
}

/// By what a dot product is multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scaling {
    /// By the scale of the input, 1/√D where it has none of its own.
    On,
    /// By one.
    Off,
}

/// One of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SideId {
    /// The one held against.
    Left,
    /// The one compared with it.
    Right,
}

/// What the tables show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// The left format.
    Left,
    /// The right format.
    Right,
    /// Right minus left.
    Difference,
    /// Left, right and difference in three columns.
    Beside,
}

/// What differences are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Units of the last place of the coarser format.
    LastPlace,
    /// Real numbers.
    Real,
}

/// One of the eight matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TableKind {
    /// Queries, (T, D).
    Q,
    /// Keys, (S, D).
    K,
    /// Values, (S, E).
    V,
    /// Scores before the mask, (T, S).
    Raw,
    /// Scores after the soft cap, (T, S); shown where there is one.
    Capped,
    /// Scores after the mask, (T, S).
    Masked,
    /// Softmax weights, (T, S).
    Weights,
    /// (T, E).
    Output,
}

impl TableKind {
    /// In reading order.
    pub const ALL: [Self; 8] = [
        Self::Q,
        Self::K,
        Self::V,
        Self::Raw,
        Self::Capped,
        Self::Masked,
        Self::Weights,
        Self::Output,
    ];

    /// In reading order, those that say something: scores are capped only where there is a cap.
    pub fn shown(changes: Changes) -> impl Iterator<Item = Self> + Clone {
        let says = move |kind: &Self| *kind != Self::Capped || changes.softcap.is_some();
        Self::ALL.into_iter().filter(says)
    }

    /// As it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Q => "Q",
            Self::K => "K",
            Self::V => "V",
            Self::Raw => "Raw scores",
            Self::Capped => "Capped scores",
            Self::Masked => "Masked scores",
            Self::Weights => "Weights",
            Self::Output => "Output",
        }
    }

    /// What it means, in one line.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Q => "what each token asks",
            Self::K => "what each token offers",
            Self::V => "what each token carries",
            Self::Raw => "q · k × scale: how well a question fits an offer",
            Self::Capped => "cap · tanh(score / cap): no score is beyond the cap",
            Self::Masked => "the scores that may be looked at",
            Self::Weights => "softmax of each row: sums to one",
            Self::Output => "weights times V",
        }
    }

    /// Whether a row is a query, and the column a key.
    pub fn is_query_by_key(self) -> bool {
        matches!(
            self,
            Self::Raw | Self::Capped | Self::Masked | Self::Weights
        )
    }

    /// Whether a row is a key.
    pub fn has_key_rows(self) -> bool {
        matches!(self, Self::K | Self::V)
    }
}

/// A cell, and with it a query and a key that meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The table that was clicked.
    pub table: TableKind,
    /// `i`, a row of Q, of the scores, of the weights and of the output.
    pub query: usize,
    /// `j`, a row of K and V, a column of the scores and weights.
    pub key: usize,
    /// `d` or `e`, a column of Q, K, V or the output.
    pub column: usize,
}

impl Selection {
    /// The cell (row, column) of `table`, the rest as it was.
    #[must_use]
    pub fn at(self, table: TableKind, row: usize, column: usize) -> Self {
        let mut at = Self { table, ..self };
        if table.has_key_rows() {
            at.key = row;
        } else {
            at.query = row;
        }
        if table.is_query_by_key() {
            at.key = column;
        } else {
            at.column = column;
        }
        at
    }

    /// The same with query and key inside of T and S.
    #[must_use]
    pub fn within(self, queries: usize, keys: usize) -> Self {
        Self {
            query: self.query.min(queries.saturating_sub(1)),
            key: self.key.min(keys.saturating_sub(1)),
            ..self
        }
    }

    /// The row and the column in `table` that belong to this selection.
    pub fn cell_in(self, table: TableKind) -> (usize, usize) {
        let row = if table.has_key_rows() {
            self.key
        } else {
            self.query
        };
        let column = if table.is_query_by_key() {
            self.key
        } else {
            self.column
        };
        (row, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_comes_back_as_it_was_saved() {
        let session = Session {
            input: InputId::Files(vec!["a/q.npy".into()]),
            enlarged: Some(TableKind::Output),
            ..Session::default()
        };
        let saved = serde_json::to_string(&session).unwrap();
        assert_eq!(serde_json::from_str::<Session>(&saved).unwrap(), session);
    }

    #[test]
    fn a_cell_leads_to_what_belongs_to_it_in_every_table() {
        let start = Session::default().selection;
        let score = start.at(TableKind::Raw, 7, 4);
        assert_eq!((score.query, score.key), (7, 4));
        assert_eq!(score.cell_in(TableKind::Weights), (7, 4));
        let value = score.at(TableKind::V, 9, 30);
        assert_eq!((value.query, value.key, value.column), (7, 9, 30));
        assert_eq!(value.cell_in(TableKind::Output), (7, 30));
        assert_eq!(value.cell_in(TableKind::K), (9, 30));
    }
}
