//! Q formats: integers with fraction bits that the compiler knows, on the core of [`fixed`](crate::fixed).

use core::marker::PhantomData;

use fixed::traits::Fixed;
use fixed::types::extra::{LeEqU8, LeEqU16};
use fixed::{FixedI8, FixedI16};

use crate::attention::Attention;
use crate::body::Body;
use crate::fixed::{Prepared, Quantized};
use crate::format::{Format, Number};
use crate::integer::{Core, Integer};
use crate::modify::Modify;
use crate::view::{Qkv, View};

/// A Q format: [`Quantized`] with the fraction bits of the type `N`, `FixedI8<Frac>` or `FixedI16<Frac>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QFormat<N>(PhantomData<N>);

impl<N: Fixed<Bits: Integer>> QFormat<N> {
    /// The same format with its scales at run time: same integers, same bits.
    pub fn quantized(self) -> Quantized<N::Bits> {
        let scale = libm::scalbn(1.0, -N::FRAC_NBITS.cast_signed());
        Quantized::of(scale, scale, scale)
    }
}

impl<N: Fixed<Bits: Integer>> Format for QFormat<N> {
    type Element = N;
    type Output = N;
    type Cell = i32;
    type Score = <N::Bits as Core>::Score;
    type Sum = u64;
    type Prepared = Prepared;

    const ZERO_CELL: i32 = 0;
    const HIDDEN: i32 = i32::MIN;
    const ZERO: N = N::ZERO;
    const MAX_WIDTH: usize = Quantized::<N::Bits>::MAX_WIDTH;
    const MAX_KEYS: usize = Quantized::<N::Bits>::MAX_KEYS;
    const ORDERED: bool = Quantized::<N::Bits>::ORDERED;
    const QUERIES_AT_ONCE: usize = Quantized::<N::Bits>::QUERIES_AT_ONCE;

    fn prepare(&self, body: Body, scale: f64) -> Prepared {
        self.quantized().prepare(body, scale)
    }

    fn score_row(prepared: &mut Prepared, q: &[N], keys: View<'_, N>, cells: &mut [i32]) {
        let keys = keys.map(|rows| N::peel_slice(rows));
        Quantized::<N::Bits>::score_row(prepared, N::peel_slice(q), keys, cells);
    }

    fn score_hidden(prepared: Prepared, q: &[N], keys: View<'_, N>, cells: &mut [i32]) {
        let keys = keys.map(|rows| N::peel_slice(rows));
        Quantized::<N::Bits>::score_hidden(prepared, N::peel_slice(q), keys, cells);
    }

    fn score(prepared: Prepared, q: &[N], k: &[N]) -> Self::Score {
        Quantized::<N::Bits>::score(prepared, N::peel_slice(q), N::peel_slice(k))
    }

    fn from_score(score: Self::Score) -> i32 {
        Quantized::<N::Bits>::from_score(score)
    }

    fn to_score(cell: i32) -> Self::Score {
        Quantized::<N::Bits>::to_score(cell)
    }

    fn changed(prepared: Prepared) -> Prepared {
        Quantized::<N::Bits>::changed(prepared)
    }

    fn weigh(prepared: Prepared, cells: &mut [i32]) -> u64 {
        Quantized::<N::Bits>::weigh(prepared, cells)
    }

    fn mix(prepared: Prepared, weights: &mut [i32], sum: u64, v: View<'_, N>, output: &mut [N]) {
        let v = v.map(|values| N::peel_slice(values));
        Quantized::<N::Bits>::mix(prepared, weights, sum, v, N::peel_slice_mut(output));
    }

    fn attend_at_once<M: Modify>(
        body: Body,
        prepared: Prepared,
        qkv: Qkv<'_, N>,
        attention: Attention<M>,
        scratch: &mut [i32],
        output: &mut [N],
    ) -> usize {
        let (qkv, output) = (
            qkv.map(|piece| N::peel_slice(piece)),
            N::peel_slice_mut(output),
        );
        Quantized::<N::Bits>::attend_at_once(body, prepared, qkv, attention, scratch, output)
    }

    fn score_real(prepared: Prepared, cell: i32, q: &[N], k: &[N]) -> f64 {
        let (q, k) = (N::peel_slice(q), N::peel_slice(k));
        Quantized::<N::Bits>::score_real(prepared, cell, q, k)
    }

    fn weight_real(weight: i32, sum: u64) -> f64 {
        Quantized::<N::Bits>::weight_real(weight, sum)
    }

    fn output_real(&self, output: N) -> f64 {
        self.quantized().output_real(output.to_bits())
    }
}

impl<Frac: LeEqU8> Number for FixedI8<Frac> {
    type Format = QFormat<Self>;
    const FORMAT: Self::Format = QFormat(PhantomData);
}

impl<Frac: LeEqU16> Number for FixedI16<Frac> {
    type Format = QFormat<Self>;
    const FORMAT: Self::Format = QFormat(PhantomData);
}
