//! More formats than two.

use serde::{Deserialize, Serialize};

use super::{FormatChoice, Session, SideId};

/// More than anybody can look at.
pub const MAX_MORE: usize = 14;

/// The formats besides left and right.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct More(pub Vec<FormatChoice>);

/// A wish about the formats besides left and right.
#[derive(Clone, Debug, PartialEq)]
pub enum RunsAction {
    /// One more.
    Add(FormatChoice),
    /// Another format, or other fraction bits, at that place.
    Change(usize, FormatChoice),
    /// Take it away.
    Remove(usize),
    /// Put it on that side; what was there takes its place.
    Swap(usize, SideId),
}

impl RunsAction {
    /// Does it.
    pub fn apply(self, session: &mut Session) {
        let formats = &mut session.more.0;
        match self {
            Self::Add(format) if formats.len() < MAX_MORE => formats.push(format),
            Self::Add(_) => {}
            Self::Change(at, format) => {
                if let Some(held) = formats.get_mut(at) {
                    *held = format;
                }
            }
            Self::Remove(at) => {
                if at < formats.len() {
                    formats.remove(at);
                }
            }
            Self::Swap(at, side) => {
                let before = session.format(side);
                if let Some(held) = session.more.0.get_mut(at) {
                    let format = std::mem::replace(held, before);
                    *session.format_mut(side) = format;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_added_swapped_and_taken_away() {
        let mut session = Session::default();
        let (left, right) = (session.left, session.right);
        for _ in 0..MAX_MORE + 3 {
            RunsAction::Add(FormatChoice::F64).apply(&mut session);
        }
        assert_eq!(session.more.0.len(), MAX_MORE);
        RunsAction::Swap(2, SideId::Right).apply(&mut session);
        assert_eq!((session.left, session.right), (left, FormatChoice::F64));
        assert_eq!(session.more.0[2], right);
        RunsAction::Remove(0).apply(&mut session);
        assert_eq!(
            (session.more.0.len(), session.more.0[1]),
            (MAX_MORE - 1, right)
        );
    }
}
