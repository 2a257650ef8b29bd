//! `.npy`, as `numpy.save` writes it: a magic word, a Python dictionary as text, numbers.

use half::f16;

use super::error::{Problem, SourceError};
use super::input::Tensor;

const MAGIC: &[u8] = b"\x93NUMPY";

/// f16, f32 or f64, little-endian, row by row.
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Tensor, SourceError> {
    let (header, numbers) = split(bytes).ok_or_else(|| Problem::NotNpy.of(file))?;
    let no = |what| Problem::NpyHeader(what).of(file);
    let descr = text_after(header, "'descr':").ok_or_else(|| no("the type"))?;
    let order = after(header, "'fortran_order':").ok_or_else(|| no("the order"))?;
    let shape = shape_after(header).ok_or_else(|| no("the shape"))?;
    if order.starts_with("True") && shape.iter().filter(|&&len| len > 1).count() > 1 {
        return Err(Problem::ColumnMajor.of(file));
    }
    let width = match descr {
        "<f2" => 2,
        "<f4" => 4,
        "<f8" => 8,
        _ => {
            return Err(Problem::Dtype {
                place: "it".to_owned(),
                found: descr.to_owned(),
                right: "<f4, <f8 or <f2 (little-endian float)",
            }
            .of(file));
        }
    };
    let needed = shape
        .iter()
        .try_fold(width, |bytes: usize, &len| bytes.checked_mul(len))
        .unwrap_or(usize::MAX);
    let Some(numbers) = numbers.get(..needed) else {
        return Err(Problem::NpyLength {
            bytes: numbers.len(),
            needed,
        }
        .of(file));
    };
    let values = match width {
        2 => each(numbers, |b| f16::from_le_bytes(b).to_f64()),
        4 => each(numbers, |b| f64::from(f32::from_le_bytes(b))),
        _ => each(numbers, f64::from_le_bytes),
    };
    Ok(Tensor { shape, values })
}

/// The numbers of `N` bytes each.
pub(super) fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().map(|&bytes| number(bytes)).collect()
}

/// The header and what follows it, of versions 1, 2 and 3.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (&[major, _minor], rest) = rest.split_first_chunk()?;
    let (len, rest) = if major == 1 {
        let (&len, rest) = rest.split_first_chunk()?;
        (usize::from(u16::from_le_bytes(len)), rest)
    } else {
        let (&len, rest) = rest.split_first_chunk()?;
        (usize::try_from(u32::from_le_bytes(len)).ok()?, rest)
    };
    let (header, numbers) = rest.split_at_checked(len)?;
    Some((std::str::from_utf8(header).ok()?, numbers))
}

/// What follows `key`.
fn after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(key)?;
    Some(rest.trim_start())
}

/// The text between quotes that follows `key`.
fn text_after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (text, _) = after(header, key)?.strip_prefix('\'')?.split_once('\'')?;
    Some(text)
}

/// The numbers between the parentheses of the shape.
fn shape_after(header: &str) -> Option<Vec<usize>> {
    let (axes, _) = after(header, "'shape':")?
        .strip_prefix('(')?
        .split_once(')')?;
    axes.split(',')
        .map(str::trim)
        .filter(|axis| !axis.is_empty())
        .map(|axis| axis.parse().ok())
        .collect()
}
