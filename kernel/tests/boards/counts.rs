//! What attention takes on a chip: the output of this machine, instructions that hardly depend on the numbers
//! and do not grow unnoticed, and little stack.

use kqv_fixtures::problem::{Numbers, Problem};
use libtest_mimic::Failed;

use crate::board::Board;
use crate::count::{Count, count};
use crate::kept::Kept;

/// What `attend_view` may use of the stack on any chip, in bytes: the README says so.
const VIEW_STACK_BYTES: usize = 1024;
/// By how much the instructions of fixed point may differ between inputs of one shape and mask, in thousandths.
///
/// With the DSP instructions of a Cortex-M they differ by less than one. On M0 and M3 shifts of libraries and
/// comparisons are left, once for each query or output; on RISC-V, which has no conditional move, the greatest score and
/// the sign of a mean are found by branches.
const fn spread_permille(core: &str) -> u64 {
    match core.as_bytes() {
        b"m4f" | b"m7" | b"m33" | b"m55" => 1,
        b"m0" | b"m3" => 3,
        _ => 7,
    }
}

/// Counts every problem once, and holds the counts against all that is said of them.
pub(crate) fn check_counts(core: &str, board: &Board) -> Result<(), Failed> {
    let counts = count(board, &[])?;
    let mut faults = Vec::new();
    for count in &counts {
        faults.extend(other_output(count)?);
        faults.extend(too_much_stack(count));
        faults.extend(hardly_faster(count));
        faults.extend(depends_on_numbers(count, &counts, spread_permille(core)));
    }
    let kept = counts.iter().filter(|count| is_kept(&count.problem));
    let kept = kept.map(|count| (count.problem.to_string(), count.instructions));
    faults.extend(Kept::instructions()?.hold(core, &kept.collect::<Vec<_>>())?);
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

/// Plain loops take less than half as much again.
fn hardly_faster(count: &Count) -> Option<String> {
    let (problem, plain) = (count.problem, count.plain_instructions?);
    let large = (problem.queries, problem.keys, problem.causal) == (128, 128, false);
    (large && 2 * plain < 3 * count.instructions)
        .then(|| format!("{problem}: plain loops take only {plain} instructions"))
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

/// Whether the count of a problem stands in the file.
fn is_kept(problem: &Problem) -> bool {
    problem.numbers == Numbers::Random(1)
}
