//! The tables of a run with everything that a reader of their file needs to know.

use std::path::Path;

use crate::colour::ColourScale;
use crate::export::{Element, FileKind, Sheet, save, tsv};
use crate::run::{Column, Run};
use crate::session::{FormatChoice, Steps, TableKind};

/// What of a run is to leave the window.
#[derive(Clone, Debug)]
pub struct Sheets {
    /// The run itself: its tables are shared, not copied.
    pub run: Run,
    /// In which format, or the difference.
    pub column: Column,
    /// Which tables.
    pub kinds: Vec<TableKind>,
}

impl Sheets {
    /// Writes the file, of the kind that its name says.
    ///
    /// # Errors
    /// A sentence; a file that was there is as it was.
    pub fn save(&self, path: &Path) -> Result<(), String> {
        if self.kinds.len() > 1 && FileKind::of(path).is_ok_and(|kind| !kind.takes_many()) {
            let many = FileKind::ALL.into_iter().filter(|kind| kind.takes_many());
            let ends: Vec<String> = many.map(|kind| format!(".{}", kind.extension())).collect();
            let ends = ends.join(" or ");
            return Err(format!(
                "{}: a file of all tables ends in {ends}",
                path.display()
            ));
        }
        self.with_sheets(|sheets| save(path, sheets))
            .map_err(|error| error.to_string())
    }

    /// The first of its tables, for a spreadsheet.
    pub fn text(&self) -> String {
        self.with_sheets(|sheets| sheets.first().map(tsv).unwrap_or_default())
    }

    fn with_sheets<T>(&self, then: impl FnOnce(&[Sheet<'_>]) -> T) -> T {
        let about = self.about();
        let sheets: Vec<_> = self
            .kinds
            .iter()
            .map(|&kind| self.sheet(kind, &about))
            .collect();
        then(&sheets)
    }

    fn sheet<'a>(&'a self, kind: TableKind, about: &'a str) -> Sheet<'a> {
        let (run, column) = (&self.run, self.column);
        let end = run.scale_end(kind, column);
        let weights = kind == TableKind::Weights && column != Column::Difference;
        let input = &run.input;
        Sheet {
            name: kind.name(),
            about,
            table: run.table(kind, column),
            rows: if kind.has_key_rows() {
                &input.key_tokens
            } else {
                &input.query_tokens
            },
            columns: if kind.is_query_by_key() {
                &input.key_tokens
            } else {
                &[]
            },
            element: self.element(kind),
            hidden: if kind == TableKind::Masked && column != Column::Difference {
                f64::NEG_INFINITY
            } else {
                0.0
            },
            colours: if weights {
                ColourScale::Weights { end }
            } else {
                ColourScale::Diverging { end }
            },
        }
    }

    fn format(&self) -> FormatChoice {
        let side = match self.column {
            Column::Right => &self.run.right,
            Column::Left | Column::Difference => &self.run.left,
        };
        side.choice.format
    }

    /// Input, head and format.
    fn about(&self) -> String {
        let choice = self.run.left.choice;
        let format = match self.column {
            Column::Difference => "difference of the formats".to_owned(),
            Column::Left | Column::Right => self.format().title(),
        };
        let (layer, head) = (choice.layer, choice.head);
        format!(
            "{}, layer {layer}, head {head}, {format}{}",
            self.run.input.name,
            choice.changes.text(),
        )
    }

    /// Q, K, V and output are integers in an integer format; scores and weights are shown as real numbers.
    fn element(&self, kind: TableKind) -> Element {
        let scale = |steps: Steps| match kind {
            TableKind::Q => Some(steps.q.real()),
            TableKind::K => Some(steps.k.real()),
            TableKind::V | TableKind::Output => Some(steps.v.real()),
            _ => None,
        };
        match self.format() {
            _ if self.column == Column::Difference => Element::F64,
            FormatChoice::F32 => Element::F32,
            FormatChoice::F64 => Element::F64,
            FormatChoice::I16(of) => scale(of).map_or(Element::F64, |scale| Element::I16 { scale }),
            FormatChoice::I8(of) => scale(of).map_or(Element::F64, |scale| Element::I8 { scale }),
        }
    }
}
