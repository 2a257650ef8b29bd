//! What attention takes on chips: runs the boards in QEMU and prints the table of the README.
//!
//! `cargo run --release -p kqv-benches --bin boards`, from anywhere in the workspace; `--json` prints one object a
//! line instead, and further words choose what is counted: `m4f`, `i8`, `128x128x32`, `full`, `causal`, `decode`.
//! `flash` prints what the entry points take of the flash instead.
//! What is counted is instructions, as QEMU executes them: not cycles.

#[expect(
    dead_code,
    reason = "the trials look at a board's RAM, and run without arguments"
)]
#[path = "../../../../kernel/tests/boards/board.rs"]
mod board;
#[path = "../../../../kernel/tests/boards/count.rs"]
mod count;
mod error;
#[path = "../../../../kernel/tests/boards/flash.rs"]
mod flash;
mod table;
#[path = "../../../../kernel/tests/boards/tools.rs"]
mod tools;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::env;
use std::process::ExitCode;

use board::Board;
use count::{CORES, Count, count};
use error::worst_error;
use flash::{FLASH_CORES, code_bytes, entry_points};
use kqv_fixtures::problem::{Problem, ProblemFormat};
use tools::Failed;

fn main() -> ExitCode {
    match run(env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: Vec<String>) -> Result<(), Failed> {
    let everything = arguments.len();
    arguments.retain(|argument| argument != "--json");
    let json = arguments.len() < everything;
    let is_core = |word: &String| CORES.iter().any(|(core, _)| core == word);
    let (cores, words): (Vec<_>, Vec<_>) = arguments.into_iter().partition(is_core);
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["random"]).collect();

    let boards = Board::all()?;
    if words.contains(&"flash") {
        return print_flash(&cores, &boards);
    }
    let mut rows = Vec::new();
    for (core, name) in CORES {
        if !cores.is_empty() && !cores.iter().any(|wanted| wanted == core) {
            continue;
        }
        let board = boards.iter().find(|board| board.name == name);
        let board = board.ok_or(format!("there is no board {name}"))?;
        if let Some(sentence) = board.missing()? {
            eprintln!("{core} is left out: {sentence}");
            continue;
        }
        rows.extend(rows_of(core, board, &words)?);
    }
    if json {
        for row in &rows {
            println!("{}", row.json());
        }
    } else {
        println!("{}", table::markdown(&rows)?);
    }
    Ok(())
}

/// The table of what the entry points take of the flash, on the cores that are asked for.
fn print_flash(cores: &[String], boards: &[Board]) -> Result<(), Failed> {
    let mut columns = Vec::new();
    for (core, name) in CORES {
        let wanted = cores.is_empty() || cores.iter().any(|wanted| wanted == core);
        if wanted && FLASH_CORES.contains(&core) {
            let board = boards.iter().find(|board| board.name == name);
            let board = board.ok_or(format!("there is no board {name}"))?;
            columns.push((core, entry_points(board)?));
        }
    }
    println!("{}", table::flash(&columns)?);
    Ok(())
}

/// What is counted on one core, with the flash that each format takes there.
fn rows_of(core: &'static str, board: &Board, words: &[&str]) -> Result<Vec<Row>, Failed> {
    let mut rows = Vec::new();
    let mut sizes = BTreeMap::new();
    for count in count(board, words)? {
        let format = count.problem.format;
        if let Entry::Vacant(size) = sizes.entry(format) {
            let entry = if format == ProblemFormat::PackedI8 {
                "packed"
            } else {
                "attend_view"
            };
            size.insert(code_bytes(board, entry, format.number())?);
        }
        rows.push(Row::new(core, &count, sizes[&format])?);
    }
    Ok(rows)
}

/// One problem on one core, counted.
struct Row {
    core: &'static str,
    problem: Problem,
    instructions: u64,
    /// What plain loops take for it.
    plain_instructions: u64,
    /// In units of the last place of the output; for f32 as it is.
    worst_error: f64,
    stack_bytes: usize,
    /// What `attend_view` takes of the flash in this format.
    code_bytes: usize,
}

impl Row {
    fn new(core: &'static str, count: &Count, code_bytes: usize) -> Result<Self, Failed> {
        let &Count {
            problem,
            digest,
            instructions,
            stack_bytes,
            plain_instructions,
        } = count;
        let (here, worst_error) = worst_error(problem)?;
        if here != digest {
            return Err(format!("{core} {problem}: another output than here").into());
        }
        Ok(Self {
            core,
            problem,
            instructions,
            worst_error,
            stack_bytes: stack_bytes.ok_or("the stack was not measured")?,
            plain_instructions: plain_instructions.ok_or("no plain loops were counted")?,
            code_bytes,
        })
    }

    /// Multiply-adds of Q·Kᵀ and weights·V per executed instruction.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn mac_per_instruction(&self) -> f64 {
        self.problem.multiply_adds() as f64 / self.instructions as f64
    }

    fn json(&self) -> String {
        let Self {
            core,
            problem,
            instructions,
            worst_error,
            stack_bytes,
            code_bytes,
            plain_instructions,
        } = self;
        let Problem {
            queries,
            keys,
            width,
            causal,
            ..
        } = problem;
        let (format, packed) = (
            problem.format.number(),
            problem.format == ProblemFormat::PackedI8,
        );
        let mac = self.mac_per_instruction();
        format!(
            "{{\"core\":\"{core}\",\"format\":\"{format}\",\"packed\":{packed},\"s\":{keys},\"d\":{width},\"causal\":{causal},\"instructions\":{instructions},\
             \"mac_per_instruction\":{mac:.4},\"worst_error\":{worst_error:.3e},\"stack_bytes\":{stack_bytes},\"code_bytes\":{code_bytes},\
             \"t\":{queries},\"plain_instructions\":{plain_instructions}}}"
        )
    }
}
