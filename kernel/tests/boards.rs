//! The boards compute the bits of this machine: firmware is built, run in QEMU and held against the host.
//!
//! A board is a folder in `firmware/boards`; what its two files say is all that is known here.
//! Where QEMU or the board's target is missing, its trials are ignored with the sentence that says
//! what to install; where `CI` is set they fail with it.

use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use kqv_fixtures::digest::{CaseFormat, digest, memory_words};
use kqv_fixtures::{CASES, Case};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// A program that runs longer than this hangs; the longest takes about a second.
const PATIENCE: Duration = Duration::from_mins(1);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1); // the boards share a build folder
    let mut trials = Vec::new();
    for board in Board::all()? {
        for (claim, check) in CLAIMS {
            let board = board.clone();
            let name = format!("{}::{claim}", board.name);
            trials.push(Trial::ignorable_test(name, move || board.trial(check)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}

type Check = fn(&Board) -> Result<(), Failed>;

/// What holds on every board, by the name of its trial.
const CLAIMS: [(&str, Check); 2] = [
    ("has_the_digests_of_the_host", has_the_digests_of_the_host),
    ("prints_thinking_machines", prints_thinking_machines),
];

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

/// A board may skip only what is too large for it.
fn check_skipped(
    board: &Board,
    case: &Case,
    format: CaseFormat,
    reason: &str,
) -> Result<(), Failed> {
    let needed = memory_words(case, format) * size_of::<u64>();
    let free = board.ram_bytes * 3 / 4; // the rest is for the stack and the statics
    if needed <= free {
        return Err(format!("{needed} bytes fit in {free}, yet: {reason}").into());
    }
    if !reason.starts_with(&format!("{needed} bytes")) {
        return Err(format!("{needed} bytes are needed, yet: {reason}").into());
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

/// A board as its folder describes it.
#[derive(Clone)]
struct Board {
    name: String,
    /// The target triple.
    target: String,
    /// The emulator and its arguments; the program comes last.
    runner: Vec<String>,
    ram_bytes: usize,
}

impl Board {
    /// Every board, by name.
    fn all() -> Result<Vec<Self>, Box<dyn Error>> {
        let mut boards = Vec::new();
        for folder in fs::read_dir(firmware().join("boards"))? {
            boards.push(Self::read(&folder?.path())?);
        }
        boards.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(boards)
    }

    fn read(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let settings = fs::read_to_string(folder.join("board.toml"))?;
        let setting = |key: &str| {
            let line = settings.lines().find_map(|line| line.strip_prefix(key));
            let value = line.and_then(|value| value.trim().strip_prefix("= "));
            value
                .map(|value| value.trim_matches('"'))
                .ok_or(format!("{}: no {key}", folder.display()))
        };
        let memory = fs::read_to_string(folder.join("memory.x"))?;
        let ram = memory.lines().find(|line| line.trim().starts_with("RAM "));
        let length = ram
            .and_then(|line| line.split("LENGTH = ").nth(1))
            .and_then(bytes_from_length);
        Ok(Self {
            name: folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into(),
            target: setting("target")?.into(),
            runner: setting("runner")?.split(' ').map(Into::into).collect(),
            ram_bytes: length.ok_or(format!("{}: no length of RAM", folder.display()))?,
        })
    }

    /// Runs a check, unless something is missing where that is allowed.
    fn trial(&self, check: Check) -> Result<Completion, Failed> {
        match self.missing()? {
            Some(sentence) if std::env::var_os("CI").is_some() => Err(sentence.into()),
            Some(sentence) => Ok(Completion::ignored_with(sentence)),
            None => check(self).map(|()| Completion::Completed),
        }
    }

    /// What to install first, if anything.
    fn missing(&self) -> Result<Option<String>, Failed> {
        let emulator = &self.runner[0];
        if Command::new(emulator).arg("--version").output().is_err() {
            let package = match emulator.as_str() {
                "qemu-system-arm" => "qemu-system-arm",
                _ => "qemu-system-misc",
            };
            return Ok(Some(format!("{emulator} is needed: apt install {package}")));
        }
        let target = &self.target;
        let printed = bare_metal("rustc")
            .args(["--print", "target-libdir", "--target", target])
            .output()?;
        let libraries = String::from_utf8(printed.stdout)?;
        if !Path::new(libraries.trim()).is_dir() {
            return Ok(Some(format!(
                "{target} is needed: rustup target add {target}"
            )));
        }
        Ok(None)
    }

    /// Builds a program for this board, runs it in the emulator and returns what it printed.
    fn run(&self, program: &str) -> Result<String, Failed> {
        let build_folder = firmware().join("target");
        fs::create_dir_all(&build_folder)?;
        // Boards of one target build the same file: from build to end of run it is ours.
        let lock = File::create(build_folder.join("boards.lock"))?;
        lock.lock()?;
        let built = bare_metal("cargo")
            .current_dir(firmware())
            .args(["build", "--release", "--bin", program, "--config"])
            .arg(format!("boards/{}/board.toml", self.name))
            .arg("--target-dir")
            .arg(&build_folder)
            .output()?;
        if !built.status.success() {
            return Err(String::from_utf8_lossy(&built.stderr).into());
        }
        let executable = build_folder
            .join(&self.target)
            .join("release")
            .join(program);
        let mut emulator = Command::new(&self.runner[0]);
        emulator.args(&self.runner[1..]).arg(executable);
        run_patiently(&mut emulator)
    }
}

/// The folder of the firmware.
fn firmware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware")
}

/// The bytes in `256K` or `4M`, as linker scripts write them.
fn bytes_from_length(length: &str) -> Option<usize> {
    let length = length.trim();
    let (number, factor) = match length.split_at_checked(length.len().checked_sub(1)?)? {
        (number, "K") => (number, 1024),
        (number, "M") => (number, 1024 * 1024),
        _ => (length, 1),
    };
    Some(number.parse::<usize>().ok()? * factor)
}

/// A tool of the toolchain that has the boards' targets, without this build's flags.
///
/// That is the one in use, or, where rustup cannot add targets, the one in the folder that
/// `KQV_BARE_METAL_TOOLCHAIN` names.
fn bare_metal(tool: &str) -> Command {
    let mut command = Command::new(tool);
    for flags in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(flags);
    }
    if let Some(folder) = std::env::var_os("KQV_BARE_METAL_TOOLCHAIN") {
        command.env("RUSTUP_TOOLCHAIN", folder);
    }
    command
}

/// What a command prints, if it succeeds in time.
fn run_patiently(command: &mut Command) -> Result<String, Failed> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdout = child.stdout.take().ok_or("no output")?;
    let reader = thread::spawn(move || {
        let mut printed = String::new();
        stdout.read_to_string(&mut printed).map(|_| printed)
    });
    let status = wait_patiently(&mut child)?;
    let printed = reader
        .join()
        .map_err(|_| "the output could not be read")??;
    match status {
        Some(status) if status.success() => Ok(printed),
        Some(status) => Err(format!("{status} after\n{printed}").into()),
        None => Err(format!("no end within {PATIENCE:?} after\n{printed}").into()),
    }
}

/// The status of a child that ends in time; one that does not is killed.
fn wait_patiently(child: &mut Child) -> std::io::Result<Option<std::process::ExitStatus>> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}
