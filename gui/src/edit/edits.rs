//! What is edited, and the input that follows: formulas first, then cells, X and W before Q, K and V.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::EditError;
use super::place::{MatrixId, Operand, Place};
use super::text::Block;
use crate::source::{Input, Preset};

/// A whole matrix by formula.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fill {
    /// Which matrix.
    pub matrix: MatrixId,
    /// What it is filled with.
    pub preset: Preset,
}

/// All edits of an input, part of a session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edits {
    /// One for a matrix at most.
    fills: Vec<Fill>,
    /// In the order of their places, one for a place.
    cells: Vec<(Place, f64)>,
    /// (T), or empty for those of the source.
    query_tokens: Vec<String>,
    /// (S), or empty for those of the source.
    key_tokens: Vec<String>,
}

impl Edits {
    /// Whether the input is as the source has it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a cell has another number than the source gave it.
    pub fn has(&self, place: Place) -> bool {
        self.find(place).is_ok() || self.is_filled(place.matrix)
    }

    /// Whether anything of a matrix is edited.
    pub fn touches(&self, matrix: MatrixId) -> bool {
        self.is_filled(matrix) || self.cells.iter().any(|(place, _)| place.matrix == matrix)
    }

    /// How many cells and matrices are edited.
    pub fn count(&self) -> usize {
        self.cells.len() + self.fills.len()
    }

    /// How many cells and matrices of Q, K and V were put in by hand where X and W would make them.
    pub fn pinned(&self, input: &Input) -> usize {
        if input.layer.is_none() {
            return 0;
        }
        let by_hand = |matrix: MatrixId| !matrix.operand.is_of_layer();
        let cells = self.cells.iter().filter(|(place, _)| by_hand(place.matrix));
        let fills = self.fills.iter().filter(|fill| by_hand(fill.matrix));
        cells.count() + fills.count()
    }

    /// Lets Q, K and V of every head follow from X and W again.
    pub fn follow(&mut self) {
        self.fills.retain(|fill| fill.matrix.operand.is_of_layer());
        self.cells
            .retain(|(place, _)| place.matrix.operand.is_of_layer());
    }

    /// The cells of a matrix that are edited one by one: row and column.
    pub fn cells_of(&self, matrix: MatrixId) -> impl Iterator<Item = (usize, usize)> {
        let start = self
            .cells
            .partition_point(|(place, _)| place.matrix < matrix);
        let from = self.cells.get(start..).unwrap_or_default();
        from.iter()
            .take_while(move |(place, _)| place.matrix == matrix)
            .map(|(place, _)| (place.row, place.column))
    }

    /// Whether a matrix is made by formula.
    pub fn is_filled(&self, matrix: MatrixId) -> bool {
        self.fills.iter().any(|fill| fill.matrix == matrix)
    }

    fn find(&self, place: Place) -> Result<usize, usize> {
        self.cells.binary_search_by_key(&place, |&(place, _)| place)
    }

    /// Another number in one cell.
    pub fn set(&mut self, place: Place, value: f64) {
        match self.find(place) {
            Ok(at) => self.cells[at].1 = value,
            Err(at) => self.cells.insert(at, (place, value)),
        }
    }

    /// The number of the source, or of the formula, again.
    pub fn reset(&mut self, place: Place) {
        if let Ok(at) = self.find(place) {
            self.cells.remove(at);
        }
    }

    /// One matrix as the source has it.
    pub fn reset_matrix(&mut self, matrix: MatrixId) {
        self.fills.retain(|fill| fill.matrix != matrix);
        self.cells.retain(|(place, _)| place.matrix != matrix);
    }

    /// A whole matrix by formula; its cells are forgotten.
    pub fn fill(&mut self, matrix: MatrixId, preset: Preset) {
        self.reset_matrix(matrix);
        self.fills.push(Fill { matrix, preset });
    }

    /// A block of numbers whose first cell is `at`.
    ///
    /// # Errors
    /// [`EditError::NoRoom`] if it goes beyond the matrix; nothing is changed then.
    pub fn paste(&mut self, input: &Input, at: Place, block: &Block) -> Result<(), EditError> {
        let (rows, columns) = at.matrix.shape(input).ok_or(EditError::Nowhere)?;
        let room = (
            rows.saturating_sub(at.row),
            columns.saturating_sub(at.column),
        );
        if block.rows > room.0 || block.columns > room.1 {
            return Err(EditError::NoRoom {
                block: (block.rows, block.columns),
                at: (at.row, at.column),
                matrix: at.matrix.operand.name(),
                room,
            });
        }
        let places = block.values.iter().enumerate().map(|(index, &value)| {
            let row = at.row + index / block.columns;
            let column = at.column + index % block.columns;
            (Place { row, column, ..at }, value)
        });
        // The last of equals is the one that was pasted.
        self.cells.extend(places);
        self.cells.sort_by_key(|&(place, _)| place);
        self.cells.reverse();
        self.cells.dedup_by_key(|(place, _)| *place);
        self.cells.reverse();
        Ok(())
    }

    /// Own tokens, as many as there are queries or keys; none are those of the source.
    ///
    /// # Errors
    /// [`EditError::Tokens`] if their number is neither; nothing is changed then.
    pub fn set_tokens(&mut self, input: &Input, words: &[String]) -> Result<(), EditError> {
        let (queries, keys) = (input.queries, input.keys);
        if words.is_empty() {
            self.query_tokens.clear();
            self.key_tokens.clear();
            return Ok(());
        }
        if words.len() != queries && words.len() != keys {
            return Err(EditError::Tokens {
                words: words.len(),
                queries,
                keys,
            });
        }
        if words.len() == queries {
            self.query_tokens = words.to_vec();
        }
        if words.len() == keys {
            self.key_tokens = words.to_vec();
        }
        Ok(())
    }

    /// The input with all of it; the same one if there is nothing to do.
    #[must_use]
    pub fn applied(&self, source: &Arc<Input>) -> Arc<Input> {
        if self.is_empty() {
            return Arc::clone(source);
        }
        let mut input = Input::clone(source);
        self.change(&mut input, |matrix| matrix.operand.is_of_layer());
        let layer = |matrix: MatrixId| matrix.operand.is_of_layer();
        let changed = self.fills.iter().any(|fill| layer(fill.matrix))
            || self.cells.iter().any(|(place, _)| layer(place.matrix));
        if changed && let Some(layer) = &input.layer {
            [input.q, input.k, input.v] = layer.project();
        }
        self.change(&mut input, |matrix| !matrix.operand.is_of_layer());
        for (own, tokens) in [
            (&self.query_tokens, &mut input.query_tokens),
            (&self.key_tokens, &mut input.key_tokens),
        ] {
            if !own.is_empty() {
                tokens.clone_from(own);
            }
        }
        Arc::new(input)
    }

    fn change(&self, input: &mut Input, which: impl Fn(MatrixId) -> bool) {
        for Fill { matrix, preset } in self.fills.iter().filter(|fill| which(fill.matrix)) {
            if let Some((rows, columns)) = matrix.shape(input) {
                let values = preset.fill(rows, columns, salt(*matrix));
                matrix.values_mut(input).copy_from_slice(&values);
            }
        }
        for &(place, value) in self.cells.iter().filter(|(place, _)| which(place.matrix)) {
            if let Some(at) = place.index(input)
                && let Some(cell) = place.matrix.values_mut(input).get_mut(at)
            {
                *cell = value;
            }
        }
    }
}

/// So that random matrices differ.
fn salt(matrix: MatrixId) -> u64 {
    let MatrixId {
        operand,
        layer,
        head,
    } = matrix;
    let wide = |number: usize| u64::try_from(number).unwrap_or_default();
    let operand = Operand::ALL.iter().position(|&other| other == operand);
    (wide(layer) << 32) | (wide(head) << 8) | wide(operand.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::block;
    use crate::session::InputId;
    use crate::source::{Made, load};

    fn source() -> Arc<Input> {
        let made = Made {
            queries: 3,
            keys: 2,
            width: 4,
            value_width: 1,
            preset: Preset::Zeros,
        };
        Arc::new(load(&InputId::Made(made)).unwrap())
    }

    fn place(operand: Operand, row: usize, column: usize) -> Place {
        Place {
            matrix: MatrixId::new(operand, 0, 0),
            row,
            column,
        }
    }

    #[test]
    fn an_edit_changes_its_cell_and_a_reset_brings_it_back() {
        let source = source();
        let mut edits = Edits::default();
        assert!(Arc::ptr_eq(&edits.applied(&source), &source));
        let at = place(Operand::K, 1, 2);
        edits.set(at, 1.0);
        edits.set(at, 2.0);
        let input = edits.applied(&source);
        assert_eq!(input.k, [0., 0., 0., 0., 0., 0., 2., 0.]);
        assert_eq!((at.value(&input), edits.count()), (Some(2.0), 1));
        assert!(edits.has(at) && !edits.has(place(Operand::K, 1, 1)));
        edits.reset(at);
        assert!(edits.is_empty());
    }

    #[test]
    fn a_block_lands_whole_or_not_at_all() {
        let source = source();
        let mut edits = Edits::default();
        edits.set(place(Operand::Q, 1, 1), 9.0);
        let numbers = block("1\t2\n3\t4").unwrap();
        edits
            .paste(&source, place(Operand::Q, 1, 1), &numbers)
            .unwrap();
        assert_eq!(
            edits.applied(&source).q,
            [0., 0., 0., 0., 0., 1., 2., 0., 0., 3., 4., 0.]
        );
        let before = edits.clone();
        let error = edits
            .paste(&source, place(Operand::Q, 2, 3), &numbers)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "A block of 2 by 2 does not fit at (2, 3) of Q, where there is room for 1 by 1: select a cell further up or left"
        );
        assert_eq!(edits, before);
    }

    #[test]
    fn a_formula_fills_and_a_cell_stands_above_it() {
        let source = source();
        let mut edits = Edits::default();
        edits.set(place(Operand::K, 0, 0), 7.0);
        edits.fill(MatrixId::new(Operand::K, 0, 0), Preset::Identity);
        edits.set(place(Operand::K, 0, 3), 5.0);
        let input = edits.applied(&source);
        assert_eq!(input.k, [1., 0., 0., 5., 0., 1., 0., 0.]);
        let saved = serde_json::to_string(&edits).unwrap();
        assert_eq!(serde_json::from_str::<Edits>(&saved).unwrap(), edits);
    }

    #[test]
    fn a_number_of_x_moves_q_k_and_v_of_every_head() {
        let source = Arc::new(load(&InputId::Worked).unwrap());
        let mut edits = Edits::default();
        edits.set(place(Operand::X, 1, 0), 2.0);
        let input = edits.applied(&source);
        for head in 0..8 {
            let (before, after) = (source.head(0, head), input.head(0, head));
            assert_eq!(before.q[..3], after.q[..3], "the first token is as it was");
            assert_ne!(before.q[3..], after.q[3..]);
        }
    }

    #[test]
    fn what_is_put_in_by_hand_stays_when_x_changes_until_it_follows_again() {
        let source = Arc::new(load(&InputId::Worked).unwrap());
        let mut edits = Edits::default();
        edits.set(place(Operand::V, 0, 0), -1.0);
        edits.set(place(Operand::X, 0, 0), 2.0);
        edits.fill(MatrixId::new(Operand::Q, 0, 5), Preset::Zeros);
        let input = edits.applied(&source);
        assert_eq!((input.v[0], edits.pinned(&input)), (-1.0, 2));
        edits.follow();
        let after = edits.applied(&source);
        assert_eq!((edits.count(), edits.pinned(&after)), (1, 0));
        let [q, _, v] = after.layer.as_ref().unwrap().project();
        assert_eq!((&after.q, &after.v), (&q, &v));
    }

    #[test]
    fn own_tokens_are_as_many_as_there_are_rows() {
        let source = source();
        let mut edits = Edits::default();
        let words = |text| crate::edit::tokens(text);
        edits.set_tokens(&source, &words("the cat sat")).unwrap();
        edits.set_tokens(&source, &words("black cat")).unwrap();
        let input = edits.applied(&source);
        assert_eq!(
            (input.query_name(2), input.key_name(0)),
            ("sat".into(), "black".into())
        );
        assert_eq!(
            edits
                .set_tokens(&source, &words("one"))
                .unwrap_err()
                .to_string(),
            "1 tokens for 3 queries and 2 keys: type 3 or 2 words"
        );
    }
}
