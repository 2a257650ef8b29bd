//! A few f32 numbers that are computed with at once, whatever the processor calls them.

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
    /// `self` and `other` by turns: lane 0 of both, lane 1 of both, and so on, in two registers.
    fn interleave(self, other: Self) -> [Self; 2];

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

    /// [`exp_neg`](crate::exp_neg) of every lane, operation by operation.
    #[inline(always)]
    fn exp_neg(self) -> Self {
        let shifted = self.mul(Self::splat(LOG2_E)).add(Self::splat(WHOLE));
        let n = shifted.sub(Self::splat(WHOLE));
        let high = self.sub(n.mul(Self::splat(HI)));
        let low = n.mul(Self::splat(LO));
        let r = high.sub(low);
        let p = r.mul(Self::splat(P[4])).add(Self::splat(P[3]));
        let p = r.mul(p).add(Self::splat(P[2]));
        let p = r.mul(p).add(Self::splat(P[1]));
        let p = r.mul(p).add(Self::splat(P[0]));
        let tail = r.mul(r).mul(p).sub(low);
        let power = high
            .add(tail)
            .add(Self::splat(1.0))
            .mul(shifted.power_of_two());
        power.zero_below(self, EXP_NEG_END)
    }
}

/// Turns `L` rows of `L` numbers into columns.
///
/// Interleaving the first half of the rows with the second moves one bit of the row number behind the column
/// number; after log2 L times all have moved.
#[inline(always)]
pub(crate) fn transposed<V: Vector<L>, const L: usize>(mut rows: [V; L]) -> [V; L] {
    for _ in 0..L.ilog2() {
        let mut turned = rows;
        for i in 0..L / 2 {
            [turned[2 * i], turned[2 * i + 1]] = rows[i].interleave(rows[i + L / 2]);
        }
        rows = turned;
    }
    rows
}
