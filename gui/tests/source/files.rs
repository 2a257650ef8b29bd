//! Files as others write them, in a folder.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use kqv_gui::session::InputId;
use kqv_gui::source::{Input, load};
use ndarray::Array2;
use ndarray_npy::{NpzWriter, WritableElement};
use tempfile::TempDir;

/// A folder with these files in it.
pub(crate) fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

pub(crate) fn open(folder: &Path, names: &[&str]) -> Result<Input, String> {
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    load(&InputId::Files(paths)).map_err(|error| error.to_string())
}

/// Opening the first of the files gives this sentence.
pub(crate) fn check(files: &[(&str, Vec<u8>)], expect: &str) {
    let folder = folder(files);
    let got = open(folder.path(), &[files[0].0]).map(|input| input.name);
    assert_eq!(got, Err(expect.to_owned()));
}

/// The bytes of a safetensors file: (name, dtype, shape, bytes) each.
pub(crate) fn safetensors(tensors: &[(&str, &str, &[usize], Vec<u8>)], metadata: &str) -> Vec<u8> {
    let mut data = Vec::new();
    let mut fields = Vec::new();
    if !metadata.is_empty() {
        fields.push(format!("\"__metadata__\":{metadata}"));
    }
    for (name, dtype, shape, bytes) in tensors {
        let start = data.len();
        data.extend_from_slice(bytes);
        fields.push(format!(
            "\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{start},{}]}}",
            data.len()
        ));
    }
    let header = format!("{{{}}}", fields.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend(data);
    file
}

pub(crate) fn f32s(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// q (2, 2), k (3, 2) and v (3, 1) in f32, after a change to some of them.
pub(crate) fn three(change: impl Fn(&str) -> Option<(&'static [usize], Vec<f32>)>) -> Vec<u8> {
    let tensor = |name, shape: &'static [usize], values: &[f32]| {
        let (shape, values) = change(name).unwrap_or((shape, values.to_vec()));
        (name, "F32", shape, f32s(&values))
    };
    safetensors(
        &[
            tensor("q", &[2, 2], &[1.0, 0.0, 0.0, 1.0]),
            tensor("k", &[3, 2], &[4.0, 0.0, 0.0, 4.0, 0.0, 0.0]),
            tensor("v", &[3, 1], &[1.0, 2.0, 3.0]),
        ],
        "",
    )
}

/// A .npy file as numpy writes it.
pub(crate) fn npy(descr: &str, order: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    let len = u16::try_from(header.len()).unwrap();
    file.extend(len.to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(bytes);
    file
}

/// A .npz file as numpy writes it.
pub(crate) fn npz<A: WritableElement>(arrays: &[(&str, Array2<A>)]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut archive = NpzWriter::new_compressed(&mut file);
    for (name, array) in arrays {
        archive.add_array(*name, array).unwrap();
    }
    archive.finish().unwrap();
    file.into_inner()
}
