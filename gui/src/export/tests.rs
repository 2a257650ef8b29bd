use std::io::Cursor;
use std::sync::Arc;

use super::*;
use crate::arrays;

/// Two queries, three keys, causal.
fn table() -> Table {
    let visible: Arc<[std::ops::Range<usize>]> = vec![0..2, 0..3].into();
    Table::new(2, 3, vec![0.1, -2.0, 7.0, 0.5, 0.0, 1e-3]).masked(visible)
}

fn check(kind: FileKind, element: Element) -> Vec<u8> {
    let (table, rows, columns) = (table(), names(["it", "a,b"]), names(["x", "y\tz", "w"]));
    let sheet = Sheet {
        name: "Masked scores",
        about: "Layer 3, head 1, i8",
        table: &table,
        rows: &rows,
        columns: &columns,
        element,
        hidden: f64::NEG_INFINITY,
        colours: ColourScale::Diverging { end: 2.0 },
    };
    kind.bytes(&[sheet]).unwrap()
}

fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

fn text(kind: FileKind, element: Element) -> String {
    String::from_utf8(check(kind, element)).unwrap()
}

#[test]
fn a_spreadsheet_gets_names_and_every_digit() {
    assert_eq!(
        text(FileKind::Tsv, Element::F64),
        "Masked scores\tx\ty z\tw\nit\t0.1\t-2\t\na,b\t0.5\t0\t0.001\n"
    );
    assert_eq!(
        text(FileKind::Csv, Element::F64),
        "Masked scores,x,y\tz,w\nit,0.1,-2,\n\"a,b\",0.5,0,0.001\n"
    );
}

#[test]
fn firmware_gets_the_numbers_of_the_format() {
    let of_integers = text(FileKind::Rust, Element::I8 { scale: 1.0 / 64.0 });
    assert!(of_integers.contains("/// Masked scores, (2, 3); one is 1.5625e-2."));
    assert!(of_integers.contains(
        "pub const MASKED_SCORES: [[i8; 3]; 2] = [\n    [6, -128, i8::MIN],\n    [32, 0, 0],"
    ));
    let of_floats = text(FileKind::Rust, Element::F32);
    assert!(of_floats.contains(
        "[[f32; 3]; 2] = [\n    [0.1, -2.0, f32::NEG_INFINITY],\n    [0.5, 0.0, 0.001],\n];"
    ));
}

#[test]
fn what_is_saved_as_arrays_is_read_again() {
    let expected = [0.1, -2.0, f64::NEG_INFINITY, 0.5, 0.0, 1e-3];
    let npy = arrays::npy::<f64>(Cursor::new(check(FileKind::Npy, Element::F64))).unwrap();
    assert_eq!((npy.shape, npy.values), (vec![2, 3], expected.to_vec()));
    let bytes = check(FileKind::Safetensors, Element::F64);
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensor = file.tensor("masked_scores").unwrap();
    let values: Vec<u8> = expected.into_iter().flat_map(f64::to_le_bytes).collect();
    assert_eq!((tensor.shape(), tensor.data()), (&[2, 3][..], &values[..]));
}

#[test]
fn a_picture_has_the_colours_of_the_window() {
    let bytes = check(FileKind::Png, Element::F64);
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((frame.width, frame.height), (96, 64));
    let colours = ColourScale::Diverging { end: 2.0 };
    for (cell, value) in [(0, Some(0.1)), (1, Some(-2.0)), (2, None)] {
        let colour = colours.colour(value);
        let at = (cell * 32 + 5) * 3;
        assert_eq!(pixels[at..at + 3], [colour.r(), colour.g(), colour.b()]);
    }
    let svg = text(FileKind::Svg, Element::F64);
    for part in [
        "Masked scores (2, 3)",
        "hidden by the mask",
        "a,b, x: 0.5000",
        "-2.0",
    ] {
        assert!(svg.contains(part), "{part} in {svg}");
    }
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let table = table();
    let sheet = Sheet {
        name: "Q",
        about: "",
        table: &table,
        rows: &[],
        columns: &[],
        element: Element::F64,
        hidden: 0.0,
        colours: ColourScale::Weights { end: 1.0 },
    };
    let path = folder.path().join("q.csv");
    save(&path, &[sheet]).unwrap();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "Q,0,1,2\n0,0.1,-2,\n1,0.5,0,0.001\n"
    );
    let nowhere = folder.path().join("no folder").join("q.csv");
    assert!(matches!(
        save(&nowhere, &[sheet]),
        Err(ExportError::Write { .. })
    ));
    let odd = save(&folder.path().join("q.doc"), &[sheet]).unwrap_err();
    assert!(odd.to_string().contains(".png, .svg, .csv"), "{odd}");
    assert_eq!(save(&path, &[]), Err(ExportError::Nothing));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_picture_of_shapes_has_a_limit_that_is_told() {
    let table = Table::new(200, 200, vec![0.0; 40_000]);
    let sheet = Sheet {
        name: "Q",
        about: "",
        table: &table,
        rows: &[],
        columns: &[],
        element: Element::F64,
        hidden: 0.0,
        colours: ColourScale::Diverging { end: 1.0 },
    };
    let error = FileKind::Svg.bytes(&[sheet]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "A table of 200 × 200 is too large for this kind of picture: it takes 16384 cells"
    );
    assert!(FileKind::Png.bytes(&[sheet]).is_ok());
}
