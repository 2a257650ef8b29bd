//! Measures the stack that the entry points with arrays take, which keep scores and output on it.
//!
//! A line is `attend i8 64x32 3456 bytes, 4608 allowed`: entry point, format, (S, D), what was used below the caller
//! and what the documentation allows. `attend` has as many queries as keys, the cache and the layer one; `view` and
//! `packed` are given all arrays, with and without a soft cap and a bias.
#![no_std]
#![no_main]

use core::hint::black_box;

use fixed::types::{I3F5, I4F12};
use kqv::{
    Alibi, Arithmetic, Attention, FineOutput, Format, KvCache, Mask, Merge, Modify, MultiHead,
    Number, PackedKv, Qkv, Quantized, Rescale, Softcap, Split, View, attend_view,
    packed_scratch_cells, packed_words,
};
use kqv_firmware::{exit, println, stack_bytes_of, take_free_memory_beside_a_large_stack};

kqv_firmware::start!(main);

/// What an entry point may use besides its rows of scores and its output, in bytes.
const FRAMES: usize = 1024;
/// Queries that may be computed together.
const BLOCK: usize = 4;

fn main() -> ! {
    take_free_memory_beside_a_large_stack(); // from here on the stack is watched
    let mut kept = true;
    kept &= attend::<f32, 16, 16>("f32") & attend::<f32, 64, 32>("f32");
    kept &= attend::<I4F12, 16, 16>("i16") & attend::<I4F12, 64, 32>("i16");
    kept &= attend::<I3F5, 16, 16>("i8") & attend::<I3F5, 64, 32>("i8");
    kept &= every_cache::<16, 16>() & every_cache::<64, 32>();
    kept &= every_layer::<16>() & every_layer::<64>();
    kept &= packed::<16, 16>() & packed::<64, 32>();
    kept &= every_view();
    exit(i32::from(!kept))
}

/// `attend`, whose output is one of its own and one for the caller.
fn attend<N: Number + Default, const S: usize, const D: usize>(format: &str) -> bool {
    let rows = black_box([[N::default(); D]; S]);
    let used = stack_bytes_of(|| {
        apart(|| _ = black_box(kqv::attend(&rows, &rows, &rows, Attention::CAUSAL, ())));
    });
    let outputs = 2 * S * D * size_of::<N>();
    report("attend", format, [S, D], used, scratch(S, D) + outputs)
}

/// The cache in every format.
fn every_cache<const S: usize, const D: usize>() -> bool {
    let scales = Quantized::<i8>::from_fraction_bits(5, 5, 5);
    cache::<_, S, D>("f32", <f32 as Number>::FORMAT, 0.0)
        & cache::<_, S, D>("i16", I4F12::FORMAT, I4F12::ZERO)
        & cache::<_, S, D>("i8", I3F5::FORMAT, I3F5::ZERO)
        & scales.is_ok_and(|scales| cache::<_, S, D>("i8-i16", FineOutput::of(scales), 0))
}

/// `KvCache::attend_in` with one query.
fn cache<F: Format, const S: usize, const D: usize>(
    name: &str,
    format: F,
    zero: F::Element,
) -> bool {
    let row = black_box([zero; D]);
    let mut cache = KvCache::<F::Element, D, D, S>::new();
    for _ in 0..S {
        cache.slide(&row, &row);
    }
    let used = stack_bytes_of(|| {
        apart(|| _ = black_box(cache.attend_in(format, &[row], Attention::CAUSAL, ())));
    });
    let outputs = 2 * D * size_of::<F::Output>();
    report("cache", name, [S, D], used, scratch(S, D) + outputs)
}

/// Columns of a token.
const X: usize = 16;
/// Columns of a head's Q and K, and of its V.
const D: usize = 8;
/// Query heads; half as many for K and V.
const HEADS: usize = 4;

/// The layer in f32 and in i8.
fn every_layer<const S: usize>() -> bool {
    let (wide, narrow) = black_box(([[[0_i8; X]; D]; HEADS], [[[0_i8; X]; D]; HEADS / 2]));
    let out = black_box([[[0_i8; D]; HEADS]; X]);
    let (q, k, o) = black_box((
        [[[0.0; X]; D]; HEADS],
        [[[0.0; X]; D]; HEADS / 2],
        [[[0.0; D]; HEADS]; X],
    ));
    let floats = MultiHead::new(
        Split::new(&q),
        Split::new(&k),
        Split::new(&k),
        Merge::new(&o),
    );
    let Ok(rescale) = Rescale::new(0.1, 0.1, 0.1) else {
        return false;
    };
    let narrow = Split::quantized(&narrow, rescale);
    let (wide, out) = (
        Split::quantized(&wide, rescale),
        Merge::quantized(&out, rescale),
    );
    let integers = MultiHead::quantized(wide, narrow, narrow, out);
    layer::<f32, S>("f32", &floats, 0.0)
        & integers.is_ok_and(|integers| layer::<i8, S>("i8", &integers, 0))
}

/// `MultiHead::step`: besides, H·D + H·E + 2·X elements, D sines and cosines, and the rows of scores.
fn layer<A: Arithmetic, const S: usize>(
    name: &str,
    layer: &MultiHead<'_, A, X, HEADS, { HEADS / 2 }, D, D>,
    zero: A::Element,
) -> bool {
    let token = black_box([zero; X]);
    let mut past = layer.past::<S>();
    let attention = Attention::CAUSAL;
    let used = stack_bytes_of(|| {
        apart(|| {
            _ = black_box(
                layer
                    .step(&token, &mut past, attention, [(); HEADS])
                    .is_ok(),
            );
        });
    });
    let elements = (2 * HEADS * D + 2 * X) * size_of::<A::Element>();
    let turns = D * 2 * size_of::<f32>();
    report("step", name, [S, D], used, scratch(S, D) + elements + turns)
}

/// Soft cap and bias.
fn changed() -> Attention<(Mask, Alibi)> {
    Attention {
        softcap: Softcap::new(30.0).unwrap_or_default(),
        ..Attention::of((Mask::Causal, Alibi::of_head(1, 8)))
    }
}

/// `attend_view` in every format.
fn every_view() -> bool {
    let scales = Quantized::<i8>::from_fraction_bits(5, 5, 5);
    view("f32", <f32 as Number>::FORMAT, 0.0)
        & view("i16", I4F12::FORMAT, I4F12::ZERO)
        & view("i8", I3F5::FORMAT, I3F5::ZERO)
        & scales.is_ok_and(|scales| view("i8-i16", FineOutput::of(scales), 0))
}

/// `attend_view`, whose scores and output lie with the caller.
fn view<F: Format>(name: &str, format: F, zero: F::Element) -> bool {
    const SIZE: usize = 16;
    let rows = black_box([[zero; SIZE]; SIZE]);
    let mut scratch = [F::ZERO_CELL; 4 * 2 * SIZE];
    let mut output = [F::ZERO; SIZE * SIZE];
    let rows = View::from(&rows);
    let Ok(qkv) = Qkv::new(rows, rows, rows) else {
        return false;
    };
    let plain = stack_bytes_of(|| {
        apart(|| {
            let done = attend_view(
                format,
                qkv,
                Attention::CAUSAL,
                &mut scratch,
                &mut output,
                (),
            );
            _ = black_box(done);
        });
    });
    let with_changes = stack_bytes_of(|| {
        apart(|| {
            let done = attend_view(format, qkv, changed(), &mut scratch, &mut output, ());
            _ = black_box(done);
        });
    });
    let size = [SIZE, SIZE];
    report("view", name, size, plain, 0) & report("changed view", name, size, with_changes, 0)
}

/// `PackedKv::attend`, whose scores and output lie with the caller.
fn packed<const S: usize, const D: usize>() -> bool {
    let rows = black_box([[I3F5::ZERO; D]; S]);
    let mut words = [0; PACKED_WORDS];
    let Ok(mut past) = PackedKv::new(I3F5::FORMAT, &mut words, S, D, D) else {
        return false;
    };
    let rows = View::from(&rows);
    let plain = attend_packed(&mut past, rows, Attention::CAUSAL);
    let with_changes = attend_packed(&mut past, rows, changed());
    report("packed", "i8", [S, D], plain, 0)
        & report("changed packed", "i8", [S, D], with_changes, 0)
}

/// What attention over nothing but these keys and values takes.
fn attend_packed(
    past: &mut PackedKv<<I3F5 as Number>::Format, &mut [u32; PACKED_WORDS]>,
    rows: View<'_, I3F5>,
    attention: Attention<impl Modify>,
) -> usize {
    let mut scratch = [0; SCRATCH_CELLS];
    let mut output = [I3F5::ZERO; OUTPUTS];
    past.clear();
    if past.extend(rows, rows).is_err() {
        return usize::MAX;
    }
    let output = &mut output[..rows.rows() * rows.columns()];
    stack_bytes_of(|| {
        apart(|| _ = black_box(past.attend(rows, attention, &mut scratch, output)));
    })
}

/// What the largest packed problem needs.
const PACKED_WORDS: usize = packed_words(64, 32, 32);
/// Its scratch,
const SCRATCH_CELLS: usize = packed_scratch_cells(64, 32);
/// and its output.
const OUTPUTS: usize = 64 * 32;

/// Calls `work` with a frame of its own, or its arrays would lie in that of the one who measures.
#[inline(never)]
fn apart(work: impl FnOnce()) {
    work();
}

/// Rows of scores for a block of queries, and what 16·D bytes hold.
const fn scratch(s: usize, d: usize) -> usize {
    BLOCK * 4 * s + 16 * d
}

/// Whether it is at most what the arrays take, and the frames.
fn report(entry: &str, format: &str, [s, d]: [usize; 2], used: usize, arrays: usize) -> bool {
    let allowed = arrays + FRAMES;
    println!("{entry} {format} {s}x{d} {used} bytes, {allowed} allowed");
    used <= allowed
}
