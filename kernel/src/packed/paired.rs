//! In pairs of keys and in threes of columns of V, for DSP instructions; anywhere else these loops are their oracle.
//!
//! How tokens lie is in [`ring`], what is done with them in [`call`].

use super::Tokens;
use crate::attention::Attention;
use crate::body::Body;
use crate::fixed::Quantized;
use crate::format::Format;
use crate::modify::Modify;
use crate::view::View;
use call::Call;
use ring::{FOUR, Ring, STEP, TRIPLE, place_keys, place_values};

#[cfg(kqv_dsp)]
pub(crate) use ring::filled_up;

mod call;
#[cfg(kqv_dsp)]
mod fast;
mod ring;

pub(super) const fn words(capacity: usize, width: usize, value_width: usize) -> usize {
    let columns = 2 * (width.div_ceil(STEP) + value_width.div_ceil(TRIPLE));
    capacity.next_multiple_of(FOUR).saturating_mul(columns)
}

/// Packs tokens, one or several, into place `j` and the following.
pub(super) fn place(tokens: Tokens, words: &mut [u32], j: usize, keys: &[i8], values: &[i8]) {
    let rows = tokens.capacity.next_multiple_of(FOUR);
    let key_words = 2 * tokens.width.div_ceil(STEP);
    let Some((packed, triples)) = words.split_at_mut_checked(rows * key_words) else {
        return;
    };
    place_keys(keys, tokens.width, j, packed);
    let triples = triples.get_mut(2 * j..).unwrap_or_default();
    place_values(values, tokens.value_width, 2 * rows, triples);
}

/// Lets the queries look at what is here.
#[expect(
    clippy::too_many_arguments,
    reason = "those of attention, and what is packed"
)]
pub(super) fn attend<A: Modify>(
    tokens: Tokens,
    words: &[u32],
    body: Body,
    format: Quantized<i8>,
    q: View<'_, i8>,
    attention: Attention<A>,
    scratch: &mut [i32],
    output: &mut [i8],
) {
    let rows = tokens.capacity.next_multiple_of(FOUR);
    let key_words = 2 * tokens.width.div_ceil(STEP);
    let (keys, values) = words.split_at_checked(rows * key_words).unwrap_or_default();
    let ring = Ring {
        keys,
        values,
        key_words,
        rows,
        capacity: tokens.capacity,
        len: tokens.len,
        oldest: tokens.oldest,
        value_width: tokens.value_width,
    };
    let prepared = format.prepare(body, attention.scale.factor(tokens.width));
    let call = Call {
        ring,
        prepared,
        q,
        attention,
    };
    call.attend(scratch, output);
}
