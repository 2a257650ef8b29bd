//! Lessons: The Illustrated Transformer and a learner's note, on live data.
//!
//! A [`Step`] sets the window up, says what happens, and names the numbers that are printed for it;
//! each is recomputed here, by the kernel, from what the window holds now.

/// Masks, cross-attention and the vocabulary.
mod decoder;
/// Inputs that only lessons need.
mod inputs;
/// The note's steps, and the learner's own questions.
mod note;
/// What a walk has come to.
mod seen;
/// The figures of The Illustrated Transformer.
mod transformer;

pub use inputs::{LessonInput, TRAINED, UNTRAINED, VOCABULARY, cross, vocabulary};
pub use seen::Seen;

use crate::positions::PositionsView;
use crate::run::Run;
use crate::session::layout::Pane;
use crate::session::{
    Arrangement, FormatChoice, InputId, Mask, Question, Scaling, Selection, Session, Shown,
    TableKind,
};

/// One step of a lesson.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Which part it belongs to.
    pub part: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What happens, in two or three sentences.
    pub text: &'static str,
    /// What is worth changing now.
    pub try_it: &'static str,
    /// How the window is set up.
    pub setup: Setup,
    /// What is printed elsewhere, to be held against what is computed here.
    pub numbers: &'static [Number],
}

/// How the window is set up for a step.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// What is looked at.
    pub input: fn() -> InputId,
    /// Layer and head.
    pub head: (usize, usize),
    /// Who may look at whom.
    pub mask: Mask,
    /// With or without the division by √D.
    pub scaling: Scaling,
    /// What if?
    pub question: Question,
    /// A table with a row and a column of it.
    pub cell: (TableKind, usize, usize),
    /// How the tables stand to each other.
    pub arrangement: Arrangement,
    /// What is opened besides the lesson.
    pub pane: Option<Pane>,
    /// Which positions are shown, if the step is about them.
    pub positions: Option<PositionsView>,
}

/// A printed number.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// What it is.
    pub label: &'static str,
    /// As it is printed.
    pub printed: &'static str,
    /// What it is here; `None` where the input no longer has it.
    pub here: fn(&Seen<'_>) -> Option<f64>,
    /// Why it is not what it should be, where print errs.
    pub slip: Option<&'static str>,
}

/// How a printed number fares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// The same to its last printed digit.
    Holds(f64),
    /// Not the same, and here is why.
    Slip(f64, &'static str),
    /// Not the same: something was changed.
    Changed(f64),
    /// There is no such number any more.
    Absent,
    /// A walk is on, and has not come to it.
    NotYet,
}

impl Number {
    /// Holds it against the run, as far as the walk that may be on has come.
    pub fn verdict(&self, run: &Run, session: &Session) -> Verdict {
        let seen = Seen::new(run, session);
        let here = (self.here)(&seen);
        if seen.was_early() {
            return Verdict::NotYet;
        }
        let Some(here) = here else {
            return Verdict::Absent;
        };
        match self.slip {
            _ if agrees(self.printed, here) => Verdict::Holds(here),
            Some(reason) => Verdict::Slip(here, reason),
            None => Verdict::Changed(here),
        }
    }

    /// What is computed here, with one digit more than is printed.
    pub fn written(&self, here: f64) -> String {
        if here.fract() == 0.0 && decimals(self.printed) == 0 {
            return format!("{here}");
        }
        let decimals = decimals(self.printed) + 1;
        format!("{here:.decimals$}").replace('-', "−")
    }
}

/// Whether `here` rounds to what is printed.
fn agrees(printed: &str, here: f64) -> bool {
    let Ok(value) = printed.replace('−', "-").parse::<f64>() else {
        return false;
    };
    if value.is_infinite() {
        return value == here;
    }
    let half = 0.5 * 0.1_f64.powi(i32::try_from(decimals(printed)).unwrap_or(0));
    (here - value).abs() <= half * (1.0 + 1e-9)
}

fn decimals(printed: &str) -> usize {
    printed
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len())
}

/// All steps, in their order.
pub fn steps() -> impl Iterator<Item = &'static Step> {
    let transformer = transformer::STEPS.iter().chain(decoder::STEPS);
    transformer.chain(note::STEPS)
}

/// One step; the first where there is none of that number.
pub fn step(number: usize) -> &'static Step {
    steps().nth(number).unwrap_or(&transformer::FIRST)
}

impl Setup {
    /// Makes the session that of the step; the input has been changed before.
    pub fn apply(&self, session: &mut Session) {
        let (table, row, column) = self.cell;
        let start = Selection {
            query: 0,
            key: 0,
            column: 0,
            ..session.selection
        };
        session.layer = self.head.0;
        session.head = self.head.1;
        session.mask = self.mask;
        session.scaling = self.scaling;
        session.learn.question = self.question;
        session.selection = start.at(table, row, column);
        session.around = None;
        session.enlarged = None;
        session.arrangement = self.arrangement;
        // The ticks are those of the left format: it is the one that is shown.
        session.left = FormatChoice::F32;
        session.shown = Shown::Left;
        if let Some(positions) = self.positions {
            session.positions = positions;
        }
        session.layout.show_beside_lessons(self.pane);
    }
}

/// A cell as the first run has it.
fn at(seen: &Seen<'_>, table: TableKind, row: usize, column: usize) -> Option<f64> {
    seen.cell(&seen.left, table, (row, column))
}

/// The same before the question that is asked.
fn originally(seen: &Seen<'_>, table: TableKind, row: usize, column: usize) -> Option<f64> {
    seen.cell(seen.original.as_ref()?, table, (row, column))
}

/// A count as a number.
#[expect(clippy::unnecessary_wraps, reason = "numbers of a step may be absent")]
fn count(count: usize) -> Option<f64> {
    Some(crate::number::real(count))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::load;

    fn run(step: &Step) -> (Run, Session) {
        let mut session = Session {
            input: (step.setup.input)(),
            ..Session::default()
        };
        step.setup.apply(&mut session);
        let input = Arc::new(load(&session.input).unwrap());
        let run = Run::new(None, &input, &session, session.selection).unwrap();
        (run, session)
    }

    #[test]
    fn every_printed_number_holds_or_is_an_explained_slip() {
        let (mut held, mut slipped) = (0, 0);
        for step in steps() {
            let (run, session) = run(step);
            for number in step.numbers {
                match (number.verdict(&run, &session), number.slip) {
                    (Verdict::Holds(_), None) => held += 1,
                    (Verdict::Slip(..), Some(_)) => slipped += 1,
                    (verdict, _) => panic!("{}: {}: {verdict:?}", step.title, number.label),
                }
            }
        }
        assert_eq!((held, slipped), (94, 7));
    }

    #[test]
    fn every_step_selects_a_cell_that_is_there() {
        for step in steps() {
            let ((run, _), (table, row, column)) = (run(step), step.setup.cell);
            assert!(
                run.left.table(table).row(row).len() > column,
                "{}",
                step.title
            );
        }
    }

    #[test]
    fn a_number_agrees_to_its_last_printed_digit() {
        for (printed, here, agreed) in [
            ("0.88", 0.880_797, true),
            ("0.88", 0.8851, false),
            ("112", 112.0, true),
            ("−0.42", -0.416, true),
            ("-inf", f64::NEG_INFINITY, true),
            ("", 0.0, false),
        ] {
            assert_eq!(agrees(printed, here), agreed, "{printed} {here}");
        }
    }

    #[test]
    fn a_changed_number_loses_its_tick_and_the_others_keep_theirs() {
        let step = step(3);
        let mut session = Session {
            input: (step.setup.input)(),
            ..Session::default()
        };
        step.setup.apply(&mut session);
        let source = Arc::new(load(&session.input).unwrap());
        let place = crate::edit::Place {
            matrix: crate::edit::MatrixId::new(crate::edit::Operand::K, 0, 0),
            row: 1,
            column: 0,
        };
        session.edits.set(place, 9.5);
        let input = session.edits.applied(&source);
        let run = Run::new(None, &input, &session, session.selection).unwrap();
        let verdicts: Vec<Verdict> = step
            .numbers
            .iter()
            .map(|number| number.verdict(&run, &session))
            .collect();
        assert_eq!(verdicts[0], Verdict::Holds(14.0));
        assert_eq!(verdicts[1], Verdict::Changed(13.0));
    }
    #[test]
    fn a_walk_tells_no_number_of_a_lesson_before_it_comes_to_it() {
        for step in steps() {
            let (run, mut session) = run(step);
            session.learn.walk = Some(0);
            // The first query at its first product: nothing but Q, K, V and shapes is known.
            session.selection.query = 0;
            for number in step.numbers {
                let label = number.label;
                let of_cell = ["weight of", "score of", "the original", "sees"];
                if of_cell.iter().any(|part| label.contains(part)) {
                    let verdict = number.verdict(&run, &session);
                    assert_eq!(verdict, Verdict::NotYet, "{}: {label}", step.title);
                }
            }
            session.learn.walk = None;
            let ended = |number: &Number| number.verdict(&run, &session) != Verdict::NotYet;
            assert!(step.numbers.iter().all(ended), "{}", step.title);
        }
    }
}
