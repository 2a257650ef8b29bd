//! Which body does the work: they differ in speed, never in a bit.

use crate::attention::Attention;
use crate::modify::Modify;
use crate::quad::{self, QUAD};
use crate::soft_loop;
#[cfg(kqv_vectors)]
use crate::stages::Stages;
use crate::view::{Qkv, View};

/// The ways to compute attention: with the vectors of a desktop for f32, on a chip for the integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Body {
    /// The naive loop, query by query: what runs where there is no other.
    Scalar,
    /// The naive loop with arithmetic of its own: for chips that compute no f32.
    Soft,
    /// Tiles of four queries, in blocks: with the floating-point unit of a Cortex-M or a RISC-V core.
    Quads,
    /// Loops in assembly on a Cortex-M, for i8, and where it has DSP instructions for i16; f32 as the chip is
    /// best at it, [`Quads`](Self::Quads) or [`Soft`](Self::Soft).
    Assembly,
    /// Tiles of 4 and 8 queries: WebAssembly compiled for `simd128`, and 64-bit Arm.
    Lanes4,
    /// Tiles of 8, 16 and 32 queries; also the integers, in tiles of 8 and 16.
    Avx2,
    /// Tiles of 16 and 32 queries.
    Avx512,
}

impl Body {
    /// The fastest that this program and this processor have.
    pub fn best() -> Self {
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        return crate::arch::x86::best();
        #[cfg(kqv_lanes4)]
        return Self::Lanes4;
        #[cfg(any(kqv_dsp, kqv_narrow))]
        return Self::Assembly;
        #[cfg(not(any(kqv_vectors, kqv_dsp, kqv_narrow)))]
        return match (QUADS_PAY, SOFT_PAYS) {
            (true, _) => Self::Quads,
            (_, true) => Self::Soft,
            _ => Self::Scalar,
        };
    }
}

/// Whether the target is a chip with a floating-point unit. (On RISC-V, what can be seen of it is that
/// its status registers exist.)
const QUADS_PAY: bool = cfg!(any(
    all(target_arch = "arm", target_abi = "eabihf"),
    all(target_arch = "riscv32", target_feature = "zicsr"),
));

/// Whether the target is a chip without one.
const SOFT_PAYS: bool = !QUADS_PAY && cfg!(any(target_arch = "arm", target_arch = "riscv32"));

/// Whether integers are best taken four keys at a time: not where there is assembly for whole rows.
pub(crate) const FOURS_PAY: bool = !cfg!(any(kqv_dsp, kqv_narrow));

/// Whether integers are best taken two queries at a time: not where sixteen sums do not stay in registers.
pub(crate) const TWO_ROWS_PAY: bool = !cfg!(target_arch = "arm");

/// The most queries that a body works on at once.
pub(crate) const QUERIES_AT_ONCE: usize = if QUADS_PAY {
    QUAD
} else if SOFT_PAYS {
    1
} else {
    32
};

/// The cells that it takes at most to begin at a line of the cache, where there are vectors.
pub(crate) const CELLS_IN_A_LINE: usize = if cfg!(kqv_vectors) { 16 } else { 0 };

/// The queries whose scores are kept on the stack where the caller gives no scratch.
pub(crate) const QUERIES_ON_STACK: usize = if QUADS_PAY || cfg!(kqv_vectors) {
    QUAD
} else {
    1
};

/// The cells that a tile of so many queries needs for `keys` keys of `columns` columns.
pub(crate) const fn scratch_cells(queries: usize, keys: usize, columns: usize) -> usize {
    queries.saturating_mul(keys.saturating_add(columns))
}

/// Does the work with the stages of this body and returns what it returns, if it has vectors.
#[cfg(kqv_vectors)]
macro_rules! on_vectors {
    ($body:expr, $stages:ident => $work:expr) => {
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        {
            if $body == Body::Avx512
                && let Some($stages) = crate::arch::x86::Avx512::found()
            {
                return $work;
            }
            if $body == Body::Avx2
                && let Some($stages) = crate::arch::x86::Avx2::found()
            {
                return $work;
            }
        }
        #[cfg(kqv_lanes4)]
        if $body == Body::Lanes4 {
            let $stages = crate::arch::lanes4::Lanes4;
            return $work;
        }
    };
}

/// f32 attention for as many queries as whole tiles in `scratch` allow, from the first on; returns how many.
pub(crate) fn attend_f32<M: Modify>(
    body: Body,
    scale: f32,
    qkv: Qkv<'_, f32>,
    attention: Attention<M>,
    scratch: &mut [f32],
    output: &mut [f32],
) -> usize {
    match body {
        Body::Soft => return soft_loop::attend(scale, qkv, attention, scratch, output),
        Body::Assembly if SOFT_PAYS => {
            return soft_loop::attend(scale, qkv, attention, scratch, output);
        }
        Body::Quads | Body::Assembly => {
            return quad::attend(scale, qkv, attention, scratch, output);
        }
        _ => {}
    }
    #[cfg(kqv_vectors)]
    on_vectors!(body, stages => {
        crate::tile::attend_in_tiles(stages, scale, qkv, attention, scratch, output)
    });
    0
}

/// The raw scores of one query with every key on vectors, if this body has them; says whether it has.
pub(crate) fn score_row_f32(
    body: Body,
    scale: f32,
    q: &[f32],
    keys: View<'_, f32>,
    cells: &mut [f32],
) -> bool {
    #[cfg(kqv_vectors)]
    on_vectors!(body, stages => {
        stages.score_rows(scale, &[q], keys, &mut [cells]);
        true
    });
    let _ = (body, scale, q, keys, cells);
    false
}

/// The raw scores of a few queries from `first` on with every key, a row of `cells` each, if this body has vectors
/// and they fit; returns of how many queries.
pub(crate) fn score_rows_f32(
    body: Body,
    scale: f32,
    q: View<'_, f32>,
    first: usize,
    keys: View<'_, f32>,
    cells: &mut [f32],
) -> usize {
    #[cfg(kqv_vectors)]
    on_vectors!(body, stages => {
        use crate::few::{SHARING, rows_of};
        if q.rows() - first < SHARING {
            return 0;
        }
        let Some(mut rows) = rows_of::<SHARING>(cells, keys.rows()) else {
            return 0;
        };
        let queries: [&[f32]; SHARING] = core::array::from_fn(|i| q.row(first + i));
        stages.score_rows(scale, &queries, keys, &mut rows);
        SHARING
    });
    let _ = (body, scale, q, first, keys, cells);
    0
}

/// Scores of one query to weights, in place, and their sum on vectors, if this body has them.
pub(crate) fn weigh_f32(body: Body, cells: &mut [f32]) -> Option<f32> {
    #[cfg(kqv_vectors)]
    on_vectors!(body, stages => {
        stages.exponentials(cells);
        Some(cells.iter().fold(0.0, |sum, weight| sum + weight))
    });
    let _ = (body, cells);
    None
}

/// The mean of V under the weights of one query on vectors, if this body has them; says whether it has.
pub(crate) fn mix_f32(
    body: Body,
    weights: &[f32],
    sum: f32,
    v: View<'_, f32>,
    output: &mut [f32],
) -> bool {
    #[cfg(kqv_vectors)]
    on_vectors!(body, stages => {
        output.fill(0.0);
        stages.mix_rows(&[weights], v, output);
        stages.divide(output, Some(1.0 / sum));
        true
    });
    let _ = (body, weights, sum, v, output);
    false
}
