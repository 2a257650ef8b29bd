//! One query as a Rust test that needs nothing but the kernel, and passes where it is pasted.

// What stands before and after the head.
mod around;

pub use around::{layer_test, stored_test};

use super::trace::{Integers, Trace};
use crate::session::{Selection, TableKind};

/// A complete `#[test]`: the numbers of the visible keys, the call, and the cell of `focus` to the bit.
///
/// Hidden keys take no part in the kernel, so they are left out, and with them the mask.
/// `None` for a cell that no call computes: of Q, K and V, of a hidden key, or where a question of
/// the learner changed the scores.
pub fn rust_test(trace: &Trace, float: &str, focus: Selection) -> Option<String> {
    let seen: Vec<usize> = (0..trace.masked.len())
        .filter(|&key| trace.sees(key))
        .collect();
    let changed = seen
        .iter()
        .any(|&key| trace.masked.get(key) != trace.raw.get(key));
    if changed {
        return None;
    }
    let place = seen.iter().position(|&key| key == focus.key);
    let (stage, cell, expected) = match focus.table {
        TableKind::Raw | TableKind::Capped | TableKind::Masked => {
            ("score", place?, trace.raw.get(focus.key)?)
        }
        TableKind::Weights => ("weight", place?, trace.weights.get(focus.key)?),
        TableKind::Output => ("output", focus.column, trace.output.get(focus.column)?),
        TableKind::Q | TableKind::K | TableKind::V => return None,
    };
    let width = trace.q.len();
    let value_width = trace.output.len();
    let arrays = match &trace.integers {
        None => Arrays {
            q: reals(&trace.q),
            k: rows(&seen, &trace.k, width, reals),
            v: rows(&seen, &trace.v, value_width, reals),
        },
        Some(integers) => Arrays {
            q: whole(&integers.q),
            k: rows(&seen, &integers.k, width, whole),
            v: rows(&seen, &integers.v, value_width, whole),
        },
    };
    let names = [
        float.to_owned(),
        stage.to_owned(),
        focus.query.to_string(),
        if stage == "output" {
            focus.column
        } else {
            focus.key
        }
        .to_string(),
    ];
    Some(written(
        &arrays,
        &call(trace, float, seen.len(), width, value_width),
        &names.join("_"),
        &format!("assert_eq!(seen.{stage}[{cell}], {expected:?});"),
    ))
}

struct Arrays {
    q: String,
    k: String,
    v: String,
}

fn written(arrays: &Arrays, call: &str, name: &str, assertion: &str) -> String {
    let Arrays { q, k, v } = arrays;
    format!(
        "\
#[test]
fn {name}() {{
    /// What one query shows, in real numbers.
    #[derive(Default)]
    struct Seen {{
        score: Vec<f64>,
        weight: Vec<f64>,
        output: Vec<f64>,
    }}
    struct Watch<'a, F>(&'a mut Seen, F);
    impl<F: kqv::Format> kqv::Observer<F> for Watch<'_, F> {{
        fn raw(&mut self, _: usize, scores: kqv::Scores<'_, F>) {{
            self.0.score = scores.reals().collect();
        }}
        fn weights(&mut self, _: usize, weights: &[F::Cell], sum: F::Sum) {{
            self.0.weight = weights.iter().map(|&weight| F::weight_real(weight, sum)).collect();
        }}
        fn output(&mut self, _: usize, output: &[F::Output]) {{
            self.0.output = output.iter().map(|&value| self.1.output_real(value)).collect();
        }}
    }}
    let q = [{q}];
    let k = [
{k}    ];
    let v = [
{v}    ];
    let mut seen = Seen::default();
{call}    {assertion}
}}
"
    )
}

/// `attend` for floats, `attend_view` for integers, whose scales are known at run time.
fn call(trace: &Trace, float: &str, keys: usize, width: usize, value_width: usize) -> String {
    let scale = trace.scale;
    let attention = format!(
        "    let attention = kqv::Attention {{
        scale: kqv::Scale::new({scale:?}).unwrap(),
        ..kqv::Attention::FULL
    }};
"
    );
    let Some(Integers { scales, .. }) = &trace.integers else {
        return format!(
            "{attention}    let format = kqv::Float::<{float}>::FORMAT;
    let _: [[{float}; {value_width}]; 1] =
        kqv::attend(&[q], &k, &v, attention, Watch(&mut seen, format));
"
        );
    };
    let [q, k, v] = scales;
    format!(
        "{attention}    let format = kqv::Quantized::<{float}>::new({q:?}, {k:?}, {v:?}).unwrap();
    let qkv = kqv::Qkv::new(
        kqv::View::new(&q, 1, {width}).unwrap(),
        kqv::View::new(k.as_flattened(), {keys}, {width}).unwrap(),
        kqv::View::new(v.as_flattened(), {keys}, {value_width}).unwrap(),
    );
    let (mut scratch, mut output) = ([0; {keys}], [0; {value_width}]);
    let watch = Watch(&mut seen, format);
    kqv::attend_view(format, qkv.unwrap(), attention, &mut scratch, &mut output, watch).unwrap();
"
    )
}

/// With as many digits as lead back to the same bits.
fn reals(values: &[f64]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    values.join(", ")
}

fn whole(values: &[i64]) -> String {
    let values: Vec<String> = values.iter().map(i64::to_string).collect();
    values.join(", ")
}

fn rows<T>(seen: &[usize], values: &[T], width: usize, one: fn(&[T]) -> String) -> String {
    let row = |&key: &usize| {
        let row = values.get(key * width..(key + 1) * width);
        format!("        [{}],\n", one(row.unwrap_or_default()))
    };
    seen.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use kqv::{Attention, Float, Quantized};

    use super::*;
    use crate::derivation::trace::watch;
    use crate::recorder::Job;
    use crate::run::Run;
    use crate::session::around::{LayerCell, LayerTable};
    use crate::session::layout::{LayoutAction, Pane};
    use crate::session::{FormatChoice, FractionBits, InputId, Mask, Session};
    use crate::source::load;

    fn job(attention: Attention) -> Job<'static> {
        Job {
            q: &[1.0, 0.5, -2.0],
            k: &[1.0, 2.0, 0.25, -1.0, 1.0, 0.5, 0.5, 0.3, 0.5],
            v: &[1.0, -1.0, 0.5, 2.0, -0.25, 0.75],
            keys: 3,
            width: 3,
            value_width: 2,
            attention,
            alibi: None,
        }
    }

    fn focus(table: TableKind) -> Selection {
        Selection {
            table,
            query: 4,
            key: 1,
            column: 1,
        }
    }

    /// `tests/pasted.rs` compiles these files and runs them; write them anew with `KQV_WRITE=1`.
    #[test]
    fn the_tests_that_are_compiled_are_those_that_are_written() {
        let bytes = Quantized::<i8>::from_fraction_bits(4, 4, 5).unwrap();
        let words = Quantized::<i16>::new(0.001, 0.002, 0.0003).unwrap();
        let full = job(Attention::FULL);
        let causal = job(Attention {
            offset: 1,
            ..Attention::CAUSAL
        });
        let single = watch(Float::<f32>::FORMAT, &full, 1).unwrap();
        let double = watch(Float::<f64>::FORMAT, &causal, 1).unwrap();
        let bytes = watch(bytes, &full, 1).unwrap();
        let words = watch(words, &causal, 1).unwrap();
        for (file, trace, float, table) in [
            ("f32", &single, "f32", TableKind::Weights),
            ("f64", &double, "f64", TableKind::Output),
            ("i8", &bytes, "i8", TableKind::Output),
            ("i16", &words, "i16", TableKind::Raw),
        ] {
            let test = rust_test(trace, float, focus(table)).unwrap();
            let path =
                Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pasted/{file}.in"));
            if std::env::var_os("KQV_WRITE").is_some() {
                fs::write(&path, &test).unwrap();
            }
            assert_eq!(fs::read_to_string(path).unwrap(), test);
        }
    }

    /// What the window would copy of the worked example.
    fn copied(left: FormatChoice, cell: Selection, around: Option<LayerCell>) -> String {
        let mut session = Session {
            input: InputId::Worked,
            head: 3,
            mask: Mask::Causal,
            left,
            selection: cell,
            around,
            ..Session::default()
        };
        LayoutAction::Toggle(Pane::Derivation).apply(&mut session);
        session.layer = 0;
        let input = Arc::new(load(&session.input).unwrap());
        let run = Run::new(None, &input, &session, cell).unwrap();
        run.learned.unwrap().test.clone().unwrap()
    }

    #[test]
    fn tests_that_begin_at_x_are_compiled_too() {
        let start = Selection {
            query: 0,
            key: 0,
            ..Session::default().selection
        };
        let at = |table, row, column| start.at(table, row, column);
        let bits = FractionBits { q: 5, k: 4, v: 8 };
        let output = LayerCell {
            table: LayerTable::Output,
            row: 1,
            column: 2,
        };
        for (file, test) in [
            (
                "projected",
                copied(FormatChoice::F32, at(TableKind::K, 1, 2), None),
            ),
            (
                "rounded",
                copied(FormatChoice::I16(bits.into()), at(TableKind::Q, 0, 1), None),
            ),
            (
                "saturated",
                copied(FormatChoice::I8(bits.into()), at(TableKind::V, 0, 1), None),
            ),
            (
                "layer",
                copied(FormatChoice::F32, at(TableKind::Q, 0, 0), Some(output)),
            ),
        ] {
            let path =
                Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pasted/{file}.in"));
            if std::env::var_os("KQV_WRITE").is_some() {
                fs::write(&path, &test).unwrap();
            }
            assert_eq!(fs::read_to_string(path).unwrap(), test);
        }
    }

    #[test]
    fn there_is_no_test_of_what_nothing_computes() {
        let trace = watch(Float::<f32>::FORMAT, &job(Attention::CAUSAL), 1).unwrap();
        for table in [TableKind::Q, TableKind::K, TableKind::V, TableKind::Weights] {
            assert_eq!(rust_test(&trace, "f32", focus(table)), None);
        }
    }
}
