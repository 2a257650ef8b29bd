//! Files that open, and the sentence that each of the others gets.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod files;
mod layers;
mod opened;
mod refused;
