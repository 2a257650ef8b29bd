//! What a head does, in two numbers: how widely it looks, and how far. From the kernel's weights.

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::number::real;
use crate::side::{Choice, RunError, Side};
use crate::source::Input;
use crate::table::Table;

/// Two numbers about the weights of one head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadFacts {
    /// Which layer.
    pub layer: usize,
    /// Which head of it.
    pub head: usize,
    /// How widely it looks, in bits: 0 at one key, log2 S at all alike. The mean of its rows.
    pub entropy_bits: f64,
    /// How far it looks, in tokens: |i + offset − j| by weight. The mean of its rows.
    pub distance: f64,
    /// Its greatest weight, 0 to 1.
    pub peak: f64,
}

impl HeadFacts {
    /// Of weights (T, S) whose last query stands beside the last key.
    pub fn new(layer: usize, head: usize, weights: &Table) -> Self {
        let rows = real(weights.rows().max(1));
        let offset = weights.columns().saturating_sub(weights.rows());
        let mut facts = Self {
            layer,
            head,
            entropy_bits: 0.0,
            distance: 0.0,
            peak: weights.largest(),
        };
        for i in 0..weights.rows() {
            let row = weights.row(i);
            facts.entropy_bits += entropy_bits(row) / rows;
            facts.distance += distance(row, i + offset) / rows;
        }
        facts
    }
}

/// How widely a row of weights is spread: −Σ w·log2 w, in bits.
pub fn entropy_bits(weights: &[f64]) -> f64 {
    let bits = |&weight: &f64| {
        if weight > 0.0 {
            -weight * weight.log2()
        } else {
            0.0
        }
    };
    weights.iter().map(bits).sum::<f64>().max(0.0)
}

/// How far a token at `position` looks: Σ w·|position − j|, in tokens.
pub fn distance(weights: &[f64], position: usize) -> f64 {
    let far = |(j, &weight): (usize, &f64)| weight * real(position.abs_diff(j));
    weights.iter().enumerate().map(far).sum()
}

/// In which order the heads stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Layer after layer, as a grid.
    #[default]
    Place,
    /// Those that look at few keys first.
    Narrow,
    /// Those that look at many keys first.
    Wide,
    /// Those that look near first.
    Near,
    /// Those that look far first.
    Far,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Place, Self::Narrow, Self::Wide, Self::Near, Self::Far];

    /// As it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Place => "By place",
            Self::Narrow => "Narrow first",
            Self::Wide => "Wide first",
            Self::Near => "Near first",
            Self::Far => "Far first",
        }
    }

    /// Puts the heads into this order; equal ones stay by layer and head.
    pub fn sort(self, facts: &mut [HeadFacts]) {
        let key = |facts: &HeadFacts| match self {
            Self::Place => 0.0,
            Self::Narrow => facts.entropy_bits,
            Self::Wide => -facts.entropy_bits,
            Self::Near => facts.distance,
            Self::Far => -facts.distance,
        };
        facts.sort_by(|a, b| {
            key(a)
                .total_cmp(&key(b))
                .then((a.layer, a.head).cmp(&(b.layer, b.head)))
        });
    }
}

/// Whose looks are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Looks {
    /// Whom the selected query looks at: a row of the weights.
    #[default]
    AtWhom,
    /// Who looks at the selected key: a column.
    AtMe,
}

/// How all heads are shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeadsView {
    /// In which order.
    pub order: Order,
    /// Only heads up to this entropy, in bits; `None` shows all.
    pub entropy_at_most: Option<f64>,
    /// Only heads that look at least this far, in tokens.
    pub distance_at_least: f64,
    /// Whose looks are drawn as lines.
    pub looks: Looks,
}

impl Default for HeadsView {
    fn default() -> Self {
        Self {
            order: Order::Place,
            entropy_at_most: None,
            distance_at_least: 0.0,
            looks: Looks::AtWhom,
        }
    }
}

impl HeadsView {
    /// The heads that pass, in their order.
    pub fn chosen(&self, facts: impl IntoIterator<Item = HeadFacts>) -> Vec<HeadFacts> {
        let passes = |facts: &HeadFacts| {
            self.entropy_at_most
                .is_none_or(|most| facts.entropy_bits <= most)
                && facts.distance >= self.distance_at_least
        };
        let mut chosen: Vec<HeadFacts> = facts.into_iter().filter(passes).collect();
        self.order.sort(&mut chosen);
        chosen
    }
}

/// More weights than this are too many for maps of all heads: those of one layer are made, or none.
pub const MAX_WEIGHTS: usize = 1 << 22;

/// The weights of every head of every layer, in one format.
#[derive(Debug)]
pub struct AllHeads {
    /// The input they are of.
    input: Arc<Input>,
    /// Layer and head do not count.
    choice: Choice,
    /// Facts and weights (T, S), layer after layer.
    pub heads: Vec<(HeadFacts, Table)>,
}

impl AllHeads {
    /// Runs the kernel on every head, on all cores; on none if there would be too many weights.
    ///
    /// # Errors
    /// [`RunError`], a sentence.
    pub fn new(input: &Arc<Input>, choice: Choice) -> Result<Self, RunError> {
        let one = input.queries * input.keys * input.heads;
        let layers = if one * input.layers <= MAX_WEIGHTS {
            0..input.layers
        } else if one <= MAX_WEIGHTS {
            choice.layer..choice.layer + 1
        } else {
            0..0
        };
        let places: Vec<(usize, usize)> = layers
            .flat_map(|layer| (0..input.heads).map(move |head| (layer, head)))
            .collect();
        let of = |&(layer, head): &(usize, usize)| {
            let side = Side::new(
                input,
                Choice {
                    layer,
                    head,
                    ..choice
                },
            )?;
            let weights = side.into_weights();
            Ok((HeadFacts::new(layer, head, &weights), weights))
        };
        Ok(Self {
            input: Arc::clone(input),
            choice,
            heads: places.par_iter().map(of).collect::<Result<_, RunError>>()?,
        })
    }

    /// Whether they are still those of this input and choice.
    pub fn are_of(&self, input: &Arc<Input>, choice: Choice) -> bool {
        let has_layer = self
            .heads
            .iter()
            .any(|(facts, _)| facts.layer == choice.layer);
        let Choice { layer, head, .. } = choice;
        Arc::ptr_eq(&self.input, input)
            && (has_layer || self.heads.is_empty())
            && Choice {
                layer,
                head,
                ..self.choice
            } == choice
    }

    /// The weights of one head.
    pub fn weights(&self, layer: usize, head: usize) -> Option<&Table> {
        let here = |facts: &HeadFacts| (facts.layer, facts.head) == (layer, head);
        let found = self.heads.iter().find(|(facts, _)| here(facts));
        found.map(|(_, weights)| weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_zero_at_one_key_and_two_bits_at_four() {
        assert_eq!(entropy_bits(&[0.0, 1.0, 0.0]), 0.0);
        assert_eq!(entropy_bits(&[0.25; 4]), 2.0);
        assert_eq!(entropy_bits(&[0.5, 0.5]), 1.0);
        assert_eq!(entropy_bits(&[0.0; 3]), 0.0);
    }

    #[test]
    fn distance_is_counted_in_tokens_from_the_query() {
        assert_eq!(distance(&[1.0, 0.0, 0.0], 2), 2.0);
        assert_eq!(distance(&[0.0, 0.5, 0.5], 1), 0.5);
    }

    #[test]
    fn a_head_that_looks_back_one_token_is_narrow_and_near() {
        let back = Table::new(3, 4, vec![1., 0., 0., 0., 0., 1., 0., 0., 0., 0., 1., 0.]);
        let facts = HeadFacts::new(2, 5, &back);
        assert_eq!(
            (facts.entropy_bits, facts.distance, facts.peak),
            (0.0, 1.0, 1.0)
        );
        let even = HeadFacts::new(0, 1, &Table::new(2, 2, vec![0.5; 4]));
        let mut heads = [even, facts];
        for (order, first) in [
            (Order::Place, 1),
            (Order::Narrow, 5),
            (Order::Wide, 1),
            (Order::Near, 1),
            (Order::Far, 5),
        ] {
            order.sort(&mut heads);
            assert_eq!(heads[0].head, first, "{order:?}");
        }
    }
}
