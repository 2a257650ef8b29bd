//! The memory that is left over, handed out once, and how much of its own the stack has used.
#![expect(
    unsafe_code,
    reason = "only the linker knows where a board's free memory lies"
)]

use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicBool, Ordering};

/// What the stack may use, in bytes. The rest above the statics is free.
const STACK_BYTES: usize = 3072;
/// The last of them, in bytes: a stack that comes this far is taken to have gone further.
const GUARD_BYTES: usize = 64;
/// What the stack is filled with where it was not yet used.
const PAINT: u32 = 0x57AC_C0DE;

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
    paint_stack();

    let start = crate::runtime::heap_start().cast::<u8>();
    let bytes = stack_limit().addr().saturating_sub(start.addr());
    // SAFETY: the linker script puts nothing between the end of the statics, where `start` is, and
    // the stack, which stays above its limit; the bytes are written before they are lent, `TAKEN`
    // lends them once, and any eight aligned bytes are a u64.
    let (_, words, _) = unsafe {
        start.write_bytes(0, bytes);
        slice::from_raw_parts_mut(start, bytes).align_to_mut::<u64>()
    };
    Some(words)
}

/// The most bytes of stack that were used at one time since the free memory was taken.
///
/// `None` where the machine itself stops a program that leaves its stack.
///
/// # Panics
/// If the stack used all it has: then it may have overwritten what lies below.
pub fn stack_bytes() -> Option<usize> {
    let unused = stack_words()
        // SAFETY: all of the stack can be read; volatile, as the compiler does not know what it holds.
        .take_while(|&word| unsafe { ptr::read_volatile(word) } == PAINT)
        .count()
        * size_of::<u32>();
    assert!(
        unused >= GUARD_BYTES,
        "The stack needs more than {STACK_BYTES} bytes: raise STACK_BYTES in memory.rs"
    );
    Some(STACK_BYTES - unused)
}

/// Fills the stack from its limit to a little below where it is in use.
#[inline(never)]
fn paint_stack() {
    let here = PAINT;
    // What the compiler keeps below a variable of this function is far less than this.
    let in_use = (&raw const here).wrapping_byte_sub(256);
    for word in stack_words().take_while(|word| word.addr() < in_use.addr()) {
        // SAFETY: nothing is kept below the stack in use; there is no interrupt that could.
        unsafe { ptr::write_volatile(word, PAINT) };
    }
}

/// The words of the stack, from its limit up.
fn stack_words() -> impl Iterator<Item = *mut u32> {
    let limit = stack_limit();
    (0..STACK_BYTES / size_of::<u32>()).map(move |at| limit.wrapping_add(at))
}

/// The lowest word that the stack may use.
fn stack_limit() -> *mut u32 {
    let limit = (&raw const _stack_start).wrapping_sub(STACK_BYTES);
    limit.cast_mut().cast()
}
