//! A table as it leaves the window: for a spreadsheet, for Python, for firmware, for a page.

// The numbers as text,
mod text;
// as Rust source,
mod rust;
// as arrays,
mod arrays;
// as pictures,
mod picture;
// and the window as shapes.
mod shapes;
mod window;

use std::fmt;
use std::io::Write;
use std::path::Path;

use eframe::egui::ColorImage;
use tempfile::NamedTempFile;

use crate::colour::ColourScale;
use crate::table::Table;

pub use text::tsv;
pub use window::Painted;

/// A table with everything that a reader of the file needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'a> {
    /// `Weights`: heading, array name and constant name are made of it.
    pub name: &'a str,
    /// One line about it: input, head, format.
    pub about: &'a str,
    /// The numbers.
    pub table: &'a Table,
    /// What each row is called; numbers where they are missing.
    pub rows: &'a [String],
    /// What each column is called; numbers where they are missing.
    pub columns: &'a [String],
    /// What its numbers are made of.
    pub element: Element,
    /// The number in place of a cell that the mask hides: −∞ for a score, 0 for a weight.
    pub hidden: f64,
    /// Its colours.
    pub colours: ColourScale,
}

/// What the numbers of a table are made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Element {
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 16-bit integers; one stands for `scale`.
    I16 {
        /// Real units.
        scale: f64,
    },
    /// 8-bit integers; one stands for `scale`.
    I8 {
        /// Real units.
        scale: f64,
    },
}

impl Sheet<'_> {
    /// The number of a cell.
    fn value(&self, row: usize, column: usize) -> f64 {
        self.table.get(row, column).unwrap_or(self.hidden)
    }

    /// All numbers, row by row.
    fn values(&self) -> impl Iterator<Item = f64> {
        let columns = self.table.columns();
        (0..self.table.rows())
            .flat_map(move |row| (0..columns).map(move |column| self.value(row, column)))
    }

    fn row_name(&self, row: usize) -> String {
        name(self.rows, row)
    }

    fn column_name(&self, column: usize) -> String {
        name(self.columns, column)
    }
}

fn name(names: &[String], at: usize) -> String {
    names.get(at).cloned().unwrap_or_else(|| at.to_string())
}

/// The kinds of file that a table can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Values separated by tabs, as spreadsheets paste them.
    Tsv,
    /// Values separated by commas.
    Csv,
    /// One numpy array of f64.
    Npy,
    /// Arrays of f64 with their names.
    Safetensors,
    /// Constant arrays for firmware, in the format's own numbers.
    Rust,
    /// A picture of points.
    Png,
    /// A picture of shapes, with its digits.
    Svg,
}

impl FileKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Png,
        Self::Svg,
        Self::Csv,
        Self::Tsv,
        Self::Npy,
        Self::Safetensors,
        Self::Rust,
    ];

    /// How the name of such a file ends, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Tsv => "tsv",
            Self::Csv => "csv",
            Self::Npy => "npy",
            Self::Safetensors => "safetensors",
            Self::Rust => "rs",
            Self::Png => "png",
            Self::Svg => "svg",
        }
    }

    /// As it is called on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tsv => "TSV text",
            Self::Csv => "CSV text",
            Self::Npy => "NumPy array",
            Self::Safetensors => "Safetensors",
            Self::Rust => "Rust constants",
            Self::Png => "PNG picture",
            Self::Svg => "SVG picture",
        }
    }

    /// The kind of file that has this name.
    ///
    /// # Errors
    /// [`ExportError::Kind`] if it ends like none of them.
    pub fn of(path: &Path) -> Result<Self, ExportError> {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        let kind = Self::ALL
            .into_iter()
            .find(|kind| extension == kind.extension());
        kind.ok_or_else(|| ExportError::Kind(path.display().to_string()))
    }

    /// Whether one file takes several tables.
    pub const fn takes_many(self) -> bool {
        matches!(self, Self::Safetensors | Self::Rust)
    }

    /// The bytes of a file with these tables; a kind that takes one takes the first.
    ///
    /// # Errors
    /// [`ExportError`] if there is no table, or it is too large for the kind.
    pub fn bytes(self, sheets: &[Sheet<'_>]) -> Result<Vec<u8>, ExportError> {
        let first = sheets.first().ok_or(ExportError::Nothing)?;
        match self {
            Self::Tsv => Ok(text::tsv(first).into_bytes()),
            Self::Csv => text::csv(first),
            Self::Npy => arrays::npy(first),
            Self::Safetensors => arrays::safetensors(sheets),
            Self::Rust => Ok(rust::constants(sheets).into_bytes()),
            Self::Png => picture::png(first),
            Self::Svg => picture::svg(first),
        }
    }
}

/// Writes the tables into the file, of the kind that its name says: all of it, or nothing.
///
/// # Errors
/// [`ExportError`], a sentence; a file that was there is as it was.
pub fn save(path: &Path, sheets: &[Sheet<'_>]) -> Result<(), ExportError> {
    put(path, &FileKind::of(path)?.bytes(sheets)?)
}

/// Writes what the window painted as an SVG file: all of it, or nothing.
///
/// # Errors
/// [`ExportError`], a sentence; a file that was there is as it was.
pub fn save_painted(path: &Path, painted: &Painted) -> Result<(), ExportError> {
    put(path, &painted.svg()?)
}

/// Writes what the window showed as a PNG file: all of it, or nothing.
///
/// # Errors
/// [`ExportError`], a sentence; a file that was there is as it was.
pub fn save_window(path: &Path, window: &ColorImage) -> Result<(), ExportError> {
    if FileKind::of(path)? != FileKind::Png {
        return Err(ExportError::Window(path.display().to_string()));
    }
    put(path, &picture::window(window)?)
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    write_whole(path, bytes).map_err(|error| ExportError::Write {
        path: path.display().to_string(),
        why: error.to_string(),
    })
}

/// Under another name first, so that nobody ever sees half a file.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Why a table was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportError {
    /// The file's name ends like no kind of file.
    Kind(String),
    /// The picture of a window is to be of another kind than PNG or SVG.
    Window(String),
    /// There is no table.
    Nothing,
    /// The picture would have more points than its kind takes.
    TooLarge {
        /// Rows of the table.
        rows: usize,
        /// Columns of the table.
        columns: usize,
        /// The most cells.
        most: usize,
    },
    /// A library would not make the file.
    Make(String),
    /// The operating system would not write the file.
    Write {
        /// Which file.
        path: String,
        /// What it said.
        why: String,
    },
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(path) => {
                let ends = FileKind::ALL.map(|kind| format!(".{}", kind.extension()));
                write!(f, "{path}: the name must end in {}", ends.join(", "))
            }
            Self::Window(path) => write!(f, "{path}: a picture of the window ends in .png or .svg"),
            Self::Nothing => f.write_str("There is no table to save"),
            Self::TooLarge {
                rows,
                columns,
                most,
            } => write!(
                f,
                "A table of {rows} × {columns} is too large for this kind of picture: it takes {most} cells"
            ),
            Self::Make(why) => write!(f, "The file cannot be made: {why}"),
            Self::Write { path, why } => write!(f, "{path} cannot be written: {why}"),
        }
    }
}

impl std::error::Error for ExportError {}

#[cfg(test)]
mod tests;
