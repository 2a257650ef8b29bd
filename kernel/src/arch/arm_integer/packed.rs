//! i8 whose K and V were packed: two queries and two keys, or three columns of V, at a time.

pub(crate) use mix::Mixer;
pub(crate) use pack::{pack_keys, pack_values, spread, spread_two};
pub(crate) use score::Scorer;

mod mix;
mod pack;
mod score;

/// Steps of Q·K, and of P·V, in a loop that is entered in the middle.
const STEPS: usize = 8;

/// How far into the code of a loop of [`STEPS`] steps one jumps for so many, and the bit that says Thumb.
const fn skipped(steps: usize, bytes: usize) -> usize {
    (STEPS - steps % STEPS) % STEPS * bytes + 1
}
