//! Transformer attention that you can flash to a chip: no heap, no panic, the same bits everywhere.
//!
//! `output = softmax(Q·Kᵀ·scale + mask)·V`, one row per query, in four stages that carry the names
//! of the field's operator standard (ONNX `Attention`):
//!
//! ```text
//! Q (T, D) ─┐
//! K (S, D) ─┴─ score ──── mask ──── softmax ─┬─ mix ── output (T, E)
//!              (T, S)     (T, S)    weights ─┘
//! V (S, E) ──────────────────────────────────┘
//! ```
//!
//! [`attend`] takes arrays and returns one; [`attend_view`] takes shapes known at run time;
//! [`KvCache`] decodes token by token. All give the same bits, on every machine:
//!
//! - `f32` and `f64` are defined by the naive loop, read left to right, without fused operations,
//!   and by an exponential of our own ([`exp_neg`]); see [`Float`].
//! - `FixedI16<Frac>`, `FixedI8<Frac>` and integers with run-time scales ([`Quantized`]) are sums of
//!   integers, the same in any order.
//!
//! ```
//! use fixed::types::I4F12;
//! use kqv::{Attention, attend};
//!
//! let q = [[1.0, 0.5]].map(|row| row.map(I4F12::from_num));
//! let k = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]].map(|row| row.map(I4F12::from_num));
//! let v = [[1.0], [2.0], [4.0]].map(|row| row.map(I4F12::from_num));
//! let output = attend(&q, &k, &v, Attention::FULL, ());
//! assert!(output[0][0].abs_diff(I4F12::from_num(2.591)) < 0.001);
//! ```
//!
//! Around attention, [`MultiHead`] is a whole layer whose weights can lie in flash: projections
//! ([`Split`], [`Merge`]), rotary positions ([`Rotary`]), grouped queries ([`Grouped`]), prefill and decode.
//!
//! An [`Observer`] sees every stage of every query, and changes no bit by looking.
//!
//! Read the modules in the order below.
#![no_std]

#[cfg(feature = "std")]
extern crate std;

// Matrices of run-time shape, and shapes that do not fit.
mod view;
// The algorithm, once.
mod attend;
// Scale, soft cap, mask,
mod attention;
// who may look at whom,
mod modify;
// and scores as those see them who change them.
mod score;
// What can be watched.
mod observer;
// What a number format must do,
mod format;
// f32 and f64,
mod float;
// i16 and i8,
mod integer;
// whose sums are bounded,
mod bounds;
// what a real number becomes as one,
mod quantize;
// with scales
mod fixed;
// and as Q formats,
mod q_format;
// i8 with an output of i16,
mod fine;
// row by row,
mod row;
// or four at a time,
mod fours;
// or for two queries at once,
mod two_rows;
// to means that may be finer than V,
mod mean_of;
// or taken apart, to be shown,
mod shares;
// two rows at once on a chip,
#[cfg(kqv_dsp)]
mod pairs;
// or from keys and values that were packed,
mod packed;
// and their exponentials.
mod exp;
// Which body does the work,
mod body;
// for many queries at once,
#[cfg(kqv_vectors)]
mod tile;
// for a few,
#[cfg(kqv_vectors)]
mod few;
// stage by stage,
#[cfg(kqv_vectors)]
mod stages;
// until the weights meet V,
#[cfg(kqv_vectors)]
mod mix;
// on vectors,
#[cfg(kqv_vectors)]
mod vector;
// for four on a chip,
mod quad;
// block by block,
#[cfg_attr(
    all(target_arch = "arm", target_abi = "eabihf"),
    expect(dead_code, reason = "the twin")
)]
mod blocks;
// for chips without floating point,
mod soft_loop;
// number by number,
mod soft;
// on processors that have vectors, or instructions of their own.
mod arch;
// Token by token.
mod cache;
// Where a token stands.
mod position;
// What becomes of a sum of products,
mod arithmetic;
// projections made of them,
mod linear;
// and the whole layer.
mod heads;
// The proof on a chip.
mod digest;

pub use arithmetic::{Arithmetic, Rescale, W8A16};
pub use attend::{attend, attend_view, attend_view_on, fast_scratch_cells, scratch_bytes};
pub use attention::{Attention, Scale, ScaleError, Softcap, SoftcapError};
pub use body::Body;
pub use cache::{CacheFull, KvCache};
pub use digest::{Bits, Digest, SELF_CHECK, self_check};
pub use exp::{EXP_NEG_END, Exponent, WEIGHT_ONE, exp_neg, exp_neg_f64, exp2_neg_q30};
pub use fine::FineOutput;
pub use fixed::{Prepared, Quantized, QuantizedError};
pub use float::{Float, Scaled};
pub use format::{Format, Number};
pub use heads::{MultiHead, Past, ScaleMismatch};
pub use integer::Integer;
pub use linear::{Linear, Merge, Split};
pub use modify::{Alibi, Allowed, Bias, Grouped, Mask, Modify, Query, RealKeys, Window};
pub use observer::{Observer, Scores};
pub use packed::{PackError, Packable, PackedKv, packed_scratch_cells, packed_words};
pub use position::{Pairing, Rotary, RotaryError, Rotate, Sinusoidal};
pub use q_format::QFormat;
pub use quantize::{Saturated, quantize};
pub use score::Score;
pub use view::{Qkv, ShapeError, View};
