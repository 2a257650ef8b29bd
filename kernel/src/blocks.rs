//! The blocks of [`quad`](crate::quad) in portable Rust: the twin of those in `arch`, and for what does not fit them.

use crate::exp::exp_neg;
use crate::quad::{COLUMNS, QUAD};

/// Raw scores of a tile (D, 4) with `keys` (4·blocks, D), four keys at a time.
pub(crate) fn score_tile(
    scale: f32,
    q: &[[f32; QUAD]],
    keys: &[f32],
    scores: &mut [[[f32; QUAD]; QUAD]],
) {
    for (block, scores) in scores.iter_mut().enumerate() {
        let [a, b, c, d] = rows_of_block(keys, block, q.len());
        let mut dots = [[0.0; QUAD]; QUAD];
        for ((((q, &a), &b), &c), &d) in q.iter().zip(a).zip(b).zip(c).zip(d) {
            for (dots, k) in dots.iter_mut().zip([a, b, c, d]) {
                for (dot, q) in dots.iter_mut().zip(q) {
                    *dot += q * k;
                }
            }
        }
        *scores = dots.map(|dots| dots.map(|dot| dot * scale));
    }
}

/// Raw scores of a row (D) with `keys` (4·blocks, D), four keys at a time.
pub(crate) fn score_row(scale: f32, q: &[f32], keys: &[f32], scores: &mut [[f32; QUAD]]) {
    for (block, scores) in scores.iter_mut().enumerate() {
        let [a, b, c, d] = rows_of_block(keys, block, q.len());
        let mut dots = [0.0; QUAD];
        for ((((q, &a), &b), &c), &d) in q.iter().zip(a).zip(b).zip(c).zip(d) {
            for (dot, k) in dots.iter_mut().zip([a, b, c, d]) {
                *dot += q * k;
            }
        }
        *scores = dots.map(|dot| dot * scale);
    }
}

/// The four rows of a block of keys.
fn rows_of_block(keys: &[f32], block: usize, columns: usize) -> [&[f32]; QUAD] {
    [0, 1, 2, 3].map(|key| {
        let start = (QUAD * block + key) * columns;
        keys.get(start..start + columns).unwrap_or_default()
    })
}

/// Scores to weights, in place: `exp_neg(score − max)`; returns the sum of each place.
pub(crate) fn weigh(scores: &mut [[f32; QUAD]], max: [f32; QUAD]) -> [f32; QUAD] {
    let mut sums = [0.0; QUAD];
    for scores in scores {
        for ((score, max), sum) in scores.iter_mut().zip(max).zip(&mut sums) {
            *score = exp_neg(*score - max);
            *sum += *score;
        }
    }
    sums
}

/// Adds four columns of V, whose rows begin `columns` values apart, each times its weights (keys, 4).
///
/// `sums` are those of a column, (4, 4).
pub(crate) fn mix_tile(
    weights: &[[f32; QUAD]],
    values: &[f32],
    columns: usize,
    sums: &mut [[f32; QUAD]; QUAD],
) {
    let mut mixed = *sums;
    for (weights, values) in weights.iter().zip(values.chunks(columns.max(1))) {
        let Some(values) = values.first_chunk::<QUAD>() else {
            return;
        };
        for (sums, value) in mixed.iter_mut().zip(values) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += weight * value;
            }
        }
    }
    *sums = mixed;
}

/// Adds eight columns of V, whose rows begin `columns` values apart, each times its weight (keys).
pub(crate) fn mix_row(weights: &[f32], values: &[f32], columns: usize, sums: &mut [f32; COLUMNS]) {
    let mut mixed = *sums;
    for (weight, values) in weights.iter().zip(values.chunks(columns.max(1))) {
        let Some(values) = values.first_chunk::<COLUMNS>() else {
            return;
        };
        for (sum, value) in mixed.iter_mut().zip(values) {
            *sum += weight * value;
        }
    }
    *sums = mixed;
}
