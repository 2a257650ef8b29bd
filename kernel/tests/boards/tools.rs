//! Programs that the trials call: the toolchain, and the emulators, which may hang.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

/// A program that runs longer than this hangs; the longest takes about a second.
const PATIENCE: Duration = Duration::from_mins(1);

/// The folder of the firmware.
pub(crate) fn firmware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware")
}

/// What to install for an emulator, if it is missing.
pub(crate) fn missing_program(program: &str) -> Option<String> {
    let package = match program {
        "qemu-system-riscv32" => "qemu-system-misc",
        "node" => "nodejs",
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
            return Err(String::from_utf8_lossy(&built.stderr).into());
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
