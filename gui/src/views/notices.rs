//! What went wrong, in a sentence that stays until it is closed.

use eframe::egui::{Align2, Area, Context, CornerRadius, Frame, Id, Label, Margin, Stroke, vec2};

use crate::action::Action;
use crate::colour;

/// The notices, newest below, over the tables.
pub fn notices_ui(ctx: &Context, notices: &[String], busy: Option<&str>) -> Option<Action> {
    if notices.is_empty() && busy.is_none() {
        return None;
    }
    let mut action = None;
    Area::new(Id::unique("notices"))
        .anchor(Align2::RIGHT_TOP, vec2(-16.0, 52.0))
        .show(ctx, |ui| {
            if let Some(busy) = busy {
                let frame = Frame::new()
                    .fill(colour::PANEL)
                    .corner_radius(CornerRadius::same(5))
                    .inner_margin(Margin::same(10));
                frame.show(ui, |ui| {
                    ui.horizontal(|ui| {
                        ui.spinner();
                        ui.label(busy);
                        let cancel = ui.button("Cancel");
                        if cancel.on_hover_text("What is shown now stays").clicked() {
                            action = Some(Action::Cancel);
                        }
                    });
                });
            }
            for (at, notice) in notices.iter().enumerate() {
                let frame = Frame::new()
                    .fill(colour::PANEL)
                    .stroke(Stroke::new(1.0, colour::WRONG))
                    .corner_radius(CornerRadius::same(5))
                    .inner_margin(Margin::same(10));
                frame.show(ui, |ui| {
                    ui.set_width(480.0);
                    ui.add(Label::new(notice.as_str()).wrap().selectable(true));
                    let close = ui
                        .button("Close")
                        .on_hover_text("What was shown before is still there");
                    if close.clicked() {
                        action = Some(Action::Dismiss(at));
                    }
                });
            }
        });
    action
}
