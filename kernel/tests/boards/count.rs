//! What the firmware's program `count` prints: executed instructions and stack of attention, by problem.

use kqv_fixtures::problem::Problem;

use crate::board::Board;
use crate::tools::Failed;

/// The cores that are counted, and the boards that have them.
pub(crate) const CORES: [(&str, &str); 8] = [
    ("m0", "mps2-an385-m0"),
    ("m3", "mps2-an385"),
    ("m4f", "mps2-an386"),
    ("m7", "mps2-an500"),
    ("m33", "mps2-an505"),
    ("m55", "mps3-an547"),
    ("rv32imac", "virt"),
    ("rv32imafc", "virt-f"),
];

/// What one problem took on one core.
#[derive(Clone, Debug)]
pub(crate) struct Count {
    pub(crate) problem: Problem,
    /// Of the output.
    pub(crate) digest: u64,
    pub(crate) instructions: u64,
    /// Where it was measured.
    pub(crate) stack_bytes: Option<usize>,
    /// What plain loops take, where they were counted too.
    pub(crate) plain_instructions: Option<u64>,
}

/// Counts on a board, all problems that have all the words, or all there are.
pub(crate) fn count(board: &Board, words: &[&str]) -> Result<Vec<Count>, Failed> {
    let append = words.join(" ");
    let arguments = ["-append", append.as_str()];
    let arguments = if words.is_empty() {
        &[][..]
    } else {
        &arguments
    };
    let printed = board.run_with("count", arguments)?;
    let mut lines = printed.lines();
    let mut counts = Vec::new();
    for problem in Problem::all().filter(|problem| words.iter().all(|word| problem.has(word))) {
        let line = lines.next().ok_or(format!("no line for {problem}"))?;
        let result = line.strip_prefix(&format!("{problem} "));
        let result = result.ok_or(format!("{line}: not {problem}"))?;
        counts.push(parse(problem, result).ok_or(format!("no count: {line}"))?);
    }
    Ok(counts)
}

/// `0123456789abcdef 1234 instructions`, and maybe ` 208 bytes 5678 plain`.
fn parse(problem: Problem, result: &str) -> Option<Count> {
    let mut words = result.split(' ');
    let digest = u64::from_str_radix(words.next()?, 16).ok()?;
    let instructions = words.next()?.parse().ok()?;
    (words.next()? == "instructions").then_some(())?;
    let stack_bytes = words.next().and_then(|bytes| bytes.parse().ok());
    Some(Count {
        problem,
        digest,
        instructions,
        stack_bytes,
        plain_instructions: words.nth(1).and_then(|plain| plain.parse().ok()),
    })
}
