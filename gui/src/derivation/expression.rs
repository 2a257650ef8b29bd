//! What a formula is made of, and the two ways it is written: as text and as LaTeX.

use crate::number::plain;

/// A part of a formula.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A word: `max`, `hidden`.
    Word(&'static str),
    /// A letter with its place: q with [10, 3].
    Letter(&'static str, Vec<usize>),
    /// A real number; −∞ included.
    Real(f64),
    /// A scale or a multiplier: a power of two as such, or nine digits.
    Scale(f64),
    /// An integer.
    Integer(i128),
    /// A sum, of which so many terms are left out.
    Sum(Vec<Expression>, usize),
    /// A product.
    Product(Vec<Expression>),
    /// A quotient.
    Quotient(Box<Expression>, Box<Expression>),
    /// A difference.
    Difference(Box<Expression>, Box<Expression>),
    /// e to this power.
    Exp(Box<Expression>),
    /// The hyperbolic tangent.
    Tanh(Box<Expression>),
    /// Two to minus this power.
    Halved(Box<Expression>),
    /// Divided by two to this power, rounded down: a shift to the right.
    Shift(Box<Expression>, u32),
    /// Times two to this power: a shift to the left.
    Left(Box<Expression>, u32),
    /// To the nearest integer.
    Round(Box<Expression>),
    /// A real number with every digit that it has.
    Exact(f64),
    /// A function of its name.
    Call(&'static str, Vec<Expression>),
}

use Expression::{
    Call, Difference, Exact, Exp, Halved, Integer, Left, Letter, Product, Quotient, Real, Round,
    Scale, Shift, Sum, Tanh, Word,
};

/// a / b
pub fn over(a: Expression, b: Expression) -> Expression {
    Quotient(Box::new(a), Box::new(b))
}

/// a − b
pub fn less(a: Expression, b: Expression) -> Expression {
    Difference(Box::new(a), Box::new(b))
}

/// Many terms, of which at most `most` are written out.
pub fn sum(terms: impl ExactSizeIterator<Item = Expression>, most: usize) -> Expression {
    let hidden = terms.len().saturating_sub(most);
    Sum(terms.take(most).collect(), hidden)
}

impl Expression {
    /// As one reads it in a line.
    pub fn text(&self) -> String {
        match self {
            Word(word) => (*word).to_owned(),
            Letter(letter, places) => {
                let places: Vec<String> = places.iter().map(usize::to_string).collect();
                format!("{letter}{}", bracketed(&places.join(",")))
            }
            Real(real) => plain(*real),
            Scale(scale) => match power_of_two(*scale) {
                Some(power) => format!("2^{power}").replace('-', "−"),
                None => digits(*scale),
            },
            Integer(integer) => integer.to_string().replace('-', "−"),
            Sum(terms, hidden) => {
                joined(terms, " + ", Self::summand)
                    + &more(*hidden, |hidden| format!(" + … {hidden} more"))
            }
            Product(factors) => joined(factors, " × ", Self::factor),
            Quotient(a, b) => format!("{} / {}", a.factor(), b.factor()),
            Difference(a, b) => format!("{} − {}", a.text(), b.factor()),
            Exp(power) => format!("e^({})", power.text()),
            Tanh(value) => format!("tanh({})", value.text()),
            Halved(power) => format!("2^(−{})", power.factor()),
            Shift(value, bits) => format!("{} >> {bits}", value.factor()),
            Left(value, bits) => format!("{} << {bits}", value.factor()),
            Round(value) => format!("round({})", value.text()),
            Exact(real) => exact(*real).replace('-', "−"),
            Call(name, values) => format!("{name}({})", joined(values, ", ", Self::text)),
        }
    }

    /// The same for a paper; needs no package.
    pub fn latex(&self) -> String {
        let wrapped = |inner: &Self| {
            if inner.is_simple() {
                inner.latex()
            } else {
                format!("\\left({}\\right)", inner.latex())
            }
        };
        let all = |parts: &[Self], sign: &str| {
            let parts: Vec<String> = parts.iter().map(wrapped).collect();
            parts.join(sign)
        };
        match self {
            Word(word) => format!("\\text{{{word}}}"),
            Letter(letter, places) => {
                let places: Vec<String> = places.iter().map(usize::to_string).collect();
                let letter = if letter.len() > 1 {
                    format!("\\text{{{letter}}}")
                } else {
                    (*letter).to_owned()
                };
                format!("{letter}_{{{}}}", places.join(","))
            }
            Real(real) => scientific(&plain(*real)),
            Scale(scale) => match power_of_two(*scale) {
                Some(power) => format!("2^{{{power}}}"),
                None => digits(*scale),
            },
            Integer(integer) => integer.to_string(),
            Sum(terms, hidden) => {
                all(terms, " + ")
                    + &more(*hidden, |hidden| {
                        format!(" + \\underbrace{{\\dots}}_{{{hidden}\\text{{ more}}}}")
                    })
            }
            Product(factors) => all(factors, " \\cdot "),
            Quotient(a, b) => format!("\\frac{{{}}}{{{}}}", a.latex(), b.latex()),
            Difference(a, b) => format!("{} - {}", a.latex(), wrapped(b)),
            Exp(power) => format!("e^{{{}}}", power.latex()),
            Tanh(value) => format!("\\tanh\\left({}\\right)", value.latex()),
            Halved(power) => format!("2^{{-{}}}", wrapped(power)),
            Shift(value, bits) => {
                format!(
                    "\\left\\lfloor {} / 2^{{{bits}}} \\right\\rfloor",
                    wrapped(value)
                )
            }
            Left(value, bits) => format!("{} \\cdot 2^{{{bits}}}", wrapped(value)),
            Round(value) => format!("\\left\\lfloor {} \\right\\rceil", value.latex()),
            Exact(real) => scientific(&exact(*real)),
            Call(name, values) => {
                let values: Vec<String> = values.iter().map(Self::latex).collect();
                format!(
                    "\\operatorname{{{name}}}\\left({}\\right)",
                    values.join(", ")
                )
            }
        }
    }

    fn is_simple(&self) -> bool {
        match self {
            Real(real) => real.is_sign_positive() || *real == 0.0,
            Integer(integer) => *integer >= 0,
            Scale(real) | Exact(real) => *real >= 0.0,
            Word(_) | Letter(..) | Exp(_) | Tanh(_) | Halved(_) | Round(_) | Call(..) => true,
            _ => false,
        }
    }

    /// In brackets unless it needs none between other signs.
    fn factor(&self) -> String {
        if self.is_simple() || matches!(self, Real(_) | Integer(_) | Exact(_)) {
            self.text()
        } else {
            format!("({})", self.text())
        }
    }

    fn summand(&self) -> String {
        if matches!(self, Product(_) | Shift(..)) {
            format!("({})", self.text())
        } else {
            self.factor()
        }
    }
}

/// b of 2ᵇ, but for 1 itself.
fn power_of_two(number: f64) -> Option<i32> {
    (-1022..=1023).find(|&power| power != 0 && 2.0_f64.powi(power) == number)
}

/// Nine digits that count.
fn digits(number: f64) -> String {
    let short = format!("{number}");
    if short.len() <= 11 {
        return short;
    }
    let rounded: f64 = format!("{number:.8e}").parse().unwrap_or(number);
    format!("{rounded}")
}

/// The shortest digits that lead back to the number, as an f32 where it is one.
fn exact(real: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only taken if nothing is lost"
    )]
    let single = real as f32;
    if f64::from(single) == real {
        format!("{single}")
    } else {
        format!("{real}")
    }
}

fn joined(parts: &[Expression], sign: &str, one: fn(&Expression) -> String) -> String {
    let parts: Vec<String> = parts.iter().map(one).collect();
    parts.join(sign)
}

fn more(hidden: usize, text: impl Fn(usize) -> String) -> String {
    if hidden == 0 {
        String::new()
    } else {
        text(hidden)
    }
}

fn bracketed(places: &str) -> String {
    if places.is_empty() {
        String::new()
    } else {
        format!("[{places}]")
    }
}

/// `1.20e-7` as a power of ten, and the true minus as LaTeX wants it.
fn scientific(number: &str) -> String {
    let number = number.replace('−', "-").replace('∞', "\\infty");
    match number.split_once('e') {
        Some((digits, power)) => format!("{digits} \\cdot 10^{{{power}}}"),
        None => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_reads_the_same_as_text_and_as_latex() {
        let q = |d| Letter("q", vec![10, d]);
        let terms = [(2.25, 1.5), (-2.75, -0.5), (1.0, 1.0)];
        let products = terms.map(|(a, b)| Product(vec![Real(a), Real(b)]));
        for (formula, text, latex) in [
            (q(3), "q[10,3]", "q_{10,3}"),
            (
                sum(products.into_iter(), 2),
                "(2.2500 × 1.5000) + (−2.7500 × −0.5000) + … 1 more",
                "\\left(2.2500 \\cdot 1.5000\\right) + \\left(\\left(-2.7500\\right) \\cdot \
                 \\left(-0.5000\\right)\\right) + \\underbrace{\\dots}_{1\\text{ more}}",
            ),
            (
                Exp(Box::new(less(Real(1.0), Real(3.0)))),
                "e^(1.0000 − 3.0000)",
                "e^{1.0000 - 3.0000}",
            ),
            (
                over(Real(1.2e-7), Integer(-4)),
                "1.20e-7 / −4",
                "\\frac{1.20 \\cdot 10^{-7}}{-4}",
            ),
            (Real(f64::NEG_INFINITY), "−∞", "-\\infty"),
            (Scale(0.031_25), "2^−5", "2^{-5}"),
            (Scale(0.176_776_695_296_636_9), "0.176776695", "0.176776695"),
            (
                Shift(Box::new(Integer(7)), 26),
                "7 >> 26",
                "\\left\\lfloor 7 / 2^{26} \\right\\rfloor",
            ),
            (
                Shift(Box::new(sum([Integer(-7), Integer(2)].into_iter(), 2)), 4),
                "(−7 + 2) >> 4",
                "\\left\\lfloor \\left(\\left(-7\\right) + 2\\right) / 2^{4} \\right\\rfloor",
            ),
            (Left(Box::new(Integer(7)), 3), "7 << 3", "7 \\cdot 2^{3}"),
            (Exact(f64::from(-0.1_f32)), "−0.1", "-0.1"),
            (
                Call("min", vec![Integer(300), Integer(127)]),
                "min(300, 127)",
                "\\operatorname{min}\\left(300, 127\\right)",
            ),
        ] {
            assert_eq!(formula.text(), text);
            assert_eq!(formula.latex(), latex);
        }
    }
}
