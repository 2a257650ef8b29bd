//! Tests of what stands before and after the head: a projection, a whole layer.

use super::super::trace::Trace;
use super::reals;
use crate::edit::{Edits, MatrixId, Operand, Place};
use crate::session::around::LayerCell;
use crate::session::{Mask, Selection};
use crate::side::{Choice, attention};
use crate::source::{Input, Layer};

/// A `#[test]` of a cell of Q, K or V: the projection that made it, where there is one, and how its format rounds it.
///
/// `None` where neither does anything: a float that nothing made.
pub fn stored_test(
    input: &Input,
    edits: &Edits,
    choice: Choice,
    focus: Selection,
    trace: &Trace,
) -> Option<String> {
    let operand = Operand::of_table(focus.table)?;
    let (row, column) = focus.cell_in(focus.table);
    let matrix = MatrixId::new(operand, choice.layer, choice.head);
    let place = Place {
        matrix,
        row,
        column,
    };
    let value = place.value(input)?;
    let projection = input.layer.as_ref().filter(|_| !edits.has(place));
    let mut body = String::new();
    let mut given = format!("{value:?}");
    if let Some(layer) = projection {
        let weights = MatrixId::new(operand.weights()?, choice.layer, choice.head);
        let (inputs, outputs) = weights.shape(input)?;
        let values = weights.values(input).iter().skip(column);
        let w: Vec<f64> = values.step_by(outputs).copied().collect();
        let x = layer.x.get(row * inputs..(row + 1) * inputs)?;
        let (w, x) = (reals(&w), reals(x));
        body = format!(
            "    static W: [[f32; {inputs}]; 1] = [[{w}]];
    let [value] = kqv::Linear::<f32, {inputs}, 1>::new(&W).apply(&[{x}]);
    assert_eq!(value, {value:?});
"
        );
        "f64::from(value)".clone_into(&mut given);
    }
    if let Some(integers) = &trace.integers {
        let format = choice.format.name();
        let scale = match operand {
            Operand::Q => integers.scales[0],
            Operand::K => integers.scales[1],
            _ => integers.scales[2],
        };
        let whole = match operand {
            Operand::Q => integers.q.get(column)?,
            Operand::K => integers.k.get(row * input.width + column)?,
            _ => integers.v.get(row * input.value_width + column)?,
        };
        let nearest = (value / scale).round_ties_even();
        let expected = if nearest == f64::from(i32::try_from(*whole).ok()?) {
            format!("Ok({whole})")
        } else {
            format!("Err(kqv::Saturated {{ end: {whole} }})")
        };
        body = format!(
            "{body}    assert_eq!(kqv::quantize::<{format}>({given}, {scale:?}), {expected});\n"
        );
    }
    let letter = operand.name().to_lowercase();
    let name = format!("{}_{letter}_{row}_{column}", choice.format.name());
    (!body.is_empty()).then(|| format!("#[test]\nfn {name}() {{\n{body}}}\n"))
}

/// Each in brackets on a line of its own.
fn lines(rows: impl Iterator<Item = String>) -> String {
    let rows: Vec<String> = rows.map(|row| format!("        [{row}],\n")).collect();
    rows.concat()
}

/// Weights (H, X, Y) as the kernel stores them: a row per output.
fn split(weights: &[f64], inputs: usize, outputs: usize) -> String {
    let head = |head: &[f64]| {
        let row = |y: usize| -> Vec<f64> {
            head.iter()
                .skip(y)
                .step_by(outputs.max(1))
                .copied()
                .collect()
        };
        let rows: Vec<String> = (0..outputs)
            .map(|y| format!("[{}]", reals(&row(y))))
            .collect();
        rows.join(", ")
    };
    lines(weights.chunks((inputs * outputs).max(1)).map(head))
}

/// `W_O` (H·E, X) as the kernel stores it: (X, H, E).
fn merge(layer: &Layer) -> String {
    let column = |x: usize| {
        let column = layer.w_o.iter().skip(x).step_by(layer.columns);
        let column: Vec<f64> = column.copied().collect();
        let heads = column.chunks(layer.value_width.max(1));
        let heads: Vec<String> = heads.map(|head| format!("[{}]", reals(head))).collect();
        heads.join(", ")
    };
    lines((0..layer.columns).map(column))
}

/// A `#[test]` of a number that a whole layer hands on: X, all its weights, and the kernel's own `MultiHead`.
///
/// `expected` is that number. `None` if the input has no X.
pub fn layer_test(input: &Input, choice: Choice, cell: LayerCell, expected: f64) -> Option<String> {
    let layer = input.layer.as_ref()?;
    let Layer {
        tokens,
        columns,
        heads,
        width,
        value_width,
        ..
    } = *layer;
    let attention = attention(input, choice).ok()?;
    let mask = match choice.mask {
        Mask::None => "FULL",
        Mask::Causal => "CAUSAL",
    };
    let scale = attention.scale.factor(width);
    let [q, k, v] = [
        split(&layer.w_q, columns, width),
        split(&layer.w_k, columns, width),
        split(&layer.w_v, columns, value_width),
    ];
    let (merge, x) = (
        merge(layer),
        lines(layer.x.chunks(columns.max(1)).map(reals)),
    );
    let LayerCell { row, column, .. } = cell;
    Some(format!(
        "\
#[test]
fn layer_{row}_{column}() {{
    static W_Q: [[[f32; {columns}]; {width}]; {heads}] = [
{q}    ];
    static W_K: [[[f32; {columns}]; {width}]; {heads}] = [
{k}    ];
    static W_V: [[[f32; {columns}]; {value_width}]; {heads}] = [
{v}    ];
    static W_O: [[[f32; {value_width}]; {heads}]; {columns}] = [
{merge}    ];
    let layer: kqv::MultiHead<f32, {columns}, {heads}, {heads}, {width}, {value_width}> = kqv::MultiHead::new(
        kqv::Split::new(&W_Q),
        kqv::Split::new(&W_K),
        kqv::Split::new(&W_V),
        kqv::Merge::new(&W_O),
    );
    let x = [
{x}    ];
    let attention = kqv::Attention {{
        scale: kqv::Scale::new({scale:?}).unwrap(),
        ..kqv::Attention::{mask}
    }};
    let mut past = layer.past::<{tokens}>();
    let output = layer.forward(&x, &mut past, attention, [(); {heads}]).unwrap();
    assert_eq!(output[{row}][{column}], {expected:?});
}}
"
    ))
}
