//! kqv.
fn main() {}
