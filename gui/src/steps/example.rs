//! A walk for tests: "Thinking" of The Illustrated Transformer, four columns wide.

use kqv::{Attention, Float};

use super::Walk;
use crate::derivation::trace::{Trace, watch};
use crate::recorder::Job;

/// One query, two keys: scores 14 and 12. The second key is watched.
pub(crate) fn thinking() -> (Trace, Walk) {
    let job = Job {
        q: &[4.0; 4],
        k: &[1.75, 1.75, 1.75, 1.75, 1.5, 1.5, 1.5, 1.5],
        v: &[1.0, 0.0],
        keys: 2,
        width: 4,
        value_width: 1,
        attention: Attention::FULL,
        alibi: None,
    };
    let walk = Walk {
        query: 0,
        keys: 2,
        width: 4,
    };
    (watch(Float::<f32>::FORMAT, &job, 1).unwrap(), walk)
}
