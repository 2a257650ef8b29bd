//! The f64 reference of single stages: what a stage should have made of the inputs it had.
//!
//! With it the error that a stage makes itself is told apart from the error it inherits. These are
//! the ten plain lines that every other implementation is held against, one row per core.

use std::ops::Range;

use rayon::prelude::*;

/// Q·Kᵀ·scale, (T, S), from Q (T, D) and K (S, D).
pub fn raw_scores(q: &[f64], k: &[f64], width: usize, scale: f64) -> Vec<f64> {
    let width = width.max(1);
    let dot = |q: &[f64], k: &[f64]| q.iter().zip(k).map(|(q, k)| q * k).sum::<f64>() * scale;
    let rows = q.par_chunks(width);
    rows.flat_map_iter(|q| k.chunks(width).map(move |k| dot(q, k)))
        .collect()
}

/// cap · tanh(score / cap).
pub fn capped(scores: &[f64], cap: f64) -> Vec<f64> {
    let capped = |score: &f64| cap * (score / cap).tanh();
    scores.par_iter().map(capped).collect()
}

/// Scores (T, S) less `slope` for every step between a key and a query's position, its row plus `offset`.
pub fn biased(scores: &[f64], keys: usize, offset: usize, slope: f64) -> Vec<f64> {
    let rows = scores.par_chunks(keys.max(1)).enumerate();
    rows.flat_map_iter(|(i, row)| {
        let cost = move |j: usize| slope * crate::number::real((i + offset).abs_diff(j));
        row.iter()
            .enumerate()
            .map(move |(j, score)| score - cost(j))
    })
    .collect()
}

/// The softmax of the visible scores of each row, (T, S); a hidden key has zero.
pub fn weights(scores: &[f64], visible: &[Range<usize>], keys: usize) -> Vec<f64> {
    let rows = scores.par_chunks(keys.max(1)).zip(visible);
    rows.flat_map_iter(|(row, visible)| {
        let seen = row.get(visible.clone()).unwrap_or_default();
        let max = seen.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = seen.iter().map(|score| (score - max).exp()).sum();
        let weight = move |(j, score): (usize, &f64)| {
            let seen = visible.contains(&j);
            if seen { (score - max).exp() / sum } else { 0.0 }
        };
        row.iter().enumerate().map(weight)
    })
    .collect()
}

/// Weights (T, S) times V (S, E): the output, (T, E).
pub fn output(weights: &[f64], v: &[f64], keys: usize, value_width: usize) -> Vec<f64> {
    let rows = weights.par_chunks(keys.max(1));
    rows.flat_map_iter(|row| {
        let mut output = vec![0.0; value_width];
        for (weight, values) in row.iter().zip(v.chunks(value_width.max(1))) {
            for (output, value) in output.iter_mut().zip(values) {
                *output += weight * value;
            }
        }
        output
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinking_machines_step_by_step() {
        let (q, k) = (vec![1.0; 64], [vec![1.75; 64], vec![1.5; 64]].concat());
        let scores = raw_scores(&q, &k, 64, 0.125);
        assert_eq!(scores, [14.0, 12.0]);
        let weights = weights(&scores, std::slice::from_ref(&(0..2)), 2);
        assert!((weights[0] - 0.880_797_077_977_882_4).abs() < 1e-15);
        let output = output(&weights, &[1.0, 0.0, 0.0, 1.0], 2, 2);
        assert_eq!(output, weights);
    }

    #[test]
    fn a_cap_bounds_and_a_bias_counts_steps() {
        let scores = capped(&[0.0, 1e9, -1e9, 2.0], 2.0);
        assert_eq!(scores[..3], [0.0, 2.0, -2.0]);
        assert!((scores[3] - 1.523_188_311_911_53).abs() < 1e-12);
        assert_eq!(biased(&[1.0; 6], 3, 1, 0.5), [0.5, 1.0, 0.5, 0.0, 0.5, 1.0]);
    }

    #[test]
    fn a_hidden_key_weighs_nothing_and_so_does_a_blind_query() {
        let visible = [1..2, 0..0];
        assert_eq!(
            weights(&[9.0, 1.0, 2.0, 3.0], &visible, 2),
            [0.0, 1.0, 0.0, 0.0]
        );
    }
}
