//! A mask that the compiler does not turn into a branch, so that no number changes how long a chip takes.

/// −1 below zero, else 0.
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
#[expect(
    unsafe_code,
    reason = "of a shift that it can see the compiler makes a comparison, and of that a branch"
)]
pub(crate) fn sign_mask(mut number: i32) -> i32 {
    // SAFETY: works on a register only, and the flags.
    unsafe {
        #[cfg(target_arch = "arm")]
        core::arch::asm!(
            "asrs {number}, {number}, #31",
            number = inout(reg) number,
            options(pure, nomem, nostack),
        );
        #[cfg(target_arch = "riscv32")]
        core::arch::asm!(
            "srai {number}, {number}, 31",
            number = inout(reg) number,
            options(pure, nomem, nostack),
        );
    }
    number
}

/// −1 below zero, else 0: where nobody promises anything about time.
#[cfg(not(any(target_arch = "arm", target_arch = "riscv32")))]
pub(crate) const fn sign_mask(number: i32) -> i32 {
    number >> 31
}
