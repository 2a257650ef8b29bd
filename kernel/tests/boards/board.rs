//! A board: what its folder and its alias say of it, and how a program runs on it.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::flash::flash_bytes;
use crate::tools::{
    BuildFolder, Failed, PATIENCE, bare_metal, firmware, missing_program, missing_target,
    read_until, run_patiently,
};

/// A board as its folder describes it.
#[derive(Clone)]
pub(crate) struct Board {
    pub(crate) name: String,
    /// The target triple.
    pub(crate) target: String,
    /// Unknown where there is no memory map: then nothing is too large.
    pub(crate) ram_bytes: Option<usize>,
    /// The emulator and its arguments; the program comes last.
    runner: Vec<String>,
    /// What its alias adds to `cargo run`: profile, configuration and feature.
    settings: Vec<String>,
}

impl Board {
    /// Every board, by name.
    pub(crate) fn all() -> Result<Vec<Self>, Box<dyn Error>> {
        let mut boards = Vec::new();
        for folder in fs::read_dir(firmware().join("boards"))? {
            boards.push(Self::read(&folder?.path())?);
        }
        boards.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(boards)
    }

    fn read(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let (board, aliases) = (
            folder.join("board.toml"),
            firmware().join(".cargo/config.toml"),
        );
        let alias = setting(&aliases, &name)?;
        let settings = alias.strip_prefix("run ").ok_or("an alias runs")?;
        Ok(Self {
            target: setting(&board, "target")?,
            ram_bytes: ram_bytes(&folder.join("memory.x"))?,
            runner: words(&setting(&board, "runner")?),
            settings: words(settings),
            name: name.into(),
        })
    }

    /// Whether its programs run here; those of others are flashed.
    pub(crate) fn is_emulated(&self) -> bool {
        self.runner[0].starts_with("qemu") || self.runner[0] == "node"
    }

    /// What to install first, if anything.
    pub(crate) fn missing(&self) -> Result<Option<String>, Failed> {
        match missing_program(&self.runner[0]) {
            Some(sentence) if self.is_emulated() => Ok(Some(sentence)),
            _ => missing_target(&self.target),
        }
    }

    /// Builds the programs for this board; the folder is ours as long as the lock.
    pub(crate) fn build(&self) -> Result<(BuildFolder, PathBuf), Failed> {
        let lock = BuildFolder::lock()?;
        let mut cargo = bare_metal("cargo");
        cargo.args(["build", "--bins"]).args(&self.settings);
        let programs = lock.run(&mut cargo, &self.target)?;
        Ok((lock, programs))
    }

    /// Builds the programs for this board, runs one in the emulator and returns what it printed.
    pub(crate) fn run(&self, program: &str) -> Result<String, Failed> {
        self.run_with(program, &[])
    }

    /// [`run`](Self::run) with further arguments for the emulator.
    pub(crate) fn run_with(&self, program: &str, arguments: &[&str]) -> Result<String, Failed> {
        let (_lock, programs) = self.build()?;
        let mut executable = programs.join(program);
        if self.target.starts_with("wasm32") {
            executable.set_extension("wasm");
        }
        let mut emulator = Command::new(&self.runner[0]);
        emulator
            .args(&self.runner[1..])
            .arg(executable)
            .args(arguments);
        run_patiently(emulator.current_dir(firmware()))
    }
}

impl Board {
    /// Builds `program`, runs it without a debugger until it prints `last` on its serial port, and returns the
    /// lines before and the bytes of flash that it takes.
    pub(crate) fn run_alone(&self, program: &str, last: &str) -> Result<(String, usize), Failed> {
        let (_lock, programs) = self.build()?;
        let executable = programs.join(program);
        let mut emulator = Command::new(&self.runner[0]);
        let debugger =
            |word: &&String| word.contains("semihosting") || word.starts_with("enable=on");
        emulator.args(self.runner[1..].iter().filter(|word| !debugger(word)));
        emulator.arg(&executable).args(["-serial", "stdio"]);
        emulator.stdin(Stdio::null());
        let printed = read_until(&mut emulator, PATIENCE, |line| line == last)?;
        Ok((
            printed,
            flash_bytes(&fs::read(executable)?).ok_or("not an ELF program")?,
        ))
    }
}

/// The string that a line of a TOML file gives to `key`.
fn setting(file: &Path, key: &str) -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let value = text.lines().find_map(|line| {
        let value = line.strip_prefix(key)?.strip_prefix(" = \"")?;
        value.strip_suffix('"')
    });
    Ok(value.ok_or(format!("{}: no {key}", file.display()))?.into())
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(Into::into).collect()
}

/// The length of the RAM in a memory map, if there is one.
fn ram_bytes(memory_map: &Path) -> Result<Option<usize>, Box<dyn Error>> {
    if !memory_map.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(memory_map)?;
    let ram = text.lines().find(|line| line.trim().starts_with("RAM "));
    let length = ram
        .and_then(|line| line.split("LENGTH = ").nth(1))
        .and_then(bytes_from_length);
    let length = length.ok_or(format!("{}: no length of RAM", memory_map.display()))?;
    Ok(Some(length))
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
