//! Inputs that only the lessons need.

use serde::{Deserialize, Serialize};

use crate::session::Mask;
use crate::source::Input;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LessonInput {
    /// Two real sentences: the cat,
    Cat,
    /// and the pizza.
    Pizza,
    /// Four English words look at three French ones.
    Cross,
    /// Five words chosen from a vocabulary of six, and one at random.
    Vocabulary,
}

impl LessonInput {
    /// In the order of the lessons.
    pub const ALL: [Self; 4] = [Self::Cross, Self::Vocabulary, Self::Cat, Self::Pizza];

    /// As it is called in the picker.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cat => "MiniLM-L6-v2: The cat…",
            Self::Pizza => "MiniLM-L6-v2: The pizza…",
            Self::Cross => "Cross-attention",
            Self::Vocabulary => "A vocabulary of six",
        }
    }
}

/// The vocabulary of The Illustrated Transformer, figure 32, in its order.
pub const VOCABULARY: [&str; 6] = ["a", "am", "i", "thanks", "student", "<eos>"];

/// The trained rows of its figure 36, as printed: what comes out for each of five words, (5, 6).
pub const TRAINED: [[f64; 6]; 5] = [
    [0.01, 0.02, 0.93, 0.01, 0.03, 0.01],
    [0.01, 0.8, 0.1, 0.05, 0.01, 0.03],
    [0.99, 0.001, 0.001, 0.001, 0.002, 0.001],
    [0.001, 0.002, 0.001, 0.02, 0.94, 0.01],
    [0.01, 0.01, 0.001, 0.001, 0.001, 0.98],
];

/// What its figure 33 prints for an untrained network.
pub const UNTRAINED: [f64; 6] = [0.2, 0.2, 0.1, 0.2, 0.2, 0.1];

/// Attention whose scores are the logits behind [`TRAINED`] and [`UNTRAINED`]: K and V are the identity, the
/// scale is one.
pub fn vocabulary() -> Input {
    let rows = TRAINED.as_flattened().iter().chain(&UNTRAINED);
    let logits: Vec<f64> = rows.map(|share| share.ln()).collect();
    let identity = crate::source::Preset::Identity.fill(6, 6, 0);
    Input {
        scale: Some(1.0),
        ..plain(
            LessonInput::Vocabulary,
            "The last step of a translation: scores of six words and their softmax, five times trained and once untrained",
            [&["1", "2", "3", "4", "5", "untrained"], &VOCABULARY],
            [&logits, &identity, &identity],
            6,
        )
    }
}

/// Queries from the decoder, keys and values from the encoder; columns of Q and K: self, being, learning.
pub fn cross() -> Input {
    #[rustfmt::skip]
    let q = [
        6.0, 0.0, 0.0, // I
        0.0, 6.0, 0.0, // am
        0.0, 0.0, 3.0, // a: with the word it belongs to
        0.0, 0.0, 6.0, // student
    ];
    let identity = crate::source::Preset::Identity.fill(3, 3, 0);
    plain(
        LessonInput::Cross,
        "A decoder's four words look at the three words of the encoder",
        [&["I", "am", "a", "student"], &["Je", "suis", "étudiant"]],
        [&q, &identity, &identity],
        3,
    )
}

fn plain(
    which: LessonInput,
    about: &str,
    [queries, keys]: [&[&str]; 2],
    [q, k, v]: [&[f64]; 3],
    width: usize,
) -> Input {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    Input {
        name: which.name().to_owned(),
        about: about.to_owned(),
        layers: 1,
        heads: 1,
        queries: queries.len(),
        keys: keys.len(),
        width,
        value_width: width,
        q: q.to_vec(),
        k: k.to_vec(),
        v: v.to_vec(),
        query_tokens: words(queries),
        key_tokens: words(keys),
        scale: None,
        bits: None,
        mask: Mask::None,
        layer: None,
    }
}
