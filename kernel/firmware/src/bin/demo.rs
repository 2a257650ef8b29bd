//! i8 attention with its tables on the serial port: no debugger, and less than 16 kB of flash.
//!
//! Four words, each a row of Q, K and V in thirty-seconds; what is printed is in thousandths: scores,
//! weights and outputs. The last line is `done`.
#![no_std]
#![no_main]

use core::fmt::Write as _;
use core::hint::{black_box, spin_loop};

use fixed::types::I3F5;
use kqv::{Attention, Format, Number, Observer, Scores, attend};
use kqv_firmware::Serial;

kqv_firmware::start!(main);

/// As wide as each other: to fill up with spaces takes half a kilobyte of flash.
const WORDS: [&str; 4] = ["  the ", "  cat ", "  sat ", " down "];

/// What each word asks, (T, D).
const Q: [[I3F5; 4]; 4] = matrix([[8, 0, 0, 8], [0, 32, 0, 0], [0, 64, 16, 0], [0, 0, 64, 8]]);
/// What each word offers, (S, D).
const K: [[I3F5; 4]; 4] = matrix([[32, 0, 0, 0], [0, 64, 0, 0], [0, 16, 64, 0], [0, 0, 16, 64]]);
/// What each word carries, (S, E).
const V: [[I3F5; 3]; 4] = matrix([[32, 0, 0], [0, 32, 0], [0, 0, 32], [16, 16, 16]]);

fn main() -> ! {
    let mut serial = Serial::start();
    let (q, k, v) = black_box((Q, K, V)); // or the compiler would compute it all
    _ = serial.write_str("what each word looks at, i8\n");
    attend(&q, &k, &v, Attention::CAUSAL, &mut Printer(serial));
    let mut serial = Serial::start();
    _ = serial.write_str("done\n");
    loop {
        spin_loop();
    }
}

/// Thirty-seconds.
const fn matrix<const D: usize>(bits: [[i8; D]; 4]) -> [[I3F5; D]; 4] {
    let mut matrix = [[I3F5::ZERO; D]; 4];
    let mut at = 0;
    while at < 4 * D {
        matrix[at / D][at % D] = I3F5::from_bits(bits[at / D][at % D]);
        at += 1;
    }
    matrix
}

/// Prints every stage as it passes.
struct Printer(Serial);

impl Printer {
    /// A line of thousandths; compiled once, not for every kind of numbers.
    #[inline(never)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "scores and outputs are far below 2^31 thousandths"
    )]
    fn line(&mut self, stage: &str, i: usize, numbers: &mut dyn Iterator<Item = f64>) {
        let word = WORDS.get(i).copied().unwrap_or_default();
        _ = self.0.write_str(word);
        _ = self.0.write_str(stage);
        for number in numbers {
            self.column((number * 1000.0) as i32);
        }
        _ = self.0.write_str("\n");
    }

    /// A number to the right of six places, digit by digit: `core::fmt` takes two kilobytes of flash.
    fn column(&mut self, number: i32) {
        let mut places = [b' '; 6];
        let mut rest = number.unsigned_abs();
        let mut sign = number < 0;
        for (at, place) in places.iter_mut().rev().enumerate() {
            if at == 0 || rest > 0 {
                *place = b"0123456789"[(rest % 10) as usize];
                rest /= 10;
            } else if sign {
                *place = b'-';
                sign = false;
            }
        }
        _ = self
            .0
            .write_str(str::from_utf8(&places).unwrap_or_default());
    }
}

impl Observer<<I3F5 as Number>::Format> for Printer {
    fn raw(&mut self, i: usize, scores: Scores<'_, <I3F5 as Number>::Format>) {
        self.line("scores  ", i, &mut scores.reals());
    }

    fn weights(
        &mut self,
        i: usize,
        weights: &[<<I3F5 as Number>::Format as Format>::Cell],
        sum: <<I3F5 as Number>::Format as Format>::Sum,
    ) {
        let share = |&weight: &_| <<I3F5 as Number>::Format as Format>::weight_real(weight, sum);
        self.line("weights ", i, &mut weights.iter().map(share));
    }

    fn output(&mut self, i: usize, output: &[I3F5]) {
        self.line(
            "output  ",
            i,
            &mut output.iter().map(|&number| f64::from(number)),
        );
    }
}
