//! Why something cannot be edited so, each in one sentence.

use std::fmt;

use super::MAX_NUMBER;

/// What is wrong with what was typed or pasted.
#[derive(Clone, Debug, PartialEq)]
pub enum EditError {
    /// Text that is no number.
    NotANumber {
        /// The beginning of it.
        found: String,
    },
    /// A number beyond ±[`MAX_NUMBER`].
    TooLarge {
        /// It.
        found: String,
    },
    /// The clipboard holds no number.
    Empty,
    /// Lines of different length.
    Ragged {
        /// Counted from one.
        line: usize,
        /// In this line.
        values: usize,
        /// In the first.
        others: usize,
    },
    /// A block that goes beyond the matrix.
    NoRoom {
        /// Rows and columns of the block.
        block: (usize, usize),
        /// Row and column of its first cell.
        at: (usize, usize),
        /// The name of the matrix.
        matrix: &'static str,
        /// Rows and columns that are left from there.
        room: (usize, usize),
    },
    /// Neither one per query nor one per key.
    Tokens {
        /// How many there are.
        words: usize,
        /// T.
        queries: usize,
        /// S.
        keys: usize,
    },
    /// There is no such cell or matrix.
    Nowhere,
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber { found } => write!(
                f,
                "\"{found}\" is no number: type one like -1.25, 1e-3 or 1/3"
            ),
            Self::TooLarge { found } => {
                write!(
                    f,
                    "{found} is beyond ±{MAX_NUMBER:e}: type a smaller number"
                )
            }
            Self::Empty => write!(
                f,
                "The clipboard holds no numbers: copy a block of cells first"
            ),
            Self::Ragged {
                line,
                values,
                others,
            } => write!(f, "Line {line} has {values} values, the first has {others}"),
            Self::NoRoom {
                block: (rows, columns),
                at: (row, column),
                matrix,
                room: (down, across),
            } => write!(
                f,
                "A block of {rows} by {columns} does not fit at ({row}, {column}) of {matrix}, where there is room for {down} by {across}: select a cell further up or left"
            ),
            Self::Tokens {
                words,
                queries,
                keys,
            } if queries == keys => {
                write!(f, "{words} tokens for {queries} rows: type {queries} words")
            }
            Self::Tokens {
                words,
                queries,
                keys,
            } => write!(
                f,
                "{words} tokens for {queries} queries and {keys} keys: type {queries} or {keys} words"
            ),
            Self::Nowhere => write!(
                f,
                "There is no such cell: select a cell of Q, K, V, X or W first"
            ),
        }
    }
}

impl std::error::Error for EditError {}
