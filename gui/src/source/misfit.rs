//! What can be wrong with three tensors that were read: shapes, values, tokens.

use std::fmt;

use super::error::{Problem, SourceError};
use super::input::MAX_SCORES;
use crate::arrays::shape;

/// Why three tensors make no input, with the numbers that show it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Misfit {
    Rank {
        tensor: &'static str,
        shape: Vec<usize>,
    },
    Stacks {
        stacks: [(usize, usize); 3],
    },
    Width {
        q: usize,
        k: usize,
    },
    Keys {
        k: usize,
        v: usize,
    },
    TooLarge {
        queries: usize,
        keys: usize,
    },
    NotFinite {
        tensor: &'static str,
        place: Vec<usize>,
        value: f64,
    },
    Tokens {
        tokens: usize,
        queries: usize,
        keys: usize,
    },
}

impl Misfit {
    /// The problem of this file.
    pub(super) fn of(self, file: &str) -> SourceError {
        Problem::Misfit(self).of(file)
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rank {
                tensor,
                shape: axes,
            } => write!(
                f,
                "{tensor} has shape {}: (tokens, width), (heads, tokens, width) or (layers, heads, tokens, width) is needed, none of them zero",
                shape(axes)
            ),
            Self::Stacks { stacks: [q, k, v] } => write!(
                f,
                "q has {} layers of {} heads, k has {} of {} and v has {} of {}: the same number is needed in all three",
                q.0, q.1, k.0, k.1, v.0, v.1
            ),
            Self::Width { q, k } => write!(
                f,
                "q has {q} columns and k has {k}: a query and a key need the same width"
            ),
            Self::Keys { k, v } => write!(
                f,
                "k has {k} rows and v has {v}: every key needs one row of values"
            ),
            Self::TooLarge { queries, keys } => write!(
                f,
                "{queries} queries by {keys} keys are {} scores: at most {MAX_SCORES} can be shown",
                queries.saturating_mul(*keys)
            ),
            Self::NotFinite {
                tensor,
                place,
                value,
            } => write!(f, "{tensor}{place:?} is {value}: finite numbers are needed"),
            Self::Tokens {
                tokens,
                queries,
                keys,
            } => write!(
                f,
                "there are {tokens} tokens for {queries} queries and {keys} keys: one for each is needed"
            ),
        }
    }
}
