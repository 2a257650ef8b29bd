//! What a person does in the window, by the labels a screen reader reads.

#[path = "../common/mod.rs"]
mod common;

mod basics;
mod change;
