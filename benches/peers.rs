//! How fast is f32 attention beside the same written with `ndarray`, whose products run on `matrixmultiply`?
//!
//! `cargo bench -p kqv-benches --bench peers`; the throughput is in multiply-adds. For ONNX Runtime see
//! `onnxruntime.py`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kqv::{Attention, Float};
use kqv_benches::{Problem, SHAPES, multiply_adds};
use ndarray::Array2;

/// softmax(Q·Kᵀ/√D)·V in the usual three lines, all of it in matrices.
fn with_ndarray(q: &Array2<f32>, k: &Array2<f32>, v: &Array2<f32>, scale: f32) -> Array2<f32> {
    let mut weights = q.dot(&k.t()) * scale;
    for mut row in weights.rows_mut() {
        let max = row.fold(f32::NEG_INFINITY, |max, &score| max.max(score));
        row.mapv_inplace(|score| (score - max).exp());
        row /= row.sum();
    }
    weights.dot(v)
}

fn peers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("peers");
    for (s, d) in SHAPES {
        group.throughput(Throughput::Elements(multiply_adds(s, d)));
        let shape = format!("S {s}, D {d}");
        let mut problem = Problem::new(Float::<f32>::FORMAT, (s, d), |x| x);
        group.bench_function(BenchmarkId::new("kqv", &shape), |bencher| {
            bencher.iter(|| black_box(problem.run(Attention::FULL, ()).map(|y| y[0])));
        });
        let [q, k, v] = problem
            .inputs()
            .clone()
            .map(|values| Array2::from_shape_vec((s, d), values).expect("S · D values"));
        let scale = Attention::FULL.scale.factor(d);
        #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
        let scale = scale as f32;
        let ours = problem.run(Attention::FULL, ()).expect("fits").to_vec();
        let theirs = with_ndarray(&q, &k, &v, scale);
        let far = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-5;
        assert!(!ours.iter().zip(&theirs).any(far), "not the same attention");
        group.bench_function(BenchmarkId::new("ndarray", &shape), |bencher| {
            bencher.iter(|| black_box(with_ndarray(&q, &k, &v, scale)));
        });
    }
    group.finish();
}

criterion_group!(benches, peers);
criterion_main!(benches);
