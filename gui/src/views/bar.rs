//! The bar of a colour scale, with the numbers of its two ends.

use eframe::egui::{FontId, Pos2, Rect, Role, Sense, Ui, WidgetInfo, pos2};

use crate::colour::{self, ColourScale};
use crate::number::{self, points};

/// From a number to the bar.
const GAP: f32 = 5.0;

/// Draws the bar of `table` left of `end`, on a line whose middle `end` has, longer where there is more `room`.
/// Returns where it stands, its numbers included.
pub(super) fn bar_ui(ui: &Ui, end: Pos2, room: f32, scale: ColourScale, table: &str) -> Rect {
    let steps = match room {
        ..130.0 => 16,
        130.0..220.0 => 24,
        _ => 48,
    };
    let painter = ui.painter();
    let font = FontId::proportional(10.5);
    let [low, high] = scale.ends();
    let [low_text, high_text] = [low, high]
        .map(|end| painter.layout_no_wrap(number::short(end), font.clone(), colour::WEAK));
    let high_at = end - high_text.rect.right_center().to_vec2();
    let right = high_at.x - GAP;
    let bar = Rect::from_min_max(
        pos2(right - points(steps), end.y - 4.0),
        pos2(right, end.y + 4.0),
    );
    let low_at = pos2(bar.min.x - GAP - low_text.size().x, high_at.y);
    painter.galley(high_at, high_text, colour::WEAK);
    painter.galley(low_at, low_text, colour::WEAK);
    for step in 0..steps {
        let share = number::real(step) / number::real(steps - 1);
        let value = low + (high - low) * share;
        let left = bar.min.x + points(step);
        let slice = Rect::from_x_y_ranges(left..=left + 1.0, bar.y_range());
        painter.rect_filled(slice, 0.0, scale.colour(Some(value)));
    }
    let place = Rect::from_min_max(low_at, pos2(end.x, bar.max.y));
    let [low, high] = [low, high].map(number::short);
    let spoken = format!("Colours of {table}, from {low} to {high}");
    let response = ui.interact(place, ui.scope_id().with(("bar", table)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
    response.on_hover_text(spoken);
    place
}
