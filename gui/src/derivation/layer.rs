//! What stands before and after the head: X times W behind q, k and v; concat times `W_O`; positions.

use super::expression::Expression::{
    self, Call, Exact, Integer, Letter, Product, Real, Round, Scale, Word,
};
use super::expression::{less, over, sum};
use super::{Line, Part};
use crate::edit::{Edits, MatrixId, Operand, Place};
use crate::layer::LayerTables;
use crate::positions::{PositionKind, Positions};
use crate::session::around::LayerCell;
use crate::session::{Selection, TableKind};
use crate::side::Choice;
use crate::source::{Input, Layer};
use crate::table::Table;

/// The input of a head, and what was typed over.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// After all edits.
    pub input: &'a Input,
    /// Which.
    pub edits: &'a Edits,
    /// The head, and the numbers it is computed in.
    pub choice: Choice,
    /// So many terms are written out.
    pub most: usize,
}

/// A row of X and a column of a W meet.
struct Projection<'a> {
    letters: [&'static str; 2],
    x: &'a [f64],
    w: Vec<f64>,
}

impl Around<'_> {
    /// How a number of Q, K or V came about before its format holds it: X times W, or by hand.
    pub fn given(&self, operand: Operand, row: usize, column: usize) -> Option<Line> {
        let place = Place {
            matrix: MatrixId::new(operand, self.choice.layer, self.choice.head),
            row,
            column,
        };
        let value = place.value(self.input)?;
        let name = Letter(letter(operand), vec![row, column]);
        let layer = self.input.layer.as_ref();
        let about = match layer {
            _ if self.edits.has(place) && layer.is_some() => {
                "put in by hand: X and W do not reach it"
            }
            _ if self.edits.has(place) => "put in by hand",
            Some(layer) => {
                let projection = self.projection(layer, operand, row, column)?;
                return Some(self.projected(name, &projection, (row, column), value));
            }
            None => "as the source has it",
        };
        Some(Line::real(about, name, [Exact(value)]))
    }

    fn projection<'a>(
        &self,
        layer: &'a Layer,
        operand: Operand,
        row: usize,
        column: usize,
    ) -> Option<Projection<'a>> {
        let (letter, weights, outputs) = match operand {
            Operand::Q => ("w_q", &layer.w_q, layer.width),
            Operand::K => ("w_k", &layer.w_k, layer.width),
            _ => ("w_v", &layer.w_v, layer.value_width),
        };
        let x = layer
            .x
            .get(row * layer.columns..(row + 1) * layer.columns)?;
        let start = self.choice.head * layer.columns * outputs;
        let head = weights.get(start..start + layer.columns * outputs)?;
        let w = head.iter().skip(column).step_by(outputs).copied();
        Some(Projection {
            letters: ["x", letter],
            x,
            w: w.collect(),
        })
    }

    fn projected(
        &self,
        name: Expression,
        projection: &Projection<'_>,
        (row, column): (usize, usize),
        value: f64,
    ) -> Line {
        let Projection { letters, x, w } = projection;
        let [left, right] = *letters;
        let letters = (0..x.len()).map(|at| {
            Product(vec![
                Letter(left, vec![row, at]),
                Letter(right, vec![at, column]),
            ])
        });
        let numbers = x
            .iter()
            .zip(w)
            .map(|(&x, &w)| Product(vec![Real(x), Real(w)]));
        let equals = [
            sum(letters, self.most.min(3)),
            sum(numbers, self.most),
            Real(value),
        ];
        Line::real("a row of X times a column of W, in f32", name, equals)
    }

    /// How an integer of Q, K or V came about: the nearest to the number over the scale, ties to the even one.
    fn rounded(&self, given: f64, integer: i64, scale: f64, name: Expression) -> Line {
        let is_power_of_two = scale.log2().fract() == 0.0;
        let units = if is_power_of_two {
            Product(vec![Exact(given), Scale(1.0 / scale)])
        } else {
            over(Exact(given), Exact(scale))
        };
        let round = Round(Box::new(units));
        let nearest = (given / scale).round_ties_even();
        let [min, max]: [i32; 2] = match self.choice.format.name() {
            "i8" => [i8::MIN.into(), i8::MAX.into()],
            _ => [i16::MIN.into(), i16::MAX.into()],
        };
        let (about, round) = match nearest {
            nearest if nearest > f64::from(max) => (
                "beyond the range: the end of it",
                Call("min", vec![round, Integer(max.into())]),
            ),
            nearest if nearest < f64::from(min) => (
                "beyond the range: the end of it",
                Call("max", vec![round, Integer(min.into())]),
            ),
            _ => ("to the nearest integer, halves to the even one", round),
        };
        Line::whole(about, name, [round, Integer(integer.into())])
    }

    /// What lies before a cell of Q, K or V: where its number is from, and how it is rounded.
    pub fn before_stored(&self, focus: Selection, whole: Option<(i64, f64)>) -> Vec<Line> {
        let Some(operand) = Operand::of_table(focus.table) else {
            return Vec::new();
        };
        let (row, column) = focus.cell_in(focus.table);
        let Some(given) = self.given(operand, row, column) else {
            return Vec::new();
        };
        let mut lines = vec![given];
        let place = Place {
            matrix: MatrixId::new(operand, self.choice.layer, self.choice.head),
            row,
            column,
        };
        if let (Some((integer, scale)), Some(value)) = (whole, place.value(self.input)) {
            lines.push(self.rounded(value, integer, scale, Word("integer")));
        }
        lines
    }

    /// Behind a score, a weight or an output: the rows of q and k, and the column of v, from X and W.
    pub fn behind(&self, focus: Selection, seen: &[usize]) -> Vec<Line> {
        if self.input.layer.is_none() {
            return Vec::new();
        }
        let columns = || (0..self.input.width).take(self.most);
        let row = |operand, row| columns().filter_map(move |d| self.given(operand, row, d));
        let keys = seen.iter().take(self.most);
        let lines: Vec<Line> = match focus.table {
            TableKind::Q | TableKind::K | TableKind::V => Vec::new(),
            TableKind::Output => {
                let keys_of = keys.clone().flat_map(|&key| row(Operand::K, key));
                let values = keys.filter_map(|&key| self.given(Operand::V, key, focus.column));
                row(Operand::Q, focus.query)
                    .chain(keys_of)
                    .chain(values)
                    .collect()
            }
            _ => row(Operand::Q, focus.query)
                .chain(row(Operand::K, focus.key))
                .collect(),
        };
        lines
            .into_iter()
            .map(|line| line.of(Part::Projections))
            .collect()
    }

    /// A number of the layer, but for the head behind a column of concat.
    pub fn cell(&self, cell: LayerCell, tables: &LayerTables) -> Vec<Line> {
        use crate::session::around::LayerTable::{Concat, Normed, Operand, Output, Positions};
        let (row, column) = (cell.row, cell.column);
        match cell.table {
            Operand(operand) => self.operand(operand, row, column).into_iter().collect(),
            Concat => self
                .concat(row, column, &tables.concat)
                .into_iter()
                .collect(),
            Output => self.joined(row, column, tables),
            Normed => normed(self, row, column, tables),
            Positions => Vec::new(),
        }
    }

    fn operand(&self, operand: Operand, row: usize, column: usize) -> Option<Line> {
        let place = Place {
            matrix: MatrixId::new(operand, self.choice.layer, self.choice.head),
            row,
            column,
        };
        let about = if self.edits.has(place) {
            "put in by hand"
        } else {
            "as the source has it"
        };
        let name = Letter(letter(operand), vec![row, column]);
        Some(Line::real(about, name, [Exact(place.value(self.input)?)]))
    }

    /// A column of concat is a column of a head's output.
    fn concat(&self, row: usize, column: usize, concat: &Table) -> Option<Line> {
        let wide = self.input.value_width.max(1);
        let equals = [
            Letter("output", vec![row, column % wide]),
            Real(concat.get(row, column)?),
        ];
        let name = Letter("concat", vec![row, column]);
        let about = format!("of head {}", column / wide);
        Some(Line::real(about, name, equals))
    }

    fn joined(&self, row: usize, column: usize, tables: &LayerTables) -> Vec<Line> {
        let output = tables.output();
        let value = output.and_then(|output| output.get(row, column));
        let (Some(layer), Some(value)) = (&self.input.layer, value) else {
            return Vec::new();
        };
        let w = layer.w_o.iter().skip(column).step_by(layer.columns);
        let projection = Projection {
            letters: ["concat", "w_o"],
            x: tables.concat.row(row),
            w: w.copied().collect(),
        };
        let name = Letter("layer", vec![row, column]);
        let about = "a row of concat times a column of W_O, in f32";
        let first = Line {
            about: about.into(),
            ..self.projected(name, &projection, (row, column), value)
        };
        let columns = (0..tables.concat.columns()).take(self.most.max(self.input.value_width));
        let concat = columns.filter_map(|c| self.concat(row, c, &tables.concat));
        std::iter::once(first).chain(concat).collect()
    }
}

/// X plus the layer's output, less its mean, over its deviation.
fn normed(around: &Around<'_>, row: usize, column: usize, tables: &LayerTables) -> Vec<Line> {
    let Some(joined) = &tables.joined else {
        return Vec::new();
    };
    let (Some(norm), Some(value)) = (joined.norms.get(row), joined.normed.get(row, column)) else {
        return Vec::new();
    };
    let sums: Vec<f64> = norm.sums.clone();
    let at = sums.get(column).copied().unwrap_or_default();
    let letter = |name| Letter(name, vec![row, column]);
    let x = around.input.layer.as_ref().and_then(|layer| {
        let x = layer.x.get(row * layer.columns + column)?;
        Some(Real(*x))
    });
    let output = joined.output.get(row, column).unwrap_or_default();
    let added = sum([x.unwrap_or(Real(0.0)), Real(output)].into_iter(), 2);
    let all = |values: Vec<Expression>| sum(values.into_iter(), around.most);
    let count = Integer(i128::try_from(sums.len()).unwrap_or_default());
    let mean = over(all(sums.iter().copied().map(Real).collect()), count.clone());
    let square = |&value: &f64| {
        let less = less(Real(value), Real(norm.mean));
        Product(vec![less.clone(), less])
    };
    let variance = over(all(sums.iter().map(square).collect()), count);
    let root = Call(
        "sqrt",
        vec![sum(
            [Real(norm.variance), Real(crate::layer::EPSILON)].into_iter(),
            2,
        )],
    );
    vec![
        Line::real("what attention adds to X", letter("r"), [added, Real(at)]),
        Line::real("of the row", Word("mean"), [mean, Real(norm.mean)]),
        Line::real(
            "of the row",
            Word("variance"),
            [variance, Real(norm.variance)],
        ),
        Line::real(
            "worked out by the window in f64: it is not part of attention",
            letter("norm"),
            [over(less(Real(at), Real(norm.mean)), root), Real(value)],
        ),
    ]
}

/// One cell of the table of positions.
pub fn position(positions: &Positions, row: usize, column: usize) -> Vec<Line> {
    let Some(value) = positions.table.get(row, column) else {
        return Vec::new();
    };
    let columns = positions.table.columns();
    let half = (columns / 2).max(1);
    let (pair, over_pairs, is_sine, is_last_zero) = match positions.view.kind {
        PositionKind::Interleaved => (column / 2, false, column.is_multiple_of(2), false),
        PositionKind::Halves => (column % half, true, column < half, column >= 2 * half),
        PositionKind::RotaryAdjacent => (column / 2, false, !column.is_multiple_of(2), false),
        PositionKind::RotaryHalves => (column % half, false, column >= half, false),
    };
    let name = Letter("position", vec![row, column]);
    if is_last_zero {
        let about = "an odd number of columns leaves the last one zero";
        return vec![Line::real(about, name, [Real(value)])];
    }
    let count = |number: usize| Integer(i128::try_from(number).unwrap_or_default());
    let power = if pair == 0 {
        Integer(0)
    } else if over_pairs {
        over(
            count(pair),
            less(over(count(columns), Integer(2)), Integer(1)),
        )
    } else {
        over(count(2 * pair), count(columns))
    };
    let angle = over(count(row), Call("pow", vec![Integer(10_000), power]));
    let function = if is_sine { "sin" } else { "cos" };
    let about = "an angle that grows with the position, more slowly from pair to pair";
    let equals = [Call(function, vec![angle]), Real(value)];
    vec![Line::real(about, name, equals)]
}

fn letter(operand: Operand) -> &'static str {
    match operand {
        Operand::X => "x",
        Operand::WQ => "w_q",
        Operand::WK => "w_k",
        Operand::WV => "w_v",
        Operand::WO => "w_o",
        Operand::Q => "q",
        Operand::K => "k",
        Operand::V => "v",
    }
}
