//! Holds the assembly of a chip against the portable loops: random shapes, masks, scales and numbers.
//!
//! Prints `differential: 4250 equal` or the first problem whose outputs differ. On a chip without assembly
//! both sides run the same loops.
#![no_std]
#![no_main]

use core::ops::Range;

use kqv::{
    Attention, Bits, Body, Digest, FineOutput, Float, Format, Mask, PackedKv, Qkv, Quantized,
    QuantizedError, Scale, View, Window, attend_view_on,
};
use kqv_firmware::{exit, println};

kqv_firmware::start!(main);

/// Problems of each format of integers.
const PROBLEMS: u32 = 1_000;
/// As many of them go with one of f32, which takes long where there is no unit for it.
const INTEGERS_PER_FLOAT: u32 = 4;
/// The most numbers of Q, of K and of V, and the most keys.
const NUMBERS: usize = 256;

fn main() -> ! {
    let mut random = Random(1);
    for problem in 0..PROBLEMS {
        let spread = random.below(8);
        let byte = |bits: u32| bits.to_le_bytes()[3].cast_signed() >> spread.min(7);
        let word = |bits: u32| {
            let [.., low, high] = bits.to_le_bytes();
            i16::from_le_bytes([low, high]) >> spread
        };
        let equal = agrees(&mut random, byte, |scale| {
            Quantized::<i8>::new(0.05, scale, 1.0)
        }) && agrees(&mut random, byte, |scale| {
            Ok(FineOutput::of(Quantized::<i8>::new(0.05, scale, 1.0)?))
        }) && packed_agrees(&mut random, byte)
            && agrees(&mut random, word, |scale| {
                Quantized::<i16>::new(0.05, scale, 1.0)
            })
            && (problem % INTEGERS_PER_FLOAT > 0
                || agrees(
                    &mut random,
                    |bits| float(bits, spread),
                    |_| Ok(Float::<f32>::FORMAT),
                ));
        if !equal {
            println!("differential: problem {problem} differs");
            exit(1)
        }
    }
    println!(
        "differential: {} equal",
        4 * PROBLEMS + PROBLEMS / INTEGERS_PER_FLOAT
    );
    exit(0)
}

/// Zero, or between 1/8 and 32 with few bits or with many, so that products and sums are often ties and often cancel.
fn float(bits: u32, spread: usize) -> f32 {
    const FRACTION_BITS: u32 = 23;
    let [choice, magnitude, ..] = bits.to_be_bytes();
    if choice.is_multiple_of(16) {
        return 0.0;
    }
    let exponent = 127 - 3 + u32::from(magnitude % 8);
    let left_out = (3 * spread).min(22);
    let fraction = (bits & ((1 << FRACTION_BITS) - 1)) >> left_out << left_out;
    f32::from_bits((bits & (1 << 31)) | (exponent << FRACTION_BITS) | fraction)
}

/// Runs one random problem on both bodies; `true` where their outputs are equal.
fn agrees<F: Format>(
    random: &mut Random,
    element: impl Fn(u32) -> F::Element,
    format: impl Fn(f64) -> Result<F, QuantizedError>,
) -> bool
where
    F::Output: Bits,
{
    let [width, value_width] = [(); 2].map(|()| [1, 3, 8, 16, 24, 32][random.below(6)]);
    let keys = 1 + random.below(NUMBERS / width.max(value_width));
    let queries = 1 + random.below(NUMBERS / width.max(value_width));
    let [q, k, v] = [(); 3].map(|()| {
        let numbers: Aligned<F::Element> = Aligned([(); NUMBERS].map(|()| element(random.next())));
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
    let scale = 1.0 / f64::from(1 << random.below(20));
    let (Ok(qkv), Ok(format)) = (Qkv::new(q, k, v), format(scale)) else {
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
        let mut scratch = [F::ZERO_CELL; 4 * NUMBERS];
        let mut output = Aligned([F::ZERO; NUMBERS]);
        let done = output
            .0
            .get_mut(..queries * value_width)
            .is_some_and(|output| {
                attend_view_on(body, format, qkv, attention, &mut scratch, output, ()).is_ok()
            });
        let mut digest = Digest::new();
        digest.write(&output.0);
        done.then_some(digest.value())
    });
    outputs[0].is_some() && outputs[0] == outputs[1]
}

/// A ring that slides past its end, packed and as it is: `true` where all outputs are equal.
fn packed_agrees(random: &mut Random, element: impl Fn(u32) -> i8) -> bool {
    const WORDS: usize = 4 * NUMBERS; // what as many tokens of one column take, the most of all shapes
    let [width, value_width] = [(); 2].map(|()| [1, 3, 4, 8, 14, 32, 36][random.below(7)]);
    let capacity = 1 + random.below(NUMBERS / width.max(value_width));
    let queries = 1 + random.below(NUMBERS / width.max(value_width));
    let Ok(format) = Quantized::<i8>::new(0.05, 1.0 / f64::from(1 << random.below(20)), 1.0) else {
        return false;
    };
    let factor = [1.0, -0.5, 1e-6, 100.0][random.below(4)];
    let window = Window {
        left: [None, Some(random.below(9))][random.below(2)],
        right: Some(random.below(3)),
    };
    let attention = Attention {
        scale: Scale::new(factor).unwrap_or_default(),
        ..Attention::of(([Mask::None, Mask::Causal][random.below(2)], window))
    };
    let Ok(mut packed) = PackedKv::new(format, [u32::MAX; WORDS], capacity, width, value_width)
    else {
        return false;
    };
    let [mut keys, mut values] = [[0; NUMBERS]; 2];
    let q = [(); NUMBERS].map(|()| element(random.next()));
    let tokens = 1 + random.below(2 * capacity);
    for token in 0..tokens {
        // What is as it is moves one row down, and the newest comes last.
        for (rows, width) in [(&mut keys, width), (&mut values, value_width)] {
            let len = capacity * width;
            rows.copy_within(width..len, 0);
            for place in &mut rows[len - width..len] {
                *place = element(random.next());
            }
        }
        let key = &keys[(capacity - 1) * width..capacity * width];
        let value = &values[(capacity - 1) * value_width..capacity * value_width];
        let slid = packed.slide(key, value);
        if slid.is_err() || packed.len() != capacity.min(token + 1) {
            return false;
        }
    }
    let len = packed.len();
    let view = |numbers, rows, columns| View::new(numbers, rows, columns).ok();
    let (Some(q), Some(k), Some(v)) = (
        view(&q[..queries * width], queries, width),
        view(
            &keys[(capacity - len) * width..capacity * width],
            len,
            width,
        ),
        view(
            &values[(capacity - len) * value_width..capacity * value_width],
            len,
            value_width,
        ),
    ) else {
        return false;
    };
    let Ok(qkv) = Qkv::new(q, k, v) else {
        return false;
    };
    let mut scratch = [0; 4 * NUMBERS];
    let mut expected = [0; NUMBERS];
    let rows = queries * value_width;
    let offset = len.saturating_sub(queries);
    let plain = Attention {
        offset,
        ..attention
    };
    let done = attend_view_on(
        Body::Scalar,
        format,
        qkv,
        plain,
        &mut scratch,
        &mut expected[..rows],
        (),
    );
    done.is_ok()
        && [false, true].into_iter().all(|anew| {
            if anew {
                // Not token by token, but in two pieces.
                let first = random.below(len + 1);
                packed.clear();
                let mut extend = |rows: Range<usize>| {
                    packed
                        .extend(k.rows_between(rows.clone()), v.rows_between(rows))
                        .is_ok()
                };
                if !extend(0..first) || !extend(first..len) {
                    return false;
                }
            }
            [Body::Scalar, Body::best()].into_iter().all(|body| {
                let mut output = [0; NUMBERS];
                let done = packed.attend_on(body, q, attention, &mut scratch, &mut output[..rows]);
                done.is_ok() && output == expected
            })
        })
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
