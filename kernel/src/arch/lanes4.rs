//! Four numbers at once: SIMD of WebAssembly and NEON of 64-bit Arm, where the program is compiled for them.
#![expect(
    unsafe_code,
    reason = "a register is filled from and written to memory through a pointer"
)]

use instructions::{
    Register, add, greater, interleave, load, mul, power_of_two, splat, store, sub, zero_below,
};

use core::ops::Range;

use crate::stages::{MOST_LANES, Stages, Weighed, stages};
use crate::vector::Vector;
use crate::view::View;

/// The stages on them.
#[derive(Clone, Copy)]
pub(crate) struct Lanes4;

stages!(Lanes4, Lanes of 4, tiles of [2, 1], 4 keys, 4 by 2);

/// 4 numbers.
#[derive(Clone, Copy)]
struct Lanes(Register);

impl Vector<4> for Lanes {
    #[inline]
    fn splat(x: f32) -> Self {
        Self(splat(x))
    }

    #[inline]
    fn load(from: &[f32; 4]) -> Self {
        // SAFETY: four numbers lie there.
        Self(unsafe { load(from.as_ptr()) })
    }

    #[inline]
    fn store(self, to: &mut [f32; 4]) {
        // SAFETY: there is room for four.
        unsafe { store(to.as_mut_ptr(), self.0) }
    }

    #[inline]
    fn add(self, other: Self) -> Self {
        Self(add(self.0, other.0))
    }

    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(sub(self.0, other.0))
    }

    #[inline]
    fn mul(self, other: Self) -> Self {
        Self(mul(self.0, other.0))
    }

    #[inline]
    fn greater(self, other: Self) -> Self {
        Self(greater(self.0, other.0))
    }

    #[inline]
    fn power_of_two(self) -> Self {
        Self(power_of_two(self.0))
    }

    #[inline]
    fn zero_below(self, x: Self, end: f32) -> Self {
        Self(zero_below(self.0, x.0, splat(end)))
    }

    /// By turns a lane of the first two rows and of the last two, and that once more.
    #[inline]
    fn turned(rows: [&[f32; 4]; 4]) -> [Self; 4] {
        let [a, b, c, d] = rows.map(|row| Self::load(row).0);
        let ([a, b], [c, d]) = (interleave(a, c), interleave(b, d));
        let ([a, b], [c, d]) = (interleave(a, c), interleave(b, d));
        [a, b, c, d].map(Self)
    }
}

/// Those of WebAssembly.
#[cfg(target_arch = "wasm32")]
mod instructions {
    use core::arch::wasm32::{
        f32x4_lt, f32x4_pmax, i32x4_shl, i32x4_shuffle, v128_andnot, v128_load, v128_store,
    };

    // Safe: the whole program is compiled for them.
    pub(super) use core::arch::wasm32::{
        f32x4_add as add, f32x4_mul as mul, f32x4_splat as splat, f32x4_sub as sub,
        v128 as Register,
    };

    /// # Safety
    /// Four numbers lie at `from`; no alignment is needed.
    #[inline]
    pub(super) unsafe fn load(from: *const f32) -> Register {
        // SAFETY: the caller's.
        unsafe { v128_load(from.cast()) }
    }

    /// # Safety
    /// There is room for four numbers at `to`; no alignment is needed.
    #[inline]
    pub(super) unsafe fn store(to: *mut f32, register: Register) {
        // SAFETY: the caller's.
        unsafe { v128_store(to.cast(), register) }
    }

    /// The instruction returns its first operand for NaN.
    #[inline]
    pub(super) fn greater(a: Register, b: Register) -> Register {
        f32x4_pmax(b, a)
    }

    #[inline]
    pub(super) fn power_of_two(bits: Register) -> Register {
        i32x4_shl(bits, 23)
    }

    #[inline]
    pub(super) fn zero_below(value: Register, x: Register, end: Register) -> Register {
        v128_andnot(value, f32x4_lt(x, end))
    }

    #[inline]
    pub(super) fn interleave(a: Register, b: Register) -> [Register; 2] {
        [
            i32x4_shuffle::<0, 4, 1, 5>(a, b),
            i32x4_shuffle::<2, 6, 3, 7>(a, b),
        ]
    }
}

/// Those of NEON. Each is safe to call, since this module exists only where the whole program has NEON.
#[cfg(target_arch = "aarch64")]
mod instructions {
    use core::arch::aarch64::{
        vaddq_f32, vbicq_u32, vbslq_f32, vcgtq_f32, vcltq_f32, vdupq_n_f32, vld1q_f32, vmulq_f32,
        vreinterpretq_f32_u32, vreinterpretq_u32_f32, vshlq_n_u32, vst1q_f32, vsubq_f32,
        vzip1q_f32, vzip2q_f32,
    };

    pub(super) use core::arch::aarch64::float32x4_t as Register;

    /// # Safety
    /// Four numbers lie at `from`; no alignment beyond theirs is needed.
    #[inline]
    pub(super) unsafe fn load(from: *const f32) -> Register {
        // SAFETY: the caller's.
        unsafe { vld1q_f32(from) }
    }

    /// # Safety
    /// There is room for four numbers at `to`; no alignment beyond theirs is needed.
    #[inline]
    pub(super) unsafe fn store(to: *mut f32, register: Register) {
        // SAFETY: the caller's.
        unsafe { vst1q_f32(to, register) }
    }

    #[inline]
    pub(super) fn splat(x: f32) -> Register {
        // SAFETY: see the module.
        unsafe { vdupq_n_f32(x) }
    }

    #[inline]
    pub(super) fn add(a: Register, b: Register) -> Register {
        // SAFETY: see the module.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline]
    pub(super) fn sub(a: Register, b: Register) -> Register {
        // SAFETY: see the module.
        unsafe { vsubq_f32(a, b) }
    }

    #[inline]
    pub(super) fn mul(a: Register, b: Register) -> Register {
        // SAFETY: see the module.
        unsafe { vmulq_f32(a, b) }
    }

    #[inline]
    pub(super) fn greater(a: Register, b: Register) -> Register {
        // SAFETY: see the module.
        unsafe { vbslq_f32(vcgtq_f32(a, b), a, b) }
    }

    #[inline]
    pub(super) fn power_of_two(bits: Register) -> Register {
        // SAFETY: see the module.
        unsafe { vreinterpretq_f32_u32(vshlq_n_u32::<23>(vreinterpretq_u32_f32(bits))) }
    }

    #[inline]
    pub(super) fn zero_below(value: Register, x: Register, end: Register) -> Register {
        // SAFETY: see the module.
        unsafe {
            let below = vcltq_f32(x, end);
            vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(value), below))
        }
    }

    #[inline]
    pub(super) fn interleave(a: Register, b: Register) -> [Register; 2] {
        // SAFETY: see the module.
        unsafe { [vzip1q_f32(a, b), vzip2q_f32(a, b)] }
    }
}
