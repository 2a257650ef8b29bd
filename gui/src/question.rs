//! The learner's own questions, carried out by the kernel: an own mask, an own change of the scores,
//! or Q and K in each other's place.

use std::ops::Range;

use kqv::{Float, Modify, Query, Score, ShapeError};

use crate::derivation::trace::{Trace, Whole, watch, watch_with};
use crate::recorder::{Job, Readable, Record, record, record_with};
use crate::session::{FormatChoice, Question};
use crate::side::{Choice, RunError};
use crate::source::{Head, Input};

/// Every query sees itself and what comes after: the left-bottom half is hidden.
#[derive(Clone, Copy, Debug)]
struct LeftBottom;

impl Modify for LeftBottom {
    fn visible(&self, query: Query, keys: usize) -> Range<usize> {
        query.position.min(keys)..keys
    }
}

/// The square of the dot product, times the scale: the score times itself, less one scale.
#[derive(Clone, Copy, Debug)]
struct Squared {
    inverse_scale: f64,
}

impl Modify for Squared {
    const CHANGES: bool = true;

    fn change<N: Score>(&self, score: N, _: Query, _: usize) -> Option<N> {
        Some(score * N::from_real(self.inverse_scale) * score)
    }
}

/// Whether the keys ask and the queries answer: where there are as many of them.
pub fn turns(input: &Input, choice: Choice) -> bool {
    choice.question == Question::Reversed && input.queries == input.keys
}

/// Q, K and V of the head as the question has them, and the format that goes with them.
pub fn asked(input: &Input, choice: Choice) -> (Head<'_>, FormatChoice) {
    let head = input.head(choice.layer, choice.head);
    if !turns(input, choice) {
        return (head, choice.format);
    }
    let turned = Head {
        q: head.k,
        k: head.q,
        v: head.v,
    };
    let format = match choice.format.steps() {
        Some(steps) => choice.format.with_steps(steps.turned()),
        None => choice.format,
    };
    (turned, format)
}

/// Runs the kernel on a job and shows everything, with the question.
///
/// # Errors
/// [`RunError`], a sentence.
pub fn record_asked(
    format: FormatChoice,
    question: Question,
    job: &Job<'_>,
) -> Result<Record, RunError> {
    Ok(match format {
        FormatChoice::F32 => recorded(Float::<f32>::FORMAT, question, job)?,
        FormatChoice::F64 => recorded(Float::<f64>::FORMAT, question, job)?,
        FormatChoice::I16(steps) => recorded(steps.quantized::<i16>()?, question, job)?,
        FormatChoice::I8(steps) => recorded(steps.quantized::<i8>()?, question, job)?,
    })
}

/// Watches the one query of a job, with the question.
///
/// # Errors
/// [`RunError`], a sentence.
pub fn watch_asked(
    format: FormatChoice,
    question: Question,
    job: &Job<'_>,
    key: usize,
) -> Result<Trace, RunError> {
    match format {
        FormatChoice::F32 => watched(Float::<f32>::FORMAT, question, job, key),
        FormatChoice::F64 => watched(Float::<f64>::FORMAT, question, job, key),
        FormatChoice::I16(steps) => watched(steps.quantized::<i16>()?, question, job, key),
        FormatChoice::I8(steps) => watched(steps.quantized::<i8>()?, question, job, key),
    }
}

fn recorded<F: Readable>(
    format: F,
    question: Question,
    job: &Job<'_>,
) -> Result<Record, ShapeError> {
    let mask = job.attention.mask;
    match (question, job.alibi) {
        (Question::None | Question::Reversed, _) => record(format, job),
        (Question::Squared, alibi) => record_with(format, job, (mask, (squared(job), alibi))),
        // Instead of what the mask hides.
        (Question::LeftBottom, None) => record_with(format, job, LeftBottom),
        (Question::LeftBottom, Some(alibi)) => record_with(format, job, (LeftBottom, alibi)),
    }
}

fn watched<F: Whole>(
    format: F,
    question: Question,
    job: &Job<'_>,
    key: usize,
) -> Result<Trace, RunError> {
    let mask = job.attention.mask;
    match (question, job.alibi) {
        (Question::None | Question::Reversed, _) => watch(format, job, key),
        (Question::Squared, alibi) => watch_with(format, job, key, (mask, (squared(job), alibi))),
        (Question::LeftBottom, None) => watch_with(format, job, key, LeftBottom),
        (Question::LeftBottom, Some(alibi)) => watch_with(format, job, key, (LeftBottom, alibi)),
    }
}

/// A scale of zero leaves zero, squared or not.
fn squared(job: &Job<'_>) -> Squared {
    let scale = job.attention.scale.factor(job.width);
    let inverse_scale = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    Squared { inverse_scale }
}

#[cfg(test)]
mod tests {
    use kqv::Attention;

    use super::*;

    const JOB: Job<'_> = Job {
        q: &[4.0, 0.0, 0.0, 2.0],
        k: &[1.0, 0.5, -1.0, 0.5],
        v: &[1.0, 0.0],
        keys: 2,
        width: 2,
        value_width: 1,
        attention: Attention::FULL,
        alibi: None,
    };

    fn record(question: Question) -> Record {
        let job = Job {
            attention: Attention {
                scale: kqv::Scale::new(0.5).unwrap(),
                ..Attention::FULL
            },
            ..JOB
        };
        record_asked(FormatChoice::F64, question, &job).unwrap()
    }

    #[test]
    fn a_square_forgets_the_sign() {
        // 4 and −4 squared, times a half, are 8 both.
        assert_eq!(record(Question::None).raw[..2], [2.0, -2.0]);
        assert_eq!(record(Question::Squared).raw[..2], [2.0, -2.0]);
        assert_eq!(record(Question::Squared).weights[..2], [0.5, 0.5]);
    }

    #[test]
    fn the_left_bottom_half_is_the_other_one() {
        let record = record(Question::LeftBottom);
        assert_eq!(record.visible, [0..2, 1..2]);
        assert_eq!(record.weights[2..], [0.0, 1.0]);
    }

    #[test]
    fn fixed_point_squares_as_float_does() {
        let bits = crate::session::FractionBits {
            q: 10,
            k: 10,
            v: 10,
        };
        let record = |format| record_asked(format, Question::Squared, &JOB).unwrap();
        let (float, fixed) = (
            record(FormatChoice::F64),
            record(FormatChoice::I16(bits.into())),
        );
        for (float, fixed) in float.weights.iter().zip(&fixed.weights) {
            assert!((float - fixed).abs() < 4e-6, "{float} {fixed}");
        }
    }
}
