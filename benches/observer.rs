//! What does watching cost: nobody, one who only counts, one who keeps every number?
//!
//! `cargo bench -p kqv-benches --bench observer`

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use kqv::{Attention, Float, Format, Observer, Scores};
use kqv_benches::Problem;

/// Counts the rows that it sees.
struct Counter(usize);

impl<F: Format> Observer<F> for Counter {
    fn output(&mut self, _: usize, _: &[F::Output]) {
        self.0 += 1;
    }
}

/// Keeps every table.
#[derive(Default)]
struct Keeper {
    raw: Vec<f32>,
    masked: Vec<f32>,
    weights: Vec<f32>,
    output: Vec<f32>,
}

impl Observer<Float<f32>> for Keeper {
    fn raw(&mut self, _: usize, scores: Scores<'_, Float<f32>>) {
        self.raw.extend(scores.cells());
    }

    fn masked(&mut self, _: usize, scores: Scores<'_, Float<f32>>) {
        self.masked.extend(scores.cells());
    }

    fn weights(&mut self, _: usize, weights: &[f32], _: f32) {
        self.weights.extend(weights);
    }

    fn output(&mut self, _: usize, output: &[f32]) {
        self.output.extend(output);
    }
}

fn watch(criterion: &mut Criterion) {
    let shape = (128, 64);
    let mut problem = Problem::new(Float::<f32>::FORMAT, shape, |x| x);
    let mut group = criterion.benchmark_group("observer, f32, causal, S 128, D 64");
    group.bench_function("nobody", |bencher| {
        bencher.iter(|| black_box(problem.run(Attention::CAUSAL, ()).map(|output| output[0])));
    });
    group.bench_function("a counter", |bencher| {
        let mut counter = Counter(0);
        bencher.iter(|| black_box(problem.run(Attention::CAUSAL, &mut counter).map(|y| y[0])));
        assert!(counter.0 > 0);
    });
    group.bench_function("a keeper", |bencher| {
        bencher.iter(|| {
            let mut keeper = Keeper::default();
            let output = problem
                .run(Attention::CAUSAL, &mut keeper)
                .map(|output| output[0]);
            black_box((output, keeper.weights.len()))
        });
    });
    group.finish();
}

criterion_group!(benches, watch);
criterion_main!(benches);
