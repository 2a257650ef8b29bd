//! Everything that is wrong gets one sentence and exit status 2, and nothing is written.

use crate::desk::{Desk, npy, numbers};

/// Adds a file to the desk and runs the command with these arguments instead of those for Q, K or V.
fn check(name: &str, shape: &[usize], arguments: &str, expect: &str) {
    let desk = Desk::new();
    let count = shape.iter().product();
    desk.save(name, shape, numbers(4, count));
    check_at(&desk, arguments, expect);
}

fn check_at(desk: &Desk, arguments: &str, expect: &str) {
    let mut all = vec![arguments, "--out out"];
    for (option, default) in [
        ("--q ", "--q q.npy"),
        ("--k ", "--k k.npy"),
        ("--v ", "--v v.npy"),
    ] {
        if !arguments.contains(option) {
            all.push(default);
        }
    }
    let (status, said) = desk.attend(&all.join(" "));
    assert_eq!(said.lines().next(), Some(expect));
    assert_eq!(status, 2);
    assert!(!desk.path("out").exists());
}

#[test]
fn shapes_that_do_not_fit() {
    let ranks = "(T, D), (heads, T, D) or (batch, heads, T, D), none of them zero, is needed";
    check(
        "x.npy",
        &[7],
        "--q x.npy",
        &format!("kqv: x.npy has shape (7,): {ranks}"),
    );
    check(
        "x.npy",
        &[0, 4],
        "--q x.npy",
        &format!("kqv: x.npy has shape (0, 4): {ranks}"),
    );
    check(
        "x.npy",
        &[1, 1, 1, 3, 4],
        "--q x.npy",
        &format!("kqv: x.npy has shape (1, 1, 1, 3, 4): {ranks}"),
    );
    check(
        "x.npy",
        &[5, 3],
        "--k x.npy",
        "kqv: x.npy has shape (5, 3): (S, 4) is needed, since q.npy has (3, 4)",
    );
    check(
        "x.npy",
        &[6, 3, 4],
        "--q x.npy",
        "kqv: k.npy has shape (5, 4): (a divisor of 6, S, 4) is needed, since x.npy has (6, 3, 4)",
    );
    check(
        "x.npy",
        &[6, 2],
        "--v x.npy",
        "kqv: x.npy has shape (6, 2): (5, E) is needed, since k.npy has (5, 4)",
    );
    check(
        "x.npy",
        &[2, 3],
        "--past-k x.npy --past-v v.npy",
        "kqv: x.npy has shape (2, 3): (P, 4) is needed, since k.npy has (5, 4)",
    );
    check(
        "x.npy",
        &[2, 2],
        "--past-k k.npy --past-v x.npy",
        "kqv: x.npy has shape (2, 2): (5, 2) is needed, since v.npy has (5, 2)",
    );
}

#[test]
fn heads_that_do_not_divide() {
    let desk = Desk::new();
    desk.save("q6.npy", &[6, 3, 4], numbers(4, 72));
    desk.save("k4.npy", &[4, 5, 4], numbers(4, 80));
    desk.save("k2.npy", &[2, 5, 4], numbers(4, 40));
    check_at(
        &desk,
        "--q q6.npy --k k4.npy",
        "kqv: k4.npy has shape (4, 5, 4): (a divisor of 6, S, 4) is needed, since q6.npy has (6, 3, 4)",
    );
    check_at(
        &desk,
        "--q q6.npy --k k2.npy --v k4.npy",
        "kqv: k4.npy has shape (4, 5, 4): (2, 5, E) is needed, since k2.npy has (2, 5, 4)",
    );
}

#[test]
fn masks_that_do_not_broadcast() {
    let mask = |shape: &[usize], found: &str| {
        let wanted =
            "a shape that broadcasts to (1, 1, 3, 5), the last axis from 1 to 5, is needed";
        check(
            "m.npy",
            shape,
            "--mask m.npy",
            &format!("kqv: m.npy has shape {found}: {wanted}"),
        );
    };
    mask(&[6], "(6,)");
    mask(&[2, 5], "(2, 5)");
    mask(&[2, 3, 5], "(2, 3, 5)");
    mask(&[1, 1, 1, 3, 5], "(1, 1, 1, 3, 5)");
    mask(&[3, 0], "(3, 0)");
    mask(&[], "()");
    check(
        "m.npy",
        &[3, 2],
        "--mask m.npy --kv-len 4",
        "kqv: m.npy has shape (3, 2): a shape that broadcasts to (1, 1, 3, 5), the last axis from 4 to 5, is needed",
    );
}

#[test]
fn files_that_cannot_be_read() {
    let desk = Desk::new();
    let check = |arguments: &str, expect: &str| check_at(&desk, arguments, expect);
    check(
        "--q no.npy",
        "kqv: no.npy cannot be read: No such file or directory (os error 2)",
    );
    let numbers = "f16, f32 or f64 (in .safetensors also bf16) is needed";
    desk.save("flags.npy", &[3, 4], vec![true; 12]);
    check(
        "--q flags.npy",
        &format!("kqv: flags.npy holds '|b1': {numbers}"),
    );
    desk.save("whole.npy", &[3, 5], vec![1_i32; 15]);
    check(
        "--mask whole.npy",
        &format!("kqv: whole.npy holds '<i4': for a mask bool or {numbers}"),
    );
    desk.write("cut.npy", &npy("<f4", "(3, 4)", &[0; 47]));
    check(
        "--q cut.npy",
        "kqv: cut.npy is not a whole .npy file: 47 bytes follow its header, its shape needs 48",
    );
    desk.write("long.npy", &npy("<f4", "(3, 4)", &[0; 50]));
    check(
        "--q long.npy",
        "kqv: long.npy is not a whole .npy file: 50 bytes follow its header, its shape needs 48",
    );
    desk.write("huge.npy", &npy("<f4", "(3000000000, 3000000000)", &[]));
    check(
        "--q huge.npy",
        "kqv: huge.npy is not a whole .npy file: its shape has more values than memory has places",
    );
    std::fs::create_dir(desk.path("folder.npy")).unwrap();
    check(
        "--q folder.npy",
        "kqv: folder.npy cannot be read: is a directory",
    );
    let four_gigabytes = (4_u64 << 30).to_le_bytes();
    desk.write("huge.safetensors", &[&four_gigabytes[..], b"{}"].concat());
    check(
        "--q huge.safetensors",
        "kqv: huge.safetensors is not a whole .safetensors file: its first 8 bytes announce a header of more than 100 million bytes",
    );
    let header = 2_u64.to_le_bytes();
    desk.write("bytes.safetensors", &[&header[..], b"\xff\xfe"].concat());
    check(
        "--q bytes.safetensors",
        "kqv: bytes.safetensors is not a whole .safetensors file: its header is not UTF-8 text",
    );
    desk.write("short.npy", b"1 2 3");
    check(
        "--q short.npy",
        "kqv: short.npy is not a whole .npy file: it ends within its header",
    );
    desk.write("text.npy", b"1 2 3 4 5 6 7 8");
    check(
        "--q text.npy",
        "kqv: text.npy is not a whole .npy file: it does not begin as numpy.save writes it",
    );
    desk.write("text.npz", b"1 2 3");
    check(
        "--q text.npz",
        "kqv: text.npz is not a whole .npz file: invalid Zip archive: Could not find EOCD",
    );
    desk.write("text.safetensors", b"1 2 3");
    check(
        "--q text.safetensors",
        "kqv: text.safetensors is not a whole .safetensors file: it has fewer than 8 bytes",
    );
    let header = br#"{"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}"#;
    let len = u64::try_from(header.len()).unwrap().to_le_bytes();
    desk.write("a.safetensors", &[&len[..], header, &[0]].concat());
    check(
        "--q a.safetensors",
        "kqv: a.safetensors has no array q: it has a (choose one as FILE:NAME)",
    );
    check(
        "--q a.safetensors:a",
        &format!("kqv: a.safetensors:a holds I8: {numbers}"),
    );
}

#[test]
fn options_that_make_no_sense() {
    let desk = Desk::new();
    let check = |arguments: &str, expect: &str| check_at(&desk, arguments, expect);
    check(
        "--kv-len 6",
        "kqv: --kv-len is 6: one number from 0 to 5 is needed for each batch, 1 in all",
    );
    check(
        "--kv-len 2,2",
        "kqv: --kv-len is 2, 2: one number from 0 to 5 is needed for each batch, 1 in all",
    );
    check(
        "--q q.csv",
        "error: invalid value 'q.csv' for '--q <FILE>': a .npy, .npz or .safetensors file is needed",
    );
    check(
        "--window 3",
        "error: invalid value '3' for '--window <L,R>': write it like 128,0: whole numbers, or -1 for an open side",
    );
    check(
        "--window -2,0",
        "error: invalid value '-2,0' for '--window <L,R>': write it like 128,0: whole numbers, or -1 for an open side",
    );
    check(
        "--scale nan",
        "error: invalid value 'nan' for '--scale <X>': The scale is NaN: a finite number is needed",
    );
    check(
        "--softcap -1",
        "error: invalid value '-1' for '--softcap <CAP>': The soft cap is -1: a positive, finite number is needed",
    );
    check(
        "--format i4:2",
        "error: invalid value 'i4:2' for '--format <FORMAT>': write it like f32, f64, i16:12 or i8:scale=0.05",
    );
    check(
        "--format i8:1,2",
        "error: invalid value 'i8:1,2' for '--format <FORMAT>': write fraction bits like i16:12 or i16:12,12,13, scales like i8:scale=0.05",
    );
    check(
        "--format i8:scale=0",
        "error: invalid value 'i8:scale=0' for '--format <FORMAT>': The scale of Q is 0: a positive, finite number is needed",
    );
    check(
        "--past-k k.npy",
        "error: the following required arguments were not provided:",
    );
    check(
        "--past-k k.npy --past-v v.npy --kv-len 3",
        "error: the argument '--past-k <FILE>' cannot be used with '--kv-len <N,…>'",
    );
}

#[test]
fn nan_is_a_float_but_no_integer() {
    let desk = Desk::new();
    let mut q = numbers(1, 12);
    q[6] = f32::NAN;
    desk.save("nan.npy", &[3, 4], q);
    let (status, _) = desk.attend("--q nan.npy --k k.npy --v v.npy --out float");
    assert_eq!(status, 0);
    check_at(
        &desk,
        "--q nan.npy --format i8:5",
        "kqv: nan.npy[1, 2] is NaN: i8:5 has no such number, f32 and f64 have",
    );
    desk.save("bias.npy", &[5], vec![0.0, f32::NAN, 0.0, 0.0, 0.0]);
    check_at(
        &desk,
        "--mask bias.npy --format i16:12",
        "kqv: bias.npy[1] is NaN: i16:12 has no such number, f32 and f64 have",
    );
}

#[test]
fn a_format_has_room_for_so_many_keys() {
    let desk = Desk::new();
    let keys = (1 << 17) + 1;
    desk.save("k1.npy", &[keys, 1], vec![0.0_f32; keys]);
    desk.save("q1.npy", &[1, 1], vec![0.0_f32]);
    check_at(
        &desk,
        "--q q1.npy --k k1.npy --v k1.npy --format i8:5",
        "kqv: k1.npy: There are 131073 keys: this format takes at most 131072",
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_another_status() {
    let desk = Desk::new();
    desk.write("file", b"");
    let said = desk.attend("--q q.npy --k k.npy --v v.npy --out file");
    assert_eq!(
        said,
        (
            1,
            "kqv: file cannot be written: File exists (os error 17)".to_owned()
        )
    );
    // Nothing is written where one of the files cannot be.
    std::fs::create_dir_all(desk.path("out/weights.npy/inside")).unwrap();
    let (status, said) = desk.attend("--q q.npy --k k.npy --v v.npy --out out");
    assert_eq!(status, 1);
    assert_eq!(
        said,
        "kqv: out/weights.npy cannot be written: it is a folder"
    );
    let left = std::fs::read_dir(desk.path("out")).unwrap().count();
    assert_eq!(left, 1);
}
