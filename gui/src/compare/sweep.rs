//! Which format is enough: every width and number of fraction bits around those that fit, on many heads.
//!
//! A sweep asks for one format that serves all of its heads, since the scales of firmware are
//! constants. The fraction bits that fit are therefore those of the largest value of all heads; from
//! there Q and K move together, and V apart.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::formats::{FormatSpec, Width, fitting_bits};
use super::heads::{HeadId, Progress, Setting, job};
use super::numbers::{Memory, Numbers, fraction_bits};
use super::rows::{RowMeasures, Rows};
use super::tally::Tally;
use crate::recorder::{Job, Record};
use crate::side::RunError;
use crate::source::Input;

/// What to try, and what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepSettings {
    /// Over which heads.
    pub scope: Scope,
    /// So many fraction bits more and less than fit, for Q and K, and for V.
    pub around: i32,
    /// The share of rows that must keep their top key, from 0 to 1.
    pub same_top: f64,
}

/// Over which heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// The chosen one.
    Head,
    /// All of the chosen layer.
    Layer,
    /// All of the input.
    All,
}

impl Default for SweepSettings {
    fn default() -> Self {
        Self {
            scope: Scope::All,
            around: 2,
            same_top: 0.99,
        }
    }
}

/// What a format makes of all heads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The format.
    pub numbers: Numbers,
    /// The memory that a head takes on a chip.
    pub memory: Memory,
    /// Of the output, all heads pooled, in dB.
    pub sqnr_db: f64,
    /// Of the output of the worst head, in dB.
    pub worst_db: f64,
    /// Of the weights.
    pub rows: RowMeasures,
    /// Values of Q, K and V cut at the end of the range.
    pub saturated: usize,
    /// Values of Q, K and V.
    pub values: usize,
}

impl Point {
    /// Bytes of a head on a chip.
    pub fn bytes(&self) -> usize {
        self.memory.total()
    }
}

/// All that a sweep found.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// From few bytes to many, there from the best SQNR to the worst.
    pub points: Vec<Point>,
    /// How many heads were tried.
    pub heads: usize,
}

impl Sweep {
    /// Tries every format on every head; `None` if it was cancelled.
    ///
    /// # Errors
    /// [`RunError`], a sentence.
    pub fn new(
        input: &Input,
        setting: Setting,
        ids: &[HeadId],
        around: i32,
        progress: &Progress,
    ) -> Result<Option<Self>, RunError> {
        let formats = candidates(input, ids, around);
        progress.expect(ids.len() * formats.len());
        let heads: Result<Vec<Vec<Score>>, RunError> = ids
            .par_iter()
            .map(|&id| {
                let job = job(input, id, setting)?;
                let reference = Numbers::F64.record(&job)?;
                let scores = formats.par_iter().map(|&numbers| {
                    if progress.is_cancelled() {
                        return Ok(Score::default());
                    }
                    let score = Score::new(&job, &reference, numbers);
                    progress.step();
                    score
                });
                scores.collect()
            })
            .collect();
        let heads = heads?;
        if progress.is_cancelled() {
            return Ok(None);
        }
        let shape = [input.queries, input.keys, input.width, input.value_width];
        let points = formats.iter().enumerate().map(|(at, &numbers)| {
            let scores = heads.iter().filter_map(|scores| scores.get(at));
            point(numbers, Memory::new(numbers, shape), scores)
        });
        let mut points: Vec<Point> = points.collect();
        points.sort_by(|a, b| (a.bytes().cmp(&b.bytes())).then(b.sqnr_db.total_cmp(&a.sqnr_db)));
        Ok(Some(Self {
            points,
            heads: ids.len(),
        }))
    }

    /// The formats that none with as few bytes is better than: fewest bytes first.
    pub fn frontier(&self) -> Vec<&Point> {
        let mut best = f64::NEG_INFINITY;
        let mut frontier = Vec::new();
        for point in &self.points {
            if point.sqnr_db > best {
                best = point.sqnr_db;
                frontier.push(point);
            }
        }
        frontier
    }

    /// The format of the fewest bytes that keeps the top key on this share of rows; of several the
    /// one with the best SQNR.
    pub fn smallest(&self, same_top: f64) -> Option<&Point> {
        self.points
            .iter()
            .find(|point| point.rows.same_top_share() >= same_top)
    }
}

/// f32, and both widths of integers: with the scales that fit the largest value of all heads, and around the
/// fraction bits that do.
fn candidates(input: &Input, ids: &[HeadId], around: i32) -> Vec<Numbers> {
    let mut candidates = Vec::new();
    for width in [Width::I8, Width::I16] {
        candidates.extend(fitting_scales(input, ids, width));
        let bits = ids
            .iter()
            .map(|id| fitting_bits(input, id.layer, id.head, width));
        let fit = bits.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].min(b[2])]);
        let [q, k, v] = fit.unwrap_or_default();
        for more_qk in -around..=around {
            for more_v in -around..=around {
                candidates.push(width.with_bits([q + more_qk, k + more_qk, v + more_v]));
            }
        }
    }
    candidates.push(Numbers::F32);
    candidates
}

/// The largest value of all heads becomes the largest integer; none where that is a power of two, which is tried
/// anyway.
fn fitting_scales(input: &Input, ids: &[HeadId], width: Width) -> Option<Numbers> {
    let spec = FormatSpec::FitScales(width);
    let scales = ids
        .iter()
        .filter_map(|id| spec.on(input, id.layer, id.head).steps());
    let most = scales.reduce(|[q, k, v], [other_q, other_k, other_v]| {
        [q.max(other_q), k.max(other_k), v.max(other_v)]
    })?;
    let any_scale = most.iter().any(|&scale| fraction_bits(scale).is_none());
    any_scale.then(|| width.numbers(most))
}

/// What a format makes of one head.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    output: Tally,
    rows: Rows,
    saturated: usize,
    values: usize,
}

impl Score {
    fn new(job: &Job<'_>, reference: &Record, numbers: Numbers) -> Result<Self, RunError> {
        let record = numbers.record(job)?;
        let mut score = Self {
            saturated: record.saturated.iter().sum(),
            values: job.q.len() + job.k.len() + job.v.len(),
            ..Self::default()
        };
        let outputs = reference.output.iter().zip(&record.output);
        for (&reference, &value) in outputs {
            score.output.add(reference, value, None);
        }
        let keys = job.keys.max(1);
        let rows = reference
            .weights
            .chunks(keys)
            .zip(record.weights.chunks(keys));
        for (reference, row) in rows {
            score.rows.add(reference, row);
        }
        Ok(score)
    }
}

fn point<'a>(numbers: Numbers, memory: Memory, scores: impl Iterator<Item = &'a Score>) -> Point {
    let mut all = Score::default();
    let mut worst_db = f64::INFINITY;
    for score in scores {
        worst_db = worst_db.min(score.output.sqnr_db());
        all.output.merge(&score.output);
        all.rows.merge(&score.rows);
        all.saturated += score.saturated;
        all.values += score.values;
    }
    Point {
        numbers,
        memory,
        sqnr_db: all.output.sqnr_db(),
        worst_db,
        rows: all.rows.measures(),
        saturated: all.saturated,
        values: all.values,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::heads::heads_of;
    use crate::session::{Changes, InputId, Mask, Scaling};
    use crate::source::load;

    fn sweep(around: i32) -> Sweep {
        let input = load(&InputId::Capture).unwrap();
        let setting = Setting {
            mask: Mask::None,
            scaling: Scaling::On,
            changes: Changes::NONE,
        };
        let ids = heads_of(3..4, &(0..3));
        let sweep = Sweep::new(&input, setting, &ids, around, &Progress::default());
        sweep.unwrap().unwrap()
    }

    #[test]
    fn every_width_and_offset_is_tried_once() {
        let sweep = sweep(1);
        assert_eq!((sweep.points.len(), sweep.heads), (2 * (9 + 1) + 1, 3));
        for (at, point) in sweep.points.iter().enumerate() {
            assert!(
                sweep.points[..at]
                    .iter()
                    .all(|before| before.numbers != point.numbers)
            );
            assert_eq!(point.values, 3 * 3 * 15 * 32);
            assert!(point.worst_db <= point.sqnr_db);
        }
    }

    #[test]
    fn more_fraction_bits_are_better_until_values_are_cut() {
        let sweep = sweep(2);
        let of = |numbers: Numbers| {
            sweep
                .points
                .iter()
                .find(|point| point.numbers == numbers)
                .unwrap()
        };
        // Any scale uses the whole range: of the smallest formats it is the best.
        let scaled = sweep.frontier()[0];
        assert!(scaled.numbers.text().starts_with("i8@"));
        assert_eq!(scaled.saturated, 0);
        let powers = (sweep.points.iter()).filter(|point| point.numbers.text().starts_with("i8:"));
        let best = powers
            .max_by(|a, b| a.sqnr_db.total_cmp(&b.sqnr_db))
            .unwrap();
        assert!(scaled.sqnr_db > best.sqnr_db);
        let Numbers::I8([q, k, v]) = best.numbers else {
            panic!("i8 was asked for")
        };
        assert_eq!(best.bytes(), 4 * 15 * 32 + 15 * 4);
        let coarser = of(Numbers::I8([2.0 * q, 2.0 * k, v]));
        assert!(best.sqnr_db > coarser.sqnr_db);
        let cut = sweep.points.iter().filter(|point| point.saturated > 0);
        assert!(cut.count() > 0);
    }

    #[test]
    fn the_frontier_rises_and_holds_the_best() {
        let sweep = sweep(1);
        let frontier = sweep.frontier();
        assert!(
            frontier
                .windows(2)
                .all(|two| two[0].bytes() < two[1].bytes())
        );
        assert!(
            frontier
                .windows(2)
                .all(|two| two[0].sqnr_db < two[1].sqnr_db)
        );
        let most = sweep
            .points
            .iter()
            .map(|point| point.sqnr_db)
            .fold(0.0, f64::max);
        assert_eq!(frontier.last().unwrap().sqnr_db, most);
    }

    #[test]
    fn the_answer_is_the_first_in_bytes_that_is_good_enough() {
        let sweep = sweep(2);
        let answer = sweep.smallest(0.99).unwrap();
        assert!(answer.rows.same_top_share() >= 0.99);
        for point in &sweep.points {
            let good = point.rows.same_top_share() >= 0.99;
            assert!(!good || point.bytes() >= answer.bytes());
        }
        assert!(sweep.smallest(1.1).is_none());
    }
}
