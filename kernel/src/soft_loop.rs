//! f32 attention for chips that compute no f32: the naive loop, its numbers taken apart.
//!
//! The loop ([`Float`](crate::Float)) stays what it is, operation by operation; only its sums remain
//! [`Soft`] from the first term to the last, and P·V runs column by column for that. [`Soft`] knows
//! neither subnormal numbers nor infinity and NaN, so the inputs are looked through once: with magnitudes
//! from 2^−62 to 2^49 no product and no sum of the loop comes near them. Other inputs are left to the
//! loop, and so is a row of scores or weights in which they appear after all.

#[cfg(kqv_soft)]
use crate::arch::soft_products::plus_products;
use crate::attention::Attention;
use crate::exp::{EXP_NEG_END, HI, LO, P, WHOLE};
use crate::float::{Float, Scaled};
use crate::format::Format;
use crate::modify::{Modify, visible_keys};
use crate::quad::{change_scores, query};
#[cfg(not(kqv_soft))]
use crate::soft::plus_products;
use crate::soft::{Soft, exponent_field};
use crate::view::{Qkv, View};

/// The exponent fields of inputs: 2^−62 to below 2^49, so that products lie between 2^−124 and 2^98.
const FIELDS: core::ops::RangeInclusive<i32> = 127 - 62..=127 + 48;

/// Attends for all queries if every number allows it and `scratch` holds a row of scores, else for none;
/// returns how many.
pub(crate) fn attend<M: Modify>(
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize {
    let Qkv { q, k, v } = qkv;
    let fields = [q, k, v].map(least_field);
    let ([Some(_), Some(_), Some(v_field)], true) =
        (fields, FIELDS.contains(&exponent_field(scale)))
    else {
        return 0;
    };
    let Some(scratch) = scratch.get_mut(..k.rows()) else {
        return 0;
    };
    for i in 0..q.rows() {
        let query = query(i, attention.offset);
        let visible = visible_keys(&attention.mask, query, k.rows());
        let cells = scratch.get_mut(visible.clone()).unwrap_or_default();
        for (cell, key) in cells
            .iter_mut()
            .zip(k.rows_between(visible.clone()).iter_rows())
        {
            *cell = score(scale, q.row(i), key);
        }
        let seen = change_scores(attention, i, visible.start, cells.iter_mut());
        let row = i * v.columns()..(i + 1) * v.columns();
        let output = output.get_mut(row).unwrap_or_default();
        if !seen {
            output.fill(0.0);
            continue;
        }
        let sum = weigh(cells)
            .unwrap_or_else(|| <Float<f32> as Format>::weigh(Scaled::by_the_loop(scale), cells));
        mix(cells, sum, v_field, v.rows_between(visible), output);
    }
    q.rows()
}

/// The least exponent field among numbers that are not zero, if all of those are in range.
fn least_field(matrix: View<'_, f32>) -> Option<i32> {
    let mut least = *FIELDS.end();
    for (_, values) in matrix.pieces() {
        for &value in values {
            let field = exponent_field(value);
            if !FIELDS.contains(&field) && value.to_bits() << 1 != 0 {
                return None;
            }
            if field > 0 && field < least {
                least = field;
            }
        }
    }
    Some(least)
}

/// [`Format::score`].
fn score(scale: f32, q: &[f32], k: &[f32]) -> f32 {
    let score = plus_products(Soft::ZERO, q, k, 1).times(Soft::new(scale));
    match score.to_f32() {
        // What is zero here has the sign that the loop gives it.
        Some(score) if score != 0.0 => score,
        _ => <Float<f32> as Format>::score(Scaled::by_the_loop(scale), q, k),
    }
}

/// [`Format::weigh`]; `None`, and nothing done, if there is a score that is not to be taken apart.
fn weigh(cells: &mut [f32]) -> Option<f32> {
    let hidden = f32::NEG_INFINITY.to_bits();
    let mut max = f32::NEG_INFINITY;
    for &score in cells.iter() {
        let apart = (1..255).contains(&exponent_field(score)) || score.to_bits() << 1 == 0;
        if !apart && score.to_bits() != hidden {
            return None;
        }
        if rank(score) > rank(max) {
            max = score;
        }
    }
    if max.to_bits() == hidden {
        return None;
    }
    let max = Soft::new(max).negated();
    let mut sum = Soft::ZERO;
    for cell in cells {
        let mut weight = Soft::ZERO;
        if cell.to_bits() != hidden {
            weight = exp_neg(Soft::new(*cell).plus(max));
        }
        sum = sum.plus(weight);
        *cell = weight.to_f32().unwrap_or_default();
    }
    sum.to_f32()
}

/// Whole numbers in the order of the f32 that they stand for.
fn rank(x: f32) -> i32 {
    let bits = x.to_bits().cast_signed();
    bits ^ (bits >> 31 & i32::MAX)
}

/// [`exp_neg`](crate::exp_neg), operation by operation.
fn exp_neg(x: Soft) -> Soft {
    const LOG2_E: Soft = Soft::new(core::f32::consts::LOG2_E);
    const NUMBERS: [Soft; 5] = {
        let [a, b, c, d, e] = P;
        [
            Soft::new(a),
            Soft::new(b),
            Soft::new(c),
            Soft::new(d),
            Soft::new(e),
        ]
    };
    if x.lies_below(const { Soft::new(EXP_NEG_END) }) {
        return Soft::ZERO;
    }
    let shifted = const { Soft::new(WHOLE) }.plus_product(x, LOG2_E);
    // n <= 0, and so −n is what is taken apart.
    let minus_n = 127 - shifted.low_byte();
    let n = Soft::from_byte(minus_n);
    let high = x.plus_product(n, const { Soft::new(HI) });
    let low = n.times(const { Soft::new(LO) }).negated();
    let r = high.plus(low.negated());
    let mut p = NUMBERS[4];
    for &number in NUMBERS[..4].iter().rev() {
        p = number.plus_product(r, p);
    }
    let tail = low.negated().plus_product(r.times(r), p);
    let one = const { Soft::new(1.0) };
    one.plus(high.plus(tail)).shifted(-minus_n.cast_signed())
}

/// [`Format::mix`]; `v_field` is the least exponent field in `v`.
fn mix(weights: &mut [f32], sum: f32, v_field: i32, v: View<'_, f32>, output: &mut [f32]) {
    let mut least = 127;
    for weight in weights.iter() {
        let field = exponent_field(*weight);
        if weight.to_bits() != 0 && field < least {
            least = field;
        }
    }
    // A product may be subnormal; and after NaN or infinity there is nothing left to be quick about.
    if least + v_field - 127 < 1
        || !FIELDS.contains(&exponent_field(sum))
        || mix_columns(weights, 1.0 / sum, v, output).is_none()
    {
        <Float<f32> as Format>::mix(Scaled::by_the_loop(sum), weights, sum, v, output);
    }
}

/// Column by column; `None` if one is subnormal.
fn mix_columns(
    weights: &[f32],
    reciprocal: f32,
    v: View<'_, f32>,
    output: &mut [f32],
) -> Option<()> {
    for (e, output) in output.iter_mut().enumerate() {
        let mut mixed = Soft::ZERO;
        let mut rest = weights;
        for (rows, values) in v.pieces() {
            let (weights, later) = rest.split_at_checked(rows).unwrap_or_default();
            rest = later;
            let values = values.get(e..).unwrap_or_default();
            mixed = plus_products(mixed, weights, values, v.columns());
        }
        *output = mixed.times(Soft::new(reciprocal)).to_f32()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_has_the_bits_of_the_other_one() {
        let end = (EXP_NEG_END - 1.0).to_bits();
        // A step that is no power of two, from zero on; subnormal numbers are not taken apart.
        let normal = (-f32::MIN_POSITIVE).to_bits();
        for bits in (normal..end).step_by(499).chain([1 << 31]) {
            let x = f32::from_bits(bits);
            let weight = exp_neg(Soft::new(x)).to_f32().map(f32::to_bits);
            assert_eq!(weight, Some(crate::exp_neg(x).to_bits()), "{x:e}");
        }
    }

    #[test]
    fn ranks_are_in_the_order_of_the_numbers() {
        let ascending = [
            f32::NEG_INFINITY,
            -2.0,
            -1e-45,
            0.0,
            1e-45,
            1.0,
            f32::INFINITY,
        ];
        assert!(ascending.map(rank).is_sorted());
    }
}
