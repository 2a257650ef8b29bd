//! The kernel on every head of every batch, watched.

use kqv::{
    Allowed, Attention, Mask as Line, Modify, Observer, Qkv, RealKeys, Scores, ShapeError,
    attend_view,
};
use rayon::prelude::*;

use super::error::{Fault, HeadlessError};
use super::modify::{Bias, Positions};
use super::options::AttendOptions;
use super::problem::{Mask, Problem};
use super::stack::Stack;
use super::write::Written;
use crate::stored::{Operand, Stored};

/// Every stage of some heads, one after the other.
pub(super) struct Stages<W> {
    /// Rows of E.
    pub(super) output: Vec<W>,
    /// Rows of S, as the next three.
    pub(super) raw: Vec<W>,
    pub(super) softcap: Vec<W>,
    pub(super) masked: Vec<W>,
    pub(super) weights: Vec<W>,
}

impl<W> Stages<W> {
    const NONE: Self = Self {
        output: Vec::new(),
        raw: Vec::new(),
        softcap: Vec::new(),
        masked: Vec::new(),
        weights: Vec::new(),
    };

    /// Room for the four stages of so many scores.
    fn with_room(scores: [usize; 4]) -> Result<Self, HeadlessError> {
        let room = || {
            let scores = scores
                .iter()
                .try_fold(1, |all: usize, &axis| all.checked_mul(axis))?;
            let mut stage = Vec::new();
            stage.try_reserve_exact(scores).ok().map(|()| stage)
        };
        let stages = || {
            Some(Self {
                raw: room()?,
                softcap: room()?,
                masked: room()?,
                weights: room()?,
                ..Self::NONE
            })
        };
        let scores = scores.to_vec();
        stages().ok_or_else(|| Fault::Memory { scores }.of("--q"))
    }

    /// The heads of `next` behind those of `self`.
    fn append(&mut self, mut next: Self) {
        self.output.append(&mut next.output);
        self.raw.append(&mut next.raw);
        self.softcap.append(&mut next.softcap);
        self.masked.append(&mut next.masked);
        self.weights.append(&mut next.weights);
    }
}

/// Every head of every batch, in order.
///
/// # Errors
/// [`HeadlessError`] if the format has no room for so many keys or columns, or the memory none for
/// so many scores.
pub(super) fn run<F: Stored, W: Written>(
    format: F,
    options: &AttendOptions,
    problem: &Problem,
) -> Result<Stages<W>, HeadlessError> {
    let store = |stack: &Stack<f64>, operand| elements(format, options, stack, operand);
    let heads = Heads {
        format,
        options,
        problem,
        q: store(&problem.q, Operand::Q),
        k: store(&problem.k, Operand::K),
        v: store(&problem.v, Operand::V),
    };
    let [batches, heads_each, ..] = problem.scores();
    let mut all = Stages::with_room(problem.scores())?;
    let each: Result<Vec<Stages<W>>, ShapeError> = (0..batches * heads_each)
        .into_par_iter()
        .map(|at| heads.attend(at / heads_each, at % heads_each))
        .collect();
    for head in each.map_err(|error| Fault::Kernel(error).of(&options.k))? {
        all.append(head);
    }
    Ok(all)
}

/// A stack in the format; says how many values it had to cut.
fn elements<F: Stored>(
    format: F,
    options: &AttendOptions,
    stack: &Stack<f64>,
    operand: Operand,
) -> Stack<F::Element> {
    let (elements, beyond) = format.elements(stack.values(), operand);
    if beyond > 0 {
        let (total, format) = (stack.values().len(), &options.format.text);
        eprintln!(
            "kqv: {beyond} of {total} values of {operand:?} lie beyond {format}: the end of its range stands for them"
        );
    }
    stack.with(elements)
}

/// What all heads share.
struct Heads<'a, F: Stored> {
    format: F,
    options: &'a AttendOptions,
    problem: &'a Problem,
    q: Stack<F::Element>,
    k: Stack<F::Element>,
    v: Stack<F::Element>,
}

impl<F: Stored> Heads<'_, F> {
    /// One head of one batch.
    fn attend<W: Written>(&self, batch: usize, head: usize) -> Result<Stages<W>, ShapeError> {
        let [_, heads, ..] = self.q.shape();
        let [_, kv_heads, ..] = self.k.shape();
        let kv_head = head / (heads / kv_heads);
        let qkv = Qkv::new(
            self.q.matrix(batch, head)?,
            self.k.matrix(batch, kv_head)?,
            self.v.matrix(batch, kv_head)?,
        )?;
        let visible = self.visible(batch);
        match &self.problem.mask {
            None => self.watch(qkv, visible),
            Some(Mask::Allowed(allowed)) => {
                self.watch(qkv, (visible, Allowed(allowed.matrix(batch, head)?)))
            }
            Some(Mask::Bias(bias)) => self.watch(qkv, (visible, Bias(bias.matrix(batch, head)?))),
        }
    }

    /// What positions and padding let a query see.
    fn visible(&self, batch: usize) -> (Positions, Option<RealKeys>) {
        let [_, _, queries, _] = self.q.shape();
        let kv_len = self.problem.kv_len.as_ref();
        let real = kv_len.and_then(|kv_len| kv_len.get(batch).copied());
        let offset = match (self.problem.past, real) {
            (Some(past), _) => past.cast_signed(),
            (None, Some(real)) => real.cast_signed() - queries.cast_signed(),
            (None, None) => 0,
        };
        let mask = if self.options.causal {
            Line::Causal
        } else {
            Line::None
        };
        let window = self.options.window.unwrap_or_default();
        let positions = Positions {
            offset,
            mask,
            window,
        };
        (positions, real.map(RealKeys))
    }

    /// The kernel, and everything it shows.
    fn watch<M: Modify, W: Written>(
        &self,
        qkv: Qkv<'_, F::Element>,
        mask: M,
    ) -> Result<Stages<W>, ShapeError> {
        let attention = Attention {
            scale: self.options.scale.unwrap_or_default(),
            softcap: self.options.softcap.unwrap_or_default(),
            ..Attention::of(mask)
        };
        let mut scratch = vec![F::ZERO_CELL; qkv.k().rows()];
        let mut output = vec![F::ZERO; qkv.q().rows() * qkv.v().columns()];
        let mut recorder = Recorder {
            format: self.format,
            stages: Stages::NONE,
        };
        attend_view(
            self.format,
            qkv,
            attention,
            &mut scratch,
            &mut output,
            &mut recorder,
        )?;
        Ok(recorder.stages)
    }
}

/// Keeps what the kernel shows as the numbers of the files.
struct Recorder<F, W> {
    format: F,
    stages: Stages<W>,
}

impl<F: Stored, W: Written> Observer<F> for Recorder<F, W> {
    fn raw(&mut self, _: usize, scores: Scores<'_, F>) {
        self.stages.raw.extend(scores.reals().map(W::of));
    }

    fn softcapped(&mut self, _: usize, scores: Scores<'_, F>) {
        self.stages.softcap.extend(scores.reals().map(W::of));
    }

    fn masked(&mut self, _: usize, scores: Scores<'_, F>) {
        self.stages.masked.extend(scores.reals().map(W::of));
    }

    fn weights(&mut self, _: usize, weights: &[F::Cell], sum: F::Sum) {
        let shares = weights.iter().map(|&weight| F::weight_real(weight, sum));
        self.stages.weights.extend(shares.map(W::of));
    }

    fn output(&mut self, _: usize, output: &[F::Element]) {
        let reals = output.iter().map(|&value| self.format.output_real(value));
        self.stages.output.extend(reals.map(W::of));
    }
}
