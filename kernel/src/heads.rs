//! Multi-head attention: project, turn, attend, join, with the weights in flash.
//!
//! ```text
//! X (T, X) ─┬─ W_Q ─ Q (H, T, D) ─ rotary ─┐
//!           ├─ W_K ─ K (G, S, D) ─ rotary ─┼─ attend ─ (H, T, E) ─ W_O ─ output (T, X)
//!           └─ W_V ─ V (G, S, E) ──────────┘
//! ```
//!
//! H query heads share G heads of keys and values: query head `h` looks at head `h·G/H`. G = H is
//! the attention of the paper, G = 1 is multi-query attention, and what lies between is grouped.
//!
//! Source: "Attention Is All You Need", section 3.2.2; Ainslie and others, "GQA" (arXiv 2305.13245).

use core::array::from_ref;
use core::fmt;

use crate::arithmetic::{Arithmetic, Rescale};
use crate::attention::Attention;
use crate::cache::{CacheFull, KvCache};
use crate::format::Format;
use crate::linear::{Merge, Split};
use crate::modify::Modify;
use crate::observer::Observer;
use crate::position::{Rotary, RotaryError, Rotate};

/// One layer of multi-head attention: tokens of X columns, H query heads over G heads of keys of
/// width D and values of width E.
///
/// `A` is its arithmetic: `f32`, `f64`, `i8`, `i16` or [`W8A16`](crate::W8A16).
///
/// ```
/// use kqv::{Attention, Merge, MultiHead, Split};
///
/// // Four columns, two query heads that share one head of keys and values, all of width two.
/// static W_Q: [[[f32; 4]; 2]; 2] = [
///     [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]],
///     [[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]],
/// ];
/// static W_K: [[[f32; 4]; 2]; 1] = [[[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]];
/// static W_V: [[[f32; 4]; 2]; 1] = [[[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]];
/// static W_O: [[[f32; 2]; 2]; 4] = [[[0.5, 0.0], [0.0, 0.5]]; 4];
/// static LAYER: MultiHead<f32, 4, 2, 1, 2, 2> =
///     MultiHead::new(Split::new(&W_Q), Split::new(&W_K), Split::new(&W_V), Merge::new(&W_O));
///
/// let tokens = [[1.0, 0.0, 3.0, 4.0], [0.0, 1.0, 5.0, 6.0]];
/// let mut past = LAYER.past::<16>(); // room for 16 tokens
/// let prefill = LAYER.forward(&tokens, &mut past, Attention::CAUSAL, [(); 2])?;
/// assert_eq!(prefill[0], [3.5; 4]); // the first token sees only itself
/// let decode = LAYER.step(&[0.0; 4], &mut past, Attention::CAUSAL, [(); 2])?;
/// assert_eq!(past.len(), 3);
/// # let _ = decode;
/// # Ok::<(), kqv::CacheFull>(())
/// ```
///
/// Query heads that cannot share the KV heads evenly do not compile:
/// ```compile_fail
/// # use kqv::{Attention, Merge, MultiHead, Split};
/// let (q, k) = ([[[1.0]]; 3], [[[1.0]]; 2]); // three over two
/// let layer: MultiHead<f32, 1, 3, 2, 1, 1> =
///     MultiHead::new(Split::new(&q), Split::new(&k), Split::new(&k), Merge::new(&[[[1.0]; 3]]));
/// layer.step(&[1.0], &mut layer.past::<1>(), Attention::CAUSAL, [(); 3])?;
/// # Ok::<(), kqv::CacheFull>(())
/// ```
#[derive(Clone, Copy)]
pub struct MultiHead<
    'w,
    A: Arithmetic,
    const X: usize,
    const H: usize,
    const G: usize,
    const D: usize,
    const E: usize,
> {
    query: Split<'w, A, X, H, D>,
    key: Split<'w, A, X, G, D>,
    value: Split<'w, A, X, G, E>,
    output: Merge<'w, A, H, E, X>,
    rotary: Option<Rotary>,
}

impl<'w, A, const X: usize, const H: usize, const G: usize, const D: usize, const E: usize>
    MultiHead<'w, A, X, H, G, D, E>
where
    A: Arithmetic<Rescale = ()>,
{
    /// A layer of floats, without rotary positions.
    pub const fn new(
        query: Split<'w, A, X, H, D>,
        key: Split<'w, A, X, G, D>,
        value: Split<'w, A, X, G, E>,
        output: Merge<'w, A, H, E, X>,
    ) -> Self {
        Self {
            query,
            key,
            value,
            output,
            rotary: None,
        }
    }
}

impl<'w, A, const X: usize, const H: usize, const G: usize, const D: usize, const E: usize>
    MultiHead<'w, A, X, H, G, D, E>
where
    A: Arithmetic<Rescale = Rescale>,
{
    /// A layer of integers, without rotary positions.
    ///
    /// Attention takes the scales of Q, K and V from the outputs of the projections.
    ///
    /// # Errors
    /// [`ScaleMismatch`] unless `W_Q`, `W_K` and `W_V` take tokens of one scale, and `W_O` takes the scale
    /// that `W_V` gives.
    pub const fn quantized(
        query: Split<'w, A, X, H, D>,
        key: Split<'w, A, X, G, D>,
        value: Split<'w, A, X, G, E>,
        output: Merge<'w, A, H, E, X>,
    ) -> Result<Self, ScaleMismatch> {
        let x_scale = query.rescale().x_scale();
        let v_scale = value.rescale().y_scale();
        let fits = [
            ("W_K", key.rescale().x_scale(), "X", x_scale),
            ("W_V", value.rescale().x_scale(), "X", x_scale),
            ("W_O", output.rescale().x_scale(), "V", v_scale),
        ];
        let mut i = 0;
        while i < fits.len() {
            let (weights, taken, tensor, given) = fits[i];
            if taken != given {
                return Err(ScaleMismatch {
                    weights,
                    taken,
                    tensor,
                    given,
                });
            }
            i += 1;
        }
        Ok(Self {
            query,
            key,
            value,
            output,
            rotary: None,
        })
    }
}

impl<A, const X: usize, const H: usize, const G: usize, const D: usize, const E: usize>
    MultiHead<'_, A, X, H, G, D, E>
where
    A: Arithmetic,
{
    /// The same layer with queries and keys turned to their positions.
    ///
    /// # Errors
    /// [`RotaryError::Narrow`] if D has fewer columns than are to be turned.
    pub const fn with_rotary(self, rotary: Rotary) -> Result<Self, RotaryError> {
        match rotary.check(D) {
            Ok(()) => Ok(Self {
                rotary: Some(rotary),
                ..self
            }),
            Err(error) => Err(error),
        }
    }

    /// No tokens yet, with room for the keys and values of `CAP`.
    pub const fn past<const CAP: usize>(&self) -> Past<A::Element, G, D, E, CAP> {
        Past::new()
    }

    /// T tokens at once, (T, X): prefill, a chunk of it, or a whole text for an encoder.
    ///
    /// Their keys and values join `past`; then each of the T queries looks at all of it, as
    /// `attention` lets it. `attention.offset` is not used: the past knows what came before. In a
    /// mask that is a table, the rows are those of these T queries.
    ///
    /// With a mask that is causal, the same tokens in any chunks give the same bits. Observer `h`
    /// sees query head `h`; hand over `observers.each_mut()` to keep what was seen.
    ///
    /// On the stack: T·(D + H·E + 2·X) elements, T·D sines and cosines, the scores of
    /// [`scratch_bytes`](crate::scratch_bytes) for `CAP` keys, and on a chip 16·D bytes and 1 kB of frames at most;
    /// for a single token H·D elements instead of D, as the heads of a group look at their keys together, and the
    /// scores of H/G queries. The firmware program `stack` measures a step.
    ///
    /// # Errors
    /// [`CacheFull`] if `past` has no room for T more tokens; nothing is changed then.
    pub fn forward<M: Modify, O: Observer<A::Format>, const T: usize, const CAP: usize>(
        &self,
        tokens: &[[A::Element; X]; T],
        past: &mut Past<A::Element, G, D, E, CAP>,
        attention: Attention<M>,
        observers: [O; H],
    ) -> Result<[[A::Element; X]; T], CacheFull> {
        if T > CAP.saturating_sub(past.len()) {
            return Err(CacheFull { capacity: CAP });
        }
        Ok(self.run(tokens, past, attention, observers))
    }

    /// One more token, (X): decode. [`forward`](Self::forward) of this token alone.
    ///
    /// # Errors
    /// [`CacheFull`] if `past` has no room for it; nothing is changed then.
    pub fn step<M: Modify, O: Observer<A::Format>, const CAP: usize>(
        &self,
        token: &[A::Element; X],
        past: &mut Past<A::Element, G, D, E, CAP>,
        attention: Attention<M>,
        observers: [O; H],
    ) -> Result<[A::Element; X], CacheFull> {
        let [output] = self.forward(from_ref(token), past, attention, observers)?;
        Ok(output)
    }

    /// One more token, (X), in the place of the oldest if `past` is full: decode without end.
    ///
    /// The bits are those of all tokens at once under `Window::last(CAP)`; rotary positions go on
    /// counting.
    pub fn slide<M: Modify, O: Observer<A::Format>, const CAP: usize>(
        &self,
        token: &[A::Element; X],
        past: &mut Past<A::Element, G, D, E, CAP>,
        attention: Attention<M>,
        observers: [O; H],
    ) -> [A::Element; X] {
        let [output] = self.run(from_ref(token), past, attention, observers);
        output
    }

    /// T tokens for which there is room, or one that takes the place of the oldest.
    fn run<M: Modify, O: Observer<A::Format>, const T: usize, const CAP: usize>(
        &self,
        tokens: &[[A::Element; X]; T],
        past: &mut Past<A::Element, G, D, E, CAP>,
        attention: Attention<M>,
        observers: [O; H],
    ) -> [[A::Element; X]; T] {
        const {
            assert!(
                G > 0 && H.is_multiple_of(G),
                "every KV head must serve the same number of query heads"
            );
        }
        let [q, k, v] = [
            self.query.rescale(),
            self.key.rescale(),
            self.value.rescale(),
        ];
        let format = A::format(q, k, v);
        let turns = self.turns::<T>(past.position);
        past.position = past.position.wrapping_add(T);

        let mut joined = [[[A::Format::ZERO; E]; T]; H];
        let mut heads = self.query.heads().zip(observers);
        let kv_heads = self.key.heads().zip(self.value.heads());
        let groups = past.caches.iter_mut().zip(joined.chunks_exact_mut(H / G));
        for ((key, value), (cache, outputs)) in kv_heads.zip(groups) {
            for (token, turns) in tokens.iter().zip(&turns) {
                let k = self.turned(key.apply(token), turns);
                cache.slide(&k, &value.apply(token));
            }
            let heads = heads.by_ref().take(H / G);
            if T == 1 && H > G && !O::WATCHES {
                let mut q = [[A::Format::ZERO; D]; H];
                for (q, (query, _)) in q.iter_mut().zip(heads) {
                    for (token, turns) in tokens.iter().zip(&turns) {
                        *q = self.turned(query.apply(token), turns);
                    }
                }
                let q = q.get(..H / G).unwrap_or_default().into();
                let outputs = outputs.as_flattened_mut().as_flattened_mut();
                cache.attend_rows(format, q, attention.grouped(T), outputs, ());
                continue;
            }
            for ((query, observer), output) in heads.zip(outputs) {
                let mut q = [[A::Format::ZERO; D]; T];
                for (q, (token, turns)) in q.iter_mut().zip(tokens.iter().zip(&turns)) {
                    *q = self.turned(query.apply(token), turns);
                }
                *output = cache.attend_in(format, &q, attention, observer);
            }
        }
        self.join(&joined)
    }

    /// The last projection: heads (H, T, E), tokens (T, X).
    fn join<const T: usize>(&self, heads: &[[[A::Element; E]; T]; H]) -> [[A::Element; X]; T] {
        let mut outputs = [[A::Format::ZERO; X]; T];
        let mut rows = heads.each_ref().map(|rows| rows.iter());
        let nothing = [A::Format::ZERO; E];
        for output in &mut outputs {
            let row = rows.each_mut().map(|rows| rows.next().unwrap_or(&nothing));
            *output = self.output.apply(row);
        }
        outputs
    }

    /// Sine and cosine of every pair for T positions, worked out once for all heads.
    fn turns<const T: usize>(&self, position: usize) -> [[Turn<A>; D]; T] {
        let [_, zero] = A::Element::NO_TURN;
        let mut turns = [[zero; D]; T];
        if let Some(rotary) = self.rotary {
            for (at, turns) in turns.iter_mut().enumerate() {
                rotary.fill::<A::Element>(turns, position.wrapping_add(at));
            }
        }
        turns
    }

    fn turned(&self, mut row: [A::Element; D], turns: &[Turn<A>; D]) -> [A::Element; D] {
        if let Some(rotary) = self.rotary {
            rotary.turn(&mut row, turns);
        }
        row
    }
}

/// A sine or cosine.
type Turn<A> = <<A as Arithmetic>::Element as Rotate>::Turn;

/// The tokens so far of one layer: keys and values of its G heads, up to `CAP` of each.
#[derive(Clone, Debug)]
pub struct Past<N, const G: usize, const D: usize, const E: usize, const CAP: usize> {
    caches: [KvCache<N, D, E, CAP>; G],
    position: usize,
}

impl<N: Copy, const G: usize, const D: usize, const E: usize, const CAP: usize>
    Past<N, G, D, E, CAP>
{
    /// No tokens yet; [`MultiHead::past`] finds the sizes.
    pub const fn new() -> Self {
        Self {
            caches: [const { KvCache::new() }; G],
            position: 0,
        }
    }

    /// The position of the next token: how many there were, forgotten ones included.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// How many tokens it holds, at most `CAP`.
    pub fn len(&self) -> usize {
        self.caches.first().map_or(0, KvCache::len)
    }

    /// Whether it holds no token.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets every token; the next has position zero.
    pub fn clear(&mut self) {
        self.position = 0;
        self.caches.iter_mut().for_each(KvCache::clear);
    }

    /// The caches of the KV heads.
    pub const fn caches(&self) -> &[KvCache<N, D, E, CAP>; G] {
        &self.caches
    }
}

impl<N: Copy, const G: usize, const D: usize, const E: usize, const CAP: usize> Default
    for Past<N, G, D, E, CAP>
{
    fn default() -> Self {
        Self::new()
    }
}

/// Two projections whose scales do not fit together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleMismatch {
    weights: &'static str,
    taken: f64,
    tensor: &'static str,
    given: f64,
}

impl fmt::Display for ScaleMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            weights,
            taken,
            tensor,
            given,
        } = self;
        write!(
            f,
            "{weights} takes {tensor} with scale {taken}, but {tensor} has scale {given}: both must be the same"
        )
    }
}

impl core::error::Error for ScaleMismatch {}
