//! Measures the stack that the entry points with arrays take, which keep scores and output on it.
//!
//! A line is `attend i8 64x32 3456 bytes, 4608 allowed`: entry point, format, (S, D), what was used below the caller
//! and what the documentation allows. `attend` has as many queries as keys, the cache one.
#![no_std]
#![no_main]

use core::hint::black_box;

use fixed::types::{I3F5, I4F12};
use kqv::{Attention, KvCache, Number};
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
    kept &= cache::<f32, 16, 16>("f32") & cache::<f32, 64, 32>("f32");
    kept &= cache::<I4F12, 16, 16>("i16") & cache::<I4F12, 64, 32>("i16");
    kept &= cache::<I3F5, 16, 16>("i8") & cache::<I3F5, 64, 32>("i8");
    exit(i32::from(!kept))
}

/// `attend`, whose output is one of its own and one for the caller.
fn attend<N: Number + Default, const S: usize, const D: usize>(format: &str) -> bool {
    let rows = black_box([[N::default(); D]; S]);
    let used = stack_bytes_of(|| {
        apart(|| _ = black_box(kqv::attend(&rows, &rows, &rows, Attention::CAUSAL, ())));
    });
    report::<N, S, D>("attend", format, used, 2 * S)
}

/// `KvCache::attend` with one query.
fn cache<N: Number + Default, const S: usize, const D: usize>(format: &str) -> bool {
    let row = black_box([N::default(); D]);
    let mut cache = KvCache::<N, D, D, S>::new();
    for _ in 0..S {
        cache.slide(&row, &row);
    }
    let used = stack_bytes_of(|| {
        apart(|| _ = black_box(cache.attend(&[row], Attention::CAUSAL, ())));
    });
    report::<N, S, D>("cache", format, used, 2)
}

/// Calls `work` with a frame of its own, or its arrays would lie in that of the one who measures.
#[inline(never)]
fn apart(work: impl FnOnce()) {
    work();
}

/// Whether it is at most: rows of scores for a block of queries and what 16 · D bytes hold, `outputs` rows of
/// output, and the frames.
fn report<N, const S: usize, const D: usize>(
    entry: &str,
    format: &str,
    used: usize,
    outputs: usize,
) -> bool {
    let scratch = BLOCK * 4 * S + 16 * D;
    let allowed = scratch + outputs * D * size_of::<N>() + FRAMES;
    println!("{entry} {format} {S}x{D} {used} bytes, {allowed} allowed");
    used <= allowed
}
