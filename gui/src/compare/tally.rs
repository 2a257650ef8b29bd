//! The measures that people who compare number formats use, added up cell by cell, so that heads can be pooled.

use serde::{Serialize, Serializer};

use crate::number::real;

/// The RMS error of perfect rounding, in units of the last place: 1/√12.
pub const IDEAL_ROUNDING: f64 = 0.288_675_134_594_812_9;

/// Errors of some cells, in one unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Errors {
    /// The greatest, without its sign.
    pub max: f64,
    /// The mean, with its sign: the bias.
    pub mean: f64,
    /// The root of the mean square.
    pub rms: f64,
}

/// How far some values are from those they are held against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measures {
    /// How many cells.
    pub cells: usize,
    /// Signal to quantisation noise, −10·log10(NMSE), in dB; infinite (in JSON null) where nothing differs.
    #[serde(serialize_with = "finite")]
    pub sqnr_db: f64,
    /// Σ(x−y)² / Σx².
    #[serde(serialize_with = "finite")]
    pub nmse: f64,
    /// Σxy / √(Σx² Σy²); one where both are zero throughout.
    pub cosine: f64,
    /// In real units.
    pub real: Errors,
    /// In units of the last place, where there is one.
    pub places: Option<Errors>,
}

/// JSON has no infinity.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
pub(crate) fn finite<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    value.is_finite().then_some(*value).serialize(serializer)
}

/// A running sum of errors, in one unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    cells: usize,
    max: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn add(&mut self, error: f64) {
        self.cells += 1;
        self.max = self.max.max(error.abs());
        self.sum += error;
        self.squares += error * error;
    }

    fn merge(&mut self, other: &Self) {
        self.cells += other.cells;
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.squares += other.squares;
    }

    fn errors(&self) -> Errors {
        let cells = real(self.cells.max(1));
        Errors {
            max: self.max,
            mean: self.sum / cells,
            rms: (self.squares / cells).sqrt(),
        }
    }
}

/// Everything that [`Measures`] are made of; two of them make one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    real: Sums,
    places: Sums,
    signal: f64,
    power: f64,
    product: f64,
}

impl Tally {
    /// One more cell: what it should be, what it is, and what its last place is worth, if anything.
    pub fn add(&mut self, reference: f64, value: f64, place: Option<f64>) {
        let error = value - reference;
        self.real.add(error);
        if let Some(place) = place.filter(|&place| place > 0.0) {
            self.places.add(error / place);
        }
        self.signal += reference * reference;
        self.power += value * value;
        self.product += reference * value;
    }

    /// The cells of another table besides.
    pub fn merge(&mut self, other: &Self) {
        self.real.merge(&other.real);
        self.places.merge(&other.places);
        self.signal += other.signal;
        self.power += other.power;
        self.product += other.product;
    }

    /// Signal to quantisation noise in dB.
    pub fn sqnr_db(&self) -> f64 {
        if self.real.squares == 0.0 {
            return f64::INFINITY;
        }
        10.0 * (self.signal / self.real.squares).log10()
    }

    /// What it comes to.
    pub fn measures(&self) -> Measures {
        let size = (self.signal * self.power).sqrt();
        let noise = self.real.squares;
        Measures {
            cells: self.real.cells,
            sqnr_db: self.sqnr_db(),
            nmse: if noise == 0.0 {
                0.0
            } else {
                noise / self.signal
            },
            cosine: match (size > 0.0, self.signal == self.power) {
                (true, _) => self.product / size,
                (false, true) => 1.0,
                (false, false) => 0.0,
            },
            real: self.real.errors(),
            places: (self.places.cells > 0).then(|| self.places.errors()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten plain lines.
    fn by_hand(x: &[f64], y: &[f64]) -> [f64; 6] {
        let n = real(x.len());
        let error: Vec<f64> = x.iter().zip(y).map(|(x, y)| y - x).collect();
        let noise: f64 = error.iter().map(|e| e * e).sum();
        let [xx, yy] = [x, y].map(|x| x.iter().map(|x| x * x).sum::<f64>());
        let xy: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
        let max = error.iter().fold(0.0_f64, |max, e| max.max(e.abs()));
        let mean = error.iter().sum::<f64>() / n;
        [
            -10.0 * (noise / xx).log10(),
            noise / xx,
            xy / (xx * yy).sqrt(),
            max,
            mean,
            (noise / n).sqrt(),
        ]
    }

    fn tally(x: &[f64], y: &[f64], place: Option<f64>) -> Tally {
        let mut tally = Tally::default();
        for (&x, &y) in x.iter().zip(y) {
            tally.add(x, y, place);
        }
        tally
    }

    #[test]
    fn measures_are_those_of_the_textbook() {
        let (x, y) = ([3.0, -4.0, 0.5, 1.0], [3.25, -4.5, 0.5, 0.75]);
        let measures = tally(&x, &y, Some(0.5)).measures();
        let [sqnr, nmse, cosine, max, mean, rms] = by_hand(&x, &y);
        for (found, expected) in [
            (measures.sqnr_db, sqnr),
            (measures.nmse, nmse),
            (measures.cosine, cosine),
            (measures.real.max, max),
            (measures.real.mean, mean),
            (measures.real.rms, rms),
        ] {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        let places = measures.places.unwrap();
        assert_eq!((places.max, places.mean), (1.0, -0.25));
    }

    #[test]
    fn two_halves_make_the_whole() {
        let (x, y) = ([3.0, -4.0, 0.5, 1.0], [3.25, -4.5, 0.5, 0.75]);
        let mut halves = tally(&x[..2], &y[..2], None);
        halves.merge(&tally(&x[2..], &y[2..], None));
        assert_eq!(halves, tally(&x, &y, None));
        assert_eq!(halves.measures().places, None);
    }

    #[test]
    fn equal_values_have_no_noise() {
        let same = tally(&[1.0, 2.0], &[1.0, 2.0], Some(1.0)).measures();
        assert_eq!((same.sqnr_db, same.nmse), (f64::INFINITY, 0.0));
        assert!((same.cosine - 1.0).abs() < 1e-15);
        assert_eq!(tally(&[0.0], &[0.0], None).measures().cosine, 1.0);
        assert_eq!(
            serde_json::to_value(same).unwrap()["sqnr_db"],
            serde_json::Value::Null
        );
    }

    #[test]
    fn perfect_rounding_has_an_error_of_one_over_root_twelve() {
        let mut tally = Tally::default();
        for step in 0..100_000 {
            let value = f64::from(step) * 0.001 + 0.000_5;
            tally.add(value, value.round(), Some(1.0));
        }
        let rms = tally.measures().real.rms;
        assert!((rms - IDEAL_ROUNDING).abs() < 1e-6, "{rms}");
    }
}
