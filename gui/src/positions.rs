//! Where tokens stand, as tables: every number is asked of the kernel.

use kqv::{Pairing, Rotary, Sinusoidal};
use serde::{Deserialize, Serialize};

use crate::table::Table;

/// Which positions are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PositionKind {
    /// Sine and cosine in turn: the paper.
    #[default]
    Interleaved,
    /// First all sines, then all cosines: `Tensor2Tensor`, figure 23 of The Illustrated Transformer.
    Halves,
    /// Cosines and sines of the angles that adjacent columns are turned by.
    RotaryAdjacent,
    /// The same for columns half a row apart.
    RotaryHalves,
}

impl PositionKind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Interleaved,
        Self::Halves,
        Self::RotaryAdjacent,
        Self::RotaryHalves,
    ];

    /// As it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interleaved => "Sinusoidal, in turn",
            Self::Halves => "Sinusoidal, halves",
            Self::RotaryAdjacent => "Rotary, adjacent",
            Self::RotaryHalves => "Rotary, halves",
        }
    }

    /// What a row of it says.
    pub fn about(self) -> &'static str {
        match self {
            Self::Interleaved => {
                "added to each token: sin and cos of position / 10,000^(2p/X) in turn, as in the paper"
            }
            Self::Halves => {
                "added to each token: all sines, then all cosines, as Tensor2Tensor and figure 23 have it"
            }
            Self::RotaryAdjacent => {
                "what becomes of (1, 0) in columns 2p and 2p + 1: cos and sin of the turn"
            }
            Self::RotaryHalves => {
                "what becomes of (1, 0) in columns p and p + D/2: cos and sin of the turn"
            }
        }
    }

    /// The table of the first positions, (positions, columns); rotary needs an even number of columns
    /// and leaves out the last of an odd one.
    pub fn table(self, positions: usize, columns: usize) -> Table {
        let rotary = |pairing| rotary(positions, columns / 2 * 2, pairing);
        match self {
            Self::Interleaved => sinusoidal(Sinusoidal::Interleaved, positions, columns),
            Self::Halves => sinusoidal(Sinusoidal::Halves, positions, columns),
            Self::RotaryAdjacent => rotary(Pairing::Adjacent),
            Self::RotaryHalves => rotary(Pairing::Halves),
        }
    }
}

/// Which positions are shown, how many, how wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PositionsView {
    /// Which kind.
    pub kind: PositionKind,
    /// From zero on.
    pub positions: usize,
    /// X for sinusoidal, D for rotary positions.
    pub columns: usize,
}

impl Default for PositionsView {
    /// The picture of figure 25: 20 positions.
    fn default() -> Self {
        Self {
            kind: PositionKind::Interleaved,
            positions: 20,
            columns: 64,
        }
    }
}

/// The table of one choice.
#[derive(Debug)]
pub struct Positions {
    /// What was chosen.
    pub view: PositionsView,
    /// (positions, columns).
    pub table: Table,
}

impl Positions {
    /// Asks the kernel.
    pub fn new(view: PositionsView) -> Self {
        let table = view.kind.table(view.positions, view.columns);
        Self { view, table }
    }
}

fn sinusoidal(kind: Sinusoidal, positions: usize, columns: usize) -> Table {
    let row = |position| (0..columns).map(move |x| kind.value(position, x, columns));
    Table::new(positions, columns, (0..positions).flat_map(row).collect())
}

/// The pair (1, 0) in every pair of columns, turned to each position.
fn rotary(positions: usize, columns: usize, pairing: Pairing) -> Table {
    let first_of_pair = |x: usize| match pairing {
        Pairing::Adjacent => x.is_multiple_of(2),
        Pairing::Halves => x < columns / 2,
    };
    let start: Vec<f64> = (0..columns)
        .map(|x| if first_of_pair(x) { 1.0 } else { 0.0 })
        .collect();
    let mut values = Vec::new();
    for position in 0..positions {
        let mut row = start.clone();
        // An even width that is that of the row cannot be refused.
        if let Ok(rotary) = Rotary::new(columns, pairing)
            && rotary.rotate(&mut row, position).is_ok()
        {
            values.append(&mut row);
        }
    }
    Table::new(positions, columns, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(kind: PositionKind, position: usize) -> Vec<f64> {
        let table = kind.table(3, 4);
        let round = |value: &f64| (value * 1e4).round() / 1e4;
        table.row(position).iter().map(round).collect()
    }

    #[test]
    fn the_rows_are_those_of_the_figure_and_of_the_paper() {
        assert_eq!(rounded(PositionKind::Halves, 0), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(
            rounded(PositionKind::Halves, 1),
            [0.8415, 0.0001, 0.5403, 1.0]
        );
        assert_eq!(
            rounded(PositionKind::Halves, 2),
            [0.9093, 0.0002, -0.4161, 1.0]
        );
        assert_eq!(
            rounded(PositionKind::Interleaved, 1),
            [0.8415, 0.5403, 0.01, 1.0]
        );
    }

    #[test]
    fn a_turn_is_a_cosine_and_a_sine() {
        assert_eq!(
            rounded(PositionKind::RotaryAdjacent, 0),
            [1.0, 0.0, 1.0, 0.0]
        );
        assert_eq!(
            rounded(PositionKind::RotaryAdjacent, 1),
            [0.5403, 0.8415, 1.0, 0.01]
        );
        assert_eq!(
            rounded(PositionKind::RotaryHalves, 1),
            [0.5403, 1.0, 0.8415, 0.01]
        );
        assert_eq!(PositionKind::RotaryHalves.table(2, 5).columns(), 4);
    }
}
