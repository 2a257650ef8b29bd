//! The selected number with all that it is made of, and its bits.

use eframe::egui::{Button, RichText, ScrollArea, Ui};

use super::bits::bits_ui;
use crate::action::Action;
use crate::colour;
use crate::derivation::learned::Learned;
use crate::derivation::{Line, Numbers, latex, text};
use crate::number::weight;
use crate::run::Run;
use crate::session::{LearnAction, Session};

/// The panel.
pub fn derivation_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    let learned = run.learned.as_ref()?;
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        heading_ui(ui, learned);
        ui.add_space(8.0);
        action = expand_ui(ui, session.learn.expanded);
        copies_ui(ui, learned);
    });
    if let Some(bits) = &learned.bits {
        bits_ui(ui, bits);
    }
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            for line in &learned.lines {
                line_ui(ui, line);
            }
        });
    action
}

fn heading_ui(ui: &mut Ui, learned: &Learned) {
    let focus = learned.focus();
    let (row, column) = focus.cell_in(focus.table);
    let name = format!("{} ({row}, {column})", focus.table.name());
    ui.label(
        RichText::new(name)
            .size(16.0)
            .color(colour::name(focus.table)),
    );
    ui.label(RichText::new(format!("in {}", learned.format().name())).color(colour::WEAK));
    let reference = format!("f64 reference {}", weight(learned.reference));
    ui.label(RichText::new(reference).color(colour::WEAK))
        .on_hover_text("The same cell in 64-bit float, of the numbers as they were given");
}

fn expand_ui(ui: &mut Ui, expanded: bool) -> Option<Action> {
    let toggle = ui.selectable_label(expanded, "All terms");
    let toggle = toggle.on_hover_text("Write long sums out, or only their first terms  (T)");
    toggle
        .clicked()
        .then_some(Action::Learn(LearnAction::Expand(!expanded)))
}

fn copies_ui(ui: &mut Ui, learned: &Learned) {
    let copy = |ui: &mut Ui, name: &str, about: &str, written: &dyn Fn() -> Option<String>, on| {
        let button = ui.add_enabled(on, Button::new(name)).on_hover_text(about);
        if button.clicked()
            && let Some(written) = written()
        {
            ui.ctx().copy_text(written);
        }
    };
    let lines = &learned.lines;
    copy(
        ui,
        "Copy text",
        "The lines below as text",
        &|| Some(text(lines)),
        true,
    );
    copy(
        ui,
        "Copy LaTeX",
        "The lines below as an align* block",
        &|| Some(latex(lines)),
        true,
    );
    copy(
        ui,
        "Copy Rust test",
        "A whole test on these numbers: paste it beside a dependency on kqv",
        &|| learned.test.clone(),
        learned.test.is_some(),
    );
}

fn line_ui(ui: &mut Ui, line: &Line) {
    let tint = match line.numbers {
        Numbers::Reals => colour::TEXT,
        Numbers::Integers => colour::RIGHT,
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.label(RichText::new(line.text()).monospace().color(tint));
        ui.label(RichText::new(line.about).size(11.5).color(colour::WEAK));
    });
}
