//! A number format with its parameters: what one step of the integers of Q, of K and of V stands for.

use kqv::{Integer, Quantized, QuantizedError};
use serde::{Deserialize, Serialize};

use crate::source::Input;
use crate::stored::Operand;

/// A number format with its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum FormatChoice {
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 16-bit integers.
    I16(Steps),
    /// 8-bit integers.
    I8(Steps),
}

/// What one step of the integers of each tensor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Steps {
    /// Of Q.
    pub q: Step,
    /// Of K.
    pub k: Step,
    /// Of V and of the output.
    pub v: Step,
}

/// What one step of the integers of a tensor stands for. Saved as a whole number, as sessions always had it, or as
/// one with a point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Step {
    /// 2 to the minus this: so many bits stand behind the point.
    Bits(i32),
    /// Any positive number.
    Scale(f64),
}

/// How many bits of the integers of Q, K and V stand behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FractionBits {
    /// Of Q.
    pub q: i32,
    /// Of K.
    pub k: i32,
    /// Of V and of the output.
    pub v: i32,
}

impl FormatChoice {
    /// Every number type; its steps are to be fitted.
    pub const ALL: [Self; 4] = [
        Self::F32,
        Self::F64,
        Self::I16(Steps::ONE),
        Self::I8(Steps::ONE),
    ];

    /// The name of the number type.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::I16(_) => "i16",
            Self::I8(_) => "i8",
        }
    }

    /// The steps, if it has any.
    pub fn steps(self) -> Option<Steps> {
        match self {
            Self::F32 | Self::F64 => None,
            Self::I16(steps) | Self::I8(steps) => Some(steps),
        }
    }

    /// The same number type with other steps; floats stay as they are.
    #[must_use]
    pub fn with_steps(self, steps: Steps) -> Self {
        match self {
            Self::F32 | Self::F64 => self,
            Self::I16(_) => Self::I16(steps),
            Self::I8(_) => Self::I8(steps),
        }
    }

    /// The greatest integer, if it has any.
    pub fn greatest(self) -> Option<f64> {
        match self {
            Self::F32 | Self::F64 => None,
            Self::I16(_) => Some(i16::MAX.into()),
            Self::I8(_) => Some(i8::MAX.into()),
        }
    }

    /// The same number type with the smallest steps that keep every value of a head in range: powers of two stay
    /// powers of two, and with a scale the greatest value becomes the greatest integer.
    #[must_use]
    pub fn fitted(self, input: &Input, layer: usize, head: usize) -> Self {
        let (Some(steps), Some(greatest)) = (self.steps(), self.greatest()) else {
            return self;
        };
        let head = input.head(layer, head);
        let fit = |step: Step, values| step.fitted(values, greatest);
        self.with_steps(Steps {
            q: fit(steps.q, head.q),
            k: fit(steps.k, head.k),
            v: fit(steps.v, head.v),
        })
    }

    /// The same number type with the fraction bits that the input asks for, or else fitting ones; scales are fitted.
    #[must_use]
    pub fn meant_for(self, input: &Input, layer: usize, head: usize) -> Self {
        let fitted = self.fitted(input, layer, head);
        let meant = match (self, input.bits) {
            (Self::I16(_), Some([bits, _])) | (Self::I8(_), Some([_, bits])) => Steps::from(bits),
            _ => return fitted,
        };
        let Some(steps) = fitted.steps() else {
            return fitted;
        };
        let pick = |fitted: Step, meant| match fitted {
            Step::Bits(_) => meant,
            Step::Scale(_) => fitted,
        };
        self.with_steps(Steps {
            q: pick(steps.q, meant.q),
            k: pick(steps.k, meant.k),
            v: pick(steps.v, meant.v),
        })
    }

    /// Name and steps: `i8  Q 4 · K 4 · V 5`, or `i8  Q 4 · K @0.027 · V 5` where one is no power of two.
    pub fn title(self) -> String {
        match self.steps() {
            None => self.name().to_owned(),
            Some(Steps { q, k, v }) => {
                let [q, k, v] = [q, k, v].map(Step::text);
                format!("{}  Q {q} · K {k} · V {v}", self.name())
            }
        }
    }
}

impl Steps {
    /// One.
    const ONE: Self = Self {
        q: Step::Bits(0),
        k: Step::Bits(0),
        v: Step::Bits(0),
    };

    /// Of one of the three tensors.
    pub fn of(self, operand: Operand) -> Step {
        match operand {
            Operand::Q => self.q,
            Operand::K => self.k,
            Operand::V => self.v,
        }
    }

    /// The same with another step for one of the three tensors.
    #[must_use]
    pub fn with(mut self, operand: Operand, step: Step) -> Self {
        match operand {
            Operand::Q => self.q = step,
            Operand::K => self.k = step,
            Operand::V => self.v = step,
        }
        self
    }

    /// Of Q, K and V, as real numbers.
    pub fn reals(self) -> [f64; 3] {
        [self.q, self.k, self.v].map(Step::real)
    }

    /// Q and K in each other's place.
    #[must_use]
    pub fn turned(self) -> Self {
        Self {
            q: self.k,
            k: self.q,
            v: self.v,
        }
    }

    /// The kernel's format.
    ///
    /// # Errors
    /// [`QuantizedError`] if a step is nothing one can divide by.
    pub fn quantized<I: Integer>(self) -> Result<Quantized<I>, QuantizedError> {
        let [q, k, v] = self.reals();
        Quantized::new(q, k, v)
    }

    /// The fraction bits, where every step is a power of two by choice.
    pub fn bits(self) -> Option<FractionBits> {
        match (self.q, self.k, self.v) {
            (Step::Bits(q), Step::Bits(k), Step::Bits(v)) => Some(FractionBits { q, k, v }),
            _ => None,
        }
    }
}

impl From<FractionBits> for Steps {
    fn from(FractionBits { q, k, v }: FractionBits) -> Self {
        let [q, k, v] = [q, k, v].map(Step::Bits);
        Self { q, k, v }
    }
}

impl Step {
    /// As a real number.
    pub fn real(self) -> f64 {
        match self {
            Self::Bits(bits) => 2.0_f64.powi(-bits),
            Self::Scale(scale) => scale,
        }
    }

    /// A step of the same kind with which none of `values` is beyond `greatest` steps.
    #[must_use]
    pub fn fitted(self, values: &[f64], greatest: f64) -> Self {
        match self {
            Self::Bits(_) => Self::Bits(crate::source::fitting_bits(values, greatest)),
            Self::Scale(_) => Self::Scale(crate::source::fitting_scale(values, greatest)),
        }
    }

    /// Fraction bits, or `@` and a scale in three digits.
    fn text(self) -> String {
        match self {
            Self::Bits(bits) => bits.to_string(),
            Self::Scale(scale) => format!("@{}", crate::number::significant(scale, 3)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::InputId;
    use crate::source::load;

    const MIXED: FormatChoice = FormatChoice::I8(Steps {
        q: Step::Bits(4),
        k: Step::Scale(0.027_3),
        v: Step::Scale(1.0),
    });

    #[test]
    fn a_format_comes_back_as_it_was_saved_and_older_ones_are_read() {
        let saved = serde_json::to_string(&MIXED).unwrap();
        assert_eq!(saved, r#"{"I8":{"q":4,"k":0.0273,"v":1.0}}"#);
        // A session is read by way of a `Value`.
        let value: serde_json::Value = serde_json::from_str(&saved).unwrap();
        assert_eq!(
            serde_json::from_value::<FormatChoice>(value).unwrap(),
            MIXED
        );
        let older: FormatChoice = serde_json::from_str(r#"{"I16":{"q":12,"k":-1,"v":0}}"#).unwrap();
        let bits = FractionBits { q: 12, k: -1, v: 0 };
        assert_eq!(older, FormatChoice::I16(bits.into()));
        assert_eq!(older.steps().and_then(Steps::bits), Some(bits));
    }

    #[test]
    fn each_tensor_is_fitted_in_its_own_kind() {
        let input = load(&InputId::Capture).unwrap();
        let head = input.head(3, 1);
        let fitted = MIXED.fitted(&input, 3, 1).steps().unwrap();
        assert_eq!(fitted.q, Step::Bits(5));
        for (step, values) in [(fitted.k, head.k), (fitted.v, head.v)] {
            let largest = values
                .iter()
                .fold(0.0_f64, |max, value| max.max(value.abs()));
            let Step::Scale(scale) = step else {
                panic!("a scale stays a scale")
            };
            assert!((largest / scale - 127.0).abs() < 1e-9);
        }
        assert_eq!(MIXED.title(), "i8  Q 4 · K @0.0273 · V @1");
    }

    #[test]
    fn a_step_that_cannot_be_divided_by_is_refused() {
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let steps = Steps {
                q: Step::Scale(scale),
                ..FractionBits { q: 0, k: 0, v: 0 }.into()
            };
            assert!(steps.quantized::<i8>().is_err(), "{scale}");
        }
    }
}
