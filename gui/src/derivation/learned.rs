//! What the learner's views show of the selected cell, worked out when it changes and not while drawing.

use std::sync::Arc;

use kqv::Attention;

use super::layer::{Around, position};
use super::trace::Trace;
use super::{FEW, Line, Part, derive, paste};
use crate::bits::Bits;
use crate::layer::LayerTables;
use crate::positions::Positions;
use crate::question;
use crate::recorder::Job;
use crate::session::around::{LayerCell, LayerTable};
use crate::session::layout::Pane;
use crate::session::{FormatChoice, Question, Selection, Session, Shown, TableKind};
use crate::side::{Choice, RunError, alibi, attention};
use crate::source::Input;
use crate::steps::{Stage, Walk};

/// The selected cell in the format that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    key: Key,
    /// One query, watched.
    pub trace: Trace,
    /// The exact cell, in f64 of the numbers as they were given; none around the head.
    pub reference: Option<f64>,
    /// What leads to the cell.
    pub lines: Vec<Line>,
    /// As a Rust test, where a call computes it.
    pub test: Option<String>,
    /// The cell as bits, where it has any.
    pub bits: Option<Bits>,
}

/// What it depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Key {
    choice: Choice,
    focus: Selection,
    around: Option<LayerCell>,
    watched: usize,
    expanded: bool,
}

/// What it is worked out from.
pub struct Source<'a> {
    /// After all edits.
    pub input: &'a Input,
    /// What the user chose.
    pub session: &'a Session,
    /// What is pointed at or selected.
    pub focus: Selection,
    /// The layer around the head, where there is one.
    pub layer: Option<&'a LayerTables>,
    /// Positions.
    pub positions: Option<&'a Positions>,
}

impl Learned {
    /// Whether somebody looks.
    pub fn is_wanted(session: &Session) -> bool {
        [Pane::Steps, Pane::Derivation]
            .into_iter()
            .any(|pane| session.layout.is_open(pane))
    }

    /// That of the session, `before` if nothing changed, or none while nobody looks.
    ///
    /// # Errors
    /// [`RunError`], a sentence.
    pub fn of(
        before: Option<&Arc<Self>>,
        source: &Source<'_>,
    ) -> Result<Option<Arc<Self>>, RunError> {
        let Source { input, session, .. } = *source;
        if !Self::is_wanted(session) {
            return Ok(None);
        }
        let format = match session.shown {
            Shown::Right => session.right,
            _ => session.left,
        };
        // A walk stays with the query it began with; what is pointed at hides a cell around the head.
        let (focus, watched, around) = match session.learn.walk {
            Some(moment) => (session.selection, watched(input, session, moment), None),
            None if source.focus == session.selection => {
                (source.focus, source.focus.key, session.around)
            }
            None => (source.focus, source.focus.key, None),
        };
        let key = Key {
            choice: Choice::new(session, format),
            focus,
            around,
            watched,
            expanded: session.learn.expanded,
        };
        match before.filter(|before| before.key == key) {
            Some(before) => Ok(Some(Arc::clone(before))),
            None => Self::new(source, key).map(Arc::new).map(Some),
        }
    }

    fn new(source: &Source<'_>, key: Key) -> Result<Self, RunError> {
        let Source { input, session, .. } = *source;
        let Key { choice, focus, .. } = key;
        let trace = traced(input, choice, focus, key.watched)?;
        let exact = Choice {
            format: FormatChoice::F64,
            ..choice
        };
        let around = Around {
            input,
            edits: &session.edits,
            choice,
            most: if key.expanded { usize::MAX } else { FEW },
        };
        if let Some(cell) = key.around {
            return Ok(Self {
                key,
                reference: None,
                lines: layer_lines(source, around, cell)?,
                test: layer_test(source, choice, cell),
                bits: None,
                trace,
            });
        }
        let exact = traced(input, exact, focus, key.watched)?;
        Ok(Self {
            key,
            reference: Some(value(&exact, input, focus)),
            lines: lines(&trace, around, focus),
            test: paste::rust_test(&trace, choice.format.name(), focus)
                .or_else(|| paste::stored_test(input, &session.edits, choice, focus, &trace)),
            bits: bits(&trace, input, choice, focus),
            trace,
        })
    }

    /// In which format.
    pub fn format(&self) -> FormatChoice {
        match self.key.around {
            Some(_) => FormatChoice::F32,
            None => self.key.choice.format,
        }
    }

    /// Which cell.
    pub fn focus(&self) -> Selection {
        self.key.focus
    }

    /// The cell around the head that is meant instead, if one is.
    pub fn around(&self) -> Option<LayerCell> {
        self.key.around
    }
}

/// The key that a moment of a walk is about; the last one once the output is there.
fn watched(input: &Input, session: &Session, moment: usize) -> usize {
    let walk = Walk {
        query: session.selection.query,
        keys: input.keys,
        width: input.width,
    };
    let moment = walk.moment(moment);
    if moment.stage == Stage::Output {
        input.keys.saturating_sub(1)
    } else {
        moment.key
    }
}

/// Everything behind one of the seven tables' cells.
fn lines(trace: &Trace, around: Around<'_>, focus: Selection) -> Vec<Line> {
    let Around { input, choice, .. } = around;
    let derived = derive(trace, focus, input.width, around.most);
    if question::turns(input, choice) {
        return derived; // Q and K stand in each other's place: what is behind them has other names
    }
    let whole = trace.integers.as_ref().and_then(|integers| {
        let (row, column) = focus.cell_in(focus.table);
        let [q, k, v] = integers.scales;
        let (integers, at, scale) = match focus.table {
            TableKind::Q => (&integers.q, column, q),
            TableKind::K => (&integers.k, row * input.width + column, k),
            _ => (&integers.v, row * input.value_width + column, v),
        };
        Some((*integers.get(at)?, scale))
    });
    let seen: Vec<usize> = (0..input.keys).filter(|&key| trace.sees(key)).collect();
    let before = around.before_stored(focus, whole);
    [before, derived, around.behind(focus, &seen)].concat()
}

/// Everything behind a cell around the head.
fn layer_lines(
    source: &Source<'_>,
    around: Around<'_>,
    cell: LayerCell,
) -> Result<Vec<Line>, RunError> {
    if cell.table == LayerTable::Positions {
        let positions = source.positions;
        return Ok(positions.map_or_else(Vec::new, |positions| {
            position(positions, cell.row, cell.column)
        }));
    }
    let Some(tables) = source.layer else {
        return Ok(Vec::new());
    };
    let mut lines = around.cell(cell, tables);
    let wide = around.input.value_width.max(1);
    let (head, columns) = match cell.table {
        LayerTable::Concat => (
            cell.column / wide,
            cell.column % wide..cell.column % wide + 1,
        ),
        LayerTable::Output => (around.choice.head, 0..wide.min(around.most)),
        _ => return Ok(lines),
    };
    let choice = Choice {
        head,
        format: FormatChoice::F32,
        ..around.choice
    };
    let of_head = Around { choice, ..around };
    for (at, column) in columns.enumerate() {
        let focus = Selection {
            table: TableKind::Output,
            query: cell.row,
            key: 0,
            column,
        };
        let trace = traced(around.input, choice, focus, 0)?;
        let part = lines_of_head(self::lines(&trace, of_head, focus), at == 0);
        lines.extend(part);
    }
    Ok(lines)
}

/// What is behind all columns of a head is told once.
fn lines_of_head(lines: Vec<Line>, is_first: bool) -> impl Iterator<Item = Line> {
    let told = move |line: &Line| is_first || line.part == Part::Cell;
    lines.into_iter().filter(told).map(|line| match line.part {
        Part::Cell => line.of(Part::Head),
        _ => line,
    })
}

/// A test of the whole layer, where nothing but X and W decides.
fn layer_test(source: &Source<'_>, choice: Choice, cell: LayerCell) -> Option<String> {
    let Source { input, session, .. } = *source;
    let follows = session.edits.pinned(input) == 0;
    let asked = choice.question != Question::None;
    if cell.table != LayerTable::Output || asked || !follows {
        return None;
    }
    let expected = source.layer?.output()?.get(cell.row, cell.column)?;
    paste::layer_test(input, choice, cell, expected)
}

/// The kernel on the one query of `focus`, in any format.
fn traced(
    input: &Input,
    choice: Choice,
    focus: Selection,
    watched: usize,
) -> Result<Trace, RunError> {
    let (head, format) = question::asked(input, choice);
    let attention = attention(input, choice)?;
    let (width, i) = (input.width, focus.query);
    let job = Job {
        q: head.q.get(i * width..(i + 1) * width).unwrap_or_default(),
        k: head.k,
        v: head.v,
        keys: input.keys,
        width,
        value_width: input.value_width,
        attention: Attention {
            offset: attention.offset + i,
            ..attention
        },
        alibi: alibi(input, choice)?,
    };
    question::watch_asked(format, choice.question, &job, watched)
}

/// The cell of `focus`.
fn value(trace: &Trace, input: &Input, focus: Selection) -> f64 {
    let (key, column) = (focus.key, focus.column);
    let values = match focus.table {
        TableKind::Q => trace.q.get(column),
        TableKind::K => trace.k.get(key * input.width + column),
        TableKind::V => trace.v.get(key * input.value_width + column),
        TableKind::Raw => trace.raw.get(key),
        TableKind::Capped => trace.capped.get(key),
        TableKind::Masked => trace.masked.get(key),
        TableKind::Weights => trace.weights.get(key),
        TableKind::Output => trace.output.get(column),
    };
    values.copied().unwrap_or_default()
}

/// The integer of the cell as bits: elements as wide as they are, sums in 32 or 64, weights in 32 with 30 behind the point.
fn bits(trace: &Trace, input: &Input, choice: Choice, focus: Selection) -> Option<Bits> {
    let integers = trace.integers.as_ref()?;
    let (width, sum_width) = match choice.format {
        FormatChoice::I8(_) => (8, 32),
        _ => (16, 64),
    };
    let (head, _) = question::asked(input, choice);
    let [q_scale, k_scale, v_scale] = integers.scales;
    let element = |integer: Option<&i64>, real: Option<&f64>, scale: f64| {
        Some(Bits::new(*integer?, width, scale).of(*real?))
    };
    let Selection {
        query, key, column, ..
    } = focus;
    match focus.table {
        TableKind::Q => element(
            integers.q.get(column),
            head.q.get(query * input.width + column),
            q_scale,
        ),
        TableKind::K => {
            let at = key * input.width + column;
            element(integers.k.get(at), head.k.get(at), k_scale)
        }
        TableKind::V => {
            let at = key * input.value_width + column;
            element(integers.v.get(at), head.v.get(at), v_scale)
        }
        TableKind::Raw | TableKind::Capped | TableKind::Masked => {
            let dot = *integers.dots.get(key)?;
            Some(Bits::new(dot, sum_width, q_scale * k_scale))
        }
        TableKind::Weights => {
            let weight = *integers.weights.get(key)?;
            Some(Bits::new(weight, 32, 2.0_f64.powi(-30)))
        }
        TableKind::Output => {
            let columns = input.value_width.max(1);
            let values = integers.v.iter().skip(column).step_by(columns).copied();
            let output = *integers.output.get(column)?;
            let weights = integers.weights.iter().zip(&integers.scores);
            let seen: Vec<i64> = weights
                .map(|(&weight, score)| if score.is_some() { weight } else { 0 })
                .collect();
            Some(Bits::new(output, width, v_scale).of_mean(&seen, values, integers.sum))
        }
    }
}
