//! The Illustrated Transformer (Jay Alammar, 2018), in our own words; the numbers are those it prints.

use kqv::Sinusoidal;

use super::{LessonInput, Number, Seen, Setup, Step, at, count};
use crate::positions::{PositionKind, PositionsView};
use crate::session::TableKind::{self, Output, Q, Raw, Weights};
use crate::session::layout::Pane;
use crate::session::{Arrangement, InputId, Mask, Question, Scaling};

pub(super) const PART: &str = "The Illustrated Transformer";

/// The real sentence, undisturbed.
pub(super) const CAPTURE: Setup = Setup {
    input: || InputId::Capture,
    head: (3, 1),
    mask: Mask::None,
    scaling: Scaling::On,
    question: Question::None,
    cell: (Weights, 10, 2),
    arrangement: Arrangement::Beside,
    pane: None,
    positions: None,
};

/// Two words of 64 columns.
const THINKING: Setup = Setup {
    input: || InputId::Case("thinking-machines".to_owned()),
    head: (0, 0),
    ..CAPTURE
};

/// X (2, 4) and the weights of eight heads.
const WORKED: Setup = Setup {
    input: || InputId::Worked,
    head: (0, 0),
    cell: (Q, 0, 0),
    ..CAPTURE
};

const fn cell(setup: Setup, table: TableKind, row: usize, column: usize) -> Setup {
    Setup {
        cell: (table, row, column),
        ..setup
    }
}

const fn beside(setup: Setup, pane: Pane) -> Setup {
    Setup {
        pane: Some(pane),
        ..setup
    }
}

pub(super) const fn number(
    label: &'static str,
    printed: &'static str,
    here: fn(&Seen<'_>) -> Option<f64>,
) -> Number {
    Number {
        label,
        printed,
        here,
        slip: None,
    }
}

pub(super) const fn slip(number: Number, reason: &'static str) -> Number {
    Number {
        slip: Some(reason),
        ..number
    }
}

/// Where lessons begin.
pub(super) const FIRST: Step = Step {
    part: PART,
    title: "Every word looks at every word",
    text: "Fifteen tokens of a real sentence went through a real network, and this is one of its \
           heads. The lit row belongs to \"it\": read along the row to see how much of every other \
           token it takes. Most of it comes from \"animal\".",
    try_it: "Click another row of the weights: whom does \"tired\" look at?",
    setup: CAPTURE,
    numbers: &[
        number("weight of \"it\" on \"animal\"", "0.6397", |run| {
            at(run, Weights, 10, 2)
        }),
        number("tokens", "15", |run| count(run.input.queries)),
        number("layers of the encoder", "6", |run| count(run.input.layers)),
    ],
};

/// Steps 1 to 6 of self-attention, heads, positions.
pub(super) static STEPS: &[Step] = &[
    FIRST,
    Step {
        part: PART,
        title: "Step 1: a query, a key and a value for every word",
        text: "A word comes as a row of X. Three matrices that were learnt make three rows of it: \
               a query to ask with, a key to be found by, a value to hand on. The picture draws four \
               boxes for 512 columns and three for 64; here four are four and three are three.",
        try_it: "Drag a number of X, in the pane Layer: the row of Q, K and V that hangs on it follows. Click \
                 a number of Q: the row of X and the column of W_Q that meet in it light up.",
        setup: beside(WORKED, Pane::Layer),
        numbers: &[
            number("words", "2", |run| count(run.input.queries)),
            number("columns of X", "4", |run| {
                count(run.input.layer.as_ref()?.columns)
            }),
            number("columns of q", "3", |run| count(run.input.width)),
        ],
    },
    Step {
        part: PART,
        title: "Step 2: a score is a dot product",
        text: "How well does the question of \"Thinking\" fit what each word offers? Multiply query \
               and key column by column and add it all up. With 64 columns of 1.0 against 1.75 and \
               against 1.5 the sums are exact in every format.",
        try_it: "Halve one column of the first key: the score falls by 0.875.",
        setup: Setup {
            scaling: Scaling::Off,
            ..cell(THINKING, Raw, 0, 0)
        },
        numbers: &[
            number("q1 · k1", "112", |run| at(run, Raw, 0, 0)),
            number("q1 · k2", "96", |run| at(run, Raw, 0, 1)),
        ],
    },
    Step {
        part: PART,
        title: "Steps 3 and 4: divide by √64, then softmax",
        text: "Both scores are divided by eight, the root of the number of columns. Softmax makes \
               shares of them: e to the distance from the greater, over the sum of both.",
        try_it: "Press S to take the division away, and again to bring it back.",
        setup: cell(THINKING, Weights, 0, 0),
        numbers: &[
            number("score of k1", "14", |run| at(run, Raw, 0, 0)),
            number("score of k2", "12", |run| at(run, Raw, 0, 1)),
            number("weight of v1", "0.88", |run| at(run, Weights, 0, 0)),
            number("weight of v2", "0.12", |run| at(run, Weights, 0, 1)),
            number("weight of v1, to six digits", "0.880797", |run| {
                at(run, Weights, 0, 0)
            }),
            number("weight of v2, to six digits", "0.119203", |run| {
                at(run, Weights, 0, 1)
            }),
        ],
    },
    Step {
        part: PART,
        title: "Why divide at all?",
        text: "Without the division the scores stay 112 and 96, and the softmax is all or nothing: \
               the second word might as well not exist. Dot products grow with the number of \
               columns; their root holds them where softmax still has a choice.",
        try_it: "Press S: 0.88 and 0.12 are back.",
        setup: Setup {
            scaling: Scaling::Off,
            ..cell(THINKING, Weights, 0, 1)
        },
        numbers: &[
            slip(
                number("weight of v1", "0.99999989", |run| at(run, Weights, 0, 0)),
                "32-bit float has no number nearer to it than 0.99999988; in f64 it holds.",
            ),
            number("weight of v2", "0.00000011", |run| at(run, Weights, 0, 1)),
        ],
    },
    Step {
        part: PART,
        title: "Steps 5 and 6: weigh the values and add them",
        text: "Every value is multiplied by its weight, and what remains of all of them is added up: \
               that is z1. The first two columns of V say whose value it is, so the output repeats \
               the weights.",
        try_it: "Press Play in the pane Step through: the sum grows value by value.",
        setup: beside(cell(THINKING, Output, 0, 0), Pane::Steps),
        numbers: &[
            number("z1, first column", "0.88", |run| at(run, Output, 0, 0)),
            number("z1, second column", "0.12", |run| at(run, Output, 0, 1)),
        ],
    },
    Step {
        part: PART,
        title: "All words at once: matrices",
        text: "Nothing new happens, only all rows together: softmax(Q · K turned / √d) · V = Z. Each matrix \
               carries its shape; where two of them meet, the inner numbers are the same.",
        try_it: "Point at a score, then at an output: the row and the column that meet there are drawn. X \
                 brings the tables back beside each other.",
        setup: Setup {
            arrangement: Arrangement::Crossed,
            ..cell(WORKED, Output, 0, 0)
        },
        numbers: &[
            number("rows of Z", "2", |run| count(run.left.table(Output).rows())),
            number("columns of Z", "3", |run| {
                count(run.left.table(Output).columns())
            }),
            number("rows of the scores", "2", |run| {
                count(run.left.table(Raw).rows())
            }),
        ],
    },
    Step {
        part: PART,
        title: "Eight heads",
        text: "Eight times the same with other weights: each head may look for something else. \
               Their outputs are laid beside each other and multiplied by W_O, so that the next \
               layer gets a row as long as X had.",
        try_it: "Page Down goes through the heads. Click a number of the layer output: D writes it out \
                 through W_O and concat back to X.",
        setup: beside(cell(WORKED, Weights, 0, 0), Pane::Layer),
        numbers: &[
            number("heads", "8", |run| count(run.input.heads)),
            number("columns side by side", "24", |run| {
                count(run.input.heads * run.input.value_width)
            }),
            number("columns after W_O", "4", |run| {
                count(run.input.layer.as_ref()?.columns)
            }),
            slip(
                number("columns side by side, as boxes are drawn", "4", |run| {
                    count(run.input.heads * run.input.value_width)
                }),
                "The boxes of Z are drawn three wide, and eight of them are 24: W_O has 24 rows, \
                 which the picture cannot show to scale.",
            ),
        ],
    },
    Step {
        part: PART,
        title: "Add and normalise",
        text: "Around every sub-layer of encoder and decoder runs a way past it: what attention makes is added \
               to X, and each row of the sum is brought to mean 0 and variance 1. That is LayerNorm, and no \
               part of attention: the window works it out in f64 and says so.",
        try_it: "Click a number of LayerNorm and press D: there are its row, its mean and its variance.",
        setup: beside(cell(WORKED, Output, 0, 0), Pane::Layer),
        numbers: &[
            number("columns of X + Z", "4", |run| {
                count(run.layer.as_ref()?.joined.as_ref()?.normed.columns())
            }),
            number("mean of a row after it", "0.00", |run| {
                Some(moments(run, 0)?.0)
            }),
            number("variance of a row after it", "1.00", |run| {
                Some(moments(run, 0)?.1)
            }),
        ],
    },
    Step {
        part: PART,
        title: "Two heads of a sentence, then all of them",
        text: "In layer 5, head 11, \"it\" looks at \"animal\" too. But that is no discovery: in this \
               head ten of the fifteen tokens look there most. One line between two words tells \
               nothing before the others are drawn.",
        try_it: "Read the column of \"animal\" from top to bottom, then click layer 3, head 1 in the pane Heads. \
                 All heads at once are unreadable in the article; sort them by how widely they look.",
        setup: Setup {
            head: (5, 11),
            ..beside(CAPTURE, Pane::Heads)
        },
        numbers: &[
            number("weight of \"it\" on \"animal\"", "0.6466", |run| {
                at(run, Weights, 10, 2)
            }),
            number("tokens that look at \"animal\" most", "10", |run| {
                let weights = run.at_the_end(Some(run.left.table(Weights)))?;
                let top = |row: usize| {
                    let row = weights.row(row).iter().enumerate();
                    row.max_by(|a, b| a.1.total_cmp(b.1)).map(|(key, _)| key)
                };
                count(
                    (0..weights.rows())
                        .filter(|&row| top(row) == Some(2))
                        .count(),
                )
            }),
            slip(
                number("its layer, counted from one", "5", |run| {
                    count(run.left.choice.layer + 1)
                }),
                "The article calls the top layer #5 of six: it counts from zero, as this window does.",
            ),
        ],
    },
    Step {
        part: PART,
        title: "Where a word stands",
        text: "Attention does not know the order of its words, so a row of sines and cosines is \
               added to each, another one for every position. The article's figure and the paper's \
               formula lay them out differently: first all sines, or sine beside cosine.",
        try_it: "Switch between the two layouts in the pane Layer; 20 positions of 512 columns are the picture \
                 of the article.",
        setup: Setup {
            input: || InputId::Lesson(LessonInput::Cross),
            head: (0, 0),
            cell: (Weights, 0, 0),
            positions: Some(PositionsView {
                kind: PositionKind::Halves,
                positions: 3,
                columns: 4,
            }),
            ..beside(CAPTURE, Pane::Layer)
        },
        numbers: &[
            number("position 1, column 0", "0.84", |_| sine(1, 0)),
            number("position 1, column 1", "0.0001", |_| sine(1, 1)),
            number("position 1, column 2", "0.54", |_| sine(1, 2)),
            number("position 1, column 3", "1", |_| sine(1, 3)),
            number("position 2, column 0", "0.91", |_| sine(2, 0)),
            number("position 2, column 1", "0.0002", |_| sine(2, 1)),
            number("position 2, column 2", "−0.42", |_| sine(2, 2)),
            number("position 2, column 3", "1", |_| sine(2, 3)),
            number("the paper's position 1, column 1", "0.54", |_| paper(1, 1)),
            number("the paper's position 1, column 2", "0.01", |_| paper(1, 2)),
            slip(
                number(
                    "the paper's position 1, column 1, if the figure were right",
                    "0.0001",
                    |_| paper(1, 1),
                ),
                "The figure divides by d/2 − 1, as the program Tensor2Tensor does, so that its last \
                 frequency is 1/10,000; the paper divides by d/2 and has [0.84, 0.54, 0.01, 1.00].",
            ),
        ],
    },
];

/// A column of the article's figure, d = 4.
#[expect(clippy::unnecessary_wraps, reason = "numbers of a step may be absent")]
fn sine(position: usize, column: usize) -> Option<f64> {
    Some(Sinusoidal::Halves.value(position, column, 4))
}

/// The same by the paper's formula.
#[expect(clippy::unnecessary_wraps, reason = "numbers of a step may be absent")]
fn paper(position: usize, column: usize) -> Option<f64> {
    Some(Sinusoidal::Interleaved.value(position, column, 4))
}

/// Mean and variance of a row of `LayerNorm`.
fn moments(run: &Seen<'_>, row: usize) -> Option<(f64, f64)> {
    run.at_the_end(Some(()))?;
    let row = run.layer.as_ref()?.joined.as_ref()?.normed.row(row);
    let count = crate::number::real(row.len().max(1));
    let mean = row.iter().sum::<f64>() / count;
    let squares = row.iter().map(|value| (value - mean) * (value - mean));
    Some((mean, squares.sum::<f64>() / count))
}
