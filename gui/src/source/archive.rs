//! `.safetensors` and `.npz`: one file with the arrays q, k and v, or with X and the weights that make them.

use std::io::Cursor;

use super::error::{Problem, SourceError};
use super::input::{Input, join};
use super::projected;
use super::unfit::Unfit;
use crate::arrays::{self, ArrayError, Tensor};

/// A file with many arrays.
pub(super) struct Archive<'a> {
    pub(super) file: &'a str,
    /// Of its arrays, in order.
    pub(super) names: Vec<String>,
    /// (T) or (S), or empty.
    pub(super) tokens: Vec<String>,
    /// H, where it is said apart from the shapes.
    pub(super) heads: Option<usize>,
    read: &'a dyn Fn(&str) -> Result<Tensor<f64>, ArrayError>,
}

/// `tokens` in the metadata is a JSON list, `heads` a number.
pub(super) fn safetensors(file: &str, bytes: &[u8]) -> Result<Input, SourceError> {
    let broken = |error| Problem::Array(error).of(file);
    let text = |name| arrays::text(bytes, name).map_err(broken);
    let tokens = match text("tokens")? {
        None => Vec::new(),
        Some(json) => serde_json::from_str(&json).map_err(|_| Problem::TokensNotJson.of(file))?,
    };
    let heads = match text("heads")? {
        None => None,
        Some(found) => {
            let number = found.parse().ok().filter(|&heads| heads > 0);
            let found = format!("\"{found}\"");
            Some(number.ok_or_else(|| Unfit::HeadsNumber { found }.of(file))?)
        }
    };
    let archive = Archive {
        file,
        names: arrays::safetensors_names(bytes).map_err(broken)?,
        tokens,
        heads,
        read: &|name| arrays::safetensors(bytes, name),
    };
    archive.input()
}

/// As `numpy.savez` writes it, compressed or not; `heads` is an array of one number.
pub(super) fn npz(file: &str, bytes: &[u8]) -> Result<Input, SourceError> {
    let names = arrays::npz_names(Cursor::new(bytes));
    let mut archive = Archive {
        file,
        names: names.map_err(|error| Problem::Array(error).of(file))?,
        tokens: Vec::new(),
        heads: None,
        read: &|name| arrays::npz(Cursor::new(bytes), name),
    };
    if archive.named("heads").is_some() {
        let heads = arrays::npz::<i64>(Cursor::new(bytes), "heads");
        let heads = heads.map_err(|error| {
            let tensor = "heads";
            Problem::ArrayType { tensor, error }.of(file)
        })?;
        let number = match *heads.values {
            [number] => usize::try_from(number).ok().filter(|&number| number > 0),
            _ => None,
        };
        archive.heads = Some(number.ok_or_else(|| {
            let found = format!("{:?}", heads.values);
            Unfit::HeadsNumber { found }.of(file)
        })?);
    }
    archive.input()
}

impl Archive<'_> {
    /// The array whose name is this one, in small or in capital letters.
    pub(super) fn named(&self, name: &str) -> Option<&str> {
        let same = |found: &&String| found.eq_ignore_ascii_case(name);
        self.names.iter().find(same).map(String::as_str)
    }

    /// An array of floating-point numbers; `tensor` is what it is called in sentences.
    pub(super) fn array(
        &self,
        tensor: &'static str,
        name: &str,
    ) -> Result<Tensor<f64>, SourceError> {
        (self.read)(name).map_err(|error| {
            let problem = match error {
                ArrayError::Type { .. } => Problem::ArrayType { tensor, error },
                error => Problem::Array(error),
            };
            problem.of(self.file)
        })
    }

    fn input(&self) -> Result<Input, SourceError> {
        if projected::is_meant(self) {
            return projected::open(self);
        }
        let tensor = |tensor: &'static str| {
            let name = self.named(tensor).unwrap_or(tensor);
            self.array(tensor, name)
        };
        join(
            self.file,
            [tensor("q")?, tensor("k")?, tensor("v")?],
            &self.tokens,
        )
    }
}
