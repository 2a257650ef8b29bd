//! Sums of products on a chip without floating point, in its own instructions.

#![expect(unsafe_code, reason = "the loop is in assembly")]

#[cfg(target_arch = "arm")]
use super::arm_soft::add_products;
#[cfg(target_arch = "riscv32")]
use super::riscv_soft::add_products;
use crate::soft::Soft;

/// `((sum + a0 b0) + a1 b1) + …`, with every `stride`-th number of `b`; all are zero or normal.
pub(crate) fn plus_products(mut sum: Soft, a: &[f32], b: &[f32], stride: usize) -> Soft {
    let before_last = a.len().saturating_sub(1).saturating_mul(stride);
    if a.is_empty() || b.len() <= before_last {
        return sum;
    }
    let step = stride * size_of::<f32>();
    // SAFETY: reads all of `a`, and of `b` as many numbers, of which the last was seen to exist.
    unsafe {
        add_products(&mut sum, a.as_ptr(), b.as_ptr(), a.len(), step);
    }
    sum
}
