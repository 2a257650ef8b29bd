//! The boards compute the bits of this machine: firmware is built, run in QEMU and held against the host.
//! So does WebAssembly, run by node, and a processor with AVX-512, emulated by Bochs.
//!
//! A board is a folder in `firmware/boards`; what its files and its alias say is all that is known here.
//! Where QEMU, node or the board's target is missing, its trials are ignored with the sentence that says
//! what to install; where `CI` is set they fail with it.

mod board;
mod count;
mod counts;
mod flash;
mod kept;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod processor;
mod tools;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;

use kqv_fixtures::bodies::same_bits_on_every_body;
use kqv_fixtures::digest::{CaseFormat, digest, memory_words};
use kqv_fixtures::{CASES, Case};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use board::Board;
use count::CORES;
use counts::check_counts;
use flash::{FLASH_CORES, entry_points};
use kept::Kept;
use tools::{BuildFolder, bare_metal, missing_target};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1); // the boards share a build folder
    let mut trials = Vec::new();
    let boards = Board::all()?;
    let targets: BTreeSet<String> = boards.iter().map(|board| board.target.clone()).collect();
    for target in targets {
        let name = format!("{target}::links_without_a_panic");
        trials.push(Trial::ignorable_test(name, move || {
            unless_missing(missing_target(&target)?, || links_without_a_panic(&target))
        }));
    }
    for board in &boards {
        let claims = if board.is_emulated() { CLAIMS } else { FLASHED };
        for &(claim, check) in claims {
            let board = board.clone();
            let name = format!("{}::{claim}", board.name);
            trials.push(Trial::ignorable_test(name, move || {
                unless_missing(board.missing()?, || check(&board))
            }));
        }
    }
    for (core, board) in CORES {
        let board = boards_by_name(&boards, board)?;
        let name = format!("{}::counts_as_on_{core}", board.name);
        trials.push(Trial::ignorable_test(name, move || {
            unless_missing(board.missing()?, || check_counts(core, &board))
        }));
    }
    for board in STACK_BOARDS {
        let board = boards_by_name(&boards, board)?;
        let name = format!("{}::entry_points_keep_their_stack", board.name);
        trials.push(Trial::ignorable_test(name, move || {
            unless_missing(board.missing()?, || entry_points_keep_their_stack(&board))
        }));
    }
    for core in FLASH_CORES {
        let board = CORES.iter().find(|(other, _)| *other == core);
        let board = boards_by_name(&boards, board.map_or(core, |(_, board)| board))?;
        let name = format!("{}::entry_points_do_not_grow", board.name);
        trials.push(Trial::ignorable_test(name, move || {
            unless_missing(board.missing()?, || entry_points_do_not_grow(core, &board))
        }));
    }
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    trials.push(Trial::ignorable_test(
        "skylake-x::has_the_bits_of_the_naive_loop",
        || {
            unless_missing(processor::missing(), || {
                Ok(processor::has_the_bits_of_the_naive_loop()?)
            })
        },
    ));
    libtest_mimic::run(&arguments, trials).exit()
}

/// The board of that name.
fn boards_by_name(boards: &[Board], name: &str) -> Result<Board, String> {
    let board = boards.iter().find(|board| board.name == name);
    board.cloned().ok_or(format!("there is no board {name}"))
}

/// Runs a check, unless something is missing where that is allowed.
fn unless_missing(
    missing: Option<String>,
    check: impl FnOnce() -> Result<(), Failed>,
) -> Result<Completion, Failed> {
    match missing {
        Some(sentence) if std::env::var_os("CI").is_some() => Err(sentence.into()),
        Some(sentence) => Ok(Completion::ignored_with(sentence)),
        None => check().map(|()| Completion::Completed),
    }
}

/// The panic handler of this program calls a function that nobody defines.
fn links_without_a_panic(target: &str) -> Result<(), Failed> {
    let mut cargo = bare_metal("cargo");
    cargo.args(["no-panic", "--target", target]);
    let programs = BuildFolder::lock()?.run(&mut cargo, target)?;
    // A linker for WebAssembly may take what nobody defines for an import.
    match fs::read(programs.join("kqv-no-panic.wasm")) {
        Ok(program) if program.windows(13).any(|bytes| bytes == b"kqv_can_panic") => {
            Err("kqv_can_panic is imported".into())
        }
        _ => Ok(()),
    }
}

/// What each entry point takes of the flash in each format, held against `benches/flash.csv`.
fn entry_points_do_not_grow(core: &str, board: &Board) -> Result<(), Failed> {
    let faults = Kept::flash()?.hold(core, &entry_points(board)?)?;
    if faults.is_empty() {
        return Ok(());
    }
    Err(faults.join("\n").into())
}

type Check = fn(&Board) -> Result<(), Failed>;

/// What holds on every board, by the name of its trial.
const CLAIMS: &[(&str, Check)] = &[
    ("checks_itself", checks_itself),
    ("has_one_result_on_every_body", has_one_result_on_every_body),
    ("has_the_digests_of_the_host", has_the_digests_of_the_host),
    ("prints_thinking_machines", prints_thinking_machines),
    ("attends_on_its_serial_port", attends_on_its_serial_port),
];

/// Where the stack of the entry points with arrays is measured: a board of each kind of core.
const STACK_BOARDS: [&str; 3] = ["mps2-an385-m0", "mps2-an386", "virt"];

/// The program says what it measured, and fails where it is more than it allows.
fn entry_points_keep_their_stack(board: &Board) -> Result<(), Failed> {
    print!("{}", board.run("stack")?);
    Ok(())
}

/// What holds on every board that is not emulated.
const FLASHED: &[(&str, Check)] = &[("builds", |board| {
    board.build().map(drop).map_err(Into::into)
})];

/// What the demonstration may take of the flash, in bytes.
const DEMO_FLASH_BYTES: usize = 16 * 1024;

/// Without a debugger; "cat" sees nothing behind it, and looks at itself most.
fn attends_on_its_serial_port(board: &Board) -> Result<(), Failed> {
    if board.ram_bytes.is_none() {
        return Ok(()); // no chip
    }
    let (printed, flash_bytes) = board.run_alone("demo", "done")?;
    let expected = "  cat weights    268   731     0     0\n";
    if !printed.contains(expected) {
        return Err(format!("no\n{expected}in\n{printed}").into());
    }
    if flash_bytes > DEMO_FLASH_BYTES {
        return Err(format!("{flash_bytes} bytes of flash, more than {DEMO_FLASH_BYTES}").into());
    }
    println!("{flash_bytes} bytes of flash");
    Ok(())
}

fn checks_itself(board: &Board) -> Result<(), Failed> {
    let printed = board.run("self_check")?;
    let expected = format!("self_check {:016x}", kqv::SELF_CHECK);
    let mut lines = printed.lines();
    if lines.next() != Some(&expected) {
        return Err(format!("{expected} is expected, not {printed}").into());
    }
    check_stack(board, lines.next())
}

fn has_the_digests_of_the_host(board: &Board) -> Result<(), Failed> {
    let printed = board.run("digests")?;
    let mut lines = printed.lines();
    let (mut done, mut skipped) = (0, Vec::new());
    for case in CASES {
        for format in CaseFormat::ALL {
            let label = format!("{} {}", case.name, format.name());
            let line = lines.next().ok_or(format!("no line for {label}"))?;
            let result = line.strip_prefix(&format!("{label} "));
            let result = result.ok_or(format!("{line}: not {label}"))?;
            if let Some(reason) = result.strip_prefix("skipped: ") {
                check_skipped(board, case, format, reason)?;
                skipped.push(format!("\n  skips {label}: {reason}"));
            } else {
                check_digest(case, format, result)?;
                done += 1;
            }
        }
    }
    check_stack(board, board.ram_bytes.and_then(|_| lines.next()))?;
    if lines.ne([format!("done {done}").as_str()]) {
        return Err(format!("the last line is not: done {done}").into());
    }
    println!("{done} digests{}", skipped.concat());
    Ok(())
}

fn check_digest(case: &Case, format: CaseFormat, printed: &str) -> Result<(), Failed> {
    let mut memory = vec![0; memory_words(case, format)];
    let host = format!("{:016x}", digest(case, format, &mut memory)?);
    if printed != host {
        let (case, format) = (case.name, format.name());
        return Err(format!("{case} {format}: {printed} on the board, {host} here").into());
    }
    Ok(())
}

/// On a chip a program says how much stack it used; had it been too much, it would have failed.
fn check_stack(board: &Board, line: Option<&str>) -> Result<(), Failed> {
    let bytes = line.and_then(|line| line.strip_prefix("stack ")?.strip_suffix(" bytes"));
    if bytes.is_some() != board.ram_bytes.is_some() {
        return Err(format!("{line:?} is not the stack used").into());
    }
    if let Some(bytes) = bytes {
        println!("{bytes} bytes of stack");
    }
    Ok(())
}

/// A board may skip only what is too large for it.
fn check_skipped(
    board: &Board,
    case: &Case,
    format: CaseFormat,
    reason: &str,
) -> Result<(), Failed> {
    let needed = memory_words(case, format) * size_of::<u64>();
    let ram = board.ram_bytes.unwrap_or(usize::MAX);
    let free = ram / 3 * 2; // the rest is for the stack and the statics
    if needed <= free {
        return Err(format!("{needed} bytes fit in {free}, yet: {reason}").into());
    }
    if !reason.starts_with(&format!("{needed} bytes")) {
        return Err(format!("{needed} bytes are needed, yet: {reason}").into());
    }
    Ok(())
}

/// The fastest body against the naive loop at odd sizes, then against the portable loops on random problems.
fn has_one_result_on_every_body(board: &Board) -> Result<(), Failed> {
    let printed = board.run("bodies")?;
    let count = same_bits_on_every_body(&mut vec![0; 2048])?;
    if !printed.trim().ends_with(&format!("agrees {count} times")) {
        return Err(format!("{count} times are expected, not {printed}").into());
    }
    print!("{printed}");
    let printed = board.run("differential")?;
    if printed.trim() != "differential: 4250 equal" {
        return Err(printed.into());
    }
    Ok(())
}

fn prints_thinking_machines(board: &Board) -> Result<(), Failed> {
    let printed = board.run("tables")?;
    for expected in [
        &["Q", "K", "V", "Dot", "Scores", "Weights", "Output"][..],
        &["112", "96"],
        &["14", "12"],
        &["0.880797", "0.119203"],
    ] {
        let mut words = printed.split([' ', '\n', ':']);
        for &number in expected {
            words
                .find(|&word| word == number)
                .ok_or(format!("no {number} in\n{printed}"))?;
        }
    }
    Ok(())
}
