//! Calls one entry point of the kernel in one format, as its features say; without features it does nothing.
//!
//! What the one program is larger than the other is the code of that entry point, with all that it calls.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "an entry point cannot be had otherwise")]

use core::hint::spin_loop;
use core::panic::PanicInfo;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        spin_loop();
    }
}

/// Where a program starts that has no start-up code.
// SAFETY: no other symbol of this program has the name.
#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    #[cfg(any(
        feature = "attend",
        feature = "attend_view",
        feature = "cache",
        feature = "packed"
    ))]
    work::work();
    loop {
        spin_loop();
    }
}

#[cfg(any(
    feature = "attend",
    feature = "attend_view",
    feature = "cache",
    feature = "packed"
))]
mod work {
    use core::hint::black_box;

    use kqv::Attention;

    #[cfg(feature = "f32")]
    type N = f32;
    #[cfg(feature = "i16")]
    type N = fixed::types::I4F12;
    #[cfg(feature = "i8")]
    type N = fixed::types::I3F5;
    #[cfg(feature = "i8-i16")]
    type N = i8;

    #[cfg(all(
        not(feature = "i8-i16"),
        any(feature = "attend_view", feature = "cache")
    ))]
    fn format() -> Option<<N as kqv::Number>::Format> {
        Some(<N as kqv::Number>::FORMAT)
    }

    #[cfg(all(feature = "i8-i16", any(feature = "attend_view", feature = "cache")))]
    fn format() -> Option<kqv::FineOutput> {
        let format = kqv::Quantized::<i8>::from_fraction_bits(5, 5, 5).ok()?;
        Some(kqv::FineOutput::of(format))
    }

    #[cfg(feature = "attend")]
    pub(super) fn work() {
        let matrix = black_box([[N::default(); 8]; 8]);
        let attention = black_box(Attention::CAUSAL);
        black_box(kqv::attend(&matrix, &matrix, &matrix, attention, ()));
    }

    #[cfg(feature = "attend_view")]
    pub(super) fn work() {
        format().map(view_in);
    }

    #[cfg(feature = "attend_view")]
    fn view_in<F: kqv::Format<Element = N>>(format: F) {
        use kqv::{Qkv, View, attend_view};

        let numbers: &[N] = black_box(&[]);
        let view = || View::new(numbers, black_box(8), black_box(8));
        let (Ok(q), Ok(k), Ok(v)) = (view(), view(), view()) else {
            return;
        };
        let Ok(qkv) = Qkv::new(q, k, v) else {
            return;
        };
        let mut scratch = black_box([F::ZERO_CELL; 8]);
        let mut output = black_box([F::ZERO; 64]);
        let attention = black_box(Attention::CAUSAL);
        let done = attend_view(format, qkv, attention, &mut scratch, &mut output, ());
        black_box((done.is_ok(), output));
    }

    #[cfg(feature = "packed")]
    pub(super) fn work() {
        use kqv::{Number, PackedKv, View};

        let row = black_box([N::default(); 8]);
        let mut words = black_box([0; kqv::packed_words(8, 8, 8)]);
        let Ok(mut past) = PackedKv::new(N::FORMAT, &mut words, black_box(8), 8, 8) else {
            return;
        };
        let pushed = past.push(&row, &row).is_ok();
        let mut scratch = black_box([0; kqv::packed_scratch_cells(8, 8)]);
        let mut output = black_box([N::default(); 8]);
        let (q, attention) = ([row], black_box(Attention::CAUSAL));
        let done = past.attend(View::from(&q), attention, &mut scratch, &mut output);
        black_box((pushed, done.is_ok(), output));
    }

    #[cfg(feature = "cache")]
    pub(super) fn work() {
        let row = black_box([N::default(); 8]);
        let mut cache = kqv::KvCache::<N, 8, 8, 8>::new();
        cache.slide(&row, &row);
        let attention = black_box(Attention::CAUSAL);
        format().map(|format| black_box(cache.attend_in(format, &[row], attention, ())));
    }
}
