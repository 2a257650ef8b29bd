//! i8 in, i16 out: the output 256 times as fine as V.
//!
//! Scores and weights are those of [`Quantized<i8>`], to the bit. The mean is that of i16 with values 256·v: shares of
//! 2³⁰, each product in steps of 2⁻¹⁴ of the output's last place. So the output is as exact as that of i16 in units of
//! its own last place, and an i8 needs no further bit than it has: a mean of numbers from −128 to 127, times 256,
//! fits an i16.

#[cfg(kqv_dsp)]
use crate::arch::arm_integer;
use crate::attention::Attention;
use crate::body::{Body, FOURS_PAY, TWO_ROWS_PAY};
use crate::exp::share_factor;
use crate::fixed::{Prepared, Quantized};
use crate::format::Format;
use crate::fours;
use crate::integer::Core;
#[cfg(kqv_dsp)]
use crate::integer::half_i16;
use crate::mean_of::MeanOf;
use crate::modify::Modify;
use crate::row::{mix_rest, share};
use crate::two_rows;
use crate::view::{Qkv, View};

/// Q, K and V of i8 with [`Quantized`]'s scales, and an output of i16 with a scale 256 times finer than that of V.
///
/// With DSP instructions the output costs what it costs in i8, elsewhere up to a third more; and the error is a 200th of
/// that: no more than 0.58 units of an i16 (`kernel/tests/accuracy.rs`) instead of half a unit of an i8.
///
/// ```
/// use kqv::{Attention, FineOutput, KvCache, Quantized};
///
/// let format = FineOutput::of(Quantized::<i8>::from_fraction_bits(4, 4, 5)?);
/// let mut cache = KvCache::<i8, 1, 1, 4>::new();
/// cache.push(&[0], &[32])?; // 1.0
/// cache.push(&[0], &[33])?; // 1.03125
/// cache.push(&[0], &[33])?;
/// let output = cache.attend_in(format, &[[0]], Attention::CAUSAL, ());
/// assert_eq!(output, [[8363]]); // 32.668 · 256, where i8 would say 33
/// assert_eq!(format.output_scale(), 1.0 / (32.0 * 256.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FineOutput(Quantized<i8>);

/// Units of the output in one of V.
pub(crate) const FINER: i16 = 1 << 8;

impl FineOutput {
    /// Q, K and V as in `format`.
    pub const fn of(format: Quantized<i8>) -> Self {
        Self(format)
    }

    /// The format of Q, K and V.
    pub const fn input(&self) -> Quantized<i8> {
        self.0
    }

    /// What 1 stands for in the output: a 256th of the scale of V.
    pub const fn output_scale(&self) -> f64 {
        self.0.v_scale() / FINER as f64
    }
}

/// The i8 format that does all but the mean.
type Input = Quantized<i8>;

impl Format for FineOutput {
    type Element = i8;
    type Output = i16;
    type Cell = i32;
    type Score = <Input as Format>::Score;
    type Sum = u64;
    type Prepared = Prepared;

    const ZERO_CELL: i32 = Input::ZERO_CELL;
    const HIDDEN: i32 = Input::HIDDEN;
    const ZERO: i16 = 0;
    const MAX_WIDTH: usize = Input::MAX_WIDTH;
    const MAX_KEYS: usize = Input::MAX_KEYS;
    const ORDERED: bool = Input::ORDERED;
    const QUERIES_AT_ONCE: usize = Input::QUERIES_AT_ONCE;

    fn prepare(&self, body: Body, scale: f64) -> Prepared {
        self.0.prepare(body, scale)
    }

    fn score_row(prepared: &mut Prepared, q: &[i8], keys: View<'_, i8>, cells: &mut [i32]) {
        Input::score_row(prepared, q, keys, cells);
    }

    fn score_hidden(prepared: Prepared, q: &[i8], keys: View<'_, i8>, cells: &mut [i32]) {
        Input::score_hidden(prepared, q, keys, cells);
    }

    fn score(prepared: Prepared, q: &[i8], k: &[i8]) -> Self::Score {
        Input::score(prepared, q, k)
    }

    fn from_score(score: Self::Score) -> i32 {
        Input::from_score(score)
    }

    fn to_score(cell: i32) -> Self::Score {
        Input::to_score(cell)
    }

    fn changed(prepared: Prepared) -> Prepared {
        Input::changed(prepared)
    }

    fn weigh(prepared: Prepared, cells: &mut [i32]) -> u64 {
        Input::weigh(prepared, cells)
    }

    fn mix(prepared: Prepared, weights: &mut [i32], sum: u64, v: View<'_, i8>, output: &mut [i16]) {
        let (body, keys) = (prepared.body, weights.len());
        share(body, weights, share_factor(sum, i16::TOTAL, keys));
        let done = match v.pieces() {
            [(_, values), (0, _)] => match body {
                Body::Scalar => 0,
                Body::Quads | Body::Soft if FOURS_PAY => {
                    fours::mix(weights, values, output, weighted, |sum| mean(sum, keys))
                }
                _ => mix_fast(weights, values, output),
            },
            _ => 0,
        };
        let fast = |values: &[i8], first| mix_four_fast(weights, values, v.columns(), first);
        mix_rest(body, weights, v, done, output, fast, weighted, |sum| {
            mean(sum, keys)
        });
    }

    fn attend_at_once<M: Modify>(
        body: Body,
        prepared: Prepared,
        qkv: Qkv<'_, i8>,
        attention: Attention<M>,
        scratch: &mut [i32],
        output: &mut [i16],
    ) -> usize {
        match body {
            #[cfg(kqv_dsp)]
            Body::Assembly => crate::pairs::attend_i8(prepared, qkv, attention, scratch, output),
            Body::Quads | Body::Soft if TWO_ROWS_PAY => {
                two_rows::attend(prepared, qkv, attention, scratch, output)
            }
            _ => 0,
        }
    }

    fn score_real(prepared: Prepared, cell: i32, q: &[i8], k: &[i8]) -> f64 {
        Input::score_real(prepared, cell, q, k)
    }

    fn weight_real(weight: i32, sum: u64) -> f64 {
        Input::weight_real(weight, sum)
    }

    fn output_real(&self, output: i16) -> f64 {
        f64::from(output) * self.output_scale()
    }
}

/// What a share of 2^30 and a value add: share · 256·value / 2^16, rounded down.
fn weighted(share: i32, value: i8) -> i32 {
    <i16 as MeanOf<i8>>::weighted(share, value)
}

/// The mean, from the sum of those.
fn mean(mixed: i32, keys: usize) -> i16 {
    i16::mean(mixed, i16::TOTAL, keys)
}

/// The means of the first columns of `v` as a chip can; returns of how many.
#[cfg(kqv_dsp)]
fn mix_fast(shares: &[i32], v: &[i8], output: &mut [i16]) -> usize {
    arm_integer::mix_i8_fine(shares, v, half_i16(shares.len()), output)
}

/// The means of the first columns of `v` as a chip can; returns of how many.
#[cfg(not(kqv_dsp))]
fn mix_fast(_: &[i32], _: &[i8], _: &mut [i16]) -> usize {
    0
}

/// Four columns of `v` from one on as a chip can.
#[cfg(kqv_narrow)]
fn mix_four_fast(shares: &[i32], v: &[i8], width: usize, first: usize) -> Option<[i32; 4]> {
    crate::arch::arm_narrow::mix_i8_fine(shares, v, width, first)
}

/// Four columns of `v` from one on as a chip can.
#[cfg(not(kqv_narrow))]
fn mix_four_fast(_: &[i32], _: &[i8], _: usize, _: usize) -> Option<[i32; 4]> {
    None
}
