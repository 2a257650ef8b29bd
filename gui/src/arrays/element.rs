//! The types that elements of an array can have, and how their bytes become values.

use std::io::Read;

use half::{bf16, f16};
use ndarray_npy::{ReadDataError, ReadableElement};
use py_literal::Value;
use safetensors::Dtype;

/// A type that a file can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    I32,
    I64,
    F16,
    Bf16,
    F32,
    F64,
}

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Type {
    /// `<f4`, as numpy calls it.
    fn of_npy(name: &str) -> Option<(Self, Order)> {
        Some(match name {
            "|b1" => (Self::Bool, Order::Little),
            "<i4" => (Self::I32, Order::Little),
            ">i4" => (Self::I32, Order::Big),
            "<i8" => (Self::I64, Order::Little),
            ">i8" => (Self::I64, Order::Big),
            "<f2" => (Self::F16, Order::Little),
            ">f2" => (Self::F16, Order::Big),
            "<f4" => (Self::F32, Order::Little),
            ">f4" => (Self::F32, Order::Big),
            "<f8" => (Self::F64, Order::Little),
            ">f8" => (Self::F64, Order::Big),
            _ => return None,
        })
    }

    pub(super) fn of_safetensors(dtype: Dtype) -> Option<Self> {
        Some(match dtype {
            Dtype::BOOL => Self::Bool,
            Dtype::I32 => Self::I32,
            Dtype::I64 => Self::I64,
            Dtype::F16 => Self::F16,
            Dtype::BF16 => Self::Bf16,
            Dtype::F32 => Self::F32,
            Dtype::F64 => Self::F64,
            _ => return None,
        })
    }

    /// How many bytes a value has.
    fn bytes(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::F16 | Self::Bf16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }
}

/// What an array can be read as.
pub(crate) trait Element: Sized {
    /// Its types, for people.
    const WANTED: &'static str;

    /// Every value, or `None` where the file has another type.
    fn all(kind: Type, order: Order, bytes: &[u8]) -> Option<Vec<Self>>;
}

impl Element for bool {
    const WANTED: &'static str = "bool";

    fn all(kind: Type, _: Order, bytes: &[u8]) -> Option<Vec<Self>> {
        (kind == Type::Bool).then(|| bytes.iter().map(|&byte| byte != 0).collect())
    }
}

/// A count.
impl Element for i64 {
    const WANTED: &'static str = "a 32-bit or 64-bit integer";

    fn all(kind: Type, order: Order, bytes: &[u8]) -> Option<Vec<Self>> {
        match kind {
            Type::I32 => Some(each(bytes, order, |b| i32::from_le_bytes(b).into())),
            Type::I64 => Some(each(bytes, order, Self::from_le_bytes)),
            _ => None,
        }
    }
}

/// A floating-point number of any width.
impl Element for f64 {
    const WANTED: &'static str = "f16, f32 or f64 (in .safetensors also bf16)";

    fn all(kind: Type, order: Order, bytes: &[u8]) -> Option<Vec<Self>> {
        Some(match kind {
            Type::F16 => each(bytes, order, |b| f16::from_le_bytes(b).to_f64()),
            Type::Bf16 => each(bytes, order, |b| bf16::from_le_bytes(b).to_f64()),
            Type::F32 => each(bytes, order, |b| f32::from_le_bytes(b).into()),
            Type::F64 => each(bytes, order, Self::from_le_bytes),
            Type::Bool | Type::I32 | Type::I64 => return None,
        })
    }
}

/// The numbers of `N` bytes each.
fn each<A, const N: usize>(bytes: &[u8], order: Order, real: impl Fn([u8; N]) -> A) -> Vec<A> {
    let (numbers, _) = bytes.as_chunks();
    let little = |mut number: [u8; N]| {
        if order == Order::Big {
            number.reverse();
        }
        number
    };
    numbers.iter().map(|&number| real(little(number))).collect()
}

/// A value as the reader of `.npy` files hands it over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Npy<A>(pub(super) A);

impl<A: Element> ReadableElement for Npy<A> {
    fn read_to_end_exact_vec<R: Read>(
        mut reader: R,
        descriptor: &Value,
        len: usize,
    ) -> Result<Vec<Self>, ReadDataError> {
        let other = || ReadDataError::WrongDescriptor(descriptor.clone());
        let name = descriptor.as_string().ok_or_else(other)?;
        let (kind, order) = Type::of_npy(name).ok_or_else(other)?;
        A::all(kind, order, &[]).ok_or_else(other)?; // before a long file is read in vain
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        let needed = len.saturating_mul(kind.bytes());
        if bytes.len() != needed {
            let found = bytes.len();
            let why = format!("{found} bytes follow its header, its shape needs {needed}");
            return Err(ReadDataError::ParseData(why.into()));
        }
        let values = A::all(kind, order, &bytes).ok_or_else(other)?;
        Ok(values.into_iter().map(Npy).collect())
    }
}
