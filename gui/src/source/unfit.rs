//! What can be wrong with X and the weights in a file: names, shapes, values.

use std::fmt;

use super::error::{Problem, SourceError};
use super::input::MAX_SCORES;
use crate::arrays::{list, shape};

/// Why X and the weights make no layer, with the numbers that show it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unfit {
    X {
        shape: Vec<usize>,
    },
    Missing {
        name: &'static str,
    },
    Several {
        name: &'static str,
        found: Vec<String>,
    },
    Weights {
        name: &'static str,
        shape: Vec<usize>,
    },
    Inputs {
        name: &'static str,
        takes: usize,
        columns: usize,
    },
    Uneven {
        name: &'static str,
        all: usize,
        heads: usize,
    },
    /// What the weights have, and what is said beside them.
    HeadsSaid {
        name: &'static str,
        heads: usize,
        said: usize,
    },
    HeadsNumber {
        found: String,
    },
    Heads {
        heads: [usize; 3],
    },
    Width {
        q: usize,
        k: usize,
    },
    Joins {
        shape: Vec<usize>,
        rows: usize,
        columns: usize,
    },
    Bias {
        bias: String,
    },
    NotFinite {
        name: &'static str,
        place: Vec<usize>,
        value: f64,
    },
    TooLarge {
        tokens: usize,
    },
    Words {
        words: usize,
        tokens: usize,
    },
    /// Q, K or V is not finite although X and W are.
    Beyond,
}

impl Unfit {
    /// The problem of this file.
    pub(super) fn of(self, file: &str) -> SourceError {
        Problem::Unfit(self).of(file)
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::X { shape: axes } => write!(
                f,
                "X has shape {}: (tokens, width) is needed, none of them zero",
                shape(axes)
            ),
            Self::Missing { name } => write!(
                f,
                "it has X and no {name}: W_Q, W_K and W_V are needed, or q_proj.weight, k_proj.weight and v_proj.weight"
            ),
            Self::Several { name, found } => write!(
                f,
                "it has several arrays for {name}, {}: one layer is needed",
                list(found)
            ),
            Self::Weights { name, shape: axes } => write!(
                f,
                "{name} has shape {}: (width of X, columns of all heads) or (heads, width of X, columns) is needed, by PyTorch's names (columns of all heads, width of X)",
                shape(axes)
            ),
            Self::Inputs {
                name,
                takes,
                columns,
            } => write!(
                f,
                "X has {columns} columns and {name} takes {takes}: the same number is needed"
            ),
            Self::Uneven { name, all, heads } => write!(
                f,
                "{name} makes {all} columns: {heads} heads cannot share them evenly"
            ),
            Self::HeadsSaid { name, heads, said } => write!(
                f,
                "{name} has {heads} heads and \"heads\" says {said}: the same number is needed"
            ),
            Self::HeadsNumber { found } => {
                write!(f, "\"heads\" is {found}: a whole number from 1 is needed")
            }
            Self::Heads { heads: [q, k, v] } => write!(
                f,
                "W_Q has {q} heads, W_K has {k} and W_V has {v}: the same number is needed in all three"
            ),
            Self::Width { q, k } => write!(
                f,
                "W_Q makes {q} columns for a head and W_K {k}: a query and a key need the same width"
            ),
            Self::Joins {
                shape: axes,
                rows,
                columns,
            } => write!(
                f,
                "W_O has shape {} as it is multiplied: ({rows}, {columns}) is needed, the columns of all heads and those of X",
                shape(axes)
            ),
            Self::Bias { bias } => write!(
                f,
                "{bias} is not zero, and a layer here has no biases: save the q, k and v that it makes instead"
            ),
            Self::NotFinite { name, place, value } => {
                write!(f, "{name}{place:?} is {value}: finite numbers are needed")
            }
            Self::TooLarge { tokens } => write!(
                f,
                "{tokens} tokens make {} scores: at most {MAX_SCORES} can be shown",
                tokens.saturating_mul(*tokens)
            ),
            Self::Words { words, tokens } => write!(
                f,
                "there are {words} names for {tokens} tokens: one for each is needed"
            ),
            Self::Beyond => write!(
                f,
                "X times W leaves the range of f32: smaller numbers are needed"
            ),
        }
    }
}
