//! Matrices by formula, and inputs made of them.

use serde::{Deserialize, Serialize};

use super::input::{Input, MAX_SCORES};
use super::layer::Layer;
use crate::session::Mask;

/// What a matrix is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Preset {
    /// Nothing but 0.
    Zeros,
    /// 1 where row and column have the same number, else 0.
    Identity,
    /// One 1 in every row, a column further each time and over again from the first.
    OneHot,
    /// About normal, mean 0 and variance 1, in steps of 1/256; the same for the same seed.
    Random {
        /// Another seed, other numbers.
        seed: u32,
    },
    /// One number everywhere.
    Constant(f64),
}

impl Preset {
    /// As it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zeros => "Zeros",
            Self::Identity => "Identity",
            Self::OneHot => "One-hot",
            Self::Random { .. } => "Random",
            Self::Constant(_) => "Constant",
        }
    }

    /// A whole matrix, (rows, columns); matrices with another `salt` are different where they are random.
    pub fn fill(self, rows: usize, columns: usize, salt: u64) -> Vec<f64> {
        let value = |row: usize, column: usize| match self {
            Self::Zeros => 0.0,
            Self::Identity => one_if(row == column),
            Self::OneHot => one_if(row % columns.max(1) == column),
            Self::Random { seed } => normal(u64::from(seed), salt, row * columns + column),
            Self::Constant(value) => value,
        };
        (0..rows)
            .flat_map(|row| (0..columns).map(move |column| value(row, column)))
            .collect()
    }
}

fn one_if(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}

/// 64 well-mixed bits for a number (`SplitMix64`, Steele and others, 2014).
fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The sum of twelve evenly spread numbers less six: variance 1, and no more than a sum on any machine.
fn normal(seed: u64, salt: u64, at: usize) -> f64 {
    let start = mixed(seed.wrapping_add(1) ^ mixed(salt.wrapping_add(1)));
    let at = u64::try_from(at).unwrap_or(u64::MAX);
    let mut sum = 0_u64;
    for part in 0..3 {
        let bits = mixed(start.wrapping_add(at.wrapping_mul(3)).wrapping_add(part));
        for quarter in 0..4 {
            sum += (bits >> (16 * quarter)) & 0xffff;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 12 · 65,535")]
    let sum = sum as f64 / 65_536.0 - 6.0;
    (sum * 256.0).round() / 256.0
}

/// A small input from nothing: its sizes, and what Q, K and V are filled with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// T.
    pub queries: usize,
    /// S.
    pub keys: usize,
    /// D.
    pub width: usize,
    /// E.
    pub value_width: usize,
    /// Of all three.
    pub preset: Preset,
}

impl Made {
    /// The greatest of every size.
    pub const MAX: usize = 512;

    /// `4 × 4 random, seed 1`
    pub fn name(&self) -> String {
        let Self { queries, keys, .. } = self;
        let preset = self.preset.name().to_lowercase();
        match self.preset {
            Preset::Random { seed } => format!("{queries} × {keys} {preset}, seed {seed}"),
            Preset::Constant(value) => format!("{queries} × {keys} {preset} {value}"),
            _ => format!("{queries} × {keys} {preset}"),
        }
    }

    /// Sizes of at least one and at most [`MAX`](Self::MAX).
    #[must_use]
    pub fn within(self) -> Self {
        const { assert!(Made::MAX * Made::MAX <= MAX_SCORES) }
        let within = |size: usize| size.clamp(1, Self::MAX);
        Self {
            queries: within(self.queries),
            keys: within(self.keys),
            width: within(self.width),
            value_width: within(self.value_width),
            ..self
        }
    }

    /// The input itself.
    pub(super) fn input(self) -> Input {
        let Self {
            queries,
            keys,
            width,
            value_width,
            preset,
        } = self.within();
        Input {
            name: self.name(),
            about: format!(
                "From nothing: Q ({queries}, {width}), K ({keys}, {width}), V ({keys}, {value_width})"
            ),
            layers: 1,
            heads: 1,
            queries,
            keys,
            width,
            value_width,
            q: preset.fill(queries, width, 0),
            k: preset.fill(keys, width, 1),
            v: preset.fill(keys, value_width, 2),
            query_tokens: Vec::new(),
            key_tokens: Vec::new(),
            scale: None,
            bits: None,
            mask: Mask::None,
            layer: None,
        }
    }
}

/// The worked example, as it is called in the picker.
pub const WORKED_NAME: &str = "Eight heads from X";

/// The shapes of figures 15 to 19 of The Illustrated Transformer, with numbers: X (2, 4), eight heads
/// of `W_Q`, `W_K` and `W_V` (4, 3), `W_O` (24, 4). All are multiples of 1/4, so every format holds them.
pub(super) fn worked() -> Input {
    let quarters = |rows: usize, columns: usize, salt: u64| -> Vec<f64> {
        let random = Preset::Random { seed: 8 }.fill(rows, columns, salt);
        let quarter = |value: f64| (value * 4.0).round() / 4.0;
        random.into_iter().map(quarter).collect()
    };
    let (tokens, columns, heads, width) = (2, 4, 8, 3);
    let layer = Layer {
        tokens,
        columns,
        heads,
        width,
        value_width: width,
        x: quarters(tokens, columns, 0),
        w_q: quarters(heads * columns, width, 1),
        w_k: quarters(heads * columns, width, 2),
        w_v: quarters(heads * columns, width, 3),
        w_o: quarters(heads * width, columns, 4),
    };
    let about = "Thinking Machines from X on: eight heads of W, joined by W_O, in the shapes of The Illustrated Transformer";
    layer.into_input(WORKED_NAME, about, &["Thinking", "Machines"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_what_it_is_called() {
        assert_eq!(Preset::Identity.fill(3, 2, 0), [1., 0., 0., 1., 0., 0.]);
        assert_eq!(Preset::OneHot.fill(3, 2, 0), [1., 0., 0., 1., 1., 0.]);
        assert_eq!(Preset::Constant(2.5).fill(1, 2, 0), [2.5, 2.5]);
    }

    #[test]
    fn random_numbers_are_about_normal_and_those_of_their_seed() {
        let fill = |seed, salt| Preset::Random { seed }.fill(100, 100, salt);
        let values = fill(1, 0);
        assert_eq!(values, fill(1, 0));
        assert_ne!(values, fill(2, 0));
        assert_ne!(values, fill(1, 1));
        let mean = values.iter().sum::<f64>() / 1e4;
        let variance = values.iter().map(|value| value * value).sum::<f64>() / 1e4;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn sizes_stay_in_their_range() {
        let made = Made {
            queries: 0,
            keys: 9999,
            width: 3,
            value_width: 1,
            preset: Preset::Zeros,
        };
        let input = made.input();
        assert_eq!((input.queries, input.keys, input.width), (1, 512, 3));
        assert_eq!((input.k.len(), input.v.len()), (512 * 3, 512));
    }
}
