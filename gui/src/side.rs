//! One format's run of one head: its seven tables, and what its last place is worth.

use std::fmt;
use std::sync::Arc;

use kqv::{Alibi, Attention, Float, QuantizedError, ScaleError, ShapeError, SoftcapError};

use crate::question;
use crate::recorder::{Job, Record, record};
use crate::session::{Changes, FormatChoice, Mask, Question, Scaling, Session, TableKind};
use crate::source::{Input, scale_of};
use crate::table::Table;

/// What a run depends on; while it stays, the tables stay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Which layer.
    pub layer: usize,
    /// Which head of it.
    pub head: usize,
    /// Who may look at whom.
    pub mask: Mask,
    /// By what a dot product is multiplied.
    pub scaling: Scaling,
    /// What else happens to scores.
    pub changes: Changes,
    /// In which numbers.
    pub format: FormatChoice,
    /// What if?
    pub question: Question,
}

impl Choice {
    /// What the session chose, in one of its formats.
    pub fn new(session: &Session, format: FormatChoice) -> Self {
        Self {
            layer: session.layer,
            head: session.head,
            mask: session.mask,
            scaling: session.scaling,
            changes: session.changes,
            format,
            question: session.learn.question,
        }
    }

    /// As it is without any question, and divided by √D.
    #[must_use]
    pub fn original(self) -> Self {
        Self {
            scaling: Scaling::On,
            question: Question::None,
            ..self
        }
    }
}

/// Everything that one format showed of one head.
#[derive(Debug)]
pub struct Side {
    /// What it was computed from.
    pub choice: Choice,
    /// Values of Q, K and V beyond the range of the format.
    pub saturated: [usize; 3],
    tables: [Table; 8],
}

impl Side {
    /// Runs the kernel.
    ///
    /// # Errors
    /// [`RunError`], a sentence.
    pub fn new(input: &Input, choice: Choice) -> Result<Self, RunError> {
        let attention = attention(input, choice)?;
        let (head, format) = question::asked(input, choice);
        let mut record = question::record_asked(
            format,
            choice.question,
            &Job {
                q: head.q,
                k: head.k,
                v: head.v,
                keys: input.keys,
                width: input.width,
                value_width: input.value_width,
                attention,
                alibi: alibi(input, choice)?,
            },
        )?;
        if question::turns(input, choice) {
            // Q and K are shown as they are; only their parts are swapped.
            std::mem::swap(&mut record.q, &mut record.k);
            record.saturated.swap(0, 1);
        }
        let (queries, keys) = (input.queries, input.keys);
        let visible: Arc<[_]> = record.visible.into();
        let raw = Table::new(queries, keys, record.raw);
        // Where nothing changes a score, a stage is the one before.
        let stage = |values: Vec<f64>, before: &Table| {
            if values.is_empty() {
                before.twin()
            } else {
                Table::new(queries, keys, values)
            }
        };
        let capped = stage(record.capped, &raw);
        let masked = stage(record.masked, &capped).masked(Arc::clone(&visible));
        let tables = [
            Table::new(queries, input.width, record.q),
            Table::new(keys, input.width, record.k),
            Table::new(keys, input.value_width, record.v),
            raw,
            capped,
            masked,
            Table::new(queries, keys, record.weights).masked(visible),
            Table::new(queries, input.value_width, record.output),
        ];
        Ok(Self {
            choice,
            saturated: record.saturated,
            tables,
        })
    }

    /// Whether both tables are the same numbers, hidden ones aside: nothing changed them in between.
    pub fn is_same(&self, kind: TableKind, before: TableKind) -> bool {
        self.table(kind).is_twin_of(self.table(before))
    }

    /// The weights alone.
    pub fn into_weights(self) -> Table {
        let [_, _, _, _, _, _, weights, _] = self.tables;
        weights
    }

    /// One of its tables.
    pub fn table(&self, kind: TableKind) -> &Table {
        let [q, k, v, raw, capped, masked, weights, output] = &self.tables;
        match kind {
            TableKind::Q => q,
            TableKind::K => k,
            TableKind::V => v,
            TableKind::Raw => raw,
            TableKind::Capped => capped,
            TableKind::Masked => masked,
            TableKind::Weights => weights,
            TableKind::Output => output,
        }
    }
}

/// What the kernel is asked for. Behind a causal mask the last query sees every key.
///
/// # Errors
/// [`RunError`] if the input asks for a scale, or the session for a soft cap, that is no number.
pub fn attention(input: &Input, choice: Choice) -> Result<Attention, RunError> {
    let factor = match choice.scaling {
        Scaling::On => scale_of(input),
        Scaling::Off => 1.0,
    };
    Ok(Attention {
        scale: kqv::Scale::new(factor)?,
        softcap: match choice.changes.softcap {
            None => kqv::Softcap::NONE,
            Some(cap) => kqv::Softcap::new(cap)?,
        },
        mask: match choice.mask {
            Mask::None => kqv::Mask::None,
            Mask::Causal => kqv::Mask::Causal,
        },
        offset: input.keys.saturating_sub(input.queries),
    })
}

/// The bias of the head, if there is one.
///
/// # Errors
/// [`RunError`] if its slope is no number.
pub fn alibi(input: &Input, choice: Choice) -> Result<Option<Alibi>, RunError> {
    let alibi = choice.changes.alibi(choice.head, input.heads);
    match alibi {
        Some(Alibi { slope }) if !slope.is_finite() => Err(RunError::Slope(slope)),
        alibi => Ok(alibi),
    }
}

/// [`record`] in a format chosen at run time.
///
/// # Errors
/// [`RunError`], a sentence.
pub fn record_in(format: FormatChoice, job: &Job<'_>) -> Result<Record, RunError> {
    Ok(match format {
        FormatChoice::F32 => record(Float::<f32>::FORMAT, job)?,
        FormatChoice::F64 => record(Float::<f64>::FORMAT, job)?,
        FormatChoice::I16(steps) => record(steps.quantized::<i16>()?, job)?,
        FormatChoice::I8(steps) => record(steps.quantized::<i8>()?, job)?,
    })
}

/// What one unit of the last place is worth in one table of one format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LastPlace {
    /// The distance to the next f32.
    Single,
    /// The distance to the next f64.
    Double,
    /// The same everywhere.
    Even(f64),
}

impl LastPlace {
    /// `scale` is the softmax scale. None for the weights of integers: each is a share of a sum of 30-bit weights,
    /// whose last place is far below whatever matters.
    pub fn of(format: FormatChoice, kind: TableKind, scale: f64) -> Option<Self> {
        let [q, k, v] = match format {
            FormatChoice::F32 => return Some(Self::Single),
            FormatChoice::F64 => return Some(Self::Double),
            FormatChoice::I16(steps) | FormatChoice::I8(steps) => steps.reals(),
        };
        let place = match kind {
            TableKind::Q => q,
            TableKind::K => k,
            TableKind::V | TableKind::Output => v,
            TableKind::Raw | TableKind::Capped | TableKind::Masked => q * k * scale.abs(),
            TableKind::Weights => return None,
        };
        Some(Self::Even(place))
    }

    /// At `value`.
    pub fn at(self, value: f64) -> f64 {
        match self {
            Self::Single => {
                #[expect(clippy::cast_possible_truncation, reason = "rounded to the format")]
                let single = (value.abs() as f32).max(f32::MIN_POSITIVE);
                f64::from(single.next_up() - single)
            }
            Self::Double => {
                let double = value.abs().max(f64::MIN_POSITIVE);
                double.next_up() - double
            }
            Self::Even(place) => place,
        }
    }
}

/// Why a session cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunError {
    /// The shape and the format do not fit.
    Shape(ShapeError),
    /// The steps are nothing one can divide by.
    Quantized(QuantizedError),
    /// The scale is no number.
    Scale(ScaleError),
    /// The soft cap is none.
    Softcap(SoftcapError),
    /// The slope of the bias is no number.
    Slope(f32),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(error) => error.fmt(f),
            Self::Quantized(error) => error.fmt(f),
            Self::Scale(error) => error.fmt(f),
            Self::Softcap(error) => error.fmt(f),
            Self::Slope(slope) => {
                write!(f, "The slope is {slope}: a finite number is needed")
            }
        }
    }
}

impl std::error::Error for RunError {}

impl From<ShapeError> for RunError {
    fn from(error: ShapeError) -> Self {
        Self::Shape(error)
    }
}

impl From<QuantizedError> for RunError {
    fn from(error: QuantizedError) -> Self {
        Self::Quantized(error)
    }
}

impl From<ScaleError> for RunError {
    fn from(error: ScaleError) -> Self {
        Self::Scale(error)
    }
}

impl From<SoftcapError> for RunError {
    fn from(error: SoftcapError) -> Self {
        Self::Softcap(error)
    }
}
