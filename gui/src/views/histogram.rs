//! How many values each power of two has, and what becomes of them.

use eframe::egui::{Align2, Color32, FontId, Rect, Sense, Ui, pos2, vec2};

use super::statistics::image;
use crate::compare::histogram::{Bin, Histogram};
use crate::number::{drawn, index, points, real};

/// In range, cut, gone: told apart by the colour-blind too (Okabe and Ito), on light and on dark.
const FATES: [(Color32, &str); 3] = [
    (Color32::from_rgb(0x2b, 0x8c, 0xc8), "in range"),
    (Color32::from_rgb(0xd5, 0x5e, 0x00), "overflow"),
    (Color32::from_rgb(0xe6, 0x9f, 0x00), "underflow"),
];

/// What the colours mean.
pub(super) fn legend_ui(ui: &mut Ui) {
    for (colour, name) in FATES {
        let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
        ui.painter().rect_filled(rect, 2.0, colour);
        ui.weak(name);
    }
}

/// One tensor's.
pub(super) fn histogram_ui(ui: &mut Ui, histogram: &Histogram, name: &str) {
    const HIGH: f32 = 90.0;
    const FOOT: f32 = 16.0;
    const BAR: f32 = 14.0;
    let wide = (points(histogram.bins.len()) * BAR).max(60.0);
    let (rect, response) = ui.allocate_exact_size(vec2(wide + 24.0, HIGH + FOOT), Sense::hover());
    let cut: usize = histogram.bins.iter().map(|bin| bin.overflow).sum();
    let gone: usize = histogram.bins.iter().map(|bin| bin.underflow).sum();
    response.widget_info(|| {
        image(format!(
            "Histogram of {name}, {cut} overflow, {gone} underflow"
        ))
    });
    let weak = ui.visuals().weak_text_color();
    let font = FontId::proportional(10.0);
    ui.painter().text(
        rect.left_top(),
        Align2::LEFT_TOP,
        name,
        FontId::proportional(12.0),
        weak,
    );
    let left = rect.left() + 16.0;
    let fullest = real(histogram.fullest().max(1));
    for (at, bin) in histogram.bins.iter().enumerate() {
        let x = left + points(at) * BAR;
        let mut below = 0.0;
        for ((colour, _), count) in FATES
            .into_iter()
            .zip(counts(bin))
            .filter(|(_, count)| *count > 0)
        {
            let high = (drawn(real(count) / fullest) * (HIGH - 4.0)).max(1.0);
            let bottom = rect.top() + HIGH - below;
            let bar = Rect::from_min_max(pos2(x, bottom - high), pos2(x + BAR - 1.0, bottom));
            ui.painter().rect_filled(bar, 0.0, colour);
            below += high;
        }
        if at % 3 == 0 {
            let foot = pos2(x + 0.5 * BAR, rect.bottom() - FOOT + 2.0);
            ui.painter()
                .text(foot, Align2::CENTER_TOP, bin.exponent, font.clone(), weak);
        }
    }
    let pointed = response.hover_pos().map(|pos| index((pos.x - left) / BAR));
    if let Some(bin) = pointed.and_then(|at| histogram.bins.get(at)) {
        response.on_hover_text(sentence(bin));
    }
}

fn counts(bin: &Bin) -> [usize; 3] {
    [bin.in_range, bin.overflow, bin.underflow]
}

fn sentence(bin: &Bin) -> String {
    let [in_range, overflow, underflow] = counts(bin);
    let (from, to) = (bin.exponent, bin.exponent + 1);
    format!("2^{from} to 2^{to}: {in_range} in range, {overflow} overflow, {underflow} underflow")
}
