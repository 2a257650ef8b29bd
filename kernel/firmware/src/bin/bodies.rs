//! Runs the fastest body and the naive loop side by side, at odd sizes, and counts the problems they agree on.
#![no_std]
#![no_main]

use kqv_firmware::{exit, println, take_free_memory};
use kqv_fixtures::bodies::same_bits_on_every_body;

kqv_firmware::start!(main);

fn main() -> ! {
    let memory = take_free_memory().unwrap_or_default();
    match same_bits_on_every_body(memory) {
        Ok(count) => {
            println!("{:?} agrees {count} times", kqv::Body::best());
            exit(0)
        }
        Err(error) => {
            println!("{error}");
            exit(1)
        }
    }
}
