//! Shapes and words of an SVG, as egui has them.

use eframe::egui::epaint::{RectShape, TextShape};
use eframe::egui::{Color32, FontFamily, Mesh, Pos2, Rect, Stroke};
use svg::node::element::{Group, Polygon, Rectangle, Text};

/// Colour and line of what is in a group.
pub(super) trait Painting {
    fn filled(self, colour: Color32) -> Self;
    fn stroked(self, stroke: Stroke) -> Self;
}

impl Painting for Group {
    fn filled(self, colour: Color32) -> Self {
        let (colour, opacity) = ink(colour);
        self.set("fill", colour).set("fill-opacity", opacity)
    }

    fn stroked(self, stroke: Stroke) -> Self {
        if stroke.width <= 0.0 || stroke.color == Color32::TRANSPARENT {
            return self;
        }
        let (colour, opacity) = ink(stroke.color);
        self.set("stroke", colour)
            .set("stroke-opacity", opacity)
            .set("stroke-width", stroke.width)
    }
}

/// As a page has it: the colour, and how opaque it is.
fn ink(colour: Color32) -> (String, f32) {
    let [r, g, b, a] = colour.to_srgba_unmultiplied();
    (format!("#{r:02x}{g:02x}{b:02x}"), f32::from(a) / 255.0)
}

pub(super) fn placed(rect: Rect) -> Rectangle {
    Rectangle::new()
        .set("x", rect.min.x)
        .set("y", rect.min.y)
        .set("width", rect.width())
        .set("height", rect.height())
}

pub(super) fn rounded(rect: &RectShape) -> Rectangle {
    placed(rect.rect).set("rx", rect.corner_radius.nw)
}

pub(super) fn listed(points: &[Pos2]) -> String {
    let points: Vec<String> = points
        .iter()
        .map(|at| format!("{},{}", at.x, at.y))
        .collect();
    points.join(" ")
}

/// Triangles, each in the colour of its first corner.
pub(super) fn triangles(mesh: &Mesh) -> Group {
    let corner = |at: &u32| mesh.vertices.get(usize::try_from(*at).ok()?);
    let three = mesh
        .indices
        .as_chunks::<3>()
        .0
        .iter()
        .filter_map(|[a, b, c]| {
            let corners = [corner(a)?, corner(b)?, corner(c)?];
            Some((corners.map(|corner| corner.pos), corners[0].color))
        });
    three.fold(Group::new(), |all, (points, colour)| {
        let (fill, opacity) = ink(colour);
        let triangle = Polygon::new()
            .set("points", listed(&points))
            .set("fill", fill)
            .set("fill-opacity", opacity);
        all.add(triangle)
    })
}

/// Every run of one format as words, as wide as they are on screen whatever font the reader has.
pub(super) fn words(text: &TextShape) -> Group {
    let (galley, mut group) = (&text.galley, Group::new());
    let mut byte = 0;
    for row in &galley.rows {
        let mut run: Option<(usize, String, Pos2, f32)> = None;
        let mut runs = Vec::new();
        for glyph in &row.row.glyphs {
            let sections = &galley.job.sections;
            let section = sections
                .iter()
                .position(|section| section.byte_range.contains(&byte.into()))
                .unwrap_or(sections.len().saturating_sub(1));
            byte += glyph.chr.len_utf8();
            let place = text.pos + row.pos.to_vec2() + glyph.pos.to_vec2();
            match &mut run {
                Some((held, word, _, end)) if *held == section => {
                    word.push(glyph.chr);
                    *end = place.x + glyph.advance_width;
                }
                _ => {
                    let next = (
                        section,
                        glyph.chr.into(),
                        place,
                        place.x + glyph.advance_width,
                    );
                    runs.extend(run.replace(next));
                }
            }
        }
        runs.extend(run);
        byte += usize::from(row.ends_with_newline);
        for run in runs {
            group = group.add(word(text, run));
        }
    }
    let degrees = text.angle.to_degrees();
    if degrees == 0.0 {
        group
    } else {
        let Pos2 { x, y } = text.pos;
        group.set("transform", format!("rotate({degrees} {x} {y})"))
    }
}

fn word(text: &TextShape, (section, word, at, end): (usize, String, Pos2, f32)) -> Text {
    let format = text.galley.job.sections.get(section);
    let format = format
        .map(|section| section.format.clone())
        .unwrap_or_default();
    let own = match format.color {
        Color32::PLACEHOLDER => text.fallback_color,
        colour => colour,
    };
    let colour = text.override_text_color.unwrap_or(own);
    let (fill, opacity) = ink(colour.gamma_multiply(text.opacity_factor));
    let family = match format.font_id.family {
        FontFamily::Monospace => "monospace",
        _ => "sans-serif",
    };
    Text::new(word)
        .set("x", at.x)
        .set("y", at.y)
        .set("font-size", format.font_id.size)
        .set("font-family", family)
        .set("textLength", end - at.x)
        .set("lengthAdjust", "spacingAndGlyphs")
        .set("xml:space", "preserve")
        .set("fill", fill)
        .set("fill-opacity", opacity)
}

/// RFC 4648, section 4.
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = (bits >> (18 - 6 * at)) & 63;
            let digit = usize::try_from(digit)
                .ok()
                .and_then(|digit| DIGITS.get(digit));
            let padding = usize::try_from(at).unwrap_or(0) > three.len();
            text.push(if padding {
                '='
            } else {
                digit.map_or('=', |&digit| digit.into())
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
