//! The memory that is left over, handed out once, and how much of its own the stack has used.
#![expect(
    unsafe_code,
    reason = "only the linker knows where a board's free memory lies"
)]

use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicUsize, Ordering};

/// What the stack may use, in bytes, unless a program asks for more. The rest above the statics is free.
const STACK_BYTES: usize = 3072;
/// The most that a stack is ever given, in bytes.
const MAX_STACK_BYTES: usize = 96 * 1024;
/// The last of them, in bytes: a stack that comes this far is taken to have gone further.
const GUARD_BYTES: usize = 64;
/// What the stack is filled with where it was not yet used.
const PAINT: u32 = 0x57AC_C0DE;

/// What the stack may use, in bytes; zero until the free memory is taken.
static STACK: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" {
    /// One past the last byte of RAM: the stack starts here and grows down.
    static _stack_start: u8;
}

/// Free memory in 64-bit words, zeroed; `None` from the second call on.
pub fn take_free_memory() -> Option<&'static mut [u64]> {
    take_memory(STACK_BYTES)
}

/// [`take_free_memory`] with a large stack: a third of what is free.
pub fn take_free_memory_beside_a_large_stack() -> Option<&'static mut [u64]> {
    let start = crate::runtime::heap_start().addr();
    let free = (&raw const _stack_start).addr().saturating_sub(start);
    take_memory(((free / 3) & !7).min(MAX_STACK_BYTES))
}

fn take_memory(stack_bytes: usize) -> Option<&'static mut [u64]> {
    // A load and a store, as a Cortex-M0 has no swap; there is one thread.
    if STACK.load(Ordering::Relaxed) > 0 {
        return None;
    }
    STACK.store(stack_bytes, Ordering::Relaxed);
    paint_stack();

    let start = crate::runtime::heap_start().cast::<u8>();
    let bytes = stack_limit().addr().saturating_sub(start.addr());
    // SAFETY: the linker script puts nothing between the end of the statics, where `start` is, and
    // the stack, which stays above its limit; the bytes are written before they are lent, `STACK`
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
    Some(STACK.load(Ordering::Relaxed) - unused_bytes())
}

/// The bytes of stack that `work` uses, below what is in use when it is called.
///
/// # Panics
/// If the stack used all it has.
#[inline(never)]
pub fn stack_bytes_of(work: impl FnOnce()) -> usize {
    paint_stack();
    let here = 0_u32;
    let above = (&raw const _stack_start).addr() - (&raw const here).addr();
    work();
    (STACK.load(Ordering::Relaxed) - unused_bytes()).saturating_sub(above)
}

/// The bytes at the lower end of the stack that still have their paint.
fn unused_bytes() -> usize {
    let unused = stack_words()
        // SAFETY: all of the stack can be read; volatile, as the compiler does not know what it holds.
        .take_while(|&word| unsafe { ptr::read_volatile(word) } == PAINT)
        .count()
        * size_of::<u32>();
    assert!(
        unused >= GUARD_BYTES,
        "The stack needs more than {} bytes: see memory.rs",
        STACK.load(Ordering::Relaxed)
    );
    unused
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
    (0..STACK.load(Ordering::Relaxed) / size_of::<u32>()).map(move |at| limit.wrapping_add(at))
}

/// The lowest word that the stack may use.
fn stack_limit() -> *mut u32 {
    let limit = (&raw const _stack_start).wrapping_sub(STACK.load(Ordering::Relaxed));
    limit.cast_mut().cast()
}
