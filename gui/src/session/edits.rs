//! What can be asked of the edits of a session.

pub use crate::edit::Edits;
use crate::edit::{EditError, MatrixId, Operand, Place, block, number, tokens};
use crate::session::Session;
use crate::source::{Input, Preset};

/// A wish about the numbers themselves.
#[derive(Clone, Debug, PartialEq)]
pub enum EditAction {
    /// What was typed into a cell.
    Type(Place, String),
    /// A cell that is being dragged: one step of undo until it is let go.
    Drag(Place, f64),
    /// A cell as the source has it.
    Reset(Place),
    /// A matrix as the source has it.
    ResetMatrix(MatrixId),
    /// Everything as the source has it.
    ResetAll,
    /// Q, K and V follow from X and W again, of every head.
    Follow,
    /// A matrix by formula.
    Fill(MatrixId, Preset),
    /// Q, K and V of the head by formula.
    FillAll(Preset),
    /// What the clipboard holds, from this cell on; without one, a sentence that says so.
    Paste(Option<Place>, String),
    /// A sentence whose words are the tokens; none are those of the source.
    Tokens(String),
}

impl EditAction {
    /// Changes the edits of the session; `input` is what they are applied to.
    ///
    /// # Errors
    /// [`EditError`], one sentence; nothing is changed then.
    pub fn apply(&self, session: &mut Session, input: &Input) -> Result<(), EditError> {
        let (layer, head) = (session.layer, session.head);
        let edits = &mut session.edits;
        match self {
            Self::Type(place, text) => edits.set(*place, number(text)?),
            Self::Drag(place, value) => edits.set(*place, *value),
            Self::Reset(place) => edits.reset(*place),
            Self::ResetMatrix(matrix) => edits.reset_matrix(*matrix),
            Self::ResetAll => *edits = Edits::default(),
            Self::Follow => edits.follow(),
            Self::Fill(matrix, preset) => edits.fill(*matrix, *preset),
            Self::FillAll(preset) => {
                for operand in [Operand::Q, Operand::K, Operand::V] {
                    edits.fill(MatrixId::new(operand, layer, head), *preset);
                }
            }
            Self::Paste(at, text) => {
                let at = at.ok_or(EditError::Nowhere)?;
                edits.paste(input, at, &block(text)?)?;
            }
            Self::Tokens(sentence) => edits.set_tokens(input, &tokens(sentence))?,
        }
        Ok(())
    }
}
