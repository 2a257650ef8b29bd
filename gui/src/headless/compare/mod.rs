//! `kqv compare`: every head of an input in some formats, held against another; a report, and a verdict for CI.
//!
//! ```text
//! options ── load ── plan ── facts ── text, HTML, CSV, JSON
//! ```

// The command line,
mod options;
// what can be wrong,
mod error;
// and the facts of the report.
mod facts;

pub use error::CompareError;
pub use options::CompareOptions;

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::compare::heads::{HeadReport, Plan, Progress, Setting, heads_of};
use crate::report::{self, Report, decibels};
use crate::session::{Bias, Changes, InputId, Mask, Scaling};
use crate::side::RunError;
use crate::source::{Input, load};
use options::{MaskName, Picked};

/// Compares, prints the table, writes the files; exit status 1 where a format is under the limit.
///
/// # Errors
/// [`CompareError`], one sentence; nothing is written then.
pub fn compare(options: &CompareOptions) -> Result<ExitCode, CompareError> {
    let input = input(options)?;
    let plan = plan(options, &input)?;
    let heads = run(&plan, &input)?;
    let report = facts::report(&input, &plan, &heads, command())?;
    write(options, &report)?;
    let said = std::io::stdout().write_all(report::text(&report).as_bytes());
    said.map_err(|error| {
        CompareError::Write(PathBuf::from("the standard output"), error.to_string())
    })?;
    Ok(verdict(options, &report))
}

/// The files, or the capture that comes with the program; with the scale that was asked for.
fn input(options: &CompareOptions) -> Result<Input, CompareError> {
    let id = if options.files.is_empty() {
        InputId::Capture
    } else {
        InputId::Files(options.files.clone())
    };
    let mut input = load(&id)?;
    if let Some(scale) = options.scale {
        input.scale = Some(scale);
    }
    Ok(input)
}

fn plan(options: &CompareOptions, input: &Input) -> Result<Plan, CompareError> {
    let pick = |what, picked: &Option<Picked>, there| match picked {
        None => Ok((0..there).collect()),
        Some(picked) => picked.among(there).map_err(|wanted| CompareError::NoSuch {
            what,
            wanted,
            there,
        }),
    };
    let layers: Vec<usize> = pick("layer", &options.layers, input.layers)?;
    let heads: Vec<usize> = pick("head", &options.heads, input.heads)?;
    let ids = layers.iter().flat_map(|&layer| {
        let heads = heads.iter();
        heads.flat_map(move |&head| heads_of(layer..layer + 1, &(head..head + 1)))
    });
    let mask = match options.mask {
        None => input.mask,
        Some(MaskName::None) => Mask::None,
        Some(MaskName::Causal) => Mask::Causal,
    };
    Ok(Plan {
        ids: ids.collect(),
        setting: Setting {
            mask,
            scaling: Scaling::On,
            changes: Changes {
                softcap: options.softcap,
                bias: match options.slope {
                    Some(slope) => Bias::Slope(slope),
                    None if options.alibi => Bias::Alibi,
                    None => Bias::None,
                },
            },
        },
        reference: options.against,
        formats: options.formats.clone(),
    })
}

/// The plan carried out; on a terminal with the share that is done.
fn run(plan: &Plan, input: &Input) -> Result<Vec<Vec<HeadReport>>, RunError> {
    let progress = Progress::default();
    let done = AtomicBool::new(false);
    let heads = thread::scope(|scope| {
        if std::io::stderr().is_terminal() {
            scope.spawn(|| show(&progress, &done));
        }
        let heads = plan.carry_out(input, &progress);
        done.store(true, Ordering::Relaxed);
        heads
    });
    Ok(heads?.unwrap_or_default()) // nobody cancels it
}

fn show(progress: &Progress, done: &AtomicBool) {
    const PERIOD: Duration = Duration::from_millis(100);
    let mut shown = false;
    thread::sleep(PERIOD);
    while !done.load(Ordering::Relaxed) {
        eprint!("\r{:3.0} %", 100.0 * progress.share());
        shown = true;
        thread::sleep(PERIOD);
    }
    if shown {
        eprint!("\r      \r");
    }
}

/// The command as it can be typed again.
fn command() -> String {
    let quoted = |word: String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@=+".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| quoted(word.to_string_lossy().into_owned()));
    std::iter::once("kqv".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Every file that was asked for, or none: written under another name first.
fn write(options: &CompareOptions, report: &Report) -> Result<(), CompareError> {
    let mut files: Vec<(&Path, String)> = Vec::new();
    if let Some(path) = &options.report {
        files.push((path, report::html(report)));
    }
    if let Some(path) = &options.csv {
        let rows = report::csv(report).map_err(|why| CompareError::Write(path.clone(), why))?;
        files.push((path, rows));
    }
    if let Some(path) = &options.json {
        let json = serde_json::to_string_pretty(report);
        let json = json.map_err(|error| CompareError::Write(path.clone(), error.to_string()))?;
        files.push((path, json + "\n"));
    }
    let partial = |path: &Path| {
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        PathBuf::from(name)
    };
    let written = files.iter().try_for_each(|(path, text)| {
        fs::write(partial(path), text)
            .map_err(|error| CompareError::Write(path.to_path_buf(), error.to_string()))
    });
    let moved = written.and_then(|()| {
        files.iter().try_for_each(|(path, _)| {
            let moved = fs::rename(partial(path), path);
            moved.map_err(|error| CompareError::Write(path.to_path_buf(), error.to_string()))
        })
    });
    if moved.is_err() {
        for (path, _) in &files {
            let _ = fs::remove_file(partial(path)); // the first error is the one to tell
        }
    }
    moved
}

/// Says which formats are under the limit.
fn verdict(options: &CompareOptions, report: &Report) -> ExitCode {
    let Some(limit) = options.fail_under_sqnr else {
        return ExitCode::SUCCESS;
    };
    let mut verdict = ExitCode::SUCCESS;
    for format in report
        .formats
        .iter()
        .filter(|format| format.sqnr_db.is_nan() || format.sqnr_db < limit)
    {
        eprintln!(
            "kqv: {} has an SQNR of {} dB: at least {limit} dB was asked for",
            format.format,
            decibels(format.sqnr_db)
        );
        verdict = ExitCode::FAILURE;
    }
    verdict
}
