//! Packed keys and values give the bits of those that are not, and refuse what does not fit.

use fastrand::Rng;
use fixed::types::I3F5;
use kqv::{
    Alibi, Attention, Body, Mask, Modify, Number, PackError, PackedKv, QFormat, Quantized, Scale,
    ShapeError, Softcap, View, Window, attend_view_on, packed_scratch_cells, packed_words,
};

use crate::support::Problem;

/// The output of the plain loops over what is not packed, and what is packed in memory that held something else.
fn both(problem: &Problem<i8>, attention: Attention<impl Modify>) -> [Vec<i8>; 2] {
    let format = Quantized::<i8>::new(0.031, 0.027, 0.04).expect("positive");
    let (keys, width, value_width) = (problem.keys, problem.width, problem.value_width);
    let mut plain = vec![7; problem.queries * value_width];
    let mut scratch = vec![0; packed_scratch_cells(keys, width)];
    let qkv = problem.qkv();
    let attention = Attention {
        offset: keys.saturating_sub(problem.queries),
        ..attention
    };
    let scalar = Body::Scalar;
    attend_view_on(scalar, format, qkv, attention, &mut scratch, &mut plain, ()).expect("fits");
    let words = vec![u32::MAX; packed_words(keys, width, value_width)];
    let mut past = PackedKv::new(format, words, keys, width, value_width).expect("room");
    past.extend(qkv.k(), qkv.v()).expect("room");
    let mut packed = vec![7; plain.len()];
    past.attend(qkv.q(), attention, &mut scratch, &mut packed)
        .expect("fits");
    [plain, packed]
}

fn check(problem: &Problem<i8>, attention: Attention<impl Modify>) {
    let [plain, packed] = both(problem, attention);
    let Problem {
        queries,
        keys,
        width,
        value_width,
        ..
    } = *problem;
    assert_eq!(
        packed, plain,
        "T {queries}, S {keys}, D {width}, E {value_width}"
    );
}

#[test]
fn what_is_packed_has_the_bits_of_what_is_not() {
    let mut rng = Rng::with_seed(61);
    for t in [1, 2, 5] {
        for s in [0, 1, 2, 3, 4, 7, 33] {
            for (d, e) in [(0, 3), (1, 1), (3, 2), (4, 4), (7, 9), (32, 32), (33, 70)] {
                let problem = Problem::new([t, s, d, e], || rng.i8(..));
                for mask in [Mask::None, Mask::Causal] {
                    for scale in [0.125, -0.5, 1e-7] {
                        let scale = Scale::new(scale).expect("finite");
                        check(
                            &problem,
                            Attention {
                                scale,
                                ..Attention::of(mask)
                            },
                        );
                    }
                }
                check(&problem, Attention::of((Mask::Causal, Window::last(3))));
                check(
                    &problem,
                    Attention::of((Mask::Causal, Alibi::of_head(1, 8))),
                );
                let softcap = Softcap::new(5.0).expect("positive");
                check(
                    &problem,
                    Attention {
                        softcap,
                        ..Attention::CAUSAL
                    },
                );
            }
        }
    }
    let least = Problem::new([3, 70, 40, 5], || i8::MIN);
    check(&least, Attention::CAUSAL);
}

#[test]
fn a_ring_of_packed_tokens_forgets_the_oldest() {
    let mut rng = Rng::with_seed(62);
    let mut words = [0; packed_words(5, 6, 4)];
    let mut past = PackedKv::new(I3F5::FORMAT, &mut words, 5, 6, 4).expect("room");
    let mut cache = kqv::KvCache::<I3F5, 6, 4, 5>::new();
    let mut random = || I3F5::from_bits(rng.i8(..));
    for token in 0..23 {
        let (key, value) = ([(); 6].map(|()| random()), [(); 4].map(|()| random()));
        past.slide(&key, &value).expect("fits");
        cache.slide(&key, &value);
        assert_eq!(past.len(), cache.len(), "token {token}");
        let q = [[(); 6].map(|()| random()), [(); 6].map(|()| random())];
        let mut output = [[I3F5::ZERO; 4]; 2];
        let mut scratch = [0; 5];
        let view = View::from(&q);
        past.attend(
            view,
            Attention::CAUSAL,
            &mut scratch,
            output.as_flattened_mut(),
        )
        .expect("fits");
        assert_eq!(
            output,
            cache.attend(&q, Attention::CAUSAL, ()),
            "token {token}"
        );
    }
    past.clear();
    assert!(past.is_empty());
    past.push(&[random(); 6], &[random(); 4])
        .expect("room again");
}

/// What a packed format of Q3.5 is.
type Packed<'m> = PackedKv<QFormat<I3F5>, &'m mut [u32]>;

#[test]
fn what_cannot_be_packed_is_refused_in_a_sentence() {
    let mut memory = [0; packed_words(2, 3, 5)];
    let few = Packed::new(I3F5::FORMAT, &mut memory[1..], 2, 3, 5).map(|_| ());
    let sentence = "The memory has 23 words: 24 are needed to pack keys and values";
    assert_eq!(few.expect_err("too few").to_string(), sentence);
    let wide = Packed::new(I3F5::FORMAT, &mut memory, 2, 1 << 20, 5).map(|_| ());
    assert!(matches!(wide, Err(ShapeError::TooWide { .. })));
    let many = Packed::new(I3F5::FORMAT, &mut memory, 1 << 20, 3, 5).map(|_| ());
    assert!(matches!(many, Err(ShapeError::TooManyKeys { .. })));

    let mut past = Packed::new(I3F5::FORMAT, &mut memory, 2, 3, 5).expect("room");
    let (key, value) = ([I3F5::ZERO; 3], [I3F5::ZERO; 5]);
    let short = past.push(&key[1..], &value).expect_err("too short");
    assert_eq!(short.to_string(), "2 values cannot be 1 rows of 3 columns");
    assert!(matches!(
        past.slide(&key, &value[1..]),
        Err(ShapeError::Length { .. })
    ));
    let (keys, values) = ([key; 3], [value; 3]);
    let too_many = past.extend(View::from(&keys), View::from(&values));
    let full = "The cache is full with 2 tokens: clear it, or let it slide";
    assert_eq!(too_many.expect_err("three").to_string(), full);
    assert!(past.is_empty(), "nothing is changed");
    let uneven = past.extend(View::from(&keys), View::from(&values[1..]));
    assert!(matches!(
        uneven,
        Err(PackError::Shape(ShapeError::Keys { k: 3, v: 2 }))
    ));
    past.push(&key, &value).expect("room");
    past.push(&key, &value).expect("room");
    assert!(matches!(past.push(&key, &value), Err(PackError::Full(_))));

    let q = [key];
    let mut output = [I3F5::ZERO; 5];
    let short = past.attend(View::from(&q), Attention::FULL, &mut [0], &mut output);
    assert!(matches!(
        short,
        Err(ShapeError::Scratch { cells: 1, keys: 2 })
    ));
    let narrow = past.attend(
        View::from(&[[I3F5::ZERO; 2]]),
        Attention::FULL,
        &mut [0; 2],
        &mut output,
    );
    assert!(matches!(narrow, Err(ShapeError::Width { q: 2, k: 3 })));
    let small = past.attend(
        View::from(&q),
        Attention::FULL,
        &mut [0; 2],
        &mut output[1..],
    );
    assert!(matches!(small, Err(ShapeError::Output { values: 4, .. })));
}
