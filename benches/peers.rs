//! How fast is f32 attention beside the same written with `ndarray`, whose products run on `matrixmultiply`, and with
//! `candle`, whose products run on `gemm`?
//!
//! `RAYON_NUM_THREADS=1 cargo bench -p kqv-benches --bench peers`, or candle takes all cores; the throughput is in
//! multiply-adds. For ONNX Runtime see `onnxruntime.py`.

use std::hint::black_box;

use candle_core::{Device, Tensor};
use candle_nn::ops::softmax_last_dim;
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

/// The same in tensors.
fn with_candle(q: &Tensor, k: &Tensor, v: &Tensor, scale: f64) -> candle_core::Result<Tensor> {
    let scores = q.matmul(&k.t()?)?.affine(scale, 0.0)?;
    softmax_last_dim(&scores)?.matmul(v)
}

/// Panics unless both are the same but for rounding.
fn assert_near(ours: &[f32], theirs: impl IntoIterator<Item = f32>) {
    let far = |(a, b): (&f32, f32)| (a - b).abs() > 1e-5;
    assert!(!ours.iter().zip(theirs).any(far), "not the same attention");
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
        let inputs = problem.inputs().clone();
        let ours = problem.run(Attention::FULL, ()).expect("fits").to_vec();
        let scale = Attention::FULL.scale.factor(d);

        let array = |values| Array2::from_shape_vec((s, d), values).expect("S · D values");
        let [q, k, v] = inputs.clone().map(array);
        #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
        let narrow = scale as f32;
        assert_near(&ours, with_ndarray(&q, &k, &v, narrow));
        group.bench_function(BenchmarkId::new("ndarray", &shape), |bencher| {
            bencher.iter(|| black_box(with_ndarray(&q, &k, &v, narrow)));
        });

        let tensor = |values| Tensor::from_vec(values, (s, d), &Device::Cpu).expect("S · D values");
        let [q, k, v] = inputs.map(tensor);
        let theirs = with_candle(&q, &k, &v, scale).and_then(|y| y.flatten_all()?.to_vec1());
        assert_near(&ours, theirs.expect("shapes fit"));
        group.bench_function(BenchmarkId::new("candle", &shape), |bencher| {
            bencher.iter(|| black_box(with_candle(&q, &k, &v, scale).expect("shapes fit")));
        });
    }
    group.finish();
}

criterion_group!(benches, peers);
criterion_main!(benches);
