//! What a person does in the window, by the labels a screen reader reads; held against session and tables.

#[path = "../common/mod.rs"]
mod common;

/// Input, masks, formats, pointing, undo.
mod basics;
/// Formats judged: statistics, the first wrong step, the sweep.
mod compare;
/// Commands, panes, runs, files.
mod shell;
