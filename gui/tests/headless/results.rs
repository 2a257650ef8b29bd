//! What is written is the kernel's, to the bit.

use std::fs;

use half::{bf16, f16};
use kqv::{
    Allowed, Attention, Bias, Format, Mask, Modify, Number, Qkv, Quantized, RealKeys, Scale,
    Softcap, View, Window, quantize,
};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use ndarray_npy::{NpzWriter, write_npy};

use crate::desk::{Desk, SIZES, array, npy, numbers};

/// The output of the kernel itself, on the numbers of the desk.
fn kernel<M: Modify>(attention: Attention<M>) -> Vec<f32> {
    let [t, s, d, e] = SIZES;
    kernel_in(f32::FORMAT, attention, |tensor, count| {
        assert_eq!(count, [t * d, s * d, s * e][tensor]);
        numbers([1, 2, 3][tensor], count)
    })
}

fn kernel_in<F: Format, M: Modify>(
    format: F,
    attention: Attention<M>,
    elements: impl Fn(usize, usize) -> Vec<F::Element>,
) -> Vec<F::Output> {
    let [t, s, d, e] = SIZES;
    let (q, k, v) = (elements(0, t * d), elements(1, s * d), elements(2, s * e));
    let view = |values, rows, columns| View::new(values, rows, columns).unwrap();
    let qkv = Qkv::new(view(&q, t, d), view(&k, s, d), view(&v, s, e)).unwrap();
    let mut output = vec![F::ZERO; t * e];
    let mut scratch = vec![F::ZERO_CELL; s];
    kqv::attend_view(format, qkv, attention, &mut scratch, &mut output, ()).unwrap();
    output
}

#[test]
fn every_option_is_the_kernels_to_the_bit() {
    fn check<M: Modify>(desk: &Desk, arguments: &str, attention: Attention<M>) {
        desk.ok(arguments);
        assert_eq!(desk.output(), kernel(attention), "{arguments}");
    }
    let desk = Desk::new();
    check(&desk, "", Attention::FULL);
    check(&desk, "--causal", Attention::CAUSAL);
    let scale = |scale| Attention {
        scale: Scale::new(scale).unwrap(),
        ..Attention::FULL
    };
    check(&desk, "--scale 0.25", scale(0.25));
    check(&desk, "--scale -3", scale(-3.0));
    let softcap = Attention {
        softcap: Softcap::new(0.5).unwrap(),
        ..Attention::CAUSAL
    };
    check(&desk, "--softcap 0.5 --causal", softcap);
    check(&desk, "--softcap 0", Attention::FULL);
    let window = |left, right| Attention::of(Window { left, right });
    check(&desk, "--window 1,0", window(Some(1), Some(0)));
    check(&desk, "--window -1,1", window(None, Some(1)));
    check(&desk, "--window -1,-1", Attention::FULL);
    check(&desk, "--window=0,-1", window(Some(0), None));

    let allowed = [true, false, true, true, false];
    desk.save("row.npy", &[5], allowed.to_vec());
    check(
        &desk,
        "--mask row.npy --causal",
        Attention::of((Mask::Causal, Allowed((&[allowed]).into()))),
    );
    desk.save("short.npy", &[1, 1, 1, 2], vec![true, true]);
    check(&desk, "--mask short.npy", Attention::of(RealKeys(2)));
    desk.save("one.npy", &[1], vec![true]);
    check(&desk, "--mask one.npy", Attention::of(RealKeys(1)));
    let mut bias = [0.25, -1.0, 0.5, f32::NEG_INFINITY, 0.0].repeat(3);
    bias[7] = -2.0;
    desk.save("bias.npy", &[3, 5], bias.clone());
    let bias = View::new(&bias, 3, 5).unwrap();
    check(&desk, "--mask bias.npy", Attention::of(Bias(bias)));

    // The last of 3 queries stands at the last of 4 real keys; then before all but one.
    let padded = |keys, offset| Attention {
        offset,
        ..Attention::of((Mask::Causal, RealKeys(keys)))
    };
    check(&desk, "--kv-len 4 --causal", padded(4, 1));
    desk.ok("--kv-len 1 --causal");
    let (_, values): (_, Vec<f32>) = desk.read("output.npy");
    assert_eq!(values[..4], [0.0; 4]);
    assert_eq!(values[4..], numbers(3, 2));
}

#[test]
fn formats_round_first_and_write_what_the_integers_stand_for() {
    let desk = Desk::new();
    let quantized = Quantized::<i16>::from_fraction_bits(10, 11, 12).unwrap();
    let scales = [10, 11, 12].map(|bits| f64::powi(0.5, bits));
    let expect = kernel_in(quantized, Attention::CAUSAL, |tensor, count| {
        let reals = numbers([1, 2, 3][tensor], count).into_iter();
        let elements = reals.map(|real| quantize(real.into(), scales[tensor]).unwrap());
        elements.collect()
    });
    let expect = expect.iter().map(|&v| f32::from(v) / 4096.0);
    desk.ok("--causal --format i16:10,11,12");
    assert_eq!(desk.output(), expect.collect::<Vec<_>>());

    desk.ok("--format i8:scale=0.015625");
    let by_scale = desk.output();
    desk.ok("--format i8:6");
    assert_eq!(desk.output(), by_scale);

    desk.ok("--format f64");
    let (_, double): (_, Vec<f64>) = desk.read("output.npy");
    desk.ok("");
    for (double, single) in double.iter().zip(desk.output()) {
        assert!((double - f64::from(single)).abs() < 4e-7);
    }
}

#[test]
fn what_lies_beyond_a_format_is_counted() {
    let desk = Desk::new();
    desk.save(
        "big.npy",
        &[5, 2],
        vec![0.0, 3.9, 4.0, -4.0, -9.0, 0.0, 0.0, 0.0, 0.0, f32::INFINITY],
    );
    let said = desk.attend("--q q.npy --k k.npy --v big.npy --out out --format i8:5");
    let sentence = "kqv: 3 of 10 values of V lie beyond i8:5: the end of its range stands for them";
    assert_eq!(said, (0, sentence.to_owned()));
    desk.save("wide.npy", &[5, 2], vec![1e300; 10]);
    let said = desk.attend("--q q.npy --k k.npy --v wide.npy --out out");
    let sentence = "kqv: 10 of 10 values of V lie beyond f32: the end of its range stands for them";
    assert_eq!(said, (0, sentence.to_owned()));
}

#[test]
fn every_stage_is_written() {
    let desk = Desk::new();
    desk.ok("--causal --softcap 1 --scale 1");
    let read = |name| desk.read::<f32>(name);
    for name in ["raw.npy", "softcap.npy", "masked.npy", "weights.npy"] {
        assert_eq!(read(name).0, [3, 5]);
    }
    let (raw, softcap) = (read("raw.npy").1, read("softcap.npy").1);
    let (q, k) = (numbers(1, 12), numbers(2, 20));
    for i in 0..3 {
        for j in 0..5 {
            let dot: f32 = (0..4).map(|d| q[i * 4 + d] * k[j * 4 + d]).sum();
            let at = i * 5 + j;
            assert!((raw[at] - dot).abs() < 1e-5);
            assert!((softcap[at] - dot.tanh()).abs() < 1e-6);
            let hidden = j > i;
            let masked = if hidden {
                f32::NEG_INFINITY
            } else {
                softcap[at]
            };
            assert_eq!(read("masked.npy").1[at], masked);
            assert_eq!(read("weights.npy").1[at] == 0.0, hidden);
        }
    }
    for row in read("weights.npy").1.chunks(5) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}

#[test]
fn heads_share_keys_and_batches_have_their_own() {
    let desk = Desk::new();
    let heads = |seeds: &[u32], count| -> Vec<f32> {
        seeds
            .iter()
            .flat_map(|&seed| numbers(seed, count))
            .collect()
    };
    // Two batches of four heads; the keys that fit the desk's Q are those of batch 1, head 1.
    desk.save(
        "q4.npy",
        &[2, 4, 3, 4],
        heads(&[5, 6, 7, 8, 9, 10, 1, 1], 12),
    );
    desk.save("k4.npy", &[2, 2, 5, 4], heads(&[11, 12, 13, 2], 20));
    desk.save("v4.npy", &[2, 2, 5, 2], heads(&[14, 15, 16, 3], 10));
    let said = desk.attend("--q q4.npy --k k4.npy --v v4.npy --out out --causal");
    assert_eq!(said, (0, String::new()));
    let (shape, values) = desk.read::<f32>("output.npy");
    assert_eq!(shape, [2, 4, 3, 2]);
    assert_eq!(desk.read::<f32>("weights.npy").0, [2, 4, 3, 5]);
    let alone = kernel(Attention::CAUSAL);
    assert_eq!(values[36..42], alone);
    assert_eq!(values[42..], alone);
    assert_ne!(values[..6], alone);

    // A mask of its own for each head, and a length for each batch.
    let mask: Vec<bool> = (0..8 * 15).map(|cell| cell / 15 != 2).collect();
    desk.save("m4.npy", &[2, 4, 3, 5], mask);
    let all = "--q q4.npy --k k4.npy --v v4.npy --out out";
    assert_eq!(
        desk.attend(&format!("{all} --mask m4.npy --kv-len 5,2")).0,
        0
    );
    let (_, weights) = desk.read::<f32>("weights.npy");
    assert_eq!(weights[30..45], [0.0; 15]);
    for row in weights[60..].chunks(5) {
        assert_eq!(row[2..], [0.0; 3]);
    }
}

#[test]
fn a_past_is_what_came_before() {
    let desk = Desk::new();
    let (k, v) = (numbers(2, 20), numbers(3, 10));
    for (name, first, last) in [("past", 0, 3), ("new", 3, 5), ("none", 0, 0)] {
        let rows = last - first;
        desk.save(
            &format!("{name}_k.npy"),
            &[rows, 4],
            k[first * 4..last * 4].to_vec(),
        );
        desk.save(
            &format!("{name}_v.npy"),
            &[rows, 2],
            v[first * 2..last * 2].to_vec(),
        );
    }
    let said = desk.attend(
        "--q q.npy --k new_k.npy --v new_v.npy --past-k past_k.npy --past-v past_v.npy --causal --out out",
    );
    assert_eq!(said, (0, String::new()));
    let expect = kernel(Attention {
        offset: 3,
        ..Attention::CAUSAL
    });
    assert_eq!(desk.output(), expect);
    assert_eq!(desk.read("present_k.npy"), (vec![5, 4], k));
    assert_eq!(desk.read("present_v.npy"), (vec![5, 2], v));
    desk.ok("--past-k none_k.npy --past-v none_v.npy --causal");
    assert_eq!(desk.output(), kernel(Attention::CAUSAL));
}

#[test]
fn every_container_and_width_holds_the_same_numbers() {
    let desk = Desk::new();
    let expect = kernel(Attention::FULL);
    let check = |arguments: &str| {
        let said = desk.attend(&format!("{arguments} --out out"));
        assert_eq!(said, (0, String::new()));
        assert_eq!(desk.output(), expect, "{arguments}");
    };
    let (q, k, v) = (numbers(1, 12), numbers(2, 20), numbers(3, 10));
    let doubles: Vec<f64> = v.iter().map(|&v| v.into()).collect();
    desk.save("f64.npy", &[5, 2], doubles);
    check("--q q.npy --k k.npy --v f64.npy");

    let columns = array(&[5, 4], k.clone())
        .reversed_axes()
        .as_standard_layout()
        .into_owned();
    let columns =
        ArrayD::from_shape_vec(IxDyn(&[5, 4]).f(), columns.into_iter().collect()).unwrap();
    write_npy(desk.path("columns.npy"), &columns).unwrap();
    check("--q q.npy --k columns.npy --v v.npy");

    let be: Vec<u8> = q.iter().flat_map(|q| q.to_be_bytes()).collect();
    desk.write("be.npy", &npy(">f4", "(3, 4)", &be));
    let half: Vec<u8> = k
        .iter()
        .flat_map(|&k| f16::from_f32(k).to_le_bytes())
        .collect();
    desk.write("half.npy", &npy("<f2", "(5, 4)", &half));
    check("--q be.npy --k half.npy --v v.npy");

    let mut npz = NpzWriter::new_compressed(fs::File::create(desk.path("all.npz")).unwrap());
    npz.add_array("q", &array(&[3, 4], q.clone())).unwrap();
    npz.add_array("layer0:k", &array(&[5, 4], k.clone()))
        .unwrap();
    npz.add_array("v", &array(&[5, 2], v.clone())).unwrap();
    npz.finish().unwrap();
    check("--q all.npz --k all.npz:layer0:k --v all.npz:v");

    let brain: Vec<u8> = k
        .iter()
        .flat_map(|&k| bf16::from_f32(k).to_le_bytes())
        .collect();
    let view = safetensors::tensor::TensorView::new;
    let tensors = [
        (
            "k",
            view(safetensors::Dtype::BF16, vec![5, 4], &brain).unwrap(),
        ),
        (
            "mask",
            view(safetensors::Dtype::BOOL, vec![5], &[1; 5]).unwrap(),
        ),
    ];
    let bytes = safetensors::serialize(tensors, None).unwrap();
    desk.write("some.safetensors", &bytes);
    check("--q q.npy --k some.safetensors --v v.npy --mask some.safetensors");
}
