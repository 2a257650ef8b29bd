//! What happens to scores besides the mask: a soft cap after the scale, and a bias for distance with the mask.

use kqv::Alibi;
use serde::{Deserialize, Serialize};

/// What happens to scores besides the mask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// Scores stay between minus this and this, smoothly: cap · tanh(score / cap).
    pub softcap: Option<f64>,
    /// What distance costs.
    pub bias: Bias,
}

/// What distance costs, as in `ALiBi`: so much less for every step between a query's position and a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Bias {
    /// Nothing.
    #[default]
    None,
    /// What the paper gives this head among so many.
    Alibi,
    /// This.
    Slope(f32),
}

impl Changes {
    /// Scores stay as they are.
    pub const NONE: Self = Self {
        softcap: None,
        bias: Bias::None,
    };

    /// The cap of Gemma 2, to begin with.
    pub const USUAL_CAP: f64 = 50.0;

    /// Whether the scores stay as they are.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// In a sentence, after a comma; nothing where scores stay as they are.
    pub fn text(self) -> String {
        let cap = self.softcap.map(|cap| format!(", soft cap {cap}"));
        let bias = match self.bias {
            Bias::None => String::new(),
            Bias::Alibi => ", ALiBi".to_owned(),
            Bias::Slope(slope) => format!(", ALiBi with slope {slope}"),
        };
        cap.unwrap_or_default() + &bias
    }

    /// The kernel's bias for a head of an input with so many.
    pub fn alibi(self, head: usize, heads: usize) -> Option<Alibi> {
        match self.bias {
            Bias::None => None,
            Bias::Alibi => Some(Alibi::of_head(head, heads)),
            Bias::Slope(slope) => Some(Alibi { slope }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_program_did_not_save_changes_nothing() {
        let older: Changes = serde_json::from_str("{}").unwrap();
        assert!(older.is_none() && older.alibi(0, 8).is_none());
        let changes = Changes {
            softcap: Some(30.0),
            bias: Bias::Slope(0.25),
        };
        let saved = serde_json::to_string(&changes).unwrap();
        assert_eq!(serde_json::from_str::<Changes>(&saved).unwrap(), changes);
        assert_eq!(changes.text(), ", soft cap 30, ALiBi with slope 0.25");
        assert_eq!(older.text(), "");
        assert!(!changes.is_none());
    }

    #[test]
    fn a_head_has_the_slope_of_the_paper_or_its_own() {
        let slope = |bias| {
            Changes {
                softcap: None,
                bias,
            }
            .alibi(1, 8)
            .map(|alibi| alibi.slope)
        };
        assert_eq!(slope(Bias::Alibi), Some(0.25));
        assert_eq!(slope(Bias::Slope(3.0)), Some(3.0));
    }
}
