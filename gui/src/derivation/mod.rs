//! The whole expression behind one number, with the real numbers in it, back to Q, K and V, and to X and W
//! where the input has them.
//!
//! Every number was shown by the kernel to [`trace`] or lies in the input; here they are only put in their places.

// Soft cap and bias.
mod changed;
/// Parts of a formula.
pub mod expression;
/// What the layer around the head has to do with it.
pub mod layer;
/// What the views show of it.
pub mod learned;
/// A test that can be pasted.
pub mod paste;
/// One query watched through the kernel.
pub mod trace;
// Where a row of V is spent.
mod output;
// From Q and K to a score.
mod score;
// From scores to shares.
mod weight;
// The integers of a query.
mod whole;

use std::borrow::Cow;

use crate::session::{Selection, TableKind};
use crate::steps::Stage;
use expression::Expression::{self, Integer};
use trace::{Integers, Trace};

/// How many terms of a sum are written out before the others are only counted.
pub const FEW: usize = 6;

/// In which numbers a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// What the numbers stand for.
    Reals,
    /// What the chip computes with.
    Integers,
}

/// How a part of a line follows from the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Exactly, but for the digits that are left out in print.
    Equal,
    /// Within what a polynomial errs.
    About,
}

/// What a line is about: the cell itself, or what lies behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The selected number.
    Cell,
    /// The weights in an output.
    Weights,
    /// The scores that weights come from.
    Scores,
    /// X times W.
    Projections,
    /// The head that a column of concat belongs to.
    Head,
}

impl Part {
    /// As it is called on screen; the cell itself needs no name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cell => "",
            Self::Weights => "The weights in it",
            Self::Scores => "The scores behind the weights",
            Self::Projections => "Behind q, k and v: X times W",
            Self::Head => "The head behind a column of concat",
        }
    }
}

/// `name = one = another`.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it belongs to.
    pub part: Part,
    /// What is done here.
    pub about: Cow<'static, str>,
    /// In which numbers.
    pub numbers: Numbers,
    /// What is worked out.
    pub name: Expression,
    /// From the formula to the number.
    pub equals: Vec<(Relation, Expression)>,
    /// The stage and the key after which a walk knows it; what lies before the walk has none.
    pub known: Option<(Stage, usize)>,
}

/// A part that follows exactly.
pub(crate) fn is(expression: Expression) -> (Relation, Expression) {
    (Relation::Equal, expression)
}

impl Line {
    /// Of the cell itself, in real numbers, known from the start.
    pub fn real(
        about: impl Into<Cow<'static, str>>,
        name: Expression,
        equals: impl IntoIterator<Item = Expression>,
    ) -> Self {
        Self {
            part: Part::Cell,
            about: about.into(),
            numbers: Numbers::Reals,
            name,
            equals: equals.into_iter().map(is).collect(),
            known: None,
        }
    }

    /// The same in integers.
    pub fn whole(
        about: impl Into<Cow<'static, str>>,
        name: Expression,
        equals: impl IntoIterator<Item = Expression>,
    ) -> Self {
        Self {
            numbers: Numbers::Integers,
            ..Self::real(about, name, equals)
        }
    }

    /// The same, which a walk knows after this stage of this key.
    #[must_use]
    pub fn after(self, stage: Stage, key: usize) -> Self {
        Self {
            known: Some((stage, key)),
            ..self
        }
    }

    /// The same behind the cell.
    #[must_use]
    pub fn of(self, part: Part) -> Self {
        Self { part, ..self }
    }

    /// `q[10] · k[2] = (2.2475 × 1.4650) + … = 20.5143`
    pub fn text(&self) -> String {
        let mut text = self.name.text();
        for (relation, part) in &self.equals {
            text.push_str(match relation {
                Relation::Equal => " = ",
                Relation::About => " ≈ ",
            });
            text.push_str(&part.text());
        }
        text
    }

    /// The same for a paper, aligned where the first sign stands.
    pub fn latex(&self) -> String {
        let mut latex = self.name.latex();
        for (at, (relation, part)) in self.equals.iter().enumerate() {
            latex.push_str(if at == 0 { " &" } else { " " });
            latex.push_str(match relation {
                Relation::Equal => "= ",
                Relation::About => "\\approx ",
            });
            latex.push_str(&part.latex());
        }
        latex
    }
}

/// The lines that lead to the cell of `focus`, from the first to the last, and then what lies behind it.
///
/// `most` terms of every sum are written out; [`usize::MAX`] writes all of them.
pub fn derive(trace: &Trace, focus: Selection, width: usize, most: usize) -> Vec<Line> {
    let whole = Derivation {
        trace,
        focus,
        width,
        value_width: trace.output.len(),
        most,
    };
    let key = focus.key;
    match focus.table {
        TableKind::Q | TableKind::K | TableKind::V => whole.stored(),
        TableKind::Raw => whole.score(),
        TableKind::Capped => [whole.score(), whole.cap(key)].concat(),
        TableKind::Masked => [whole.score(), whole.cap(key), whole.mask(key)].concat(),
        TableKind::Weights => [
            whole.score(),
            whole.cap(key),
            whole.mask(key),
            whole.weight(),
        ]
        .concat(),
        TableKind::Output => [whole.output(), whole.behind_output()].concat(),
    }
}

/// All lines, one under the other.
pub fn text(lines: &[Line]) -> String {
    let lines: Vec<String> = lines.iter().map(Line::text).collect();
    lines.join("\n")
}

/// All lines as one block, aligned at their first sign; needs the package `amsmath`.
pub fn latex(lines: &[Line]) -> String {
    let rows: Vec<String> = lines.iter().map(Line::latex).collect();
    format!(
        "\\begin{{align*}}\n{}\n\\end{{align*}}",
        rows.join(" \\\\\n")
    )
}

struct Derivation<'a> {
    trace: &'a Trace,
    focus: Selection,
    width: usize,
    value_width: usize,
    most: usize,
}

impl Derivation<'_> {
    fn integers(&self) -> Option<&Integers> {
        self.trace.integers.as_ref()
    }

    /// The keys that the mask leaves.
    fn seen(&self) -> Vec<usize> {
        let keys = 0..self.trace.masked.len();
        keys.filter(|&key| self.trace.sees(key)).collect()
    }

    /// The last of all keys: after it a stage is done.
    fn last(&self) -> usize {
        self.trace.masked.len().saturating_sub(1)
    }
}

fn at(values: &[f64], at: usize) -> f64 {
    values.get(at).copied().unwrap_or_default()
}

fn whole(values: &[i64], at: usize) -> Expression {
    Integer(values.get(at).copied().unwrap_or_default().into())
}

fn row<T>(values: &[T], row: usize, width: usize) -> &[T] {
    values
        .get(row * width..(row + 1) * width)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
