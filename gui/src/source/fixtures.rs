//! What comes with the program: the real capture, and the cases that the kernel is tested on.

use kqv_fixtures::{CASES, Case, MINILM, MINILM_CAT, MINILM_PIZZA};

use super::archive;
use super::error::{Problem, SourceError};
use super::input::Input;
use crate::lesson::{LessonInput, cross, vocabulary};
use crate::session::{FractionBits, Mask};

/// The capture, as it is called in the picker.
pub const CAPTURE_NAME: &str = "MiniLM-L6-v2: The animal…";

/// Q, K and V of 6 layers of 12 heads of all-MiniLM-L6-v2.
pub(super) fn capture() -> Result<Input, SourceError> {
    let input = archive::safetensors("minilm.safetensors", MINILM)?;
    Ok(Input {
        name: CAPTURE_NAME.to_owned(),
        about: "The animal didn't cross the street because it was too tired, \
                as all-MiniLM-L6-v2 reads it"
            .to_owned(),
        ..input
    })
}

/// What a lesson needs.
pub(super) fn lesson(lesson: LessonInput) -> Result<Input, SourceError> {
    let (file, about) = match lesson {
        LessonInput::Cat => (MINILM_CAT, "The cat sat on the mat."),
        LessonInput::Pizza => (
            MINILM_PIZZA,
            "The pizza came out of the oven and it tasted good.",
        ),
        LessonInput::Cross => return Ok(cross()),
        LessonInput::Vocabulary => return Ok(vocabulary()),
    };
    Ok(Input {
        name: lesson.name().to_owned(),
        about: format!("{about} As layer 3 of all-MiniLM-L6-v2 reads it"),
        ..archive::safetensors("lesson.safetensors", file)?
    })
}

/// The names of the cases, in their order.
pub fn case_names() -> impl Iterator<Item = &'static str> {
    CASES.iter().map(|case| case.name)
}

/// The case of that name.
pub(super) fn case(name: &str) -> Result<Input, SourceError> {
    let case = kqv_fixtures::case(name).ok_or_else(|| Problem::Case.of(name))?;
    Ok(input(case))
}

fn input(case: &Case) -> Input {
    let wide = |values: &[f32]| values.iter().copied().map(f64::from).collect();
    let words = |tokens: &[&str]| tokens.iter().map(|&token| token.to_owned()).collect();
    Input {
        name: case.name.to_owned(),
        about: case.about.to_owned(),
        layers: 1,
        heads: 1,
        queries: case.queries,
        keys: case.keys,
        width: case.width,
        value_width: case.value_width,
        q: wide(case.q),
        k: wide(case.k),
        v: wide(case.v),
        query_tokens: words(case.query_tokens),
        key_tokens: words(case.key_tokens),
        scale: case.scale,
        bits: Some([
            FractionBits {
                q: case.i16.q_fraction_bits,
                k: case.i16.k_fraction_bits,
                v: case.i16.v_fraction_bits,
            },
            FractionBits {
                q: case.i8.q_fraction_bits,
                k: case.i8.k_fraction_bits,
                v: case.i8.v_fraction_bits,
            },
        ]),
        mask: if case.causal {
            Mask::Causal
        } else {
            Mask::None
        },
        layer: None,
    }
}
