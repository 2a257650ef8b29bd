//! Whole layers: one result however the tokens come, and a naive layer in f32.

use std::fmt::Debug;

use fastrand::Rng;
use kqv::{
    Alibi, Arithmetic, Attention, Bits, CacheFull, Digest, Float, KvCache, Mask, Merge, Modify,
    MultiHead, Pairing, Quantized, Rescale, Rotary, Softcap, Split, W8A16, Window, attend,
};

use crate::layer::{
    I8, I16, Layer, MIXED, UNWATCHED, Weights, array, float_weights, i8_weights, i16_weights,
    in_every_arithmetic, mixed_weights, turning,
};
use crate::support::{Problem, Recorder, bits, naive};

#[test]
fn prefill_chunks_and_steps_give_the_same_bits() {
    fn law<A>(layer: Layer<'_, A>, mut number: impl FnMut() -> A::Element)
    where
        A: Arithmetic<Element: PartialEq + Debug>,
    {
        fn masked<A, M: Modify>(
            layer: &Layer<'_, A>,
            tokens: &[[A::Element; 6]; 12],
            attention: Attention<M>,
        ) where
            A: Arithmetic<Element: PartialEq + Debug>,
        {
            let mut past = layer.past::<12>();
            let whole = layer.forward(tokens, &mut past, attention, UNWATCHED);
            let whole = whole.unwrap();

            let mut past = layer.past::<15>();
            let mut chunks = vec![];
            for tokens in tokens.as_chunks::<4>().0 {
                let chunk = layer.forward(tokens, &mut past, attention, UNWATCHED);
                chunks.extend(chunk.unwrap());
            }
            assert_eq!(chunks, whole);

            past.clear();
            for (token, expected) in tokens.iter().zip(whole) {
                let output = layer.step(token, &mut past, attention, UNWATCHED);
                assert_eq!(output, Ok(expected));
            }
        }
        let tokens = array(|| array(&mut number));
        masked(&layer, &tokens, Attention::CAUSAL);
        masked(&layer, &tokens, Attention::of(Window::last(3)));
        let slope = 0.25;
        let softcap = Softcap::new(2.0).unwrap();
        let attention = Attention::of((Mask::Causal, Alibi { slope }));
        masked(
            &layer,
            &tokens,
            Attention {
                softcap,
                ..attention
            },
        );
    }
    in_every_arithmetic!(51, law);
}

#[test]
fn sliding_gives_the_bits_of_a_window_over_all_tokens() {
    fn law<A>(layer: Layer<'_, A>, mut number: impl FnMut() -> A::Element)
    where
        A: Arithmetic<Element: PartialEq + Debug>,
    {
        let tokens: [_; 12] = array(|| array(&mut number));
        let attention = Attention::of(Window::last(5));
        let whole = layer.forward(&tokens, &mut layer.past::<12>(), attention, UNWATCHED);
        let mut past = layer.past::<5>();
        for (token, expected) in tokens.iter().zip(whole.unwrap()) {
            let output = layer.slide(token, &mut past, Attention::CAUSAL, UNWATCHED);
            assert_eq!(output, expected);
        }
        assert_eq!((past.len(), past.position()), (5, 12));
        let full = layer.step(&tokens[0], &mut past, Attention::CAUSAL, UNWATCHED);
        assert_eq!(full, Err(CacheFull { capacity: 5 }));
    }
    in_every_arithmetic!(60, law);
}

/// `W·x + b` by the naive loop for every row of `weights`.
fn project(weights: &[[f32; 6]], bias: &[f32], x: &[f32; 6]) -> Vec<f32> {
    let row = |(weights, bias): (&[f32; 6], &f32)| {
        let products = weights.iter().zip(x).map(|(weight, x)| weight * x);
        products.fold(0.0, |sum, product| sum + product) + bias
    };
    weights.iter().zip(bias).map(row).collect()
}

#[test]
fn f32_has_the_bits_of_a_naive_layer() {
    let mut rng = Rng::with_seed(52);
    let rotary = Rotary::new(4, Pairing::Adjacent).unwrap();
    for mask in [Mask::None, Mask::Causal] {
        let w = float_weights::<f32>(&mut rng);
        let layer = w.layer().with_rotary(rotary).unwrap();
        let tokens: [[f32; 6]; 9] = array(|| array(|| 4.0 * rng.f32() - 2.0));

        let projected = |weights: &[[f32; 6]], bias: &[f32], turn: bool| {
            let mut rows = Vec::new();
            for (position, token) in tokens.iter().enumerate() {
                let mut row = project(weights, bias, token);
                if turn {
                    rotary.rotate(&mut row, position).unwrap();
                }
                rows.extend(row);
            }
            rows
        };
        let heads: Vec<Vec<f32>> = (0..4)
            .map(|h| {
                let g = h * 2 / 4;
                let problem = Problem {
                    queries: 9,
                    keys: 9,
                    width: 4,
                    value_width: 3,
                    q: projected(&w.query[h], &w.query_bias[h], true),
                    k: projected(&w.key[g], &w.key_bias[g], true),
                    v: projected(&w.value[g], &w.value_bias[g], false),
                };
                naive(&problem, Attention::of(mask))
            })
            .collect();
        let mut expected = vec![];
        for t in 0..9 {
            for (weights, bias) in w.output.iter().zip(w.output_bias) {
                let joined = heads.iter().flat_map(|rows| &rows[3 * t..][..3]);
                let products = weights.as_flattened().iter().zip(joined);
                expected.push(products.fold(0.0, |sum, (weight, x)| sum + weight * x) + bias);
            }
        }

        let mut past = layer.past::<9>();
        let outputs = layer.forward(&tokens, &mut past, Attention::of(mask), UNWATCHED);
        assert_eq!(bits(outputs.unwrap().as_flattened()), bits(&expected));
    }
}

#[test]
fn one_head_with_identity_projections_is_attention_itself() {
    fn law<A>(
        layer: MultiHead<'_, A, 5, 1, 1, 5, 5>,
        tokens: [[A::Element; 5]; 7],
        attention: Attention,
        expected: [[A::Element; 5]; 7],
    ) where
        A: Arithmetic<Element: PartialEq + Debug>,
    {
        let outputs = layer.forward(&tokens, &mut layer.past::<7>(), attention, [()]);
        assert_eq!(outputs, Ok(expected));
    }
    /// (5, 5) with `one` on the diagonal.
    fn identity<W: Copy>(zero: W, one: W) -> [[W; 5]; 5] {
        let mut rows = [[zero; 5]; 5];
        for (i, row) in rows.iter_mut().enumerate() {
            row[i] = one;
        }
        rows
    }
    let mut rng = Rng::with_seed(53);
    for attention in [Attention::FULL, Attention::CAUSAL] {
        let split = [identity(0.0_f32, 1.0)];
        let merge = identity(0.0_f32, 1.0).map(|row| [row]);
        let weights = Split::new(&split);
        let layer = MultiHead::new(weights, weights, weights, Merge::new(&merge));
        let tokens = array(|| array(|| 4.0 * rng.f32() - 2.0));
        let expected = attend(&tokens, &tokens, &tokens, attention, ());
        law::<f32>(layer, tokens, attention, expected);

        let split = [identity(0_i16, 256)];
        let merge = identity(0_i16, 256).map(|row| [row]);
        let same = Rescale::new(0.001, 1.0 / 256.0, 0.001).unwrap();
        let weights = Split::quantized(&split, same);
        let output = Merge::quantized(&merge, same);
        let layer = MultiHead::quantized(weights, weights, weights, output).unwrap();
        let tokens: [[i16; 5]; 7] = array(|| array(|| rng.i16(..)));
        let rows = tokens.as_flattened().to_vec();
        let problem = Problem {
            queries: 7,
            keys: 7,
            width: 5,
            value_width: 5,
            q: rows.clone(),
            k: rows.clone(),
            v: rows,
        };
        let format = Quantized::new(0.001, 0.001, 0.001).unwrap();
        let expected = problem.attend(format, attention);
        law::<i16>(layer, tokens, attention, array_of(&expected));
    }
}

fn array_of<N: Copy>(values: &[N]) -> [[N; 5]; 7] {
    let mut values = values.iter().copied();
    array(|| array(|| values.next().expect("35 values")))
}

#[test]
fn grouped_queries_are_heads_whose_keys_and_values_repeat() {
    fn law<A>(
        grouped: Layer<'_, A>,
        whole: MultiHead<'_, A, 6, 4, 4, 4, 3>,
        number: &mut dyn FnMut() -> A::Element,
    ) where
        A: Arithmetic<Element: PartialEq + Debug>,
    {
        let tokens: [_; 8] = array(|| array(&mut *number));
        let (mut few, mut many) = (grouped.past::<8>(), whole.past::<8>());
        assert_eq!(
            grouped.forward(&tokens, &mut few, Attention::CAUSAL, UNWATCHED),
            whole.forward(&tokens, &mut many, Attention::CAUSAL, UNWATCHED)
        );
    }
    let mut rng = Rng::with_seed(54);
    let repeat = [0, 0, 1, 1];

    let w = float_weights::<f32>(&mut rng);
    let (key, key_bias) = (repeat.map(|g| w.key[g]), repeat.map(|g| w.key_bias[g]));
    let (value, value_bias) = (repeat.map(|g| w.value[g]), repeat.map(|g| w.value_bias[g]));
    let whole = MultiHead::new(
        Split::new(&w.query).with_bias(&w.query_bias),
        Split::new(&key).with_bias(&key_bias),
        Split::new(&value).with_bias(&value_bias),
        Merge::new(&w.output).with_bias(&w.output_bias),
    );
    law::<f32>(w.layer(), whole, &mut || rng.f32() - 0.5);

    let w = i8_weights(&mut rng);
    let (key, key_bias) = (repeat.map(|g| w.key[g]), repeat.map(|g| w.key_bias[g]));
    let (value, value_bias) = (repeat.map(|g| w.value[g]), repeat.map(|g| w.value_bias[g]));
    let rescale = |x, y| Rescale::new(x, I8.weight, y).unwrap();
    let whole = MultiHead::quantized(
        Split::quantized(&w.query, rescale(I8.x, I8.q)).with_bias(&w.query_bias),
        Split::quantized(&key, rescale(I8.x, I8.k)).with_bias(&key_bias),
        Split::quantized(&value, rescale(I8.x, I8.v)).with_bias(&value_bias),
        Merge::quantized(&w.output, rescale(I8.v, I8.y)).with_bias(&w.output_bias),
    );
    law::<i8>(w.quantized(I8), whole.unwrap(), &mut || rng.i8(..));
}

#[test]
fn an_observer_sees_its_own_head_and_changes_nothing() {
    let mut rng = Rng::with_seed(55);
    let w = float_weights::<f32>(&mut rng);
    let layer = w.layer();
    let tokens: [[f32; 6]; 5] = array(|| array(|| rng.f32() - 0.5));
    let mut seen = [(); 4].map(|()| Recorder::new(Float::<f32>::FORMAT));
    let mut past = layer.past::<5>();
    let watched = layer.forward(&tokens, &mut past, Attention::CAUSAL, seen.each_mut());
    let alone = layer.forward(
        &tokens,
        &mut layer.past::<5>(),
        Attention::CAUSAL,
        UNWATCHED,
    );
    assert_eq!(
        bits(watched.unwrap().as_flattened()),
        bits(alone.unwrap().as_flattened())
    );

    // What the observers saw, joined, is what the last projection got.
    assert!(seen.iter().all(|seen| seen.weights.len() == 5 * 5));
    let merge = Merge::<f32, 4, 3, 6>::new(&w.output).with_bias(&w.output_bias);
    for (t, watched) in watched.unwrap().iter().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "was an f32")]
        let heads = seen
            .each_ref()
            .map(|seen| [0, 1, 2].map(|e| seen.output[3 * t + e] as f32));
        assert_eq!(bits(&merge.apply(heads.each_ref())), bits(watched));
    }
}

#[test]
fn a_full_past_refuses_tokens_and_stays_as_it_is() {
    let mut rng = Rng::with_seed(56);
    let w = float_weights::<f32>(&mut rng);
    let layer = w.layer();
    let mut past = layer.past::<4>();
    let full = Err(CacheFull { capacity: 4 });
    let tokens = [[1.0; 6]; 3];
    layer
        .forward(&tokens, &mut past, Attention::CAUSAL, UNWATCHED)
        .unwrap();
    let again = layer.forward(&tokens, &mut past, Attention::CAUSAL, UNWATCHED);
    assert_eq!(again, full.map(|(): ()| unreachable!()));
    assert_eq!(past.caches().each_ref().map(KvCache::len), [3, 3]);
    assert!(
        layer
            .step(&tokens[0], &mut past, Attention::CAUSAL, UNWATCHED)
            .is_ok()
    );
    let step = layer.step(&tokens[0], &mut past, Attention::CAUSAL, UNWATCHED);
    assert_eq!(step, Err(CacheFull { capacity: 4 }));
    past.clear();
    assert!(past.is_empty());
}

#[test]
fn a_sentence_says_which_scales_do_not_fit() {
    let weights = ([[[1_i8]]], [[[1_i8]]]);
    let layer = |x_of_v: f64, v_of_output: f64| {
        let split = |x| Split::quantized(&weights.0, Rescale::new(x, 1.0, 0.5).unwrap());
        let output = Merge::quantized(&weights.1, Rescale::new(v_of_output, 1.0, 1.0).unwrap());
        MultiHead::<i8, 1, 1, 1, 1, 1>::quantized(split(0.25), split(0.25), split(x_of_v), output)
    };
    assert!(layer(0.25, 0.5).is_ok());
    let check = |layer: Result<MultiHead<'_, i8, 1, 1, 1, 1, 1>, _>, sentence: &str| {
        let error: kqv::ScaleMismatch = layer.err().expect("refused");
        assert_eq!(error.to_string(), sentence);
    };
    check(
        layer(0.125, 0.5),
        "W_V takes X with scale 0.125, but X has scale 0.25: both must be the same",
    );
    check(
        layer(0.25, 0.75),
        "W_O takes V with scale 0.75, but V has scale 0.5: both must be the same",
    );
}

#[test]
fn a_layer_narrower_than_its_rotary_positions_is_refused() {
    let mut rng = Rng::with_seed(57);
    let w = float_weights::<f32>(&mut rng);
    let refused = w
        .layer()
        .with_rotary(Rotary::new(6, Pairing::Halves).unwrap());
    let sentence = "A row has 4 columns: turning its first 6 needs as many";
    assert_eq!(refused.err().expect("refused").to_string(), sentence);
}

#[test]
fn the_bits_of_layers_are_pinned() {
    fn digest<A>(layer: Layer<'_, A>, mut number: impl FnMut() -> A::Element) -> u64
    where
        A: Arithmetic<Element: Bits>,
    {
        let rotary = Rotary::new(4, Pairing::Halves).ok();
        let tokens: [_; 5] = array(|| array(&mut number));
        let (layer, mut digest) = (turning(layer, rotary), Digest::new());
        let mut past = layer.past::<4>();
        for token in &tokens {
            let output = layer.slide(token, &mut past, Attention::CAUSAL, UNWATCHED);
            digest.write(&output);
        }
        digest.value()
    }
    let mut state = 1_u64;
    let mut byte = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        state.to_be_bytes()[0].cast_signed()
    };
    let mut other = 1_i8;
    let mut bias = || {
        other = other.wrapping_mul(5).wrapping_add(3);
        other
    };
    let unit = |byte: i8| f32::from(byte) / 128.0;

    let weights = Weights::<f32>::new(|| unit(byte()), || unit(bias()));
    let f32_digest = digest(weights.layer(), || unit(byte()));
    let weights = Weights::<f64>::new(|| unit(byte()).into(), || unit(bias()).into());
    let f64_digest = digest(weights.layer(), || unit(byte()).into());
    let weights = Weights::<i8>::new(&mut byte, || 16 * i32::from(bias()));
    let i8_digest = digest(weights.quantized(I8), &mut byte);
    let wide = |byte: i8| 251 * i16::from(byte);
    let weights = Weights::<i16>::new(|| wide(byte()), || 1_000_000 * i64::from(bias()));
    let i16_digest = digest(weights.quantized(I16), || wide(byte()));
    let weights = Weights::<W8A16>::new(&mut byte, || 4_000 * i64::from(bias()));
    let mixed_digest = digest(weights.quantized(MIXED), || wide(byte()));

    let digests = [f32_digest, f64_digest, i8_digest, i16_digest, mixed_digest];
    assert_eq!(digests, PINNED, "{digests:#x?}");
}

/// f32, f64, i8, i16, 16x8: a change is a breaking change.
const PINNED: [u64; 5] = [
    0x6d68_2476_91d5_7bda,
    0xcf30_0eb2_f5bb_66ca,
    0x3094_47a4_dccb_b0c1,
    0x4e43_c0e4_1f14_28fe,
    0xefc8_73b0_ab5b_d416,
];
