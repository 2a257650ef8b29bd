//! One query at a time: every moment of its way from dot products to its output, in the order of the formula.
//!
//! A moment is the place of one number. With S keys of D columns there are S·D products, then S
//! scores to scale, mask, compare, exponentiate, sum, divide and spend on values, and one output.

#[cfg(test)]
pub(crate) mod example;
mod sentence;

use serde::{Deserialize, Serialize};

pub use sentence::sentence;

use crate::session::TableKind;

/// What is done to the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// One product of q · k after another.
    Dot,
    /// The dot product times the scale.
    Scale,
    /// Hidden keys become −∞.
    Mask,
    /// The greatest score so far.
    Max,
    /// e to the distance from it.
    Exponential,
    /// Their sum so far.
    Sum,
    /// The share of the sum.
    Weight,
    /// A row of V times its weight is added.
    Mix,
    /// The row of the output.
    Output,
}

impl Stage {
    /// In order.
    pub const ALL: [Self; 9] = [
        Self::Dot,
        Self::Scale,
        Self::Mask,
        Self::Max,
        Self::Exponential,
        Self::Sum,
        Self::Weight,
        Self::Mix,
        Self::Output,
    ];

    /// As it is called at its mark.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dot => "dot products",
            Self::Scale => "scale",
            Self::Mask => "mask",
            Self::Max => "max",
            Self::Exponential => "exp",
            Self::Sum => "sum",
            Self::Weight => "weights",
            Self::Mix => "values",
            Self::Output => "output",
        }
    }
}

/// The sizes that a walk depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// i, the query that is walked.
    pub query: usize,
    /// S.
    pub keys: usize,
    /// D.
    pub width: usize,
}

/// Where a walk stands: the number that was worked out last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What is done.
    pub stage: Stage,
    /// j.
    pub key: usize,
    /// d, in [`Stage::Dot`] only.
    pub column: usize,
}

impl Walk {
    /// How many moments a stage has.
    fn moments_of(self, stage: Stage) -> usize {
        match stage {
            Stage::Dot => self.keys.saturating_mul(self.width),
            Stage::Output => 1,
            _ => self.keys,
        }
    }

    /// How many moments there are; at least one.
    pub fn moments(self) -> usize {
        let all = Stage::ALL.map(|stage| self.moments_of(stage));
        all.into_iter().fold(0, usize::saturating_add)
    }

    /// The last moment: everything is known.
    pub fn end(self) -> usize {
        self.moments() - 1
    }

    /// The first moment of a stage.
    pub fn start_of(self, stage: Stage) -> usize {
        let before = Stage::ALL.into_iter().take_while(|&one| one != stage);
        before
            .map(|stage| self.moments_of(stage))
            .fold(0, usize::saturating_add)
    }

    /// What the moment of that number works out; beyond the end, the output.
    pub fn moment(self, position: usize) -> Moment {
        let mut rest = position;
        for stage in Stage::ALL {
            let moments = self.moments_of(stage);
            if rest < moments {
                let (key, column) = match stage {
                    Stage::Dot => (rest / self.width, rest % self.width),
                    _ => (rest, 0),
                };
                return Moment { stage, key, column };
            }
            rest -= moments;
        }
        Moment {
            stage: Stage::Output,
            key: 0,
            column: 0,
        }
    }

    /// The first moment of the stage after this moment's, or the end.
    pub fn next_stage(self, position: usize) -> usize {
        let stage = self.moment(position).stage;
        let later = Stage::ALL.into_iter().find(|&later| later > stage);
        later.map_or(self.end(), |later| self.start_of(later))
    }

    /// The first moment of this moment's stage, or of the one before if it stands there already.
    pub fn stage_before(self, position: usize) -> usize {
        let starts = Stage::ALL.map(|stage| self.start_of(stage));
        let before = starts.into_iter().rev().find(|&start| start < position);
        before.unwrap_or(0)
    }

    /// Whether a stage is done with a key at that moment.
    pub fn passed(self, position: usize, stage: Stage, key: usize) -> bool {
        let now = self.moment(position);
        let whole = stage != Stage::Dot || now.column + 1 >= self.width;
        now.stage > stage || now.stage == stage && (now.key > key || now.key == key && whole)
    }

    /// Whether a cell of a table is known at that moment. Queries before this one are done.
    pub fn known(self, position: usize, kind: TableKind, row: usize, column: usize) -> bool {
        if matches!(kind, TableKind::Q | TableKind::K | TableKind::V) || row < self.query {
            return true;
        }
        if row > self.query {
            return false;
        }
        let passed = |at: Stage| self.passed(position, at, column);
        match kind {
            TableKind::Raw | TableKind::Capped => passed(Stage::Scale),
            TableKind::Masked => passed(Stage::Mask),
            TableKind::Weights => passed(Stage::Weight),
            _ => self.moment(position).stage == Stage::Output,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALK: Walk = Walk {
        query: 1,
        keys: 3,
        width: 2,
    };

    /// Which cells of three rows are known, as a picture.
    fn known(position: usize, kind: TableKind) -> Vec<String> {
        let cell = |row, column| {
            if WALK.known(position, kind, row, column) {
                '#'
            } else {
                '.'
            }
        };
        (0..3)
            .map(|row| (0..3).map(|column| cell(row, column)).collect())
            .collect()
    }

    #[test]
    fn every_moment_comes_once_and_in_order() {
        assert_eq!(WALK.moments(), 3 * 2 + 7 * 3 + 1);
        let moments: Vec<Moment> = (0..WALK.moments()).map(|at| WALK.moment(at)).collect();
        let order = |moment: &Moment| (moment.stage, moment.key, moment.column);
        assert!(
            moments
                .windows(2)
                .all(|pair| order(&pair[0]) < order(&pair[1]))
        );
        for stage in Stage::ALL {
            assert_eq!(WALK.moment(WALK.start_of(stage)).stage, stage);
        }
        assert_eq!(WALK.moment(usize::MAX), WALK.moment(WALK.end()));
    }

    #[test]
    fn tables_fill_as_the_query_is_worked_out() {
        use TableKind::{Masked, Output, Raw, Weights};
        let second_scaled = WALK.start_of(Stage::Scale) + 1;
        assert_eq!(known(0, Raw), ["###", "...", "..."]);
        assert_eq!(known(second_scaled, Raw), ["###", "##.", "..."]);
        assert_eq!(known(second_scaled, Masked), ["###", "...", "..."]);
        let first_weight = WALK.start_of(Stage::Weight);
        assert_eq!(known(first_weight, Masked), ["###", "###", "..."]);
        assert_eq!(known(first_weight, Weights), ["###", "#..", "..."]);
        assert_eq!(known(WALK.end() - 1, Output), ["###", "...", "..."]);
        assert_eq!(known(WALK.end(), Output), ["###", "###", "..."]);
        assert_eq!(known(0, TableKind::V), ["###", "###", "###"]);
    }

    #[test]
    fn one_goes_from_stage_to_stage_and_back() {
        let mut position = 0;
        for stage in Stage::ALL.into_iter().skip(1) {
            position = WALK.next_stage(position);
            assert_eq!(position, WALK.start_of(stage));
        }
        assert_eq!(WALK.next_stage(position), WALK.end());
        assert_eq!(
            WALK.stage_before(WALK.start_of(Stage::Sum) + 1),
            WALK.start_of(Stage::Sum)
        );
        assert_eq!(
            WALK.stage_before(WALK.start_of(Stage::Sum)),
            WALK.start_of(Stage::Exponential)
        );
        assert_eq!(WALK.stage_before(0), 0);
    }

    #[test]
    fn an_input_without_columns_still_has_an_end() {
        let walk = Walk {
            query: 0,
            keys: 0,
            width: 0,
        };
        assert_eq!(walk.moment(0).stage, Stage::Output);
    }
}
