//! The table of the README.

use std::fmt::Write;
use std::process::Command;

use kqv_fixtures::problem::{Problem, SHAPES};

use crate::tools::{Failed, compiler};
use crate::{CORES, Row};

/// Multiply-adds per instruction by shape, instructions of the largest, of its causal half and of decoding.
pub(crate) fn markdown(rows: &[Row]) -> Result<String, Failed> {
    let mut text = format!("{}, {}.\n\n", qemu()?, compiler()?);
    let [prefills @ .., largest, decode] = &SHAPES;
    text.push_str("| core | format |");
    for (_, s, d) in prefills.iter().chain([largest]) {
        write!(text, " ({s}, {d}) |")?;
    }
    let (t, s, d) = decode;
    text.push_str(" instructions of the last | in plain loops | causal |");
    writeln!(
        text,
        " {t} query, {s} keys, D = {d} | worst error | stack | flash |"
    )?;
    text.push_str("|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (core, _) in CORES {
        let mut formats: Vec<_> = of_core(rows, core).map(|row| row.problem.format).collect();
        formats.dedup();
        for format in formats {
            let line: Vec<&Row> = of_core(rows, core)
                .filter(|row| row.problem.format == format)
                .collect();
            write!(text, "| {core} | {} |", format.name())?;
            for shape in prefills.iter().chain([largest]) {
                cell(&mut text, &line, *shape, false, |row| {
                    format!("{:.3}", row.mac_per_instruction())
                })?;
            }
            cell(&mut text, &line, *largest, false, |row| {
                grouped(row.instructions)
            })?;
            cell(&mut text, &line, *largest, false, |row| {
                grouped(row.plain_instructions)
            })?;
            for (shape, causal) in [(largest, true), (decode, false)] {
                cell(&mut text, &line, *shape, causal, |row| {
                    grouped(row.instructions)
                })?;
            }
            cell(&mut text, &line, *largest, false, |row| {
                error(row.worst_error)
            })?;
            let stack = line.iter().map(|row| row.stack_bytes).max();
            let flash = line.first().map(|row| row.code_bytes);
            let (stack, flash) = (stack.unwrap_or_default(), flash.unwrap_or_default());
            writeln!(text, " {stack} | {} |", grouped(flash as u64))?;
        }
    }
    Ok(text)
}

/// Bytes of flash by entry point and format, a column for each core.
pub(crate) fn flash(cores: &[(&str, Vec<(String, u64)>)]) -> Result<String, Failed> {
    let mut text = String::from("| entry point, format |");
    for (core, _) in cores {
        write!(text, " {core} |")?;
    }
    write!(text, "\n|---|{}", "--:|".repeat(cores.len()))?;
    let points = cores.first().map_or(&[][..], |(_, points)| points);
    for (at, (name, _)) in points.iter().enumerate() {
        write!(text, "\n| {name} |")?;
        for (_, points) in cores {
            write!(text, " {} |", grouped(points[at].1))?;
        }
    }
    Ok(text)
}

fn of_core<'a>(rows: &'a [Row], core: &str) -> impl Iterator<Item = &'a Row> {
    rows.iter().filter(move |row| row.core == core)
}

/// What `show` says of the row of that shape and mask, if it was counted.
fn cell(
    text: &mut String,
    line: &[&Row],
    shape: (usize, usize, usize),
    causal: bool,
    show: impl Fn(&Row) -> String,
) -> Result<(), Failed> {
    let row = line.iter().find(|row| {
        let Problem {
            queries,
            keys,
            width,
            ..
        } = row.problem;
        (queries, keys, width) == shape && row.problem.causal == causal
    });
    write!(text, " {} |", row.map(|row| show(row)).unwrap_or_default())?;
    Ok(())
}

/// Units of the last place of integers; what f32 is off by.
fn error(worst: f64) -> String {
    if worst < 0.01 {
        format!("{worst:.1e}")
    } else {
        format!("{worst:.3}")
    }
}

/// `1,234,567`
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `QEMU 7.2.22`
fn qemu() -> Result<String, Failed> {
    let printed = Command::new("qemu-system-arm")
        .arg("--version")
        .output()?
        .stdout;
    let printed = String::from_utf8(printed)?;
    let version = printed.split_whitespace().nth(3);
    Ok(format!(
        "QEMU {}",
        version.ok_or("QEMU does not say its version")?
    ))
}
