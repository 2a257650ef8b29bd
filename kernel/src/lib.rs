//! Transformer attention that runs on a microcontroller and on the desk with the same bits.
#![no_std]

mod attend;
mod cache;
mod exp;
mod fixed;
mod float;
mod format;
mod modify;
mod observer;
mod view;

pub use attend::{attend, attend_view};
pub use cache::{CacheFull, KvCache};
pub use exp::{Exponent, exp_neg, exp_neg_f64, exp2_neg_q30};
pub use fixed::{Integer, QFormat, Quantized, QuantizedError, Saturated, quantize};
pub use float::Float;
pub use format::{Format, Number};
pub use modify::{Attention, Mask, Scale, ScaleError};
pub use observer::Observer;
pub use view::{Qkv, ShapeError, View};
