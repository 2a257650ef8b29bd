//! A number of Q, K or V as its format holds it, and a score from its dot product on.

use super::expression::Expression::{self, Integer, Letter, Product, Real, Scale, Word};
use super::expression::{over, sum};
use super::{Derivation, Line, Part, at, row, whole};
use crate::session::{Selection, TableKind};
use crate::steps::Stage;

impl Derivation<'_> {
    /// A cell of Q, K or V: as the format holds it.
    pub(super) fn stored(&self) -> Vec<Line> {
        let Selection {
            table,
            query,
            key,
            column,
        } = self.focus;
        let (letter, row, place, tensor) = match table {
            TableKind::Q => ("q", query, column, 0),
            TableKind::K => ("k", key, key * self.width + column, 1),
            _ => ("v", key, key * self.value_width + column, 2),
        };
        let values = [&self.trace.q, &self.trace.k, &self.trace.v];
        let Some(&value) = values.get(tensor).and_then(|values| values.get(place)) else {
            return Vec::new();
        };
        let name = Letter(letter, vec![row, column]);
        let Some(integers) = self.integers() else {
            return vec![Line::real("as the format holds it", name, [Real(value)])];
        };
        let wholes = [&integers.q, &integers.k, &integers.v];
        let integer = wholes
            .get(tensor)
            .map_or(Integer(0), |wholes| whole(wholes, place));
        let scale = integers.scales.get(tensor).copied().unwrap_or_default();
        let equals = [Product(vec![integer, Scale(scale)]), Real(value)];
        vec![Line::real("as the format holds it", name, equals)]
    }

    /// q · k, and times the scale.
    pub(super) fn score(&self) -> Vec<Line> {
        let (i, j) = (self.focus.query, self.focus.key);
        let trace = self.trace;
        let dot = Product(vec![Letter("q", vec![i]), Letter("k", vec![j])]);
        let total = trace.dots.last().copied().unwrap_or_default();
        let score = at(&trace.raw, j);
        let letters = (0..self.width)
            .map(|d| Product(vec![Letter("q", vec![i, d]), Letter("k", vec![j, d])]));
        let equals = [
            sum(letters, self.most.min(3)),
            self.products(j),
            Real(total),
        ];
        let about = "every column of the query times that of the key";
        let times = [Product(vec![Real(total), Scale(trace.scale)]), Real(score)];
        let name = Letter("score", vec![i, j]);
        let mut lines = vec![
            Line::real(about, dot, equals).after(Stage::Dot, j),
            Line::real("times the scale", name.clone(), times).after(Stage::Scale, j),
        ];
        if let Some(integers) = self.integers() {
            let k = row(&integers.k, j, self.width);
            let products = integers.q.iter().zip(k);
            let products =
                products.map(|(&q, &k)| Product(vec![Integer(q.into()), Integer(k.into())]));
            let [q_scale, k_scale, _] = integers.scales;
            let dot = whole(&integers.dots, j);
            let exact = [sum(products, self.most), dot.clone()];
            lines.push(Line::whole("exact, in integers", Word("dot"), exact).after(Stage::Dot, j));
            let scales = [q_scale, k_scale, trace.scale].map(Scale);
            let product = Product(std::iter::once(dot).chain(scales).collect());
            let stands = Line::whole("what that stands for", name, [product, Real(score)]);
            lines.push(stands.after(Stage::Scale, j));
        }
        lines
    }

    /// The products of the query with one key, in real numbers.
    fn products(&self, key: usize) -> Expression {
        let pairs = self.trace.q.iter().zip(row(&self.trace.k, key, self.width));
        let products = pairs.map(|(&q, &k)| Product(vec![Real(q), Real(k)]));
        sum(products, self.most)
    }

    /// The score of one key in one line.
    pub(super) fn score_of(&self, key: usize) -> Line {
        let name = Letter("score", vec![self.focus.query, key]);
        let product = Product(vec![self.products(key), Scale(self.trace.scale)]);
        let equals = [product, Real(at(&self.trace.raw, key))];
        Line::real("its query times its key, times the scale", name, equals)
            .of(Part::Scores)
            .after(Stage::Scale, key)
    }

    /// What the mask, or a question, makes of a score.
    pub(super) fn mask(&self, key: usize) -> Vec<Line> {
        let i = self.focus.query;
        let (before, masked) = (at(&self.trace.capped, key), at(&self.trace.masked, key));
        let name = Letter("masked", vec![i, key]);
        let line = if !self.trace.sees(key) {
            Line::real("the mask hides it", name, [Real(masked)])
        } else if masked.to_bits() == before.to_bits() {
            Line::real("the mask leaves it", name, [Real(masked)])
        } else if let Some(biased) = self.biased(key) {
            Line::real(
                "less the slope for every step",
                name,
                [biased, Real(masked)],
            )
        } else {
            let score = || Letter("score", vec![i, key]);
            let square = over(Product(vec![score(), score()]), Scale(self.trace.scale));
            let about = "the square of the dot product, times the scale";
            Line::real(about, name, [square, Real(masked)])
        };
        vec![line.after(Stage::Mask, key)]
    }
}
