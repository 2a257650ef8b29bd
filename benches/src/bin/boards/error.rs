//! How far an output is from attention in f64 of the same numbers.

use bytemuck::Pod;
use kqv::{Bits, Digest, FineOutput, Float, Format, Qkv, Quantized, Scale, View, attend_view};
use kqv_fixtures::problem::{Element, Integers, Problem, ProblemFormat};

use crate::tools::Failed;

/// The digest of the output that this machine computes, and the greatest error in it: in units of its last place
/// where it is integers, as it is for f32.
pub(crate) fn worst_error(problem: Problem) -> Result<(u64, f64), Failed> {
    match problem.format {
        ProblemFormat::F32 => of(problem, Float::<f32>::FORMAT, [1.0; 3]),
        ProblemFormat::I16 => of_integers(problem, i16::format()?),
        ProblemFormat::I8 | ProblemFormat::PackedI8 => of_integers(problem, i8::format()?),
        ProblemFormat::I8I16 => {
            let format = i8::format()?;
            let finer = format.v_scale() / FineOutput::of(format).output_scale();
            of(
                problem,
                FineOutput::of(format),
                [format.q_scale(), format.k_scale(), finer],
            )
        }
    }
}

fn of_integers<I>(problem: Problem, format: Quantized<I>) -> Result<(u64, f64), Failed>
where
    I: Integers + Element + Bits + Pod + Into<f64>,
    Quantized<I>: Format<Element = I, Output = I>,
{
    of(problem, format, [format.q_scale(), format.k_scale(), 1.0])
}

/// Elements of Q and K stand for themselves times their scales; those of V and the output are taken as they are, with
/// so many units of the output in one of V.
fn of<F>(
    problem: Problem,
    format: F,
    [q_scale, k_scale, finer]: [f64; 3],
) -> Result<(u64, f64), Failed>
where
    F: Format<Element: Element + Into<f64>, Output: Bits + Into<f64>>,
{
    let Problem {
        queries,
        keys,
        width,
        ..
    } = problem;
    let zero = <F::Element as Element>::ZERO;
    let (mut q, mut output) = (vec![zero; queries * width], vec![F::ZERO; queries * width]);
    let (mut k, mut v) = (vec![zero; keys * width], vec![zero; keys * width]);
    problem.fill(&mut q, &mut k, &mut v);
    let views = Qkv::new(
        View::new(&q, queries, width)?,
        View::new(&k, keys, width)?,
        View::new(&v, keys, width)?,
    )?;
    let mut scratch = vec![F::ZERO_CELL; 4 * (keys + width)];
    attend_view(
        format,
        views,
        problem.attention(),
        &mut scratch,
        &mut output,
        (),
    )?;
    let mut digest = Digest::new();
    digest.write(&output);

    let scale = q_scale * k_scale * Scale::INVERSE_SQRT_WIDTH.factor(width);
    let mut worst = 0.0_f64;
    for i in 0..queries {
        let seen = if problem.causal {
            keys - queries + i + 1
        } else {
            keys
        };
        let exact = exact(
            scale,
            row(&q, i, width),
            &k[..seen * width],
            &v[..seen * width],
        );
        for (exact, &output) in exact.iter().zip(row(&output, i, width)) {
            worst = worst.max((exact * finer - output.into()).abs());
        }
    }
    Ok((digest.value(), worst))
}

/// Attention of one query, in f64, as it is defined.
fn exact<N: Copy + Into<f64>>(scale: f64, q: &[N], k: &[N], v: &[N]) -> Vec<f64> {
    let width = q.len();
    let dot = |key: &[N]| -> f64 { q.iter().zip(key).map(|(&q, &k)| q.into() * k.into()).sum() };
    let scores: Vec<f64> = k.chunks(width).map(|key| scale * dot(key)).collect();
    let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = scores.iter().map(|score| (score - max).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let column = |d: usize| {
        let values = v.iter().skip(d).step_by(width);
        values
            .zip(&weights)
            .map(|(&v, weight)| weight * v.into())
            .sum::<f64>()
            / sum
    };
    (0..width).map(column).collect()
}

/// Row `i` of a matrix of `width` columns.
fn row<N>(matrix: &[N], i: usize, width: usize) -> &[N] {
    &matrix[i * width..(i + 1) * width]
}
