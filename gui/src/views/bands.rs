//! What is lit in a table when a cell is pointed at: the bands that meet in it.

use crate::session::{Selection, TableKind};

/// The lit row, column and cell of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bands {
    /// A whole row.
    pub row: Option<usize>,
    /// A whole column.
    pub column: Option<usize>,
    /// Where something meets: row and column.
    pub cell: Option<(usize, usize)>,
}

impl Bands {
    /// Of table `kind` while `focus` is pointed at or selected.
    ///
    /// A score is row i of Q and row j of K; an output is row i of the weights and column e of V.
    pub fn new(focus: Selection, kind: TableKind) -> Self {
        let Selection {
            table,
            query,
            key,
            column,
        } = focus;
        let cell = |row| (same_columns(kind, table)).then_some((row, column));
        match kind {
            TableKind::V if table == TableKind::Output => Self {
                row: None,
                column: Some(column),
                cell: Some((key, column)),
            },
            TableKind::K | TableKind::V => Self {
                row: Some(key),
                column: None,
                cell: cell(key),
            },
            TableKind::Q | TableKind::Output => Self {
                row: Some(query),
                column: None,
                cell: cell(query),
            },
            TableKind::Weights if table == TableKind::Output => Self {
                row: Some(query),
                column: None,
                cell: Some((query, key)),
            },
            TableKind::Raw | TableKind::Capped | TableKind::Masked | TableKind::Weights => Self {
                row: Some(query),
                column: Some(key),
                cell: Some((query, key)),
            },
        }
    }

    /// The same of a table that is drawn turned, its rows as columns.
    #[must_use]
    pub fn turned(self) -> Self {
        Self {
            row: self.column,
            column: self.row,
            cell: self.cell.map(|(row, column)| (column, row)),
        }
    }
}

/// Whether a column of one is a column of the other: d of Q and K, e of V and the output.
fn same_columns(a: TableKind, b: TableKind) -> bool {
    let of_keys = |kind| matches!(kind, TableKind::Q | TableKind::K);
    let of_values = |kind| matches!(kind, TableKind::V | TableKind::Output);
    of_keys(a) && of_keys(b) || of_values(a) && of_values(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(focus: Selection, kind: TableKind, expected: &[&str]) {
        let bands = Bands::new(focus, kind);
        let cell = |row, column| match () {
            () if bands.cell == Some((row, column)) => 'o',
            () if bands.row == Some(row) || bands.column == Some(column) => '#',
            () => '.',
        };
        let width = expected.first().map_or(0, |row| row.len());
        let picture: Vec<String> = (0..expected.len())
            .map(|row| (0..width).map(|column| cell(row, column)).collect())
            .collect();
        assert_eq!(picture, expected, "{kind:?}");
    }

    #[test]
    fn a_score_is_where_a_query_and_a_key_meet() {
        let focus = Selection {
            table: TableKind::Raw,
            query: 1,
            key: 2,
            column: 0,
        };
        check(focus, TableKind::Q, &["....", "####", "...."]);
        check(focus, TableKind::K, &["....", "....", "####"]);
        check(focus, TableKind::Raw, &["..#", "##o", "..#"]);
        check(focus, TableKind::V, &["..", "..", "##"]);
        check(focus, TableKind::Output, &["..", "##", ".."]);
    }

    #[test]
    fn an_output_is_where_weights_and_a_column_of_v_meet() {
        let focus = Selection {
            table: TableKind::Output,
            query: 0,
            key: 2,
            column: 1,
        };
        check(focus, TableKind::Weights, &["##o", "...", "..."]);
        check(focus, TableKind::V, &[".#", ".#", ".o"]);
        check(focus, TableKind::Output, &["#o", "..", ".."]);
    }
}
