//! Files that open.

use kqv_gui::session::InputId;
use kqv_gui::source::load;
use ndarray::array;

use crate::files::{f32s, folder, npy, npz, open, safetensors};

#[test]
fn safetensors_of_every_rank_and_float_open() {
    let half = |values: &[u16]| {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    };
    let one = [1.0_f32; 12];
    for (q, layers, heads) in [
        ([2, 3].as_slice(), 1, 1),
        ([2, 2, 3].as_slice(), 1, 2),
        ([1, 2, 2, 3].as_slice(), 1, 2),
    ] {
        let values = f32s(&one[..q.iter().product()]);
        let tensors = ["q", "k", "v"].map(|name| (name, "F32", q, values.clone()));
        let folder = folder(&[("a.safetensors", safetensors(&tensors, ""))]);
        let input = open(folder.path(), &["a.safetensors"]).unwrap();
        assert_eq!((input.layers, input.heads), (layers, heads));
        assert_eq!((input.queries, input.keys, input.width), (2, 2, 3));
    }
    // 1.5 in every float.
    for (dtype, bytes) in [
        ("F16", half(&[0x3e00])),
        ("BF16", half(&[0x3fc0])),
        ("F64", 1.5_f64.to_le_bytes().to_vec()),
    ] {
        let tensors = ["Q", "K", "V"].map(|name| (name, dtype, [1, 1].as_slice(), bytes.clone()));
        let tokens = r#"{"tokens":"[\"cat\"]"}"#;
        let folder = folder(&[("a.safetensors", safetensors(&tensors, tokens))]);
        let input = open(folder.path(), &["a.safetensors"]).unwrap();
        assert_eq!((input.q, input.v), (vec![1.5], vec![1.5]));
        assert_eq!(input.query_tokens, ["cat"]);
    }
}

#[test]
fn any_one_of_three_npy_or_csv_files_opens_all() {
    let q = npy("<f2", "False", "(1, 2)", &[0x00, 0x3e, 0x00, 0xbe]);
    let k = npy("<f4", "False", "(2, 2)", &f32s(&[1.0, 2.0, 3.0, 4.0]));
    let v = npy("<f8", "True", "(2, 1)", &[0; 16]);
    let files = [("a_q.npy", q), ("a_k.npy", k), ("a_v.npy", v)];
    let npy = folder(&files);
    for (name, _) in &files {
        let input = open(npy.path(), &[name]).unwrap();
        assert_eq!(input.q, [1.5, -1.5]);
        assert_eq!((input.queries, input.keys, input.value_width), (1, 2, 1));
    }
    let text = |text: &str| text.as_bytes().to_vec();
    let csv = folder(&[
        ("Q.csv", text("\u{feff}1.5, -1.5\r\n")),
        ("K.csv", text("1\t2\n3\t4\n\n")),
        ("V.csv", text("1e-3\n2\n")),
    ]);
    for names in [["K.csv"].as_slice(), &["V.csv", "K.csv", "Q.csv"]] {
        let input = open(csv.path(), names).unwrap();
        assert_eq!(
            (input.q, input.k),
            (vec![1.5, -1.5], vec![1.0, 2.0, 3.0, 4.0])
        );
        assert_eq!(input.v, [0.001, 2.0]);
    }
}

#[test]
fn numbers_column_by_column_or_with_the_big_end_first_open_as_well() {
    let big: Vec<u8> = [1.5_f64, -2.0]
        .iter()
        .flat_map(|x| x.to_be_bytes())
        .collect();
    let folder = folder(&[
        ("q.npy", npy(">f8", "False", "(1, 2)", &big)),
        (
            "k.npy",
            npy("<f4", "True", "(2, 2)", &f32s(&[1.0, 3.0, 2.0, 4.0])),
        ),
        (
            "v.npy",
            npy(">f2", "True", "(2, 1)", &[0x3e, 0x00, 0xbe, 0x00]),
        ),
    ]);
    let input = open(folder.path(), &["q.npy"]).unwrap();
    assert_eq!(input.q, [1.5, -2.0]);
    assert_eq!(input.k, [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(input.v, [1.5, -1.5]);
}

#[test]
fn an_npz_file_opens_by_itself() {
    for names in [["q", "k", "v"], ["Q", "K", "V"]] {
        let npz = npz(&names.map(|name| (name, array![[1.5_f32]])));
        let folder = folder(&[("a.npz", npz)]);
        let input = open(folder.path(), &["a.npz"]).unwrap();
        assert_eq!(
            (input.q, input.k, input.v),
            (vec![1.5], vec![1.5], vec![1.5])
        );
    }
}

#[test]
fn the_capture_has_its_tokens_and_two_famous_weights() {
    let input = load(&InputId::Capture).unwrap();
    assert_eq!(
        (input.layers, input.heads, input.queries, input.width),
        (6, 12, 15, 32)
    );
    assert_eq!(
        (
            input.query_tokens[10].as_str(),
            input.key_tokens[2].as_str()
        ),
        ("it", "animal")
    );
}
