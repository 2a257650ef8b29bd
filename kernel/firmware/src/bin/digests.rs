//! Runs every case in every format that fits, and prints one digest each.
//!
//! A line is `case format digest`, or `case format skipped: reason`; the last two are `stack` and
//! how much of it was used, and `done` and how many were run.
#![no_std]
#![no_main]

use kqv_firmware::{exit, println, stack_bytes, take_free_memory};
use kqv_fixtures::CASES;
use kqv_fixtures::digest::{CaseFormat, DigestError, digest};

kqv_firmware::start!(main);

fn main() -> ! {
    let memory = take_free_memory().unwrap_or_default();
    let mut done = 0;
    for case in CASES {
        for format in CaseFormat::ALL {
            let (case_name, format_name) = (case.name, format.name());
            match digest(case, format, memory) {
                Ok(digest) => {
                    println!("{case_name} {format_name} {digest:016x}");
                    done += 1;
                }
                Err(error @ DigestError::Memory { .. }) => {
                    println!("{case_name} {format_name} skipped: {error}");
                }
                Err(error) => {
                    println!("{case_name} {format_name} failed: {error}");
                    exit(1)
                }
            }
        }
    }
    if let Some(bytes) = stack_bytes() {
        println!("stack {bytes} bytes");
    }
    println!("done {done}");
    exit(0)
}
