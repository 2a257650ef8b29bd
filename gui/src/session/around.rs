//! A cell of the layer around the head, or of the table of positions.

use serde::{Deserialize, Serialize};

use super::{Session, TableKind};
use crate::edit::{MatrixId, Operand, Place};

/// One of the matrices around the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LayerTable {
    /// X, `W_Q`, `W_K`, `W_V` or `W_O`.
    Operand(Operand),
    /// The outputs of all heads beside each other, (T, H·E).
    Concat,
    /// Times `W_O`, (T, X).
    Output,
    /// X and the layer's output added, every row brought to mean 0 and variance 1, (T, X).
    Normed,
    /// Positions, (positions, columns).
    Positions,
}

impl LayerTable {
    /// As it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operand(operand) => operand.name(),
            Self::Concat => "Concat",
            Self::Output => "Layer output",
            Self::Normed => "LayerNorm",
            Self::Positions => "Positions",
        }
    }

    /// The one of the seven that has its colour.
    pub fn kin(self) -> TableKind {
        match self {
            Self::Operand(Operand::WQ) => TableKind::Q,
            Self::Operand(Operand::WK) => TableKind::K,
            Self::Operand(Operand::WV) => TableKind::V,
            _ => TableKind::Output,
        }
    }
}

/// One cell of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerCell {
    /// Of which matrix.
    pub table: LayerTable,
    /// From zero.
    pub row: usize,
    /// From zero.
    pub column: usize,
}

impl LayerCell {
    /// The cell that is edited when it is, as the head of the session has it.
    pub fn place(self, session: &Session) -> Option<Place> {
        let LayerTable::Operand(operand) = self.table else {
            return None;
        };
        Some(Place {
            matrix: MatrixId::new(operand, session.layer, session.head),
            row: self.row,
            column: self.column,
        })
    }
}
