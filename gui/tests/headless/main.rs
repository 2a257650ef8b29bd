//! `kqv attend` as one calls it: what it writes, and the sentence for everything that is wrong.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod compare;
mod desk;
mod errors;
mod results;
