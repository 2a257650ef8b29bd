//! The layer around the head: X, its weights, the heads beside each other, and what `W_O` makes of them.

use std::sync::Arc;

use crate::edit::{MatrixId, Operand};
use crate::number::real;
use crate::session::{FormatChoice, TableKind};
use crate::side::{Choice, RunError, Side};
use crate::source::{Input, Layer};
use crate::table::Table;

/// The tables of a layer, for one of its heads.
#[derive(Debug)]
pub struct LayerTables {
    input: Arc<Input>,
    choice: Choice,
    /// X, `W_Q`, `W_K`, `W_V` of the head, and `W_O`.
    pub operands: Vec<(MatrixId, Table)>,
    /// The outputs of all heads beside each other, (T, H·E).
    pub concat: Table,
    /// What `W_O` makes of them, where the input has one.
    pub joined: Option<JoinedTables>,
}

/// The heads joined, and what comes after.
#[derive(Debug)]
pub struct JoinedTables {
    /// Concat times `W_O`, (T, X).
    pub output: Table,
    /// X and the output added, each row brought to mean 0 and variance 1, (T, X). What comes after
    /// attention: the window works it out itself, in f64.
    pub normed: Table,
    /// How each of those rows came about, (T).
    pub norms: Vec<Norm>,
}

impl JoinedTables {
    fn new(layer: &Layer, output: Vec<f64>) -> Option<Self> {
        if output.is_empty() {
            return None;
        }
        let columns = layer.columns.max(1);
        let rows = layer.x.chunks(columns).zip(output.chunks(columns));
        let norms: Vec<Norm> = rows.map(|(x, output)| Norm::new(x, output)).collect();
        let normed = norms.iter().flat_map(Norm::row).collect();
        Some(Self {
            output: Table::new(layer.tokens, layer.columns, output),
            normed: Table::new(layer.tokens, layer.columns, normed),
            norms,
        })
    }
}

/// What is added to the variance, so that no row is divided by zero.
pub const EPSILON: f64 = 1e-5;

/// What becomes of a row on its way through `LayerNorm`.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    /// X and the layer's output added, (X).
    pub sums: Vec<f64>,
    /// Of those.
    pub mean: f64,
    /// The mean of the squared distances from it.
    pub variance: f64,
}

impl Norm {
    fn new(x: &[f64], output: &[f64]) -> Self {
        let sums: Vec<f64> = x.iter().zip(output).map(|(x, output)| x + output).collect();
        let count = real(sums.len().max(1));
        let mean = sums.iter().sum::<f64>() / count;
        let square = |sum: &f64| (sum - mean) * (sum - mean);
        let variance = sums.iter().map(square).sum::<f64>() / count;
        Self {
            sums,
            mean,
            variance,
        }
    }

    /// Mean 0 and variance 1; no scale and no shift are learnt here.
    fn row(&self) -> impl Iterator<Item = f64> {
        let deviation = (self.variance + EPSILON).sqrt();
        self.sums
            .iter()
            .map(move |sum| (sum - self.mean) / deviation)
    }
}

impl LayerTables {
    /// Runs the kernel on every head in f32 and joins what comes out; `None` if the input has no X.
    ///
    /// # Errors
    /// [`RunError`], a sentence.
    pub fn new(input: &Arc<Input>, choice: Choice) -> Result<Option<Self>, RunError> {
        let Some(layer) = &input.layer else {
            return Ok(None);
        };
        let choice = Choice {
            format: FormatChoice::F32,
            ..choice
        };
        // Only what comes out of a head is kept: the scores of many heads at once are large.
        let output = |head| -> Result<Vec<f64>, RunError> {
            let side = Side::new(input, Choice { head, ..choice })?;
            Ok(side.table(TableKind::Output).values().to_vec())
        };
        let outputs: Vec<Vec<f64>> = (0..input.heads).map(output).collect::<Result<_, _>>()?;
        let outputs: Vec<&[f64]> = outputs.iter().map(Vec::as_slice).collect();
        let joined = layer.join(&outputs);
        let operands = Operand::ALL
            .into_iter()
            .filter(|operand| operand.is_of_layer())
            .map(|operand| MatrixId::new(operand, choice.layer, choice.head))
            .filter_map(|matrix| {
                let (rows, columns) = matrix.shape(input)?;
                let values = matrix.values(input).to_vec();
                Some((matrix, Table::new(rows, columns, values)))
            })
            .collect();
        let wide = layer.heads * layer.value_width;
        Ok(Some(Self {
            input: Arc::clone(input),
            choice,
            operands,
            concat: Table::new(layer.tokens, wide, joined.concat),
            joined: JoinedTables::new(layer, joined.output),
        }))
    }

    /// Concat times `W_O`, (T, X); `None` without one.
    pub fn output(&self) -> Option<&Table> {
        self.joined.as_ref().map(|joined| &joined.output)
    }

    /// Whether they are still those of this input and choice.
    pub fn are_of(&self, input: &Arc<Input>, choice: Choice) -> bool {
        let format = FormatChoice::F32;
        Arc::ptr_eq(&self.input, input) && self.choice == Choice { format, ..choice }
    }
}
