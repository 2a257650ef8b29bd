//! Heads of a group that look at their keys together have the bits of heads that look one by one.

use std::fmt::Debug;

use fastrand::Rng;
use kqv::{
    Alibi, Attention, Bias, Body, Format, KvCache, Mask, Modify, PackedKv, Quantized, RealKeys,
    View, Window, attend_view_on, fast_scratch_cells, packed_scratch_cells, packed_words,
};

use crate::bodies::bodies;
use crate::support::{Problem, in_every_format, integers};

fn attend_on<F: Format<Output = <F as Format>::Element>>(
    body: Body,
    format: F,
    problem: &Problem<F::Element>,
    attention: Attention<impl Modify>,
    cells: usize,
) -> Vec<F::Element> {
    let mut scratch = vec![F::ZERO_CELL; cells];
    let mut output = vec![F::ZERO; problem.queries * problem.value_width];
    let qkv = problem.qkv();
    attend_view_on(body, format, qkv, attention, &mut scratch, &mut output, ()).expect("fits");
    output
}

/// The rows of Q as `heads` problems over the same keys.
fn apart<N: Copy>(problem: &Problem<N>, heads: usize) -> impl Iterator<Item = Problem<N>> {
    let queries = problem.queries / heads;
    (0..heads).map(move |head| {
        let mut one = problem.map(|number| number);
        one.q = problem.q[head * queries * problem.width..][..queries * problem.width].to_vec();
        one.queries = queries;
        one
    })
}

#[test]
fn heads_of_a_group_have_the_bits_of_heads_one_by_one() {
    fn law<F>(problem: &Problem<F::Element>, format: F)
    where
        F: Format<Output = <F as Format>::Element>,
        F::Element: PartialEq + Debug,
    {
        fn under<F>(problem: &Problem<F::Element>, format: F, attention: Attention<impl Modify>)
        where
            F: Format<Output = <F as Format>::Element>,
            F::Element: PartialEq + Debug,
        {
            for heads in [1, 2, 3, 12] {
                let one_by_one = apart(problem, heads)
                    .flat_map(|one| attend_on(Body::Scalar, format, &one, attention, one.keys));
                let expected: Vec<_> = one_by_one.collect();
                let grouped = attention.grouped(problem.queries / heads);
                for body in bodies() {
                    for cells in [
                        problem.keys,
                        4 * problem.keys,
                        fast_scratch_cells(problem.keys, problem.width),
                    ] {
                        let output = attend_on(body, format, problem, grouped, cells);
                        assert_eq!(output, expected, "{body:?}, {heads} heads, {cells} cells");
                    }
                }
            }
        }
        let offset = problem.keys.saturating_sub(2);
        let at = |mask| Attention {
            offset,
            ..Attention::of(mask)
        };
        under(problem, format, at((Mask::None, None)));
        under(problem, format, at((Mask::Causal, None)));
        under(problem, format, at((Mask::Causal, Some(Window::last(3)))));
        let slope = 0.25;
        let alibi = Attention {
            offset,
            ..Attention::of((Alibi { slope }, RealKeys(7)))
        };
        under(problem, format, alibi);
        let numbers = (0_u8..7).cycle().map(f32::from);
        let rows: Vec<f32> = numbers.take(12 * problem.keys).collect();
        let bias = Bias(View::new(&rows, 12, problem.keys).expect("as long"));
        under(problem, format, Attention::of(bias));
    }
    let mut rng = Rng::with_seed(71);
    for [keys, width, value_width] in [[1, 3, 5], [9, 8, 16], [40, 16, 7]] {
        let problem = Problem::new([12, keys, width, value_width], || 4.0 * rng.f32() - 2.0);
        in_every_format!(problem, law);
    }
}

#[test]
fn a_cache_lets_every_head_of_a_group_stand_at_its_last_key() {
    let mut rng = Rng::with_seed(72);
    let format = Quantized::<i8>::new(0.05, 0.05, 0.1).expect("positive");
    let mut row = || [(); 8].map(|()| rng.i8(..));
    let mut cache = KvCache::<i8, 8, 8, 11>::new();
    let words = vec![0; packed_words(11, 8, 8)];
    let mut packed = PackedKv::new(format, words, 11, 8, 8).expect("room");
    for token in 0..17 {
        let (key, value) = (row(), row());
        cache.slide(&key, &value);
        packed.slide(&key, &value).expect("as wide");
        if token == 0 {
            continue; // the two queries of a head need two keys to stand at
        }
        let q = [(); 6].map(|()| row());
        let apart = q.as_chunks::<2>().0.iter();
        let apart = apart.flat_map(|q| cache.attend_in(format, q, Attention::CAUSAL, ()));
        let expected: Vec<[i8; 8]> = apart.collect();
        let grouped = Attention::CAUSAL.grouped(2);
        assert_eq!(
            cache.attend_in(format, &q, grouped, ())[..],
            expected,
            "token {token}"
        );
        let mut scratch = vec![0; packed_scratch_cells(11, 8)];
        let mut output = vec![0; 6 * 8];
        packed
            .attend(View::from(&q), grouped, &mut scratch, &mut output)
            .expect("fits");
        assert_eq!(output, expected.as_flattened(), "token {token}");
    }
}
