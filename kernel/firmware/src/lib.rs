//! What every program here needs, whatever the chip: where it starts, what memory it has, and how it prints.
//!
//! `cargo mps2-an386 --bin tables` builds for a board and runs in QEMU. On a real board the runner
//! flashes: `cargo microbit --bin tables --config 'target.thumbv6m-none-eabi.runner = "probe-rs run --chip nRF51822_xxAA"'`.
//!
//! A board is a folder in `boards/` with its memory map, its target and its runner, a feature in
//! `Cargo.toml` and an alias in `.cargo/config.toml`, all of one name. No program knows which board
//! it runs on, nor that `wasm32` is none.
#![no_std]

#[cfg(not(target_arch = "wasm32"))]
mod arguments;
#[cfg(not(target_arch = "wasm32"))]
mod counter;
#[cfg(not(target_arch = "wasm32"))]
mod memory;
#[cfg(target_arch = "wasm32")]
mod wasm;

#[cfg(target_arch = "arm")]
#[doc(hidden)]
pub use cortex_m_rt as runtime;
#[cfg(target_arch = "riscv32")]
#[doc(hidden)]
pub use riscv_rt as runtime;

#[cfg(not(target_arch = "wasm32"))]
pub use arguments::all_arguments;
#[cfg(not(target_arch = "wasm32"))]
pub use counter::Counter;
#[cfg(not(target_arch = "wasm32"))]
pub use memory::{
    stack_bytes, stack_bytes_of, take_free_memory, take_free_memory_beside_a_large_stack,
};
#[cfg(not(target_arch = "wasm32"))]
pub use semihosting::{print, println, process::exit};
#[cfg(target_arch = "wasm32")]
pub use wasm::{
    Counter, Stdout, all_arguments, exit, stack_bytes, stack_bytes_of, take_free_memory,
    take_free_memory_beside_a_large_stack,
};

use core::fmt::Display;

use kqv::View;

/// Makes a `fn() -> !` the one that the program starts with.
#[macro_export]
macro_rules! start {
    ($main:ident) => {
        #[cfg(not(target_arch = "wasm32"))]
        #[$crate::runtime::entry]
        fn start() -> ! {
            $main()
        }

        #[cfg(target_arch = "wasm32")]
        #[unsafe(no_mangle)]
        extern "C" fn start() -> ! {
            $main()
        }
    };
}

/// Numbers in one line of text; a wider row goes on in the next line.
const NUMBERS_PER_LINE: usize = 8;

/// Prints a matrix under its title and shape, each row behind its token, with `decimals` digits.
///
/// A row that would not fit on one line and has the same number everywhere shows it once.
pub fn print_table<N>(title: &str, tokens: &[&str], table: View<'_, N>, decimals: usize)
where
    N: Copy + PartialEq + Display,
{
    let columns = table.columns();
    println!("\n{title} ({}, {columns})", table.rows());
    for (i, row) in table.iter_rows().enumerate() {
        print!("{:>12}", tokens.get(i).copied().unwrap_or_default());
        match row.split_first() {
            Some((first, rest))
                if columns > NUMBERS_PER_LINE && rest.iter().all(|n| n == first) =>
            {
                println!(" {first:>9.decimals$} in all {columns} columns");
            }
            _ => print_row(row, decimals),
        }
    }
}

/// Prints the numbers of one row behind its token.
fn print_row<N: Display>(row: &[N], decimals: usize) {
    for (line, numbers) in row.chunks(NUMBERS_PER_LINE).enumerate() {
        if line > 0 {
            print!("{:12}", "");
        }
        for number in numbers {
            print!(" {number:>9.decimals$}");
        }
        println!();
    }
}
