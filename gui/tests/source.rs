//! Files that open, and the sentence that each of the others gets.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use kqv_gui::session::InputId;
use kqv_gui::source::{Input, load};
use tempfile::TempDir;

/// A folder with these files in it.
fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn open(folder: &Path, names: &[&str]) -> Result<Input, String> {
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    load(&InputId::Files(paths)).map_err(|error| error.to_string())
}

/// Opening the first of the files gives this sentence.
fn check(files: &[(&str, Vec<u8>)], expect: &str) {
    let folder = folder(files);
    let got = open(folder.path(), &[files[0].0]).map(|input| input.name);
    assert_eq!(got, Err(expect.to_owned()));
}

/// The bytes of a safetensors file: (name, dtype, shape, bytes) each.
fn safetensors(tensors: &[(&str, &str, &[usize], Vec<u8>)], metadata: &str) -> Vec<u8> {
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

fn f32s(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// q (2, 2), k (3, 2) and v (3, 1) in f32, after a change to some of them.
fn three(change: impl Fn(&str) -> Option<(&'static [usize], Vec<f32>)>) -> Vec<u8> {
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
fn npy(descr: &str, order: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    let len = u16::try_from(header.len()).unwrap();
    file.extend(len.to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(bytes);
    file
}

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

#[test]
fn a_broken_safetensors_file_is_called_so() {
    let good = three(|_| None);
    let cut = good[..good.len() - 4].to_vec();
    let whole = "a.safetensors: this is not a whole safetensors file: ";
    for (bytes, why) in [
        (b"abc".to_vec(), "it has fewer than 8 bytes"),
        (
            cut,
            "its tensors need another number of bytes than follow the header",
        ),
        (good[..40].to_vec(), "it ends within its header"),
        (
            [&u64::MAX.to_le_bytes()[..], b"{}"].concat(),
            "its first 8 bytes announce a header of more than 100 million bytes",
        ),
        (
            [&2_u64.to_le_bytes()[..], b"\xff\xfe"].concat(),
            "its header is not UTF-8 text",
        ),
        (
            [&2_u64.to_le_bytes()[..], b"[]"].concat(),
            "its header is not the JSON that safetensors writes",
        ),
    ] {
        check(&[("a.safetensors", bytes)], &format!("{whole}{why}"));
    }
}

#[test]
fn tensors_that_do_not_fit_are_named_with_their_numbers() {
    let file = |bytes| [("a.safetensors", bytes)];
    let renamed = safetensors(
        &[
            ("q", "F32", &[1, 1], f32s(&[1.0])),
            ("key", "F32", &[1, 1], f32s(&[1.0])),
        ],
        "",
    );
    let integers = safetensors(&[("q", "I8", &[1, 1], vec![1])], "");
    let one = f32s(&[1.0]);
    let tokens = |json: &str| {
        let tensors = ["q", "k", "v"].map(|name| (name, "F32", [1, 1].as_slice(), one.clone()));
        safetensors(&tensors, json)
    };
    for (bytes, expect) in [
        (
            renamed,
            "the tensor k is missing: q, k and v are needed, there are key, q",
        ),
        (
            integers,
            "the tensor q holds numbers of type I8: F32, F64, F16 or BF16 is needed",
        ),
        (
            three(|name| (name == "k").then(|| (&[2, 3][..], vec![0.0; 6]))),
            "q has 2 columns and k has 3: a query and a key need the same width",
        ),
        (
            three(|name| (name == "v").then(|| (&[2, 2][..], vec![0.0; 4]))),
            "k has 3 rows and v has 2: every key needs one row of values",
        ),
        (
            three(|name| (name == "q").then(|| (&[4][..], vec![0.0; 4]))),
            "q has shape (4): (tokens, width), (heads, tokens, width) or (layers, heads, tokens, width) is needed, none of them zero",
        ),
        (
            three(|name| (name == "q").then(|| (&[0, 2][..], vec![]))),
            "q has shape (0, 2): (tokens, width), (heads, tokens, width) or (layers, heads, tokens, width) is needed, none of them zero",
        ),
        (
            three(|name| (name == "v").then(|| (&[3, 3, 1][..], vec![0.0; 9]))),
            "q has 1 layers of 1 heads, k has 1 of 1 and v has 1 of 3: the same number is needed in all three",
        ),
        (
            three(|name| {
                (name == "k").then(|| (&[3, 2][..], vec![0.0, 0.0, 0.0, f32::NAN, 0.0, 0.0]))
            }),
            "k[1, 1] is NaN: finite numbers are needed",
        ),
        (
            three(|name| (name == "v").then(|| (&[3, 1][..], vec![0.0, 0.0, f32::NEG_INFINITY]))),
            "v[2, 0] is -inf: finite numbers are needed",
        ),
        (
            tokens(r#"{"tokens":"cat"}"#),
            "tokens in its metadata are not a JSON list of texts, like [\"the\", \"cat\"]",
        ),
        (
            tokens(r#"{"tokens":"[\"the\",\"cat\"]"}"#),
            "there are 2 tokens for 1 queries and 1 keys: one for each is needed",
        ),
    ] {
        check(&file(bytes), &format!("a.safetensors: {expect}"));
    }
}

#[test]
fn more_scores_than_can_be_shown_are_refused() {
    let row = "0\n".repeat(2049).into_bytes();
    check(
        &[
            ("q.csv", row.clone()),
            ("k.csv", row.clone()),
            ("v.csv", row),
        ],
        "q.csv, k.csv, v.csv: 2049 queries by 2049 keys are 4198401 scores: at most 4194304 can be shown",
    );
}

#[test]
fn a_wrong_npy_file_is_named_with_what_would_be_right() {
    let good = || npy("<f4", "False", "(1, 1)", &f32s(&[1.0]));
    for (bytes, expect) in [
        (
            b"PK\x03\x04".to_vec(),
            "this is not a .npy file: it does not begin as numpy.save writes it",
        ),
        (
            good()[..20].to_vec(),
            "this is not a .npy file: it does not begin as numpy.save writes it",
        ),
        (
            npy("<i4", "False", "(1, 1)", &[0; 4]),
            "it holds numbers of type <i4: <f4, <f8 or <f2 (little-endian float) is needed",
        ),
        (
            npy("<f4", "False", "(2, 2)", &[0; 8]),
            "it ends after 8 bytes of numbers: its shape needs 16",
        ),
        (
            npy("<f4", "True", "(2, 2)", &[0; 16]),
            "its numbers lie column by column: save numpy.ascontiguousarray(x) instead",
        ),
        (
            npy("<f4", "False", "(x, 2)", &[0; 16]),
            "the header says nothing of the shape that can be read: write it with numpy.save",
        ),
        (
            npy("<f4", "False", "(18446744073709551615, 2)", &[0; 16]),
            "it ends after 16 bytes of numbers: its shape needs 18446744073709551615",
        ),
    ] {
        check(
            &[("q.npy", bytes), ("k.npy", good()), ("v.npy", good())],
            &format!("q.npy: {expect}"),
        );
    }
}

#[test]
fn a_wrong_csv_file_is_named_with_its_line() {
    for (text, expect) in [
        (
            b"1,2\n3\n".as_slice(),
            "line 2 has 1 values, the lines before have 2",
        ),
        (
            b"1,2\n3,x\n",
            "line 2, value 2 is \"x\": only numbers are allowed, no heading",
        ),
        (
            b"1,\n",
            "line 1, value 2 is \"\": only numbers are allowed, no heading",
        ),
        (b"\n\n", "there is no number in it"),
        (
            b"1\n\xff\n",
            "byte 2 is not UTF-8 text: a .csv file holds numbers as text",
        ),
    ] {
        let good = b"1,2\n".to_vec();
        check(
            &[
                ("q.csv", text.to_vec()),
                ("k.csv", good.clone()),
                ("v.csv", good),
            ],
            &format!("q.csv: {expect}"),
        );
    }
}

#[test]
fn what_is_no_such_file_is_called_so() {
    let one = || b"1\n".to_vec();
    check(
        &[("notes.txt", one())],
        "notes.txt: its kind is not known: a .safetensors, .npy or .csv file is needed",
    );
    check(
        &[("q.csv", one()), ("k.csv", one())],
        "q.csv: v is not beside it: q, k and v are needed, in three files of one folder",
    );
    let folder = folder(&[("q.csv", one()), ("k.csv", one())]);
    let sentence = |names: &[&str]| open(folder.path(), names).map(|input| input.name);
    assert_eq!(
        sentence(&["q.csv", "k.csv"]),
        Err("q.csv: 2 files at once are too many or too few: open one .safetensors file, or three that end in q, k and v".into())
    );
    assert_eq!(
        sentence(&["gone.safetensors"]),
        Err("gone.safetensors: it cannot be read: No such file or directory (os error 2)".into())
    );
    fs::create_dir(folder.path().join("capture.safetensors")).unwrap();
    assert_eq!(
        sentence(&["capture.safetensors"]),
        Err(
            "capture.safetensors: this is a folder: open a .safetensors, .npy or .csv file in it"
                .into()
        )
    );
}
