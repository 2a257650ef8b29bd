//! How the tables stand to each other.

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

impl Arrangement {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Beside => Self::Crossed,
            Self::Crossed => Self::Beside,
        }
    }
}
