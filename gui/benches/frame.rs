//! What does a frame cost, without a display: nothing changed, an edit with two runs, a long table scrolled?
//!
//! `cargo bench -p kqv-gui --bench frame`
//!
//! Measured on 2 shared cores of an AMD EPYC of the first generation: start to first picture 28 ms, without a window of
//! the system; nothing changed 1.3 ms at 512 × 512 of width 64 and 1.7 ms on the capture; a cell of Q, K or V edited
//! with two runs at 512 × 512 15 to 16 ms, other fraction bits 10 ms; 4,096 × 4,096 opened 0.5 s, a step of a walk
//! through it 4.0 ms, a turn of the wheel 3.5 ms.

#![expect(clippy::unwrap_used, reason = "a bench has nobody to tell")]

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use eframe::egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, pos2, vec2};
use egui_kittest::Harness;
use kqv_gui::App;
use kqv_gui::action::Action;
use kqv_gui::compare::Compare;
use kqv_gui::detail::Detail;
use kqv_gui::edit::{MatrixId, Operand, Place};
use kqv_gui::session::edits::EditAction;
use kqv_gui::session::{
    FormatChoice, FractionBits, InputId, Session, Shown, SideId, TableKind, Unit,
};
use kqv_gui::side::{Choice, Side};
use kqv_gui::source::{Made, Preset, load};
use kqv_gui::table::Table;

/// The window at 1600 × 1000, on files or on the capture.
fn window(files: Vec<PathBuf>) -> Harness<'static, App> {
    let mut harness = Harness::builder()
        .with_size(vec2(1600.0, 1000.0))
        .build_eframe(|creation| App::new(&creation.egui_ctx, files).unwrap());
    settle(&mut harness);
    frame(&mut harness);
    frame(&mut harness);
    harness
}

/// Until nothing is read or computed beside the frame any more.
fn settle(harness: &mut Harness<'_, App>) {
    while harness.state().is_busy() {
        harness.step();
        sleep(Duration::from_millis(2));
    }
}

fn apply(harness: &mut Harness<'_, App>, action: Action) {
    let ctx = harness.ctx.clone();
    harness.state_mut().apply(&ctx, action);
    settle(harness);
}

/// Layout, accessibility tree and shapes, and the triangles made of them.
fn frame(harness: &mut Harness<'_, App>) {
    harness.step();
    let output = harness.output();
    let shapes = output.shapes.clone();
    black_box(harness.ctx.tessellate(shapes, output.pixels_per_point));
}

/// 512 queries and keys of width 64.
const LARGE: Made = Made {
    queries: 512,
    keys: 512,
    width: 64,
    value_width: 64,
    preset: Preset::Random { seed: 1 },
};

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    group.sample_size(20);
    let mut window512 = window(Vec::new());
    group.bench_function("nothing changed, the capture", |bencher| {
        bencher.iter(|| frame(&mut window512));
    });
    apply(&mut window512, Action::Choose(InputId::Made(LARGE)));
    let weights = window512.state().run().left.table(TableKind::Weights);
    assert_eq!((weights.rows(), weights.columns()), (512, 512));
    frame(&mut window512);
    group.bench_function("nothing changed, 512 × 512", |bencher| {
        bencher.iter(|| frame(&mut window512));
    });
    let formats =
        [SideId::Left, SideId::Right].map(|side| window512.state().session().format(side));
    assert_eq!(formats.map(FormatChoice::name), ["f32", "i8"]);
    for (operand, kind) in [
        (Operand::Q, TableKind::Q),
        (Operand::K, TableKind::K),
        (Operand::V, TableKind::V),
    ] {
        let mut cell = 0;
        let name = format!("a cell of {} edited, 512 × 512", operand.name());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                cell += 1;
                edit(&mut window512, operand, kind, cell);
            });
        });
    }
    let shown = Action::Show(Shown::Difference);
    apply(&mut window512, shown);
    let mut cell = 0;
    group.bench_function("a cell of K edited, 512 × 512, differences", |bencher| {
        bencher.iter(|| {
            cell += 1;
            edit(&mut window512, Operand::K, TableKind::K, cell);
        });
    });
    apply(&mut window512, Action::Show(Shown::Left));
    let mut q = 4;
    group.bench_function("other fraction bits, 512 × 512", |bencher| {
        bencher.iter(|| {
            q = 9 - q;
            let bits = FractionBits { q, k: 4, v: 4 };
            let action = Action::Format(SideId::Right, FormatChoice::I8(bits.into()));
            apply(&mut window512, action);
            assert_eq!(
                window512.state().session().right,
                FormatChoice::I8(bits.into())
            );
            frame(&mut window512);
        });
    });
    group.finish();
}

/// Drags one cell to another number and draws what follows.
fn edit(window: &mut Harness<'_, App>, operand: Operand, kind: TableKind, count: u16) {
    let place = Place {
        matrix: MatrixId::new(operand, 0, 0),
        row: 137,
        column: 21,
    };
    let value = f64::from(count % 64) / 16.0 - 2.0;
    apply(window, Action::Edit(EditAction::Drag(place, value)));
    frame(window);
    let run = window.state().run();
    for side in [&run.left, &run.right] {
        assert_eq!(side.table(kind).get(place.row, place.column), Some(value));
    }
}

/// 4,096 queries and keys of width 2, in files: opened, then walked and scrolled through.
fn long(criterion: &mut Criterion) {
    const TOKENS: usize = 4096;
    let folder = tempfile::tempdir().unwrap();
    for (seed, name) in [(3, "q.csv"), (5, "k.csv"), (7, "v.csv")] {
        let row = |i: usize| format!("{},{}\n", (i * seed) % 17, (i * seed) % 23);
        let text: String = (0..TOKENS).map(row).collect();
        fs::write(folder.path().join(name), text).unwrap();
    }
    let open = || {
        let window = window(vec![folder.path().join("q.csv")]);
        let weights = window.state().run().left.table(TableKind::Weights);
        assert_eq!((weights.rows(), weights.columns()), (TOKENS, TOKENS));
        window
    };
    let mut group = criterion.benchmark_group("4096 × 4096");
    group.sample_size(10);
    group.bench_function("opened", |bencher| bencher.iter_with_large_drop(open));
    let mut window = open();
    apply(&mut window, Action::Enlarge(Some(TableKind::Weights)));
    frame(&mut window);
    group.bench_function("nothing changed", |bencher| {
        bencher.iter(|| frame(&mut window));
    });
    let mut query = 0;
    group.bench_function("a step of a walk", |bencher| {
        bencher.iter(|| {
            query = (query + 97) % TOKENS;
            let selection = window.state().session().selection;
            let to = selection.at(TableKind::Weights, query, query);
            apply(&mut window, Action::Select(to));
            frame(&mut window);
        });
    });
    window.hover_at(pos2(900.0, 500.0));
    frame(&mut window);
    let mut step = 0;
    group.bench_function("a turn of the wheel", |bencher| {
        bencher.iter(|| {
            step += 1;
            // Down to the end, and up again.
            let delta = if step % 200 < 100 { -120.0 } else { 120.0 };
            window.event(Event::MouseWheel {
                unit: MouseWheelUnit::Point,
                source: MouseWheelSource::Wheel,
                delta: vec2(0.0, delta),
                phase: TouchPhase::Move,
                modifiers: Modifiers::NONE,
            });
            frame(&mut window);
        });
    });
    group.finish();
}

/// From nothing to the triangles of the first picture: reading the capture, running the kernel, fonts, layout.
fn start(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start");
    group.sample_size(10);
    group.bench_function("first picture", |bencher| {
        bencher.iter_with_large_drop(|| {
            let mut harness = Harness::builder()
                .with_size(vec2(1600.0, 1000.0))
                .build_eframe(|creation| App::new(&creation.egui_ctx, Vec::new()).unwrap());
            frame(&mut harness);
            harness
        });
    });
    group.finish();
}

/// What an edit at 512 × 512 of width 64 is made of.
fn parts(criterion: &mut Criterion) {
    let session = Session {
        layer: 0,
        head: 0,
        ..Session::default()
    };
    let input = load(&InputId::Made(LARGE)).unwrap();
    let bits = FractionBits { q: 4, k: 4, v: 4 };
    let [single, bytes] = [FormatChoice::F32, FormatChoice::I8(bits.into())]
        .map(|format| Choice::new(&session, format));
    let mut group = criterion.benchmark_group("part of an edit");
    group.sample_size(20);
    for choice in [single, bytes] {
        group.bench_function(format!("run in {}", choice.format.name()), |bencher| {
            bencher.iter(|| Side::new(&input, choice).unwrap());
        });
    }
    let [left, right] = [single, bytes].map(|choice| Arc::new(Side::new(&input, choice).unwrap()));
    group.bench_function("figures", |bencher| {
        bencher.iter(|| Compare::new(&left, &right, Unit::LastPlace, 0.125));
    });
    group.bench_function("figures and differences", |bencher| {
        bencher.iter(|| Compare::new(&left, &right, Unit::LastPlace, 0.125).prepare());
    });
    group.bench_function("end of a colour scale", |bencher| {
        let scores = left.table(TableKind::Raw).values();
        bencher.iter_batched(
            || Table::new(512, 512, scores.to_vec()),
            |table| table.extent(),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("number pointed at", |bencher| {
        bencher.iter(|| Detail::new(&input, &session, session.selection, single.format).unwrap());
    });
    group.finish();
}

criterion_group!(benches, start, parts, frames, long);
criterion_main!(benches);
