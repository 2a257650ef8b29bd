//! Other numbers by formula, own tokens, and small inputs from nothing.

use eframe::egui::{ComboBox, DragValue, Id, RichText, TextEdit, Ui};

use crate::action::Action;
use crate::colour;
use crate::edit::{MatrixId, Operand};
use crate::run::Run;
use crate::session::edits::EditAction;
use crate::session::{InputId, Session};
use crate::source::{Made, Preset};

/// What is being chosen in the forms, before it becomes an action.
#[derive(Clone, PartialEq)]
struct Forms {
    /// `None` is Q, K and V together.
    operand: Option<Operand>,
    preset: Preset,
    sentence: String,
    made: Made,
}

impl Default for Forms {
    fn default() -> Self {
        let preset = Preset::Random { seed: 1 };
        Self {
            operand: None,
            preset,
            sentence: String::new(),
            made: Made {
                queries: 4,
                keys: 4,
                width: 4,
                value_width: 4,
                preset,
            },
        }
    }
}

/// The forms, one below the other.
pub fn change_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    let id = Id::unique("forms of change");
    let mut forms = ui
        .data(|data| data.get_temp::<Forms>(id))
        .unwrap_or_default();
    let edited = edited_ui(ui, session, run);
    ui.separator();
    let filled = fill_ui(ui, session, run, &mut forms);
    ui.separator();
    let named = tokens_ui(ui, &mut forms);
    ui.separator();
    let made = made_ui(ui, &mut forms);
    ui.data_mut(|data| data.insert_temp(id, forms));
    edited.or(filled).or(named).or(made)
}

fn heading(ui: &mut Ui, text: &str, about: &str) {
    ui.label(RichText::new(text).size(16.0));
    ui.label(RichText::new(about).size(11.0).color(colour::WEAK));
}

/// How much is edited, and back to the source.
fn edited_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    heading(
        ui,
        "Edits",
        "Drag a cell of Q, K, V, X or W up or down, with Shift finer; double-click or Enter to type; Ctrl+V pastes a block; Delete takes one edit back",
    );
    let mut action = None;
    ui.horizontal(|ui| {
        let count = session.edits.count();
        let text = match count {
            0 => "nothing is edited".to_owned(),
            1 => "1 edit".to_owned(),
            count => format!("{count} edits"),
        };
        ui.label(text);
        let button = ui.add_enabled(
            !session.edits.is_empty(),
            eframe::egui::Button::new("Take all back"),
        );
        if button
            .on_hover_text("Every number and token as the source has it")
            .clicked()
        {
            action = Some(Action::Edit(EditAction::ResetAll));
        }
    });
    action.or(super::positions::pinned_ui(ui, session, run))
}

/// A matrix, or Q, K and V, by formula.
fn fill_ui(ui: &mut Ui, session: &Session, run: &Run, forms: &mut Forms) -> Option<Action> {
    heading(ui, "By formula", "Every number of a matrix at once");
    let name = |operand: Option<Operand>| operand.map_or("Q, K and V", Operand::name);
    ui.horizontal_wrapped(|ui| {
        let picker = ComboBox::from_id_salt("matrix to fill")
            .selected_text(name(forms.operand))
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut forms.operand, None, name(None));
                for operand in Operand::ALL {
                    let matrix = MatrixId::new(operand, session.layer, session.head);
                    if matrix.shape(&run.input).is_some() {
                        ui.selectable_value(&mut forms.operand, Some(operand), operand.name());
                    }
                }
            });
        picker
            .response
            .accessible_name("Matrix to fill")
            .on_hover_text("Of the head that is shown");
        preset_ui(ui, "Formula", &mut forms.preset);
    });
    let mut action = None;
    ui.horizontal(|ui| {
        let matrix = forms
            .operand
            .map(|operand| MatrixId::new(operand, session.layer, session.head));
        let fill = ui.button("Fill").on_hover_text("Put these numbers in");
        if fill.clicked() {
            action = Some(Action::Edit(match matrix {
                Some(matrix) => EditAction::Fill(matrix, forms.preset),
                None => EditAction::FillAll(forms.preset),
            }));
        }
        let touched = matrix.filter(|&matrix| session.edits.touches(matrix));
        let back = ui.add_enabled(
            touched.is_some(),
            eframe::egui::Button::new("Take this matrix back"),
        );
        if back
            .on_hover_text("Its numbers as the source has them")
            .clicked()
        {
            action = touched.map(|matrix| Action::Edit(EditAction::ResetMatrix(matrix)));
        }
    });
    action
}

/// A formula and its number.
fn preset_ui(ui: &mut Ui, name: &str, preset: &mut Preset) {
    let (mut seed, mut constant) = (1, 1.0);
    match *preset {
        Preset::Random { seed: present } => seed = present,
        Preset::Constant(present) => constant = present,
        _ => {}
    }
    let picker = ComboBox::from_id_salt(name)
        .selected_text(preset.name())
        .show_ui(ui, |ui| {
            for choice in [
                Preset::Identity,
                Preset::OneHot,
                Preset::Random { seed },
                Preset::Zeros,
                Preset::Constant(constant),
            ] {
                ui.selectable_value(preset, choice, choice.name());
            }
        });
    picker
        .response
        .accessible_name(name)
        .on_hover_text("What the numbers are made by");
    let about = match preset {
        Preset::Random { seed } => {
            ui.add(DragValue::new(seed))
                .accessible_name(format!("Seed of {name}"));
            "seed"
        }
        Preset::Constant(value) => {
            ui.add(DragValue::new(value).speed(0.05).range(-1e6..=1e6))
                .accessible_name(format!("Constant of {name}"));
            "everywhere"
        }
        _ => "",
    };
    ui.label(RichText::new(about).color(colour::WEAK));
}

/// A sentence whose words become the names of rows and columns.
fn tokens_ui(ui: &mut Ui, forms: &mut Forms) -> Option<Action> {
    heading(
        ui,
        "Own tokens",
        "As many words as there are queries or keys; none are those of the source",
    );
    let field = ui.add(
        TextEdit::singleline(&mut forms.sentence)
            .hint_text("The cat sat on the mat.")
            .desired_width(f32::INFINITY),
    );
    let entered =
        field.lost_focus() && ui.input(|input| input.key_pressed(eframe::egui::Key::Enter));
    field.accessible_name("Own tokens");
    let button = ui
        .button("Use as tokens")
        .on_hover_text("Rows and columns are called so  (Enter)");
    (entered || button.clicked()).then(|| Action::Edit(EditAction::Tokens(forms.sentence.clone())))
}

/// Sizes and a formula.
fn made_ui(ui: &mut Ui, forms: &mut Forms) -> Option<Action> {
    heading(
        ui,
        "From nothing",
        "A small input of one head, to be edited",
    );
    ui.horizontal_wrapped(|ui| {
        let made = &mut forms.made;
        for (letter, about, size) in [
            ("T", "Queries", &mut made.queries),
            ("S", "Keys", &mut made.keys),
            ("D", "Columns of Q and K", &mut made.width),
            ("E", "Columns of V", &mut made.value_width),
        ] {
            ui.label(RichText::new(letter).color(colour::WEAK));
            ui.add(DragValue::new(size).range(1..=Made::MAX))
                .accessible_name(format!("{letter} of the new input"))
                .on_hover_text(about);
        }
    });
    ui.horizontal(|ui| preset_ui(ui, "Formula of the new input", &mut forms.made.preset));
    let button = ui
        .button("Make")
        .on_hover_text("Show it; undo brings the present one back");
    button
        .clicked()
        .then_some(Action::Choose(InputId::Made(forms.made)))
}
