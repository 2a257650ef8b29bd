//! Tiles with the lanes and blocks of AVX-512, on plain arrays: so they are tried on every machine.
#![expect(
    unsafe_code,
    reason = "the stages are wrapped as those of a processor that may lack them"
)]

use core::array::from_fn;
use core::ops::Range;
use std::vec;
use std::vec::Vec;

use fastrand::Rng;

use super::attend_in_tiles;
use crate::attend::{attend_view_on, fast_scratch_cells};
use crate::attention::Attention;
use crate::body::Body;
use crate::float::Float;
use crate::modify::Mask;
use crate::stages::{MOST_LANES, Stages, Weighed, stages};
use crate::vector::Vector;
use crate::view::{Qkv, View};

/// 16 numbers, one after the other.
#[derive(Clone, Copy)]
struct Plain([f32; 16]);

impl Plain {
    fn with(self, other: Self, operation: impl Fn(f32, f32) -> f32) -> Self {
        Self(from_fn(|lane| operation(self.0[lane], other.0[lane])))
    }
}

impl Vector<16> for Plain {
    fn splat(x: f32) -> Self {
        Self([x; 16])
    }

    fn load(from: &[f32; 16]) -> Self {
        Self(*from)
    }

    fn store(self, to: &mut [f32; 16]) {
        *to = self.0;
    }

    fn add(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    fn sub(self, other: Self) -> Self {
        self.with(other, |a, b| a - b)
    }

    fn mul(self, other: Self) -> Self {
        self.with(other, |a, b| a * b)
    }

    fn greater(self, other: Self) -> Self {
        self.with(other, |a, b| if a > b { a } else { b })
    }

    fn power_of_two(self) -> Self {
        Self(self.0.map(|x| f32::from_bits(x.to_bits() << 23)))
    }

    fn zero_below(self, x: Self, end: f32) -> Self {
        self.with(x, |value, x| if x < end { 0.0 } else { value })
    }

    fn turned(rows: [&[f32; 16]; 16]) -> [Self; 16] {
        from_fn(|column| Self(from_fn(|row| rows[row][column])))
    }
}

/// The stages on them, with the parameters of AVX-512.
#[derive(Clone, Copy)]
struct Wide;

stages!(Wide, Plain of 16, tiles of [2, 1], 8 keys, 8 by 2);

#[test]
fn tiles_of_sixteen_lanes_have_the_bits_of_the_naive_loop() {
    let mut rng = Rng::with_seed(39);
    for t in [1, 3, 4, 8, 9, 16, 17, 24, 25, 33, 70] {
        for s in [0, 1, 7, 8, 9, 40, 70] {
            for (d, e) in [(0, 3), (1, 1), (7, 9), (32, 8), (33, 17), (16, 64)] {
                let mut numbers = |n| (0..n).map(|_| 8.0 * rng.f32() - 4.0).collect::<Vec<_>>();
                let [q, k, v] = [numbers(t * d), numbers(s * d), numbers(s * e)];
                let qkv = Qkv::new(
                    View::new(&q, t, d).expect("t rows"),
                    View::new(&k, s, d).expect("s rows"),
                    View::new(&v, s, e).expect("s rows"),
                )
                .expect("fit");
                for mask in [Mask::None, Mask::Causal] {
                    let attention = Attention {
                        offset: 3,
                        ..Attention::of(mask)
                    };
                    let mut scratch = vec![0.0; fast_scratch_cells(s, d)];
                    let mut expected = vec![7.0; t * e];
                    let (scalar, format) = (Body::Scalar, Float::<f32>::FORMAT);
                    let out = &mut expected;
                    attend_view_on(scalar, format, qkv, attention, &mut scratch, out, ())
                        .expect("fits");
                    let mut output = vec![7.0; t * e];
                    #[expect(clippy::cast_possible_truncation, reason = "as f32 rounds it")]
                    let scale = attention.scale.factor(d) as f32;
                    let out = &mut output;
                    let done = attend_in_tiles(Wide, scale, qkv, attention, &mut scratch, out);
                    assert_eq!(done, t, "S {s}, D {d}, E {e}");
                    let bits = |y: Vec<f32>| y.into_iter().map(f32::to_bits).collect::<Vec<_>>();
                    assert_eq!(bits(output), bits(expected), "T {t}, S {s}, D {d}, E {e}");
                }
            }
        }
    }
}
