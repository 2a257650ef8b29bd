//! The counts that are kept in `benches/instructions.csv`, so that none grows unnoticed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use kqv_fixtures::problem::{Numbers, Problem};

use crate::count::{CORES, Count};
use crate::tools::Failed;

/// The counts that are kept: a line for each problem, a column for each core.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The compiler that they were made with, as it prints itself.
    compiler: String,
    by_problem: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Kept {
    fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/instructions.csv")
    }

    /// Those in the file; none if there is no file.
    pub(crate) fn read() -> Result<Self, Failed> {
        let mut kept = Self::default();
        let text = fs::read_to_string(Self::path()).unwrap_or_default();
        let mut lines = text.lines();
        let Some(compiler) = lines.next() else {
            return Ok(kept);
        };
        kept.compiler = compiler.trim_start_matches("# ").into();
        let cores: Vec<&str> = lines.next().ok_or("no head")?.split(',').skip(1).collect();
        for line in lines {
            let (problem, counts) = line.split_once(',').ok_or("no counts")?;
            for (core, count) in cores.iter().zip(counts.split(',')) {
                if !count.is_empty() {
                    kept.set(problem, core, count.parse()?);
                }
            }
        }
        Ok(kept)
    }

    /// Replaces the counts of one core, made with this compiler, in the file.
    pub(crate) fn rewrite(compiler: &str, core: &str, counts: &[Count]) -> Result<(), Failed> {
        let mut kept = Self::read()?;
        for counts in kept.by_problem.values_mut() {
            counts.remove(core);
        }
        compiler.clone_into(&mut kept.compiler);
        for count in counts.iter().filter(|count| is_kept(&count.problem)) {
            kept.set(&count.problem.to_string(), core, count.instructions);
        }
        let mut text = format!("# {compiler}\nproblem");
        for (core, _) in CORES {
            text.extend([",", core]);
        }
        for (problem, counts) in &kept.by_problem {
            write!(text, "\n{problem}")?;
            for (core, _) in CORES {
                let count = counts.get(core).map(ToString::to_string);
                text.extend([",", &count.unwrap_or_default()]);
            }
        }
        text.push('\n');
        Ok(fs::write(Self::path(), text)?)
    }

    fn set(&mut self, problem: &str, core: &str, count: u64) {
        let counts = self.by_problem.entry(problem.into()).or_default();
        counts.insert(core.into(), count);
    }

    /// Whether counts of this compiler can be held against these.
    pub(crate) fn is_of(&self, compiler: &str) -> bool {
        self.compiler == compiler
    }

    /// How many instructions the problem took on this core when the file was written.
    pub(crate) fn instructions(&self, problem: &Problem, core: &str) -> Option<u64> {
        let counts = self.by_problem.get(&problem.to_string())?;
        counts.get(core).copied()
    }
}

/// Whether the count of a problem stands in the file.
pub(crate) fn is_kept(problem: &Problem) -> bool {
    problem.numbers == Numbers::Random(1)
}
