//! Above a matrix: its name, shape and format, its colour bar, and its meaning in one line.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{Align2, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::bar::bar_ui;
use super::matrix::Matrix;
use crate::colour;

/// What the shape and the ends of the bar need beside the name.
const BESIDE: f32 = 110.0;
/// From the middle of the first line to that of the second.
const LINE: f32 = 18.0;
/// Less of a meaning says nothing.
const SHORTEST: f32 = 24.0;

/// Name, shape, meaning, colour bar. Returns whether the name was clicked.
pub fn header_ui(ui: &mut Ui, rect: Rect, matrix: &Matrix<'_>) -> bool {
    let painter = ui.painter().with_clip_rect(rect.expand(2.0));
    let font = FontId::proportional(16.0);
    let name = painter.layout_no_wrap(matrix.kind.name().to_owned(), font, colour::WEAK);
    // The name comes first: in a narrow place the bar stands below it, before the meaning.
    let is_beside = name.size().x + BESIDE < rect.width();
    let y = rect.min.y + 10.0 + if is_beside { 0.0 } else { LINE };
    let bar = bar_ui(
        ui,
        pos2(rect.max.x, y),
        rect.width(),
        matrix.scale,
        &matrix.title,
    );
    let (name_end, meaning_end) = if is_beside {
        (bar.min.x - 4.0, rect.max.x)
    } else {
        (rect.max.x, bar.min.x - 6.0)
    };
    let painter = painter.with_clip_rect(Rect::from_min_max(
        rect.min - vec2(2.0, 2.0),
        pos2(rect.max.x, rect.max.y),
    ));
    let name = painter.text(
        rect.min,
        Align2::LEFT_TOP,
        matrix.kind.name(),
        FontId::proportional(16.0),
        colour::name(matrix.kind),
    );
    let mut at = pos2(name.max.x + 8.0, name.max.y - 2.0);
    let shape = format!("({}, {})", matrix.table.rows(), matrix.table.columns());
    for (word, colour) in [(shape.clone(), colour::WEAK), matrix.tag.clone()] {
        let galley = painter.layout_no_wrap(word, FontId::proportional(11.5), colour);
        if at.x + galley.size().x > name_end {
            break;
        }
        let drawn = Align2::LEFT_BOTTOM.anchor_size(at, galley.size());
        painter.galley(drawn.min, galley, colour);
        at.x = drawn.max.x + 8.0;
    }
    let meaning = pos2(rect.min.x, name.max.y + 1.0);
    // A shape is always there: what has no place above begins the line below.
    let text = if at.x > name.max.x + 8.0 {
        matrix.meaning.clone()
    } else {
        format!("{shape}  {}", matrix.meaning)
    };
    let mut job = LayoutJob::simple_singleline(text, FontId::proportional(11.0), colour::WEAK);
    job.wrap = TextWrapping::truncate_at_width((meaning_end - meaning.x).max(0.0));
    if meaning_end - meaning.x > SHORTEST {
        painter.galley(meaning, painter.layout_job(job), colour::WEAK);
    }
    let id = ui.scope_id().with(("name", &matrix.title));
    let response = ui.interact(name.expand(2.0), id, Sense::click());
    let enlarge = format!("Enlarge {}", matrix.title);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &enlarge));
    response
        .on_hover_text(format!(
            "{}\nClick to show this table alone and large; Esc shows all again",
            matrix.meaning
        ))
        .clicked()
}
