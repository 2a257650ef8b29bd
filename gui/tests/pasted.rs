//! The tests that the derivation writes, pasted: they compile and they pass. Unit tests of
//! `derivation::paste` hold them against what is written today.

#![expect(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "as it is written for somebody else's project"
)]

include!("pasted/f32.in");
include!("pasted/f64.in");
include!("pasted/i8.in");
include!("pasted/i16.in");
include!("pasted/projected.in");
include!("pasted/rounded.in");
include!("pasted/saturated.in");
include!("pasted/layer.in");
