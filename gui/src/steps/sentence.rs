//! What a moment of a walk says, with its numbers.

use super::{Moment, Stage};
use crate::derivation::trace::Trace;
use crate::number::{plain, weight};

/// One line; `query` and `key` are what the two tokens are called.
pub fn sentence(moment: Moment, trace: &Trace, query: &str, key: &str) -> String {
    let Moment {
        stage,
        key: j,
        column,
    } = moment;
    let at = |values: &[f64]| values.get(j).copied().unwrap_or_default();
    let score = plain(at(&trace.masked));
    match stage {
        Stage::Dot => {
            let columns = trace.q.len();
            let q = trace.q.get(column).copied().unwrap_or_default();
            let k = trace.k.get(j * columns + column);
            let k = k.copied().unwrap_or_default();
            let dot = trace.dots.get(column).copied().unwrap_or_default();
            format!(
                "\"{query}\" · \"{key}\", column {column} of {columns}: {} × {}, so far {}",
                plain(q),
                plain(k),
                plain(dot)
            )
        }
        Stage::Scale => {
            let dot = trace.dots.last().copied().unwrap_or_default();
            format!(
                "score of \"{key}\": {} × {} = {}",
                plain(dot),
                plain(trace.scale),
                plain(at(&trace.raw))
            )
        }
        Stage::Mask if trace.sees(j) => format!("the mask leaves \"{key}\" its {score}"),
        Stage::Mask => format!("the mask hides \"{key}\": its score is −∞"),
        Stage::Max => {
            let seen = trace.masked.iter().take(j + 1).copied();
            let max = seen.fold(f64::NEG_INFINITY, f64::max);
            format!("the greatest score up to \"{key}\" is {}", plain(max))
        }
        Stage::Exponential if trace.sees(j) => format!(
            "e^({score} − {}) = {} for \"{key}\"",
            plain(trace.max()),
            plain(at(&trace.exponentials))
        ),
        Stage::Exponential => format!("e^(−∞) = 0 for \"{key}\""),
        Stage::Sum => format!(
            "\"{key}\" adds {} to the sum, which comes to {}",
            plain(at(&trace.exponentials)),
            plain(trace.sum)
        ),
        Stage::Weight => format!(
            "weight of \"{key}\": {} / {} = {}",
            plain(at(&trace.exponentials)),
            plain(trace.sum),
            weight(at(&trace.weights))
        ),
        Stage::Mix => format!(
            "{} of the value of \"{key}\" is added, so far {}",
            weight(at(&trace.weights)),
            row(&trace.so_far)
        ),
        Stage::Output => format!("the output of \"{query}\" is {}", row(&trace.output)),
    }
}

/// The first numbers of a row.
fn row(values: &[f64]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = values.iter().take(SHOWN).copied().map(plain).collect();
    let more = if values.len() > SHOWN { ", …" } else { "" };
    format!("[{}{more}]", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use kqv::{Attention, Float};

    use super::super::Walk;
    use super::*;
    use crate::derivation::trace::watch;
    use crate::recorder::Job;

    #[test]
    fn every_stage_says_its_numbers() {
        let job = Job {
            q: &[4.0; 4],
            k: &[1.75, 1.75, 1.75, 1.75, 1.5, 1.5, 1.5, 1.5],
            v: &[1.0, 0.0],
            keys: 2,
            width: 4,
            value_width: 1,
            attention: Attention::FULL,
            alibi: None,
        };
        let trace = watch(Float::<f32>::FORMAT, &job, 1).unwrap();
        let walk = Walk {
            query: 0,
            keys: 2,
            width: 4,
        };
        for (stage, said) in [
            (
                Stage::Dot,
                "\"a\" · \"b\", column 2 of 4: 4.0000 × 1.5000, so far 18.0000",
            ),
            (Stage::Scale, "score of \"b\": 24.0000 × 0.5000 = 12.0000"),
            (Stage::Mask, "the mask leaves \"b\" its 12.0000"),
            (Stage::Max, "the greatest score up to \"b\" is 14.0000"),
            (
                Stage::Exponential,
                "e^(12.0000 − 14.0000) = 0.1353 for \"b\"",
            ),
            (
                Stage::Sum,
                "\"b\" adds 0.1353 to the sum, which comes to 1.1353",
            ),
            (Stage::Weight, "weight of \"b\": 0.1353 / 1.1353 = 0.119203"),
            (
                Stage::Mix,
                "0.119203 of the value of \"b\" is added, so far [0.8808]",
            ),
            (Stage::Output, "the output of \"a\" is [0.8808]"),
        ] {
            let at = match stage {
                Stage::Dot => 4 + 2,
                Stage::Output => walk.end(),
                _ => walk.start_of(stage) + 1,
            };
            assert_eq!(walk.moment(at).stage, stage);
            assert_eq!(sentence(walk.moment(at), &trace, "a", "b"), said);
        }
    }
}
