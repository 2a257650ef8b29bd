//! Matrices of run-time shape, borrowed and row-major, and what can be wrong with their shapes.

use core::fmt;
use core::ops::Range;

/// A borrowed row-major matrix, (rows, columns).
///
/// Its rows lie in one piece of memory, or in two, as a ring holds them: first those of `head`.
#[derive(Debug)]
pub struct View<'a, N> {
    head: &'a [N],
    tail: &'a [N],
    rows: usize,
    columns: usize,
}

impl<N> Clone for View<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for View<'_, N> {}

impl<'a, N> View<'a, N> {
    /// Sees `values` as `rows` rows of `columns` values each.
    ///
    /// # Errors
    /// [`ShapeError::Length`] unless there are exactly `rows · columns` values.
    pub const fn new(values: &'a [N], rows: usize, columns: usize) -> Result<Self, ShapeError> {
        match rows.checked_mul(columns) {
            Some(len) if len == values.len() => Ok(Self {
                head: values,
                tail: &[],
                rows,
                columns,
            }),
            _ => Err(ShapeError::Length {
                values: values.len(),
                rows,
                columns,
            }),
        }
    }

    /// Sees the rows of `head` and then those of `tail` as one matrix.
    pub const fn in_two_pieces<const C: usize>(head: &'a [[N; C]], tail: &'a [[N; C]]) -> Self {
        Self {
            head: head.as_flattened(),
            tail: tail.as_flattened(),
            rows: head.len() + tail.len(),
            columns: C,
        }
    }

    /// The number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// `len` rows of a ring, from that in place `oldest` on.
    #[cfg(not(kqv_packs))]
    pub(crate) fn from_oldest(ring: &'a [N], oldest: usize, len: usize, columns: usize) -> Self {
        let rows = ring.get(..len * columns).unwrap_or_default();
        let (tail, head) = rows.split_at_checked(oldest * columns).unwrap_or_default();
        Self {
            head,
            tail,
            rows: len,
            columns,
        }
    }

    /// The number of columns.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Row `i`, empty if there is none.
    pub fn row(&self, i: usize) -> &'a [N] {
        if i >= self.rows {
            return &[];
        }
        // No more than there are values.
        let start = i.wrapping_mul(self.columns);
        let end = start.wrapping_add(self.columns);
        if let Some(row) = self.head.get(start..end) {
            return row;
        }
        let before = self.head.len();
        self.tail
            .get(start.wrapping_sub(before)..end.wrapping_sub(before))
            .unwrap_or_default()
    }

    /// Every row from the first to the last, also when a row has no column.
    pub fn iter_rows(&self) -> impl Iterator<Item = &'a [N]> + use<'a, N> {
        let view = *self;
        (0..self.rows).map(move |i| view.row(i))
    }

    /// The two pieces in which it lies, and how many rows each has.
    pub(crate) fn pieces(&self) -> [(usize, &'a [N]); 2] {
        if self.tail.is_empty() {
            return [(self.rows, self.head), (0, self.tail)]; // without a division
        }
        let rows = self
            .head
            .len()
            .checked_div(self.columns)
            .unwrap_or(self.rows);
        [(rows, self.head), (self.rows - rows, self.tail)]
    }

    /// These rows, as far as they exist.
    #[must_use]
    pub fn rows_between(&self, rows: Range<usize>) -> Self {
        let end = rows.end.min(self.rows);
        let start = rows.start.min(end);
        let (from, to) = (start * self.columns, end * self.columns);
        let before = self.head.len();
        Self {
            head: self
                .head
                .get(from.min(before)..to.min(before))
                .unwrap_or_default(),
            tail: self
                .tail
                .get(from.saturating_sub(before)..to.saturating_sub(before))
                .unwrap_or_default(),
            rows: end - start,
            columns: self.columns,
        }
    }

    /// The same rows and columns over other numbers, as many in each piece.
    pub(crate) fn map<M>(&self, piece: impl Fn(&'a [N]) -> &'a [M]) -> View<'a, M> {
        View {
            head: piece(self.head),
            tail: piece(self.tail),
            rows: self.rows,
            columns: self.columns,
        }
    }
}

impl<'a, N, const R: usize, const C: usize> From<&'a [[N; C]; R]> for View<'a, N> {
    fn from(rows: &'a [[N; C]; R]) -> Self {
        Self::from(rows.as_slice())
    }
}

impl<'a, N, const C: usize> From<&'a [[N; C]]> for View<'a, N> {
    fn from(rows: &'a [[N; C]]) -> Self {
        Self::in_two_pieces(rows, &[])
    }
}

/// Q, K and V of one head whose shapes fit together.
#[derive(Debug)]
pub struct Qkv<'a, N> {
    pub(crate) q: View<'a, N>,
    pub(crate) k: View<'a, N>,
    pub(crate) v: View<'a, N>,
}

impl<N> Clone for Qkv<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Qkv<'_, N> {}

impl<'a, N> Qkv<'a, N> {
    /// Joins Q (T, D), K (S, D) and V (S, E).
    ///
    /// # Errors
    /// [`ShapeError::Width`] unless Q and K have the same number of columns;
    /// [`ShapeError::Keys`] unless K and V have the same number of rows.
    pub const fn new(q: View<'a, N>, k: View<'a, N>, v: View<'a, N>) -> Result<Self, ShapeError> {
        if q.columns != k.columns {
            return Err(ShapeError::Width {
                q: q.columns,
                k: k.columns,
            });
        }
        if k.rows != v.rows {
            return Err(ShapeError::Keys {
                k: k.rows,
                v: v.rows,
            });
        }
        Ok(Self { q, k, v })
    }

    /// The same rows and columns over other numbers, as many in each piece.
    pub(crate) fn map<M>(&self, piece: impl Fn(&'a [N]) -> &'a [M]) -> Qkv<'a, M> {
        Qkv {
            q: self.q.map(&piece),
            k: self.k.map(&piece),
            v: self.v.map(&piece),
        }
    }

    /// Queries, (T, D).
    pub const fn q(&self) -> View<'a, N> {
        self.q
    }

    /// Keys, (S, D).
    pub const fn k(&self) -> View<'a, N> {
        self.k
    }

    /// Values, (S, E).
    pub const fn v(&self) -> View<'a, N> {
        self.v
    }
}

/// Shapes that do not fit together, or do not fit the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShapeError {
    /// A matrix whose number of values is not rows · columns.
    Length {
        /// Values given.
        values: usize,
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        columns: usize,
    },
    /// Q and K differ in width.
    Width {
        /// Columns of Q.
        q: usize,
        /// Columns of K.
        k: usize,
    },
    /// K and V differ in their number of rows.
    Keys {
        /// Rows of K.
        k: usize,
        /// Rows of V.
        v: usize,
    },
    /// The place for the output has the wrong size.
    Output {
        /// Values it holds.
        values: usize,
        /// Queries, T.
        queries: usize,
        /// Width of V, E.
        columns: usize,
    },
    /// The scratch row is too short.
    Scratch {
        /// Cells given.
        cells: usize,
        /// Keys, S.
        keys: usize,
    },
    /// The memory to pack into is too short.
    Memory {
        /// Words given.
        words: usize,
        /// Words needed.
        needed: usize,
    },
    /// More columns than the format can add up exactly.
    TooWide {
        /// Columns of Q and K, D.
        columns: usize,
        /// The most that the format takes.
        max: usize,
    },
    /// More keys than the format can add up exactly.
    TooManyKeys {
        /// Keys, S.
        keys: usize,
        /// The most that the format takes.
        max: usize,
    },
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length {
                values,
                rows,
                columns,
            } => write!(
                f,
                "{values} values cannot be {rows} rows of {columns} columns"
            ),
            Self::Width { q, k } => write!(
                f,
                "Q has {q} columns and K has {k}: a query and a key need the same width"
            ),
            Self::Keys { k, v } => write!(
                f,
                "K has {k} rows and V has {v}: every key needs one row of values"
            ),
            Self::Output {
                values,
                queries,
                columns,
            } => write!(
                f,
                "The output has room for {values} values: {queries} queries by {columns} columns of V are needed"
            ),
            Self::Scratch { cells, keys } => write!(
                f,
                "The scratch row has {cells} cells: one for each of the {keys} keys is needed"
            ),
            Self::Memory { words, needed } => {
                write!(
                    f,
                    "The memory has {words} words: {needed} are needed to pack keys and values"
                )
            }
            Self::TooWide { columns, max } => write!(
                f,
                "Q and K have {columns} columns: this format takes at most {max}"
            ),
            Self::TooManyKeys { keys, max } => {
                write!(f, "There are {keys} keys: this format takes at most {max}")
            }
        }
    }
}

impl core::error::Error for ShapeError {}
