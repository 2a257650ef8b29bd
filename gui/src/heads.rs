//! What a head does, in two numbers: how widely it looks, and how far. From the kernel's weights.

use crate::number::real;
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
