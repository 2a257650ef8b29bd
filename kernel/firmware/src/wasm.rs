//! What WebAssembly has in the place of start-up code, memory map and debugger: `boards/wasm32/run.mjs`.
#![expect(
    unsafe_code,
    reason = "what the host gives is known by its name only, and memory that it adds is nobody's"
)]

use core::arch::wasm32;
use core::fmt;
use core::panic::PanicInfo;
use core::slice;

/// How much memory there is for a program to take, in pages of 64 kB: 4 MB, as on the larger boards.
const FREE_PAGES: usize = 64;
const PAGE_BYTES: usize = 64 * 1024;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Prints `length` bytes of UTF-8.
    #[link_name = "print"]
    fn host_print(text: *const u8, length: usize);
    /// Ends the program.
    pub safe fn exit(status: i32) -> !;
}

/// Fresh memory in 64-bit words, zeroed; `None` when the host has no more.
pub fn take_free_memory() -> Option<&'static mut [u64]> {
    let page = wasm32::memory_grow::<0>(FREE_PAGES);
    if page == usize::MAX {
        return None;
    }
    let start = core::ptr::with_exposed_provenance_mut(page * PAGE_BYTES);
    // SAFETY: the host has just added these pages, zeroed, and nobody else knows of them.
    Some(unsafe { slice::from_raw_parts_mut(start, FREE_PAGES * PAGE_BYTES / size_of::<u64>()) })
}

/// [`take_free_memory`]: the stack is elsewhere.
pub fn take_free_memory_beside_a_large_stack() -> Option<&'static mut [u64]> {
    take_free_memory()
}

/// Nobody counts instructions here.
#[derive(Clone, Copy, Debug)]
pub enum Counter {}

impl Counter {
    /// `None`
    pub fn find() -> Option<Self> {
        None
    }

    /// Cannot be called.
    pub fn instructions_of(&self, _: impl FnOnce()) -> u64 {
        match *self {}
    }
}

/// True: a program gets no arguments.
pub fn all_arguments(_: impl Fn(&str) -> bool) -> bool {
    true
}

/// Does `work`; 0, as nobody can look at the stack.
pub fn stack_bytes_of(work: impl FnOnce()) -> usize {
    work();
    0
}

/// `None`: the host stops a program that leaves its stack.
pub fn stack_bytes() -> Option<usize> {
    None
}

/// Where `print!` writes.
#[doc(hidden)]
pub struct Stdout;

impl fmt::Write for Stdout {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the bytes are read before the call returns.
        unsafe { host_print(text.as_ptr(), text.len()) };
        Ok(())
    }
}

/// Prints, as `std` does.
#[macro_export]
macro_rules! print {
    ($($text:tt)*) => {{
        use core::fmt::Write as _;
        _ = core::write!($crate::Stdout, $($text)*);
    }};
}

/// Prints a line, as `std` does.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($text:tt)*) => {{
        use core::fmt::Write as _;
        _ = core::writeln!($crate::Stdout, $($text)*);
    }};
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    exit(101)
}
