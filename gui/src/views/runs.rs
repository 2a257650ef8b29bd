//! Any number of formats, each held against the left one, and the selected number in each.

use eframe::egui::{
    Button, Color32, ComboBox, DragValue, Grid, RichText, Role, ScrollArea, Ui, WidgetInfo,
};

use super::tooltip::exact;
use super::veil::walk;
use crate::action::Action;
use crate::colour;
use crate::compare::place;
use crate::number::{difference, plain};
use crate::run::Run;
use crate::session::runs::RunsAction;
use crate::session::{FormatChoice, FractionBits, Session, SideId};
use crate::side::Side;

/// A block for each run: left, right, then the others.
pub fn runs_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    let mut action = None;
    let frame = eframe::egui::Frame::new()
        .fill(colour::PANEL)
        .inner_margin(12);
    frame.show(ui, |ui| {
        ui.spacing_mut().scroll.fade.strength = 0.0; // as in every pane
        ScrollArea::both()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                heading_ui(ui, run);
                values_ui(ui, session, run);
                ui.separator();
                for (at, held) in run.more.iter().enumerate() {
                    action = action.take().or(run_ui(ui, session, run, at, &held.side));
                    ui.separator();
                }
                let add = ui
                    .button("Add a run")
                    .on_hover_text("The right format once more  (A)");
                if add.clicked() {
                    action = Some(Action::Runs(RunsAction::Add(session.right)));
                }
            });
    });
    action
}

fn heading_ui(ui: &mut Ui, run: &Run) {
    let focus = run.detail.focus;
    let (row, column) = focus.cell_in(focus.table);
    let name = RichText::new(focus.table.name())
        .color(colour::name(focus.table))
        .size(16.0);
    ui.horizontal(|ui| {
        ui.label(name);
        ui.label(RichText::new(format!("({row}, {column})")).color(colour::WEAK));
    });
}

/// The number pointed at in every run, its distance from the left one, and how good the run's output is.
fn values_ui(ui: &mut Ui, session: &Session, run: &Run) {
    if let Some((walk, moment)) = walk(session, run) {
        let focus = run.detail.focus;
        let (row, column) = focus.cell_in(focus.table);
        if !walk.known(moment, focus.table, row, column) {
            ui.label("the walk has not come here yet");
            return;
        }
    }
    // An output is known when the walk ends, and how good it is.
    let sqnr = |sqnr_db| {
        Some(if session.learn.walk.is_some() {
            f64::NAN
        } else {
            sqnr_db
        })
    };
    Grid::new("runs")
        .num_columns(5)
        .striped(true)
        .spacing([14.0, 4.0])
        .show(ui, |ui| {
            for heading in [
                "run",
                "value",
                "difference",
                "last places",
                "SQNR of the output",
            ] {
                ui.label(RichText::new(heading).size(11.5).color(colour::WEAK));
            }
            ui.end_row();
            line_ui(ui, run, &run.left, colour::LEFT, None);
            line_ui(
                ui,
                run,
                &run.right,
                colour::RIGHT,
                sqnr(run.compare.sqnr_db),
            );
            for held in &run.more {
                line_ui(ui, run, &held.side, colour::TEXT, sqnr(held.sqnr_db));
            }
        });
    if run.more.is_empty() && session.left == session.right {
        ui.label(RichText::new("Left and right are the same format").color(colour::WEAK));
    }
}

fn line_ui(ui: &mut Ui, run: &Run, side: &Side, tint: Color32, sqnr_db: Option<f64>) {
    let focus = run.detail.focus;
    let (row, column) = focus.cell_in(focus.table);
    let format = side.choice.format;
    ui.label(RichText::new(format.title()).color(tint));
    let value = side.table(focus.table).get(row, column);
    let first = run.left.table(focus.table).get(row, column);
    match (value, first, sqnr_db) {
        (Some(value), Some(first), Some(sqnr_db)) => {
            let formats = (run.left.choice.format, format);
            let unit = place(formats, focus.table, first, run.scale);
            ui.monospace(exact(format, focus.table, value));
            ui.monospace(difference(value - first, plain));
            ui.monospace(difference((value - first) / unit, plain));
            ui.monospace(if sqnr_db.is_nan() {
                "when the walk ends".to_owned()
            } else if sqnr_db.is_finite() {
                format!("{sqnr_db:.1} dB")
            } else {
                "equal".to_owned()
            });
        }
        (Some(value), ..) => {
            ui.monospace(exact(format, focus.table, value));
        }
        (None, ..) => {
            ui.label("hidden by the mask");
        }
    }
    ui.end_row();
}

/// The format of one further run, and what can be done with it.
fn run_ui(ui: &mut Ui, session: &Session, run: &Run, at: usize, side: &Side) -> Option<Action> {
    let present = side.choice.format;
    let name = format!("Run {}", at + 3);
    let meant = |format: FormatChoice| format.meant_for(&run.input, session.layer, session.head);
    let zero = FractionBits { q: 0, k: 0, v: 0 };
    let mut action = None;
    ui.horizontal(|ui| {
        ui.label(RichText::new(&name).color(colour::WEAK));
        let picker = ComboBox::from_id_salt(("run", at))
            .width(64.0)
            .selected_text(present.name());
        let all = [
            FormatChoice::F32,
            FormatChoice::F64,
            FormatChoice::I16(zero),
            FormatChoice::I8(zero),
        ];
        let picked = picker.show_ui(ui, |ui| {
            all.into_iter().find(|format| {
                ui.selectable_label(format.name() == present.name(), format.name())
                    .clicked()
            })
        });
        picked
            .response
            .accessible_name(format!("Format of {}", name.to_lowercase()));
        action = picked
            .inner
            .flatten()
            .map(|format| RunsAction::Change(at, meant(format)));
        let moved = bits_ui(ui, &name, present).map(|format| RunsAction::Change(at, format));
        action = action.take().or(moved);
        for (text, about, then) in [
            (
                "Show",
                "Put it on the right; what is there takes its place",
                RunsAction::Swap(at, SideId::Right),
            ),
            ("Copy", "The same once more", RunsAction::Add(present)),
            ("Remove", "Take it away", RunsAction::Remove(at)),
        ] {
            let button = ui.add(Button::new(text).small()).on_hover_text(about);
            let label = format!("{text} {}", name.to_lowercase());
            button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
            if button.clicked() {
                action = Some(then);
            }
        }
    });
    action.map(Action::Runs)
}

/// A number for each of Q, K and V, to be dragged or typed.
fn bits_ui(ui: &mut Ui, name: &str, present: FormatChoice) -> Option<FormatChoice> {
    let mut bits = present.fraction_bits()?;
    let before = bits;
    for (tensor, value) in [
        ("Q ", &mut bits.q),
        ("K ", &mut bits.k),
        ("V ", &mut bits.v),
    ] {
        let number = DragValue::new(value)
            .prefix(tensor)
            .speed(0.05)
            .range(-60..=60);
        let title = format!(
            "Fraction bits of {}, {}",
            tensor.trim(),
            name.to_lowercase()
        );
        ui.name_inputs(&title, |ui| ui.add(number))
            .on_hover_text("Fraction bits; drag or type");
    }
    (bits != before).then(|| present.with_bits(bits))
}
