//! How far a run may be from what it is held against.

use serde::{Deserialize, Serialize};

use super::numbers::Numbers;
use crate::session::TableKind;

/// How far a value may be from the reference, stage by stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Of Q, K and V, in units of the last place; rounding alone makes 0.5.
    pub operand_places: f64,
    /// Of a score, in real units: 0.1 changes a weight by about a tenth of it.
    pub score: f64,
    /// Of a weight, in real units.
    pub weight: f64,
    /// Of the output, in units of the last place.
    pub output_places: f64,
    /// The bits of the accumulator that a dot product must fit; none is exact, as the kernel is.
    #[serde(default)]
    pub sum_bits: Option<u8>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            operand_places: 1.0,
            score: 0.25,
            weight: 0.05,
            output_places: 4.0,
            sum_bits: None,
        }
    }
}

impl Budget {
    /// The greatest error allowed in a cell, in real units.
    pub(super) fn of(&self, numbers: Numbers, kind: TableKind, value: f64) -> f64 {
        let place = numbers.place(kind, value).unwrap_or_default();
        match kind {
            TableKind::Q | TableKind::K | TableKind::V => self.operand_places * place,
            TableKind::Raw | TableKind::Capped | TableKind::Masked => self.score,
            TableKind::Weights => self.weight,
            TableKind::Output => self.output_places * place,
        }
    }
}
