//! The inputs that were opened, by their ids; a session only names them.

use std::sync::Arc;

use crate::edit::Edits;
use crate::lesson::LessonInput;
use crate::session::InputId;
use crate::source::{CAPTURE_NAME, Input, SourceError, WORKED_NAME, case_names, load};

/// Inputs that are in memory.
#[derive(Debug, Default)]
pub struct Library {
    inputs: Vec<(InputId, Arc<Input>)>,
    edited: Vec<Edited>,
}

/// So many edited inputs are kept: what is shown, and what is computed beside it.
const MOST_EDITED: usize = 4;

/// An input that was edited.
#[derive(Debug)]
struct Edited {
    source: Arc<Input>,
    edits: Edits,
    input: Arc<Input>,
}

impl Library {
    /// The input of that id, read from where it lies if it is not in memory.
    ///
    /// # Errors
    /// [`SourceError`], a sentence.
    pub fn get(&mut self, id: &InputId) -> Result<Arc<Input>, SourceError> {
        if let Some((_, input)) = self.inputs.iter().find(|(held, _)| held == id) {
            return Ok(Arc::clone(input));
        }
        self.reload(id)
    }

    /// The input of that id with these edits; the same one as long as both stay.
    ///
    /// # Errors
    /// [`SourceError`], a sentence.
    pub fn edited(&mut self, id: &InputId, edits: &Edits) -> Result<Arc<Input>, SourceError> {
        let source = self.get(id)?;
        let same = |held: &&Edited| Arc::ptr_eq(&held.source, &source) && held.edits == *edits;
        if let Some(held) = self.edited.iter().find(same) {
            return Ok(Arc::clone(&held.input));
        }
        let input = edits.applied(&source);
        self.edited.truncate(MOST_EDITED - 1);
        let edited = Edited {
            source,
            edits: edits.clone(),
            input: Arc::clone(&input),
        };
        self.edited.insert(0, edited);
        Ok(input)
    }

    /// The same, read again even if it is in memory: a file may have changed.
    ///
    /// # Errors
    /// [`SourceError`], a sentence; what was in memory stays.
    pub fn reload(&mut self, id: &InputId) -> Result<Arc<Input>, SourceError> {
        let input = Arc::new(load(id)?);
        self.hold(id, &input);
        Ok(input)
    }

    /// Keeps an input that was read elsewhere, in the place of what had its id.
    pub fn hold(&mut self, id: &InputId, input: &Arc<Input>) {
        self.inputs.retain(|(held, _)| held != id);
        self.inputs.push((id.clone(), Arc::clone(input)));
    }

    /// Everything that can be picked: the capture, the fixtures, the files opened so far; with their names.
    pub fn choices(&self) -> Vec<(InputId, String)> {
        let mut choices = vec![(InputId::Capture, CAPTURE_NAME.to_owned())];
        choices.push((InputId::Worked, WORKED_NAME.to_owned()));
        for lesson in LessonInput::ALL {
            choices.push((InputId::Lesson(lesson), lesson.name().to_owned()));
        }
        for name in case_names() {
            choices.push((InputId::Case(name.to_owned()), name.to_owned()));
        }
        for (id, input) in &self.inputs {
            if matches!(
                id,
                InputId::Files(_) | InputId::Enclosed(_) | InputId::Made(_)
            ) {
                choices.push((id.clone(), input.name.clone()));
            }
        }
        choices
    }
}
