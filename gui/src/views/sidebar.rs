//! What is looked at and in which numbers: input, layer, head, mask, scale, formats; and how well they agree.

use eframe::egui::{
    Align, Button, Color32, ComboBox, DragValue, Layout, Rect, RichText, Role, Sense, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::scales::ScalesView;
use super::veil::veil;
use crate::action::Action;
use crate::colour::{self, ColourScale};
use crate::number::{points, significant};
use crate::pictures::Pictures;
use crate::run::Run;
use crate::session::{Bias, Changes, FormatChoice, InputId, Mask, Scaling, Session, SideId};

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
    ui.columns_const(|[left, right]| {
        action = action.take().or_else(|| softcap_ui(left, session));
        action = action.take().or_else(|| bias_ui(right, session, run));
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

/// Off, or a number to be dragged or typed.
fn softcap_ui(ui: &mut Ui, session: &Session) -> Option<Action> {
    let before = session.changes.softcap;
    let mut cap = before.unwrap_or(0.0);
    caption(ui, "Soft cap");
    let number = DragValue::new(&mut cap).speed(0.25).range(0.0..=1e6);
    let number = number.max_decimals(4).custom_formatter(|cap, _| {
        if cap > 0.0 {
            significant(cap, 4)
        } else {
            "off".to_owned()
        }
    });
    let width = ui.available_width();
    ui.name_inputs("Soft cap", |ui| ui.add_sized([width, 20.0], number))
        .on_hover_text("Scores become cap · tanh(score / cap). Drag or type; 0 is off  (B)");
    let softcap = (cap > 0.0).then_some(cap);
    (softcap != before).then_some(Action::Changes(Changes {
        softcap,
        ..session.changes
    }))
}

/// What distance costs.
fn bias_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    caption(ui, "Bias");
    let present = session.changes.bias;
    let slope = |bias| {
        let changes = Changes {
            bias,
            ..session.changes
        };
        let alibi = changes.alibi(session.head, run.input.heads);
        alibi.map_or(0.0, |alibi| alibi.slope)
    };
    let own = match present {
        Bias::Slope(_) => present,
        Bias::None | Bias::Alibi => Bias::Slope(0.5),
    };
    let name = |bias| match bias {
        Bias::None => "none".to_owned(),
        Bias::Alibi => "ALiBi".to_owned(),
        Bias::Slope(_) => "own slope".to_owned(),
    };
    let about = format!(
        "What every step between a query and a key costs: {}  (I)",
        significant(slope(present).into(), 4)
    );
    let picked = picker(ui, "Bias", &name(present), &about, |ui| {
        [Bias::None, Bias::Alibi, own]
            .into_iter()
            .fold(None, |picked, bias| {
                picked.or(choice(ui, &name(bias), bias, &present))
            })
    });
    let mut bias = picked.unwrap_or(present);
    if let Bias::Slope(slope) = &mut bias {
        let number = DragValue::new(slope).speed(0.005).range(-100.0..=100.0);
        let number = number.max_decimals(6).prefix("slope ");
        ui.name_inputs("Slope", |ui| ui.add(number))
            .on_hover_text("What a step costs; drag or type");
    }
    (bias != present).then_some(Action::Changes(Changes {
        bias,
        ..session.changes
    }))
}

/// The weights of every head of the layer; a click opens it.
fn heads_ui(ui: &mut Ui, session: &Session, run: &Run, pictures: &mut Pictures) -> Option<Action> {
    const GAP: f32 = 4.0;
    const LOW: f32 = 800.0;
    let heads = &run.heads.weights;
    if heads.is_empty() {
        return None;
    }
    caption(ui, &format!("Heads of layer {}", session.layer));
    let width = ui.available_width();
    // In a low window the maps are small, so that the figures below can be seen.
    let columns = match ui.ctx().content_rect().height() {
        height if height < LOW && heads.len() > 8 => 6,
        _ => 4,
    };
    let side = ((width - GAP * points(columns - 1)) / points(columns)).floor();
    let rows = heads.len().div_ceil(columns);
    let size = vec2(width, (side + GAP) * points(rows) - GAP);
    let (area, _) = ui.allocate_exact_size(size, Sense::hover());
    let mut action = None;
    for (head, weights) in heads.iter().enumerate() {
        let place = vec2(points(head % columns), points(head / columns)) * (side + GAP);
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

/// One format: its type, and the steps of Q, K and V if it has them.
fn format_ui(ui: &mut Ui, session: &Session, run: &Run, side: SideId) -> Option<Action> {
    let present = session.format(side);
    let (name, tint) = match side {
        SideId::Left => ("Left format", colour::LEFT),
        SideId::Right => ("Right format", colour::RIGHT),
    };
    let mut format = None;
    ui.add_space(3.0);
    ui.horizontal(|ui| {
        ui.label(RichText::new(name).size(11.5).color(colour::WEAK));
        if present.steps().is_some() {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let fit = ui
                    .add(Button::new("Fit").small())
                    .on_hover_text("The smallest steps with which no value of this head saturates");
                let label = format!("Fit {}", name.to_lowercase());
                fit.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
                let (layer, head) = (session.layer, session.head);
                let fitted = || present.fitted(&run.input, layer, head);
                format = fit.clicked().then(fitted);
            });
        }
    });
    let meant = |format: FormatChoice| format.meant_for(&run.input, session.layer, session.head);
    let picked = picker_in(ui, tint, name, present, |ui| {
        FormatChoice::ALL.into_iter().fold(None, |picked, format| {
            let here = format.name() == present.name();
            let clicked = ui.selectable_label(here, format.name()).clicked();
            picked.or((clicked && !here).then(|| meant(format)))
        })
    });
    format = format.or(picked);
    if present.steps().is_some() {
        let scales = ScalesView {
            session,
            run,
            format: present,
            which: match side {
                SideId::Left => "left",
                SideId::Right => "right",
            },
            tint,
        };
        format = format.or(scales.lines_ui(ui));
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
