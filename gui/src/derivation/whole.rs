//! The integers behind a query, by the kernel's own functions: what a chip computes with.

use kqv::{Float, Format, Integer, Prepared, Quantized, View};

use crate::recorder::Readable;

/// The integers behind a [`Trace`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Integers {
    /// What 1 stands for in Q, K and V.
    pub scales: [f64; 3],
    /// (D).
    pub q: Vec<i64>,
    /// (S, D).
    pub k: Vec<i64>,
    /// (S, E).
    pub v: Vec<i64>,
    /// Exact dot products, (S).
    pub dots: Vec<i64>,
    /// Scores that the softmax sees, (S); `None` for a hidden key.
    pub scores: Vec<Option<i64>>,
    /// The same in steps of 2^`step_bits`, to the nearest: what distances are taken of.
    pub steps: Vec<Option<i64>>,
    /// 0 unless a score is wider than a cell of 32 bits.
    pub step_bits: u32,
    /// What a distance is shifted left by, and the multiplier whose product with it is 2^32 exponents.
    pub exponent_parts: (u32, u32),
    /// The distance from the greatest score in powers of two, 26 fraction bits, (S); `None` where
    /// nothing of the weight is left.
    pub exponents: Vec<Option<u32>>,
    /// Not yet divided by their sum, (S).
    pub weights: Vec<i64>,
    /// Of the weights.
    pub sum: u64,
    /// What becomes of the weights when they meet V.
    pub mixing: Mixing,
    /// (E).
    pub output: Vec<i64>,
}

/// How weights become an output in integers. Rows are those of the keys that are seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mixing {
    /// `share = weight · factor >> 32`.
    pub factor: u32,
    /// (S).
    pub shares: Vec<i64>,
    /// Of the shares.
    pub total: u32,
    /// Bits that every product of a share and a value leaves out.
    pub product_shift: u32,
    /// Those products, (S, E).
    pub products: Vec<i64>,
    /// The sum of each column of them, (E).
    pub mixed: Vec<i64>,
    /// What makes the last shift or division round.
    pub half: i64,
    /// The output that this leads to, (E).
    pub means: Vec<i64>,
}

/// What the integers of a format are; floats have none.
pub trait Whole: Readable {
    /// What 1 stands for in Q, K and V.
    fn scales(&self) -> Option<[f64; 3]> {
        None
    }

    /// The integer of an element.
    fn element_whole(element: Self::Element) -> i64 {
        let _ = element;
        0
    }

    /// The integer in a cell.
    fn cell_whole(cell: Self::Cell) -> i64 {
        let _ = cell;
        0
    }

    /// The integer of a sum.
    fn sum_whole(sum: Self::Sum) -> u64 {
        let _ = sum;
        0
    }

    /// Whether the cell is that of a hidden key.
    fn is_hidden(cell: Self::Cell) -> bool;

    /// What weights come to after each of them, in the order of the keys.
    fn running(weights: &[Self::Cell]) -> Vec<f64>;

    /// From scores to exponents.
    fn integer_core(prepared: Self::Prepared) -> Option<Prepared> {
        let _ = prepared;
        None
    }

    /// How the weights of the keys that are seen, and their rows of V, become an output.
    fn mixing(
        weights: &[Self::Cell],
        sum: Self::Sum,
        v: View<'_, Self::Element>,
    ) -> Option<Mixing> {
        let _ = (weights, sum, v);
        None
    }
}

impl<N> Whole for Float<N>
where
    N: PartialEq + Copy + std::ops::Add<Output = N>,
    Self: Readable<Cell = N, Sum = N>,
{
    fn is_hidden(cell: N) -> bool {
        cell == Self::HIDDEN
    }

    fn running(weights: &[N]) -> Vec<f64> {
        let mut sum = Self::ZERO_CELL;
        let add = |&weight: &N| {
            sum = sum + weight;
            Self::sum_real(sum)
        };
        weights.iter().map(add).collect()
    }
}

impl<I> Whole for Quantized<I>
where
    I: Integer,
    Self: Readable<Element = I, Cell = i32, Sum = u64, Prepared = Prepared>,
{
    fn scales(&self) -> Option<[f64; 3]> {
        Some([self.q_scale(), self.k_scale(), self.v_scale()])
    }

    fn element_whole(element: Self::Element) -> i64 {
        element.into()
    }

    fn cell_whole(cell: i32) -> i64 {
        cell.into()
    }

    fn sum_whole(sum: u64) -> u64 {
        sum
    }

    fn is_hidden(cell: i32) -> bool {
        cell == Self::HIDDEN
    }

    fn running(weights: &[i32]) -> Vec<f64> {
        let mut sum = 0;
        let add = |&weight: &i32| {
            sum += u64::from(weight.unsigned_abs());
            Self::sum_real(sum)
        };
        weights.iter().map(add).collect()
    }

    fn integer_core(prepared: Prepared) -> Option<Prepared> {
        Some(prepared)
    }

    fn mixing(weights: &[i32], sum: u64, v: View<'_, I>) -> Option<Mixing> {
        let keys = weights.len();
        let factor = Self::share_factor(sum, keys);
        let shares: Vec<i32> = weights.iter().map(|&w| Self::share(w, factor)).collect();
        let total = shares.iter().map(|share| share.unsigned_abs()).sum();
        let columns = v.columns();
        let rows = shares.iter().zip(v.iter_rows());
        let products: Vec<i32> = rows
            .flat_map(|(&share, row)| row.iter().map(move |&v| Self::weighted(share, v)))
            .collect();
        let column = |e: usize| products.iter().skip(e).step_by(columns).sum();
        let mixed: Vec<i32> = (0..columns).map(column).collect();
        let mean = |&mixed: &i32| Self::mean(mixed, total, keys).into();
        Some(Mixing {
            factor,
            shares: shares.iter().copied().map(i64::from).collect(),
            total,
            product_shift: Self::product_shift(),
            products: products.iter().copied().map(i64::from).collect(),
            mixed: mixed.iter().copied().map(i64::from).collect(),
            half: Self::half(total, keys).into(),
            means: mixed.iter().map(mean).collect(),
        })
    }
}
