//! Programs that the trials and the benches call: the toolchain, and the emulators, which may hang.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// What goes wrong, as a sentence.
pub(crate) type Failed = Box<dyn Error>;

/// A program that runs longer than this hangs; the longest, the counts of a Cortex-M0, takes about half a minute.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// The folder of the firmware.
pub(crate) fn firmware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernel/firmware")
}

/// What to install for an emulator, if it is missing.
pub(crate) fn missing_program(program: &str) -> Option<String> {
    let package = match program {
        "qemu-system-riscv32" => "qemu-system-misc",
        "node" => "nodejs",
        "bochs-bin" => "bochs",
        "strip" => "binutils",
        _ => program,
    };
    let missing = Command::new(program).arg("--version").output().is_err();
    missing.then(|| format!("{program} is needed: apt install {package}"))
}

/// What to install for a target, if it is missing.
pub(crate) fn missing_target(target: &str) -> Result<Option<String>, Failed> {
    let printed = bare_metal("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .output()?;
    let libraries = String::from_utf8(printed.stdout)?;
    let missing = !Path::new(libraries.trim()).is_dir();
    Ok(missing.then(|| format!("{target} is needed: rustup target add {target}")))
}

/// Where firmware is built. Boards of one target write the same file: from build to end of run it is ours.
pub(crate) struct BuildFolder {
    path: PathBuf,
    _lock: File,
}

impl BuildFolder {
    /// Waits until it is ours; it is until it is dropped.
    pub(crate) fn lock() -> Result<Self, Failed> {
        let path = firmware().join("target");
        fs::create_dir_all(&path)?;
        let lock = File::create(path.join("boards.lock"))?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    /// Runs cargo, and returns the folder of the programs that it built for `target`.
    pub(crate) fn run(&self, cargo: &mut Command, target: &str) -> Result<PathBuf, Failed> {
        cargo.current_dir(firmware());
        let built = cargo.arg("--target-dir").arg(&self.path).output()?;
        if !built.status.success() {
            return Err(String::from_utf8_lossy(&built.stderr).into_owned().into());
        }
        Ok(self.path.join(target).join("release"))
    }
}

/// A tool of the toolchain that has the boards' targets, without this build's flags.
///
/// That is the one in use, or, where rustup cannot add targets, the one in the folder that
/// `KQV_BARE_METAL_TOOLCHAIN` names.
pub(crate) fn bare_metal(tool: &str) -> Command {
    let mut command = Command::new(tool);
    for flags in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(flags);
    }
    if let Some(folder) = std::env::var_os("KQV_BARE_METAL_TOOLCHAIN") {
        command.env("RUSTUP_TOOLCHAIN", folder);
    }
    command
}

/// The compiler of the firmware, as it prints itself: `rustc 1.96.0 (…)`, up to the version.
pub(crate) fn compiler() -> Result<String, Failed> {
    let printed = String::from_utf8(bare_metal("rustc").arg("--version").output()?.stdout)?;
    let words: Vec<&str> = printed.split_whitespace().take(2).collect();
    Ok(words.join(" "))
}

/// What a command prints, if it succeeds in time.
pub(crate) fn run_patiently(command: &mut Command) -> Result<String, Failed> {
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

/// What a command prints up to the line that is the last, if it does so in time; then it is killed.
pub(crate) fn read_until(
    command: &mut Command,
    patience: Duration,
    is_last: impl Fn(&str) -> bool,
) -> Result<String, Failed> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let stdout = BufReader::new(child.stdout.take().ok_or("no output")?);
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        stdout
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    let deadline = Instant::now() + patience;
    let mut printed = String::new();
    let result = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let line = match lines.recv_timeout(left) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                break Err(format!("no end within {patience:?} after\n{printed}").into());
            }
            Err(RecvTimeoutError::Disconnected) => {
                break Err(format!("it ended too early, after\n{printed}").into());
            }
        };
        printed.extend([line.trim_end(), "\n"]);
        if is_last(line.trim_end()) {
            break Ok(printed);
        }
    };
    child.kill()?;
    child.wait()?;
    result
}

/// The status of a child that ends in time; one that does not is killed.
fn wait_patiently(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
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
