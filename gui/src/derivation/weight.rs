//! From scores to the share of a sum, in real numbers and as a chip does it.

use super::expression::Expression::{
    self, Exp, Halved, Integer, Left, Letter, Product, Real, Shift, Word,
};
use super::expression::{less, over, sum};
use super::trace::Integers;
use super::{Derivation, Line, Part, Relation, at, is, whole};
use crate::steps::Stage;

impl Derivation<'_> {
    /// From a score to the share of the sum.
    pub(super) fn weight(&self) -> Vec<Line> {
        let (i, j) = (self.focus.query, self.focus.key);
        let trace = self.trace;
        let weight = Letter("weight", vec![i, j]);
        if !trace.sees(j) {
            let line = Line::real("e^(−∞) is zero", weight, [Real(0.0)]);
            return vec![line.after(Stage::Weight, j)];
        }
        let power = Exp(Box::new(less(Letter("score", vec![i, j]), Word("max"))));
        let equals = [self.power(j), Real(at(&trace.exponentials, j))];
        let about = "e to the distance from the greatest score";
        let share = over(Real(at(&trace.exponentials, j)), Real(trace.sum));
        let share = Line::real("its share", weight, [share, Real(at(&trace.weights, j))]);
        let mut lines = vec![
            Line::real(about, power, equals).after(Stage::Exponential, j),
            self.sum(),
            share.after(Stage::Weight, j),
        ];
        if let Some(integers) = self.integers() {
            lines.extend(self.exponential_in_integers(integers, j));
            lines.push(self.sum_in_integers(integers));
            let share = over(whole(&integers.weights, j), Integer(integers.sum.into()));
            let equals = [share, Real(at(&trace.weights, j))];
            let about = "what that stands for; the chip never divides here, only at the output";
            let line = Line::whole(about, Letter("weight", vec![i, j]), equals);
            lines.push(line.after(Stage::Weight, j));
        }
        lines
    }

    /// e^(score − max) with its numbers.
    fn power(&self, key: usize) -> Expression {
        let (score, max) = (at(&self.trace.masked, key), self.trace.max());
        Exp(Box::new(less(Real(score), Real(max))))
    }

    /// The sum of the powers of all keys that are seen.
    pub(super) fn sum(&self) -> Line {
        let seen = self.seen();
        let powers: Vec<Expression> = seen.iter().map(|&key| self.power(key)).collect();
        let numbers: Vec<Expression> = seen
            .iter()
            .map(|&key| Real(at(&self.trace.exponentials, key)))
            .collect();
        let equals = [
            sum(powers.into_iter(), self.most.min(3)),
            sum(numbers.into_iter(), self.most),
            Real(self.trace.sum),
        ];
        Line::real("the same for every key that is seen", Word("sum"), equals)
            .after(Stage::Sum, self.last())
    }

    /// The weight of one key in one line.
    pub(super) fn weight_of(&self, key: usize) -> Line {
        let name = Letter("weight", vec![self.focus.query, key]);
        let share = over(self.power(key), Real(self.trace.sum));
        let equals = [share, Real(at(&self.trace.weights, key))];
        Line::real("its share of the sum", name, equals)
            .of(Part::Weights)
            .after(Stage::Weight, key)
    }

    /// How far below the greatest score a key lies, and what power of two that is.
    pub(super) fn exponential_in_integers(&self, integers: &Integers, key: usize) -> Vec<Line> {
        let i = self.focus.query;
        let max = integers.steps.iter().flatten().max().copied();
        let step = integers.steps.get(key).copied().flatten();
        let exponent = integers.exponents.get(key).copied().flatten();
        let (Some(max), Some(step)) = (max, step) else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        if integers.step_bits > 0 {
            let half = Integer(1 << (integers.step_bits - 1));
            let dot = whole(&integers.dots, key);
            let steps = Shift(
                Box::new(sum([dot, half].into_iter(), 2)),
                integers.step_bits,
            );
            let name = Letter("steps", vec![i, key]);
            let about = "the dot product in steps that fit 32 bits";
            let line = Line::whole(about, name, [steps, Integer(step.into())]);
            lines.push(line.after(Stage::Scale, key));
        }
        let Some(x) = exponent else {
            let about = "so far below the greatest score that nothing is left";
            let name = Letter("w", vec![i, key]);
            let line = Line::whole(about, name, [whole(&integers.weights, key)]);
            lines.push(line.after(Stage::Exponential, key));
            return lines;
        };
        let (shift, mantissa) = integers.exponent_parts;
        let distance = less(Integer(max.into()), Integer(step.into()));
        let distance = match shift {
            0 => distance,
            shift => Left(Box::new(distance), shift),
        };
        let product = Product(vec![distance, Integer(mantissa.into())]);
        let name = Letter("x", vec![i, key]);
        let about = "how far below the greatest, in powers of two with 26 fraction bits";
        let equals = [Shift(Box::new(product), 32), Integer(x.into())];
        lines.push(Line::whole(about, name, equals).after(Stage::Exponential, key));
        let halved = Halved(Box::new(over(Integer(x.into()), Word("2^26"))));
        let about = "the whole part is a shift, the fraction a polynomial; 30 bits";
        let mut line = Line::whole(about, Letter("w", vec![i, key]), []);
        line.equals = vec![
            (Relation::About, Product(vec![halved, Word("2^30")])),
            (Relation::About, whole(&integers.weights, key)),
        ];
        lines.push(line.after(Stage::Exponential, key));
        lines
    }

    /// Exact.
    pub(super) fn sum_in_integers(&self, integers: &Integers) -> Line {
        let weights = self.seen().into_iter();
        let weights: Vec<Expression> = weights.map(|key| whole(&integers.weights, key)).collect();
        let mut line = Line::whole("exact", Word("sum"), []);
        line.equals = vec![
            is(sum(weights.into_iter(), self.most)),
            is(Integer(integers.sum.into())),
        ];
        line.after(Stage::Sum, self.last())
    }
}
