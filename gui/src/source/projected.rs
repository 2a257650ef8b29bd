//! X and the weights of a layer in one file, by their own names or by those that PyTorch's layers have.
//!
//! ```text
//! x, hidden_states              X    (T, X), or one batch of it
//! w_q  w_k  w_v                 W    (X, H·D) or (H, X, D), as they are multiplied
//! w_o                           W_O  (H·E, X) or (H, E, X); not needed
//! q_proj.weight, query.weight … W    (H·D, X), turned: a row per output
//! o_proj.weight, out_proj.weight …   (X, H·E), turned
//! in_proj_weight                     (3·H·D, X): those of Q, K and V below each other
//! heads                         H    a number in the metadata, or an array of one; without it 1
//! ```

use super::archive::Archive;
use super::error::SourceError;
use super::input::{Input, MAX_SCORES};
use super::layer::Layer;
use super::unfit::Unfit;
use crate::arrays::Tensor;

/// X, as files call it.
const X: [&str; 2] = ["x", "hidden_states"];

/// A matrix of weights, as files call it.
struct Names {
    /// As it is called on screen, and in files, small or capital.
    own: &'static str,
    /// The ends of its names in files of PyTorch; the first that occurs counts.
    turned: &'static [&'static str],
    /// Which third of `in_proj_weight` it is.
    third: Option<usize>,
}

const W_Q: Names = Names {
    own: "W_Q",
    turned: &[
        "q_proj.weight",
        "query.weight",
        "q_lin.weight",
        "to_q.weight",
        "wq.weight",
    ],
    third: Some(0),
};
const W_K: Names = Names {
    own: "W_K",
    turned: &[
        "k_proj.weight",
        "key.weight",
        "k_lin.weight",
        "to_k.weight",
        "wk.weight",
    ],
    third: Some(1),
};
const W_V: Names = Names {
    own: "W_V",
    turned: &[
        "v_proj.weight",
        "value.weight",
        "v_lin.weight",
        "to_v.weight",
        "wv.weight",
    ],
    third: Some(2),
};
const W_O: Names = Names {
    own: "W_O",
    turned: &[
        "o_proj.weight",
        "out_proj.weight",
        "attention.output.dense.weight",
        "output.dense.weight",
        "out_lin.weight",
        "to_out.0.weight",
        "wo.weight",
    ],
    third: None,
};

/// All weights of Q, K and V below each other.
const STACKED: &str = "in_proj_weight";

/// The weights of all heads, (H, X, Y).
struct Weights {
    name: &'static str,
    heads: usize,
    inputs: usize,
    outputs: usize,
    values: Vec<f64>,
}

/// Whether a file holds X instead of Q, K and V.
pub(super) fn is_meant(archive: &Archive<'_>) -> bool {
    let has = |name: &str| {
        archive
            .names
            .iter()
            .any(|found| found.eq_ignore_ascii_case(name))
    };
    X.into_iter().any(has) && !["q", "k", "v"].into_iter().any(has)
}

/// The layer in a file, and Q, K and V that follow from it.
pub(super) fn open(archive: &Archive<'_>) -> Result<Input, SourceError> {
    let x = tokens(archive)?;
    let &[tokens, columns] = x.shape.as_slice() else {
        let shape = x.shape;
        return Err(Unfit::X { shape }.of(archive.file));
    };
    let three = [&W_Q, &W_K, &W_V].map(|names| weights(archive, names));
    let [w_q, w_k, w_v] = {
        let [q, k, v] = three;
        [q?, k?, v?]
    };
    let heads = [w_q.heads, w_k.heads, w_v.heads];
    if heads.iter().any(|&count| count != w_q.heads) {
        return Err(Unfit::Heads { heads }.of(archive.file));
    }
    for weights in [&w_q, &w_k, &w_v] {
        if weights.inputs != columns {
            let (name, takes) = (weights.name, weights.inputs);
            return Err(Unfit::Inputs {
                name,
                takes,
                columns,
            }
            .of(archive.file));
        }
    }
    if w_q.outputs != w_k.outputs {
        let (q, k) = (w_q.outputs, w_k.outputs);
        return Err(Unfit::Width { q, k }.of(archive.file));
    }
    if tokens.saturating_mul(tokens) > MAX_SCORES {
        return Err(Unfit::TooLarge { tokens }.of(archive.file));
    }
    let words = archive.tokens.as_slice();
    if !words.is_empty() && words.len() != tokens {
        let words = words.len();
        return Err(Unfit::Words { words, tokens }.of(archive.file));
    }
    let joined = w_q.heads * w_v.outputs;
    let w_o = joining(archive, joined, columns)?;
    let ending = if w_o.is_empty() { "no W_O" } else { "W_O" };
    let (width, value_width) = (w_q.outputs, w_v.outputs);
    let count = match w_q.heads {
        1 => "1 head".to_owned(),
        heads => format!("{heads} heads"),
    };
    let about = format!(
        "From a file: X ({tokens}, {columns}), {count} of W_Q and W_K ({columns}, {width}), W_V ({columns}, {value_width}), {ending}"
    );
    let layer = Layer {
        tokens,
        columns,
        heads: w_q.heads,
        width,
        value_width,
        x: x.values,
        w_q: w_q.values,
        w_k: w_k.values,
        w_v: w_v.values,
        w_o,
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let input = layer.into_input(archive.file, &about, &words);
    // Numbers that a file may hold can be too large for the sums of a layer, which are in f32.
    let made = [&input.q, &input.k, &input.v].into_iter().flatten();
    if made.into_iter().any(|value| !value.is_finite()) {
        return Err(Unfit::Beyond.of(archive.file));
    }
    Ok(input)
}

/// X (T, X).
fn tokens(archive: &Archive<'_>) -> Result<Tensor<f64>, SourceError> {
    let found = X.into_iter().find_map(|name| archive.named(name));
    let x = finite(archive, "X", found.unwrap_or(X[0]))?;
    let shape = match *x.shape {
        [tokens, columns] | [1, tokens, columns] if tokens * columns > 0 => vec![tokens, columns],
        _ => {
            let shape = x.shape;
            return Err(Unfit::X { shape }.of(archive.file));
        }
    };
    Ok(Tensor { shape, ..x })
}

/// An array of numbers that are all finite.
fn finite(
    archive: &Archive<'_>,
    name: &'static str,
    array: &str,
) -> Result<Tensor<f64>, SourceError> {
    let tensor = archive.array(name, array)?;
    match tensor.find(|value| !value.is_finite()) {
        None => Ok(tensor),
        Some((place, value)) => Err(Unfit::NotFinite { name, place, value }.of(archive.file)),
    }
}

/// What a file calls a matrix, and whether it is turned there.
enum Found<'a> {
    Own(&'a str),
    Turned(&'a str),
    Stacked(&'a str, usize),
}

fn find<'a>(archive: &'a Archive<'_>, names: &Names) -> Result<Option<Found<'a>>, SourceError> {
    if let Some(name) = archive.named(names.own) {
        return Ok(Some(Found::Own(name)));
    }
    let one = |end: &str| {
        let ends = |name: &&String| *name == end || name.ends_with(&format!(".{end}"));
        let found: Vec<&String> = archive.names.iter().filter(ends).collect();
        match found.as_slice() {
            [] => Ok(None),
            [name] => Ok(Some(name.as_str())),
            several => Err(Unfit::Several {
                name: names.own,
                found: several.iter().map(|name| (*name).clone()).collect(),
            }
            .of(archive.file)),
        }
    };
    for end in names.turned {
        if let Some(name) = one(end)? {
            return Ok(Some(Found::Turned(name)));
        }
    }
    let Some(third) = names.third else {
        return Ok(None);
    };
    Ok(one(STACKED)?.map(|name| Found::Stacked(name, third)))
}

/// `W_Q`, `W_K` or `W_V` of all heads.
fn weights(archive: &Archive<'_>, names: &Names) -> Result<Weights, SourceError> {
    let name = names.own;
    let found = find(archive, names)?;
    let found = found.ok_or_else(|| Unfit::Missing { name }.of(archive.file))?;
    let of_shape = |shape: &[usize]| {
        let shape = shape.to_vec();
        Unfit::Weights { name, shape }.of(archive.file)
    };
    let (inputs, all, values) = match found {
        Found::Own(array) => {
            no_bias(archive, name, &names.own.replace('W', "b"))?;
            let tensor = finite(archive, name, array)?;
            match *tensor.shape {
                [heads, inputs, outputs] if heads * inputs * outputs > 0 => {
                    if let Some(said) = archive.heads.filter(|&said| said != heads) {
                        return Err(Unfit::HeadsSaid { name, heads, said }.of(archive.file));
                    }
                    let values = tensor.values;
                    return Ok(Weights {
                        name,
                        heads,
                        inputs,
                        outputs,
                        values,
                    });
                }
                [inputs, all] if inputs * all > 0 => (inputs, all, tensor.values),
                _ => return Err(of_shape(&tensor.shape)),
            }
        }
        Found::Turned(array) => {
            no_bias(archive, name, &array.replace("weight", "bias"))?;
            let tensor = finite(archive, name, array)?;
            match *tensor.shape {
                [all, inputs] if inputs * all > 0 => (inputs, all, turned(&tensor.values, inputs)),
                _ => return Err(of_shape(&tensor.shape)),
            }
        }
        Found::Stacked(array, third) => {
            no_bias(archive, name, &array.replace("weight", "bias"))?;
            let tensor = finite(archive, name, array)?;
            match *tensor.shape {
                [all, inputs] if inputs * all > 0 && all % 3 == 0 => {
                    let part = all / 3 * inputs;
                    let values = &tensor.values[third * part..(third + 1) * part];
                    (inputs, all / 3, turned(values, inputs))
                }
                _ => return Err(of_shape(&tensor.shape)),
            }
        }
    };
    let heads = archive.heads.unwrap_or(1);
    if all % heads != 0 {
        return Err(Unfit::Uneven { name, all, heads }.of(archive.file));
    }
    let outputs = all / heads;
    let values = by_head(&values, heads, outputs);
    Ok(Weights {
        name,
        heads,
        inputs,
        outputs,
        values,
    })
}

/// A bias that does anything has no place in a layer here; it is not left out in silence.
fn no_bias(archive: &Archive<'_>, name: &'static str, bias: &str) -> Result<(), SourceError> {
    let Some(bias) = archive.named(bias) else {
        return Ok(());
    };
    let tensor = archive.array(name, bias)?;
    if tensor.values.iter().all(|&value| value == 0.0) {
        return Ok(());
    }
    let bias = bias.to_owned();
    Err(Unfit::Bias { bias }.of(archive.file))
}

/// `W_O` (H·E, X), empty where there is none.
fn joining(archive: &Archive<'_>, rows: usize, columns: usize) -> Result<Vec<f64>, SourceError> {
    let name = W_O.own;
    let (tensor, shape) = match find(archive, &W_O)? {
        None => return Ok(Vec::new()),
        Some(Found::Own(array)) => {
            no_bias(archive, name, "b_O")?;
            let tensor = finite(archive, name, array)?;
            let shape = match *tensor.shape {
                [heads, each, columns] => vec![heads * each, columns],
                _ => tensor.shape.clone(),
            };
            (tensor, shape)
        }
        Some(Found::Turned(array) | Found::Stacked(array, _)) => {
            no_bias(archive, name, &array.replace("weight", "bias"))?;
            let tensor = finite(archive, name, array)?;
            let mut shape = tensor.shape.clone();
            shape.reverse();
            let values = turned(&tensor.values, rows);
            (Tensor { values, ..tensor }, shape)
        }
    };
    if shape != [rows, columns] {
        return Err(Unfit::Joins {
            shape,
            rows,
            columns,
        }
        .of(archive.file));
    }
    Ok(tensor.values)
}

/// (Y, X) as (X, Y).
fn turned(values: &[f64], inputs: usize) -> Vec<f64> {
    let column = |x: usize| values.iter().skip(x).step_by(inputs).copied();
    (0..inputs).flat_map(column).collect()
}

/// (X, H·Y) as (H, X, Y).
fn by_head(values: &[f64], heads: usize, outputs: usize) -> Vec<f64> {
    let head = |head: usize| {
        let rows = values.chunks(heads * outputs);
        rows.flat_map(move |row| &row[head * outputs..(head + 1) * outputs])
    };
    (0..heads).flat_map(head).copied().collect()
}
