//! The score that is pointed at, written out with its real numbers, and whom its query looks at.

use eframe::egui::{
    Align2, Color32, FontId, Grid, Painter, Rect, RichText, Sense, Ui, Vec2, pos2, vec2,
};

use crate::colour;
use crate::detail::{Detail, Steps, Terms};
use crate::number::{difference, drawn, index, plain, points, weight};
use crate::run::Run;
use crate::session::{Session, TableKind};

/// The whole panel: the steps on the left, the bars on the right.
pub fn inspector_ui(ui: &mut Ui, session: &Session, run: &Run) {
    let area = ui.available_rect_before_wrap();
    // The steps need this much; the bars take what is left.
    let steps = (area.width() * 0.6).clamp(700.0, 860.0);
    let (left, right) = area.split_left_right_at_x(area.min.x + steps);
    let mut child = ui.new_child(eframe::egui::UiBuilder::new().max_rect(left));
    steps_ui(&mut child, session, run);
    let mut child = ui.new_child(eframe::egui::UiBuilder::new().max_rect(right));
    bars_ui(&mut child, run);
    ui.advance_cursor_after_rect(area);
}

fn steps_ui(ui: &mut Ui, session: &Session, run: &Run) {
    let detail = &run.detail;
    let focus = detail.focus;
    let (query, key) = (
        run.input.query_name(focus.query),
        run.input.key_name(focus.key),
    );
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("\"{query}\" asks, \"{key}\" offers")).size(16.0));
        let (i, j) = (focus.query, focus.key);
        let place = format!(
            "score ({i}, {j}), layer {}, head {}",
            session.layer, session.head
        );
        ui.label(RichText::new(place).color(colour::WEAK));
    });
    terms_ui(ui, detail);
    ui.spacing_mut().interact_size.y = 19.0;
    let gap = (ui.available_width() / 36.0).clamp(12.0, 22.0);
    Grid::new("steps")
        .num_columns(8)
        .spacing([gap, 1.0])
        .min_col_width(56.0)
        .show(ui, |ui| {
            let mut headings = vec![
                "",
                "q · k",
                "× scale",
                "= score",
                "max of row",
                "e^(score − max)",
                "sum of row",
                "weight",
            ];
            // Where something changes the scores, what the softmax sees is another number.
            let is_changed = detail.is_changed();
            if is_changed {
                headings.insert(4, "changed");
            }
            for heading in headings {
                ui.label(RichText::new(heading).size(11.5).color(colour::WEAK));
            }
            ui.end_row();
            for (steps, colour) in [(&detail.left, colour::LEFT), (&detail.right, colour::RIGHT)] {
                row_ui(ui, steps, detail.scale, is_changed, colour);
            }
            difference_ui(ui, detail, is_changed);
        });
}

/// `q · k = (2.25 × 1.47) + … + 26 more = 20.5143`
fn terms_ui(ui: &mut Ui, detail: &Detail) {
    let Terms { pairs, total } = &detail.terms;
    // As many products as fit; the others are counted.
    let shown = index((ui.available_width() - 300.0).max(0.0) / 96.0);
    let what = match detail.focus.table {
        TableKind::Output => format!("output {} =", detail.focus.column),
        _ => "q · k =".to_owned(),
    };
    let digits = |value: f64| {
        if value < 0.0 {
            format!("−{:.2}", -value)
        } else {
            format!("{value:.2}")
        }
    };
    let mut terms: Vec<String> = pairs
        .iter()
        .take(shown)
        .map(|&(a, b)| format!("({} × {})", digits(a), digits(b)))
        .collect();
    if pairs.len() > shown {
        terms.push(format!("{} more", pairs.len() - shown));
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(RichText::new(what).color(colour::WEAK));
        ui.label(terms.join(" + "));
        ui.label(format!("= {}", plain(*total)));
        ui.label(
            RichText::new(format!("in {}, largest first", detail.shown.name()))
                .size(11.0)
                .color(colour::WEAK),
        );
    });
}

fn row_ui(ui: &mut Ui, steps: &Steps, scale: f64, is_changed: bool, colour: Color32) {
    ui.label(RichText::new(steps.format.name()).color(colour));
    let exponential = steps.exponential.map_or("hidden".to_owned(), plain);
    let mut numbers = vec![
        plain(steps.dot),
        plain(scale),
        plain(steps.score),
        plain(steps.max),
        exponential,
        plain(steps.sum),
        weight(steps.weight),
    ];
    if is_changed {
        numbers.insert(3, plain(steps.changed));
    }
    for text in numbers {
        ui.monospace(text);
    }
    ui.end_row();
}

fn difference_ui(ui: &mut Ui, detail: &Detail, is_changed: bool) {
    let Detail { left, right, .. } = detail;
    ui.label(RichText::new("difference").color(colour::WRONG));
    let of = |step: fn(&Steps) -> f64| difference(step(right) - step(left), plain);
    let exponential = match (left.exponential, right.exponential) {
        (Some(left), Some(right)) => difference(right - left, plain),
        _ => String::new(),
    };
    let mut numbers = vec![
        of(|steps| steps.dot),
        String::new(),
        of(|steps| steps.score),
        of(|steps| steps.max),
        exponential,
        of(|steps| steps.sum),
        difference(right.weight - left.weight, weight),
    ];
    if is_changed {
        numbers.insert(3, of(|steps| steps.changed));
    }
    for text in numbers {
        ui.label(RichText::new(text).monospace().color(colour::WRONG));
    }
    ui.end_row();
}

/// A pair of bars for every key: the weight in the left format and in the right one.
fn bars_ui(ui: &mut Ui, run: &Run) {
    let detail = &run.detail;
    let query = run.input.query_name(detail.focus.query);
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("whom \"{query}\" looks at")).color(colour::WEAK));
        ui.label(
            RichText::new(detail.left.format.name())
                .size(11.5)
                .color(colour::LEFT),
        );
        ui.label(
            RichText::new(detail.right.format.name())
                .size(11.5)
                .color(colour::RIGHT),
        );
    });
    let keys = detail.left.weights.len();
    let (rect, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    if keys == 0 {
        return;
    }
    let width = rect.width() / points(keys);
    let has_names = width >= 12.0;
    let bottom = rect.max.y - if has_names { 40.0 } else { 14.0 };
    let both = detail.left.weights.iter().chain(&detail.right.weights);
    let most = both.copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let painter = ui.painter_at(rect);
    let height = bottom - rect.min.y - 12.0;
    let bar = |left: f32, width: f32, weight: f64, colour: Color32| {
        let size = vec2(width, (height * drawn(weight / most)).max(1.0));
        painter.rect_filled(
            Rect::from_min_size(pos2(left, bottom - size.y), size),
            0.0,
            colour,
        );
    };
    let space = index((11.0_f32).div_euclid(width)) + 1;
    for (j, (&left, &right)) in detail
        .left
        .weights
        .iter()
        .zip(&detail.right.weights)
        .enumerate()
    {
        let start = rect.min.x + points(j) * width;
        let lit = j == detail.focus.key;
        let fade = |colour: Color32| {
            if lit {
                colour
            } else {
                colour.gamma_multiply(0.6)
            }
        };
        if width < 4.0 {
            bar(start, width.max(1.0), left, fade(colour::LEFT));
        } else {
            bar(start + width * 0.1, width * 0.4, left, fade(colour::LEFT));
            bar(start + width * 0.5, width * 0.4, right, fade(colour::RIGHT));
        }
        if lit && has_names {
            let top = bottom - height * drawn(left.max(right) / most);
            let x = (start + width / 2.0).clamp(rect.min.x + 20.0, rect.max.x - 20.0);
            let at = pos2(x, top - 1.0);
            let text = format!("{left:.4}");
            painter.text(
                at,
                Align2::CENTER_BOTTOM,
                text,
                FontId::proportional(11.0),
                colour::TEXT,
            );
        }
        if has_names && (lit || j.is_multiple_of(space)) {
            name(
                &painter,
                pos2(start + width / 2.0, bottom + 4.0),
                width,
                &run.input.key_name(j),
                lit,
            );
        }
    }
    painter.hline(rect.x_range(), bottom, (1.0, colour::FIELD_HOVERED));
}

/// Every token fits under bars that are this wide.
const ROOM: f32 = 64.0;

/// A token under its bars, leaning where not every one has room.
fn name(painter: &Painter, at: eframe::egui::Pos2, width: f32, token: &str, lit: bool) {
    let colour = if lit { colour::TEXT } else { colour::WEAK };
    let token: String = token.chars().take(9).collect();
    let galley = painter.layout_no_wrap(token, FontId::proportional(11.0), colour);
    if width >= ROOM {
        let middle = at - Vec2::new(galley.size().x / 2.0, 0.0);
        painter.galley(middle, galley, colour);
        return;
    }
    let start = at - Vec2::new(galley.size().x - 3.0, 0.0);
    let shape = eframe::egui::epaint::TextShape::new(start, galley, colour);
    painter.add(shape.with_angle_and_anchor(-0.8, Align2::RIGHT_TOP));
}
