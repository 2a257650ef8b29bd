//! A matrix that is shown: real numbers, which of them the mask hides, and how far they reach.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A row-major matrix of real numbers, (rows, columns), that never changes once it is made.
#[derive(Debug)]
pub struct Table {
    id: u64,
    rows: usize,
    columns: usize,
    values: Arc<[f64]>,
    visible: Option<Arc<[Range<usize>]>>,
    extent: OnceLock<f64>,
    largest: f64,
}

impl Table {
    /// Everything visible.
    pub fn new(rows: usize, columns: usize, values: Vec<f64>) -> Self {
        let largest = sizes(&values).fold(0.0, f64::max);
        Self {
            id: next_id(),
            rows,
            columns,
            values: values.into(),
            visible: None,
            extent: OnceLock::new(),
            largest,
        }
    }

    /// The same with the cells of row `i` outside of `visible[i]` hidden.
    #[must_use]
    pub fn masked(self, visible: Arc<[Range<usize>]>) -> Self {
        Self {
            visible: Some(visible),
            ..self
        }
    }

    /// The same numbers, which are shared, in a table of its own.
    #[must_use]
    pub fn twin(&self) -> Self {
        Self {
            id: next_id(),
            values: Arc::clone(&self.values),
            visible: self.visible.clone(),
            extent: self.extent.clone(),
            ..*self
        }
    }

    /// Whether both are the same numbers in memory: one is the [`twin`](Self::twin) of the other.
    pub fn is_twin_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.values, &other.values)
    }

    /// The columns of each row that the mask leaves, if there is one.
    pub fn visible(&self) -> Option<Arc<[Range<usize>]>> {
        self.visible.clone()
    }

    /// Unlike that of any other table: what a picture of it can be kept by.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All of it, row after row, hidden cells included.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// One row, hidden cells included; empty if there is none.
    pub fn row(&self, row: usize) -> &[f64] {
        let start = row * self.columns;
        self.values
            .get(start..start + self.columns)
            .unwrap_or_default()
    }

    /// The value of a cell; `None` where the mask hides it or there is none.
    pub fn get(&self, row: usize, column: usize) -> Option<f64> {
        if let Some(visible) = &self.visible
            && !visible.get(row)?.contains(&column)
        {
            return None;
        }
        self.row(row).get(column).copied()
    }

    /// What 99.5 % of the values do not pass: the end of a colour scale. Sorted out when it is first asked for:
    /// weights and differences reach to their largest value and never ask.
    pub fn extent(&self) -> f64 {
        *self.extent.get_or_init(|| {
            let mut sizes: Vec<f64> = sizes(&self.values).collect();
            most(&mut sizes).unwrap_or(self.largest)
        })
    }

    /// The greatest finite absolute value.
    pub fn largest(&self) -> f64 {
        self.largest
    }
}

/// One that no other table has.
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The finite absolute values.
fn sizes(values: &[f64]) -> impl Iterator<Item = f64> {
    let sizes = values.iter().map(|value| value.abs());
    sizes.filter(|size| size.is_finite())
}

/// What 99.5 % do not pass, where that leaves anything out.
fn most(sizes: &mut [f64]) -> Option<f64> {
    let at = sizes.len() - sizes.len().div_ceil(200);
    if sizes.len() < 200 {
        return None;
    }
    let (_, &mut value, _) = sizes.select_nth_unstable_by(at, f64::total_cmp);
    (value > 0.0).then_some(value)
}

/// A colour scale's end: two digits, not less than `extent`.
pub fn rounded_up(extent: f64) -> f64 {
    if extent <= 0.0 || !extent.is_finite() {
        return 1.0;
    }
    let unit = 10.0_f64.powf(extent.log10().floor() - 1.0);
    let end = (extent / unit).ceil() * unit;
    if end.is_finite() && end > 0.0 {
        end
    } else {
        extent
    }
}
