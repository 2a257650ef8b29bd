//! `kqv compare`: the table, the files, the verdict, and the sentence for everything that is wrong.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::desk::Desk;

/// Exit status, what was printed, and what was said, after `kqv compare` with these arguments.
fn compare(desk: &Desk, arguments: &str) -> (i32, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_kqv"))
        .arg("compare")
        .args(arguments.split_whitespace())
        .current_dir(&desk.0)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        done.status.code().unwrap(),
        text(done.stdout),
        text(done.stderr),
    )
}

fn refused(arguments: &str, expect: &str) {
    let (status, printed, said) = compare(&Desk::new(), arguments);
    assert_eq!((status, printed.as_str()), (2, ""));
    assert!(said.contains(expect), "{said}");
}

/// SQNR of a format's output in dB, by ten plain lines on what `kqv attend` writes.
fn sqnr_by_hand(desk: &Desk, format: &str) -> f64 {
    let output = |format: &str| {
        desk.ok(&format!("--format {format}"));
        if format == "f64" {
            return desk.read::<f64>("output.npy").1;
        }
        desk.output().into_iter().map(f64::from).collect()
    };
    let (exact, run) = (output("f64"), output(format));
    let noise: f64 = exact.iter().zip(&run).map(|(x, y)| (x - y) * (x - y)).sum();
    let signal: f64 = exact.iter().map(|x| x * x).sum();
    10.0 * (signal / noise).log10()
}

#[test]
fn the_table_says_what_the_output_of_attend_says() {
    let desk = Desk::new();
    let (status, printed, said) = compare(&desk, "q.npy --formats i8:4,f64 --json out.json");
    assert_eq!((status, said.as_str()), (0, ""));
    assert!(
        printed.contains("i8:4/4/4") && printed.contains("exact"),
        "{printed}"
    );
    let json: Value = serde_json::from_slice(&fs::read(desk.path("out.json")).unwrap()).unwrap();
    let sqnr = json["formats"][0]["sqnr_db"].as_f64().unwrap();
    let expected = sqnr_by_hand(&desk, "i8:4");
    assert!((sqnr - expected).abs() < 1e-9, "{sqnr} {expected}");
    assert_eq!(json["formats"][1]["sqnr_db"], Value::Null);
}

#[test]
fn scales_mean_the_same_to_both_commands() {
    let desk = Desk::new();
    compare(&desk, "q.npy --formats i8@0.03/0.02/0.04 --json out.json");
    let json: Value = serde_json::from_slice(&fs::read(desk.path("out.json")).unwrap()).unwrap();
    let sqnr = json["formats"][0]["sqnr_db"].as_f64().unwrap();
    let expected = sqnr_by_hand(&desk, "i8:scale=0.03,0.02,0.04");
    assert!((sqnr - expected).abs() < 1e-5, "{sqnr} {expected}"); // f32 files
}

#[test]
fn the_report_is_one_page_that_needs_nothing_else() {
    let desk = Desk::new();
    let arguments = "--formats i16:fit,i8:fit+1 --layers 3 --heads 0-2 --report r.html --csv r.csv";
    let (status, _, said) = compare(&desk, arguments);
    assert_eq!((status, said.as_str()), (0, ""));
    let page = fs::read_to_string(desk.path("r.html")).unwrap();
    for needed in [
        "<svg",
        "kqv compare --formats i16:fit,i8:fit+1",
        "i8:fit+1",
        "overflow",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
    for foreign in ["<script", "<link", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let rows = fs::read_to_string(desk.path("r.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1 + 2 * (1 + 3) * 7);
    assert!(
        rows.lines()
            .nth(1)
            .unwrap()
            .starts_with("i16:fit,all,all,Q,1440,")
    );
}

#[test]
fn a_format_under_the_limit_fails_and_is_reported_all_the_same() {
    let desk = Desk::new();
    let arguments =
        "--formats i16:fit,i8:fit --layers 3 --heads 1 --fail-under-sqnr 60 --csv r.csv";
    let (status, _, said) = compare(&desk, arguments);
    assert_eq!(status, 1);
    assert!(said.starts_with("kqv: i8:fit has an SQNR of "), "{said}");
    assert_eq!(said.lines().count(), 1);
    assert!(desk.path("r.csv").exists());
    let (status, ..) = compare(
        &desk,
        "--formats i8:fit --layers 3 --heads 1 --fail-under-sqnr 10",
    );
    assert_eq!(status, 0);
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    refused(
        "--formats i8",
        "i8 needs fraction bits, like i8:5 or i8:4/4/5, or i8:fit",
    );
    refused(
        "--formats i8:fit --layers 6",
        "kqv: There is no layer 6: the input has 0 to 5",
    );
    refused("--formats i8:fit --heads 3-1", "write it like 3 or 0,2-4");
    refused("x.npy --formats i8:fit", "x.npy");
    refused("q.npy", "--formats");
}

#[test]
fn a_file_that_cannot_be_written_leaves_none() {
    let desk = Desk::new();
    let (status, printed, said) =
        compare(&desk, "q.npy --formats f32 --csv r.csv --json no/r.json");
    assert_eq!((status, printed.as_str()), (1, ""));
    assert!(
        said.starts_with("kqv: no/r.json cannot be written: "),
        "{said}"
    );
    let left = fs::read_dir(&desk.0).unwrap().count();
    assert_eq!(left, 3); // q, k and v
}

#[test]
fn a_wrong_input_is_refused_in_a_sentence_and_nothing_is_written() {
    let check = |write: &dyn Fn(&Desk), file: &str, expect: &str| {
        let desk = Desk::new();
        write(&desk);
        let before = fs::read_dir(&desk.0).unwrap().count();
        let (status, printed, said) =
            compare(&desk, &format!("{file} --formats i8:fit --csv r.csv"));
        assert_eq!((status, printed.as_str()), (2, ""), "{said}");
        assert!(said.contains(expect), "{said}");
        assert_eq!(fs::read_dir(&desk.0).unwrap().count(), before);
    };
    let four_gigabytes = (4_u64 << 30).to_le_bytes();
    let huge = [&four_gigabytes[..], b"{}"].concat();
    let bytes = [&2_u64.to_le_bytes()[..], b"\xff\xfe"].concat();
    for (name, content, expect) in [
        ("a.safetensors", &b"short"[..], "it has fewer than 8 bytes"),
        (
            "a.safetensors",
            &huge,
            "a header of more than 100 million bytes",
        ),
        ("a.safetensors", &bytes, "its header is not UTF-8 text"),
        ("a.npz", b"1 2 3", "it is not a whole .npz file"),
    ] {
        check(&|desk| desk.write(name, content), name, expect);
    }
    let nan = |desk: &Desk| desk.save("q.npy", &[3, 4], vec![f32::NAN; 12]);
    check(&nan, "q.npy", "NaN: finite numbers are needed");
    let narrow = |desk: &Desk| desk.save("k.npy", &[5, 3], vec![0.0_f32; 15]);
    check(&narrow, "q.npy", "a query and a key need the same width");
    let folder = |desk: &Desk| fs::create_dir(desk.path("a.npz")).unwrap();
    check(&folder, "a.npz", "this is a folder");
}

#[test]
fn a_soft_cap_and_a_bias_are_stages_of_the_report() {
    let desk = Desk::new();
    let run = |options: &str| {
        let (status, _, said) = compare(
            &desk,
            &format!("q.npy --formats i8:fit --json r.json {options}"),
        );
        assert_eq!((status, said.as_str()), (0, ""));
        let text = fs::read_to_string(desk.path("r.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let stages = |report: &Value| -> Vec<String> {
        let stages = report["formats"][0]["stages"].as_array().unwrap();
        let names = stages.iter().map(|stage| stage["table"].as_str().unwrap());
        names.map(str::to_owned).collect()
    };
    let plain = run("");
    assert_eq!(stages(&plain).len(), 7);
    let capped = run("--softcap 1.5 --slope 0.25");
    assert_eq!(stages(&capped)[3..6], ["Raw", "Capped", "Masked"]);
    assert_eq!(
        capped["input"]["changes"],
        ", soft cap 1.5, ALiBi with slope 0.25"
    );
    let of = |report: &Value, stage: usize, which: &str| {
        report["formats"][0]["stages"][stage][which]["real"]["max"]
            .as_f64()
            .unwrap()
    };
    // The cap rounds to 2^-16; slopes of a quarter take nothing more.
    let cap = of(&capped, 4, "local");
    assert!(cap > 0.0 && cap < 2.0_f64.powi(-15), "{cap}");
    assert_eq!(of(&capped, 5, "local"), 0.0);
    assert_eq!(of(&capped, 3, "total"), of(&plain, 3, "total"));
    assert_ne!(of(&capped, 7, "total"), of(&plain, 6, "total"));
    let (status, _, said) = compare(&desk, "q.npy --formats i8:fit --softcap -1");
    assert_eq!(status, 2);
    assert!(
        said.contains("a positive, finite number is needed"),
        "{said}"
    );
    refused("--formats i8:fit --slope nan", "a finite number is needed");
}
