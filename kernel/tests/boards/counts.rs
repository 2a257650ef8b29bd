//! What attention takes on a chip: the output of this machine, as many instructions for any numbers, no more than
//! was promised and than there were, and little stack.

use kqv_fixtures::problem::{Numbers, Problem, ProblemFormat, SHAPES};
use libtest_mimic::Failed;

use crate::board::Board;
use crate::count::{Count, count};
use crate::kept::Kept;

/// What `attend_view` may use of the stack on any chip, in bytes: the README says so.
const VIEW_STACK_BYTES: usize = 1024;
/// How far off a counter can be: that of a Cortex-M is a clock, which ticks every few instructions.
const COUNTER_INSTRUCTIONS: u64 = 2;

/// Counts every problem once, and holds the counts against all that is said of them.
pub(crate) fn check_counts(core: &str, board: &Board) -> Result<(), Failed> {
    let counts = count(board, &[])?;
    let mut faults = Vec::new();
    for count in &counts {
        faults.extend(other_output(count)?);
        faults.extend(too_much_stack(count));
        faults.extend(hardly_faster(core, count));
        faults.extend(depends_on_numbers(count, &counts));
        faults.extend(slower_than_promised(core, count));
        faults.extend(causal_in_vain(count, &counts));
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

/// Plain loops take less than twice as much; or less than half as much again on M0 and M3, whose multipliers do no
/// more for a kernel than for them.
fn hardly_faster(core: &str, count: &Count) -> Option<String> {
    let (problem, plain) = (count.problem, count.plain_instructions?);
    let tenths = if ["m0", "m3"].contains(&core) { 15 } else { 20 };
    (is_large(&problem) && 10 * plain < tenths * count.instructions)
        .then(|| format!("{problem}: plain loops take only {plain} instructions"))
}

/// Fixed point takes another number of instructions than for the first numbers of the same shape and mask.
fn depends_on_numbers(count: &Count, counts: &[Count]) -> Option<String> {
    let problem = count.problem;
    let same = |other: &&Count| {
        let numbers = problem.numbers;
        Problem {
            numbers,
            ..other.problem
        } == problem
    };
    let (first, count) = (counts.iter().find(same)?.instructions, count.instructions);
    let differs = first.abs_diff(count) > COUNTER_INSTRUCTIONS;
    differs.then(|| format!("{problem}: {count} instructions, but {first} for other numbers"))
}

/// A causal prefill takes more than three fifths of one without a mask.
fn causal_in_vain(count: &Count, counts: &[Count]) -> Option<String> {
    let problem = count.problem;
    let causal = Problem {
        causal: true,
        ..problem
    };
    let causal = counts.iter().find(|other| other.problem == causal)?;
    (is_large(&problem) && 5 * causal.instructions > 3 * count.instructions).then(|| {
        format!(
            "{}: {} instructions, {} without a mask",
            causal.problem, causal.instructions, count.instructions
        )
    })
}

/// Whether it is (128, 32), without a mask.
fn is_large(problem: &Problem) -> bool {
    (problem.queries, problem.keys, problem.causal) == (128, 128, false)
}

/// Whether the count of a problem stands in the file.
fn is_kept(problem: &Problem) -> bool {
    problem.numbers == Numbers::Random(1)
}

/// Whether the core has the DSP instructions.
fn has_dsp(core: &str) -> bool {
    ["m4f", "m7", "m33", "m55"].contains(&core)
}

/// Multiply-adds that 1,000 instructions do at least where there are DSP instructions and a unit for f32, for (16, 16),
/// (32, 64), (64, 32) and (128, 32): what the README promises, whatever the file of counts says.
const FLOORS: [(ProblemFormat, [u64; 4]); 5] = [
    (ProblemFormat::F32, [260, 400, 400, 420]),
    (ProblemFormat::I16, [280, 420, 420, 450]),
    (ProblemFormat::I8, [300, 500, 480, 520]),
    (ProblemFormat::I8I16, [300, 500, 480, 500]),
    (ProblemFormat::PackedI8, [360, 700, 720, 780]),
];
/// What decoding i8 takes at most there: 2.5 instructions for each of 2 · 256 · 32 multiply-adds.
const DECODE_INSTRUCTIONS: u64 = 40_960;
/// What (128, 32) takes at most on M0.
const M0_INSTRUCTIONS: [(ProblemFormat, u64); 3] = [
    (ProblemFormat::F32, 120_000_000),
    (ProblemFormat::I16, 14_000_000),
    (ProblemFormat::I8, 9_000_000),
];

/// Fewer multiply-adds for an instruction than the floor.
fn slower_than_promised(core: &str, count: &Count) -> Option<String> {
    let Count {
        problem,
        instructions,
        ..
    } = count;
    if problem.numbers != Numbers::Random(1) {
        return None;
    }
    let allowed = allowed(core, problem)?;
    let slow = *instructions > allowed;
    slow.then(|| format!("{problem}: {instructions} instructions, {allowed} are allowed"))
}

/// The instructions that a problem may take, if anything was promised.
fn allowed(core: &str, problem: &Problem) -> Option<u64> {
    let of_format = |(format, _): &&(ProblemFormat, _)| *format == problem.format;
    if core == "m0" && is_large(problem) {
        return M0_INSTRUCTIONS
            .iter()
            .find(of_format)
            .map(|(_, most)| *most);
    }
    if !has_dsp(core) || problem.causal {
        return None;
    }
    let shape = (problem.queries, problem.keys, problem.width);
    let (_, floors) = FLOORS
        .iter()
        .find(|(format, _)| *format == problem.format)?;
    let floor = SHAPES
        .iter()
        .zip(floors)
        .find(|(other, _)| **other == shape);
    match floor {
        Some((_, floor)) => Some(problem.multiply_adds() * 1000 / floor),
        None => [ProblemFormat::I8, ProblemFormat::PackedI8]
            .contains(&problem.format)
            .then_some(DECODE_INSTRUCTIONS),
    }
}
