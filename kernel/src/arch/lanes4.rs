//! Four numbers at once: SIMD of WebAssembly and NEON of 64-bit Arm, where the program is compiled for them.
#![expect(
    unsafe_code,
    reason = "a register is filled from and written to memory through a pointer"
)]

use core::array;

use instructions::{
    Register, add, greater, load, mul, power_of_two, splat, store, sub, zero_below,
};

use crate::attention::Attention;
use crate::modify::Modify;
use crate::tile::{Vector, attend_in_tiles};
use crate::view::Qkv;

/// Tiles of 8 queries, and of 4 where no more are left; returns for how many queries, from the first on.
pub(crate) fn attend<M: Modify>(
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize {
    attend_in_tiles::<M, Registers<2>, 8, 4, Registers<1>, 4, 8>(
        scale, qkv, attention, scratch, output,
    )
}

/// Registers of 4 numbers.
#[derive(Clone, Copy)]
struct Registers<const N: usize>([Register; N]);

impl<const N: usize> Registers<N> {
    /// `operation` on each pair; a closure, since an instruction is no `Fn`.
    #[inline]
    fn zip(self, other: Self, operation: impl Fn(Register, Register) -> Register) -> Self {
        Self(array::from_fn(|i| operation(self.0[i], other.0[i])))
    }
}

/// Every operation, register by register.
macro_rules! vector {
    ($registers:literal, $all:literal) => {
        impl Vector<$all> for Registers<$registers> {
            #[inline]
            fn splat(x: f32) -> Self {
                Self([splat(x); $registers])
            }

            #[inline]
            fn load(from: &[f32; $all]) -> Self {
                // SAFETY: register `i` ends at lane `4 · (i + 1) <= all`.
                Self(array::from_fn(|i| unsafe {
                    load(from.as_ptr().add(4 * i))
                }))
            }

            #[inline]
            fn store(self, to: &mut [f32; $all]) {
                for (i, register) in self.0.into_iter().enumerate() {
                    // SAFETY: as for `load`.
                    unsafe { store(to.as_mut_ptr().add(4 * i), register) }
                }
            }

            #[inline]
            fn add(self, other: Self) -> Self {
                self.zip(other, |a, b| add(a, b))
            }

            #[inline]
            fn sub(self, other: Self) -> Self {
                self.zip(other, |a, b| sub(a, b))
            }

            #[inline]
            fn mul(self, other: Self) -> Self {
                self.zip(other, |a, b| mul(a, b))
            }

            #[inline]
            fn greater(self, other: Self) -> Self {
                self.zip(other, greater)
            }

            #[inline]
            fn power_of_two(self) -> Self {
                Self(self.0.map(power_of_two))
            }

            #[inline]
            fn zero_below(self, x: Self, end: f32) -> Self {
                self.zip(x, |value, x| zero_below(value, x, splat(end)))
            }
        }
    };
}

vector!(1, 4);
vector!(2, 8);

/// Those of WebAssembly.
#[cfg(target_arch = "wasm32")]
mod instructions {
    use core::arch::wasm32::{f32x4_lt, f32x4_pmax, i32x4_shl, v128_andnot, v128_load, v128_store};

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
}

/// Those of NEON. Each is safe to call, since this module exists only where the whole program has NEON.
#[cfg(target_arch = "aarch64")]
mod instructions {
    use core::arch::aarch64::{
        vaddq_f32, vbicq_u32, vbslq_f32, vcgtq_f32, vcltq_f32, vdupq_n_f32, vld1q_f32, vmulq_f32,
        vreinterpretq_f32_u32, vreinterpretq_u32_f32, vshlq_n_u32, vst1q_f32, vsubq_f32,
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
}
