//! What only rows of weights have: a divergence, a sum, and a key on top.

use kqv::WEIGHT_ONE;
use serde::Serialize;

use crate::number::real;

/// Rows of weights held against other rows; two of these make one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rows {
    seeing: usize,
    divergence: f64,
    worst_divergence: f64,
    drift: f64,
    same_top: usize,
}

/// What [`Rows`] come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RowMeasures {
    /// Rows of queries that see anything.
    pub rows: usize,
    /// Kullback-Leibler divergence in nats, Σ p·ln(p/q), mean of the rows; where a weight became
    /// zero, half of the least 30-bit weight stands for it.
    pub divergence_mean: f64,
    /// The same, the worst row.
    pub divergence_max: f64,
    /// How far the sum of a row is from one, the worst row.
    pub drift_max: f64,
    /// Rows whose greatest weight is on the same key; of equal ones the first counts.
    pub same_top: usize,
}

/// Half of the least weight that 30 bits can tell from zero.
const NOTHING: f64 = 0.5 / WEIGHT_ONE as f64;

impl Rows {
    /// One more row: what it should be, and what it is.
    pub fn add(&mut self, reference: &[f64], weights: &[f64]) {
        if reference.iter().all(|&weight| weight == 0.0) {
            return; // it sees nothing
        }
        let terms = reference.iter().zip(weights).filter(|(p, _)| **p > 0.0);
        let terms = terms.map(|(&p, &q)| p * (p / q.max(NOTHING.min(p))).ln());
        let divergence = terms.sum::<f64>().max(0.0);
        self.seeing += 1;
        self.divergence += divergence;
        self.worst_divergence = self.worst_divergence.max(divergence);
        self.drift = self.drift.max((weights.iter().sum::<f64>() - 1.0).abs());
        self.same_top += usize::from(top(reference) == top(weights));
    }

    /// The rows of another head besides.
    pub fn merge(&mut self, other: &Self) {
        self.seeing += other.seeing;
        self.divergence += other.divergence;
        self.worst_divergence = self.worst_divergence.max(other.worst_divergence);
        self.drift = self.drift.max(other.drift);
        self.same_top += other.same_top;
    }

    /// What it comes to.
    pub fn measures(&self) -> RowMeasures {
        RowMeasures {
            rows: self.seeing,
            divergence_mean: self.divergence / real(self.seeing.max(1)),
            divergence_max: self.worst_divergence,
            drift_max: self.drift,
            same_top: self.same_top,
        }
    }
}

impl RowMeasures {
    /// The share of rows that keep their top key, from 0 to 1.
    pub fn same_top_share(&self) -> f64 {
        if self.rows == 0 {
            return 1.0;
        }
        real(self.same_top) / real(self.rows)
    }
}

/// The first of the greatest.
pub fn top(row: &[f64]) -> Option<usize> {
    let mut top = None;
    for (j, &weight) in row.iter().enumerate() {
        if top.is_none_or(|(_, greatest)| weight > greatest) {
            top = Some((j, weight));
        }
    }
    top.map(|(j, _)| j)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divergence_drift_and_top_by_hand() {
        let mut rows = Rows::default();
        rows.add(&[0.5, 0.5], &[0.25, 0.75]);
        rows.add(&[0.75, 0.25], &[0.75, 0.25]);
        rows.add(&[0.0, 0.0], &[0.0, 0.0]);
        let measures = rows.measures();
        let expected = 0.5 * 2.0_f64.ln() + 0.5 * (0.5_f64 / 0.75).ln();
        assert_eq!((measures.rows, measures.same_top), (2, 1));
        assert!((measures.divergence_max - expected).abs() < 1e-15);
        assert!((measures.divergence_mean - expected / 2.0).abs() < 1e-15);
        assert_eq!((measures.drift_max, measures.same_top_share()), (0.0, 0.5));
    }

    #[test]
    fn a_weight_that_became_zero_counts_as_half_of_the_least() {
        let mut rows = Rows::default();
        rows.add(&[0.5, 0.5], &[1.0, 0.0]);
        let expected = 0.5 * 0.5_f64.ln() + 0.5 * (0.5 * 2.0_f64.powi(31)).ln();
        assert!((rows.measures().divergence_max - expected).abs() < 1e-12);
    }

    #[test]
    fn equal_weights_have_the_first_key_on_top() {
        assert_eq!(top(&[0.25, 0.5, 0.5]), Some(1));
        assert_eq!(top(&[]), None);
    }
}
