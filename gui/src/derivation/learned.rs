//! What the learner's views show of the selected cell, worked out when it changes and not while drawing.

use std::sync::Arc;

use kqv::Attention;

use super::trace::Trace;
use super::{FEW, Line, derive, paste};
use crate::bits::Bits;
use crate::question;
use crate::recorder::Job;
use crate::session::layout::Pane;
use crate::session::{FormatChoice, Selection, Session, Shown, TableKind};
use crate::side::{Choice, RunError, alibi, attention};
use crate::source::Input;
use crate::steps::{Stage, Walk};

/// The selected cell in the format that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    key: Key,
    /// One query, watched.
    pub trace: Trace,
    /// The exact cell, in f64 of the numbers as they were given.
    pub reference: f64,
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
    watched: usize,
    expanded: bool,
}

impl Learned {
    /// That of the session, `before` if nothing changed, or none while nobody looks.
    ///
    /// # Errors
    /// [`RunError`], a sentence.
    pub fn of(
        before: Option<&Arc<Self>>,
        input: &Input,
        session: &Session,
        focus: Selection,
    ) -> Result<Option<Arc<Self>>, RunError> {
        let looks = [Pane::Steps, Pane::Derivation].map(|pane| session.layout.is_open(pane));
        if !looks.contains(&true) {
            return Ok(None);
        }
        let format = match session.shown {
            Shown::Right => session.right,
            _ => session.left,
        };
        // A walk stays with the query it began with.
        let (focus, watched) = match session.learn.walk {
            Some(moment) => {
                let walk = Walk {
                    query: session.selection.query,
                    keys: input.keys,
                    width: input.width,
                };
                let moment = walk.moment(moment);
                let last = moment.stage == Stage::Output;
                let key = if last {
                    input.keys.saturating_sub(1)
                } else {
                    moment.key
                };
                (session.selection, key)
            }
            None => (focus, focus.key),
        };
        let key = Key {
            choice: Choice::new(session, format),
            focus,
            watched,
            expanded: session.learn.expanded,
        };
        match before.filter(|before| before.key == key) {
            Some(before) => Ok(Some(Arc::clone(before))),
            None => Self::new(input, key).map(Arc::new).map(Some),
        }
    }

    fn new(input: &Input, key: Key) -> Result<Self, RunError> {
        let Key { choice, focus, .. } = key;
        let trace = traced(input, choice, focus, key.watched)?;
        let exact = Choice {
            format: FormatChoice::F64,
            ..choice
        };
        let exact = traced(input, exact, focus, key.watched)?;
        let most = if key.expanded { usize::MAX } else { FEW };
        Ok(Self {
            key,
            reference: value(&exact, input, focus),
            lines: derive(&trace, focus, input.width, most),
            test: paste::rust_test(&trace, choice.format.name(), focus),
            bits: bits(&trace, input, choice, focus),
            trace,
        })
    }

    /// In which format.
    pub fn format(&self) -> FormatChoice {
        self.key.choice.format
    }

    /// Which cell.
    pub fn focus(&self) -> Selection {
        self.key.focus
    }
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
