//! One result, however it is computed: the naive loop, arrays, views, chunks, single tokens, the cache.

use std::fmt::Debug;

use fastrand::Rng;
use fixed::types::{I3F5, I4F12};
use kqv::{
    Alibi, Attention, CacheFull, Float, Format, KvCache, Mask, Modify, Number, Scale, Softcap,
    Window, attend,
};

use crate::support::{Exact, Problem, bits, in_every_format, integers, naive, random_problems};

#[test]
fn f32_has_the_bits_of_the_naive_loop() {
    for (problem, attention) in random_problems(1) {
        let output = problem.attend(Float::<f32>::FORMAT, attention);
        assert_eq!(bits(&output), bits(&naive(&problem, attention)));
    }
}

#[test]
fn any_finite_scale_is_taken_zero_and_negative_ones_too() {
    for factor in [0.0, -0.25, 1e-30, 1e3, -1e30] {
        let scale = Scale::new(factor).unwrap();
        for (problem, attention) in random_problems(2).take(50) {
            let attention = Attention { scale, ..attention };
            let output = problem.attend(Float::<f32>::FORMAT, attention);
            assert_eq!(bits(&output), bits(&naive(&problem, attention)));

            let (integers, format) = integers::<i16>(&problem, 12);
            let real = integers.map(|x| f64::from(x) / 4096.0);
            let exact = Exact::of(&real, attention).output;
            for (y, exact) in integers.attend(format, attention).iter().zip(exact) {
                let error = (f64::from(*y) - exact * 4096.0).abs();
                assert!(error < 0.51, "scale {factor}: {error} units");
            }
        }
    }
}

/// Every cut into chunks, and every mask that looks back only, in one format.
fn chunks_have_the_bits_of_the_whole<F: Format<Output: PartialEq + Debug>>(
    problem: &Problem<F::Element>,
    format: F,
) {
    let window = Window {
        left: Some(4),
        right: None,
    };
    let cap = Softcap::new(6.0).expect("positive");
    in_chunks(problem, format, Attention::CAUSAL);
    in_chunks(problem, format, Attention::of((Mask::Causal, window)));
    in_chunks(problem, format, Attention::of(Window::last(3)));
    let biased = Attention::of((Mask::Causal, Alibi { slope: 0.25 }));
    in_chunks(
        problem,
        format,
        Attention {
            softcap: cap,
            ..biased
        },
    );
}

fn in_chunks<F: Format<Output: PartialEq + Debug>>(
    problem: &Problem<F::Element>,
    format: F,
    attention: Attention<impl Modify>,
) {
    let whole = problem.attend(format, attention);
    for chunk in 1..problem.queries {
        let mut joined = Vec::new();
        for (block, q) in problem.q.chunks(chunk * problem.width).enumerate() {
            // Keys that are still to come are not there yet.
            let offset = block * chunk;
            let queries = q.len() / problem.width;
            let keys = offset + queries;
            let part = Problem {
                queries,
                keys,
                q: q.to_vec(),
                k: problem.k[..keys * problem.width].to_vec(),
                v: problem.v[..keys * problem.value_width].to_vec(),
                ..*problem
            };
            joined.extend(part.attend(
                format,
                Attention {
                    offset,
                    ..attention
                },
            ));
        }
        assert_eq!(joined, whole, "chunks of {chunk}");
    }
}

#[test]
fn prefill_chunks_and_single_queries_give_the_same_bits() {
    let mut rng = Rng::with_seed(3);
    for s in [1, 2, 17, 40] {
        let problem = Problem::new([s, s, 9, 5], || 8.0 * rng.f32() - 4.0);
        in_every_format!(problem, chunks_have_the_bits_of_the_whole);
    }
}

/// Q, K and V of `T` tokens as arrays, and the same as a problem.
type Arrays<N> = ([[N; 8]; 12], [[N; 8]; 12], [[N; 3]; 12]);

fn arrays<N: Copy>(mut number: impl FnMut() -> N) -> (Arrays<N>, Problem<N>) {
    let q = [(); 12].map(|()| [(); 8].map(|()| number()));
    let k = [(); 12].map(|()| [(); 8].map(|()| number()));
    let v = [(); 12].map(|()| [(); 3].map(|()| number()));
    let problem = Problem {
        queries: 12,
        keys: 12,
        width: 8,
        value_width: 3,
        q: q.as_flattened().to_vec(),
        k: k.as_flattened().to_vec(),
        v: v.as_flattened().to_vec(),
    };
    ((q, k, v), problem)
}

#[test]
fn arrays_views_and_the_cache_give_the_same_bits() {
    fn law<N: Number + PartialEq + Debug>(number: impl FnMut() -> N) {
        let ((q, k, v), problem) = arrays(number);
        for attention in [Attention::FULL, Attention::CAUSAL] {
            let output = attend(&q, &k, &v, attention, ());
            assert_eq!(output.as_flattened(), problem.attend(N::FORMAT, attention));
        }
        let causal = attend(&q, &k, &v, Attention::CAUSAL, ());
        let mut cache = KvCache::<N, 8, 3, 12>::new();
        for i in 0..12 {
            cache.push(&k[i], &v[i]).unwrap();
            assert_eq!(cache.attend(&[q[i]], Attention::CAUSAL, ()), [causal[i]]);
        }
        assert_eq!(cache.push(&k[0], &v[0]), Err(CacheFull { capacity: 12 }));
        assert_eq!(
            cache.attend(&[q[10], q[11]], Attention::CAUSAL, ()),
            causal[10..]
        );
    }
    let mut rng = Rng::with_seed(4);
    law(|| 8.0 * rng.f32() - 4.0);
    law(|| 8.0 * rng.f64() - 4.0);
    law(|| I4F12::from_bits(rng.i16(..)));
    law(|| I3F5::from_bits(rng.i8(..)));
}

#[test]
fn a_q_format_is_a_run_time_scale_known_at_compile_time() {
    let mut rng = Rng::with_seed(5);
    let (_, problem) = arrays(|| I4F12::from_bits(rng.i16(..)));
    let (_, format) = integers::<i16>(&Problem::new([0; 4], || 0.0), 12);
    let from_types = problem.attend(I4F12::FORMAT, Attention::CAUSAL);
    let from_integers = problem
        .map(I4F12::to_bits)
        .attend(format, Attention::CAUSAL);
    assert_eq!(
        from_types,
        from_integers
            .into_iter()
            .map(I4F12::from_bits)
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_sliding_cache_is_a_window_over_the_last_tokens() {
    let mut rng = Rng::with_seed(19);
    let ((q, k, v), problem) = arrays(|| 8.0 * rng.f32() - 4.0);
    let windowed = problem.attend(f32::FORMAT, Attention::of(Window::last(5)));
    let mut cache = KvCache::<f32, 8, 3, 5>::new();
    for (i, row) in windowed.chunks(3).enumerate() {
        cache.slide(&k[i], &v[i]);
        let output = cache.attend(&[q[i]], Attention::CAUSAL, ());
        assert_eq!(bits(output.as_flattened()), bits(row), "token {i}");
    }
    assert_eq!(cache.len(), 5);
    assert_eq!(cache.push(&k[0], &v[0]), Err(CacheFull { capacity: 5 }));
    cache.clear();
    assert!(cache.is_empty() && cache.push(&k[0], &v[0]).is_ok());
}
