//! Changing a number where it stands: drag a cell up or down, double-click or Enter to type, Delete to
//! take the edit back, paste a block.

use eframe::egui::{
    Area, Event, Frame, Id, Key, Modifiers, Order, Pos2, Rect, Response, RichText, Role, TextEdit,
    Ui, WidgetInfo, vec2,
};

use super::matrix::MatrixResponse;
use crate::action::Action;
use crate::colour;
use crate::edit::{MAX_NUMBER, MatrixId, Operand, Place, number};
use crate::run::Run;
use crate::session::Session;
use crate::session::edits::EditAction;

/// A cell that is held by the pointer.
#[derive(Clone, Copy, PartialEq)]
struct Held {
    place: Place,
    /// Where it would be if numbers were not rounded.
    value: f64,
}

/// A cell that is being typed into.
#[derive(Clone, PartialEq)]
struct Typing {
    /// In which of the matrices on screen.
    matrix: Id,
    place: Place,
    text: String,
    sentence: Option<String>,
    is_new: bool,
}

fn held_id() -> Id {
    Id::unique("held cell")
}

fn typing_id() -> Id {
    Id::unique("typed cell")
}

/// What the pointer and the keyboard do to the cells of `matrix`, which were just drawn. `end` is the
/// end of their colour scale: a drag over 100 points goes about that far.
pub fn cells_action(
    ui: &mut Ui,
    run: &Run,
    matrix: MatrixId,
    end: f64,
    drawn: &MatrixResponse,
) -> Option<Action> {
    let place = |(row, column)| Place {
        matrix,
        row,
        column,
    };
    if drawn.response.double_clicked()
        && let Some(cell) = drawn.cell
    {
        start_typing(ui, drawn.response.id, place(cell), &run.input);
    }
    let dragged = drag(ui, run, matrix, end, drawn);
    let typed = editor_ui(ui, drawn);
    dragged.or(typed)
}

/// Up is more, down is less; with Shift a tenth of it.
fn drag(ui: &Ui, run: &Run, matrix: MatrixId, end: f64, drawn: &MatrixResponse) -> Option<Action> {
    let response: &Response = &drawn.response;
    if response.drag_started() {
        let pressed: Pos2 = ui.input(|input| input.pointer.press_origin())?;
        let (row, column) = drawn.cell_at(pressed)?;
        let place = Place {
            matrix,
            row,
            column,
        };
        let value = place.value(&run.input)?;
        ui.data_mut(|data| data.insert_temp(held_id(), Held { place, value }));
    }
    let held = ui.data(|data| data.get_temp::<Held>(held_id()))?;
    if held.place.matrix != matrix {
        return None;
    }
    if !response.dragged() {
        if response.drag_stopped() {
            ui.data_mut(|data| data.remove::<Held>(held_id()));
        }
        return None;
    }
    let up = f64::from(-response.drag_delta().y);
    let finer = if ui.input(|input| input.modifiers.shift) {
        0.1
    } else {
        1.0
    };
    let value = (held.value + up * step(end) * finer).clamp(-MAX_NUMBER, MAX_NUMBER);
    ui.data_mut(|data| data.insert_temp(held_id(), Held { value, ..held }));
    let value = rounded(value, step(end) * 0.1);
    (held.place.value(&run.input) != Some(value))
        .then_some(Action::Edit(EditAction::Drag(held.place, value)))
}

/// What a point of a drag is worth: a power of ten.
fn step(end: f64) -> f64 {
    10.0_f64.powf((end / 50.0).max(1e-6).log10().floor())
}

fn rounded(value: f64, step: f64) -> f64 {
    // Dividing by a whole number keeps 0.3 from becoming 0.30000000000000004.
    let steps = (1.0 / step).round();
    if steps >= 1.0 {
        (value * steps).round() / steps
    } else {
        (value / step).round() * step
    }
}

fn start_typing(ui: &Ui, matrix: Id, place: Place, input: &crate::source::Input) {
    let Some(value) = place.value(input) else {
        return;
    };
    let typing = Typing {
        matrix,
        place,
        text: format!("{value}"),
        sentence: None,
        is_new: true,
    };
    ui.data_mut(|data| data.insert_temp(typing_id(), typing));
}

/// The field above the cell that is typed into, if it is one of this matrix.
fn editor_ui(ui: &mut Ui, drawn: &MatrixResponse) -> Option<Action> {
    let mut typing = ui.data(|data| data.get_temp::<Typing>(typing_id()))?;
    if typing.matrix != drawn.response.id {
        return None;
    }
    let cell: Rect = drawn.rect_of(typing.place.row, typing.place.column);
    let field = Area::new(typing_id())
        .order(Order::Foreground)
        .fixed_pos(cell.min - vec2(2.0, 2.0))
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).inner_margin(2).show(ui, |ui| {
                let width = cell.width().clamp(76.0, 140.0);
                let edit = TextEdit::singleline(&mut typing.text).desired_width(width);
                let field = ui.add(edit);
                if let Some(sentence) = &typing.sentence {
                    ui.set_max_width(320.0);
                    ui.label(RichText::new(sentence).color(colour::WRONG));
                }
                field
            })
        })
        .inner
        .inner;
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Number of the cell"));
    if typing.is_new {
        field.request_focus();
        select_all(ui, field.id, typing.text.chars().count());
        typing.is_new = false;
    }
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    let done = if pressed(Key::Escape) {
        Some(None)
    } else if pressed(Key::Enter) || field.lost_focus() {
        match number(&typing.text) {
            Ok(_) => Some(Some(EditAction::Type(typing.place, typing.text.clone()))),
            Err(error) => {
                typing.sentence = Some(error.to_string());
                field.request_focus();
                None
            }
        }
    } else {
        None
    };
    ui.data_mut(|data| {
        if done.is_some() {
            data.remove::<Typing>(typing_id());
        } else {
            data.insert_temp(typing_id(), typing);
        }
    });
    done.flatten().map(Action::Edit)
}

fn select_all(ui: &Ui, field: Id, letters: usize) {
    use eframe::egui::text::{CCursor, CCursorRange};
    let mut state =
        eframe::egui::text_edit::TextEditState::load(ui.ctx(), field).unwrap_or_default();
    let all = CCursorRange::two(CCursor::new(0), CCursor::new(letters));
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), field);
}

/// The selected cell, if it is one of Q, K, V, X or W.
pub fn selected(session: &Session) -> Option<Place> {
    if let Some(cell) = session.around {
        return cell.place(session);
    }
    let operand = Operand::of_table(session.selection.table)?;
    let (row, column) = session.selection.cell_in(session.selection.table);
    Some(Place {
        matrix: MatrixId::new(operand, session.layer, session.head),
        row,
        column,
    })
}

/// What the keyboard does to the selected cell: Enter types into it, Delete takes its edit back,
/// pasting puts a block there.
pub fn keys_action(ui: &Ui, session: &Session, run: &Run, drawn: Id) -> Option<Action> {
    if ui.ctx().memory(|memory| memory.focused().is_some()) {
        return None;
    }
    let place = selected(session)?;
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::Enter) {
        start_typing(ui, drawn, place, &run.input);
        ui.ctx().request_repaint();
        return None;
    }
    let back = pressed(Key::Delete) || pressed(Key::Backspace);
    (back && session.edits.has(place)).then_some(Action::Edit(EditAction::Reset(place)))
}

/// A block from the clipboard, if no field wants it.
pub fn paste_action(ui: &Ui, session: &Session) -> Option<Action> {
    if ui.ctx().egui_wants_keyboard_input() {
        return None;
    }
    let pasted = ui.input(|input| {
        input.events.iter().find_map(|event| match event {
            Event::Paste(text) => Some(text.clone()),
            _ => None,
        })
    })?;
    Some(Action::Edit(EditAction::Paste(selected(session), pasted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drag_goes_in_steps_that_are_read_easily() {
        assert_eq!(step(4.4), 0.01);
        assert_eq!(step(100.0), 1.0);
        assert_eq!(step(1.0), 0.01);
        assert_eq!(rounded(0.1 + 0.2, 0.001), 0.3);
        assert_eq!(rounded(-1.234_56, 0.01), -1.23);
        assert_eq!(rounded(1234.0, 100.0), 1200.0);
    }
}
