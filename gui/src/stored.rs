//! From real numbers into a format, for the window and for the command.

use kqv::{Float, Format, Integer, Quantized, Saturated, quantize};

/// One of the three tensors that a format stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Queries.
    Q,
    /// Keys.
    K,
    /// Values, and the output.
    V,
}

impl Operand {
    /// What one step of its integers stands for.
    pub fn scale<I>(self, format: &Quantized<I>) -> f64 {
        match self {
            Self::Q => format.q_scale(),
            Self::K => format.k_scale(),
            Self::V => format.v_scale(),
        }
    }
}

/// A format that real numbers can be put into, on any core.
pub trait Stored:
    Format<Element: Send + Sync, Output = <Self as Format>::Element, Cell: Send> + Sync
{
    /// The element that stands for `real`.
    ///
    /// # Errors
    /// The end of the range that lies nearest, where `real` lies beyond it.
    fn element(&self, real: f64, operand: Operand) -> Result<Self::Element, Self::Element>;

    /// The elements of a tensor, and how many of them are an end of the range instead.
    fn elements(&self, reals: &[f64], operand: Operand) -> (Vec<Self::Element>, usize) {
        let mut beyond = 0;
        let elements = reals.iter().map(|&real| {
            self.element(real, operand).unwrap_or_else(|end| {
                beyond += 1;
                end
            })
        });
        (elements.collect(), beyond)
    }
}

impl Stored for Float<f32> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounded to the format, as asked"
    )]
    fn element(&self, real: f64, _: Operand) -> Result<f32, f32> {
        let element = real as f32;
        if element.is_infinite() && real.is_finite() {
            Err(f32::MAX.copysign(element))
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
    Self: Format<Element = I, Output = I, Cell: Send> + Sync,
{
    fn element(&self, real: f64, operand: Operand) -> Result<I, I> {
        quantize(real, operand.scale(self)).map_err(|Saturated { end }| end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beyond_a_format_is_counted_and_cut_at_its_end() {
        let reals = [1e300, -1e300, f64::INFINITY, 1.5];
        let single = Float::<f32>::FORMAT.elements(&reals, Operand::Q);
        assert_eq!(single, (vec![f32::MAX, -f32::MAX, f32::INFINITY, 1.5], 2));
        let double = Float::<f64>::FORMAT.elements(&reals, Operand::K);
        assert_eq!(double, (reals.to_vec(), 0));
        let format = Quantized::<i8>::from_fraction_bits(1, 2, 3).unwrap();
        let bytes = format.elements(&reals, Operand::V);
        assert_eq!(bytes, (vec![127, -128, 127, 12], 3));
    }
}
