//! An output: every row of V times its weight, and what lies behind the weights.

use super::expression::Expression::{
    self, Integer, Letter, Product, Real, Round, Scale, Shift, Word,
};
use super::expression::{over, sum};
use super::trace::Integers;
use super::{Derivation, Line, Part, at, whole};
use crate::steps::Stage;

/// Behind the sum of an i16 stand this many bits of what a product leaves.
const MEAN_SHIFT: u32 = 14;

impl Derivation<'_> {
    /// Every row of V times its weight.
    pub(super) fn output(&self) -> Vec<Line> {
        let (i, e) = (self.focus.query, self.focus.column);
        let trace = self.trace;
        let columns = self.value_width.max(1);
        let seen = self.seen();
        let name = Letter("output", vec![i, e]);
        let total = at(&trace.output, e);
        if seen.is_empty() {
            let line = Line::real("the query sees no key", name, [Real(total)]);
            return vec![line.after(Stage::Output, 0)];
        }
        let letters = seen.iter().map(|&key| {
            Product(vec![
                Letter("weight", vec![i, key]),
                Letter("v", vec![key, e]),
            ])
        });
        let value = |key: usize| Real(at(&trace.v, key * columns + e));
        let numbers = seen
            .iter()
            .map(|&key| Product(vec![Real(at(&trace.weights, key)), value(key)]));
        let equals = [
            sum(letters, self.most.min(3)),
            sum(numbers, self.most),
            Real(total),
        ];
        let about = "column of V, each value times its weight";
        let mut lines = vec![Line::real(about, name.clone(), equals).after(Stage::Output, 0)];
        if let Some(integers) = self.integers() {
            lines.extend(self.mix_in_integers(integers, &seen));
            let [_, _, v_scale] = integers.scales;
            let stands = Product(vec![whole(&integers.output, e), Scale(v_scale)]);
            let stands = Line::whole("what that stands for", name, [stands, Real(total)]);
            lines.push(stands.after(Stage::Output, 0));
        }
        lines
    }

    /// Shares of a total that keeps sums in 32 bits, their products, and one rounding.
    fn mix_in_integers(&self, integers: &Integers, seen: &[usize]) -> Vec<Line> {
        let (i, e) = (self.focus.query, self.focus.column);
        let mixing = &integers.mixing;
        let columns = self.value_width.max(1);
        // Rows of the mixing are those of the keys that are seen.
        let share = |row: usize| whole(&mixing.shares, row);
        let product = |row: usize, key: usize| {
            let value = whole(&integers.v, key * columns + e);
            let product = Product(vec![share(row), value]);
            match mixing.product_shift {
                0 => product,
                shift => Shift(Box::new(product), shift),
            }
        };
        let done = |line: Line| line.after(Stage::Output, 0);
        let factor = Integer(mixing.factor.into());
        let about = "about 2^32 · total / sum: it makes shares of weights";
        let mut lines = vec![Line::whole(about, Word("factor"), [factor.clone()])];
        for (row, &key) in seen.iter().enumerate().take(self.most) {
            let scaled = Product(vec![whole(&integers.weights, key), factor.clone()]);
            let equals = [Shift(Box::new(scaled), 32), share(row)];
            let name = Letter("share", vec![i, key]);
            let about = "of a total that keeps every sum in 32 bits";
            lines.push(Line::whole(about, name, equals));
        }
        let products: Vec<Expression> = seen
            .iter()
            .enumerate()
            .map(|(row, &key)| product(row, key))
            .collect();
        let mixed = whole(&mixing.mixed, e);
        let equals = [sum(products.into_iter(), self.most), mixed.clone()];
        let about = match mixing.product_shift {
            0 => "exact",
            _ => "each product rounded down, as one instruction of a chip does it",
        };
        lines.push(Line::whole(about, Word("mixed"), equals));
        let (about, rounded) = if mixing.product_shift == 0 {
            let total = Integer(mixing.total.into());
            let mean = Round(Box::new(over(mixed, total)));
            ("by the total of all shares, to the nearest", mean)
        } else {
            let half = Integer(mixing.half.into());
            let sum = sum([mixed, half].into_iter(), 2);
            let about = "with half of the last place and what rounding down took on average";
            (about, Shift(Box::new(sum), MEAN_SHIFT))
        };
        let equals = [rounded, whole(&integers.output, e)];
        lines.push(Line::whole(about, Word("integer"), equals));
        lines.into_iter().map(done).collect()
    }

    /// The weights in an output, and the scores behind them.
    pub(super) fn behind_output(&self) -> Vec<Line> {
        let seen = self.seen();
        let shown = seen.iter().take(self.most);
        let mut lines: Vec<Line> = shown.clone().map(|&key| self.weight_of(key)).collect();
        if lines.is_empty() {
            return lines;
        }
        lines.push(self.sum().of(Part::Weights));
        if let Some(integers) = self.integers() {
            for &key in shown.clone() {
                let exponential = self.exponential_in_integers(integers, key);
                lines.extend(exponential.into_iter().map(|line| line.of(Part::Weights)));
            }
            lines.push(self.sum_in_integers(integers).of(Part::Weights));
        }
        for &key in shown {
            lines.push(self.score_of(key));
            if at(&self.trace.masked, key).to_bits() != at(&self.trace.raw, key).to_bits() {
                let masked = [self.cap(key), self.mask(key)].concat();
                lines.extend(masked.into_iter().map(|line| line.of(Part::Scores)));
            }
        }
        lines
    }
}
