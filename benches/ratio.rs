//! Are i16 and i8 as fast as f32, all of them on the best body?
//!
//! `cargo bench -p kqv-benches --bench ratio`; the fastest of many short turns, each format by turns, so that what else
//! the machine does falls on all of them.

use std::hint::black_box;
use std::time::Instant;

use kqv::{Attention, Float, Format};
use kqv_benches::{Problem, SHAPES, integers, multiply_adds};

/// Multiply-adds in one turn, at least.
const TURN: u64 = 4_000_000;

fn main() {
    // `cargo test` runs one turn of each.
    let turns = if std::env::args().any(|argument| argument == "--bench") {
        200
    } else {
        1
    };
    for attention in [Attention::FULL, Attention::CAUSAL] {
        println!("billions of multiply-adds a second, {:?}", attention.mask);
        println!("| S, D | f32 | i16 | i8 | i16 : f32 | i8 : f32 |");
        println!("|---|--:|--:|--:|--:|--:|");
        for shape in SHAPES {
            let mut f32 = Problem::new(Float::<f32>::FORMAT, shape, |x| x);
            let mut i16 = integers::<i16>(shape, 12);
            let mut i8 = integers::<i8>(shape, 5);
            let mut best = [0.0_f64; 3];
            for _ in 0..turns {
                let paces = [
                    pace(shape, attention, &mut f32),
                    pace(shape, attention, &mut i16),
                    pace(shape, attention, &mut i8),
                ];
                for (best, pace) in best.iter_mut().zip(paces) {
                    *best = best.max(pace);
                }
            }
            let ([f32, i16, i8], (s, d)) = (best, shape);
            let ratios = format!("{:.2} | {:.2}", i16 / f32, i8 / f32);
            println!("| {s}, {d} | {f32:.2} | {i16:.2} | {i8:.2} | {ratios} |");
        }
    }
}

/// Billions of multiply-adds a second over one turn; under a causal mask as many as without.
fn pace<F: Format>((s, d): (usize, usize), attention: Attention, problem: &mut Problem<F>) -> f64 {
    let once = multiply_adds(s, d);
    let times = u32::try_from(TURN / once).unwrap_or(1).max(1);
    let start = Instant::now();
    for _ in 0..times {
        let output = problem.run(attention, ()).map(|output| output[0]);
        assert!(black_box(output).is_ok());
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let done = (once * u64::from(times)) as f64;
    done / start.elapsed().as_secs_f64() / 1e9
}
