//! The whole expression behind one number, with the real numbers in it, back to Q, K and V.
//!
//! Every number was shown by the kernel to [`trace`]; here they are only put in their places.

/// Soft cap and bias.
mod changed;
/// Parts of a formula.
pub mod expression;
/// What the views show of it.
pub mod learned;
/// A test that can be pasted.
pub mod paste;
/// One query watched through the kernel.
pub mod trace;

use crate::session::{Selection, TableKind};
use expression::Expression::{
    self, Exp, Halved, Integer, Letter, Product, Real, Round, Scale, Word,
};
use expression::{less, over, sum};
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

/// `name = one = another`.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What is done here.
    pub about: &'static str,
    /// In which numbers.
    pub numbers: Numbers,
    /// What is worked out.
    pub name: Expression,
    /// From the formula to the number.
    pub equals: Vec<Expression>,
}

impl Line {
    /// `q[10] · k[2] = (2.2475 × 1.4650) + … = 20.5143`
    pub fn text(&self) -> String {
        self.written(Expression::text)
    }

    /// The same for a paper.
    pub fn latex(&self) -> String {
        self.written(Expression::latex)
    }

    fn written(&self, one: fn(&Expression) -> String) -> String {
        let parts = std::iter::once(&self.name).chain(&self.equals);
        let parts: Vec<String> = parts.map(one).collect();
        parts.join(" = ")
    }
}

/// The lines that lead to the cell of `focus`, from the first to the last.
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
    match focus.table {
        TableKind::Q | TableKind::K | TableKind::V => whole.stored(),
        TableKind::Raw => whole.score(),
        TableKind::Capped => [whole.score(), whole.cap()].concat(),
        TableKind::Masked => [whole.score(), whole.cap(), whole.mask()].concat(),
        TableKind::Weights => [whole.score(), whole.cap(), whole.mask(), whole.weight()].concat(),
        TableKind::Output => whole.output(),
    }
}

/// All lines, one under the other.
pub fn text(lines: &[Line]) -> String {
    let lines: Vec<String> = lines.iter().map(Line::text).collect();
    lines.join("\n")
}

/// All lines as one block, aligned at their first equals sign; needs the package `amsmath`.
pub fn latex(lines: &[Line]) -> String {
    let rows: Vec<String> = lines
        .iter()
        .map(|line| line.latex().replacen(" = ", " &= ", 1))
        .collect();
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

    fn real(about: &'static str, name: Expression, equals: Vec<Expression>) -> Line {
        Line {
            about,
            numbers: Numbers::Reals,
            name,
            equals,
        }
    }

    fn whole(about: &'static str, name: Expression, equals: Vec<Expression>) -> Line {
        Line {
            about,
            numbers: Numbers::Integers,
            name,
            equals,
        }
    }

    /// A cell of Q, K or V: as the format holds it.
    fn stored(&self) -> Vec<Line> {
        let Selection {
            table,
            query,
            key,
            column,
        } = self.focus;
        let at = key * self.width + column;
        let (letter, row, values, tensor) = match table {
            TableKind::Q => ("q", query, self.trace.q.get(column), 0),
            TableKind::K => ("k", key, self.trace.k.get(at), 1),
            _ => {
                let at = key * self.value_width + column;
                ("v", key, self.trace.v.get(at), 2)
            }
        };
        let Some(&value) = values else {
            return Vec::new();
        };
        let name = Letter(letter, vec![row, column]);
        let mut equals = vec![Real(value)];
        if let Some(integers) = self.integers() {
            let whole = match table {
                TableKind::Q => integers.q.get(column),
                TableKind::K => integers.k.get(at),
                _ => integers.v.get(key * self.value_width + column),
            };
            let scale = integers.scales.get(tensor).copied().unwrap_or_default();
            let whole = whole.copied().unwrap_or_default().into();
            equals.insert(0, Product(vec![Integer(whole), Scale(scale)]));
        }
        vec![Self::real("as the format holds it", name, equals)]
    }

    /// q · k, and times the scale.
    fn score(&self) -> Vec<Line> {
        let (i, j) = (self.focus.query, self.focus.key);
        let trace = self.trace;
        let k = row(&trace.k, j, self.width);
        let dot = || Product(vec![Letter("q", vec![i]), Letter("k", vec![j])]);
        let total = trace.dots.last().copied().unwrap_or_default();
        let score = at(&trace.raw, j);
        let letters = (0..self.width)
            .map(|d| Product(vec![Letter("q", vec![i, d]), Letter("k", vec![j, d])]));
        let numbers = trace.q.iter().zip(k);
        let numbers = numbers.map(|(&q, &k)| Product(vec![Real(q), Real(k)]));
        let mut lines = vec![
            Self::real(
                "every column of the query times that of the key",
                dot(),
                vec![
                    sum(letters, self.most.min(3)),
                    sum(numbers, self.most),
                    Real(total),
                ],
            ),
            Self::real(
                "times the scale",
                Letter("score", vec![i, j]),
                vec![Product(vec![Real(total), Scale(trace.scale)]), Real(score)],
            ),
        ];
        if let Some(integers) = self.integers() {
            let k = row(&integers.k, j, self.width);
            let products = integers.q.iter().zip(k);
            let products =
                products.map(|(&q, &k)| Product(vec![Integer(q.into()), Integer(k.into())]));
            let [q_scale, k_scale, _] = integers.scales;
            let dot = whole(&integers.dots, j);
            lines.push(Self::whole(
                "exact, in integers",
                Word("sum"),
                vec![sum(products, self.most), dot.clone()],
            ));
            lines.push(Self::whole(
                "what that stands for",
                Letter("score", vec![i, j]),
                vec![
                    Product(vec![
                        dot,
                        Scale(q_scale),
                        Scale(k_scale),
                        Scale(trace.scale),
                    ]),
                    Real(score),
                ],
            ));
        }
        lines
    }

    fn mask(&self) -> Vec<Line> {
        let (i, j) = (self.focus.query, self.focus.key);
        let (before, masked) = (at(&self.trace.capped, j), at(&self.trace.masked, j));
        let (about, equals) = if !self.trace.sees(j) {
            ("the mask hides it", vec![Real(masked)])
        } else if masked.to_bits() == before.to_bits() {
            ("the mask leaves it", vec![Real(masked)])
        } else if let Some(biased) = self.biased() {
            ("less the slope for every step", vec![biased, Real(masked)])
        } else {
            let score = || Letter("score", vec![i, j]);
            let square = over(Product(vec![score(), score()]), Scale(self.trace.scale));
            (
                "the square of the dot product, times the scale",
                vec![square, Real(masked)],
            )
        };
        vec![Self::real(about, Letter("masked", vec![i, j]), equals)]
    }

    /// From a score to the share of the sum.
    fn weight(&self) -> Vec<Line> {
        let (i, j) = (self.focus.query, self.focus.key);
        let trace = self.trace;
        let weight = Letter("weight", vec![i, j]);
        if !trace.sees(j) {
            return vec![Self::real("e^(−∞) is zero", weight, vec![Real(0.0)])];
        }
        let seen = || (0..trace.masked.len()).filter(|&key| trace.sees(key));
        let exp = |score: f64| Exp(Box::new(less(Real(score), Real(trace.max()))));
        let powers: Vec<Expression> = seen().map(|key| exp(at(&trace.masked, key))).collect();
        let numbers: Vec<Expression> = seen()
            .map(|key| Real(at(&trace.exponentials, key)))
            .collect();
        let mut lines = vec![
            Self::real(
                "e to the distance from the greatest score",
                Exp(Box::new(less(Letter("score", vec![i, j]), Word("max")))),
                vec![exp(at(&trace.masked, j)), Real(at(&trace.exponentials, j))],
            ),
            Self::real(
                "the same for every key that is seen",
                Word("sum"),
                vec![
                    sum(powers.into_iter(), self.most.min(3)),
                    sum(numbers.into_iter(), self.most),
                    Real(trace.sum),
                ],
            ),
            Self::real(
                "its share",
                weight,
                vec![
                    over(Real(at(&trace.exponentials, j)), Real(trace.sum)),
                    Real(at(&trace.weights, j)),
                ],
            ),
        ];
        if let Some(integers) = self.integers() {
            lines.extend(self.weight_in_integers(integers));
        }
        lines
    }

    fn weight_in_integers(&self, integers: &Integers) -> Vec<Line> {
        let (i, j) = (self.focus.query, self.focus.key);
        let max = integers.scores.iter().flatten().max().copied();
        let score = integers.scores.get(j).copied().flatten();
        let (Some(max), Some(score)) = (max, score) else {
            return Vec::new();
        };
        let exponent = integers.exponents.get(j).copied().flatten();
        let weight = whole(&integers.weights, j);
        let mut lines = Vec::new();
        if let Some(x) = exponent {
            let distance = less(Integer(max.into()), Integer(score.into()));
            lines.push(Self::whole(
                "how far below the greatest, in powers of two with 26 fraction bits",
                Letter("x", vec![i, j]),
                vec![
                    Product(vec![distance, Scale(integers.multiplier), Word("2^26")]),
                    Integer(x.into()),
                ],
            ));
            lines.push(Self::whole(
                "the whole part is a shift, the fraction a polynomial; 30 bits",
                Halved(Box::new(over(Integer(x.into()), Word("2^26")))),
                vec![weight.clone()],
            ));
        }
        let weights = integers.weights.iter().zip(&integers.scores);
        let weights: Vec<Expression> = weights
            .filter(|(_, score)| score.is_some())
            .map(|(&weight, _)| Integer(weight.into()))
            .collect();
        lines.push(Self::whole(
            "exact",
            Word("sum"),
            vec![
                sum(weights.into_iter(), self.most),
                Integer(integers.sum.into()),
            ],
        ));
        lines.push(Self::whole(
            "what that stands for; the chip never divides here, only at the output",
            Letter("weight", vec![i, j]),
            vec![
                over(weight, Integer(integers.sum.into())),
                Real(at(&self.trace.weights, j)),
            ],
        ));
        lines
    }

    /// Every row of V times its weight.
    fn output(&self) -> Vec<Line> {
        let (i, e) = (self.focus.query, self.focus.column);
        let trace = self.trace;
        let columns = self.value_width.max(1);
        let seen: Vec<usize> = (0..trace.weights.len())
            .filter(|&key| trace.sees(key))
            .collect();
        let value = |key: usize| at(&trace.v, key * columns + e);
        let name = Letter("output", vec![i, e]);
        let letters = seen.iter().map(|&key| {
            Product(vec![
                Letter("weight", vec![i, key]),
                Letter("v", vec![key, e]),
            ])
        });
        let numbers = seen
            .iter()
            .map(|&key| Product(vec![Real(at(&trace.weights, key)), Real(value(key))]));
        let total = at(&trace.output, e);
        let mut lines = vec![Self::real(
            "column of V, each value times its weight",
            name.clone(),
            vec![
                sum(letters, self.most.min(3)),
                sum(numbers, self.most),
                Real(total),
            ],
        )];
        if let Some(integers) = self.integers() {
            let products = seen.iter().map(|&key| {
                let value = whole(&integers.v, key * columns + e);
                Product(vec![whole(&integers.weights, key), value])
            });
            let quotient = over(sum(products, self.most), Integer(integers.sum.into()));
            let output = whole(&integers.output, e);
            let [_, _, v_scale] = integers.scales;
            lines.push(Self::whole(
                "the weighted mean, as the kernel rounds it",
                Word("integer"),
                vec![Round(Box::new(quotient)), output.clone()],
            ));
            lines.push(Self::whole(
                "what that stands for",
                name,
                vec![Product(vec![output, Scale(v_scale)]), Real(total)],
            ));
        }
        lines
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
