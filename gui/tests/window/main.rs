//! What a person does in the window, by the labels a screen reader reads; held against session and tables.

#[path = "../common/mod.rs"]
mod common;

/// X, W and the layer; what a walk keeps to itself.
mod around;
/// Input, masks, formats, pointing, undo.
mod basics;
/// The crossed picture, heads, layer, edits.
mod change;
/// Formats judged: statistics, the first wrong step, the sweep.
mod compare;
/// Lessons, a walk, derivations, bits.
mod files;
mod learn;
/// Commands, panes, runs, files.
mod shell;
