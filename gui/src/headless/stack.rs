//! Matrices of one shape, one a head of every batch.

use kqv::{ShapeError, View};

use crate::arrays::Tensor;

/// (batch, heads, rows, columns), row-major.
pub(super) struct Stack<N> {
    shape: [usize; 4],
    values: Vec<N>,
}

impl<N> Stack<N> {
    pub(super) fn shape(&self) -> [usize; 4] {
        self.shape
    }

    pub(super) fn values(&self) -> &[N] {
        &self.values
    }

    /// The same shape with as many other values.
    pub(super) fn with<M>(&self, values: Vec<M>) -> Stack<M> {
        Stack {
            shape: self.shape,
            values,
        }
    }

    /// One head of one batch; an axis of length 1 serves all.
    ///
    /// # Errors
    /// [`ShapeError`] if there is no such head.
    pub(super) fn matrix(&self, batch: usize, head: usize) -> Result<View<'_, N>, ShapeError> {
        let [batches, heads, rows, columns] = self.shape;
        let batch = if batches == 1 { 0 } else { batch };
        let head = if heads == 1 { 0 } else { head };
        let start = (batch * heads + head) * rows * columns;
        let values = self.values.get(start..start + rows * columns);
        View::new(values.unwrap_or_default(), rows, columns)
    }

    /// The matrices of `self`, and below each the rows of the matrix of `next`; the other axes are
    /// the same.
    pub(super) fn followed_by(&self, next: &Self) -> Self
    where
        N: Clone,
    {
        let [batches, heads, past, columns] = self.shape;
        let [_, _, rows, _] = next.shape;
        let mut values = Vec::with_capacity(self.values.len() + next.values.len());
        for matrix in 0..batches * heads {
            for (stack, rows) in [(self, past), (next, rows)] {
                let start = matrix * rows * columns;
                let matrix = stack.values.get(start..start + rows * columns);
                values.extend_from_slice(matrix.unwrap_or_default());
            }
        }
        Self {
            shape: [batches, heads, past + rows, columns],
            values,
        }
    }
}

/// Axes of length 1 stand in front of those that a tensor has, which are at most four.
impl<N> From<Tensor<N>> for Stack<N> {
    fn from(Tensor { shape, values }: Tensor<N>) -> Self {
        let mut axes = [1; 4];
        for (axis, &len) in axes.iter_mut().rev().zip(shape.iter().rev()) {
            *axis = len;
        }
        Self {
            shape: axes,
            values,
        }
    }
}
