//! What attention takes on a chip: the output of this machine, instructions that hardly depend on the numbers
//! and do not grow unnoticed, and little stack.

use std::env;

use kqv_fixtures::problem::Problem;
use libtest_mimic::Failed;

use crate::board::Board;
use crate::count::{Count, count};
use crate::kept::{Kept, is_kept};
use crate::tools::compiler;

/// What `attend_view` may use of the stack on any chip, in bytes: the README says so.
const VIEW_STACK_BYTES: usize = 1024;
/// By how much a count may grow over the one that is kept, in percent.
const GROWTH_PERCENT: u64 = 2;
/// By how much the instructions of fixed point may differ between inputs of one shape and mask, in thousandths.
///
/// With the DSP instructions of a Cortex-M they differ by less than one, otherwise by up to a third: where there is
/// no 64-bit division, or not even the high half of a product, the steps of the library that does it depend on the
/// numbers, and so do branches of the portable loops.
const fn spread_permille(core: &str) -> u64 {
    match core.as_bytes() {
        b"m4f" | b"m7" | b"m33" | b"m55" => 1,
        _ => 300,
    }
}

/// Counts every problem once, and holds the counts against all that is said of them.
pub(crate) fn check_counts(core: &str, board: &Board) -> Result<(), Failed> {
    let counts = count(board, &[])?;
    let mut faults = Vec::new();
    for count in &counts {
        faults.extend(other_output(count)?);
        faults.extend(too_much_stack(count));
        faults.extend(depends_on_numbers(count, &counts, spread_permille(core)));
    }
    let compiler = compiler()?;
    if env::var_os("KQV_WRITE_COUNTS").is_some() {
        Kept::rewrite(&compiler, core, &counts)?;
    } else {
        faults.extend(grown(&compiler, core, &counts)?);
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(faults.join("\n").into())
}

/// The board has another output than this machine.
fn other_output(count: &Count) -> Result<Option<String>, Failed> {
    let problem = count.problem;
    let mut memory = vec![0; problem.memory_words()];
    let here = problem.run(&mut memory, &mut ())?;
    let there = count.digest;
    Ok((here != there).then(|| format!("{problem}: {there:016x} there, {here:016x} here")))
}

fn too_much_stack(count: &Count) -> Option<String> {
    let bytes = count
        .stack_bytes
        .filter(|&bytes| bytes > VIEW_STACK_BYTES)?;
    let problem = count.problem;
    Some(format!(
        "{problem}: {bytes} bytes of stack, {VIEW_STACK_BYTES} are promised"
    ))
}

/// Fixed point takes a time too different from that for the first numbers of the same shape and mask.
fn depends_on_numbers(count: &Count, counts: &[Count], permille: u64) -> Option<String> {
    let problem = count.problem;
    let same = |other: &&Count| {
        let numbers = problem.numbers;
        Problem {
            numbers,
            ..other.problem
        } == problem
    };
    let (first, count) = (counts.iter().find(same)?.instructions, count.instructions);
    let much = first.abs_diff(count) * 1000 > first * permille;
    much.then(|| format!("{problem}: {count} instructions, but {first} for other numbers"))
}

/// Counts that are beyond those kept; none where another compiler is at work.
fn grown(compiler: &str, core: &str, counts: &[Count]) -> Result<Vec<String>, Failed> {
    const ACCEPT: &str =
        "KQV_WRITE_COUNTS=1 cargo test -p kqv --test boards counts writes them anew";
    let kept = Kept::read()?;
    if !kept.is_of(compiler) {
        println!("benches/instructions.csv is of another compiler than {compiler}: {ACCEPT}");
        return Ok(Vec::new());
    }
    let mut faults = Vec::new();
    for count in counts.iter().filter(|count| is_kept(&count.problem)) {
        let (problem, now) = (count.problem, count.instructions);
        match kept.instructions(&problem, core) {
            Some(then) if now * 100 <= then * (100 + GROWTH_PERCENT) => {}
            Some(then) => faults.push(format!(
                "{problem}: {now} instructions, more than {GROWTH_PERCENT} % above {then}; {ACCEPT}"
            )),
            None => faults.push(format!(
                "{problem}: {now} instructions are not kept; {ACCEPT}"
            )),
        }
    }
    Ok(faults)
}
