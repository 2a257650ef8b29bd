//! What is done to a score before the softmax besides hiding it: a soft cap, a bias for distance.

use super::expression::Expression::{Integer, Letter, Product, Real, Scale, Tanh};
use super::expression::{Expression, less, over};
use super::{Derivation, Line, at};
use crate::steps::Stage;

impl Derivation<'_> {
    /// The soft cap, where there is one.
    pub(super) fn cap(&self, j: usize) -> Vec<Line> {
        let i = self.focus.query;
        let Some(cap) = self.trace.cap else {
            return Vec::new();
        };
        let bounded = |score| Product(vec![Scale(cap), Tanh(Box::new(over(score, Scale(cap))))]);
        let equals = [
            bounded(Letter("score", vec![i, j])),
            bounded(Real(at(&self.trace.raw, j))),
            Real(at(&self.trace.capped, j)),
        ];
        let name = Letter("capped", vec![i, j]);
        vec![Line::real("bounded by the soft cap", name, equals).after(Stage::Scale, j)]
    }

    /// A score less what its distance costs, where that is all that was done to it.
    pub(super) fn biased(&self, j: usize) -> Option<Expression> {
        let (slope, steps) = self.trace.bias.as_ref()?;
        let steps = *steps.get(j)?;
        let (before, after) = (at(&self.trace.capped, j), at(&self.trace.masked, j));
        let cost = slope * crate::number::real(steps);
        // Scores of integers are changed in steps of 2^-16 at most, those of f32 rounded.
        let tolerance = 1e-4 * (1.0 + before.abs() + cost.abs());
        let is_all = (before - cost - after).abs() <= tolerance;
        let steps = Integer(i128::try_from(steps).unwrap_or_default());
        is_all.then(|| less(Real(before), Product(vec![Scale(*slope), steps])))
    }
}

#[cfg(test)]
mod tests {
    use kqv::{Alibi, Attention, Float, Softcap};

    use super::super::trace::watch;
    use super::super::{derive, text};
    use crate::recorder::Job;
    use crate::session::{Selection, TableKind};

    #[test]
    fn a_capped_and_biased_score_is_written_out() {
        let job = Job {
            q: &[4.0],
            k: &[2.0, 1.0],
            v: &[1.0, 0.0],
            keys: 2,
            width: 1,
            value_width: 1,
            attention: Attention {
                softcap: Softcap::new(2.0).unwrap(),
                offset: 3,
                ..Attention::FULL
            },
            alibi: Some(Alibi { slope: 0.5 }),
        };
        let trace = watch(Float::<f64>::FORMAT, &job, 1).unwrap();
        let focus = Selection {
            table: TableKind::Masked,
            query: 3,
            key: 1,
            column: 0,
        };
        let lines = text(&derive(&trace, focus, 1, 6));
        for line in [
            "capped[3,1] = 2^1 × tanh(score[3,1] / 2^1) = 2^1 × tanh(4.0000 / 2^1) = 1.9281",
            "masked[3,1] = 1.9281 − (2^−1 × 2) = 0.9281",
        ] {
            assert!(lines.contains(line), "{lines}");
        }
    }
}
