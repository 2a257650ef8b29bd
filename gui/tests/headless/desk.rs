//! A folder with arrays in it, and the command run there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ndarray::{ArrayD, IxDyn};
use ndarray_npy::{ReadableElement, WritableElement, read_npy, write_npy};
use tempfile::TempDir;

/// T, S, D and E of most cases.
pub(crate) const SIZES: [usize; 4] = [3, 5, 4, 2];

/// A folder with q (3, 4), k (5, 4) and v (5, 2), and whatever a test adds.
pub(crate) struct Desk(pub(crate) TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let [t, s, d, e] = SIZES;
        desk.save("q.npy", &[t, d], numbers(1, t * d));
        desk.save("k.npy", &[s, d], numbers(2, s * d));
        desk.save("v.npy", &[s, e], numbers(3, s * e));
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn save<N: WritableElement>(&self, name: &str, shape: &[usize], values: Vec<N>) {
        write_npy(self.path(name), &array(shape, values)).unwrap();
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// The exit status and what was said, after `kqv attend` with these arguments.
    pub(crate) fn attend(&self, arguments: &str) -> (i32, String) {
        let done = Command::new(env!("CARGO_BIN_EXE_kqv"))
            .arg("attend")
            .args(arguments.split_whitespace())
            .current_dir(&self.0)
            .output()
            .unwrap();
        assert!(done.stdout.is_empty());
        let said = String::from_utf8(done.stderr).unwrap();
        (done.status.code().unwrap(), said.trim_end().to_owned())
    }

    /// Q, K and V of the desk with these further arguments, without a word.
    pub(crate) fn ok(&self, arguments: &str) {
        let said = self.attend(&format!(
            "--q q.npy --k k.npy --v v.npy --out out {arguments}"
        ));
        assert_eq!(said, (0, String::new()));
    }

    pub(crate) fn read<N: ReadableElement + Clone>(&self, name: &str) -> (Vec<usize>, Vec<N>) {
        let array: ArrayD<N> = read_npy(self.path("out").join(name)).unwrap();
        (array.shape().to_vec(), array.into_iter().collect())
    }

    pub(crate) fn output(&self) -> Vec<f32> {
        self.read("output.npy").1
    }
}

pub(crate) fn array<N>(shape: &[usize], values: Vec<N>) -> ArrayD<N> {
    ArrayD::from_shape_vec(IxDyn(shape), values).unwrap()
}

/// Numbers between -2 and 2, halves of f16's precision, so that every type holds them.
pub(crate) fn numbers(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u8::try_from(state >> 24).unwrap()) / 64.0 - 2.0
    };
    (0..count).map(|_| next()).collect()
}

/// A .npy file as numpy writes it.
pub(crate) fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let len = u16::try_from(header.len()).unwrap();
    [
        b"\x93NUMPY\x01\x00",
        &len.to_le_bytes()[..],
        header.as_bytes(),
        bytes,
    ]
    .concat()
}
