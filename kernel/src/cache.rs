//! The keys and values of the tokens so far, for one query at a time.

use core::fmt;

use heapless::Vec;

use crate::attend::attend_rows;
use crate::attention::{Attention, Scale};
use crate::format::{Format, Number};
use crate::observer::Observer;
use crate::view::Qkv;

/// Keys (S, D) and values (S, E) of up to `CAP` tokens, in fixed memory.
///
/// Decoding token by token gives the same bits as causal attention over all of them at once.
///
/// ```
/// use kqv::{KvCache, Scale};
///
/// let mut cache = KvCache::<f32, 2, 1, 16>::new();
/// cache.push(&[1.0, 0.0], &[5.0])?;
/// assert_eq!(cache.attend(&[1.0, 1.0], Scale::default(), ()), [5.0]);
/// # Ok::<(), kqv::CacheFull>(())
/// ```
#[derive(Clone, Debug)]
pub struct KvCache<N, const D: usize, const E: usize, const CAP: usize> {
    keys: Vec<[N; D], CAP>,
    values: Vec<[N; E], CAP>,
}

impl<N: Number, const D: usize, const E: usize, const CAP: usize> KvCache<N, D, E, CAP> {
    /// An empty cache.
    pub const fn new() -> Self {
        const {
            assert!(D <= N::Format::MAX_WIDTH, "K is too wide for this format");
            assert!(CAP <= N::Format::MAX_KEYS, "too many keys for this format");
        }
        Self {
            keys: Vec::new(),
            values: Vec::new(),
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
    }

    /// Appends the key (D) and the value (E) of one token.
    ///
    /// # Errors
    /// [`CacheFull`] if it holds `CAP` tokens already; nothing is changed then.
    pub fn push(&mut self, key: &[N; D], value: &[N; E]) -> Result<(), CacheFull> {
        let full = CacheFull { capacity: CAP };
        self.keys.push(*key).map_err(|_| full)?;
        self.values.push(*value).map_err(|_| full)
    }

    /// Lets one query (D) look at every token so far; (E), zero for an empty cache.
    ///
    /// The row of scores, `CAP` cells, lies on the stack.
    pub fn attend<O: Observer<N::Format>>(&self, q: &[N; D], scale: Scale, observer: O) -> [N; E] {
        let qkv = Qkv {
            q: core::slice::from_ref(q).into(),
            k: self.keys.as_slice().into(),
            v: self.values.as_slice().into(),
        };
        let attention = Attention {
            scale,
            ..Attention::FULL
        };
        let mut scratch = [N::Format::ZERO_CELL; CAP];
        let mut output = [N::Format::ZERO; E];
        if let Some(scratch) = scratch.get_mut(..self.len()) {
            attend_rows(N::FORMAT, qkv, attention, scratch, &mut output, observer);
        }
        output
    }
}

impl<N: Number, const D: usize, const E: usize, const CAP: usize> Default
    for KvCache<N, D, E, CAP>
{
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
        write!(f, "The cache is full: it holds {capacity} tokens")
    }
}

impl core::error::Error for CacheFull {}
