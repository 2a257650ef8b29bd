//! Row by row as they are, a byte a number, first the keys and then the values: what is best for a chip without DSP
//! instructions.

use bytemuck::{try_cast_slice, try_cast_slice_mut};

use super::Tokens;
use crate::attend::attend_rows;
use crate::attention::Attention;
use crate::body::Body;
use crate::cache::sees_all;
use crate::fixed::Quantized;
use crate::modify::Modify;
use crate::view::{Qkv, View};

pub(super) const fn words(capacity: usize, width: usize, value_width: usize) -> usize {
    let bytes = capacity.saturating_mul(width.saturating_add(value_width));
    bytes.div_ceil(size_of::<u32>())
}

/// Copies tokens, one or several, into place `j` and the following.
pub(super) fn place(tokens: Tokens, words: &mut [u32], j: usize, keys: &[i8], values: &[i8]) {
    let Tokens {
        capacity,
        width,
        value_width,
        ..
    } = tokens;
    let bytes = try_cast_slice_mut(words).unwrap_or_default();
    let (k, v) = bytes
        .split_at_mut_checked(capacity * width)
        .unwrap_or_default();
    for (rows, from, new) in [(k, j * width, keys), (v, j * value_width, values)] {
        for (place, new) in rows.iter_mut().skip(from).zip(new) {
            *place = *new;
        }
    }
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
    let Tokens {
        capacity,
        width,
        value_width,
        len,
        oldest,
    } = tokens;
    // In one piece, as they lie, they are faster to go through.
    let oldest = if sees_all(attention, q.rows(), len) {
        0
    } else {
        oldest
    };
    let bytes = try_cast_slice(words).unwrap_or_default();
    let (k, v) = bytes.split_at_checked(capacity * width).unwrap_or_default();
    let k = View::from_oldest(k, oldest, len, width);
    let v = View::from_oldest(v, oldest, len, value_width);
    let qkv = Qkv { q, k, v };
    attend_rows(body, format, len, qkv, attention, scratch, output, ());
}
