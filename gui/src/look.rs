//! Light and dark. Views name the colours of the dark look; in the light one each is exchanged for its
//! partner as the frame is handed over, heat maps excepted: a number has one colour, whatever the look.

use eframe::egui::epaint::shape_transform::adjust_colors;
use eframe::egui::{Color32, Context, LayerId, Shape, Theme};

use crate::colour;
use crate::session::{TableKind, layout};

/// What the window looks like now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Look {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
}

/// Colours of the dark look and their partners.
const PARTNERS: [(Color32, Color32); 16] = [
    (colour::BACKGROUND, Color32::from_rgb(0xff, 0xff, 0xff)),
    (colour::PANEL, Color32::from_rgb(0xf0, 0xf1, 0xf4)),
    (colour::FIELD, Color32::from_rgb(0xdf, 0xe2, 0xe7)),
    (colour::FIELD_HOVERED, Color32::from_rgb(0xca, 0xcf, 0xd8)),
    (colour::HIDDEN, Color32::from_rgb(0xd8, 0xdb, 0xe0)),
    (colour::TEXT, Color32::from_rgb(0x1b, 0x1d, 0x20)),
    (colour::WEAK, Color32::from_rgb(0x57, 0x5e, 0x68)),
    (colour::LEFT, Color32::from_rgb(0x1c, 0x74, 0x30)),
    (colour::RIGHT, Color32::from_rgb(0x8f, 0x55, 0x00)),
    (colour::WRONG, Color32::from_rgb(0xa8, 0x22, 0x1a)),
    (
        colour::name(TableKind::Q),
        Color32::from_rgb(0x6b, 0x3f, 0xc0),
    ),
    (
        colour::name(TableKind::K),
        Color32::from_rgb(0x9e, 0x44, 0x06),
    ),
    (
        colour::name(TableKind::V),
        Color32::from_rgb(0x1a, 0x5f, 0xa8),
    ),
    (
        colour::name(TableKind::Weights),
        Color32::from_rgb(0x66, 0x63, 0x00),
    ),
    (
        colour::name(TableKind::Output),
        Color32::from_rgb(0xac, 0x2a, 0x62),
    ),
    (Color32::WHITE, Color32::from_rgb(0x10, 0x12, 0x16)),
];

impl Look {
    /// What the user chose, or what the system has; dark where it says nothing.
    pub fn of(ctx: &Context, theme: layout::Theme) -> Self {
        match (theme, ctx.system_theme()) {
            (layout::Theme::Light, _) | (layout::Theme::System, Some(Theme::Light)) => Self::Light,
            _ => Self::Dark,
        }
    }

    /// A colour of the dark look as it is in this one, as transparent as it was; other colours stay.
    pub fn tone(self, colour: Color32) -> Color32 {
        if self == Self::Dark || colour.a() == 0 {
            return colour;
        }
        if colour.a() == u8::MAX {
            let pair = PARTNERS.iter().find(|(dark, _)| *dark == colour);
            return pair.map_or(colour, |&(_, light)| light);
        }
        let [r, g, b, a] = colour.to_srgba_unmultiplied();
        // What was made transparent lost some of its last digits.
        let tolerance = 512 / u16::from(a) + 1;
        let near = |x: u8, y: u8| u16::from(x.abs_diff(y)) <= tolerance;
        let pair = PARTNERS
            .iter()
            .find(|(dark, _)| near(dark.r(), r) && near(dark.g(), g) && near(dark.b(), b));
        pair.map_or(colour, |(_, light)| {
            Color32::from_rgba_unmultiplied(light.r(), light.g(), light.b(), a)
        })
    }

    /// Exchanges the colours of everything that was drawn in this frame.
    pub fn finish_frame(self, ctx: &Context) {
        if self == Self::Dark {
            return;
        }
        let mut layers: Vec<LayerId> = ctx.memory(|memory| memory.layer_ids().collect());
        if !layers.contains(&LayerId::background()) {
            layers.push(LayerId::background());
        }
        ctx.graphics_mut(|graphics| {
            for layer in layers {
                let Some(list) = graphics.get_mut(layer) else {
                    continue;
                };
                for at in 0..list.next_idx().0 {
                    list.mutate_shape(eframe::egui::layers::ShapeIdx(at), |clipped| {
                        self.exchange(&mut clipped.shape);
                    });
                }
            }
        });
    }

    fn exchange(self, shape: &mut Shape) {
        match shape {
            Shape::Vec(shapes) => shapes.iter_mut().for_each(|shape| self.exchange(shape)),
            // A picture: its tint is white and stays.
            Shape::Rect(rect) if rect.brush.is_some() => {}
            Shape::Mesh(_) => {}
            shape => adjust_colors(shape, move |colour| *colour = self.tone(*colour)),
        }
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::Rgba;

    use super::*;

    #[test]
    fn words_can_be_read_on_every_ground_of_both_looks() {
        let words = [
            colour::TEXT,
            colour::WEAK,
            colour::LEFT,
            colour::RIGHT,
            colour::WRONG,
        ];
        let names = TableKind::ALL.map(colour::name);
        for look in [Look::Dark, Look::Light] {
            for ground in [colour::BACKGROUND, colour::PANEL] {
                for &word in words.iter().chain(&names) {
                    let [word, ground] =
                        [word, ground].map(|c| Rgba::from(look.tone(c)).intensity() + 0.05);
                    let contrast = word.max(ground) / word.min(ground);
                    assert!(contrast > 4.5, "{look:?}: {contrast}");
                }
            }
        }
    }

    #[test]
    fn a_faded_colour_has_a_faded_partner() {
        let faded = colour::TEXT.gamma_multiply(0.5);
        let light = Look::Light.tone(faded);
        assert!(light.a() == faded.a() && light.r() < 0x20, "{light:?}");
        let other = Color32::from_rgb(1, 200, 3);
        assert_eq!(Look::Light.tone(other), other);
    }
}
