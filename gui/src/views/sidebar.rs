//! What is looked at and in which numbers: input, layer, head, mask, scale, formats; and how well they agree.

use eframe::egui::{
    Align, Color32, ComboBox, DragValue, Label, Layout, Rect, Response, RichText, Role, Sense,
    Slider, SliderClamping, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, style::HandleShape,
    vec2,
};

use super::veil::veil;
use crate::action::Action;
use crate::colour::{self, ColourScale};
use crate::number::points;
use crate::pictures::Pictures;
use crate::run::Run;
use crate::session::{FormatChoice, FractionBits, InputId, Mask, Scaling, Session, SideId};

/// The column on the left.
pub fn sidebar_ui(
    ui: &mut Ui,
    session: &Session,
    run: &Run,
    choices: &[(InputId, String)],
    pictures: &mut Pictures,
) -> Option<Action> {
    let mut action = input_ui(ui, session, choices);
    let input = &run.input;
    let count = |what: &str, of: usize| format!("{what} (of {of})");
    ui.columns_const(|[left, right]| {
        if let Some(layer) = index_ui(
            left,
            "Layer",
            &count("Layer", input.layers),
            session.layer,
            input.layers,
        ) {
            action = Some(Action::Layer(layer));
        }
        if let Some(head) = index_ui(
            right,
            "Head",
            &count("Head", input.heads),
            session.head,
            input.heads,
        ) {
            action = Some(Action::Head(head));
        }
    });
    ui.columns_const(|[left, right]| {
        action = action.take().or_else(|| mask_ui(left, session));
        action = action.take().or_else(|| scaling_ui(right, session, run));
    });
    action = action.or_else(|| heads_ui(ui, session, run, pictures));
    ui.add_space(4.0);
    for side in [SideId::Left, SideId::Right] {
        action = action.or_else(|| format_ui(ui, session, run, side));
    }
    figures_ui(ui, session, run);
    action
}

fn caption(ui: &mut Ui, text: &str) {
    ui.add_space(3.0);
    ui.label(RichText::new(text).size(11.5).color(colour::WEAK));
}

/// A picker with its name for screen readers; the closure offers the choices.
fn picker<T>(
    ui: &mut Ui,
    name: &str,
    selected: &str,
    about: &str,
    choices: impl FnOnce(&mut Ui) -> Option<T>,
) -> Option<T> {
    let width = ui.available_width();
    let picker = ComboBox::from_id_salt(name)
        .width(width)
        .height(420.0)
        .truncate()
        .selected_text(selected)
        .show_ui(ui, choices);
    picker.response.accessible_name(name).on_hover_text(about);
    picker.inner.flatten()
}

/// One line of a picker.
fn choice<T: PartialEq>(ui: &mut Ui, text: &str, value: T, present: &T) -> Option<T> {
    ui.selectable_label(value == *present, text)
        .clicked()
        .then_some(value)
}

fn input_ui(ui: &mut Ui, session: &Session, choices: &[(InputId, String)]) -> Option<Action> {
    caption(ui, "Input");
    let name = choices
        .iter()
        .find(|(id, _)| *id == session.input)
        .map_or("", |(_, name)| name.as_str());
    picker(ui, "Input", name, "Whose Q, K and V are shown", |ui| {
        let mut picked = None;
        for (id, name) in choices {
            picked = picked.or(choice(ui, name, id, &&session.input));
        }
        picked.cloned()
    })
    .map(Action::Choose)
}

fn index_ui(ui: &mut Ui, name: &str, text: &str, present: usize, count: usize) -> Option<usize> {
    caption(ui, text);
    let keys = match name {
        "Layer" => "Shift+Page Up, Shift+Page Down",
        _ => "Page Up, Page Down",
    };
    let about = format!("{name}s are counted from zero  ({keys})");
    picker(ui, name, &present.to_string(), &about, |ui| {
        (0..count).fold(None, |picked, at| {
            picked.or(choice(ui, &at.to_string(), at, &present))
        })
    })
}

fn mask_ui(ui: &mut Ui, session: &Session) -> Option<Action> {
    caption(ui, "Mask");
    let about = "Causal: a query sees itself and what came before  (M)";
    picker(ui, "Mask", session.mask.name(), about, |ui| {
        [Mask::None, Mask::Causal]
            .into_iter()
            .fold(None, |picked, mask| {
                picked.or(choice(ui, mask.name(), mask, &session.mask))
            })
    })
    .map(Action::Mask)
}

fn scaling_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    caption(ui, "Scale");
    let on = if run.input.scale.is_some() {
        format!("{}", run.input.scale.unwrap_or(1.0))
    } else {
        format!("1 / √{}", run.input.width)
    };
    let name = |scaling| match scaling {
        Scaling::On => on.clone(),
        Scaling::Off => "off".to_owned(),
    };
    let about = format!("Every dot product is multiplied by {:.6}  (S)", run.scale);
    picker(ui, "Scale", &name(session.scaling), &about, |ui| {
        [Scaling::On, Scaling::Off]
            .into_iter()
            .fold(None, |picked, scaling| {
                picked.or(choice(ui, &name(scaling), scaling, &session.scaling))
            })
    })
    .map(Action::Scaling)
}

/// The weights of every head of the layer; a click opens it.
fn heads_ui(ui: &mut Ui, session: &Session, run: &Run, pictures: &mut Pictures) -> Option<Action> {
    const COLUMNS: usize = 4;
    const GAP: f32 = 4.0;
    let heads = &run.heads.weights;
    if heads.is_empty() {
        return None;
    }
    caption(ui, &format!("Heads of layer {}", session.layer));
    let width = ui.available_width();
    let side = ((width - GAP * points(COLUMNS - 1)) / points(COLUMNS)).floor();
    let rows = heads.len().div_ceil(COLUMNS);
    let size = vec2(width, (side + GAP) * points(rows) - GAP);
    let (area, _) = ui.allocate_exact_size(size, Sense::hover());
    let mut action = None;
    for (head, weights) in heads.iter().enumerate() {
        let place = vec2(points(head % COLUMNS), points(head / COLUMNS)) * (side + GAP);
        let rect = Rect::from_min_size(area.min + place, Vec2::splat(side));
        let response = ui.interact(rect, ui.scope_id().with(("head", head)), Sense::click());
        let shown = head == session.head;
        let name = format!("Show head {head}");
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, shown, &name));
        let scale = ColourScale::Weights {
            end: weights.largest().max(0.05),
        };
        let texture = pictures.tile(ui.ctx(), weights, scale, (0, 0));
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture, rect, whole, Color32::WHITE);
        if shown {
            veil(ui.painter(), rect, session, run);
        }
        let stroke = if shown {
            Stroke::new(2.0, Color32::WHITE)
        } else if response.hovered() {
            Stroke::new(1.0, colour::TEXT)
        } else {
            Stroke::NONE
        };
        ui.painter()
            .rect_stroke(rect, 0.0, stroke, StrokeKind::Outside);
        if response
            .on_hover_text(format!("Weights of head {head}: who looks at whom"))
            .clicked()
        {
            action = Some(Action::Head(head));
        }
    }
    action
}

/// One format: its type, and the fraction bits of Q, K and V if it has them.
fn format_ui(ui: &mut Ui, session: &Session, run: &Run, side: SideId) -> Option<Action> {
    let present = session.format(side);
    let (name, tint) = match side {
        SideId::Left => ("Left format", colour::LEFT),
        SideId::Right => ("Right format", colour::RIGHT),
    };
    caption(ui, name);
    let fitted = |format: FormatChoice| format.fitted(&run.input, session.layer, session.head);
    let meant = |format: FormatChoice| format.meant_for(&run.input, session.layer, session.head);
    let zero = FractionBits { q: 0, k: 0, v: 0 };
    let mut format = picker_in(ui, tint, name, present, |ui| {
        let all = [
            FormatChoice::F32,
            FormatChoice::F64,
            FormatChoice::I16(zero),
            FormatChoice::I8(zero),
        ];
        all.into_iter().fold(None, |picked, format| {
            let here = format.name() == present.name();
            let clicked = ui.selectable_label(here, format.name()).clicked();
            picked.or((clicked && !here).then(|| meant(format)))
        })
    });
    if let Some(bits) = present.fraction_bits() {
        let moved = bits_ui(ui, side, bits, tint);
        format = format.or(moved.map(|bits| present.with_bits(bits)));
        let fit = ui
            .button("Fit")
            .on_hover_text("The most fraction bits with which no value of this head saturates");
        fit.widget_info(|| {
            WidgetInfo::labeled(Role::Button, true, format!("Fit {}", name.to_lowercase()))
        });
        format = format.or(fit.clicked().then(|| fitted(present)));
    }
    format.map(|format| Action::Format(side, format))
}

fn picker_in<T>(
    ui: &mut Ui,
    tint: Color32,
    name: &str,
    present: FormatChoice,
    choices: impl FnOnce(&mut Ui) -> Option<T>,
) -> Option<T> {
    let width = ui.available_width();
    let picker = ComboBox::from_id_salt(name)
        .width(width)
        .selected_text(RichText::new(present.title()).color(tint))
        .show_ui(ui, choices);
    picker
        .response
        .accessible_name(name)
        .on_hover_text("In which numbers the kernel computes");
    picker.inner.flatten()
}

/// A slider for each of Q, K and V; any number can be typed.
fn bits_ui(
    ui: &mut Ui,
    side: SideId,
    present: FractionBits,
    tint: Color32,
) -> Option<FractionBits> {
    let mut bits = present;
    let which = match side {
        SideId::Left => "left",
        SideId::Right => "right",
    };
    for (name, value) in [("Q", &mut bits.q), ("K", &mut bits.k), ("V", &mut bits.v)] {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.spacing_mut().interact_size = vec2(34.0, 18.0);
            ui.spacing_mut().button_padding.x = 4.0;
            ui.add_sized(
                [12.0, 18.0],
                Label::new(RichText::new(name).color(colour::WEAK)),
            );
            let about = format!("Fraction bits of {name}: one unit is 2 to the minus this");
            let title = format!("Fraction bits of {name}, {which}");
            let width = ui.available_width() - 44.0;
            ui.name_inputs(&title, |ui| slider_ui(ui, width, value, tint))
                .on_hover_text(&about);
            let number = DragValue::new(value).speed(0.1).range(-60..=60);
            ui.name_inputs(format!("{title}, as a number"), |ui| {
                ui.add_sized([34.0, 18.0], number)
            })
            .on_hover_text(about);
        });
    }
    (bits != present).then_some(bits)
}

/// A quiet slider in the colour of its side.
fn slider_ui(ui: &mut Ui, width: f32, value: &mut i32, tint: Color32) -> Response {
    ui.scope(|ui| {
        ui.spacing_mut().slider_width = width;
        let visuals = ui.visuals_mut();
        visuals.selection.bg_fill = tint;
        visuals.handle_shape = HandleShape::Circle;
        for widget in [
            &mut visuals.widgets.inactive,
            &mut visuals.widgets.hovered,
            &mut visuals.widgets.active,
        ] {
            widget.bg_fill = colour::FIELD_HOVERED;
            widget.fg_stroke = Stroke::new(3.0, tint);
        }
        let slider = Slider::new(value, -4..=16)
            .clamping(SliderClamping::Never)
            .show_value(false);
        ui.add(slider)
    })
    .inner
}

/// How well right agrees with left.
fn figures_ui(ui: &mut Ui, session: &Session, run: &Run) {
    let compare = &run.compare;
    ui.add_space(6.0);
    ui.separator();
    if session.learn.walk.is_some() {
        let text = "How well the formats agree is known when the walk ends";
        ui.label(RichText::new(text).color(colour::WEAK));
        return;
    }
    let sqnr = if compare.sqnr_db.is_finite() {
        format!("{:.1} dB", compare.sqnr_db)
    } else {
        "equal".to_owned()
    };
    let saturated = if compare.saturated > 0 {
        colour::WRONG
    } else {
        colour::TEXT
    };
    for (what, value, tint, about) in [
        (
            "SQNR of the output",
            sqnr,
            colour::RIGHT,
            "Signal to quantisation noise of the right format, held against the left one: more is better",
        ),
        (
            "same top key",
            format!("{} of {} rows", compare.same_top, compare.rows),
            colour::TEXT,
            "Queries that look most at the same key in both formats",
        ),
        (
            "saturated",
            format!("{} of {}", compare.saturated, compare.values),
            saturated,
            "Values of Q, K and V beyond the range of the right format",
        ),
    ] {
        ui.horizontal(|ui| {
            ui.label(RichText::new(what).color(colour::WEAK));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(value).color(tint));
            });
        })
        .response
        .on_hover_text(about);
    }
}
