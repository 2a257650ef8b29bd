//! The pictures of a report: heat maps, histograms, and the SQNR of every head.

use svg::Document;
use svg::node::element::{Group, Rectangle, Text, Title};

use super::{HeadSummary, decibels, digits};
use crate::compare::histogram::Histogram;
use crate::number::real;

/// A matrix to be drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    /// How many columns.
    pub columns: usize,
    /// Row-major.
    pub values: Vec<f64>,
}

/// A larger matrix is drawn in blocks, each as its value of the largest size.
const MOST_CELLS: usize = 64;
const CELL: usize = 9;
const PANEL: usize = 420;

impl Grid {
    /// The greatest size of a value.
    pub fn largest(&self) -> f64 {
        self.values
            .iter()
            .fold(0.0, |max, value| max.max(value.abs()))
    }

    /// At most 64 × 64 cells, each the value of the largest size in its block.
    fn blocks(&self) -> Self {
        let columns = self.columns.max(1);
        let rows = self.values.len() / columns;
        let step = columns.max(rows).div_ceil(MOST_CELLS).max(1);
        let [block_rows, block_columns] = [rows, columns].map(|cells| cells.div_ceil(step));
        let mut values = vec![0.0_f64; block_rows * block_columns];
        for (at, &value) in self.values.iter().enumerate() {
            let block = (at / columns / step) * block_columns + at % columns / step;
            if let Some(most) = values
                .get_mut(block)
                .filter(|most| value.abs() > most.abs())
            {
                *most = value;
            }
        }
        Self {
            columns: block_columns,
            values,
        }
    }
}

/// Blue below zero, white at zero, red above: one square a cell.
pub(super) fn heat_map(grid: &Grid) -> Document {
    let blocks = grid.blocks();
    let columns = blocks.columns.max(1);
    let end = grid.largest();
    let mut picture = document(columns * CELL, blocks.values.len() / columns * CELL);
    for (at, &value) in blocks.values.iter().enumerate() {
        let share = if end > 0.0 {
            0.5 - 0.5 * value / end
        } else {
            0.5
        };
        let cell = rectangle(at % columns * CELL, at / columns * CELL, CELL, CELL);
        picture = picture.add(cell.set("fill", colour(colorous::RED_BLUE, share)));
    }
    picture
}

/// The SQNR of every head: layers down, heads across.
pub(super) fn head_map(heads: &[HeadSummary], range: [f64; 2]) -> Document {
    const WIDE: usize = 44;
    const HIGH: usize = 24;
    let most = |of: fn(&HeadSummary) -> usize| heads.iter().map(of).max().unwrap_or(0) + 1;
    let least = |of: fn(&HeadSummary) -> usize| heads.iter().map(of).min().unwrap_or(0);
    let [first_layer, first_head] = [least(|head| head.id.layer), least(|head| head.id.head)];
    let layers = most(|head| head.id.layer) - first_layer;
    let across = most(|head| head.id.head) - first_head;
    let mut picture = document((across + 1) * WIDE, (layers + 1) * HIGH);
    for at in 0..across {
        let name = (first_head + at).to_string();
        picture = picture.add(label((at + 1) * WIDE + WIDE / 2, HIGH - 8, "middle", name));
    }
    for at in 0..layers {
        let name = format!("layer {}", first_layer + at);
        picture = picture.add(label(WIDE - 4, (at + 1) * HIGH + 16, "end", name));
    }
    for head in heads {
        let x = (head.id.head - first_head + 1) * WIDE;
        let y = (head.id.layer - first_layer + 1) * HIGH;
        let span = (range[1] - range[0]).max(f64::MIN_POSITIVE);
        let share = if head.sqnr_db.is_finite() {
            (head.sqnr_db - range[0]) / span
        } else {
            1.0
        };
        let fill = colour(colorous::CIVIDIS, share);
        let ink = if share > 0.5 { "#101216" } else { "#fafafc" };
        let text = Text::new(decibels(head.sqnr_db))
            .set("x", x + WIDE / 2)
            .set("y", y + 16);
        let text = text.set("text-anchor", "middle").set("fill", ink);
        let title = Title::new(format!(
            "Layer {}, head {}, {}",
            head.id.layer, head.id.head, head.format
        ));
        let cell = rectangle(x, y, WIDE - 1, HIGH - 1).set("fill", fill);
        picture = picture.add(Group::new().add(title).add(cell).add(text));
    }
    picture
}

/// The colours of what is in range, cut, and gone: told apart by the colour-blind too (Okabe and Ito).
pub(super) const FATES: [(&str, &str); 3] = [
    ("#0072b2", "in range"),
    ("#d55e00", "overflow"),
    ("#e69f00", "underflow"),
];

/// One bar for each power of two.
pub(super) fn histogram(histogram: &Histogram) -> Document {
    const HIGH: usize = 110;
    let bins = histogram.bins.len().max(1);
    let wide = (PANEL / bins).clamp(6, 26);
    let fullest = real(histogram.fullest().max(1));
    let mut picture = document(bins * wide, HIGH + 16);
    for (at, bin) in histogram.bins.iter().enumerate() {
        let mut below = 0.0;
        let counts = [bin.in_range, bin.overflow, bin.underflow];
        let mut bar = Group::new().add(Title::new(format!(
            "2^{} to 2^{}: {} in range, {} overflow, {} underflow",
            bin.exponent,
            bin.exponent + 1,
            bin.in_range,
            bin.overflow,
            bin.underflow,
        )));
        for ((fill, _), count) in FATES
            .into_iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
        {
            let high = (real(count) / fullest * real(HIGH)).max(1.0);
            below += high;
            let part = Rectangle::new()
                .set("x", at * wide)
                .set("y", digits(real(HIGH) - below));
            bar = bar.add(
                part.set("width", wide - 1)
                    .set("height", digits(high))
                    .set("fill", fill),
            );
        }
        picture = picture.add(bar);
        if at % (40 / wide).max(1) == 0 {
            let name = bin.exponent.to_string();
            picture = picture.add(label(at * wide + wide / 2, HIGH + 13, "middle", name));
        }
    }
    picture
}

fn document(width: usize, height: usize) -> Document {
    Document::new()
        .set("viewBox", (0, 0, width, height))
        .set("width", width)
        .set("height", height)
        .set("role", "img")
}

fn rectangle(x: usize, y: usize, width: usize, height: usize) -> Rectangle {
    Rectangle::new()
        .set("x", x)
        .set("y", y)
        .set("width", width)
        .set("height", height)
}

fn label(x: usize, y: usize, anchor: &'static str, text: String) -> Text {
    Text::new(text)
        .set("x", x)
        .set("y", y)
        .set("text-anchor", anchor)
        .set("fill", "currentColor")
}

/// The colour at `share` of the way, from 0 to 1.
fn colour(gradient: colorous::Gradient, share: f64) -> String {
    let share = if share.is_nan() {
        0.5
    } else {
        share.clamp(0.0, 1.0)
    };
    format!("#{:x}", gradient.eval_continuous(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_matrix_keeps_its_largest_values() {
        let mut values = vec![0.1; 128 * 100];
        values[127 * 100 + 99] = -7.0;
        let blocks = Grid {
            columns: 100,
            values,
        }
        .blocks();
        assert_eq!((blocks.columns, blocks.values.len()), (50, 50 * 64));
        assert_eq!(blocks.values.last(), Some(&-7.0));
    }

    #[test]
    fn zero_is_white_and_the_signs_are_red_and_blue() {
        let picture = heat_map(&Grid {
            columns: 3,
            values: vec![-2.0, 0.0, 2.0],
        })
        .to_string();
        for fill in ["#042f60", "#f1efed", "#67001f"] {
            assert!(picture.contains(fill), "{fill} in {picture}");
        }
    }
}
