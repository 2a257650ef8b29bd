//! The explorer: starts the window, on the files of the command line if there are any.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use eframe::egui::{ViewportBuilder, vec2};
use kqv_gui::App;
use kqv_gui::headless::{AttendOptions, CompareOptions, attend, compare};
use kqv_gui::store::Store;

/// Look at the Q, K and V of an attention head, and at what every number format makes of them.
///
/// Without a file it shows a real head of a real model, in which "it" looks at "animal".
#[expect(clippy::doc_markdown, reason = "help is shown as it stands here")]
#[derive(Parser)]
#[command(version, name = "kqv", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// One .safetensors or .npz file with the arrays q, k and v, or x, w_q, w_k, w_v and w_o (or
    /// q_proj.weight and the like), with the number of heads as heads; or a .npy or .csv file called
    /// q, k or v, with the other two beside it; or all three
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The size of the window when it opens, in points
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1600x1000", value_parser = size)]
    size: [f32; 2],
}

#[derive(Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of it, for a moment"
)]
enum Command {
    Attend(AttendOptions),
    Compare(CompareOptions),
}

/// `1280x720`.
fn size(text: &str) -> Result<[f32; 2], String> {
    let right = "write it like 1280x720, each side from 400 to 10000".to_owned();
    let (width, height) = text.split_once('x').ok_or_else(|| right.clone())?;
    let side = |side: &str| {
        let points: u16 = side.parse().ok()?;
        (400..=10_000)
            .contains(&points)
            .then_some(f32::from(points))
    };
    match (side(width), side(height)) {
        (Some(width), Some(height)) => Ok([width, height]),
        _ => Err(right),
    }
}

fn main() -> ExitCode {
    let Arguments {
        command,
        files,
        size,
    } = Arguments::parse();
    match command {
        Some(Command::Attend(options)) => {
            return attend(&options).map_or_else(|error| error.report(), |()| ExitCode::SUCCESS);
        }
        Some(Command::Compare(options)) => {
            return compare(&options).unwrap_or_else(|error| error.report());
        }
        None => {}
    }
    let [width, height] = size;
    let options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title("kqv")
            .with_app_id("kqv")
            .with_inner_size(vec2(width, height))
            .with_min_inner_size(vec2(800.0, 560.0)),
        ..Default::default()
    };
    let started = eframe::run_native(
        "kqv",
        options,
        Box::new(|creation| {
            Ok(Box::new(App::restored(
                &creation.egui_ctx,
                Store::of_user(),
                files,
            )?))
        }),
    );
    match started {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kqv: the window cannot be opened: {error}");
            ExitCode::FAILURE
        }
    }
}
