//! Everything derived from a session, kept with the session it came from, recomputed only where it changed.

use std::sync::Arc;

use rayon::prelude::*;

use crate::compare::{Compare, sqnr_db};
use crate::derivation::learned::{Learned, Source};
use crate::detail::Detail;
use crate::heads::AllHeads;
use crate::layer::LayerTables;
use crate::positions::Positions;
use crate::session::layout::Pane;
use crate::session::{FormatChoice, Selection, Session, Shown, SideId, TableKind};
use crate::side::{Choice, LastPlace, RunError, Side, attention};
use crate::source::Input;
use crate::steps::{Stage, Walk};
use crate::table::{Table, rounded_up};

/// Small maps of all heads are made up to this many weights.
const MAX_MAP_WEIGHTS: usize = 1 << 22;

/// Which of the three columns of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// The format held against.
    Left,
    /// The format compared with it.
    Right,
    /// Right minus left.
    Difference,
}

/// The weights of every head of one layer.
#[derive(Debug)]
pub struct Heads {
    choice: Choice,
    /// (T, S) each; empty where they would be too many.
    pub weights: Vec<Table>,
}

/// A run besides the two that the tables show.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its tables.
    pub side: Arc<Side>,
    /// Of its output against that of the left run, in dB; infinite where they are equal.
    pub sqnr_db: f64,
}

/// All tables of a session.
#[derive(Clone, Debug)]
pub struct Run {
    /// The input itself.
    pub input: Arc<Input>,
    /// The factor between a dot product and its score.
    pub scale: f64,
    /// The left format.
    pub left: Arc<Side>,
    /// The right format.
    pub right: Arc<Side>,
    /// Right against left.
    pub compare: Arc<Compare>,
    /// The small maps.
    pub heads: Arc<Heads>,
    /// The formats besides those two, each held against the left one.
    pub more: Vec<Held>,
    /// What is pointed at.
    pub detail: Arc<Detail>,
    /// The weights of all heads, while they are shown.
    pub all_heads: Option<Arc<AllHeads>>,
    /// The layer around the head, while it is shown and the input has one.
    pub layer: Option<Arc<LayerTables>>,
    /// Positions, while they are shown.
    pub positions: Option<Arc<Positions>>,
    /// What is pointed at with all its integers, while somebody looks.
    pub learned: Option<Arc<Learned>>,
    /// The output as far as a walk has mixed it, in the format that is shown.
    pub mixing: Option<Arc<Table>>,
    /// The left format without the learner's question and with the scale; none where nothing is asked.
    pub original: Option<Arc<Side>>,
}

impl Run {
    /// Computes what `before` does not hold already; `focus` is the cell under the pointer or the selected one.
    ///
    /// # Errors
    /// [`RunError`], a sentence; `before` is still good then.
    pub fn new(
        before: Option<&Self>,
        input: &Arc<Input>,
        session: &Session,
        focus: Selection,
    ) -> Result<Self, RunError> {
        let before = before.filter(|run| Arc::ptr_eq(&run.input, input));
        let choices = [session.left, session.right].map(|format| Choice::new(session, format));
        let side = |choice| match before.and_then(|run| run.side_with(choice)) {
            Some(side) => Ok(side),
            None => Side::new(input, choice).map(Arc::new),
        };
        let (left, right) = if choices[0] == choices[1] {
            let left = side(choices[0])?;
            (Arc::clone(&left), left)
        } else {
            let (left, right) = rayon::join(|| side(choices[0]), || side(choices[1]));
            (left?, right?)
        };
        let scale = attention(input, choices[0])?.scale.factor(input.width);
        let same_sides =
            |run: &&Self| Arc::ptr_eq(&run.left, &left) && Arc::ptr_eq(&run.right, &right);
        let same = before.filter(same_sides);
        let compare = || compare(same, [&left, &right], session, scale);
        let shown = match session.shown {
            Shown::Right => session.right,
            _ => session.left,
        };
        let detail = || {
            let is_same = |run: &&Self| run.detail.focus == focus && run.detail.shown == shown;
            match same.filter(is_same) {
                Some(run) => Ok(Arc::clone(&run.detail)),
                None => Detail::new(input, session, focus, shown).map(Arc::new),
            }
        };
        let (compare, detail) = rayon::join(compare, detail);
        let detail = detail?;
        let more = held(&session.more.0, &left, same, |format| {
            side(Choice::new(session, format))
        })?;
        let heads = match before.filter(|run| run.heads.are_of(choices[0])) {
            Some(run) => Arc::clone(&run.heads),
            None => Arc::new(Heads::new(input, choices[0])?),
        };
        let all_heads = if session.layout.is_open(Pane::Heads) {
            Some(all_heads(before, input, choices[0])?)
        } else {
            None
        };
        let is_wanted = session.layout.is_open(Pane::Layer)
            || session.around.is_some() && Learned::is_wanted(session);
        let layer = if is_wanted {
            layer(before, input, choices[0])?
        } else {
            None
        };
        let positions = is_wanted.then(|| {
            let held = before.and_then(|run| run.positions.clone());
            held.filter(|held| held.view == session.positions)
                .unwrap_or_else(|| Arc::new(Positions::new(session.positions)))
        });
        // A cell around the head does not know of everything that it depends on.
        let before_learned = before.filter(|_| session.around.is_none());
        let learned = Learned::of(
            before_learned.and_then(|run| run.learned.as_ref()),
            &Source {
                input,
                session,
                focus,
                layer: layer.as_deref(),
                positions: positions.as_deref(),
            },
        )?;
        let mixing = learned.as_deref().and_then(|learned| {
            let side = if session.shown == Shown::Right {
                &right
            } else {
                &left
            };
            mixing(session, input, side, learned)
        });
        let unasked = choices[0].original();
        let original = match before.and_then(|run| run.original.as_ref()) {
            _ if unasked == choices[0] => None,
            Some(side) if side.choice == unasked => Some(Arc::clone(side)),
            _ => Some(side(unasked)?),
        };
        Ok(Self {
            mixing,
            original,
            learned,
            input: Arc::clone(input),
            scale,
            left,
            right,
            compare,
            heads,
            more,
            detail,
            all_heads,
            layer,
            positions,
        })
    }

    /// Whether the sides that `session` asks for, and their difference, are there already.
    pub fn holds(&self, input: &Arc<Input>, session: &Session) -> bool {
        let is = |side: &Side, format| side.choice == Choice::new(session, format);
        let has = |&format: &FormatChoice| self.side_with(Choice::new(session, format)).is_some();
        Arc::ptr_eq(&self.input, input)
            && is(&self.left, session.left)
            && is(&self.right, session.right)
            && self.compare.unit == session.unit
            && (self.compare.is_prepared() || !shows_differences(session))
            && session.more.0.iter().all(has)
    }

    fn side_with(&self, choice: Choice) -> Option<Arc<Side>> {
        [&self.left, &self.right]
            .into_iter()
            .chain(self.more.iter().map(|held| &held.side))
            .find(|side| side.choice == choice)
            .map(Arc::clone)
    }

    /// The walk through the selected query.
    pub fn walk(&self, session: &Session) -> Walk {
        Walk {
            query: session.selection.query,
            keys: self.input.keys,
            width: self.input.width,
        }
    }

    /// One of the two runs.
    pub fn side(&self, side: SideId) -> &Side {
        match side {
            SideId::Left => &self.left,
            SideId::Right => &self.right,
        }
    }

    /// A table as one of the columns shows it.
    pub fn table(&self, kind: TableKind, column: Column) -> &Table {
        match column {
            Column::Left => self.left.table(kind),
            Column::Right => self.right.table(kind),
            Column::Difference => self.compare.table(kind),
        }
    }

    /// Whether one of the two formats has integers.
    pub fn has_integers(&self) -> bool {
        let mut sides = [&self.left, &self.right].into_iter();
        sides.any(|side| side.choice.format.steps().is_some())
    }

    /// What one unit of a difference is worth, where it is the same in every cell.
    pub fn place(&self, kind: TableKind) -> Option<f64> {
        [&self.left, &self.right]
            .into_iter()
            .map(|side| side.choice.format)
            .filter(|format| format.steps().is_some())
            .filter_map(|format| LastPlace::of(format, kind, self.scale))
            .map(|place| place.at(0.0))
            .reduce(f64::max)
    }

    /// The end of the colour scale: one for both formats, and one for kinds that are compared by eye.
    pub fn scale_end(&self, kind: TableKind, column: Column) -> f64 {
        let kinds: &[TableKind] = match kind {
            TableKind::Q | TableKind::K => &[TableKind::Q, TableKind::K],
            TableKind::Raw | TableKind::Capped | TableKind::Masked => &[TableKind::Raw],
            TableKind::V => &[TableKind::V],
            TableKind::Weights => &[TableKind::Weights],
            TableKind::Output => &[TableKind::Output],
        };
        let extent = |kind: &TableKind| match column {
            Column::Difference => self.compare.table(*kind).largest(),
            Column::Left | Column::Right if *kind == TableKind::Weights => {
                let largest = |side: &Side| side.table(*kind).largest();
                largest(&self.left).max(largest(&self.right)).min(1.0)
            }
            Column::Left | Column::Right => {
                let extent = |side: &Side| side.table(*kind).extent();
                extent(&self.left).max(extent(&self.right))
            }
        };
        let end = kinds.iter().map(extent).fold(0.0, f64::max);
        if column != Column::Difference && kind == TableKind::Weights {
            rounded_up(end).min(1.0)
        } else {
            rounded_up(end)
        }
    }
}

/// The output whose row of the walk holds what was mixed so far, while values are mixed.
fn mixing(session: &Session, input: &Input, side: &Side, learned: &Learned) -> Option<Arc<Table>> {
    let walk = Walk {
        query: session.selection.query,
        keys: input.keys,
        width: input.width,
    };
    if walk.moment(session.learn.walk?).stage != Stage::Mix {
        return None;
    }
    let output = side.table(TableKind::Output);
    let columns = output.columns();
    let mut values = output.values().to_vec();
    let row = values.get_mut(walk.query * columns..(walk.query + 1) * columns)?;
    row.copy_from_slice(learned.trace.so_far.get(..columns)?);
    Some(Arc::new(Table::new(output.rows(), columns, values)))
}

/// The comparison of the two sides as it was, or made anew.
fn compare(
    same: Option<&Run>,
    [left, right]: [&Arc<Side>; 2],
    session: &Session,
    scale: f64,
) -> Arc<Compare> {
    let compare = match same.filter(|run| run.compare.unit == session.unit) {
        Some(run) => Arc::clone(&run.compare),
        None => Arc::new(Compare::new(left, right, session.unit, scale)),
    };
    if shows_differences(session) {
        compare.prepare();
    }
    compare
}

fn shows_differences(session: &Session) -> bool {
    matches!(session.shown, Shown::Difference | Shown::Beside)
}

/// All heads as they were, or made anew.
fn all_heads(
    before: Option<&Run>,
    input: &Arc<Input>,
    choice: Choice,
) -> Result<Arc<AllHeads>, RunError> {
    let held = before.and_then(|run| run.all_heads.as_ref());
    match held.filter(|held| held.are_of(input, choice)) {
        Some(held) => Ok(Arc::clone(held)),
        None => AllHeads::new(input, choice).map(Arc::new),
    }
}

/// The layer as it was, or made anew.
fn layer(
    before: Option<&Run>,
    input: &Arc<Input>,
    choice: Choice,
) -> Result<Option<Arc<LayerTables>>, RunError> {
    let held = before.and_then(|run| run.layer.as_ref());
    match held.filter(|held| held.are_of(input, choice)) {
        Some(held) => Ok(Some(Arc::clone(held))),
        None => Ok(LayerTables::new(input, choice)?.map(Arc::new)),
    }
}

/// The runs besides the two; a number that `same` holds already is kept.
fn held(
    formats: &[FormatChoice],
    left: &Side,
    same: Option<&Run>,
    side: impl Fn(FormatChoice) -> Result<Arc<Side>, RunError> + Sync,
) -> Result<Vec<Held>, RunError> {
    let output = left.table(TableKind::Output).values();
    let one = |&format: &FormatChoice| {
        let side = side(format)?;
        let before =
            same.and_then(|run| run.more.iter().find(|held| Arc::ptr_eq(&held.side, &side)));
        let sqnr_db = before.map_or_else(
            || sqnr_db(output, side.table(TableKind::Output).values()),
            |held| held.sqnr_db,
        );
        Ok(Held { side, sqnr_db })
    };
    formats.par_iter().map(one).collect()
}

impl Heads {
    fn new(input: &Input, choice: Choice) -> Result<Self, RunError> {
        let size = input.queries * input.keys * input.heads;
        let heads = if size > MAX_MAP_WEIGHTS || input.heads < 2 {
            0..0
        } else {
            0..input.heads
        };
        let weights = heads
            .into_par_iter()
            .map(|head| Side::new(input, Choice { head, ..choice }).map(Side::into_weights))
            .collect::<Result<_, _>>()?;
        Ok(Self { choice, weights })
    }

    fn are_of(&self, choice: Choice) -> bool {
        let head = choice.head;
        Choice {
            head,
            ..self.choice
        } == choice
    }
}
