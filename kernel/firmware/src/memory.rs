//! The memory that is left over, handed out once.
#![expect(
    unsafe_code,
    reason = "only the linker knows where a board's free memory lies"
)]

use core::sync::atomic::{AtomicBool, Ordering};

/// What the stack may use, in bytes. The rest above the statics is free.
const STACK_BYTES: usize = 4096;

/// Free memory in 64-bit words, zeroed; `None` from the second call on.
pub fn take_free_memory() -> Option<&'static mut [u64]> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    // A load and a store, as a Cortex-M0 has no swap; there is one thread and no interrupt.
    if TAKEN.load(Ordering::Relaxed) {
        return None;
    }
    TAKEN.store(true, Ordering::Relaxed);

    unsafe extern "C" {
        /// One past the last byte of RAM: the stack starts here and grows down.
        static _stack_start: u8;
    }
    let start = crate::runtime::heap_start().cast::<u8>();
    let start = start.wrapping_add(start.align_offset(align_of::<u64>()));
    let end = (&raw const _stack_start).addr().saturating_sub(STACK_BYTES);
    let words = end.saturating_sub(start.addr()) / size_of::<u64>();
    let start = start.cast::<u64>();
    // SAFETY: the linker script puts nothing between the end of the statics, where `start` is, and
    // the stack, which stays above `end`; `start` is aligned, the words are written before they are
    // lent, and `TAKEN` lends them once.
    unsafe {
        start.write_bytes(0, words);
        Some(core::slice::from_raw_parts_mut(start, words))
    }
}
