//! The keys and values of the tokens so far, for one query at a time.

use core::fmt;

use heapless::Vec;

use crate::attend::attend_on_stack;
use crate::attention::Attention;
use crate::format::{Format, Number};
use crate::modify::{Modify, Query, visible_keys};
use crate::observer::Observer;
use crate::view::{Qkv, View};

/// Keys (S, D) and values (S, E) of up to `CAP` tokens, in fixed memory.
///
/// What is in it when it is full is the caller's choice: [`push`](Self::push) refuses the next token,
/// [`slide`](Self::slide) drops the oldest (a ring: nothing is moved).
///
/// Decoding token by token gives the same bits as causal attention over all of them at once. Under
/// grouped-query attention one cache serves all query heads of its group, and with [`Grouped`](crate::Grouped) all at
/// once.
///
/// ```
/// use kqv::{Attention, KvCache};
///
/// let mut cache = KvCache::<f32, 2, 1, 16>::new();
/// cache.push(&[1.0, 0.0], &[5.0])?;
/// assert_eq!(cache.attend(&[[1.0, 1.0]], Attention::CAUSAL, ()), [[5.0]]);
/// # Ok::<(), kqv::CacheFull>(())
/// ```
#[derive(Clone, Debug)]
pub struct KvCache<N, const D: usize, const E: usize, const CAP: usize> {
    keys: Vec<[N; D], CAP>,
    values: Vec<[N; E], CAP>,
    /// Where the oldest token lies, once the ring has gone around.
    oldest: usize,
}

impl<N: Copy, const D: usize, const E: usize, const CAP: usize> KvCache<N, D, E, CAP> {
    /// An empty cache.
    pub const fn new() -> Self {
        Self {
            keys: Vec::new(),
            values: Vec::new(),
            oldest: 0,
        }
    }

    /// The number of tokens it holds, S.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it holds no token.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Forgets every token.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
        self.oldest = 0;
    }

    /// Appends the key (D) and the value (E) of one token.
    ///
    /// # Errors
    /// [`CacheFull`] if it holds `CAP` tokens already; nothing is changed then.
    pub fn push(&mut self, key: &[N; D], value: &[N; E]) -> Result<(), CacheFull> {
        if self.oldest > 0 {
            return Err(CacheFull { capacity: CAP }); // only a full cache has slid
        }
        let full = CacheFull { capacity: CAP };
        self.keys.push(*key).map_err(|_| full)?;
        self.values.push(*value).map_err(|_| full)
    }

    /// Appends the key (D) and the value (E) of one token, in the place of the oldest if it is full.
    pub fn slide(&mut self, key: &[N; D], value: &[N; E]) {
        if self.push(key, value).is_ok() {
            return;
        }
        let places = self
            .keys
            .get_mut(self.oldest)
            .zip(self.values.get_mut(self.oldest));
        if let Some((key_place, value_place)) = places {
            (*key_place, *value_place) = (*key, *value);
            self.oldest = (self.oldest + 1) % CAP.max(1);
        }
    }

    /// Lets the queries (T, D) of the last `T` tokens look at what is here; (T, E).
    ///
    /// The offset of `attention` is set so that the last query stands at the last key. A query that
    /// sees no key, as in an empty cache, has output zero. The scores lie on the stack: see
    /// [`scratch_bytes`](crate::scratch_bytes) for `CAP` keys. On a chip it holds 16·D bytes, the output twice and
    /// 1 kB of frames besides, at most: the firmware program `stack` measures it.
    pub fn attend<M: Modify, O: Observer<N::Format>, const T: usize>(
        &self,
        q: &[[N; D]; T],
        attention: Attention<M>,
        observer: O,
    ) -> [[N; E]; T]
    where
        N: Number,
    {
        self.attend_in(N::FORMAT, q, attention, observer)
    }

    /// [`attend`](Self::attend) in any format, such as integers with run-time scales.
    ///
    /// Sizes that would overflow the format's sums do not compile: 131,072 tokens of integers do, no more.
    ///
    /// ```
    /// # use kqv::{Attention, KvCache, Quantized};
    /// # let format = Quantized::<i8>::from_fraction_bits(5, 5, 5)?;
    /// let cache = KvCache::<i8, 1, 1, 131_072>::new();
    /// cache.attend_in(format, &[[1]], Attention::CAUSAL, ());
    /// # Ok::<(), kqv::QuantizedError>(())
    /// ```
    /// ```compile_fail,E0080
    /// # use kqv::{Attention, KvCache, Quantized};
    /// # let format = Quantized::<i8>::from_fraction_bits(5, 5, 5)?;
    /// let cache = KvCache::<i8, 1, 1, 131_073>::new();
    /// cache.attend_in(format, &[[1]], Attention::CAUSAL, ());
    /// # Ok::<(), kqv::QuantizedError>(())
    /// ```
    pub fn attend_in<F, M, O, const T: usize>(
        &self,
        format: F,
        q: &[[N; D]; T],
        attention: Attention<M>,
        observer: O,
    ) -> [[F::Output; E]; T]
    where
        F: Format<Element = N>,
        M: Modify,
        O: Observer<F>,
    {
        const {
            assert!(D <= F::MAX_WIDTH, "K is too wide for this format");
            assert!(CAP <= F::MAX_KEYS, "too many keys for this format");
        }
        let mut output = [[F::ZERO; E]; T];
        let rows = output.as_flattened_mut();
        self.attend_rows(format, q.into(), attention, rows, observer);
        output
    }

    /// All rows of `q`, which are as wide as the keys; `output` is as long as they need it.
    pub(crate) fn attend_rows<F, M, O>(
        &self,
        format: F,
        q: View<'_, N>,
        attention: Attention<M>,
        output: &mut [F::Output],
        observer: O,
    ) where
        F: Format<Element = N>,
        M: Modify,
        O: Observer<F>,
    {
        let (queries, keys) = (q.rows(), self.len());
        let attention = Attention {
            offset: keys.saturating_sub(attention.mask.queries(queries)),
            ..attention
        };
        // In one piece, as they lie, they are faster to go through.
        let ordered = F::ORDERED || O::WATCHES || !sees_all(attention, queries, keys);
        let oldest = if ordered { self.oldest } else { 0 };
        let qkv = Qkv {
            q,
            k: in_order(&self.keys, oldest),
            v: in_order(&self.values, oldest),
        };
        attend_on_stack::<F, M, O, CAP>(format, queries, keys, qkv, attention, output, observer);
    }
}

/// Whether every query sees every key as it is.
pub(crate) fn sees_all<M: Modify>(attention: Attention<M>, queries: usize, keys: usize) -> bool {
    let whole = |row| {
        let position = row + attention.offset;
        visible_keys(&attention.mask, Query { row, position }, keys) == (0..keys)
    };
    !M::CHANGES && (0..queries).all(whole)
}

/// The rows of a ring from the oldest to the newest.
fn in_order<N, const C: usize>(ring: &[[N; C]], oldest: usize) -> View<'_, N> {
    let (newer, older) = ring.split_at_checked(oldest).unwrap_or((&[], ring));
    View::in_two_pieces(older, newer)
}

impl<N: Copy, const D: usize, const E: usize, const CAP: usize> Default for KvCache<N, D, E, CAP> {
    fn default() -> Self {
        Self::new()
    }
}

/// The cache holds as many tokens as it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheFull {
    /// How many tokens fit.
    pub capacity: usize,
}

impl fmt::Display for CacheFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capacity } = self;
        write!(
            f,
            "The cache is full with {capacity} tokens: clear it, or let it slide"
        )
    }
}

impl core::error::Error for CacheFull {}
