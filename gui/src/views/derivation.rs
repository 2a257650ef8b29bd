//! The selected number with all that it is made of, and its bits.

use eframe::egui::{Button, RichText, ScrollArea, Ui};

use super::bits::bits_ui;
use crate::action::Action;
use crate::colour;
use crate::derivation::learned::Learned;
use crate::derivation::{Line, Numbers, Part, latex, text};
use crate::number::weight;
use crate::run::Run;
use crate::session::around::LayerTable;
use crate::session::{LearnAction, Session};

/// The panel.
pub fn derivation_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    let learned = run.learned.as_ref()?;
    let walk = session.learn.walk.map(|moment| (run.walk(session), moment));
    let known = |line: &&Line| match (walk, line.known) {
        (Some((walk, moment)), Some((stage, key))) => walk.passed(moment, stage, key),
        _ => true,
    };
    let lines: Vec<&Line> = learned.lines.iter().filter(known).collect();
    let is_whole = lines.len() == learned.lines.len();
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        heading_ui(ui, learned, is_whole);
        ui.add_space(8.0);
        action = expand_ui(ui, session.learn.expanded);
        copies_ui(ui, learned, is_whole);
    });
    if let Some(bits) = learned.bits.as_ref().filter(|_| is_whole) {
        bits_ui(ui, bits);
    }
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.spacing_mut().interact_size.y = 14.0;
            let mut part = Part::Cell;
            for line in lines {
                if line.part != part {
                    part = line.part;
                    ui.add_space(4.0);
                    ui.label(RichText::new(part.name()).color(colour::RIGHT));
                }
                line_ui(ui, line);
            }
            if !is_whole {
                ui.label(RichText::new("the walk has not come further yet").color(colour::WEAK));
            }
        });
    action
}

/// What is written out; what is known of it only at the end of a walk comes then.
fn heading_ui(ui: &mut Ui, learned: &Learned, is_whole: bool) {
    let focus = learned.focus();
    let (table, kin, (row, column)) = match learned.around() {
        Some(cell) => (cell.table.name(), cell.table.kin(), (cell.row, cell.column)),
        None => (focus.table.name(), focus.table, focus.cell_in(focus.table)),
    };
    let name = RichText::new(format!("{table} ({row}, {column})"));
    ui.label(name.size(16.0).color(colour::name(kin)));
    let format = match learned.around().map(|cell| cell.table) {
        Some(LayerTable::Positions | LayerTable::Normed) => "f64",
        _ => learned.format().name(),
    };
    ui.label(RichText::new(format!("in {format}")).color(colour::WEAK));
    if let Some(reference) = learned.reference.filter(|_| is_whole) {
        let reference = format!("f64 reference {}", weight(reference));
        ui.label(RichText::new(reference).color(colour::WEAK))
            .on_hover_text("The same cell in 64-bit float, of the numbers as they were given");
    }
}

fn expand_ui(ui: &mut Ui, expanded: bool) -> Option<Action> {
    let toggle = ui.selectable_label(expanded, "All terms");
    let toggle = toggle.on_hover_text("Write long sums out, or only their first terms  (T)");
    toggle
        .clicked()
        .then_some(Action::Learn(LearnAction::Expand(!expanded)))
}

fn copies_ui(ui: &mut Ui, learned: &Learned, is_whole: bool) {
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
        is_whole,
    );
    copy(
        ui,
        "Copy LaTeX",
        "The lines below as an align* block",
        &|| Some(latex(lines)),
        is_whole,
    );
    copy(
        ui,
        "Copy Rust test",
        "A whole test on these numbers: paste it beside a dependency on kqv",
        &|| learned.test.clone(),
        is_whole && learned.test.is_some(),
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
        ui.label(RichText::new(&*line.about).size(11.5).color(colour::WEAK));
    });
}
