//! One number that stands for every bit of a run: what a chip computes is what the desk computed.

use core::hash::Hasher;

use fixed::traits::Fixed;
use fixed::types::extra::{LeEqU8, LeEqU16};
use fixed::{FixedI8, FixedI16};
use fnv::FnvHasher;

use crate::attend::attend_view;
use crate::attention::{Attention, Softcap};
use crate::fixed::Quantized;
use crate::float::Float;
use crate::format::Format;
use crate::modify::{Alibi, Modify, Window};
use crate::observer::{Observer, Scores};
use crate::view::{Qkv, View};

/// Hashes every bit of every stage that it watches (FNV-1a, 64 bits): equal digests, equal bits.
///
/// ```
/// use kqv::{Attention, Digest, attend};
///
/// let digest_of = |value: f32| {
///     let mut digest = Digest::new();
///     attend(&[[1.0]], &[[1.0]], &[[value]], Attention::FULL, &mut digest);
///     digest.value()
/// };
/// assert_eq!(digest_of(2.0), digest_of(2.0));
/// assert_ne!(digest_of(2.0), digest_of(2.0_f32.next_up()));
/// ```
#[derive(Default)]
pub struct Digest(FnvHasher);

impl Digest {
    /// The digest of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The digest of all that was watched so far.
    pub fn value(&self) -> u64 {
        self.0.finish()
    }

    /// Takes in numbers, one after the other, eight bytes each, the lowest first.
    pub fn write(&mut self, numbers: &[impl Bits]) {
        for number in numbers {
            self.0.write(&number.bits().to_le_bytes());
        }
    }
}

impl<F: Format<Output: Bits, Cell: Bits, Sum: Bits>> Observer<F> for Digest {
    fn raw(&mut self, _: usize, scores: Scores<'_, F>) {
        self.write(scores.cells());
    }

    fn softcapped(&mut self, _: usize, scores: Scores<'_, F>) {
        self.write(scores.cells());
    }

    fn masked(&mut self, _: usize, scores: Scores<'_, F>) {
        self.write(scores.cells());
    }

    fn weights(&mut self, _: usize, weights: &[F::Cell], sum: F::Sum) {
        self.write(weights);
        self.write(&[sum]);
    }

    fn output(&mut self, _: usize, output: &[F::Output]) {
        self.write(output);
    }
}

/// A number whose bits can be hashed.
pub trait Bits: Copy {
    /// The bits of the number, with copies of its sign in front where it has fewer than 64.
    fn bits(self) -> u64;
}

impl Bits for f32 {
    fn bits(self) -> u64 {
        self.to_bits().into()
    }
}

impl Bits for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

impl Bits for u64 {
    fn bits(self) -> u64 {
        self
    }
}

macro_rules! signed_bits {
    ($($integer:ty)*) => {$(
        impl Bits for $integer {
            fn bits(self) -> u64 {
                i64::from(self).cast_unsigned()
            }
        }
    )*};
}

signed_bits!(i8 i16 i32 i64);

impl<Frac: LeEqU8> Bits for FixedI8<Frac> {
    fn bits(self) -> u64 {
        Fixed::to_bits(self).bits()
    }
}

impl<Frac: LeEqU16> Bits for FixedI16<Frac> {
    fn bits(self) -> u64 {
        Fixed::to_bits(self).bits()
    }
}

/// What [`self_check`] returns wherever this version of the crate computes what it should.
pub const SELF_CHECK: u64 = 0xb4ea_01cb_ca7b_c5c1;

/// Runs small attention problems in f32, f64, i16 and i8, with and without masks, biases and caps, and
/// returns the digest of every bit: [`SELF_CHECK`], unless compiler, libraries or chip go wrong.
///
/// For a check at boot; the firmware program `self_check` prints the stack it takes, under 3 kB on every board.
///
/// ```
/// assert_eq!(kqv::self_check(), kqv::SELF_CHECK);
/// ```
pub fn self_check() -> u64 {
    let mut digest = Digest::new();
    check_format(&mut digest, Float::<f32>::FORMAT, |number| {
        f32::from(number) / 16.0
    });
    check_format(&mut digest, Float::<f64>::FORMAT, |number| {
        f64::from(number) / 16.0
    });
    if let Ok(format) = Quantized::<i16>::from_fraction_bits(12, 11, 12) {
        check_format(&mut digest, format, |number| i16::from(number) * 256);
    }
    if let Ok(format) = Quantized::<i8>::from_fraction_bits(4, 5, 4) {
        check_format(&mut digest, format, |number| number);
    }
    digest.value()
}

/// Queries and keys.
const TOKENS: usize = 7;
/// D and E.
const WIDTH: usize = 5;

/// The same numbers under three kinds of attention, in one format.
fn check_format<F>(digest: &mut Digest, format: F, element: impl Fn(i8) -> F::Element)
where
    F: Format<Output: Bits, Cell: Bits, Sum: Bits>,
{
    // Numbers in −64..=63 that look random: the top bits of a linear congruence.
    let mut state = 1_u32;
    let mut matrix = || {
        [(); TOKENS].map(|()| {
            [(); WIDTH].map(|()| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let [.., top] = state.to_le_bytes();
                element(top.cast_signed() / 2)
            })
        })
    };
    let (q, k, v) = (matrix(), matrix(), matrix());
    let qkv = Qkv {
        q: View::from(&q),
        k: View::from(&k),
        v: View::from(&v),
    };
    check_attention(digest, format, qkv, Attention::FULL);
    check_attention(digest, format, qkv, Attention::CAUSAL);
    let mut local = Attention::of((Window::last(3), Alibi { slope: 0.25 }));
    local.softcap = Softcap::new(4.0).unwrap_or_default();
    check_attention(digest, format, qkv, local);
}

fn check_attention<F>(
    digest: &mut Digest,
    format: F,
    qkv: Qkv<'_, F::Element>,
    attention: Attention<impl Modify>,
) where
    F: Format<Output: Bits, Cell: Bits, Sum: Bits>,
{
    let mut scratch = [F::ZERO_CELL; TOKENS];
    let mut output = [[F::ZERO; WIDTH]; TOKENS];
    let output = output.as_flattened_mut();
    if attend_view(format, qkv, attention, &mut scratch, output, &mut *digest).is_err() {
        digest.write(&[u64::MAX]); // the shapes fit, so this is a fault to be seen
    }
}
