//! How a format is written on the command line, and what that comes to on a head.
//!
//! ```text
//! f32  f64          floats
//! i16:12            fraction bits, for Q, K and V
//! i8:4/4/5          fraction bits of Q, K and V apart
//! i8:fit            as many as keep every value of the head in range; i8:fit-1 one less, i8:fit+1 one more
//! i8@0.03/0.03/0.04 what one step of Q, K and V stands for; one number for all three
//! i8@fit            the largest value of each tensor of the head becomes the largest integer
//! ```

use std::fmt;
use std::str::FromStr;

use super::numbers::Numbers;
use crate::source::{Head, Input, fitting_scale};

/// A format as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FormatSpec {
    /// The same on every head.
    Fixed(Numbers),
    /// Fraction bits that fit each head, and some more or less.
    FitBits(Width, i32),
    /// Scales that fit each head.
    FitScales(Width),
}

/// How wide the integers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 16 bits.
    I16,
    /// 8 bits.
    I8,
}

impl Width {
    /// The greatest integer.
    pub fn max(self) -> f64 {
        match self {
            Self::I16 => i16::MAX.into(),
            Self::I8 => i8::MAX.into(),
        }
    }

    /// Integers of this width with these steps.
    pub fn numbers(self, steps: [f64; 3]) -> Numbers {
        match self {
            Self::I16 => Numbers::I16(steps),
            Self::I8 => Numbers::I8(steps),
        }
    }

    /// Integers of this width with these fraction bits of Q, K and V.
    pub fn with_bits(self, bits: [i32; 3]) -> Numbers {
        self.numbers(bits.map(|bits| 2.0_f64.powi(-bits)))
    }
}

/// The fraction bits of Q, K and V with which no value of the head saturates.
pub fn fitting_bits(input: &Input, layer: usize, head: usize, width: Width) -> [i32; 3] {
    let bits = input.fitting_bits(layer, head, width.max());
    [bits.q, bits.k, bits.v]
}

impl FormatSpec {
    /// The format on one head.
    pub fn on(self, input: &Input, layer: usize, head: usize) -> Numbers {
        match self {
            Self::Fixed(numbers) => numbers,
            Self::FitBits(width, more) => {
                width.with_bits(fitting_bits(input, layer, head, width).map(|bits| bits + more))
            }
            Self::FitScales(width) => {
                let Head { q, k, v } = input.head(layer, head);
                width.numbers([q, k, v].map(|values| fitting_scale(values, width.max())))
            }
        }
    }
}

impl fmt::Display for FormatSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |width: &Width| width.numbers([1.0; 3]).name();
        match self {
            Self::Fixed(numbers) => f.write_str(&numbers.text()),
            Self::FitBits(width, 0) => write!(f, "{}:fit", name(width)),
            Self::FitBits(width, more) => write!(f, "{}:fit{more:+}", name(width)),
            Self::FitScales(width) => write!(f, "{}@fit", name(width)),
        }
    }
}

impl FromStr for FormatSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "f32" => return Ok(Self::Fixed(Numbers::F32)),
            "f64" => return Ok(Self::Fixed(Numbers::F64)),
            _ => {}
        }
        let end = text.find([':', '@']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let width = match name {
            "i16" => Width::I16,
            "i8" => Width::I8,
            _ => {
                return Err(format!(
                    "there is no format {name:?}: f32, f64, i16:… and i8:… are there"
                ));
            }
        };
        if let Some(steps) = rest.strip_prefix('@') {
            return scales(text, width, steps);
        }
        match rest.strip_prefix(':') {
            Some(bits) => fraction_bits(text, width, bits),
            None => Err(format!(
                "{name} needs fraction bits, like {name}:5 or {name}:4/4/5, or {name}:fit"
            )),
        }
    }
}

/// What follows the colon.
fn fraction_bits(text: &str, width: Width, bits: &str) -> Result<FormatSpec, String> {
    if let Some(more) = bits.strip_prefix("fit") {
        let more = if more.is_empty() { Ok(0) } else { more.parse() };
        let more = more.ok().filter(|more: &i32| more.abs() <= 32);
        return more
            .map(|more| FormatSpec::FitBits(width, more))
            .ok_or_else(|| format!("{text}: write it like fit, fit-1 or fit+2"));
    }
    let bits = one_or_three::<i32>(bits).filter(|bits| bits.iter().all(|bits| bits.abs() <= 64));
    bits.map(|bits| FormatSpec::Fixed(width.with_bits(bits)))
        .ok_or_else(|| {
            format!("{text}: one number of fraction bits from -64 to 64, or three like 4/4/5 for Q, K and V, are needed")
        })
}

/// What follows the at sign.
fn scales(text: &str, width: Width, steps: &str) -> Result<FormatSpec, String> {
    if steps == "fit" {
        return Ok(FormatSpec::FitScales(width));
    }
    let steps = one_or_three::<f64>(steps);
    steps
        .filter(|steps| steps.iter().all(|step| step.is_finite() && *step > 0.0))
        .map(|steps| FormatSpec::Fixed(width.numbers(steps)))
        .ok_or_else(|| {
            format!("{text}: one positive scale, or three like 0.031/0.027/0.04 for Q, K and V, are needed")
        })
}

/// One number for Q, K and V, or one for each.
fn one_or_three<N: FromStr + Copy>(text: &str) -> Option<[N; 3]> {
    let numbers: Option<Vec<N>> = text.split('/').map(|number| number.parse().ok()).collect();
    match *numbers? {
        [all] => Some([all; 3]),
        [q, k, v] => Some([q, k, v]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::InputId;
    use crate::source::load;

    #[test]
    fn a_format_comes_back_as_it_was_written() {
        for (text, expected) in [
            ("f32", "f32"),
            ("f64", "f64"),
            ("i16:12", "i16:12/12/12"),
            ("i8:4/4/5", "i8:4/4/5"),
            ("i8:-1", "i8:-1/-1/-1"),
            ("i8:fit", "i8:fit"),
            ("i16:fit-1", "i16:fit-1"),
            ("i16:fit+2", "i16:fit+2"),
            ("i8@0.25", "i8:2/2/2"),
            ("i8@0.031/0.027/0.04", "i8@0.031/0.027/0.04"),
            ("i8@fit", "i8@fit"),
        ] {
            let spec: FormatSpec = text.parse().unwrap();
            assert_eq!(spec.to_string(), expected);
            assert_eq!(spec.to_string().parse(), Ok(spec));
        }
    }

    #[test]
    fn what_is_no_format_is_told_how_to_become_one() {
        for (text, expected) in [
            (
                "bf16",
                "there is no format \"bf16\": f32, f64, i16:… and i8:… are there",
            ),
            (
                "i8",
                "i8 needs fraction bits, like i8:5 or i8:4/4/5, or i8:fit",
            ),
            (
                "i8:4/4",
                "i8:4/4: one number of fraction bits from -64 to 64, or three like 4/4/5 for Q, K and V, are needed",
            ),
            ("i8:fitter", "i8:fitter: write it like fit, fit-1 or fit+2"),
            (
                "i8@0",
                "i8@0: one positive scale, or three like 0.031/0.027/0.04 for Q, K and V, are needed",
            ),
        ] {
            assert_eq!(text.parse::<FormatSpec>(), Err(expected.to_owned()));
        }
    }

    #[test]
    fn a_fit_is_of_the_head() {
        let input = load(&InputId::Capture).unwrap();
        let on = |text: &str| text.parse::<FormatSpec>().unwrap().on(&input, 3, 1);
        assert_eq!(on("i8:fit").text(), "i8:5/4/5");
        assert_eq!(on("i8:fit-1").text(), "i8:4/3/4");
        let Numbers::I8([q, ..]) = on("i8@fit") else {
            panic!("i8 was asked for")
        };
        let largest = input
            .head(3, 1)
            .q
            .iter()
            .fold(0.0_f64, |max, q| max.max(q.abs()));
        assert_eq!((largest / q).round(), 127.0);
    }
}
