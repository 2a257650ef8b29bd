//! Any number of formats, each held against the left one, and the selected number in each.

use eframe::egui::{Button, Color32, ComboBox, RichText, Role, ScrollArea, Ui, WidgetInfo};

use super::scales::ScalesView;
use super::tooltip::exact;
use super::veil::walk;
use super::wrapped::{Measure, wrapped_ui};
use crate::action::Action;
use crate::colour;
use crate::compare::place;
use crate::number::{difference, plain};
use crate::run::Run;
use crate::session::runs::RunsAction;
use crate::session::{FormatChoice, Session, SideId};
use crate::side::Side;

/// A block for each run: left, right, then the others.
pub fn runs_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    let mut action = None;
    let frame = eframe::egui::Frame::new()
        .fill(colour::PANEL)
        .inner_margin(12);
    frame.show(ui, |ui| {
        ui.spacing_mut().scroll.fade.strength = 0.0; // as in every pane
        ScrollArea::vertical()
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

/// What a line says of one run.
struct Said {
    title: String,
    tint: Color32,
    value: String,
    difference: String,
    places: String,
    decibels: String,
}

const MEASURES: [Measure<Said>; 4] = [
    Measure {
        name: "value",
        about: "Every digit that it has in its format",
        width: 150.0,
        cell: |ui, said| said_ui(ui, &said.value),
    },
    Measure {
        name: "difference",
        about: "Less the number of the left run, in real units",
        width: 66.0,
        cell: |ui, said| said_ui(ui, &said.difference),
    },
    Measure {
        name: "last places",
        about: "The same in units of the last place of the coarser format, where there is one",
        width: 72.0,
        cell: |ui, said| said_ui(ui, &said.places),
    },
    Measure {
        name: "SQNR of the output",
        about: "Signal to quantisation noise, held against the left run: more is better",
        width: 110.0,
        cell: |ui, said| said_ui(ui, &said.decibels),
    },
];

fn said_ui(ui: &mut Ui, text: &str) {
    ui.monospace(text);
}

/// The number pointed at in every run, its distance from the left one, and how good the run's output is.
fn values_ui(ui: &mut Ui, session: &Session, run: &Run) {
    const NAMES: f32 = 136.0;
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
    let right = said(run, &run.right, colour::RIGHT, sqnr(run.compare.sqnr_db));
    let mut lines = vec![said(run, &run.left, colour::LEFT, None), right];
    let more = run.more.iter();
    lines.extend(more.map(|held| said(run, &held.side, colour::TEXT, sqnr(held.sqnr_db))));
    wrapped_ui(ui, "run", NAMES, &MEASURES, &lines, |ui, said, _| {
        ui.label(RichText::new(&said.title).color(said.tint));
    });
    if run.more.is_empty() && session.left == session.right {
        ui.label(RichText::new("Left and right are the same format").color(colour::WEAK));
    }
}

fn said(run: &Run, side: &Side, tint: Color32, sqnr_db: Option<f64>) -> Said {
    let focus = run.detail.focus;
    let (row, column) = focus.cell_in(focus.table);
    let format = side.choice.format;
    let at = |side: &Side| side.table(focus.table).get(row, column);
    let value = at(side);
    let mut said = Said {
        title: format.title(),
        tint,
        value: value.map_or("hidden by the mask".to_owned(), |value| {
            exact(format, focus.table, value)
        }),
        difference: String::new(),
        places: String::new(),
        decibels: String::new(),
    };
    if let (Some(value), Some(first), Some(sqnr_db)) = (value, at(&run.left), sqnr_db) {
        let formats = (run.left.choice.format, format);
        let unit = place(formats, focus.table, first, run.scale);
        let units = unit.map(|unit| difference((value - first) / unit, plain));
        said.difference = difference(value - first, plain);
        said.places = units.unwrap_or_default();
        said.decibels = if sqnr_db.is_nan() {
            "when the walk ends".to_owned()
        } else if sqnr_db.is_finite() {
            format!("{sqnr_db:.1} dB")
        } else {
            "equal".to_owned()
        };
    }
    said
}

/// The format of one further run, and what can be done with it.
fn run_ui(ui: &mut Ui, session: &Session, run: &Run, at: usize, side: &Side) -> Option<Action> {
    let present = side.choice.format;
    let name = format!("Run {}", at + 3);
    let meant = |format: FormatChoice| format.meant_for(&run.input, session.layer, session.head);
    let mut action = None;
    ui.horizontal(|ui| {
        ui.label(RichText::new(&name).color(colour::WEAK));
        let picker = ComboBox::from_id_salt(("run", at))
            .width(64.0)
            .selected_text(present.name());
        let picked = picker.show_ui(ui, |ui| {
            FormatChoice::ALL.into_iter().find(|format| {
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
    let scales = ScalesView {
        session,
        run,
        format: present,
        which: &name.to_lowercase(),
        tint: colour::TEXT,
    };
    let moved = ui.horizontal(|ui| scales.line_ui(ui)).inner;
    let moved = moved.map(|format| RunsAction::Change(at, format));
    action.or(moved).map(Action::Runs)
}
