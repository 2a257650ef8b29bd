//! Holds the assembly of a chip against the portable loops: random shapes, masks, scales and numbers.
//!
//! Prints `differential: 2000 equal` or the first problem whose outputs differ. On a chip without assembly
//! both sides run the same loops.
#![no_std]
#![no_main]

use kqv::{Attention, Body, Integer, Mask, Qkv, Quantized, Scale, View, attend_view_on};
use kqv_firmware::{exit, println};

kqv_firmware::start!(main);

/// Problems of each format.
const PROBLEMS: u32 = 1_000;
/// The most numbers of Q, of K and of V, and the most keys.
const NUMBERS: usize = 256;

fn main() -> ! {
    let mut random = Random(1);
    for problem in 0..PROBLEMS {
        let spread = random.below(8);
        let equal = agrees::<i8>(&mut random, |bits| {
            bits.to_le_bytes()[3].cast_signed() >> spread.min(7)
        }) && agrees::<i16>(&mut random, |bits| {
            let [.., low, high] = bits.to_le_bytes();
            i16::from_le_bytes([low, high]) >> spread
        });
        if !equal {
            println!("differential: problem {problem} differs");
            exit(1)
        }
    }
    println!("differential: {} equal", 2 * PROBLEMS);
    exit(0)
}

/// Runs one random problem on both bodies; `true` where their outputs are equal.
fn agrees<I: Integer + Default + PartialEq>(
    random: &mut Random,
    element: impl Fn(u32) -> I,
) -> bool {
    let [width, value_width] = [(); 2].map(|()| [1, 3, 8, 16, 24, 32][random.below(6)]);
    let keys = 1 + random.below(NUMBERS / width.max(value_width));
    let queries = 1 + random.below(NUMBERS / width.max(value_width));
    let [q, k, v] = [(); 3].map(|()| {
        let numbers: Aligned<I> = Aligned([(); NUMBERS].map(|()| element(random.next())));
        numbers
    });
    let view = |numbers, rows, columns| View::new(numbers, rows, columns).ok();
    let (Some(q), Some(k), Some(v)) = (
        q.0.get(..queries * width)
            .and_then(|q| view(q, queries, width)),
        k.0.get(..keys * width).and_then(|k| view(k, keys, width)),
        v.0.get(..keys * value_width)
            .and_then(|v| view(v, keys, value_width)),
    ) else {
        return false;
    };
    let (Ok(qkv), Ok(format)) = (
        Qkv::new(q, k, v),
        Quantized::<I>::new(0.05, 1.0 / f64::from(1 << random.below(20)), 1.0),
    ) else {
        return false;
    };
    let factor = [1.0, -0.5, 1e-6, 100.0][random.below(4)];
    let attention = Attention {
        mask: [Mask::None, Mask::Causal][random.below(2)],
        offset: random.below(4),
        scale: Scale::new(factor).unwrap_or_default(),
        ..Attention::FULL
    };
    let outputs = [Body::Scalar, Body::best()].map(|body| {
        let mut scratch = [0; NUMBERS];
        let mut output = Aligned([I::default(); NUMBERS]);
        let done = output
            .0
            .get_mut(..queries * value_width)
            .is_some_and(|output| {
                attend_view_on(body, format, qkv, attention, &mut scratch, output, ()).is_ok()
            });
        done.then_some(output.0)
    });
    outputs[0].is_some() && outputs[0] == outputs[1]
}

/// Numbers that words can be loaded from.
#[repr(align(4))]
struct Aligned<I>([I; NUMBERS]);

/// A linear congruence; its top bits look random.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end.max(1)
    }
}
