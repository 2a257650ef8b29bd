//! Above a matrix: its name, shape and format, its colour bar, and its meaning in one line.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{Align2, FontId, Painter, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::matrix::Matrix;
use crate::colour::{self, ColourScale};
use crate::number::{self, points};

/// Name, shape, meaning, colour bar. Returns whether the name was clicked.
pub fn header_ui(ui: &mut Ui, rect: Rect, matrix: &Matrix<'_>) -> bool {
    let painter = ui.painter().with_clip_rect(rect.expand(2.0));
    let font = FontId::proportional(16.0);
    let name = painter.layout_no_wrap(matrix.kind.name().to_owned(), font, colour::WEAK);
    // The name comes first: in a narrow place there is no bar.
    let bar = if name.size().x + 110.0 < rect.width() {
        colour_bar(&painter, rect, matrix.scale)
    } else {
        Rect::from_min_max(rect.right_top(), rect.right_bottom())
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
        if at.x + galley.size().x > bar.min.x - 4.0 {
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
    job.wrap = TextWrapping::truncate_at_width(rect.max.x - meaning.x);
    painter.galley(meaning, painter.layout_job(job), colour::WEAK);
    let id = ui.scope_id().with(("name", &matrix.title));
    let response = ui.interact(name.expand(2.0), id, Sense::click());
    let enlarge = format!("Enlarge {}", matrix.title);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &enlarge));
    response
        .on_hover_text("Show this table alone and large; Esc shows all again")
        .clicked()
}

/// The colour bar with the numbers of its two ends, at the right of the header's first line.
fn colour_bar(painter: &Painter, header: Rect, scale: ColourScale) -> Rect {
    let steps = if header.width() < 220.0 { 24 } else { 48 };
    let [low, high] = scale.ends();
    let font = FontId::proportional(10.5);
    let text = |value| painter.layout_no_wrap(number::short(value), font.clone(), colour::WEAK);
    let (low_text, high_text) = (text(low), text(high));
    let y = header.min.y + 10.0;
    let end = header.max.x;
    let high_at = pos2(end - high_text.size().x, y - high_text.size().y / 2.0);
    let bar = Rect::from_min_max(
        pos2(high_at.x - 5.0 - points(steps), y - 4.0),
        pos2(high_at.x - 5.0, y + 4.0),
    );
    let low_at = pos2(bar.min.x - 5.0 - low_text.size().x, high_at.y);
    painter.galley(high_at, high_text, colour::WEAK);
    painter.galley(low_at, low_text, colour::WEAK);
    for step in 0..steps {
        let share = number::real(step) / number::real(steps - 1);
        let value = low + (high - low) * share;
        let left = bar.min.x + points(step);
        let slice = Rect::from_x_y_ranges(left..=left + 1.0, bar.y_range());
        painter.rect_filled(slice, 0.0, scale.colour(Some(value)));
    }
    Rect::from_min_max(low_at, bar.max)
}
