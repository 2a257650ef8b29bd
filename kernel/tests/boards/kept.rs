//! What is kept in `benches/`, so that none of it grows unnoticed: instructions and flash, by core.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::count::CORES;
use crate::tools::{Failed, compiler};

/// By how much a number may grow over the one that is kept, in percent.
const GROWTH_PERCENT: u64 = 2;

/// A file of numbers: a line for each thing that was measured, a column for each core.
#[derive(Debug)]
pub(crate) struct Kept {
    file: &'static str,
    /// What is counted.
    unit: &'static str,
    /// The compiler that they were made with, as it prints itself.
    compiler: String,
    by_line: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Kept {
    /// Executed instructions, by problem.
    pub(crate) fn instructions() -> Result<Self, Failed> {
        Self::read("instructions.csv", "instructions")
    }

    /// Bytes of flash, by entry point and format.
    pub(crate) fn flash() -> Result<Self, Failed> {
        Self::read("flash.csv", "bytes of flash")
    }

    fn path(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../benches")
            .join(self.file)
    }

    /// Those in the file; none if there is no file.
    fn read(file: &'static str, unit: &'static str) -> Result<Self, Failed> {
        let (compiler, by_line) = (String::new(), BTreeMap::new());
        let mut kept = Self {
            file,
            unit,
            compiler,
            by_line,
        };
        let text = fs::read_to_string(kept.path()).unwrap_or_default();
        let mut lines = text.lines();
        let Some(compiler) = lines.next() else {
            return Ok(kept);
        };
        kept.compiler = compiler.trim_start_matches("# ").into();
        let cores: Vec<&str> = lines.next().ok_or("no head")?.split(',').skip(1).collect();
        for line in lines {
            let (name, numbers) = line.split_once(',').ok_or("no numbers")?;
            for (core, number) in cores.iter().zip(numbers.split(',')) {
                if !number.is_empty() {
                    kept.set(name, core, number.parse()?);
                }
            }
        }
        Ok(kept)
    }

    /// Those of one core that are beyond what is kept, each a sentence; none where another compiler is at work.
    ///
    /// With `KQV_WRITE_COUNTS` they replace what is kept.
    pub(crate) fn hold(mut self, core: &str, now: &[(String, u64)]) -> Result<Vec<String>, Failed> {
        let accept = "KQV_WRITE_COUNTS=1 cargo test -p kqv --test boards writes them anew";
        let compiler = compiler()?;
        if env::var_os("KQV_WRITE_COUNTS").is_some() {
            self.rewrite(compiler, core, now)?;
            return Ok(Vec::new());
        }
        if self.compiler != compiler {
            println!(
                "benches/{} is of another compiler than {compiler}: {accept}",
                self.file
            );
            return Ok(Vec::new());
        }
        let mut faults = Vec::new();
        for (name, now) in now {
            let unit = self.unit;
            match self.by_line.get(name).and_then(|numbers| numbers.get(core)) {
                Some(then) if now * 100 <= then * (100 + GROWTH_PERCENT) => {}
                Some(then) => faults.push(format!(
                    "{name}: {now} {unit}, more than {GROWTH_PERCENT} % above {then}; {accept}"
                )),
                None => faults.push(format!("{name}: {now} {unit} are not kept; {accept}")),
            }
        }
        Ok(faults)
    }

    /// Replaces the numbers of one core, made with this compiler, in the file.
    fn rewrite(
        &mut self,
        compiler: String,
        core: &str,
        now: &[(String, u64)],
    ) -> Result<(), Failed> {
        for numbers in self.by_line.values_mut() {
            numbers.remove(core);
        }
        self.compiler = compiler;
        for (name, number) in now {
            self.set(name, core, *number);
        }
        self.by_line.retain(|_, numbers| !numbers.is_empty());
        let measured = |core: &str| {
            self.by_line
                .values()
                .any(|numbers| numbers.contains_key(core))
        };
        let cores: Vec<&str> = CORES
            .iter()
            .map(|&(core, _)| core)
            .filter(|core| measured(core))
            .collect();
        let mut text = format!("# {}\n{}", self.compiler, self.unit);
        for core in &cores {
            text.extend([",", core]);
        }
        for (name, numbers) in &self.by_line {
            write!(text, "\n{name}")?;
            for core in &cores {
                let number = numbers.get(*core).map(ToString::to_string);
                text.extend([",", &number.unwrap_or_default()]);
            }
        }
        text.push('\n');
        Ok(fs::write(self.path(), text)?)
    }

    fn set(&mut self, name: &str, core: &str, number: u64) {
        let numbers = self.by_line.entry(name.into()).or_default();
        numbers.insert(core.into(), number);
    }
}
