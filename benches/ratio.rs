//! Are i16 and i8 as fast as f32, all of them on the best body, do long rows cost more, and does it pay that heads share
//! their keys?
//!
//! `cargo bench -p kqv-benches --bench ratio`; the fastest of many short turns, each format by turns, so that what else
//! the machine does falls on all of them.

use std::hint::black_box;
use std::time::Instant;

use fastrand::Rng;
use kqv::{Attention, Float, Format, Modify, Qkv, View, attend_view, fast_scratch_cells};
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
    let [few, many] = [KEYS, 4 * KEYS].map(|keys| {
        let shape = (keys, WIDTH);
        let mut problem = Problem::new(Float::<f32>::FORMAT, shape, |x| x);
        let paces = (0..turns.min(40)).map(|_| pace(shape, Attention::FULL, &mut problem));
        paces.fold(0.0, f64::max)
    });
    let (cost, keys) = (few / many, 4 * KEYS);
    println!(
        "a multiply-add of f32 at {keys} keys of {WIDTH} columns costs {cost:.2} of one at {KEYS}"
    );
    println!("one token, f32: heads that share {KEYS} keys of {WIDTH} columns, µs");
    println!("| heads | one by one | together | one by one : together |");
    println!("|---|--:|--:|--:|");
    for heads in [2, 4, 8] {
        let mut group = Group::new(heads);
        let mut best = [f64::INFINITY; 2];
        for _ in 0..turns {
            let together = group.together();
            let expected = group.output.clone();
            let apart = group.apart();
            assert_eq!(group.output, expected, "the bits are the same");
            for (best, time) in best.iter_mut().zip([apart, together]) {
                *best = best.min(time);
            }
        }
        let [apart, together] = best.map(|seconds| seconds * 1e6);
        let ratio = apart / together;
        println!("| {heads} | {apart:.1} | {together:.1} | {ratio:.2} |");
    }
}

/// Keys that the heads of a [`Group`] share (a long row has four times as many), and
const KEYS: usize = 512;
/// the columns of a head.
const WIDTH: usize = 64;

/// Query heads of one token over one head of keys and values.
struct Group {
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    scratch: Vec<f32>,
    output: Vec<f32>,
}

impl Group {
    fn new(heads: usize) -> Self {
        let mut rng = Rng::with_seed(1);
        let [q, k, v] = [heads, KEYS, KEYS].map(|rows| {
            let number = |_| 2.0 * rng.f32() - 1.0;
            (0..rows * WIDTH).map(number).collect()
        });
        Self {
            output: vec![0.0; heads * WIDTH],
            scratch: vec![0.0; fast_scratch_cells(KEYS, WIDTH)],
            q,
            k,
            v,
        }
    }

    /// Seconds for all heads as the queries of one call.
    fn together(&mut self) -> f64 {
        let attention = Attention {
            offset: KEYS - 1,
            ..Attention::CAUSAL
        };
        self.attend(self.q.len(), attention.grouped(1))
    }

    /// Seconds for a call of each.
    fn apart(&mut self) -> f64 {
        let attention = Attention {
            offset: KEYS - 1,
            ..Attention::CAUSAL
        };
        self.attend(WIDTH, attention)
    }

    /// Seconds for all heads, so many numbers of Q in a call.
    fn attend(&mut self, numbers: usize, attention: Attention<impl Modify>) -> f64 {
        let start = Instant::now();
        let calls = self.q.chunks(numbers).zip(self.output.chunks_mut(numbers));
        for (q, output) in calls {
            let view = |values, rows| View::new(values, rows, WIDTH).expect("as long");
            let (q, k) = (view(q, q.len() / WIDTH), view(&self.k, KEYS));
            let qkv = Qkv::new(q, k, view(&self.v, KEYS)).expect("as wide");
            let format = Float::<f32>::FORMAT;
            let done = attend_view(format, qkv, attention, &mut self.scratch, output, ());
            assert!(black_box(done).is_ok());
        }
        start.elapsed().as_secs_f64()
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
