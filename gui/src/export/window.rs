//! The window as shapes and words: what was painted in one frame, written as an SVG.

use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui::epaint::{ClippedShape, ColorMode, Vertex};
use eframe::egui::{
    ColorImage, Context, LayerId, Pos2, Rect, Shape, Stroke, TextureId, Vec2, pos2,
};
use svg::Document;
use svg::node::element::{ClipPath, Definitions, Ellipse, Group, Image, Line, Polygon, Polyline};

use super::ExportError;
use super::picture;
use super::shapes::{Painting, base64, listed, placed, rounded, triangles, words};

/// What was painted in one frame.
#[derive(Clone, Debug)]
pub struct Painted {
    size: Vec2,
    shapes: Vec<ClippedShape>,
    pictures: HashMap<TextureId, Arc<ColorImage>>,
}

impl Painted {
    /// Everything that was painted in this frame by now, back to front; `pictures` are those that it shows.
    pub fn of(ctx: &Context, pictures: HashMap<TextureId, Arc<ColorImage>>) -> Self {
        let mut layers: Vec<LayerId> = ctx.memory(|memory| memory.layer_ids().collect());
        if !layers.contains(&LayerId::background()) {
            layers.insert(0, LayerId::background());
        }
        layers.sort_by_key(|layer| layer.order); // stable: within an order, as the memory has them
        let shapes = ctx.graphics(|graphics| {
            let lists = layers.into_iter().filter_map(|layer| graphics.get(layer));
            lists.flat_map(|list| list.all_entries().cloned()).collect()
        });
        Self {
            size: ctx.content_rect().size(),
            shapes,
            pictures,
        }
    }

    /// An SVG file.
    ///
    /// # Errors
    /// [`ExportError`] if a picture in it cannot be made.
    pub fn svg(&self) -> Result<Vec<u8>, ExportError> {
        let mut drawing = Drawing {
            pictures: &self.pictures,
            clips: Vec::new(),
        };
        let mut all = Group::new();
        for ClippedShape {
            clip_rect, shape, ..
        } in &self.shapes
        {
            let bounds = shape.visual_bounding_rect();
            let seen = bounds.intersect(*clip_rect);
            if !bounds.is_finite() || !seen.is_positive() {
                continue;
            }
            let Some(shape) = drawing.shape(shape)? else {
                continue;
            };
            // Most shapes lie within what they are cut to.
            all = if clip_rect.contains_rect(bounds) {
                all.add(shape)
            } else {
                let at = drawing.clip(*clip_rect);
                all.add(shape.set("clip-path", format!("url(#c{at})")))
            };
        }
        let mut definitions = Definitions::new();
        for (at, rect) in drawing.clips.iter().enumerate() {
            let cut = ClipPath::new().set("id", format!("c{at}"));
            definitions = definitions.add(cut.add(placed(*rect)));
        }
        let (width, height) = (self.size.x, self.size.y);
        let document = Document::new()
            .set("viewBox", (0, 0, width, height))
            .set("width", width)
            .set("height", height)
            .add(definitions)
            .add(all);
        Ok(document.to_string().into_bytes())
    }
}

struct Drawing<'a> {
    pictures: &'a HashMap<TextureId, Arc<ColorImage>>,
    clips: Vec<Rect>,
}

impl Drawing<'_> {
    /// The number of the rectangle that something is cut to.
    fn clip(&mut self, rect: Rect) -> usize {
        let held = self.clips.iter().position(|held| *held == rect);
        held.unwrap_or_else(|| {
            self.clips.push(rect);
            self.clips.len() - 1
        })
    }

    /// One shape; nothing where it has nothing to show.
    fn shape(&self, shape: &Shape) -> Result<Option<Group>, ExportError> {
        let group = Group::new();
        Ok(Some(match shape {
            Shape::Vec(shapes) => {
                let mut all = group;
                for shape in shapes {
                    if let Some(shape) = self.shape(shape)? {
                        all = all.add(shape);
                    }
                }
                all
            }
            Shape::Circle(circle) => {
                let round = Ellipse::new()
                    .set("cx", circle.center.x)
                    .set("cy", circle.center.y)
                    .set("rx", circle.radius)
                    .set("ry", circle.radius);
                group.add(round).filled(circle.fill).stroked(circle.stroke)
            }
            Shape::Ellipse(ellipse) => {
                let round = Ellipse::new()
                    .set("cx", ellipse.center.x)
                    .set("cy", ellipse.center.y)
                    .set("rx", ellipse.radius.x)
                    .set("ry", ellipse.radius.y);
                group
                    .add(round)
                    .filled(ellipse.fill)
                    .stroked(ellipse.stroke)
            }
            Shape::LineSegment {
                points: [from, to],
                stroke,
            } => {
                let line = Line::new()
                    .set("x1", from.x)
                    .set("y1", from.y)
                    .set("x2", to.x)
                    .set("y2", to.y);
                group.add(line).stroked(*stroke)
            }
            Shape::Path(path) => {
                let ColorMode::Solid(colour) = path.stroke.color else {
                    return Ok(None);
                };
                let stroke = Stroke::new(path.stroke.width, colour);
                let points = listed(&path.points);
                let group = if path.closed {
                    group.add(Polygon::new().set("points", points))
                } else {
                    group.add(Polyline::new().set("points", points))
                };
                group.filled(path.fill).stroked(stroke)
            }
            Shape::Rect(rect) => match &rect.brush {
                None => group
                    .add(rounded(rect))
                    .filled(rect.fill)
                    .stroked(rect.stroke),
                Some(brush) => {
                    let image = self.image(brush.fill_texture_id, |at| {
                        rect.rect.min + (at - brush.uv.min) / brush.uv.size() * rect.rect.size()
                    })?;
                    let Some(image) = image else {
                        return Ok(None);
                    };
                    group.add(image)
                }
            },
            Shape::Text(text) => words(text),
            Shape::Mesh(mesh) => match mesh.vertices.as_slice() {
                [one, two, three, four] => {
                    let place = across(one, two, beside(one, [three, four]));
                    match self.image(mesh.texture_id, place)? {
                        Some(image) => group.add(image),
                        None => triangles(mesh),
                    }
                }
                _ => triangles(mesh),
            },
            Shape::QuadraticBezier(curve) => {
                let points = listed(&curve.flatten(None));
                let line = Polyline::new().set("points", points);
                let ColorMode::Solid(colour) = curve.stroke.color else {
                    return Ok(None);
                };
                let stroke = Stroke::new(curve.stroke.width, colour);
                group.add(line).filled(curve.fill).stroked(stroke)
            }
            Shape::CubicBezier(curve) => {
                let points = curve.flatten(None);
                let line = Polyline::new().set("points", listed(&points));
                let ColorMode::Solid(colour) = curve.stroke.color else {
                    return Ok(None);
                };
                let stroke = Stroke::new(curve.stroke.width, colour);
                group.add(line).filled(curve.fill).stroked(stroke)
            }
            Shape::Noop | Shape::Band(_) | Shape::Callback(_) => return Ok(None),
        }))
    }

    /// A picture, put where `place` says the corners of its texture are; none where it is not known.
    fn image(
        &self,
        id: TextureId,
        place: impl Fn(Pos2) -> Pos2,
    ) -> Result<Option<Image>, ExportError> {
        let Some(picture) = self.pictures.get(&id) else {
            return Ok(None);
        };
        let bytes = picture::window(picture)?;
        let [origin, right, down] = [pos2(0.0, 0.0), pos2(1.0, 0.0), pos2(0.0, 1.0)].map(place);
        let (x, y) = (right - origin, down - origin);
        let image = Image::new()
            .set("width", 1)
            .set("height", 1)
            .set("preserveAspectRatio", "none")
            .set("style", "image-rendering:pixelated")
            .set("href", format!("data:image/png;base64,{}", base64(&bytes)))
            .set(
                "transform",
                format!(
                    "matrix({} {} {} {} {} {})",
                    x.x, x.y, y.x, y.y, origin.x, origin.y
                ),
            );
        Ok(Some(image))
    }
}

/// Of the last two corners of a rectangle the one that is not opposite to the first: some go around, some go row by row.
fn beside<'a>(one: &Vertex, [three, four]: [&'a Vertex; 2]) -> &'a Vertex {
    let way = three.uv - one.uv;
    if way.x == 0.0 || way.y == 0.0 {
        three
    } else {
        four
    }
}

/// Where a place of the texture is on screen: from a corner of a rectangle and the two beside it.
fn across(one: &Vertex, two: &Vertex, four: &Vertex) -> impl Fn(Pos2) -> Pos2 + use<> {
    let (along, down) = (two.uv - one.uv, four.uv - one.uv);
    let (right, below) = (two.pos - one.pos, four.pos - one.pos);
    let start = (one.uv, one.pos);
    move |at: Pos2| {
        let from = at - start.0;
        // Texture and screen are both along the axes: one factor for each side.
        let (u, v) = if along.x == 0.0 {
            (from.y / along.y, from.x / down.x)
        } else {
            (from.x / along.x, from.y / down.y)
        };
        start.1 + right * u + below * v
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::Color32;

    use super::*;

    #[test]
    fn a_turned_picture_keeps_its_corners() {
        let vertex = |x, y, u, v| Vertex {
            pos: pos2(x, y),
            uv: pos2(u, v),
            color: Color32::WHITE,
        };
        for (corners, expected) in [
            ([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)], pos2(30.0, 10.0)),
            ([(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)], pos2(10.0, 20.0)),
        ] {
            let places = [(10.0, 10.0), (30.0, 10.0), (10.0, 20.0)];
            let corner = |at: usize| {
                let ((x, y), (u, v)) = (places[at], corners[at]);
                vertex(x, y, u, v)
            };
            let opposite = vertex(30.0, 20.0, 1.0, 1.0);
            let last = corner(2);
            for others in [[&last, &opposite], [&opposite, &last]] {
                assert_eq!(*beside(&corner(0), others), last);
            }
            let place = across(&corner(0), &corner(1), &corner(2));
            assert_eq!(place(pos2(0.0, 0.0)), pos2(10.0, 10.0));
            assert_eq!(place(pos2(1.0, 0.0)), expected);
        }
    }
}
