//! What attention takes on a chip: the output of this machine, instructions that hardly depend on the numbers
//! and do not grow unnoticed, and little stack.

use kqv_fixtures::problem::{Numbers, Problem, ProblemFormat, SHAPES};
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
        b"m0" | b"m3" => 9,
        _ => 10,
    }
}

/// Counts every problem once, and holds the counts against all that is said of them.
pub(crate) fn check_counts(core: &str, board: &Board) -> Result<(), Failed> {
    let counts = count(board, &[])?;
    let mut faults = Vec::new();
    for count in &counts {
        faults.extend(other_output(count)?);
        faults.extend(too_much_stack(count));
        if has_dsp(core) || count.problem.format != ProblemFormat::PackedI8 {
            faults.extend(hardly_faster(count)); // what is packed is for those who have DSP instructions
        }
        faults.extend(depends_on_numbers(count, &counts, spread_permille(core)));
        faults.extend(slower_than_promised(core, count));
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

/// Whether the core has the DSP instructions.
fn has_dsp(core: &str) -> bool {
    ["m4f", "m7", "m33", "m55"].contains(&core)
}

/// Multiply-adds that 1,000 instructions do at least where there are DSP instructions, for (16, 16), (32, 64), (64, 32)
/// and (128, 32): what the README promises, whatever the file of counts says.
const FLOORS: [(ProblemFormat, [u64; 4]); 3] = [
    (ProblemFormat::I16, [280, 420, 420, 450]),
    (ProblemFormat::I8, [300, 500, 480, 520]),
    (ProblemFormat::PackedI8, [360, 700, 720, 780]),
];
/// What i8 decoding takes at most there: 2.5 instructions for each of 2 · 256 · 32 multiply-adds.
const DECODE_INSTRUCTIONS: u64 = 40_960;

/// Fewer multiply-adds for an instruction than the floor.
fn slower_than_promised(core: &str, count: &Count) -> Option<String> {
    let Count {
        problem,
        instructions,
        ..
    } = count;
    if !has_dsp(core) || problem.causal || problem.numbers != Numbers::Random(1) {
        return None;
    }
    let shape = (problem.queries, problem.keys, problem.width);
    let floors = FLOORS.iter().find(|(format, _)| *format == problem.format);
    let floor = SHAPES
        .iter()
        .zip(floors?.1)
        .find(|(other, _)| **other == shape);
    let allowed = match floor {
        Some((_, floor)) => problem.multiply_adds() * 1000 / floor,
        None if problem.format == ProblemFormat::I16 => return None,
        None => DECODE_INSTRUCTIONS,
    };
    let slow = *instructions > allowed;
    slow.then(|| format!("{problem}: {instructions} instructions, {allowed} are allowed"))
}
