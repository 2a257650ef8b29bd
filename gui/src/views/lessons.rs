//! The lessons: what happens, what is printed elsewhere for it, and what it is here.

use eframe::egui::{
    Button, ComboBox, Grid, Label, RichText, Role, ScrollArea, Sense, Stroke, Ui, Vec2, WidgetInfo,
};

use super::veil::knows_weight;
use crate::action::Action;
use crate::colour;
use crate::lesson::{Number, Step, Verdict, step, steps};
use crate::run::Run;
use crate::session::edits::EditAction;
use crate::session::{LearnAction, Question, Scaling, Session, TableKind};
use crate::side::Side;

/// The panel.
pub fn lessons_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    let number = session.learn.lesson;
    let step = step(number);
    ui.label(RichText::new(step.part).color(colour::WEAK));
    let mut action = chooser_ui(ui, number).map(Action::Learn);
    ui.add_space(6.0);
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.label(RichText::new(step.title).size(18.0));
            ui.add_space(2.0);
            ui.label(step.text);
            ui.add_space(8.0);
            numbers_ui(ui, step, session, run);
            ui.add_space(8.0);
            ui.label(RichText::new("Try it").color(colour::RIGHT));
            ui.label(step.try_it);
            ui.add_space(10.0);
            action = action.take().or(edits_ui(ui, session));
            action = action.take().or(questions_ui(ui, session, run));
            original_ui(ui, session, run);
        });
    action
}

/// What was tried, and the way back.
fn edits_ui(ui: &mut Ui, session: &Session) -> Option<Action> {
    let edits = &session.edits;
    if edits.is_empty() {
        return None;
    }
    let text = match edits.count() {
        0 => "The lesson goes on with your tokens".to_owned(),
        1 => "The lesson goes on with your edit".to_owned(),
        count => format!("The lesson goes on with your {count} edits"),
    };
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(text).color(colour::RIGHT));
        let about = "Every number and token as the lesson has it";
        if ui.button("Take all back").on_hover_text(about).clicked() {
            action = Some(Action::Edit(EditAction::ResetAll));
        }
    });
    ui.add_space(6.0);
    action
}

/// The learner's own questions, as switches.
fn questions_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    let mut action = None;
    let is_square = run.input.queries == run.input.keys;
    ui.label(RichText::new("What if").color(colour::WEAK));
    ui.horizontal_wrapped(|ui| {
        for question in Question::ALL {
            let on = session.learn.question == question;
            let can = question != Question::Reversed || is_square;
            let switch = ui.add_enabled(can, Button::selectable(on, question.name()));
            let switch = switch.on_disabled_hover_text("It needs as many queries as keys");
            if switch.on_hover_text(question.about()).clicked() {
                action = Some(Action::Learn(LearnAction::Ask(question)));
            }
        }
        let off = session.scaling == Scaling::Off;
        let switch = ui.selectable_label(off, "no √d");
        let about = "What if nothing is divided by √d? It goes with each of the others  (S)";
        if switch.on_hover_text(about).clicked() {
            let scaling = if off { Scaling::On } else { Scaling::Off };
            action = Some(Action::Scaling(scaling));
        }
    });
    action
}

/// More keys than this make no list.
const MOST: usize = 32;

/// The weights of the selected query, the original ones beside those of the question.
fn original_ui(ui: &mut Ui, session: &Session, run: &Run) {
    let Some(original) = &run.original else {
        return;
    };
    let query = session.selection.query;
    let name = run.input.query_name(query);
    ui.label(RichText::new(format!("whom \"{name}\" looks at")).color(colour::WEAK));
    let number = |side: &Side, key: usize| {
        if !knows_weight(session, run, query, key) {
            return "not yet".to_owned();
        }
        let weight = side.table(TableKind::Weights).get(query, key);
        weight.map_or("hidden".to_owned(), |weight| format!("{weight:.4}"))
    };
    Grid::new("original")
        .num_columns(3)
        .spacing([14.0, 1.0])
        .show(ui, |ui| {
            ui.label("");
            ui.label(RichText::new("original").size(11.5).color(colour::WEAK));
            ui.label(RichText::new("what if").size(11.5).color(colour::RIGHT));
            ui.end_row();
            for key in 0..run.input.keys.min(MOST) {
                ui.label(run.input.key_name(key));
                ui.monospace(number(original, key));
                ui.label(
                    RichText::new(number(&run.left, key))
                        .monospace()
                        .color(colour::RIGHT),
                );
                ui.end_row();
            }
        });
}

/// Back, next, and any of them.
fn chooser_ui(ui: &mut Ui, number: usize) -> Option<LearnAction> {
    let mut chosen = None;
    let all = steps().count();
    ui.horizontal(|ui| {
        let back = ui.add_enabled(number > 0, eframe::egui::Button::new("Back"));
        if back.on_hover_text("The step before  (,)").clicked() {
            chosen = number.checked_sub(1);
        }
        let next = ui.add_enabled(number + 1 < all, eframe::egui::Button::new("Next"));
        if next.on_hover_text("The step after  (.)").clicked() {
            chosen = Some(number + 1);
        }
        let again = ui.button("Set up again");
        if again
            .on_hover_text("The step as it begins, with its own numbers")
            .clicked()
        {
            chosen = Some(number);
        }
        ui.label(RichText::new(format!("{} of {all}", number + 1)).color(colour::WEAK));
    });
    let picker = ComboBox::from_id_salt("lesson")
        .width(ui.available_width() - 8.0)
        .selected_text(step(number).title)
        .show_ui(ui, |ui| {
            for (at, step) in steps().enumerate() {
                if ui.selectable_label(at == number, step.title).clicked() {
                    chosen = Some(at);
                }
            }
        });
    picker
        .response
        .accessible_name("Lesson")
        .on_hover_text("Go to any step");
    chosen.map(LearnAction::Lesson)
}

/// Printed and here, with a tick or with the reason why not.
fn numbers_ui(ui: &mut Ui, step: &Step, session: &Session, run: &Run) {
    let numbers = step.numbers;
    let small = |text: &str| RichText::new(text).size(11.5).color(colour::WEAK);
    // Columns as wide as those of the step before would overlap.
    Grid::new(step.title)
        .num_columns(3)
        .spacing([10.0, 4.0])
        .show(ui, |ui| {
            ui.label(small(""));
            ui.label(small("printed"));
            ui.label(small("recomputed here"));
            ui.end_row();
            for number in numbers {
                ui.scope(|ui| {
                    ui.set_max_width(150.0);
                    ui.add(Label::new(number.label).wrap());
                });
                ui.monospace(number.printed);
                let verdict = number.verdict(run, session);
                let (text, tint) = match verdict {
                    Verdict::Holds(here) => (number.written(here), colour::LEFT),
                    Verdict::Slip(here, _) => (number.written(here), colour::RIGHT),
                    Verdict::Changed(here) => (number.written(here), colour::WRONG),
                    Verdict::Absent => ("not here".to_owned(), colour::WEAK),
                    Verdict::NotYet => ("not yet".to_owned(), colour::WEAK),
                };
                ui.horizontal(|ui| {
                    ui.label(RichText::new(text).monospace().color(tint));
                    if matches!(verdict, Verdict::Holds(_)) {
                        tick_ui(ui);
                    }
                });
                ui.end_row();
            }
        });
    for number in numbers {
        if let Verdict::Slip(_, reason) = number.verdict(run, session) {
            ui.add_space(3.0);
            ui.label(
                RichText::new(format!("{}. {reason}", capital(number.label))).color(colour::RIGHT),
            );
        }
    }
    let changed = |number: &Number| {
        matches!(
            number.verdict(run, session),
            Verdict::Changed(_) | Verdict::Absent
        )
    };
    if numbers.iter().any(changed) {
        ui.add_space(3.0);
        ui.label(RichText::new("Something is not as this step set it up").color(colour::WRONG));
    }
}

/// A tick; the fonts have none.
fn tick_ui(ui: &mut Ui) {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(12.0), Sense::hover());
    let at = |x: f32, y: f32| rect.min + rect.size() * Vec2::new(x, y);
    let line = vec![at(0.1, 0.55), at(0.4, 0.85), at(0.95, 0.15)];
    ui.painter().line(line, Stroke::new(2.0, colour::LEFT));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Holds"));
    response.on_hover_text("The same to its last printed digit");
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
