//! The layer around the head: X, its weights, the heads beside each other, and what `W_O` makes of them.

use std::sync::Arc;

use crate::edit::{MatrixId, Operand};
use crate::session::{FormatChoice, TableKind};
use crate::side::{Choice, RunError, Side};
use crate::source::Input;
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
    /// Times `W_O`, (T, X).
    pub output: Table,
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
        let sides: Vec<Side> = (0..input.heads)
            .map(|head| Side::new(input, Choice { head, ..choice }))
            .collect::<Result<_, _>>()?;
        let outputs: Vec<&[f64]> = sides
            .iter()
            .map(|side| side.table(TableKind::Output).values())
            .collect();
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
            output: Table::new(layer.tokens, layer.columns, joined.output),
        }))
    }

    /// Whether they are still those of this input and choice.
    pub fn are_of(&self, input: &Arc<Input>, choice: Choice) -> bool {
        let format = FormatChoice::F32;
        Arc::ptr_eq(&self.input, input) && self.choice == Choice { format, ..choice }
    }
}
