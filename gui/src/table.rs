//! A matrix that is shown: real numbers, which of them the mask hides, and how far they reach.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

/// A row-major matrix of real numbers, (rows, columns), that never changes once it is made.
#[derive(Debug)]
pub struct Table {
    id: u64,
    picture: u64,
    rows: usize,
    columns: usize,
    values: Arc<Vec<f64>>,
    visible: Option<Arc<[Range<usize>]>>,
    reach: Arc<Reach>,
}

/// How far its numbers reach, found when somebody asks; twins share it.
#[derive(Debug, Default)]
struct Reach {
    sizes: OnceLock<Sizes>,
    extent: OnceLock<f64>,
}

impl Table {
    /// Everything visible.
    pub fn new(rows: usize, columns: usize, values: Vec<f64>) -> Self {
        let id = next_id();
        Self {
            id,
            picture: id,
            rows,
            columns,
            values: Arc::new(values),
            visible: None,
            reach: Arc::default(),
        }
    }

    /// The same with the cells of row `i` outside of `visible[i]` hidden.
    #[must_use]
    pub fn masked(self, visible: Arc<[Range<usize>]>) -> Self {
        let hides = visible.iter().any(|keys| *keys != (0..self.columns));
        Self {
            visible: Some(visible),
            picture: if hides { self.id } else { self.picture },
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
            reach: Arc::clone(&self.reach),
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

    /// What a picture of it can be kept by: the same for a [`twin`](Self::twin) that hides nothing, unlike that of any
    /// other table.
    pub fn picture_id(&self) -> u64 {
        self.picture
    }

    /// The columns of a row that the mask leaves.
    pub fn visible_in(&self, row: usize) -> Range<usize> {
        match &self.visible {
            None => 0..self.columns,
            Some(visible) => visible.get(row).cloned().unwrap_or_default(),
        }
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

    /// What 99.5 % of the values do not pass: the end of a colour scale. Weights and differences reach to their
    /// largest value and never ask.
    pub fn extent(&self) -> f64 {
        let extent = || {
            let sizes = self.sizes();
            most(&self.values, sizes).unwrap_or(sizes.largest)
        };
        *self.reach.extent.get_or_init(extent)
    }

    /// The greatest finite absolute value.
    pub fn largest(&self) -> f64 {
        self.sizes().largest
    }

    fn sizes(&self) -> Sizes {
        *self.reach.sizes.get_or_init(|| Sizes::of(&self.values))
    }
}

/// One that no other table has.
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// So many values are worth a second core.
const AT_ONCE: usize = 1 << 15;

/// The finite absolute values of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sizes {
    count: usize,
    largest: f64,
}

impl Sizes {
    fn of(values: &[f64]) -> Self {
        if values.len() <= AT_ONCE {
            return Self::of_part(values);
        }
        let parts = values.par_chunks(AT_ONCE).map(Self::of_part);
        parts.reduce(Self::default, |a, b| Self {
            count: a.count + b.count,
            largest: a.largest.max(b.largest),
        })
    }

    /// By whole lanes: a chain of maxima would wait for each before the next.
    fn of_part(values: &[f64]) -> Self {
        const LANES: usize = 8;
        let mut largest = [0.0_f64; LANES];
        let mut count = [0; LANES];
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for ((largest, count), value) in largest.iter_mut().zip(&mut count).zip(chunk) {
                let size = value.abs();
                let is_finite = size < f64::INFINITY;
                *count += usize::from(is_finite);
                let size = if is_finite { size } else { 0.0 };
                *largest = if size > *largest { size } else { *largest };
            }
        }
        let rest = rest.iter().map(|value| value.abs());
        let rest = rest.filter(|size| size.is_finite());
        Self {
            count: count.iter().sum::<usize>() + rest.clone().count(),
            largest: rest.chain(largest).fold(0.0, f64::max),
        }
    }
}

/// The finite absolute values of `values` from `least` on.
fn near(values: &[f64], least: f64) -> impl Iterator<Item = f64> {
    const CHUNK: usize = 16;
    // Most chunks have none, which vectors see at once.
    let any = move |chunk: &&[f64]| {
        let is_near = chunk.iter().map(|value| value.abs() >= least);
        is_near.fold(false, |any, is_near| any | is_near)
    };
    let sizes = values.chunks(CHUNK).filter(any).flatten();
    let sizes = sizes.map(|value| value.abs());
    sizes.filter(move |&size| size >= least && size < f64::INFINITY)
}

/// What 99.5 % do not pass, where that leaves anything out.
///
/// Few values come near the largest one: those from half of it on are looked at, or, where they are too few, from an
/// eighth on, and so forth ever faster, and only they are sorted out.
fn most(values: &[f64], Sizes { count, largest }: Sizes) -> Option<f64> {
    if count < 200 {
        return None;
    }
    let beyond = count.div_ceil(200);
    let (mut least, mut step) = (largest, 2.0);
    while least > 0.0 {
        least /= step;
        step *= step;
        let parts = values.par_chunks(AT_ONCE);
        let mut near: Vec<f64> = parts.flat_map_iter(|part| near(part, least)).collect();
        if near.len() >= beyond {
            let at = near.len() - beyond;
            let (_, &mut value, _) = near.select_nth_unstable_by(at, f64::total_cmp);
            return Some(value);
        }
    }
    None
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain way: all sizes in order.
    fn sorted_out(values: &[f64]) -> f64 {
        let mut sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
        sizes.retain(|size| size.is_finite());
        sizes.sort_by(f64::total_cmp);
        sizes[sizes.len() - sizes.len().div_ceil(200)]
    }

    #[test]
    fn the_end_of_a_scale_is_what_few_values_pass() {
        for (len, spread) in [(200, 1.0), (999, 1e-3), (5000, 1e9), (5001, 1e-300)] {
            let value = |at: usize| {
                let share = crate::number::real((at * 7919) % len) / crate::number::real(len);
                (share - 0.3) * spread
            };
            let values: Vec<f64> = (0..len).map(value).chain([f64::INFINITY]).collect();
            let table = Table::new(1, len + 1, values.clone());
            assert_eq!(table.extent(), sorted_out(&values));
            let finite = values.iter().map(|value| value.abs());
            let finite = finite.filter(|size| size.is_finite());
            assert_eq!(table.largest(), finite.fold(0.0, f64::max));
        }
        let few = Table::new(1, 3, vec![1.0, -4.0, f64::NAN]);
        assert_eq!((few.extent(), few.largest()), (4.0, 4.0));
    }

    #[test]
    fn a_twin_that_hides_nothing_has_the_same_picture() {
        let table = Table::new(2, 2, vec![1.0; 4]);
        let twin = table.twin().masked(vec![0..2, 0..2].into());
        assert_eq!(twin.picture_id(), table.picture_id());
        let hiding = table.twin().masked(vec![0..1, 0..2].into());
        assert_ne!(hiding.picture_id(), table.picture_id());
        assert_eq!((hiding.get(0, 1), hiding.visible_in(0)), (None, 0..1));
    }
}
