//! Runs the check that a product can run at boot, and prints its digest and the stack it took.
//!
//! A program of its own: beside all the cases it would not fit into the flash of the smallest board.
#![no_std]
#![no_main]

use kqv_firmware::{exit, println, stack_bytes, take_free_memory};

kqv_firmware::start!(main);

fn main() -> ! {
    take_free_memory(); // from here on the stack is watched
    let digest = kqv::self_check();
    println!("self_check {digest:016x}");
    if let Some(bytes) = stack_bytes() {
        println!("stack {bytes} bytes");
    }
    exit(i32::from(digest != kqv::SELF_CHECK))
}
