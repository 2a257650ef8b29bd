//! One matrix of an input that can be edited, and one cell of it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::session::TableKind;
use crate::source::{Input, Layer};

/// What can be edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operand {
    /// Tokens, (T, X).
    X,
    /// (X, D) of one head.
    WQ,
    /// (X, D) of one head.
    WK,
    /// (X, E) of one head.
    WV,
    /// (H·E, X), of all heads.
    WO,
    /// Queries, (T, D) of one head.
    Q,
    /// Keys, (S, D) of one head.
    K,
    /// Values, (S, E) of one head.
    V,
}

impl Operand {
    /// In the order in which one follows from the other.
    pub const ALL: [Self; 8] = [
        Self::X,
        Self::WQ,
        Self::WK,
        Self::WV,
        Self::WO,
        Self::Q,
        Self::K,
        Self::V,
    ];

    /// As it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::X => "X",
            Self::WQ => "W_Q",
            Self::WK => "W_K",
            Self::WV => "W_V",
            Self::WO => "W_O",
            Self::Q => "Q",
            Self::K => "K",
            Self::V => "V",
        }
    }

    /// The one that a table shows, if it shows one.
    pub fn of_table(kind: TableKind) -> Option<Self> {
        match kind {
            TableKind::Q => Some(Self::Q),
            TableKind::K => Some(Self::K),
            TableKind::V => Some(Self::V),
            _ => None,
        }
    }

    /// What X is multiplied by to make it, if it is made so.
    pub fn weights(self) -> Option<Self> {
        match self {
            Self::Q => Some(Self::WQ),
            Self::K => Some(Self::WK),
            Self::V => Some(Self::WV),
            _ => None,
        }
    }

    /// Whether Q, K and V follow from it.
    pub fn is_of_layer(self) -> bool {
        !matches!(self, Self::Q | Self::K | Self::V)
    }

    /// Whether every head has its own.
    pub fn is_of_head(self) -> bool {
        !matches!(self, Self::X | Self::WO)
    }
}

/// One matrix of one head; X and `W_O` belong to head 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MatrixId {
    /// Which operand.
    pub operand: Operand,
    /// Of which layer.
    pub layer: usize,
    /// Of which head.
    pub head: usize,
}

impl MatrixId {
    /// The operand as head `head` of layer `layer` has it.
    pub fn new(operand: Operand, layer: usize, head: usize) -> Self {
        let (layer, head) = match operand.is_of_head() {
            true if operand.is_of_layer() => (0, head),
            true => (layer, head),
            false => (0, 0),
        };
        Self {
            operand,
            layer,
            head,
        }
    }

    /// Rows and columns; `None` if the input has no such matrix.
    pub fn shape(self, input: &Input) -> Option<(usize, usize)> {
        let shape = match self.operand {
            Operand::Q => (input.queries, input.width),
            Operand::K => (input.keys, input.width),
            Operand::V => (input.keys, input.value_width),
            operand => {
                let layer = input.layer.as_ref()?;
                match operand {
                    Operand::WO if layer.w_o.is_empty() => return None,
                    Operand::X => (layer.tokens, layer.columns),
                    Operand::WO => (layer.heads * layer.value_width, layer.columns),
                    Operand::WV => (layer.columns, layer.value_width),
                    _ => (layer.columns, layer.width),
                }
            }
        };
        (self.layer < input.layers && self.head < input.heads).then_some(shape)
    }

    /// Its numbers, row after row; empty if the input has no such matrix.
    pub fn values(self, input: &Input) -> &[f64] {
        let Some(range) = self.range(input) else {
            return &[];
        };
        let layer = |of: fn(&Layer) -> &Vec<f64>| input.layer.as_ref().map(of);
        let all = match self.operand {
            Operand::Q => Some(&input.q),
            Operand::K => Some(&input.k),
            Operand::V => Some(&input.v),
            Operand::X => layer(|layer| &layer.x),
            Operand::WQ => layer(|layer| &layer.w_q),
            Operand::WK => layer(|layer| &layer.w_k),
            Operand::WV => layer(|layer| &layer.w_v),
            Operand::WO => layer(|layer| &layer.w_o),
        };
        all.and_then(|all| all.get(range)).unwrap_or_default()
    }

    /// The same, to be changed.
    pub fn values_mut(self, input: &mut Input) -> &mut [f64] {
        let Some(range) = self.range(input) else {
            return &mut [];
        };
        let layer = input.layer.as_mut();
        let all = match self.operand {
            Operand::Q => Some(&mut input.q),
            Operand::K => Some(&mut input.k),
            Operand::V => Some(&mut input.v),
            Operand::X => layer.map(|layer| &mut layer.x),
            Operand::WQ => layer.map(|layer| &mut layer.w_q),
            Operand::WK => layer.map(|layer| &mut layer.w_k),
            Operand::WV => layer.map(|layer| &mut layer.w_v),
            Operand::WO => layer.map(|layer| &mut layer.w_o),
        };
        all.and_then(|all| all.get_mut(range)).unwrap_or_default()
    }

    fn range(self, input: &Input) -> Option<Range<usize>> {
        let (rows, columns) = self.shape(input)?;
        let at = match self.operand {
            operand if operand.is_of_layer() => self.head,
            _ => self.layer * input.heads + self.head,
        };
        let cells = rows * columns;
        Some(at * cells..(at + 1) * cells)
    }
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Of which matrix.
    pub matrix: MatrixId,
    /// From zero.
    pub row: usize,
    /// From zero.
    pub column: usize,
}

impl Place {
    /// Its number; `None` if there is no such cell.
    pub fn value(self, input: &Input) -> Option<f64> {
        let at = self.index(input)?;
        self.matrix.values(input).get(at).copied()
    }

    /// Where it lies in its matrix.
    pub(super) fn index(self, input: &Input) -> Option<usize> {
        let (rows, columns) = self.matrix.shape(input)?;
        (self.row < rows && self.column < columns).then(|| self.row * columns + self.column)
    }
}
