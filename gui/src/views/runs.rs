//! Any number of formats, each held against the left one, and the selected number in each.

use eframe::egui::{Button, Color32, ComboBox, Grid, RichText, Role, ScrollArea, Ui, WidgetInfo};

use super::scales::ScalesView;
use super::tooltip::exact;
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
                Some(run.compare.sqnr_db),
            );
            for held in &run.more {
                line_ui(ui, run, &held.side, colour::TEXT, Some(held.sqnr_db));
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
            let units = unit.map(|unit| difference((value - first) / unit, plain));
            ui.monospace(units.unwrap_or_default());
            ui.monospace(if sqnr_db.is_finite() {
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
