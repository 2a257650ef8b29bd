//! Links only if no entry point of the kernel can reach a panic: its panic handler calls a function that nobody defines.
//!
//! `cargo no-panic --target thumbv6m-none-eabi` says it of a target. All data go through `black_box`, so the compiler knows nothing of them but their types.
#![no_std]
#![no_main]
#![expect(
    unsafe_code,
    reason = "an entry point and an undefined symbol cannot be had otherwise"
)]

use core::hint::{black_box, spin_loop};
use core::panic::PanicInfo;

use fixed::types::{I3F5, I4F12};
use kqv::{
    Alibi, Allowed, Arithmetic, Attention, Bias, Bits, Digest, FineOutput, Float, Format, Integer,
    KvCache, Mask, Merge, MultiHead, Number, Packable, PackedKv, Pairing, Qkv, Quantized, RealKeys,
    Rescale, Rotary, Scale, Sinusoidal, Softcap, Split, View, W8A16, Window, attend, attend_view,
    quantize, self_check,
};

unsafe extern "C" {
    /// Defined nowhere: whoever can reach it does not link.
    fn kqv_can_panic() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: never called, as then this program would not exist.
    unsafe { kqv_can_panic() }
}

/// Where a program starts that has no start-up code.
// SAFETY: no other symbol of this program has the name.
#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    arrays::<f32>(0.0);
    arrays::<f64>(0.0);
    arrays::<I4F12>(I4F12::ZERO);
    arrays::<I3F5>(I3F5::ZERO);
    views(Float::<f32>::FORMAT, &[]);
    views(Float::<f64>::FORMAT, &[]);
    fine_output();
    integers::<i16>();
    integers::<i8>();
    packed(I3F5::FORMAT, I3F5::ZERO);
    if let Ok(format) = Quantized::<i8>::new(black_box(0.1), black_box(0.2), black_box(0.3)) {
        packed(format, 0);
    }
    float_layer::<f32>(0.0);
    float_layer::<f64>(0.0);
    integer_layer::<i16>(0, 0);
    integer_layer::<i8>(0, 0);
    integer_layer::<W8A16>(0, 0);
    black_box(self_check());
    loop {
        spin_loop();
    }
}

/// The entry points for arrays, and the cache.
fn arrays<N: Number<Format: Format<Element: Bits, Cell: Bits, Sum: Bits>>>(zero: N) {
    let q = black_box([[zero; 8]; 6]);
    let k = black_box([[zero; 8]; 7]);
    let v = black_box([[zero; 3]; 7]);
    for attention in [Attention::FULL, Attention::CAUSAL] {
        black_box(attend(&q, &k, &v, black_box(attention), ()));
    }
    let mut cache = KvCache::<N, 8, 3, 5>::new();
    let mut digest = Digest::new();
    for (key, value) in k.iter().zip(&v) {
        black_box(cache.push(key, value).is_ok());
        cache.slide(key, value);
        black_box(cache.attend(&q, Attention::CAUSAL, &mut digest));
    }
    cache.clear();
    black_box((digest.value(), cache.len()));
}

/// The entry points for run-time shapes, in every kind of attention.
fn views<F: Format>(format: F, numbers: &[F::Element]) {
    let numbers = black_box(numbers);
    let view = || View::new(numbers, black_box(3), black_box(5)).ok();
    let (Some(q), Some(k), Some(v)) = (view(), view(), view()) else {
        return;
    };
    let Ok(qkv) = Qkv::new(q, k, v) else {
        return;
    };
    let (allowed, bias) = (black_box([[true; 5]; 3]), black_box([[0.0_f32; 5]; 3]));
    let window = Window {
        left: black_box(None),
        right: black_box(Some(2)),
    };
    let mask = (
        (black_box(Mask::Causal), window),
        (
            RealKeys(black_box(4)),
            (
                Allowed(View::from(&allowed)),
                (
                    Bias(View::from(&bias)),
                    Alibi::of_head(black_box(1), black_box(8)),
                ),
            ),
        ),
    );
    let attention = Attention {
        scale: Scale::new(black_box(0.5)).unwrap_or_default(),
        softcap: Softcap::new(black_box(9.0)).unwrap_or_default(),
        offset: black_box(2),
        ..Attention::of(mask)
    };
    let mut scratch = black_box([F::ZERO_CELL; 9]);
    let mut output = black_box([F::ZERO; 9]);
    let done = attend_view(format, qkv, attention, &mut scratch, &mut output, ());
    black_box((done.is_ok(), output));
    let grouped = attention.grouped(black_box(2));
    let done = attend_view(format, qkv, grouped, &mut scratch, &mut output, ());
    black_box((done.is_ok(), output));
}

/// The entry points for integers with run-time scales.
fn integers<I: Integer + Default>() {
    let element = quantize::<I>(black_box(0.7), black_box(0.1)).unwrap_or_else(|beyond| beyond.end);
    let numbers = black_box([element; 15]);
    let scaled = Quantized::<I>::new(black_box(0.1), black_box(0.2), black_box(0.3));
    let shifted = Quantized::<I>::from_fraction_bits(black_box(4), black_box(5), black_box(6));
    for format in scaled.into_iter().chain(shifted) {
        views(format, &numbers);
    }
}

/// The entry points for i8 with an output of i16.
fn fine_output() {
    let scaled = Quantized::<i8>::new(black_box(0.1), black_box(0.2), black_box(0.3));
    let Ok(format) = scaled.map(FineOutput::of) else {
        return;
    };
    views(format, &black_box([0; 15]));
    let mut cache = KvCache::<i8, 8, 3, 5>::new();
    let (key, value) = black_box(([0; 8], [0; 3]));
    cache.slide(&key, &value);
    black_box(cache.attend_in(format, &[key], Attention::CAUSAL, ()));
    black_box((format.input().v_scale(), format.output_scale()));
}

/// The entry points for what is packed, under plain masks and with changed scores.
fn packed<F: Packable>(format: F, zero: F::Element) {
    let mut memory = black_box([0_u32; 100]);
    let rows = black_box([[zero; 5]; 7]);
    let sizes = black_box([6, 5, 5]);
    let Ok(mut past) = PackedKv::new(format, &mut memory, sizes[0], sizes[1], sizes[2]) else {
        return;
    };
    let bias = black_box([[0.0_f32; 6]; 7]);
    let mask = (black_box(Mask::Causal), Bias(View::from(&bias)));
    let softcap = Softcap::new(black_box(9.0)).unwrap_or_default();
    let mut scratch = black_box([0; 30]);
    let mut output = black_box([zero; 35]);
    let view = View::from(&rows);
    for row in &rows {
        black_box(past.push(row, row).is_ok());
        black_box(past.slide(row, row).is_ok());
        black_box(past.extend(view, view).is_ok());
        let plain = black_box(Attention::CAUSAL);
        black_box(past.attend(view, plain, &mut scratch, &mut output).is_ok());
        let changed = Attention {
            softcap,
            ..Attention::of(mask)
        };
        black_box(
            past.attend(view, changed, &mut scratch, &mut output)
                .is_ok(),
        );
    }
    black_box((past.len(), past.is_empty()));
    past.clear();
    black_box(&output);
}

/// Six columns, four query heads over two KV heads, D = 4, E = 3.
type Layer<'w, A> = MultiHead<'w, A, 6, 4, 2, 4, 3>;

/// The entry points of a layer of floats.
fn float_layer<A: Arithmetic<Rescale = (), Bias = A>>(zero: A::Weight) {
    let (q, k) = black_box(([[[zero; 6]; 4]; 4], [[[zero; 6]; 4]; 2]));
    let (v, o) = black_box(([[[zero; 6]; 3]; 2], [[[zero; 3]; 4]; 6]));
    let (q, k) = (Split::new(&q), Split::new(&k));
    layer::<A>(MultiHead::new(q, k, Split::new(&v), Merge::new(&o)));

    let mut token = black_box([0.0_f32; 5]);
    Sinusoidal::Halves.add(&mut token, black_box(7));
    Sinusoidal::Interleaved.add(&mut token, black_box(8));
    black_box(token);
}

/// The entry points of a layer of integers.
fn integer_layer<A>(weight: A::Weight, bias: A::Bias)
where
    A: Arithmetic<Rescale = Rescale, Element: Integer>,
{
    let (q, k) = black_box(([[[weight; 6]; 4]; 4], [[[weight; 6]; 4]; 2]));
    let (v, o) = black_box(([[[weight; 6]; 3]; 2], [[[weight; 3]; 4]; 6]));
    let (bias, out_bias) = black_box(([[bias; 4]; 4], [bias; 6]));
    let Ok(rescale) = Rescale::new(black_box(0.1), black_box(0.2), black_box(0.3)) else {
        return;
    };
    let query = Split::quantized(&q, rescale).with_bias(&bias);
    let (key, value) = (Split::quantized(&k, rescale), Split::quantized(&v, rescale));
    let output = Merge::quantized(&o, rescale).with_bias(&out_bias);
    if let Ok(whole) = MultiHead::quantized(query, key, value, output) {
        layer::<A>(whole);
    }
    let mut token = black_box([A::Format::ZERO; 5]);
    Sinusoidal::Interleaved.add_quantized(&mut token, black_box(7), black_box(0.1));
    black_box(&token);
}

/// Prefill, a step, a slide, rotary positions and back.
fn layer<A: Arithmetic>(layer: Layer<'_, A>) {
    let zero = A::Format::ZERO;
    let mut past = layer.past::<5>();
    for pairing in [Pairing::Adjacent, Pairing::Halves] {
        let rotary = Rotary::new(black_box(4), black_box(pairing));
        let rotary = rotary.and_then(|rotary| rotary.with_base(black_box(500.0)));
        let mut row = black_box([zero; 7]);
        if let Ok(rotary) = rotary {
            black_box(rotary.rotate(&mut row, black_box(3)).is_ok());
            black_box(rotary.rotate_back(&mut row, black_box(3)).is_ok());
        }
        let Ok(layer) = rotary.and_then(|rotary| layer.with_rotary(rotary)) else {
            return;
        };
        let tokens = black_box([[zero; 6]; 3]);
        let attention = black_box(Attention::CAUSAL);
        for _ in 0..black_box(9) {
            black_box(
                layer
                    .forward(&tokens, &mut past, attention, [(); 4])
                    .is_ok(),
            );
            black_box(
                layer
                    .step(&tokens[0], &mut past, attention, [(); 4])
                    .is_ok(),
            );
            black_box(layer.slide(&tokens[1], &mut past, attention, [(); 4]));
        }
        black_box((past.len(), past.position()));
        past.clear();
    }
}
