//! How long does one head take, in f32 on every body, in i16 and i8, all keys visible?
//!
//! `cargo bench -p kqv-benches --bench attend`; the throughput is in multiply-adds.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kqv::{Attention, Body, Float, Format};
use kqv_benches::{Problem, SHAPES, integers, multiply_adds};

fn attend(criterion: &mut Criterion) {
    let bodies = [Body::Scalar, Body::Avx2, Body::Avx512];
    for shape in SHAPES {
        for body in bodies.into_iter().filter(|&body| body <= Body::best()) {
            let problem = Problem::new(Float::<f32>::FORMAT, shape, |x| x);
            measure(criterion, &format!("f32 {body:?}"), shape, body, problem);
        }
        let body = Body::best();
        measure(criterion, "i16", shape, body, integers::<i16>(shape, 12));
        measure(criterion, "i8", shape, body, integers::<i8>(shape, 5));
    }
}

fn measure<F: Format>(
    criterion: &mut Criterion,
    name: &str,
    (s, d): (usize, usize),
    body: Body,
    mut problem: Problem<F>,
) {
    let mut group = criterion.benchmark_group("attend");
    group.throughput(Throughput::Elements(multiply_adds(s, d)));
    let id = BenchmarkId::new(name, format_args!("S {s}, D {d}"));
    group.bench_function(id, |bencher| {
        bencher.iter(|| {
            let output = problem.run_on(body, Attention::FULL, ());
            black_box(output.map(|output| output[0]))
        });
    });
    group.finish();
}

criterion_group!(benches, attend);
criterion_main!(benches);
