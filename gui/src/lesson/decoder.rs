//! The Illustrated Transformer's decoder, in our own words: masks, cross-attention, the vocabulary.

use super::transformer::{CAPTURE, PART, number, slip};
use super::{LessonInput, Setup, Step, TRAINED, at, count};
use crate::session::TableKind::{Masked, Weights};
use crate::session::{InputId, Mask};

/// From the mask to the word that is said.
pub(super) static STEPS: &[Step] = &[
    Step {
        part: PART,
        title: "A decoder may not look ahead",
        text: "When a sentence is written word by word, what comes later does not exist yet. Its \
               scores are set to −∞ before the softmax, and e^(−∞) is zero: not small, zero.",
        try_it: "Press M to lift the mask and see what \"cat\" would have looked at.",
        setup: Setup {
            input: || InputId::Case("cat-sat-causal".to_owned()),
            head: (0, 0),
            mask: Mask::Causal,
            cell: (Masked, 1, 2),
            ..CAPTURE
        },
        numbers: &[
            number("weight of \"cat\" on itself", "0.880797", |run| {
                at(run, Weights, 1, 1)
            }),
            number("weight of \"The\" on itself", "1", |run| {
                at(run, Weights, 0, 0)
            }),
            number("keys that the last word sees", "7", |run| {
                count(
                    (0..7)
                        .filter(|&key| at(run, Weights, 6, key).is_some())
                        .count(),
                )
            }),
        ],
    },
    Step {
        part: PART,
        title: "A decoder asks the encoder",
        text: "In the middle of every decoder layer the queries come from below and the keys and \
               values from the top of the encoder. So T and S differ: four English words ask, three \
               French ones answer.",
        try_it: "Change a query and see which word it finds instead.",
        setup: Setup {
            input: || InputId::Lesson(LessonInput::Cross),
            head: (0, 0),
            cell: (Weights, 3, 2),
            ..CAPTURE
        },
        numbers: &[
            number("rows: words that ask", "4", |run| {
                count(run.left.table(Weights).rows())
            }),
            number("columns: words that answer", "3", |run| {
                count(run.left.table(Weights).columns())
            }),
            number("weight of \"student\" on \"étudiant\"", "0.94", |run| {
                at(run, Weights, 3, 2)
            }),
        ],
    },
    Step {
        part: PART,
        title: "From scores to a word",
        text: "The last row becomes one score for every word of the vocabulary, and softmax makes \
               shares of them; the greatest is said. Here K and V are the identity, so the scores are \
               the logits that belong to the printed rows.",
        try_it: "Raise one logit and see how all the others shrink.",
        setup: Setup {
            input: || InputId::Lesson(LessonInput::Vocabulary),
            head: (0, 0),
            cell: (Weights, 1, 1),
            ..CAPTURE
        },
        numbers: &[
            number("share of \"am\" in row 2", "0.80", |run| {
                at(run, Weights, 1, 1)
            }),
            slip(
                number("share of \"i\" in row 1", "0.93", |run| {
                    at(run, Weights, 0, 2)
                }),
                "The row as printed sums to 1.010, which no softmax does.",
            ),
            slip(
                number("share of \"student\" in row 4", "0.94", |run| {
                    at(run, Weights, 3, 4)
                }),
                "The row as printed sums to 0.974.",
            ),
            number("printed row 1 sums to", "1.010", |_| printed_sum(0)),
            number("printed row 2 sums to", "1.000", |_| printed_sum(1)),
            number("printed row 3 sums to", "0.996", |_| printed_sum(2)),
            number("printed row 4 sums to", "0.974", |_| printed_sum(3)),
            number("printed row 5 sums to", "1.003", |_| printed_sum(4)),
            slip(
                number("index of \"am\"", "5", |_| {
                    count(super::VOCABULARY.iter().position(|&word| word == "am")?)
                }),
                "Figure 31 has \"am\" at 5; the vocabulary of the figures after it has it at 1.",
            ),
        ],
    },
    Step {
        part: PART,
        title: "Before and after training",
        text: "An untrained network spreads its shares nearly evenly; training pushes the logits until the word \
               that is due has nearly all. The second row is \"am\" after training; the last row is the \
               untrained one, and both sum to one as printed.",
        try_it: "Type 2 over the logit of \"thanks\" in the last row: one number, and all six shares move.",
        setup: Setup {
            input: || InputId::Lesson(LessonInput::Vocabulary),
            head: (0, 0),
            cell: (Weights, 5, 3),
            ..CAPTURE
        },
        numbers: &[
            number("untrained \"a\"", "0.2", |run| at(run, Weights, 5, 0)),
            number("untrained \"am\"", "0.2", |run| at(run, Weights, 5, 1)),
            number("untrained \"i\"", "0.1", |run| at(run, Weights, 5, 2)),
            number("untrained \"thanks\"", "0.2", |run| at(run, Weights, 5, 3)),
            number("untrained \"student\"", "0.2", |run| at(run, Weights, 5, 4)),
            number("untrained \"<eos>\"", "0.1", |run| at(run, Weights, 5, 5)),
            number("trained \"a\" in row 2", "0.01", |run| {
                at(run, Weights, 1, 0)
            }),
            number("trained \"am\" in row 2", "0.80", |run| {
                at(run, Weights, 1, 1)
            }),
            number("trained \"i\" in row 2", "0.10", |run| {
                at(run, Weights, 1, 2)
            }),
            number("trained \"thanks\" in row 2", "0.05", |run| {
                at(run, Weights, 1, 3)
            }),
            number("trained \"student\" in row 2", "0.01", |run| {
                at(run, Weights, 1, 4)
            }),
            number("trained \"<eos>\" in row 2", "0.03", |run| {
                at(run, Weights, 1, 5)
            }),
        ],
    },
];

fn printed_sum(row: usize) -> Option<f64> {
    Some(TRAINED.get(row)?.iter().sum())
}
