//! The note "K, Q, V Mechanism in Transformers" in our own words, and the questions of its author.

use super::{LessonInput, Number, Seen, Setup, Step, at, count, originally};
use crate::session::TableKind::{self, K, Q, V, Weights};
use crate::session::{Arrangement, InputId, Mask, Question, Scaling};

const PART: &str = "The note";
const QUESTIONS: &str = "Your questions";

/// The made-up sentence whose columns have meanings.
const MADE: Setup = Setup {
    input: || InputId::Case("cat-sat".to_owned()),
    head: (0, 0),
    mask: Mask::None,
    scaling: Scaling::On,
    question: Question::None,
    cell: (Q, 1, 1),
    arrangement: Arrangement::Beside,
    pane: None,
    positions: None,
};

/// The cat as a real network reads it.
const CAT: Setup = Setup {
    input: || InputId::Lesson(LessonInput::Cat),
    head: (0, 1),
    cell: (Weights, 2, 3),
    ..MADE
};

/// The pizza as a real network reads it.
const PIZZA: Setup = Setup {
    input: || InputId::Lesson(LessonInput::Pizza),
    head: (0, 1),
    cell: (Weights, 9, 2),
    ..MADE
};

const fn number(
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

const fn cell(setup: Setup, table: TableKind, row: usize, column: usize) -> Setup {
    Setup {
        cell: (table, row, column),
        ..setup
    }
}

const fn causal(setup: Setup) -> Setup {
    Setup {
        mask: Mask::Causal,
        ..setup
    }
}

/// The library, the shapes, the kinds of attention, and what if.
pub(super) static STEPS: &[Step] = &[
    Step {
        part: PART,
        title: "A library: your question",
        text: "You come with a question: that is the query. In this made-up sentence a column stands \
               for an animal, an action, a place, a link, so \"cat\" asks twice as much for an action \
               and for a place as for an animal.",
        try_it: "Give \"cat\" a query of zeros: it looks at everything alike.",
        setup: MADE,
        numbers: &[
            number("\"cat\" asks for an action", "2", |run| at(run, Q, 1, 1)),
            number("columns of a query", "4", |run| count(run.input.width)),
        ],
    },
    Step {
        part: PART,
        title: "A library: the titles",
        text: "Every book has a title on its back: that is the key. A query is held against all \
               titles at once, and what fits best gets the highest score: \"sat\" offers an action, \
               \"mat\" a place.",
        try_it: "Make \"on\" a place as large as \"mat\".",
        setup: cell(MADE, K, 5, 2),
        numbers: &[
            number("score of \"cat\" on \"sat\"", "4", |run| {
                at(run, TableKind::Raw, 1, 2)
            }),
            number("score of \"cat\" on \"mat\"", "4", |run| {
                at(run, TableKind::Raw, 1, 5)
            }),
            number("score of \"cat\" on \"on\"", "1", |run| {
                at(run, TableKind::Raw, 1, 3)
            }),
        ],
    },
    Step {
        part: PART,
        title: "A library: the books",
        text: "What you carry home is not the title but what is inside: the value. You take a little \
               of every book, as much as its title fits your question; a value may be quite unlike \
               its key.",
        try_it: "Change the value of \"mat\": no weight moves, but the output does.",
        setup: cell(MADE, V, 5, 2),
        numbers: &[
            number("columns of a value", "3", |run| {
                count(run.input.value_width)
            }),
            number("weight of \"cat\" on \"sat\"", "0.45", |run| {
                at(run, Weights, 1, 2)
            }),
            number("weight of \"cat\" on \"mat\"", "0.45", |run| {
                at(run, Weights, 1, 5)
            }),
        ],
    },
    Step {
        part: PART,
        title: "They have some shape",
        text: "Q is (T, D), K is (S, D), V is (S, E). Q · K turned has a row for every query and a column for \
               every key, and the output has a row for every query again. D is divided away by its \
               root; E comes out unchanged.",
        try_it: "Read the shape beside the name of every table.",
        setup: Setup {
            input: || InputId::Capture,
            head: (3, 1),
            ..cell(MADE, Weights, 10, 2)
        },
        numbers: &[
            number("T", "15", |run| count(run.input.queries)),
            number("S", "15", |run| count(run.input.keys)),
            number("D", "32", |run| count(run.input.width)),
            number("1 / √D", "0.1768", |run| Some(run.scale)),
        ],
    },
    Step {
        part: PART,
        title: "An encoder: \"cat\" sees all of the sentence",
        text: "The same sentence as a real network reads it, nine tokens with a mark at each end. \
               Nothing is hidden: \"cat\" may look at \"sat\" and \"mat\", which come after it.",
        try_it: "Page Down goes through the twelve heads: which of them links \"cat\" and \"sat\"?",
        setup: CAT,
        numbers: &[
            number("tokens", "9", |run| count(run.input.queries)),
            number("keys that \"cat\" sees", "9", |run| seen(run, 2)),
        ],
    },
    Step {
        part: PART,
        title: "A decoder: \"cat\" sees what came before",
        text: "With a causal mask \"cat\" is left with the mark at the start, \"the\" and itself. The \
               note lets it look at \"sat\" and \"mat\": true in an encoder, forbidden in a decoder.",
        try_it: "Press M again and again: raw scores stay, weights do not.",
        setup: causal(CAT),
        numbers: &[
            number("keys that \"cat\" sees", "3", |run| seen(run, 2)),
            number("keys that the last token sees", "9", |run| seen(run, 8)),
        ],
    },
    Step {
        part: PART,
        title: "What is \"it\" that tasted good?",
        text: "The pizza or the oven? In this head of a real network \"it\" takes seven tenths of \
               what it takes from \"pizza\", and next to nothing from \"oven\".",
        try_it: "Look at the other heads: most of them do something else.",
        setup: PIZZA,
        numbers: &[
            number("weight of \"it\" on \"pizza\"", "0.7103", |run| {
                at(run, Weights, 9, 2)
            }),
            number("weight of \"it\" on \"oven\"", "0.0038", |run| {
                at(run, Weights, 9, 7)
            }),
        ],
    },
    Step {
        part: PART,
        title: "The same in a decoder",
        text: "\"Pizza\" comes before \"it\", so the mask leaves it there. What the hidden tokens took \
               is shared out among those that are left: every weight that remains grows.",
        try_it: "Compare the row of \"it\" with the row of \"the\".",
        setup: causal(PIZZA),
        numbers: &[
            number("keys that \"it\" sees", "10", |run| seen(run, 9)),
            number("weight of \"it\" on \"good\"", "0", |run| {
                Some(at(run, Weights, 9, 11).unwrap_or(0.0))
            }),
        ],
    },
    Step {
        part: QUESTIONS,
        title: "What if the dot product is squared?",
        text: "Large scores become far larger, and the softmax all but forgets the others. And the \
               sign is gone: a key that is the opposite of what was asked fits as well as the thing \
               itself.",
        try_it: "Turn one key round: its raw score changes sign, its weight does not.",
        setup: asked(Question::Squared),
        numbers: &[
            number("raw score of \"cat\" on \"sat\"", "4", |run| {
                at(run, TableKind::Raw, 1, 2)
            }),
            number("after the square: 8² / 2", "32", |run| {
                at(run, TableKind::Masked, 1, 2)
            }),
            number("weight of \"cat\" on \"sat\"", "0.50", |run| {
                at(run, Weights, 1, 2)
            }),
        ],
    },
    Step {
        part: QUESTIONS,
        title: "What if it is reversed?",
        text: "Let the keys ask and the queries answer. For one pair q·k and k·q are the same number, \
               but the table is turned over: who looked is looked at, and each row is shared out \
               among others.",
        try_it: "Compare a row of these raw scores with a column of the original ones.",
        setup: Setup {
            cell: (Weights, 1, 5),
            ..asked(Question::Reversed)
        },
        numbers: &[
            number("score of \"cat\" on \"mat\"", "2", |run| {
                at(run, TableKind::Raw, 1, 5)
            }),
            number("the original score of \"mat\" on \"cat\"", "2", |run| {
                originally(run, TableKind::Raw, 5, 1)
            }),
            number("the original score of \"cat\" on \"mat\"", "4", |run| {
                originally(run, TableKind::Raw, 1, 5)
            }),
        ],
    },
    Step {
        part: QUESTIONS,
        title: "What if the left-bottom half is set to −∞?",
        text: "Then every word sees itself and what comes after, and nothing of what was said: a \
               decoder that reads backwards. The first word sees the whole sentence, the last one \
               only itself.",
        try_it: "Look at the last row: one weight, and it is one.",
        setup: asked(Question::LeftBottom),
        numbers: &[
            number("keys that the first word sees", "7", |run| seen(run, 0)),
            number("keys that the last word sees", "1", |run| seen(run, 6)),
            number("weight of the last word on itself", "1", |run| {
                at(run, Weights, 6, 6)
            }),
        ],
    },
    Step {
        part: QUESTIONS,
        title: "What if nothing is divided by √d?",
        text: "The scores of \"cat\" double, since D is 4. What fitted best gets nearly everything, \
               and the difference between second and third is gone.",
        try_it: "Press S, and watch the whole table of weights.",
        setup: Setup {
            scaling: Scaling::Off,
            ..asked(Question::None)
        },
        numbers: &[
            number("score of \"cat\" on \"sat\"", "8", |run| {
                at(run, TableKind::Raw, 1, 2)
            }),
            number("weight of \"cat\" on \"sat\"", "0.49", |run| {
                at(run, Weights, 1, 2)
            }),
            number("the original weight", "0.45", |run| {
                originally(run, Weights, 1, 2)
            }),
        ],
    },
];

/// What the learner asks: the same made-up sentence, otherwise.
const fn asked(question: Question) -> Setup {
    Setup {
        question,
        ..cell(MADE, Weights, 1, 2)
    }
}

/// How many keys a query sees.
fn seen(run: &Seen<'_>, query: usize) -> Option<f64> {
    let keys = 0..run.input.keys;
    count(
        keys.filter(|&key| at(run, Weights, query, key).is_some())
            .count(),
    )
}
