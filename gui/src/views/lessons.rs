//! The lessons: what happens, what is printed elsewhere for it, and what it is here.

use eframe::egui::{ComboBox, Grid, RichText, ScrollArea, Ui};

use crate::action::Action;
use crate::colour;
use crate::lesson::{Number, Verdict, step, steps};
use crate::run::Run;
use crate::session::{LearnAction, Session};

/// The panel.
pub fn lessons_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    let number = session.learn.lesson;
    let step = step(number);
    let mut action = None;
    ui.horizontal(|ui| {
        ui.label(RichText::new(step.part).color(colour::WEAK));
        ui.with_layout(
            eframe::egui::Layout::right_to_left(eframe::egui::Align::Center),
            |ui| {
                let close = ui.button("×").on_hover_text("Close the lessons  (L)");
                if close.clicked() {
                    action = Some(LearnAction::Teach(false));
                }
            },
        );
    });
    action = action.or(chooser_ui(ui, number));
    ui.add_space(6.0);
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.label(RichText::new(step.title).size(18.0));
            ui.add_space(2.0);
            ui.label(step.text);
            ui.add_space(8.0);
            numbers_ui(ui, step.numbers, run);
            ui.add_space(8.0);
            ui.label(RichText::new("Try it").color(colour::RIGHT));
            ui.label(step.try_it);
        });
    action.map(Action::Learn)
}

/// Back, next, and any of them.
fn chooser_ui(ui: &mut Ui, number: usize) -> Option<LearnAction> {
    let mut chosen = None;
    let all = steps().count();
    ui.horizontal(|ui| {
        let back = ui.add_enabled(number > 0, eframe::egui::Button::new("Back"));
        if back.on_hover_text("The step before  (Shift+N)").clicked() {
            chosen = number.checked_sub(1);
        }
        let next = ui.add_enabled(number + 1 < all, eframe::egui::Button::new("Next"));
        if next.on_hover_text("The step after  (N)").clicked() {
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
    ComboBox::from_id_salt("lesson")
        .width(ui.available_width() - 8.0)
        .selected_text(step(number).title)
        .show_ui(ui, |ui| {
            for (at, step) in steps().enumerate() {
                if ui.selectable_label(at == number, step.title).clicked() {
                    chosen = Some(at);
                }
            }
        });
    chosen.map(LearnAction::Lesson)
}

/// Printed and here, with a tick or with the reason why not.
fn numbers_ui(ui: &mut Ui, numbers: &[Number], run: &Run) {
    let small = |text: &str| RichText::new(text).size(11.5).color(colour::WEAK);
    Grid::new("numbers")
        .num_columns(3)
        .spacing([10.0, 4.0])
        .show(ui, |ui| {
            ui.label(small(""));
            ui.label(small("printed"));
            ui.label(small("recomputed here"));
            ui.end_row();
            for number in numbers {
                ui.vertical(|ui| {
                    ui.set_width(150.0);
                    ui.label(number.label);
                });
                ui.monospace(number.printed);
                let (text, tint) = match number.verdict(run) {
                    Verdict::Holds(here) => (format!("{} ✔", number.written(here)), colour::LEFT),
                    Verdict::Slip(here, _) => (number.written(here), colour::RIGHT),
                    Verdict::Changed(here) => (number.written(here), colour::WRONG),
                    Verdict::Absent => ("not here".to_owned(), colour::WEAK),
                };
                ui.label(RichText::new(text).monospace().color(tint));
                ui.end_row();
            }
        });
    for number in numbers {
        if let Verdict::Slip(_, reason) = number.verdict(run) {
            ui.add_space(3.0);
            ui.label(
                RichText::new(format!("{}. {reason}", capital(number.label))).color(colour::RIGHT),
            );
        }
    }
    let changed =
        |number: &Number| matches!(number.verdict(run), Verdict::Changed(_) | Verdict::Absent);
    if numbers.iter().any(changed) {
        ui.add_space(3.0);
        ui.label(RichText::new("Something is not as this step set it up").color(colour::WRONG));
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
