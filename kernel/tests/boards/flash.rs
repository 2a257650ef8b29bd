//! What an entry point of the kernel takes of the flash: a program with it, less one without.

use std::fs;

use kqv_fixtures::problem::ProblemFormat;

use crate::board::Board;
use crate::tools::{BuildFolder, Failed, bare_metal};

/// The cores that entry points are measured on.
pub(crate) const FLASH_CORES: [&str; 3] = ["m0", "m4f", "rv32imac"];
/// The entry points that are measured; one more feature is the format.
pub(crate) const ENTRIES: [&str; 3] = ["attend", "attend_view", "cache"];

/// The bytes of every entry point in every format that it has, by `attend i8` and the like.
pub(crate) fn entry_points(board: &Board) -> Result<Vec<(String, u64)>, Failed> {
    let mut points = Vec::new();
    for entry in ENTRIES {
        for format in ProblemFormat::ALL {
            let format = format.name();
            if (entry, format) != ("attend", "i8-i16") && format != "packed-i8" {
                let bytes = code_bytes(board, entry, format)?;
                points.push((format!("{entry} {format}"), bytes as u64));
            }
        }
    }
    points.push((
        "packed i8".into(),
        code_bytes(board, "packed", "i8")? as u64,
    ));
    Ok(points)
}

/// The bytes of code and constants of an entry point in a format, for the core of a board.
pub(crate) fn code_bytes(board: &Board, entry: &str, format: &str) -> Result<usize, Failed> {
    let with = program_bytes(board, &format!("{entry},{format}"))?;
    Ok(with - program_bytes(board, "")?)
}

fn program_bytes(board: &Board, features: &str) -> Result<usize, Failed> {
    let mut cargo = bare_metal("cargo");
    let configuration = format!("boards/{}/board.toml", board.name);
    cargo.args(["build", "--release", "--package", "kqv-flash"]);
    cargo.args(["--config", &configuration, "--features", features]);
    let folder = BuildFolder::lock()?;
    let programs = folder.run(&mut cargo, &board.target)?;
    let program = fs::read(programs.join("kqv-flash"))?;
    Ok(flash_bytes(&program).ok_or("not an ELF program")?)
}

/// What a 32-bit ELF program puts into flash: its sections that are loaded, in bytes.
pub(crate) fn flash_bytes(program: &[u8]) -> Option<usize> {
    const LOADED: u32 = 2; // SHF_ALLOC
    const WITHOUT_CONTENT: u32 = 8; // SHT_NOBITS
    let word = |at: usize| Some(u32::from_le_bytes(*program.get(at..)?.first_chunk()?));
    let half = |at: usize| Some(u16::from_le_bytes(*program.get(at..)?.first_chunk()?));
    let (sections, size, count) = (word(0x20)?, half(0x2E)?, half(0x30)?);
    let mut bytes = 0;
    for section in 0..usize::from(count) {
        let header = usize::try_from(sections).ok()? + section * usize::from(size);
        if word(header + 8)? & LOADED != 0 && word(header + 4)? != WITHOUT_CONTENT {
            bytes += usize::try_from(word(header + 0x14)?).ok()?;
        }
    }
    Some(bytes)
}
