//! How far the right format is from the left one: every statistic of the window.

// A number format as comparisons need it,
pub mod numbers;
// and as it is written.
pub mod formats;
// Measures over cells,
pub mod tally;
// over rows of weights,
pub mod rows;
// and over the bits of values.
pub mod histogram;
// The f64 reference of single stages.
pub mod exact;
// One head against another run of it,
pub mod stages;
// and all of them.
pub mod heads;
// How far a run may be off,
pub mod budget;
// the first step that went wrong,
pub mod first;
// and where a narrower sum would have.
pub mod accumulator;
// Which format is enough.
pub mod sweep;
// All measures of the chosen head,
pub mod statistics;
// and long work beside the window.
pub mod task;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::session::{FormatChoice, TableKind, Unit};
use crate::side::{LastPlace, Side};
use crate::table::Table;

/// Fewer cells than this are not worth a second core,
const PARALLEL: usize = 1 << 14;
/// nor fewer rows.
const ROWS: usize = 64;

/// The difference of two runs of one head.
#[derive(Debug)]
pub struct Compare {
    /// In what the tables count.
    pub unit: Unit,
    /// Of the output, right against left, in dB; infinite where they are equal.
    pub sqnr_db: f64,
    /// Rows of the weights whose greatest weight is on the same key.
    pub same_top: usize,
    /// Rows of the weights.
    pub rows: usize,
    /// Values of Q, K and V that the right format had to cut.
    pub saturated: usize,
    /// Values of Q, K and V.
    pub values: usize,
    left: Arc<Side>,
    right: Arc<Side>,
    scale: f64,
    tables: OnceLock<[Table; 8]>,
}

impl Compare {
    /// Right minus left; `scale` is the softmax scale.
    pub fn new(left: &Arc<Side>, right: &Arc<Side>, unit: Unit, scale: f64) -> Self {
        let [weights, others] = [left, right].map(|side| side.table(TableKind::Weights));
        let same_top = (0..weights.rows()).into_par_iter().with_min_len(ROWS);
        let same_top = same_top.filter(|&i| top(weights.row(i)) == top(others.row(i)));
        let outputs = [left, right].map(|side| side.table(TableKind::Output).values());
        let operands = [TableKind::Q, TableKind::K, TableKind::V];
        let values = operands.map(|kind| right.table(kind).values().len());
        Self {
            unit,
            sqnr_db: sqnr_db(outputs[0], outputs[1]),
            same_top: same_top.count(),
            rows: weights.rows(),
            saturated: right.saturated.iter().sum(),
            values: values.iter().sum(),
            left: Arc::clone(left),
            right: Arc::clone(right),
            scale,
            tables: OnceLock::new(),
        }
    }

    /// Works the differences out, for those who are about to show them.
    pub fn prepare(&self) {
        self.tables();
    }

    /// Whether they are worked out already.
    pub fn is_prepared(&self) -> bool {
        self.tables.get().is_some()
    }

    /// Right minus left, table by table: worked out when they are first asked for, since they are shown seldom.
    fn tables(&self) -> &[Table; 8] {
        self.tables.get_or_init(|| {
            let (left, right) = (&*self.left, &*self.right);
            let difference = |kind| difference(left, right, kind, self.unit, self.scale);
            let [q, k, v, raw, capped, masked, weights, output] = TableKind::ALL;
            // Where nothing changes a score, the differences of a stage are those of the one before.
            let stage = |kind, before_kind, before: &Table| {
                let is_same = |side: &Side| side.is_same(kind, before_kind);
                let is_same = [left, right].into_iter().all(is_same);
                match (is_same, left.table(kind).visible()) {
                    (true, None) => before.twin(),
                    (true, Some(visible)) => before.twin().masked(visible),
                    (false, _) => difference(kind),
                }
            };
            let scores = || {
                let raw_differences = difference(raw);
                let capped_differences = stage(capped, raw, &raw_differences);
                let masked = stage(masked, capped, &capped_differences);
                [raw_differences, capped_differences, masked]
            };
            let others = || (difference(weights), [q, k, v, output].map(difference));
            let ([raw, capped, masked], (weights, [q, k, v, output])) = rayon::join(scores, others);
            [q, k, v, raw, capped, masked, weights, output]
        })
    }

    /// The differences of one table.
    pub fn table(&self, kind: TableKind) -> &Table {
        let [q, k, v, raw, capped, masked, weights, output] = self.tables();
        match kind {
            TableKind::Q => q,
            TableKind::K => k,
            TableKind::V => v,
            TableKind::Raw => raw,
            TableKind::Capped => capped,
            TableKind::Masked => masked,
            TableKind::Weights => weights,
            TableKind::Output => output,
        }
    }
}

fn difference(left: &Side, right: &Side, kind: TableKind, unit: Unit, scale: f64) -> Table {
    let places = [left, right].map(|side| LastPlace::of(side.choice.format, kind, scale));
    let (left, right) = (left.table(kind), right.table(kind));
    let values = (left.values(), right.values()).into_par_iter();
    let values = values
        .with_min_len(PARALLEL)
        .map(|(&left, &right)| match unit {
            Unit::Real => right - left,
            Unit::LastPlace => (right - left) / coarser(places, left).unwrap_or(1.0),
        })
        .collect();
    let table = Table::new(left.rows(), left.columns(), values);
    match left.visible() {
        None => table,
        Some(visible) => table.masked(visible),
    }
}

/// The last place of the coarser of two formats at `value`; none where it says nothing, and differences are real.
pub fn place(
    (left, right): (FormatChoice, FormatChoice),
    kind: TableKind,
    value: f64,
    scale: f64,
) -> Option<f64> {
    let places = [left, right].map(|format| LastPlace::of(format, kind, scale));
    coarser(places, value)
}

fn coarser([left, right]: [Option<LastPlace>; 2], value: f64) -> Option<f64> {
    let place = left?.at(value).max(right?.at(value));
    // With a scale of zero every score is zero, and so is every difference.
    Some(place.max(f64::MIN_POSITIVE))
}

/// Signal to quantisation noise: −10·log10(Σ(x−y)² / Σx²).
pub fn sqnr_db(signal: &[f64], noisy: &[f64]) -> f64 {
    let power: f64 = signal.iter().map(|x| x * x).sum();
    let noise = signal.iter().zip(noisy).map(|(x, y)| (x - y) * (x - y));
    let noise: f64 = noise.sum();
    if noise == 0.0 {
        return f64::INFINITY;
    }
    10.0 * (power / noise).log10()
}

/// The first of the greatest.
fn top(row: &[f64]) -> Option<usize> {
    let mut top = None;
    for (j, &weight) in row.iter().enumerate() {
        if top.is_none_or(|(_, greatest)| weight > greatest) {
            top = Some((j, weight));
        }
    }
    top.map(|(j, _)| j)
}

/// The greatest of the visible scores of a row.
pub fn greatest(row: &[f64], visible: Range<usize>) -> f64 {
    row.get(visible)
        .unwrap_or_default()
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqnr_is_that_of_the_textbook() {
        assert_eq!(sqnr_db(&[3.0, 4.0], &[3.0, 4.0]), f64::INFINITY);
        assert_eq!(sqnr_db(&[3.0, 4.0], &[3.0, 4.5]), 20.0);
    }

    #[test]
    fn equal_weights_have_the_first_key_on_top() {
        assert_eq!(top(&[0.25, 0.5, 0.5]), Some(1));
        assert_eq!(top(&[]), None);
    }

    #[test]
    fn the_last_place_is_that_of_the_coarser_format() {
        let bits = crate::session::FractionBits { q: 4, k: 3, v: 5 };
        let i8 = FormatChoice::I8(bits.into());
        let f32 = FormatChoice::F32;
        for (kind, expected) in [
            (TableKind::Q, 1.0 / 16.0),
            (TableKind::K, 1.0 / 8.0),
            (TableKind::Raw, 1.0 / 256.0),
            (TableKind::Output, 1.0 / 32.0),
        ] {
            assert_eq!(place((f32, i8), kind, 1.0, 0.5), Some(expected));
        }
        let ulp = f64::from(f32::EPSILON);
        for (right, kind, expected) in [
            (FormatChoice::F64, TableKind::Q, Some(ulp)),
            (FormatChoice::F64, TableKind::Weights, Some(ulp)),
            (i8, TableKind::Weights, None),
        ] {
            assert_eq!(place((f32, right), kind, 1.0, 1.0), expected);
        }
    }
}
