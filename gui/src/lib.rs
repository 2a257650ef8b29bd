//! The explorer's parts, in the order in which data flows: source, run, views, action.
//!
//! One frame is `Session -> Run -> views -> Option<Action> -> App::apply`. Every score, weight and
//! output on screen was handed to an observer by the kernel; nothing is computed while drawing.

/// What a view can ask for.
pub mod action;
/// The frame.
pub mod app;
/// Files become arrays, for the window and for the command.
mod arrays;
/// Work that takes long.
pub mod background;
/// A number as its bits.
pub mod bits;
/// From numbers to colours.
pub mod colour;
/// Every command once.
pub mod commands;
/// Right against left.
pub mod compare;
/// The expression behind one number.
pub mod derivation;
/// One score taken apart.
pub mod detail;
/// The system's dialogs for files.
pub mod dialog;
/// Other numbers than those of the source.
pub mod edit;
/// A session with the files of its input.
pub mod enclosed;
/// Tables become files.
pub mod export;
/// Without a window: `kqv attend`, `kqv compare`.
pub mod headless;
/// What a head does, in two numbers.
pub mod heads;
/// Undo and redo.
pub mod history;
/// Measures that are kept, and searches that take long.
pub mod judging;
/// Shortcuts.
pub mod keyboard;
/// The layer around the head.
pub mod layer;
/// What is taught, and recomputed.
pub mod lesson;
/// The inputs that are in memory.
pub mod library;
/// Light and dark.
pub mod look;
/// Numbers as text and as lengths.
pub mod number;
/// Heat maps as textures.
pub mod pictures;
/// Where tokens stand, as tables.
pub mod positions;
/// What if attention did something else?
pub mod question;
/// The kernel's observer.
pub mod recorder;
/// What a comparison says.
pub mod report;
/// Everything derived from a session.
pub mod run;
/// What the user chose.
pub mod session;
/// The tables of a run as they leave the window.
pub mod sheets;
/// One format's run of one head.
pub mod side;
/// Files and fixtures become Q, K and V.
pub mod source;
/// One query, number by number.
pub mod steps;
/// Sessions on disk.
pub mod store;
/// Real numbers become those of a format.
pub mod stored;
/// A matrix that is shown.
pub mod table;
/// The look.
pub mod theme;
/// What is on screen.
pub mod views;

pub use app::App;

/// Of the window, the commands and the benches.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
