//! What the learner chose: which lesson is open, and where a walk through one query stands.

use serde::{Deserialize, Serialize};

/// The learner's part of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Learn {
    /// The step of the lessons, from zero, that was set up last.
    pub lesson: usize,
    /// Whether any step was.
    pub begun: bool,
    /// The moment at which the walk through the selected query stands; `None` when nobody walks.
    pub walk: Option<usize>,
    /// Whether it goes on by itself.
    pub playing: bool,
    /// How fast it does.
    pub speed: Speed,
    /// Whether sums are written out with all their terms.
    pub expanded: bool,
    /// What if?
    pub question: Question,
}

/// The learner's own questions: what if attention did this instead?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// As it is.
    #[default]
    None,
    /// What if the dot product is squared?
    Squared,
    /// What if it is reversed: the keys ask, the queries answer?
    Reversed,
    /// What if the left-bottom half is set to −∞ instead of the right-top one?
    LeftBottom,
}

impl Question {
    /// From the original on.
    pub const ALL: [Self; 4] = [Self::None, Self::Squared, Self::Reversed, Self::LeftBottom];

    /// As it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "as it is",
            Self::Squared => "squared",
            Self::Reversed => "reversed",
            Self::LeftBottom => "left-bottom −∞",
        }
    }

    /// The question in words.
    pub fn about(self) -> &'static str {
        match self {
            Self::None => "The original",
            Self::Squared => "What if the dot product is squared?",
            Self::Reversed => "What if the keys ask and the queries answer?",
            Self::LeftBottom => "What if what came before is hidden, not what comes after?",
        }
    }
}

/// How fast a walk goes on by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Speed {
    /// To read every number.
    Slow,
    /// To watch a row fill.
    #[default]
    Medium,
    /// To see the whole of it.
    Fast,
}

impl Speed {
    /// From the slowest.
    pub const ALL: [Self; 3] = [Self::Slow, Self::Medium, Self::Fast];

    /// As it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Medium => "medium",
            Self::Fast => "fast",
        }
    }

    /// Moments a second.
    pub fn moments_a_second(self) -> f64 {
        match self {
            Self::Slow => 2.0,
            Self::Medium => 12.0,
            Self::Fast => 120.0,
        }
    }
}

/// What a learner can ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LearnAction {
    /// Set up a step of the lessons.
    Lesson(usize),
    /// Stand at a moment of the walk, or end it.
    Walk(Option<usize>),
    /// Go on by itself, or stop.
    Play(bool),
    /// Faster or slower.
    Speed(Speed),
    /// Write all terms of a sum, or only some.
    Expand(bool),
    /// What if?
    Ask(Question),
}

impl Learn {
    /// Carries out what needs no other part of the session.
    pub fn apply(&mut self, action: LearnAction) {
        match action {
            LearnAction::Lesson(step) => {
                *self = Self {
                    lesson: step,
                    begun: true,
                    walk: None,
                    playing: false,
                    ..*self
                };
            }
            LearnAction::Walk(walk) => {
                self.walk = walk;
                self.playing &= walk.is_some();
            }
            LearnAction::Play(playing) => {
                self.playing = playing;
                self.walk = self.walk.or(Some(0));
            }
            LearnAction::Speed(speed) => self.speed = speed,
            LearnAction::Expand(expanded) => self.expanded = expanded,
            LearnAction::Ask(question) => self.question = question,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_that_ends_stops_playing() {
        let mut learn = Learn::default();
        learn.apply(LearnAction::Play(true));
        assert_eq!((learn.walk, learn.playing), (Some(0), true));
        learn.apply(LearnAction::Walk(Some(7)));
        assert!(learn.playing);
        learn.apply(LearnAction::Walk(None));
        assert_eq!((learn.walk, learn.playing), (None, false));
    }

    #[test]
    fn a_session_from_before_there_were_lessons_still_opens() {
        assert_eq!(
            serde_json::from_str::<Learn>("{}").unwrap(),
            Learn::default()
        );
    }
}
