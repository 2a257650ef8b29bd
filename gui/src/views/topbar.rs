//! The commands, and the switch between the formats and their difference.

use eframe::egui::{Align, Button, Color32, Label, Layout, RichText, Ui};

use crate::action::Action;
use crate::colour;
use crate::commands::{COMMANDS, Menu, State, named};
use crate::keyboard::SHOWN;
use crate::session::{Arrangement, Session, Shown, Unit};

/// The line at the top.
pub fn topbar_ui(ui: &mut Ui, state: State<'_>) -> Option<Action> {
    let State { session, run, .. } = state;
    let mut action = None;
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new("kqv").size(19.0).color(colour::TEXT));
        ui.add_space(10.0);
        action = commands_ui(ui, state);
        ui.add_space(18.0);
        action = action.take().or_else(|| shown_ui(ui, session));
        if session.shown == Shown::Difference || session.shown == Shown::Beside {
            ui.add_space(10.0);
            action = action.take().or_else(|| unit_ui(ui, session));
        }
        ui.add_space(18.0);
        action = action.take().or_else(|| arrangement_ui(ui, session));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let about = RichText::new(&run.input.about).color(colour::WEAK);
            ui.add(Label::new(about).truncate());
        });
    });
    action
}

/// The menus, and the three commands that are used most.
fn commands_ui(ui: &mut Ui, state: State<'_>) -> Option<Action> {
    let mut action = None;
    for menu in Menu::ALL {
        ui.menu_button(menu.name(), |ui| {
            ui.set_min_width(230.0);
            for command in COMMANDS.iter().filter(|command| command.menu == menu) {
                let keys = ui.ctx().format_shortcut(&command.shortcut);
                let button = Button::new(command.name).shortcut_text(keys);
                let then = (command.action)(state);
                let button = ui.add_enabled(then.is_some(), button);
                if button.on_hover_text(command.about).clicked() {
                    action = then;
                }
            }
            if menu == Menu::File {
                action = action.take().or_else(|| recent_ui(ui, state));
            }
        });
    }
    for name in ["Open…", "Undo", "Redo"] {
        let Some(command) = named(name) else {
            continue;
        };
        let keys = ui.ctx().format_shortcut(&command.shortcut);
        let hint = format!("{}  ({})", command.about, keys);
        let then = (command.action)(state);
        let button = ui.add_enabled(then.is_some(), Button::new(name));
        let button = button.on_hover_text(&hint).on_disabled_hover_text(&hint);
        if button.clicked() {
            action = then;
        }
    }
    action
}

/// What was opened before.
fn recent_ui(ui: &mut Ui, state: State<'_>) -> Option<Action> {
    if !state.recent.is_empty() {
        ui.separator();
    }
    let mut action = None;
    for files in state.recent {
        let name = files.first().and_then(|file| file.file_name());
        let name = name.unwrap_or_default().to_string_lossy();
        let whole: Vec<String> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        let button = ui.button(format!("Open {name} again"));
        if button.on_hover_text(whole.join("\n")).clicked() {
            action = Some(Action::Open(files.clone()));
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

/// Beside each other, or a product where it happens.
fn arrangement_ui(ui: &mut Ui, session: &Session) -> Option<Action> {
    let is_crossed = session.arrangement == Arrangement::Crossed;
    let hint = "Products where they happen: Q left of the scores, K turned above them  (X)";
    switch(ui, "Crossed", colour::TEXT, is_crossed, hint)
        .then(|| Action::Arrange(session.arrangement.other()))
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
