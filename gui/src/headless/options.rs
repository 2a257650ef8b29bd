//! The command line of `kqv attend`, parsed into the kernel's own types.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use kqv::{Quantized, Scale, Softcap, Window};

/// What stands below the options in `--help`.
const AFTER_HELP: &str = "\
FILE
  q.npy               an array of f16, f32 or f64, as numpy saves it
  all.npz             its array q for --q, k for --k, and so on: v, mask, past_k, past_v
  all.npz:layer0.q    its array of this name
  all.safetensors     the same two ways; also bf16

Written to DIR, with as many axes as the queries have
  output.npy          (…, T, E)
  raw.npy             (…, T, S) scores: dot products times the scale
  softcap.npy         (…, T, S) scores after the soft cap
  masked.npy          (…, T, S) scores after the mask; -inf where a key is hidden
  weights.npy         (…, T, S) after the softmax: a row sums to one, or is zero if it sees no key
  present_k.npy, present_v.npy   with --past-k: old and new keys and values, the past of a next call

They hold f32, or f64 with --format f64. Integer formats round Q, K and V first; what is written are
the real numbers that their integers stand for.

Stages, names and masks are those of the operator ONNX Attention (opset 25): a last axis of the mask
that is shorter than S, 1 included, is padded, not repeated.

Exit status 2 if an option or a file is wrong, 1 if DIR cannot be written; nothing is written then.

Example
  kqv attend --q q.npy --k k.npy --v v.npy --causal --window 128,0 --format i8:5 --out stages";

/// Compute attention of arrays in files, and write every stage of it as .npy files.
#[derive(Clone, Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct AttendOptions {
    /// Queries: (T, D), (heads, T, D) or (batch, heads, T, D)
    #[arg(long, value_name = "FILE")]
    pub(super) q: ArrayFile,

    /// Keys: (…, S, D), with as many heads, or a divisor of them (grouped queries)
    #[arg(long, value_name = "FILE")]
    pub(super) k: ArrayFile,

    /// Values: (…, S, E), with as many heads as the keys
    #[arg(long, value_name = "FILE")]
    pub(super) v: ArrayFile,

    /// Who may look at whom (bool) or what to add to each score (float),
    /// in any shape that broadcasts to (batch, heads, T, S)
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    pub(super) mask: Option<ArrayFile>,

    /// A query sees the keys up to its own position only
    #[arg(long)]
    pub(super) causal: bool,

    /// A query sees L keys before its position and R after it; -1 is all of them
    #[arg(long, value_name = "L,R", value_parser = window, allow_hyphen_values = true)]
    pub(super) window: Option<Window>,

    /// The factor between a dot product and its score [default: 1/√D]
    #[arg(long, value_name = "X", value_parser = scale, allow_hyphen_values = true)]
    pub(super) scale: Option<Scale>,

    /// Bound every score X smoothly: CAP · tanh(X / CAP); 0 is no bound
    #[arg(long, value_name = "CAP", value_parser = softcap, allow_hyphen_values = true)]
    pub(super) softcap: Option<Softcap>,

    /// Keys before these: the positions of the queries begin behind them
    #[arg(long, value_name = "FILE", requires = "past_v")]
    pub(super) past_k: Option<ArrayFile>,

    /// The values of those keys
    #[arg(long, value_name = "FILE", requires = "past_k")]
    pub(super) past_v: Option<ArrayFile>,

    /// How many keys of each batch are real, the others are padding;
    /// the last query then stands at the last real key
    #[arg(
        long,
        verbatim_doc_comment,
        value_name = "N,…",
        value_delimiter = ',',
        conflicts_with = "past_k"
    )]
    pub(super) kv_len: Option<Vec<usize>>,

    /// f32 or f64; or i16 or i8 with fraction bits, i16:12, or scales,
    /// i8:scale=0.05; three of them are those of Q, K and V: i16:12,12,13
    #[arg(long, default_value = "f32", verbatim_doc_comment)]
    pub(super) format: FormatChoice,

    /// Where to write; made if it does not exist, its files are replaced
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
}

/// What kind of file an array is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Npy,
    Npz,
    Safetensors,
}

/// An array in a file, as it was asked for.
#[derive(Clone, Debug)]
pub(super) struct ArrayFile {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    /// The name after the colon, for archives.
    pub(super) member: Option<String>,
}

impl FromStr for ArrayFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let colons = text.match_indices(':');
        let archive = colons.map(|(at, _)| &text[..at]).find_map(|file| {
            let kind = kind(file).filter(|kind| *kind != Kind::Npy)?;
            Some((file, kind))
        });
        if let Some((file, kind)) = archive {
            return Ok(Self {
                path: file.into(),
                kind,
                member: Some(text[file.len() + 1..].to_owned()),
            });
        }
        let kind = kind(text).ok_or("a .npy, .npz or .safetensors file is needed")?;
        Ok(Self {
            path: text.into(),
            kind,
            member: None,
        })
    }
}

/// The kind of file that a path's extension announces.
fn kind(path: &str) -> Option<Kind> {
    let extension = Path::new(path).extension()?.to_str()?;
    match extension.to_ascii_lowercase().as_str() {
        "npy" => Some(Kind::Npy),
        "npz" => Some(Kind::Npz),
        "safetensors" => Some(Kind::Safetensors),
        _ => None,
    }
}

/// As it was typed.
impl fmt::Display for ArrayFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        match &self.member {
            Some(name) => write!(f, ":{name}"),
            None => Ok(()),
        }
    }
}

/// The numbers to compute with, and how they were asked for.
#[derive(Clone, Debug)]
pub(super) struct FormatChoice {
    pub(super) text: String,
    pub(super) numbers: Numbers,
}

/// The kernel's formats that the command line can name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Numbers {
    F32,
    F64,
    I16(Quantized<i16>),
    I8(Quantized<i8>),
}

impl FromStr for FormatChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = match text.split_once(':') {
            None if text == "f32" => Numbers::F32,
            None if text == "f64" => Numbers::F64,
            Some(("i16", scales)) => Numbers::I16(quantized(scales)?),
            Some(("i8", scales)) => Numbers::I8(quantized(scales)?),
            _ => return Err("write it like f32, f64, i16:12 or i8:scale=0.05".to_owned()),
        };
        Ok(Self {
            text: text.to_owned(),
            numbers,
        })
    }
}

/// `12`, `12,12,13`, `scale=0.05` or `scale=0.05,0.05,0.1`.
fn quantized<I>(text: &str) -> Result<Quantized<I>, String> {
    let format = if let Some(scales) = text.strip_prefix("scale=") {
        let [q, k, v] = one_or_three(scales)?;
        Quantized::new(q, k, v)
    } else {
        let [q, k, v] = one_or_three(text)?;
        Quantized::from_fraction_bits(q, k, v)
    };
    format.map_err(|error| error.to_string())
}

/// One number for Q, K and V, or one for each.
fn one_or_three<N: FromStr + Copy>(text: &str) -> Result<[N; 3], String> {
    let numbers: Option<Vec<N>> = text.split(',').map(|n| n.parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[all]) => Ok([all; 3]),
        Some(&[q, k, v]) => Ok([q, k, v]),
        _ => Err(
            "write fraction bits like i16:12 or i16:12,12,13, scales like i8:scale=0.05".to_owned(),
        ),
    }
}

/// `128,0`, `-1,-1`.
fn window(text: &str) -> Result<Window, String> {
    let side = |text: &str| match text.trim() {
        "-1" => Some(None),
        keys => keys.parse().ok().map(Some),
    };
    let sides = text.split_once(',').map(|(l, r)| (side(l), side(r)));
    match sides {
        Some((Some(left), Some(right))) => Ok(Window { left, right }),
        _ => Err("write it like 128,0: whole numbers, or -1 for an open side".to_owned()),
    }
}

fn scale(text: &str) -> Result<Scale, String> {
    Scale::new(number(text)?).map_err(|error| error.to_string())
}

/// Zero is none, as in the operator standard.
fn softcap(text: &str) -> Result<Softcap, String> {
    match number(text)? {
        0.0 => Ok(Softcap::NONE),
        cap => Softcap::new(cap).map_err(|error| error.to_string()),
    }
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "a number is needed".to_owned())
}
