//! The sentence that each of the others gets.

use std::fs;

use ndarray::array;

use crate::files::{check, f32s, folder, npy, npz, open, safetensors, three};

#[test]
fn a_broken_safetensors_file_is_called_so() {
    let good = three(|_| None);
    let cut = good[..good.len() - 4].to_vec();
    let whole = "a.safetensors: it is not a whole .safetensors file: ";
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
            "it has no array k: it has key, q (q, k and v are needed, or x, w_q, w_k and w_v)",
        ),
        (
            integers,
            "its array q holds I8: f16, f32 or f64 (in .safetensors also bf16) is needed",
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
            "q has shape (4,): (tokens, width), (heads, tokens, width) or (layers, heads, tokens, width) is needed, none of them zero",
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
    let row = "0\n".repeat(4097).into_bytes();
    check(
        &[
            ("q.csv", row.clone()),
            ("k.csv", row.clone()),
            ("v.csv", row),
        ],
        "q.csv, k.csv, v.csv: 4097 queries by 4097 keys are 16785409 scores: at most 16777216 can be shown",
    );
}

#[test]
fn a_wrong_npy_file_is_named_with_what_would_be_right() {
    let good = || npy("<f4", "False", "(1, 1)", &f32s(&[1.0]));
    for (bytes, expect) in [
        (
            b"PK\x03\x04".to_vec(),
            "it is not a whole .npy file: it ends within its header",
        ),
        (
            b"1, 2, 3\n4, 5, 6\n".to_vec(),
            "it is not a whole .npy file: it does not begin as numpy.save writes it",
        ),
        (
            good()[..20].to_vec(),
            "it is not a whole .npy file: it ends within its header",
        ),
        (
            npy("<i4", "False", "(1, 1)", &[0; 4]),
            "it holds '<i4': f16, f32 or f64 (in .safetensors also bf16) is needed",
        ),
        (
            npy("<f4", "False", "(2, 2)", &[0; 8]),
            "it is not a whole .npy file: 8 bytes follow its header, its shape needs 16",
        ),
        (
            npy("<f4", "False", "(x, 2)", &[0; 16]),
            "it is not a whole .npy file: it does not begin as numpy.save writes it",
        ),
        (
            npy("<f4", "False", "(18446744073709551615, 2)", &[0; 16]),
            "it is not a whole .npy file: its shape has more values than memory has places",
        ),
    ] {
        check(
            &[("q.npy", bytes), ("k.npy", good()), ("v.npy", good())],
            &format!("q.npy: {expect}"),
        );
    }
}

#[test]
fn a_wrong_npz_file_is_named_with_the_array_in_it() {
    let nan = ["q", "k", "v"].map(|name| (name, array![[f32::NAN]]));
    let integers = ["q", "k", "v"].map(|name| (name, array![[1_i32]]));
    for (bytes, expect) in [
        (npz(&nan), "q[0, 0] is NaN: finite numbers are needed"),
        (
            npz(&integers),
            "its array q holds '<i4': f16, f32 or f64 (in .safetensors also bf16) is needed",
        ),
        (
            npz(&nan[1..]),
            "it has no array q: it has k, v (q, k and v are needed, or x, w_q, w_k and w_v)",
        ),
        (
            b"1 2 3".to_vec(),
            "it is not a whole .npz file: invalid Zip archive: Could not find EOCD",
        ),
    ] {
        check(&[("a.npz", bytes)], &format!("a.npz: {expect}"));
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
        "notes.txt: its kind is not known: a .safetensors, .npz, .npy or .csv file is needed",
    );
    check(
        &[("q.csv", one()), ("k.csv", one())],
        "q.csv: v is not beside it: q, k and v are needed, in three files of one folder",
    );
    let folder = folder(&[("q.csv", one()), ("k.csv", one())]);
    let sentence = |names: &[&str]| open(folder.path(), names).map(|input| input.name);
    assert_eq!(
        sentence(&["q.csv", "k.csv"]),
        Err("q.csv: 2 files at once are too many or too few: open one .safetensors or .npz file, or three that end in q, k and v".into())
    );
    assert_eq!(
        sentence(&["gone.safetensors"]),
        Err("gone.safetensors: it cannot be read: No such file or directory (os error 2)".into())
    );
    fs::create_dir(folder.path().join("capture.safetensors")).unwrap();
    assert_eq!(
        sentence(&["capture.safetensors"]),
        Err(
            "capture.safetensors: this is a folder: open a .safetensors, .npz, .npy or .csv file in it"
                .into()
        )
    );
}
