//! What the processor could do at most: multiply-adds on registers alone, nothing loaded, nothing stored.
#![expect(
    unsafe_code,
    reason = "functions compiled for what this processor turns out to have"
)]

use std::hint::black_box;
use std::time::Instant;

/// Multiply-adds in a second on one core, a rounding after the product and one after the sum, on the widest
/// vectors that the kernel knows: the best of some short rounds.
pub fn multiply_adds_per_second() -> f64 {
    const TURNS: u32 = 1 << 14;
    let mut best = 0.0_f64;
    for _ in 0..64 {
        let start = Instant::now();
        let in_a_turn = black_box(turn(TURNS));
        best = best.max(f64::from(TURNS * in_a_turn) / start.elapsed().as_secs_f64());
    }
    best
}

/// Does so many turns; says how many multiply-adds are in one.
#[cfg(target_arch = "x86_64")]
fn turn(turns: u32) -> u32 {
    if std::arch::is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor was found to have AVX-512F.
        unsafe { x86::avx512(turns) }
    } else if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was found to have AVX2.
        unsafe { x86::avx2(turns) }
    } else {
        plain(turns)
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn turn(turns: u32) -> u32 {
    plain(turns)
}

/// What the compiler makes of a plain loop.
fn plain(turns: u32) -> u32 {
    let (factor, term) = black_box((0.5_f32, 1.0_f32));
    let mut sums = black_box([0.0_f32; 48]);
    for _ in 0..turns {
        for sum in &mut sums {
            *sum = *sum * factor + term;
        }
    }
    black_box(sums);
    48
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::{
        _mm256_add_ps, _mm256_mul_ps, _mm256_set1_ps, _mm512_add_ps, _mm512_mul_ps, _mm512_set1_ps,
    };
    use std::array::from_fn;
    use std::hint::black_box;

    macro_rules! turns {
        ($name:ident, $feature:literal, $registers:literal of $lanes:literal, $splat:ident, $add:ident, $mul:ident) => {
            #[target_feature(enable = $feature)]
            pub(super) fn $name(turns: u32) -> u32 {
                let starts = black_box([0.25_f32; $registers]);
                let (factor, term) = black_box((0.5, 1.0));
                let (factor, term) = ($splat(factor), $splat(term));
                let mut sums: [_; $registers] = from_fn(|i| $splat(starts[i]));
                for _ in 0..turns {
                    for sum in &mut sums {
                        *sum = $add($mul(*sum, factor), term);
                    }
                }
                black_box(sums);
                $registers * $lanes
            }
        };
    }

    turns!(avx512, "avx512f", 16 of 16, _mm512_set1_ps, _mm512_add_ps, _mm512_mul_ps);
    turns!(avx2, "avx2", 12 of 8, _mm256_set1_ps, _mm256_add_ps, _mm256_mul_ps);
}
