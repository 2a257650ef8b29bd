//! kqv.
