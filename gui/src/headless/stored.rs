//! From real numbers into a format, and from what it computed into files.

use kqv::{Float, Format, Integer, Quantized, Saturated, quantize};
use ndarray_npy::WritableElement;

/// One of the three tensors that a format stores.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Q,
    K,
    V,
}

/// A format that real numbers can be put into.
pub(super) trait Stored: Format<Element: Send + Sync, Cell: Send> + Sync {
    /// The element that stands for `real`.
    ///
    /// # Errors
    /// The nearest element, where `real` lies beyond the range.
    fn element(&self, real: f64, operand: Operand) -> Result<Self::Element, Self::Element>;
}

impl Stored for Float<f32> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounded to the format, as asked; what is too large becomes infinite"
    )]
    fn element(&self, real: f64, _: Operand) -> Result<f32, f32> {
        let element = real as f32;
        if element.is_infinite() && real.is_finite() {
            Err(element)
        } else {
            Ok(element)
        }
    }
}

impl Stored for Float<f64> {
    fn element(&self, real: f64, _: Operand) -> Result<f64, f64> {
        Ok(real)
    }
}

impl<I: Integer + Send + Sync> Stored for Quantized<I>
where
    Self: Format<Element = I, Cell: Send> + Sync,
{
    fn element(&self, real: f64, operand: Operand) -> Result<I, I> {
        let scale = match operand {
            Operand::Q => self.q_scale(),
            Operand::K => self.k_scale(),
            Operand::V => self.v_scale(),
        };
        quantize(real, scale).map_err(|Saturated { end }| end)
    }
}

/// A number that files are made of.
pub(super) trait Written: WritableElement + Copy + Send {
    /// The nearest one.
    fn of(real: f64) -> Self;
}

impl Written for f32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounded once, as documented"
    )]
    fn of(real: f64) -> Self {
        real as Self
    }
}

impl Written for f64 {
    fn of(real: f64) -> Self {
        real
    }
}
