//! One format's run of one head: its seven tables, and what its last place is worth.

use std::fmt;
use std::sync::Arc;

use kqv::{Attention, Float, Quantized, QuantizedError, ScaleError, ShapeError};

use crate::question;
use crate::recorder::{Job, Record, record};
use crate::session::{FormatChoice, FractionBits, Mask, Question, Scaling, Session, TableKind};
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
    tables: [Table; 7],
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
        // Only a question of the learner changes what the mask leaves.
        let masked = if record.masked.is_empty() {
            raw.twin()
        } else {
            Table::new(queries, keys, record.masked)
        }
        .masked(Arc::clone(&visible));
        let tables = [
            Table::new(queries, input.width, record.q),
            Table::new(keys, input.width, record.k),
            Table::new(keys, input.value_width, record.v),
            raw,
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

    /// Whether the scores after the mask are those before it, hidden ones aside: no question changed them.
    pub fn mask_moves_no_score(&self) -> bool {
        self.table(TableKind::Masked)
            .is_twin_of(self.table(TableKind::Raw))
    }

    /// The weights alone.
    pub fn into_weights(self) -> Table {
        let [_, _, _, _, _, weights, _] = self.tables;
        weights
    }

    /// One of its tables.
    pub fn table(&self, kind: TableKind) -> &Table {
        let [q, k, v, raw, masked, weights, output] = &self.tables;
        match kind {
            TableKind::Q => q,
            TableKind::K => k,
            TableKind::V => v,
            TableKind::Raw => raw,
            TableKind::Masked => masked,
            TableKind::Weights => weights,
            TableKind::Output => output,
        }
    }
}

/// What the kernel is asked for. Behind a causal mask the last query sees every key.
///
/// # Errors
/// [`RunError`] if the input asks for a scale that is no number.
pub fn attention(input: &Input, choice: Choice) -> Result<Attention, RunError> {
    let factor = match choice.scaling {
        Scaling::On => scale_of(input),
        Scaling::Off => 1.0,
    };
    Ok(Attention {
        scale: kqv::Scale::new(factor)?,
        softcap: kqv::Softcap::NONE,
        mask: match choice.mask {
            Mask::None => kqv::Mask::None,
            Mask::Causal => kqv::Mask::Causal,
        },
        offset: input.keys.saturating_sub(input.queries),
    })
}

/// [`record`] in a format chosen at run time.
///
/// # Errors
/// [`RunError`], a sentence.
pub fn record_in(format: FormatChoice, job: &Job<'_>) -> Result<Record, RunError> {
    Ok(match format {
        FormatChoice::F32 => record(Float::<f32>::FORMAT, job)?,
        FormatChoice::F64 => record(Float::<f64>::FORMAT, job)?,
        FormatChoice::I16(FractionBits { q, k, v }) => {
            record(Quantized::<i16>::from_fraction_bits(q, k, v)?, job)?
        }
        FormatChoice::I8(FractionBits { q, k, v }) => {
            record(Quantized::<i8>::from_fraction_bits(q, k, v)?, job)?
        }
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
    /// `scale` is the softmax scale.
    pub fn of(format: FormatChoice, kind: TableKind, scale: f64) -> Self {
        let FractionBits { q, k, v } = match format {
            FormatChoice::F32 => return Self::Single,
            FormatChoice::F64 => return Self::Double,
            FormatChoice::I16(bits) | FormatChoice::I8(bits) => bits,
        };
        Self::Even(match kind {
            TableKind::Q => 2.0_f64.powi(-q),
            TableKind::K => 2.0_f64.powi(-k),
            TableKind::V | TableKind::Output => 2.0_f64.powi(-v),
            TableKind::Raw | TableKind::Masked => 2.0_f64.powi(-q - k) * scale.abs(),
            TableKind::Weights => 1.0 / f64::from(kqv::WEIGHT_ONE),
        })
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

/// What one unit of the last place is worth at `value`.
pub fn last_place(format: FormatChoice, kind: TableKind, value: f64, scale: f64) -> f64 {
    LastPlace::of(format, kind, scale).at(value)
}

/// Why a session cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunError {
    /// The shape and the format do not fit.
    Shape(ShapeError),
    /// The fraction bits are beyond all reason.
    Quantized(QuantizedError),
    /// The scale is no number.
    Scale(ScaleError),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(error) => error.fmt(f),
            Self::Quantized(error) => error.fmt(f),
            Self::Scale(error) => error.fmt(f),
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
