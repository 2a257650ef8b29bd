//! Projections: `y = W·x + b`, with the weights where they lie, in flash or anywhere.
//!
//! Weights are output-major, (outputs, inputs), as PyTorch's `nn.Linear` stores them: a row per
//! output, read once from left to right. [`Split`] sees `W_Q`, `W_K` or `W_V` of shape (H·D, X) as
//! (H, D, X) and [`Merge`] sees `W_O` of shape (X, H·E) as (X, H, E); the numbers lie in the same order.

use crate::arithmetic::{Arithmetic, Rescale};
use crate::format::Format;

/// From X columns to Y, weights (Y, X), bias (Y).
///
/// ```
/// use kqv::Linear;
///
/// static W: [[f32; 3]; 2] = [[1.0, 2.0, 3.0], [0.0, 0.0, -1.0]];
/// static LINEAR: Linear<f32, 3, 2> = Linear::new(&W).with_bias(&[0.5, 0.0]);
/// assert_eq!(LINEAR.apply(&[1.0, 1.0, 1.0]), [6.5, -1.0]);
/// ```
///
/// What would overflow a sum does not compile: 65,536 columns of i8 do, no more.
///
/// ```
/// # use kqv::{Linear, Rescale};
/// # let rescale = Rescale::new(1.0, 1.0, 1.0)?;
/// Linear::<i8, 65_536, 1>::quantized(&[[0; 65_536]], rescale).apply(&[0; 65_536]);
/// # Ok::<(), kqv::QuantizedError>(())
/// ```
/// ```compile_fail,E0080
/// # use kqv::{Linear, Rescale};
/// # let rescale = Rescale::new(1.0, 1.0, 1.0)?;
/// Linear::<i8, 65_537, 1>::quantized(&[[0; 65_537]], rescale).apply(&[0; 65_537]);
/// # Ok::<(), kqv::QuantizedError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Linear<'w, A: Arithmetic, const X: usize, const Y: usize> {
    weights: &'w [[A::Weight; X]; Y],
    bias: Option<&'w [A::Bias; Y]>,
    rescale: A::Rescale,
}

impl<A: Arithmetic, const X: usize, const Y: usize> Linear<'_, A, X, Y> {
    /// One token, (X), projected, (Y).
    pub fn apply(&self, x: &[A::Element; X]) -> [A::Element; Y] {
        const { assert!(X <= A::MAX_WIDTH, "too wide for this arithmetic") }
        let mut output = [A::Format::ZERO; Y];
        for (row, (y, weights)) in output.iter_mut().zip(self.weights).enumerate() {
            let sum = A::add(A::NOTHING, weights, x);
            let bias = self.bias.and_then(|bias| bias.get(row));
            *y = A::finish(sum, bias, self.rescale);
        }
        output
    }
}

/// From a token to its heads, X columns to H times D: `W_Q`, `W_K` or `W_V`.
///
/// Weights (H, D, X), bias (H, D).
#[derive(Clone, Copy)]
pub struct Split<'w, A: Arithmetic, const X: usize, const H: usize, const D: usize> {
    weights: &'w [[[A::Weight; X]; D]; H],
    bias: Option<&'w [[A::Bias; D]; H]>,
    rescale: A::Rescale,
}

impl<'w, A: Arithmetic, const X: usize, const H: usize, const D: usize> Split<'w, A, X, H, D> {
    /// The projection of every head, from the first to the last.
    pub fn heads(&self) -> impl Iterator<Item = Linear<'w, A, X, D>> + use<'w, A, X, H, D> {
        let Self {
            weights,
            bias,
            rescale,
        } = *self;
        let linear = move |(head, weights)| Linear {
            weights,
            bias: bias.and_then(|bias: &[_; H]| bias.get(head)),
            rescale,
        };
        weights.iter().enumerate().map(linear)
    }

    /// What takes the sums to the output.
    pub const fn rescale(&self) -> A::Rescale {
        self.rescale
    }
}

/// From the heads to a token, H times E columns to X: `W_O`.
///
/// Weights (X, H, E), bias (X).
#[derive(Clone, Copy)]
pub struct Merge<'w, A: Arithmetic, const H: usize, const E: usize, const X: usize> {
    weights: &'w [[[A::Weight; E]; H]; X],
    bias: Option<&'w [A::Bias; X]>,
    rescale: A::Rescale,
}

impl<A: Arithmetic, const H: usize, const E: usize, const X: usize> Merge<'_, A, H, E, X> {
    /// The heads of one token, (H, E), projected, (X).
    pub fn apply(&self, heads: [&[A::Element; E]; H]) -> [A::Element; X] {
        const { assert!(H * E <= A::MAX_WIDTH, "too wide for this arithmetic") }
        let mut output = [A::Format::ZERO; X];
        for (row, (x, weights)) in output.iter_mut().zip(self.weights).enumerate() {
            let mut sum = A::NOTHING;
            for (weights, head) in weights.iter().zip(heads) {
                sum = A::add(sum, weights, head);
            }
            let bias = self.bias.and_then(|bias| bias.get(row));
            *x = A::finish(sum, bias, self.rescale);
        }
        output
    }

    /// What takes the sums to the output.
    pub const fn rescale(&self) -> A::Rescale {
        self.rescale
    }
}

/// Writes the constructors of one kind of projection.
macro_rules! constructors {
    ($kind:ident, $($size:ident),+; $weights:ty; $bias:ty) => {
        impl<'w, A: Arithmetic<Rescale = ()>, $(const $size: usize),+> $kind<'w, A, $($size),+> {
            /// Float weights, without bias.
            pub const fn new(weights: &'w $weights) -> Self {
                Self {
                    weights,
                    bias: None,
                    rescale: (),
                }
            }
        }

        impl<'w, A: Arithmetic<Rescale = Rescale>, $(const $size: usize),+>
            $kind<'w, A, $($size),+>
        {
            /// Integer weights, without bias.
            pub const fn quantized(weights: &'w $weights, rescale: Rescale) -> Self {
                Self {
                    weights,
                    bias: None,
                    rescale,
                }
            }
        }

        impl<'w, A: Arithmetic, $(const $size: usize),+> $kind<'w, A, $($size),+> {
            /// The same with a bias: real numbers for floats, units of the sum for integers.
            #[must_use]
            pub const fn with_bias(self, bias: &'w $bias) -> Self {
                Self {
                    bias: Some(bias),
                    ..self
                }
            }
        }
    };
}

constructors!(Linear, X, Y; [[A::Weight; X]; Y]; [A::Bias; Y]);
constructors!(Split, X, H, D; [[[A::Weight; X]; D]; H]; [[A::Bias; D]; H]);
constructors!(Merge, H, E, X; [[[A::Weight; E]; H]; X]; [A::Bias; X]);
