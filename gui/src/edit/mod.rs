//! Other numbers than those of the source: cell by cell, block by block, by formula.
//!
//! The source stays as it is. An edit is a place and a number; applied to the input they give the
//! input that is computed.

// One matrix, one cell of it.
mod place;
// Text becomes a number, a block of numbers, a row of tokens.
mod text;
// What is edited, and the input that follows.
mod edits;
// Why not.
mod error;

pub use edits::{Edits, Fill};
pub use error::EditError;
pub use place::{MatrixId, Operand, Place};
pub use text::{Block, MAX_NUMBER, block, number, tokens};
