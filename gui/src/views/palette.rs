//! All commands, found by a part of their name.

use eframe::egui::{
    Align, Button, Context, Id, Key, Layout, Modal, Modifiers, RichText, Role, ScrollArea,
    TextEdit, Ui, WidgetInfo,
};

use crate::action::Action;
use crate::commands::{COMMANDS, Command, State, fits};

/// What was typed so far, and which line is lit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Palette {
    query: String,
    lit: usize,
}

/// The list over the window; an action closes it.
pub fn palette_ui(ctx: &Context, palette: &mut Palette, state: State<'_>) -> Option<Action> {
    let modal = Modal::new(Id::unique("palette")).show(ctx, |ui| {
        ui.set_width(520.0);
        keys(ui, palette);
        let field = TextEdit::singleline(&mut palette.query).hint_text("A part of its name");
        let field = ui.add_sized([520.0, 28.0], field);
        field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Command"));
        if field.changed() {
            palette.lit = 0;
        }
        field.request_focus();
        let found = found(&palette.query, state);
        palette.lit = palette.lit.min(found.len().saturating_sub(1));
        let typed = ui.input(|input| input.key_pressed(Key::Enter));
        let mut action = None;
        ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
            for (at, (command, then)) in found.into_iter().enumerate() {
                let lit = at == palette.lit;
                if line_ui(ui, command, lit) || lit && typed {
                    action = Some(then);
                }
            }
        });
        action
    });
    if modal.inner.is_some() {
        return modal.inner;
    }
    modal.should_close().then_some(Action::Palette)
}

/// Up and down move the lit line.
fn keys(ui: &Ui, palette: &mut Palette) {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::ArrowDown) {
        palette.lit += 1;
    }
    if pressed(Key::ArrowUp) {
        palette.lit = palette.lit.saturating_sub(1);
    }
}

/// The commands that have something to do and fit, the best first.
fn found(query: &str, state: State<'_>) -> Vec<(&'static Command, Action)> {
    let fitting = COMMANDS
        .iter()
        .filter(|command| command.name != "All commands");
    let mut found: Vec<_> = fitting
        .filter_map(|command| {
            let score = fits(query, command.name)?;
            Some((score, command, (command.action)(state)?))
        })
        .collect();
    found.sort_by_key(|&(score, ..)| -score);
    found
        .into_iter()
        .map(|(_, command, action)| (command, action))
        .collect()
}

fn line_ui(ui: &mut Ui, command: &Command, lit: bool) -> bool {
    let shortcut = ui.ctx().format_shortcut(&command.shortcut);
    let row = ui.horizontal(|ui| {
        let button = ui.add(Button::selectable(lit, command.name));
        if lit {
            button.scroll_to_me(None);
        }
        ui.label(RichText::new(command.about).small().weak());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(shortcut).monospace().weak());
        });
        button.clicked()
    });
    row.inner
}
