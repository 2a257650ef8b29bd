//! How the tables stand, and what stands beside them.

use serde::{Deserialize, Serialize};

/// How the tables stand to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrangement {
    /// Beside each other, in reading order.
    #[default]
    Beside,
    /// A product right of the one and below the other of its factors.
    Crossed,
}

/// What can stand beside the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aside {
    /// Other numbers, by formula or from nothing; own tokens.
    Change,
    /// All heads at once.
    Heads,
    /// X, the weights, concat and `W_O`; sinusoidal and rotary positions.
    Positions,
}

impl Aside {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Change, Self::Heads, Self::Positions];

    /// As it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Change => "Change",
            Self::Heads => "Heads",
            Self::Positions => "Layer",
        }
    }

    /// What is in it.
    pub fn about(self) -> &'static str {
        match self {
            Self::Change => "Other numbers by formula, own tokens, a small input from nothing",
            Self::Heads => "All heads at once, sorted by how widely and how far they look",
            Self::Positions => "X, W, concat and W_O of the layer; sinusoidal and rotary positions",
        }
    }
}
