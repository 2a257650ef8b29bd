//! Q, K and V of every head of an input, and how three tensors become one.

use crate::arrays::{Tensor, shape};
use crate::number::real;
use crate::session::{FractionBits, Mask};
use crate::source::SourceError;
use crate::source::layer::Layer;
use crate::source::misfit::Misfit;

/// More scores than this are too many to keep six tables of them, 128 MiB each.
pub const MAX_SCORES: usize = 4096 * 4096;

/// Q (layers, heads, T, D), K (layers, heads, S, D) and V (layers, heads, S, E), row-major, all finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// As it is called in the picker.
    pub name: String,
    /// One sentence about it.
    pub about: String,
    /// At least one.
    pub layers: usize,
    /// At least one.
    pub heads: usize,
    /// T.
    pub queries: usize,
    /// S.
    pub keys: usize,
    /// D.
    pub width: usize,
    /// E.
    pub value_width: usize,
    /// Q of every head.
    pub q: Vec<f64>,
    /// K of every head.
    pub k: Vec<f64>,
    /// V of every head.
    pub v: Vec<f64>,
    /// (T), or empty.
    pub query_tokens: Vec<String>,
    /// (S), or empty.
    pub key_tokens: Vec<String>,
    /// The factor it asks for; `None` is 1/√D.
    pub scale: Option<f64>,
    /// The fraction bits it is meant for, as 16-bit and as 8-bit integers.
    pub bits: Option<[FractionBits; 2]>,
    /// The mask it is meant for.
    pub mask: Mask,
    /// X and the weights that Q, K and V were made by, where it has them.
    pub layer: Option<Layer>,
}

/// Q (T, D), K (S, D) and V (S, E) of one head.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// (T, D).
    pub q: &'a [f64],
    /// (S, D).
    pub k: &'a [f64],
    /// (S, E).
    pub v: &'a [f64],
}

impl Input {
    /// Q, K and V of one head, empty if there is none.
    pub fn head(&self, layer: usize, head: usize) -> Head<'_> {
        let at = layer * self.heads + head;
        Head {
            q: slice(&self.q, at, self.queries * self.width),
            k: slice(&self.k, at, self.keys * self.width),
            v: slice(&self.v, at, self.keys * self.value_width),
        }
    }

    /// What query `i` is called: its token, or its number.
    pub fn query_name(&self, i: usize) -> String {
        self.query_tokens
            .get(i)
            .cloned()
            .unwrap_or_else(|| i.to_string())
    }

    /// What key `j` is called: its token, or its number.
    pub fn key_name(&self, j: usize) -> String {
        self.key_tokens
            .get(j)
            .cloned()
            .unwrap_or_else(|| j.to_string())
    }

    /// The most fraction bits with which no value of the head saturates, for integers up to `max`.
    pub fn fitting_bits(&self, layer: usize, head: usize, max: f64) -> FractionBits {
        let Head { q, k, v } = self.head(layer, head);
        FractionBits {
            q: fitting_bits(q, max),
            k: fitting_bits(k, max),
            v: fitting_bits(v, max),
        }
    }
}

fn slice(values: &[f64], at: usize, len: usize) -> &[f64] {
    values.get(at * len..(at + 1) * len).unwrap_or_default()
}

/// The most fraction bits with which no value saturates, for integers up to `max`.
pub fn fitting_bits(values: &[f64], max: f64) -> i32 {
    let largest = largest(values);
    (-30..=30)
        .rev()
        .find(|&bits| largest * 2.0_f64.powi(bits) <= max)
        .unwrap_or(0)
}

/// The scale with which the greatest value becomes `max`; one where all are zero.
pub fn fitting_scale(values: &[f64], max: f64) -> f64 {
    let scale = largest(values) / max;
    if scale > 0.0 { scale } else { 1.0 }
}

fn largest(values: &[f64]) -> f64 {
    let sizes = values.iter().map(|value| value.abs());
    sizes.fold(0.0, f64::max)
}

/// Layers, heads, rows and columns.
fn axes(file: &str, tensor: &'static str, shape: &[usize]) -> Result<[usize; 4], SourceError> {
    let axes = match *shape {
        [rows, columns] => Some([1, 1, rows, columns]),
        [heads, rows, columns] => Some([1, heads, rows, columns]),
        [layers, heads, rows, columns] => Some([layers, heads, rows, columns]),
        _ => None,
    };
    axes.filter(|axes| !axes.contains(&0)).ok_or_else(|| {
        Misfit::Rank {
            tensor,
            shape: shape.to_vec(),
        }
        .of(file)
    })
}

/// Joins three tensors, (T, D), (heads, T, D) or (layers, heads, T, D) each, whose shapes fit, or says why they do not.
pub(super) fn join(
    file: &str,
    [q, k, v]: [Tensor<f64>; 3],
    tokens: &[String],
) -> Result<Input, SourceError> {
    let [layers, heads, queries, width] = axes(file, "q", &q.shape)?;
    let [k_layers, k_heads, keys, k_width] = axes(file, "k", &k.shape)?;
    let [v_layers, v_heads, v_keys, value_width] = axes(file, "v", &v.shape)?;
    let stacks = [(layers, heads), (k_layers, k_heads), (v_layers, v_heads)];
    if stacks.iter().any(|&stack| stack != (layers, heads)) {
        return Err(Misfit::Stacks { stacks }.of(file));
    }
    if width != k_width {
        return Err(Misfit::Width {
            q: width,
            k: k_width,
        }
        .of(file));
    }
    if keys != v_keys {
        return Err(Misfit::Keys { k: keys, v: v_keys }.of(file));
    }
    if queries.saturating_mul(keys) > MAX_SCORES {
        return Err(Misfit::TooLarge { queries, keys }.of(file));
    }
    for (name, tensor) in [("q", &q), ("k", &k), ("v", &v)] {
        if let Some((place, value)) = tensor.find(|value| !value.is_finite()) {
            return Err(Misfit::NotFinite {
                tensor: name,
                place,
                value,
            }
            .of(file));
        }
    }
    if !tokens.is_empty() && tokens.len() != queries && tokens.len() != keys {
        return Err(Misfit::Tokens {
            tokens: tokens.len(),
            queries,
            keys,
        }
        .of(file));
    }
    let labels = |rows: usize| {
        if tokens.len() == rows {
            tokens.to_vec()
        } else {
            Vec::new()
        }
    };
    Ok(Input {
        name: file.to_owned(),
        about: about(&q.shape, &k.shape, &v.shape),
        layers,
        heads,
        queries,
        keys,
        width,
        value_width,
        query_tokens: labels(queries),
        key_tokens: labels(keys),
        q: q.values,
        k: k.values,
        v: v.values,
        scale: None,
        bits: None,
        mask: Mask::None,
        layer: None,
    })
}

fn about(q: &[usize], k: &[usize], v: &[usize]) -> String {
    let [q, k, v] = [q, k, v].map(shape);
    format!("From a file: q {q}, k {k}, v {v}")
}

/// 1/√D, or what the input asks for.
pub fn scale_of(input: &Input) -> f64 {
    input
        .scale
        .unwrap_or_else(|| 1.0 / real(input.width.max(1)).sqrt())
}
