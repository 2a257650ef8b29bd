//! A number format as comparisons need it: its steps, its ends, its bytes, and the kernel run in it.

use kqv::{Float, Quantized};
use serde::{Deserialize, Serialize};

use crate::number::{real, significant};
use crate::recorder::{Job, Record, record};
use crate::session::{FormatChoice, Step, Steps, TableKind};
use crate::side::RunError;
use crate::stored::Operand;

/// A number format with what one step of the integers of Q, K and V stands for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Numbers {
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 16-bit integers.
    I16([f64; 3]),
    /// 8-bit integers.
    I8([f64; 3]),
}

impl Numbers {
    /// As the window offers it: a power of two is one by choice.
    pub fn choice(self) -> FormatChoice {
        let steps = |steps: [f64; 3]| {
            let [q, k, v] =
                steps.map(|step| fraction_bits(step).map_or(Step::Scale(step), Step::Bits));
            Steps { q, k, v }
        };
        match self {
            Self::F32 => FormatChoice::F32,
            Self::F64 => FormatChoice::F64,
            Self::I16(reals) => FormatChoice::I16(steps(reals)),
            Self::I8(reals) => FormatChoice::I8(steps(reals)),
        }
    }

    /// The name of the number type.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::I16(_) => "i16",
            Self::I8(_) => "i8",
        }
    }

    /// What one step of Q, K and V stands for, if it is always the same.
    pub fn steps(self) -> Option<[f64; 3]> {
        match self {
            Self::F32 | Self::F64 => None,
            Self::I16(steps) | Self::I8(steps) => Some(steps),
        }
    }

    /// Runs the kernel in this format.
    ///
    /// # Errors
    /// [`RunError`], a sentence.
    pub fn record(self, job: &Job<'_>) -> Result<Record, RunError> {
        Ok(match self {
            Self::F32 => record(Float::<f32>::FORMAT, job)?,
            Self::F64 => record(Float::<f64>::FORMAT, job)?,
            Self::I16([q, k, v]) => record(Quantized::<i16>::new(q, k, v)?, job)?,
            Self::I8([q, k, v]) => record(Quantized::<i8>::new(q, k, v)?, job)?,
        })
    }

    /// What one unit of the last place is worth at `value`.
    ///
    /// `None` for weights, and for the scores of integers: those are exact sums that never round, and a
    /// weight is a share of a sum of 30-bit weights. Their last places are far below whatever matters,
    /// so errors of them are counted in real units.
    pub fn place(self, kind: TableKind, value: f64) -> Option<f64> {
        match (self, kind) {
            (_, TableKind::Weights) => None,
            (Self::F32, _) => Some(single_place(value)),
            (Self::F64, _) => {
                let size = value.abs().max(f64::MIN_POSITIVE);
                Some(size.next_up() - size)
            }
            (Self::I16(steps) | Self::I8(steps), TableKind::Output) => Some(of(steps, Operand::V)),
            (Self::I16(steps) | Self::I8(steps), _) => {
                operand(kind).map(|tensor| of(steps, tensor))
            }
        }
    }

    /// The least and the greatest number that it has for one of the three tensors.
    pub fn range(self, operand: Operand) -> [f64; 2] {
        let steps = |steps: [f64; 3], ends: [f64; 2]| ends.map(|end| end * of(steps, operand));
        match self {
            Self::F32 => [f32::MIN.into(), f32::MAX.into()],
            Self::F64 => [f64::MIN, f64::MAX],
            Self::I16(each) => steps(each, [i16::MIN.into(), i16::MAX.into()]),
            Self::I8(each) => steps(each, [i8::MIN.into(), i8::MAX.into()]),
        }
    }

    /// The least size that does not become zero in one of the three tensors.
    pub fn least(self, operand: Operand) -> f64 {
        match self {
            Self::F32 => f64::from(f32::from_bits(1)) / 2.0,
            Self::F64 => f64::from_bits(1),
            Self::I16(steps) | Self::I8(steps) => of(steps, operand) / 2.0, // a tie goes to zero
        }
    }

    /// Whether a score that a cap or a bias changed is the end of what the kernel keeps for it, where it should be
    /// beyond: integers of 8 bits change their scores up to ±32,768 and those of 16 bits up to ±4,096.
    pub fn cuts_score(self, exact: f64, value: f64) -> bool {
        let end = match self {
            Self::F32 | Self::F64 => return false,
            Self::I16(_) => 4_096.0,
            Self::I8(_) => 32_768.0,
        };
        // One step of 2^-16 below the end is the greatest number that there is.
        exact.abs() > end && value.abs() > end - 0.001
    }

    /// Bytes of an element of Q, K, V and the output.
    pub fn element_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
            Self::I16(_) => 2,
            Self::I8(_) => 1,
        }
    }

    /// Bytes of a cell of the scratch row: a dot product, later a weight.
    pub fn cell_bytes(self) -> usize {
        match self {
            Self::F32 | Self::I16(_) | Self::I8(_) => 4,
            Self::F64 => 8,
        }
    }

    /// As it is written on the command line: `i8:4/4/5`, or `i8@0.031/0.027/0.04`, with every digit.
    pub fn text(self) -> String {
        self.written(|step| step.to_string())
    }

    /// The same with three digits of each scale, to be read.
    pub fn title(self) -> String {
        self.written(|step| significant(step, 3))
    }

    fn written(self, scale: fn(f64) -> String) -> String {
        let Some(steps) = self.steps() else {
            return self.name().to_owned();
        };
        let name = self.name();
        if let [Some(q), Some(k), Some(v)] = steps.map(fraction_bits) {
            format!("{name}:{q}/{k}/{v}")
        } else {
            let [q, k, v] = steps.map(scale);
            format!("{name}@{q}/{k}/{v}")
        }
    }
}

impl From<FormatChoice> for Numbers {
    fn from(choice: FormatChoice) -> Self {
        match choice {
            FormatChoice::F32 => Self::F32,
            FormatChoice::F64 => Self::F64,
            FormatChoice::I16(steps) => Self::I16(steps.reals()),
            FormatChoice::I8(steps) => Self::I8(steps.reals()),
        }
    }
}

fn of([q, k, v]: [f64; 3], operand: Operand) -> f64 {
    match operand {
        Operand::Q => q,
        Operand::K => k,
        Operand::V => v,
    }
}

/// The tensor that a table is, if it is one of the three.
pub fn operand(kind: TableKind) -> Option<Operand> {
    match kind {
        TableKind::Q => Some(Operand::Q),
        TableKind::K => Some(Operand::K),
        TableKind::V => Some(Operand::V),
        _ => None,
    }
}

/// `b` where the step is 2⁻ᵇ.
pub fn fraction_bits(step: f64) -> Option<i32> {
    (-64..=64).find(|&bits| 2.0_f64.powi(-bits) == step)
}

/// The distance from |value| to the next f32.
fn single_place(value: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "rounded to the format")]
    let single = (value.abs() as f32).clamp(f32::MIN_POSITIVE, f32::MAX.next_down());
    f64::from(single.next_up() - single)
}

/// The memory that a call of attention takes on a chip, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Of Q, (T, D).
    pub q: usize,
    /// Of K, (S, D).
    pub k: usize,
    /// Of V, (S, E).
    pub v: usize,
    /// Of the output, (T, E).
    pub output: usize,
    /// Of the row of S scores that the kernel works in.
    pub scratch: usize,
}

impl Memory {
    /// Of one head: T, S, D and E.
    pub fn new(numbers: Numbers, [queries, keys, width, value_width]: [usize; 4]) -> Self {
        let bytes = |rows: usize, columns: usize| rows * columns * numbers.element_bytes();
        Self {
            q: bytes(queries, width),
            k: bytes(keys, width),
            v: bytes(keys, value_width),
            output: bytes(queries, value_width),
            scratch: keys * numbers.cell_bytes(),
        }
    }

    /// All of it.
    pub fn total(self) -> usize {
        self.q + self.k + self.v + self.output + self.scratch
    }

    /// For people: `1.9 KiB`.
    pub fn text(bytes: usize) -> String {
        if bytes < 1024 {
            format!("{bytes} B")
        } else {
            format!("{:.1} KiB", real(bytes) / 1024.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_is_the_step_of_the_table() {
        let numbers = Numbers::I8([0.5, 0.25, 0.125]);
        for (kind, expected) in [
            (TableKind::Q, Some(0.5)),
            (TableKind::K, Some(0.25)),
            (TableKind::V, Some(0.125)),
            (TableKind::Raw, None),
            (TableKind::Weights, None),
            (TableKind::Output, Some(0.125)),
        ] {
            assert_eq!(numbers.place(kind, 9.0), expected);
        }
        let ulp = Numbers::F32.place(TableKind::Q, 1.5);
        assert_eq!(ulp, Some(f64::from(f32::EPSILON)));
        assert!(
            Numbers::F32
                .place(TableKind::Q, 1e300)
                .is_some_and(f64::is_finite)
        );
    }

    #[test]
    fn the_ends_are_those_of_the_integers() {
        let numbers = Numbers::I8([0.5, 0.25, 0.125]);
        assert_eq!(numbers.range(Operand::K), [-32.0, 31.75]);
        assert_eq!(numbers.least(Operand::V), 0.0625);
        assert_eq!(
            Numbers::I16([1.0; 3]).range(Operand::Q),
            [-32_768.0, 32_767.0]
        );
    }

    #[test]
    fn a_format_is_written_as_it_is_read() {
        let powers = [4, 5, -1].map(|bits| 2.0_f64.powi(-bits));
        assert_eq!(Numbers::I8(powers).text(), "i8:4/5/-1");
        assert_eq!(Numbers::I16([0.1, 0.5, 2.0]).text(), "i16@0.1/0.5/2");
        assert_eq!(Numbers::I8([0.123_456, 0.5, 2.0]).title(), "i8@0.123/0.5/2");
        assert_eq!(Numbers::F64.text(), "f64");
    }

    #[test]
    fn a_format_of_the_window_comes_back() {
        let bits = crate::session::FractionBits { q: 4, k: -3, v: 20 };
        let steps = Steps {
            k: Step::Scale(0.3),
            ..bits.into()
        };
        for choice in [
            FormatChoice::F32,
            FormatChoice::F64,
            FormatChoice::I16(bits.into()),
            FormatChoice::I8(steps),
        ] {
            assert_eq!(Numbers::from(choice).choice(), choice);
        }
    }

    #[test]
    fn memory_is_five_products() {
        let memory = Memory::new(Numbers::I16([1.0; 3]), [3, 5, 4, 2]);
        assert_eq!(
            memory,
            Memory {
                q: 24,
                k: 40,
                v: 20,
                output: 12,
                scratch: 20
            }
        );
        assert_eq!(memory.total(), 116);
        assert_eq!(Memory::text(116), "116 B");
        assert_eq!(Memory::text(1536), "1.5 KiB");
    }
}
