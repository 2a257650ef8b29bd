//! The one score that is pointed at, taken apart: the kernel run on its query alone.

use kqv::Attention;

use crate::compare::greatest;
use crate::question;
use crate::recorder::Job;
use crate::session::{FormatChoice, Selection, Session, TableKind};
use crate::side::{Choice, RunError, alibi, attention, record_in};
use crate::source::Input;

/// How one format gets from a query and a key to a weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// In which numbers.
    pub format: FormatChoice,
    /// q · k.
    pub dot: f64,
    /// Times the scale.
    pub score: f64,
    /// After soft cap, bias and question: what the softmax sees.
    pub changed: f64,
    /// The greatest score that the query may look at.
    pub max: f64,
    /// e^(score − max), before the division; `None` where the mask hides the key.
    pub exponential: Option<f64>,
    /// The sum of these over the row.
    pub sum: f64,
    /// The share of the sum.
    pub weight: f64,
    /// The weights of the query on every key, (S).
    pub weights: Vec<f64>,
}

/// A sum written out, or as much of it as fits: the largest products first.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Pairs to be multiplied.
    pub pairs: Vec<(f64, f64)>,
    /// What comes to them.
    pub total: f64,
}

/// What the inspector shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// What is pointed at.
    pub focus: Selection,
    /// The format whose terms are written out.
    pub shown: FormatChoice,
    /// The factor between a dot product and its score.
    pub scale: f64,
    /// The left format.
    pub left: Steps,
    /// The right format.
    pub right: Steps,
    /// The dot product, or the output cell, in the format that is shown.
    pub terms: Terms,
}

impl Detail {
    /// Runs the kernel on the query of `focus`, in both formats; `shown` is the one written out.
    ///
    /// # Errors
    /// [`RunError`], a sentence.
    pub fn new(
        input: &Input,
        session: &Session,
        focus: Selection,
        shown: FormatChoice,
    ) -> Result<Self, RunError> {
        let (left, left_terms) = steps(input, Choice::new(session, session.left), focus)?;
        let (right, right_terms) = steps(input, Choice::new(session, session.right), focus)?;
        let choice = Choice::new(session, session.left);
        Ok(Self {
            focus,
            shown,
            scale: attention(input, choice)?.scale.factor(input.width),
            terms: if shown == session.left {
                left_terms
            } else {
                right_terms
            },
            left,
            right,
        })
    }
}

impl Detail {
    /// Whether anything but the mask changes the score that is pointed at.
    pub fn is_changed(&self) -> bool {
        let differs = |steps: &Steps| steps.changed.to_bits() != steps.score.to_bits();
        differs(&self.left) || differs(&self.right)
    }
}

fn steps(input: &Input, choice: Choice, focus: Selection) -> Result<(Steps, Terms), RunError> {
    let (head, format) = question::asked(input, choice);
    let attention = attention(input, choice)?;
    let (width, value_width) = (input.width, input.value_width);
    let q = row(head.q, focus.query, width);
    let whole = Job {
        q,
        k: head.k,
        v: head.v,
        keys: input.keys,
        width,
        value_width,
        attention: Attention {
            offset: attention.offset + focus.query,
            ..attention
        },
        alibi: alibi(input, choice)?,
    };
    let whole = question::record_asked(format, choice.question, &whole)?;
    // The bare dot product: one query, one key, scale one.
    let pair = Job {
        q,
        k: row(head.k, focus.key, width),
        v: row(head.v, focus.key, value_width),
        keys: 1,
        width,
        value_width,
        attention: Attention {
            scale: kqv::Scale::new(1.0)?,
            ..Attention::FULL
        },
        alibi: None,
    };
    let pair = record_in(format, &pair)?;
    let at = |values: &[f64]| values.get(focus.key).copied().unwrap_or_default();
    let visible = whole.visible.first().cloned().unwrap_or_default();
    let dot = pair.raw.first().copied().unwrap_or_default();
    let terms = if focus.table == TableKind::Output {
        Terms {
            pairs: column(&whole.weights, &whole.v, focus.column, value_width),
            total: whole.output.get(focus.column).copied().unwrap_or_default(),
        }
    } else {
        Terms {
            pairs: pair.q.iter().copied().zip(pair.k.iter().copied()).collect(),
            total: dot,
        }
    };
    let steps = Steps {
        format: choice.format,
        dot,
        score: at(&whole.raw),
        changed: at(whole.after_mask()),
        max: greatest(whole.after_mask(), visible.clone()),
        exponential: visible
            .contains(&focus.key)
            .then(|| at(&whole.exponentials)),
        sum: whole.sums.first().copied().unwrap_or_default(),
        weight: at(&whole.weights),
        weights: whole.weights,
    };
    Ok((steps, sorted(terms)))
}

/// Every weight with its value in column `e` of V.
fn column(weights: &[f64], v: &[f64], e: usize, value_width: usize) -> Vec<(f64, f64)> {
    let values = v.chunks(value_width.max(1));
    let values = values.map(|row| row.get(e).copied().unwrap_or_default());
    weights.iter().copied().zip(values).collect()
}

fn sorted(mut terms: Terms) -> Terms {
    let size = |&(a, b): &(f64, f64)| (a * b).abs();
    terms.pairs.sort_by(|a, b| size(b).total_cmp(&size(a)));
    terms
}

fn row(values: &[f64], row: usize, width: usize) -> &[f64] {
    values
        .get(row * width..(row + 1) * width)
        .unwrap_or_default()
}
