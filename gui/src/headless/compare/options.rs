//! The command line of `kqv compare`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::compare::formats::FormatSpec;

/// What stands below the options in `--help`.
const AFTER_HELP: &str = "\
FORMAT
  f32, f64
  i16:12             integers of 16 bits, 12 of them behind the point, in Q, K and V
  i8:4/4/5           of 8 bits; fraction bits of Q, K and V apart
  i8:fit             as many fraction bits as keep every value of a head in range; i8:fit-1 is one less
  i8@0.03/0.03/0.04  what one step of the integers of Q, K and V stands for; one number for all three
  i8@fit             the largest value of Q, K and V of a head becomes 127

SQNR is that of the output over all heads: 10·log10 of the power of the output over that of its error.
Exit status 1 if a format is under --fail-under-sqnr (the files are written all the same) or a file
cannot be written, 2 if an option or the input is wrong.

Example
  kqv compare head.safetensors --formats i16:fit,i8:fit --report report.html --fail-under-sqnr 20";

/// Compare number formats on every head of an input: a table, a report, and a verdict for CI.
#[expect(clippy::doc_markdown, reason = "help is shown as it stands here")]
#[derive(Clone, Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct CompareOptions {
    /// One .safetensors or .npz file with the arrays q, k and v, or x, w_q, w_k and w_v; or a .npy or
    /// .csv file called q, k or v, with the other two beside it; or all three [default: the head that
    /// the window shows]
    #[arg(value_name = "FILE", verbatim_doc_comment)]
    pub(super) files: Vec<PathBuf>,

    /// The formats to judge
    #[arg(long, value_name = "FORMAT,…", value_delimiter = ',', required = true)]
    pub(super) formats: Vec<FormatSpec>,

    /// The format that they are held against
    #[arg(long, value_name = "FORMAT", default_value = "f64")]
    pub(super) against: FormatSpec,

    /// Which layers, from zero: 0,2-4 [default: all]
    #[arg(long, value_name = "LIST")]
    pub(super) layers: Option<Picked>,

    /// Which heads of each, from zero: 1,5-7 [default: all]
    #[arg(long, value_name = "LIST")]
    pub(super) heads: Option<Picked>,

    /// Who may look at whom [default: what the input is meant for]
    #[arg(long)]
    pub(super) mask: Option<MaskName>,

    /// The factor between a dot product and its score [default: 1/√D]
    #[arg(long, value_name = "X", value_parser = finite, allow_hyphen_values = true)]
    pub(super) scale: Option<f64>,

    /// Bound every score X smoothly: CAP · tanh(X / CAP)
    #[arg(long, value_name = "CAP", value_parser = cap, allow_hyphen_values = true)]
    pub(super) softcap: Option<f64>,

    /// Every step between a query and a key costs the slope that the paper on ALiBi gives the head
    #[arg(long, conflicts_with = "slope")]
    pub(super) alibi: bool,

    /// Every step between a query and a key costs X
    #[arg(long, value_name = "X", value_parser = slope, allow_hyphen_values = true)]
    pub(super) slope: Option<f32>,

    /// Write the report there, one HTML page with its pictures
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,

    /// Write one row for each format, head and stage there
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,

    /// Write everything that is in the report there
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,

    /// Exit with status 1 if the SQNR of a format is lower, in dB
    #[arg(long, value_name = "DB", value_parser = finite, allow_hyphen_values = true)]
    pub(super) fail_under_sqnr: Option<f64>,
}

/// Who may look at whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum MaskName {
    /// Every query sees every key.
    None,
    /// A query sees the keys up to its own position.
    Causal,
}

/// Some layers or heads: ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picked(Vec<[usize; 2]>);

impl Picked {
    /// In the order in which they were written, each once.
    ///
    /// # Errors
    /// The first that is not among so many.
    pub(super) fn among(&self, there: usize) -> Result<Vec<usize>, usize> {
        let mut picked = Vec::new();
        for &[first, last] in &self.0 {
            if last >= there {
                return Err(last);
            }
            for at in first..=last {
                if !picked.contains(&at) {
                    picked.push(at);
                }
            }
        }
        Ok(picked)
    }
}

impl FromStr for Picked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some([first, last])
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges
            .map(Self)
            .ok_or_else(|| "write it like 3 or 0,2-4".to_owned())
    }
}

/// A soft cap as the kernel takes it.
fn cap(text: &str) -> Result<f64, String> {
    let cap = finite(text)?;
    kqv::Softcap::new(cap).map_err(|error| error.to_string())?;
    Ok(cap)
}

fn slope(text: &str) -> Result<f32, String> {
    let slope: Option<f32> = text.parse().ok();
    slope
        .filter(|slope| slope.is_finite())
        .ok_or_else(|| "a finite number is needed".to_owned())
}

fn finite(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| "a finite number is needed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_picked_by_number_and_range() {
        let picked: Picked = "3,0-2,1".parse().unwrap();
        assert_eq!(picked.among(4), Ok(vec![3, 0, 1, 2]));
        assert_eq!(picked.among(3), Err(3));
        for wrong in ["", "2-1", "a", "1,,2", "-1"] {
            assert!(wrong.parse::<Picked>().is_err(), "{wrong}");
        }
    }
}
