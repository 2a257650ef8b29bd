//! A few f32 numbers that are computed with at once, whatever the processor calls them.
//!
//! An array for every lane is filled by a loop here and in [`stages`](crate::stages): `map` and `from_fn` over sixteen
//! become functions of their own, which are not compiled for the vectors.

#![expect(
    clippy::inline_always,
    reason = "a vector operation is worth nothing unless it is inlined into the function that was compiled for it"
)]

use core::f32::consts::LOG2_E;

use crate::exp::{EXP_NEG_END, HI, LO, P, WHOLE};

/// `L` f32 numbers in one register that are computed with at once, each as if alone.
pub(crate) trait Vector<const L: usize>: Copy {
    fn splat(x: f32) -> Self;
    fn load(from: &[f32; L]) -> Self;
    fn store(self, to: &mut [f32; L]);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// `self` where it is greater, else `other`.
    fn greater(self, other: Self) -> Self;
    /// The number whose bits are these, shifted left by 23: a power of two from its biased exponent.
    fn power_of_two(self) -> Self;
    /// `self`, but zero where `x` is below `end`.
    fn zero_below(self, x: Self, end: f32) -> Self;

    /// The same numbers, as if they lay elsewhere: where an operand in memory is cheaper than a register that was
    /// loaded before, the compiler must not know that it is loaded again.
    #[inline(always)]
    fn apart<T>(numbers: &[T]) -> &[T] {
        numbers
    }

    /// `L` rows as columns.
    fn turned(rows: [&[f32; L]; L]) -> [Self; L];

    /// The first `L` numbers of up to `L` rows as columns; zeros where there are none.
    #[inline(always)]
    fn turned_parts<'a>(rows: impl Iterator<Item = &'a [f32]>) -> [Self; L] {
        let mut whole = [[0.0; L]; L];
        for (whole, row) in whole.iter_mut().zip(rows) {
            for (cell, &x) in whole.iter_mut().zip(row) {
                *cell = x;
            }
        }
        let mut rows = [&whole[0]; L];
        for (row, whole) in rows.iter_mut().zip(&whole) {
            *row = whole;
        }
        Self::turned(rows)
    }

    /// The first numbers of `from`; zeros where there are fewer than `L`.
    #[inline(always)]
    fn load_part(from: &[f32]) -> Self {
        if let Some(whole) = from.first_chunk() {
            return Self::load(whole);
        }
        let mut whole = [0.0; L];
        for (cell, &x) in whole.iter_mut().zip(from) {
            *cell = x;
        }
        Self::load(&whole)
    }

    /// Stores the first lanes, as many as `to` takes.
    #[inline(always)]
    fn store_part(self, to: &mut [f32]) {
        if let Some(whole) = to.first_chunk_mut() {
            return self.store(whole);
        }
        for (cell, x) in to.iter_mut().zip(self.lanes()) {
            *cell = x;
        }
    }

    /// The lanes as an array.
    #[inline(always)]
    fn lanes(self) -> [f32; L] {
        let mut lanes = [0.0; L];
        self.store(&mut lanes);
        lanes
    }

    /// [`exp_neg`](crate::exp_neg) of every lane of every vector, operation by operation.
    #[inline(always)]
    fn exp_neg<const N: usize>(x: [Self; N]) -> [Self; N] {
        let [mut high, mut low, mut r, mut p] = [[Self::splat(0.0); N]; 4];
        let mut shifted = x;
        for i in 0..N {
            shifted[i] = x[i].mul(Self::splat(LOG2_E)).add(Self::splat(WHOLE));
            let n = shifted[i].sub(Self::splat(WHOLE));
            high[i] = x[i].sub(n.mul(Self::splat(HI)));
            low[i] = n.mul(Self::splat(LO));
            r[i] = high[i].sub(low[i]);
            p[i] = Self::splat(P[4]);
        }
        for term in [P[3], P[2], P[1], P[0]] {
            for i in 0..N {
                p[i] = r[i].mul(p[i]).add(Self::splat(term));
            }
        }
        let mut power = x;
        for i in 0..N {
            let tail = r[i].mul(r[i]).mul(p[i]).sub(low[i]);
            let sum = high[i].add(tail).add(Self::splat(1.0));
            power[i] = sum.mul(shifted[i].power_of_two());
            power[i] = power[i].zero_below(x[i], EXP_NEG_END);
        }
        power
    }
}
