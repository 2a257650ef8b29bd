//! The measures of every run of the chosen head, and where it goes wrong.

use eframe::egui::{
    Align, Button, ComboBox, DragValue, Layout, ProgressBar, RichText, Role, ScrollArea, Ui,
    WidgetInfo, vec2,
};

use super::histogram::{histogram_ui, legend_ui};
use super::measures::MEASURES;
use super::wrapped::wrapped_ui;
use crate::compare::accumulator::Overflow;
use crate::compare::first::{Search, Wrong};
use crate::compare::histogram::Fate;
use crate::compare::statistics::{RunStatistics, Statistics};
use crate::judging::Judging;
use crate::report::digits;
use crate::session::judge::{Against, Cell, Judge, JudgeAction};
use crate::session::{Selection, Session};

/// What the pane shows.
pub struct StatisticsView<'a> {
    /// How it is judged.
    pub judge: &'a Judge,
    /// The measures.
    pub statistics: &'a Statistics,
    /// The selected cell, for the dot product it belongs to.
    pub selection: Selection,
    /// How the last search for the first wrong step ended.
    pub search: Search,
    /// How far the one under way is, from 0 to 1.
    pub searched: Option<f32>,
}

/// The pane as the window has it; what is measured now shows that it is.
pub fn pane_ui(ui: &mut Ui, session: &Session, judging: &Judging) -> Option<JudgeAction> {
    if session.learn.walk.is_some() {
        // Measures of the whole head would tell what the walk has not come to.
        ui.weak("The walk has not come to its end: the measures are known then");
        return None;
    }
    let Some(statistics) = judging.statistics() else {
        ui.spinner();
        return None;
    };
    let view = StatisticsView {
        judge: &session.judge,
        statistics,
        selection: session.selection,
        search: judging.search(),
        searched: judging.searched(),
    };
    statistics_ui(ui, &view)
}

/// The pane.
pub fn statistics_ui(ui: &mut Ui, view: &StatisticsView<'_>) -> Option<JudgeAction> {
    let mut action = choices_ui(ui, view);
    let at = view
        .judge
        .run
        .min(view.statistics.runs.len().saturating_sub(1));
    let Some(run) = view.statistics.runs.get(at) else {
        return action;
    };
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        action = action.take().or(wrong_ui(ui, view));
        ui.add_space(8.0);
        stages_ui(ui, run);
        ui.add_space(6.0);
        rows_ui(ui, run);
        sums_ui(ui, view, at);
        ui.add_space(8.0);
        histograms_ui(ui, run);
        ui.add_space(8.0);
        action = action.take().or(events_ui(ui, view, run));
    });
    action
}

/// Against what, and which run.
fn choices_ui(ui: &mut Ui, view: &StatisticsView<'_>) -> Option<JudgeAction> {
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        ui.weak("Held against");
        for (against, name, about) in [
            (
                Against::Reference,
                "f64 reference",
                "The same attention in f64, of the values before any format",
            ),
            (Against::First, "First run", "The run in the first format"),
        ] {
            let chosen = view.judge.against == against;
            if ui
                .selectable_label(chosen, name)
                .on_hover_text(about)
                .clicked()
            {
                action = Some(JudgeAction::Against(against));
            }
        }
        ui.separator();
        for (at, run) in view.statistics.runs.iter().enumerate() {
            let name = run.numbers.title();
            let chosen = view.judge.run.min(view.statistics.runs.len() - 1) == at;
            if ui
                .selectable_label(chosen, name)
                .on_hover_text("Show the stages of this run")
                .clicked()
            {
                action = Some(JudgeAction::Run(at));
            }
        }
    });
    ui.separator();
    action
}

fn stages_ui(ui: &mut Ui, run: &RunStatistics) {
    const NAMES: f32 = 104.0;
    wrapped_ui(
        ui,
        "Stage",
        NAMES,
        &MEASURES,
        &run.stages,
        |ui, stage, _| {
            ui.label(stage.table.name());
        },
    );
}

fn rows_ui(ui: &mut Ui, run: &RunStatistics) {
    let rows = run.rows;
    ui.horizontal_wrapped(|ui| {
        for (name, value, about) in [
            (
                "Same top key",
                format!("{} of {} rows", rows.same_top, rows.rows),
                "Rows whose greatest weight is on the same key",
            ),
            (
                "Divergence",
                format!(
                    "{} nats mean, {} worst",
                    digits(rows.divergence_mean),
                    digits(rows.divergence_max)
                ),
                "Kullback-Leibler divergence of a row of weights",
            ),
            (
                "Row sums off by",
                digits(rows.drift_max),
                "How far the sum of the worst row of weights is from one",
            ),
        ] {
            ui.weak(name).on_hover_text(about);
            ui.monospace(value);
            ui.add_space(8.0);
        }
    });
}

/// Where a narrower accumulator would have left its range in the selected dot product.
fn sums_ui(ui: &mut Ui, view: &StatisticsView<'_>, run: usize) {
    let Selection { query, key, .. } = view.selection;
    if view
        .statistics
        .runs
        .get(run)
        .is_none_or(|run| run.numbers.steps().is_none())
    {
        return;
    }
    let sentence = |bits: u32, overflow: Option<Overflow>| match overflow {
        None => format!("{bits} bits would hold it"),
        Some(Overflow { term, sum }) => {
            format!("{bits} bits would overflow at term {term}, at {sum}")
        }
    };
    let [sixteen, thirty_two] = view.statistics.accumulators(run, query, key);
    ui.horizontal_wrapped(|ui| {
        ui.weak(format!("Sum of query {query} and key {key}"))
            .on_hover_text("The kernel adds exactly and cannot overflow; this is what a narrower accumulator would do");
        ui.label("exact here;");
        ui.label(format!("{}; {}", sentence(16, sixteen), sentence(32, thirty_two)));
    });
}

/// The budget, the search, and what it found.
fn wrong_ui(ui: &mut Ui, view: &StatisticsView<'_>) -> Option<JudgeAction> {
    let mut budget = view.judge.budget;
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        let about = "Goes to the first head, stage and cell of the input that saturates or passes the budget";
        if ui.add(Button::new("First wrong step")).on_hover_text(about).clicked() {
            action = Some(JudgeAction::FirstWrong);
        }
        if let Some(share) = view.searched {
            ui.add(ProgressBar::new(share).desired_width(120.0).show_percentage());
            let stop = ui.button("Cancel search").on_hover_text("Stop looking");
            action = action.or(stop.clicked().then_some(JudgeAction::StopSearch));
        }
        for (name, value, speed, unit) in [
            ("Q, K, V", &mut budget.operand_places, 0.05, " places"),
            ("score", &mut budget.score, 0.005, ""),
            ("weight", &mut budget.weight, 0.001, ""),
            ("output", &mut budget.output_places, 0.05, " places"),
        ] {
            // A name and its number stay on one line.
            ui.allocate_ui_with_layout(vec2(118.0, 22.0), Layout::left_to_right(Align::Center), |ui| {
                let label = ui.weak(name);
                let drag = DragValue::new(value).speed(speed).range(0.0..=1e6).suffix(unit).max_decimals(4);
                ui.add(drag).labelled_by(label.id).on_hover_text("How far it may be from the reference");
            });
        }
        sum_bits_ui(ui, &mut budget.sum_bits);
    });
    match view.search {
        Search::NotYet => {}
        Search::Nothing => {
            ui.label("No step of any head is wrong within this budget");
        }
        Search::Found(wrong) => action = action.or(found_ui(ui, &wrong)),
    }
    if action.is_none() && budget != view.judge.budget {
        action = Some(JudgeAction::Budget(budget));
    }
    action
}

/// The accumulator that a dot product must fit.
fn sum_bits_ui(ui: &mut Ui, bits: &mut Option<u8>) {
    let name = |bits: Option<u8>| bits.map_or("exact".to_owned(), |bits| format!("{bits} bits"));
    let layout = Layout::left_to_right(Align::Center);
    ui.allocate_ui_with_layout(vec2(118.0, 22.0), layout, |ui| {
        let label = ui.weak("sums");
        let picker = ComboBox::from_id_salt("sum bits").width(70.0);
        let shown = picker.selected_text(name(*bits)).show_ui(ui, |ui| {
            for choice in [None, Some(32), Some(24), Some(16)] {
                ui.selectable_value(bits, choice, name(choice));
            }
        });
        let about = "The kernel adds exactly. An accumulator of so many bits would have to hold every dot product too";
        shown.response.labelled_by(label.id).accessible_name("Bits of a sum").on_hover_text(about);
    });
}

/// What is wrong, in a sentence that leads there.
fn found_ui(ui: &mut Ui, wrong: &Wrong) -> Option<JudgeAction> {
    let link = ui.link(wrong.to_string()).on_hover_text("Show this cell");
    link.clicked().then(|| JudgeAction::Go(wrong.cell()))
}

fn histograms_ui(ui: &mut Ui, run: &RunStatistics) {
    ui.horizontal_wrapped(|ui| {
        ui.weak("Sizes by powers of two");
        legend_ui(ui);
    });
    ui.horizontal_wrapped(|ui| {
        for (histogram, name) in run.histograms.iter().zip(["Q", "K", "V"]) {
            histogram_ui(ui, histogram, name);
        }
    });
}

fn events_ui(ui: &mut Ui, view: &StatisticsView<'_>, run: &RunStatistics) -> Option<JudgeAction> {
    const SHOWN: usize = 60;
    if run.events.is_empty() {
        return None;
    }
    let mut action = None;
    ui.weak(format!("Cut or gone to zero, {} values", run.event_count));
    ui.horizontal_wrapped(|ui| {
        // What was cut first: it matters more than what vanished.
        let of = |fate| run.events.iter().filter(move |event| event.fate == fate);
        for event in of(Fate::Overflow).chain(of(Fate::Underflow)).take(SHOWN) {
            let text = format!("{} ({}, {})", event.table.name(), event.row, event.column);
            let text = RichText::new(text).monospace();
            let cut = event.fate == Fate::Overflow;
            let text = if cut {
                text.color(ui.visuals().error_fg_color)
            } else {
                text
            };
            let about = format!("{} became {}", digits(event.was), digits(event.is));
            if ui
                .add(Button::new(text).frame(false))
                .on_hover_text(about)
                .clicked()
            {
                let (id, table) = (view.statistics.question.id, event.table);
                let (row, column) = (event.row, event.column);
                action = Some(JudgeAction::Go(Cell {
                    id,
                    table,
                    row,
                    column,
                }));
            }
        }
        if run.event_count > SHOWN {
            ui.weak(format!("and {} more", run.event_count - SHOWN));
        }
    });
    action
}

/// A picture with a name for screen readers.
pub(super) fn image(label: String) -> WidgetInfo {
    WidgetInfo::labeled(Role::Image, true, label)
}
