//! The commands, and the switch between the formats and their difference.

use eframe::egui::{Align, Button, Color32, Context, Label, Layout, RichText, Ui};

use crate::action::Action;
use crate::colour;
use crate::history::History;
use crate::keyboard::{OPEN, REDO, SHOWN, UNDO};
use crate::run::Run;
use crate::session::{LearnAction, Session, Shown, Unit};

/// The line at the top.
pub fn topbar_ui(ui: &mut Ui, session: &Session, run: &Run, history: &History) -> Option<Action> {
    let mut action = None;
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new("kqv").size(19.0).color(colour::TEXT));
        ui.add_space(10.0);
        action = commands_ui(ui, history);
        let teaches = session.learn.teaches;
        let hint = "The Illustrated Transformer and your own questions, on live numbers  (L)";
        if switch(ui, "Lessons", colour::TEXT, teaches, hint) {
            action = Some(Action::Learn(LearnAction::Teach(!teaches)));
        }
        ui.add_space(18.0);
        action = action.take().or_else(|| shown_ui(ui, session));
        if session.shown == Shown::Difference || session.shown == Shown::Beside {
            ui.add_space(10.0);
            action = action.take().or_else(|| unit_ui(ui, session));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let about = RichText::new(&run.input.about).color(colour::WEAK);
            ui.add(Label::new(about).truncate());
        });
    });
    action
}

fn commands_ui(ui: &mut Ui, history: &History) -> Option<Action> {
    let keys = |ctx: &Context, shortcut| ctx.format_shortcut(shortcut);
    let mut action = None;
    for (name, about, shortcut, enabled, then) in [
        (
            "Open…",
            "A .safetensors, .npz, .npy or .csv file with q, k and v; or drop it on the window",
            &OPEN,
            true,
            Action::AskForFiles,
        ),
        (
            "Undo",
            "The choice before",
            &UNDO,
            history.can_undo(),
            Action::Undo,
        ),
        (
            "Redo",
            "The choice after",
            &REDO,
            history.can_redo(),
            Action::Redo,
        ),
    ] {
        let hint = format!("{about}  ({})", keys(ui.ctx(), shortcut));
        let button = ui.add_enabled(enabled, Button::new(name));
        if button
            .on_hover_text(&hint)
            .on_disabled_hover_text(&hint)
            .clicked()
        {
            action = Some(then);
        }
    }
    action
}

/// Left, right, difference, or all three.
fn shown_ui(ui: &mut Ui, session: &Session) -> Option<Action> {
    let (left, right) = (session.left.name(), session.right.name());
    let mut action = None;
    ui.spacing_mut().item_spacing.x = 3.0;
    for (key, shown) in SHOWN {
        let (text, tint, about) = match shown {
            Shown::Left => (
                left.to_owned(),
                colour::LEFT,
                "The tables in the left format",
            ),
            Shown::Right => (
                right.to_owned(),
                colour::RIGHT,
                "The tables in the right format",
            ),
            Shown::Difference => ("Difference".to_owned(), colour::WRONG, "Right minus left"),
            Shown::Beside => (
                "Side by side".to_owned(),
                colour::TEXT,
                "Left, right and difference of every table",
            ),
        };
        let hint = format!("{about}  ({})", key.name());
        if switch(ui, &text, tint, session.shown == shown, &hint) {
            action = Some(Action::Show(shown));
        }
    }
    action
}

fn unit_ui(ui: &mut Ui, session: &Session) -> Option<Action> {
    let mut action = None;
    for (unit, text, about) in [
        (
            Unit::LastPlace,
            "Last place",
            "Differences in units of the last place of the coarser format",
        ),
        (Unit::Real, "Real", "Differences in real numbers"),
    ] {
        if switch(ui, text, colour::TEXT, session.unit == unit, about) {
            action = Some(Action::Unit(unit));
        }
    }
    action
}

/// One of several of which one is on.
fn switch(ui: &mut Ui, text: &str, tint: Color32, on: bool, hint: &str) -> bool {
    let (fill, tint) = if on {
        (colour::FIELD_HOVERED, tint)
    } else {
        (colour::PANEL, colour::WEAK)
    };
    let button = Button::new(RichText::new(text).color(tint))
        .fill(fill)
        .selected(on);
    ui.add(button).on_hover_text(hint).clicked()
}
