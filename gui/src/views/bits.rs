//! A number of fixed point as coloured boxes: sign, whole, fraction; and what rounding removed.

use eframe::egui::{
    Align2, Color32, FontId, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};

use crate::bits::{Bits, Part};
use crate::colour;
use crate::number::points;
use crate::session::TableKind;

/// One row.
pub fn bits_ui(ui: &mut Ui, bits: &Bits) {
    ui.horizontal(|ui| {
        let wide = if bits.bits.len() > 32 { 9.0 } else { 13.0 };
        let size = vec2(wide * points(bits.bits.len()), 18.0);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let painter = ui.painter_at(rect);
        for (at, bit) in bits.bits.iter().enumerate() {
            let left = rect.min.x + wide * points(at);
            let cell =
                Rect::from_min_max(pos2(left, rect.min.y), pos2(left + wide - 1.0, rect.max.y));
            let tint = tint(bit.part);
            let fill = if bit.is_set {
                tint
            } else {
                tint.gamma_multiply(0.25)
            };
            painter.rect_filled(cell, 2.0, fill);
            let digit = if bit.is_set { "1" } else { "0" };
            let on = if bit.is_set {
                colour::on(tint)
            } else {
                colour::TEXT
            };
            painter.text(
                cell.center(),
                Align2::CENTER_CENTER,
                digit,
                FontId::monospace(10.0),
                on,
            );
        }
        let spoken = format!("Bits {}", bits.text());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
        response.on_hover_text("Sign, whole and fraction; a box is a power of two");
        ui.monospace(format!("= {} × {}", bits.integer, unit(bits)));
        if bits.saturated {
            ui.label(RichText::new("saturated").color(colour::WRONG))
                .on_hover_text("The number lies beyond the range: this is the end of it");
        }
        if let Some(removed) = bits.removed {
            let text =
                format!("rounding removed {removed:+.4} of the last place").replace('-', "−");
            let tint = if bits.saturated {
                colour::WRONG
            } else {
                colour::WEAK
            };
            ui.label(RichText::new(text).color(tint));
        }
    });
}

fn unit(bits: &Bits) -> String {
    crate::derivation::expression::Expression::Scale(bits.unit).text()
}

fn tint(part: Part) -> Color32 {
    match part {
        Part::Sign => colour::WRONG,
        Part::Whole => colour::name(TableKind::K),
        Part::Fraction => colour::name(TableKind::V),
    }
}
