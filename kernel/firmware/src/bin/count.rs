//! Counts the instructions and the stack that attention takes, in every format, shape and mask.
//!
//! A line is `i8 128x128x32 full random 0123456789abcdef 1234567 instructions 576 bytes 7654321 plain`: format,
//! (T, S, D), mask, numbers, the digest of the output, what was counted, the stack, and what plain loops take; or
//! `… skipped: reason`. From the digest the host knows that it has the same output, and can say how exact that is.
//!
//! `cargo mps2-an386 --bin count -- -append "i8 128x128x32 full"` counts only what has all these words; others
//! are `f32`, `i16`, `causal`, `decode`, `prefill`, and the numbers: `random`, `random-again`, `zeros`,
//! `one-live-key`, `extremes`. They are instructions, not cycles.
#![no_std]
#![no_main]

use kqv_firmware::{
    Counter, all_arguments, exit, print, println, stack_bytes_of,
    take_free_memory_beside_a_large_stack,
};
use kqv_fixtures::digest::DigestError;
use kqv_fixtures::problem::{Numbers, Problem, Watch};

kqv_firmware::start!(main);

fn main() -> ! {
    let Some(counter) = Counter::find() else {
        println!("Nothing counts instructions here: run it on the board of a chip");
        exit(1)
    };
    let memory = take_free_memory_beside_a_large_stack().unwrap_or_default();
    for problem in Problem::all() {
        if all_arguments(|word| problem.has(word)) {
            print!("{problem} ");
            match count(problem, counter, memory) {
                Ok(()) => {}
                Err(error @ DigestError::Memory { .. }) => println!("skipped: {error}"),
                Err(error) => {
                    println!("failed: {error}");
                    exit(1)
                }
            }
        }
    }
    exit(0)
}

/// Runs it counted; for one kind of numbers then with the stack painted and nothing else going on, and
/// in plain loops.
fn count(problem: Problem, counter: Counter, memory: &mut [u64]) -> Result<(), DigestError> {
    let mut instructions = Instructions { counter, count: 0 };
    let digest = problem.run(memory, &mut instructions)?;
    print!("{digest:016x} {} instructions", instructions.count);
    if problem.numbers == Numbers::Random(1) {
        let mut stack = Stack { bytes: 0 };
        problem.run(memory, &mut stack)?;
        print!(" {} bytes", stack.bytes);
        let mut instructions = Instructions { counter, count: 0 };
        problem.run_plain(memory, &mut instructions)?;
        print!(" {} plain", instructions.count);
    }
    println!();
    Ok(())
}

/// Counts the instructions of what it watches.
struct Instructions {
    counter: Counter,
    count: u64,
}

impl Watch for Instructions {
    fn watch(&mut self, work: &mut dyn FnMut()) {
        self.count = self.counter.instructions_of(work);
    }
}

/// Measures the stack of what it watches.
struct Stack {
    bytes: usize,
}

impl Watch for Stack {
    fn watch(&mut self, work: &mut dyn FnMut()) {
        self.bytes = stack_bytes_of(work);
    }
}
