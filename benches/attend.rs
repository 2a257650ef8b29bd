//! How long does one head take, in f32, i16 and i8, all keys visible?
//!
//! `cargo bench -p kqv-benches --bench attend`; the throughput is in multiply-adds.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kqv::{Attention, Float, Format};
use kqv_benches::{Problem, SHAPES, integers, multiply_adds};

fn attend(criterion: &mut Criterion) {
    for shape in SHAPES {
        measure(
            criterion,
            "f32",
            shape,
            Problem::new(Float::<f32>::FORMAT, shape, |x| x),
        );
        measure(criterion, "i16", shape, integers::<i16>(shape, 12));
        measure(criterion, "i8", shape, integers::<i8>(shape, 5));
    }
}

fn measure<F: Format>(
    criterion: &mut Criterion,
    format: &str,
    (s, d): (usize, usize),
    mut problem: Problem<F>,
) {
    let mut group = criterion.benchmark_group("attend");
    group.throughput(Throughput::Elements(multiply_adds(s, d)));
    let id = BenchmarkId::new(format, format_args!("S {s}, D {d}"));
    group.bench_function(id, |bencher| {
        bencher.iter(|| black_box(problem.run(Attention::FULL, ()).map(|output| output[0])));
    });
    group.finish();
}

criterion_group!(benches, attend);
criterion_main!(benches);
