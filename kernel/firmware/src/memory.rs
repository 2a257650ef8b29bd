//! The memory that is left over, handed out once.
#![expect(
    unsafe_code,
    reason = "only the linker knows where a board's free memory lies"
)]

use core::slice;
use core::sync::atomic::{AtomicBool, Ordering};

/// What the stack may use, in bytes. The rest above the statics is free.
const STACK_BYTES: usize = 2048;

static TAKEN: AtomicBool = AtomicBool::new(false);

unsafe extern "C" {
    /// One past the last byte of RAM: the stack starts here and grows down.
    static _stack_start: u8;
}

/// Free memory in 64-bit words, zeroed; `None` from the second call on.
pub fn take_free_memory() -> Option<&'static mut [u64]> {
    // A load and a store, as a Cortex-M0 has no swap; there is one thread and no interrupt.
    if TAKEN.load(Ordering::Relaxed) {
        return None;
    }
    TAKEN.store(true, Ordering::Relaxed);

    let start = crate::runtime::heap_start().cast::<u8>();
    let end = (&raw const _stack_start).addr().saturating_sub(STACK_BYTES);
    let bytes = end.saturating_sub(start.addr());
    // SAFETY: the linker script puts nothing between the end of the statics, where `start` is, and
    // the stack, which stays above `end`; the bytes are written before they are lent, `TAKEN` lends
    // them once, and any eight aligned bytes are a u64.
    let (_, words, _) = unsafe {
        start.write_bytes(0, bytes);
        slice::from_raw_parts_mut(start, bytes).align_to_mut::<u64>()
    };
    Some(words)
}
