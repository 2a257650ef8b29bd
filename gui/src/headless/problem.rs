//! Q, K, V, past and mask whose shapes fit together, all of them with four axes.

use std::fmt;

use super::error::{Fault, HeadlessError};
use super::options::{ArrayFile, AttendOptions, Numbers};
use super::read::{self, MaskTensor};
use super::stack::Stack;
use crate::arrays::{Tensor, shape};

/// Everything that was read, and fits.
pub(super) struct Problem {
    /// How many axes the queries have, 2 to 4.
    axes: usize,
    /// (batch, heads, T, D).
    pub(super) q: Stack<f64>,
    /// (batch, K/V heads, S, D), the past first.
    pub(super) k: Stack<f64>,
    /// (batch, K/V heads, S, E), the past first.
    pub(super) v: Stack<f64>,
    /// How many keys the past has, where one was given.
    pub(super) past: Option<usize>,
    /// The real keys of each batch.
    pub(super) kv_len: Option<Vec<usize>>,
    pub(super) mask: Option<Mask>,
}

/// A mask with four axes, each as long as that of the scores, or 1; the last may be shorter.
pub(super) enum Mask {
    /// `true` where a query may see a key.
    Allowed(Stack<bool>),
    /// What to add to a score.
    Bias(Stack<f64>),
}

impl Problem {
    /// Reads every file of the command line.
    ///
    /// # Errors
    /// [`HeadlessError`] for the first that is wrong.
    pub(super) fn read(options: &AttendOptions) -> Result<Self, HeadlessError> {
        let read = |file, name| Input::read(options, file, name);
        let q = read(&options.q, "q")?;
        q.queries()?;
        let k = read(&options.k, "k")?;
        k.keys_for(&q)?;
        let v = read(&options.v, "v")?;
        v.like(&k, Want::Is(k.rows()), Want::Some("E"))?;
        let past = match (&options.past_k, &options.past_v) {
            (Some(past_k), Some(past_v)) => {
                let past_k = read(past_k, "past_k")?;
                past_k.like(&k, Want::Any("P"), Want::Is(k.columns()))?;
                let past_v = read(past_v, "past_v")?;
                past_v.like(&v, Want::Is(past_k.rows()), Want::Is(v.columns()))?;
                Some([past_k, past_v])
            }
            _ => None,
        };
        let mut problem = Self {
            axes: q.array.shape.len(),
            q: q.array.into(),
            k: k.array.into(),
            v: v.array.into(),
            past: past.as_ref().map(|[past_k, _]| past_k.rows()),
            kv_len: options.kv_len.clone(),
            mask: None,
        };
        if let Some([past_k, past_v]) = past {
            problem.k = Stack::from(past_k.array).followed_by(&problem.k);
            problem.v = Stack::from(past_v.array).followed_by(&problem.v);
        }
        problem.check_kv_len()?;
        if let Some(file) = &options.mask {
            problem.mask = Some(problem.read_mask(options, file)?);
        }
        Ok(problem)
    }

    /// (batch, heads, T, S).
    pub(super) fn scores(&self) -> [usize; 4] {
        let [batch, heads, queries, _] = self.q.shape();
        [batch, heads, queries, self.k.shape()[2]]
    }

    /// The shape of a result with so many columns, with the axes that the queries had.
    pub(super) fn shape_of(&self, columns: usize) -> Vec<usize> {
        let [batch, heads, queries, _] = self.q.shape();
        self.as_given(&[batch, heads, queries, columns])
    }

    /// Four axes without those that the queries did not have.
    pub(super) fn as_given(&self, four: &[usize]) -> Vec<usize> {
        four.iter().skip(4 - self.axes).copied().collect()
    }

    fn check_kv_len(&self) -> Result<(), HeadlessError> {
        let [batch, _, _, keys] = self.scores();
        match &self.kv_len {
            Some(found) if found.len() != batch || found.iter().any(|&len| len > keys) => {
                let found = found.clone();
                Err(Fault::KvLen { found, batch, keys }.of("--kv-len"))
            }
            _ => Ok(()),
        }
    }

    fn read_mask(&self, options: &AttendOptions, file: &ArrayFile) -> Result<Mask, HeadlessError> {
        Ok(match read::mask(file, "mask")? {
            MaskTensor::Allowed(allowed) => {
                self.check_mask(file, &allowed.shape)?;
                Mask::Allowed(allowed.into())
            }
            MaskTensor::Bias(bias) => {
                refuse_nan(options, file, &bias)?;
                self.check_mask(file, &bias.shape)?;
                Mask::Bias(bias.into())
            }
        })
    }

    fn check_mask(&self, file: &ArrayFile, found: &[usize]) -> Result<(), HeadlessError> {
        let scores = self.scores();
        let keys = scores[3];
        let least = self
            .kv_len
            .iter()
            .flatten()
            .copied()
            .max()
            .unwrap_or(1)
            .max(1);
        let fits = match found.split_last() {
            Some((columns, others)) => {
                let right = others.iter().rev().zip(scores.iter().rev().skip(1));
                (least..=keys).contains(columns)
                    && others.len() < 4
                    && right
                        .into_iter()
                        .all(|(&found, &axis)| found == axis || found == 1)
            }
            None => false,
        };
        if fits {
            return Ok(());
        }
        let wanted = format!(
            "a shape that broadcasts to {}, the last axis from {least} to {keys},",
            shape(&scores)
        );
        Err(Fault::Shape {
            found: found.to_vec(),
            wanted,
            beside: None,
        }
        .of(file))
    }
}

/// An array, and what its file is called.
struct Input {
    file: String,
    array: Tensor<f64>,
}

impl Input {
    fn read(
        options: &AttendOptions,
        file: &ArrayFile,
        name: &'static str,
    ) -> Result<Self, HeadlessError> {
        let array = read::reals(file, name)?;
        refuse_nan(options, file, &array)?;
        let file = file.to_string();
        Ok(Self { file, array })
    }

    /// The length of the last axis but one.
    fn rows(&self) -> usize {
        self.array.shape.iter().rev().nth(1).copied().unwrap_or(0)
    }

    /// The length of the last axis.
    fn columns(&self) -> usize {
        self.array.shape.last().copied().unwrap_or(0)
    }

    /// Checks that this can be Q.
    fn queries(&self) -> Result<(), HeadlessError> {
        let found = &self.array.shape;
        if (2..=4).contains(&found.len()) && !found.contains(&0) {
            return Ok(());
        }
        Err(Fault::Shape {
            found: found.clone(),
            wanted: "(T, D), (heads, T, D) or (batch, heads, T, D), none of them zero,".to_owned(),
            beside: None,
        }
        .of(&self.file))
    }

    /// Checks that this can be K for these queries: one head serves one or more of theirs.
    fn keys_for(&self, q: &Self) -> Result<(), HeadlessError> {
        let mut wanted: Vec<Want> = q.array.shape.iter().copied().map(Want::Is).collect();
        let axes = wanted.len();
        for (at, want) in wanted.iter_mut().enumerate() {
            *want = match (axes - at, *want) {
                (2, _) => Want::Some("S"),
                (3, Want::Is(heads)) => Want::Divisor(heads),
                _ => continue,
            };
        }
        self.check(&wanted, q)
    }

    /// Checks that this has the batches and heads of `other`, and such rows and columns.
    fn like(&self, other: &Self, rows: Want, columns: Want) -> Result<(), HeadlessError> {
        let mut wanted: Vec<Want> = other.array.shape.iter().copied().map(Want::Is).collect();
        wanted.truncate(wanted.len().saturating_sub(2));
        wanted.extend([rows, columns]);
        self.check(&wanted, other)
    }

    fn check(&self, wanted: &[Want], beside: &Self) -> Result<(), HeadlessError> {
        let found = &self.array.shape;
        let mut pairs = found.iter().zip(wanted);
        if found.len() == wanted.len() && pairs.all(|(&axis, want)| want.allows(axis)) {
            return Ok(());
        }
        let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        Err(Fault::Shape {
            found: found.clone(),
            wanted: format!("({})", wanted.join(", ")),
            beside: Some((beside.file.clone(), beside.array.shape.clone())),
        }
        .of(&self.file))
    }
}

/// How long an axis may be.
#[derive(Clone, Copy)]
enum Want {
    Is(usize),
    Divisor(usize),
    /// Anything but zero, by the letter of the axis.
    Some(&'static str),
    /// Anything, by the letter of the axis.
    Any(&'static str),
}

impl Want {
    fn allows(self, axis: usize) -> bool {
        match self {
            Self::Is(len) => axis == len,
            Self::Divisor(of) => axis > 0 && of.is_multiple_of(axis),
            Self::Some(_) => axis > 0,
            Self::Any(_) => true,
        }
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(len) => write!(f, "{len}"),
            Self::Divisor(1) => f.write_str("1"),
            Self::Divisor(of) => write!(f, "a divisor of {of}"),
            Self::Some(letter) | Self::Any(letter) => f.write_str(letter),
        }
    }
}

/// Refuses NaN, which integers do not have.
fn refuse_nan(
    options: &AttendOptions,
    file: &ArrayFile,
    tensor: &Tensor<f64>,
) -> Result<(), HeadlessError> {
    if matches!(options.format.numbers, Numbers::F32 | Numbers::F64) {
        return Ok(());
    }
    match tensor.find(f64::is_nan) {
        None => Ok(()),
        Some((place, _)) => {
            let format = options.format.text.clone();
            Err(Fault::NotANumber { place, format }.of(file))
        }
    }
}
