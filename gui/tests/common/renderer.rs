//! Draws what egui wants drawn, on the CPU: textured triangles, so that tests need no graphics library.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "a module of tests")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels of a window: 0 to 2^14, and colours: 0 to 255"
)]

use std::collections::HashMap;

use eframe::egui::epaint::{ClippedPrimitive, ImageData, Primitive, Vertex};
use eframe::egui::{Color32, Context, FullOutput, TextureFilter, TextureId, TexturesDelta};

use super::picture::Picture;

struct Texture {
    width: usize,
    height: usize,
    nearest: bool,
    pixels: Vec<Color32>,
}

/// The textures so far.
#[derive(Default)]
pub struct Renderer {
    textures: HashMap<TextureId, Texture>,
}

impl Renderer {
    /// Takes over new and changed textures.
    pub fn update(&mut self, delta: &TexturesDelta) {
        for (id, change) in delta
            .set
            .iter()
            .flat_map(|(id, changes)| changes.iter().map(move |change| (id, change)))
        {
            let ImageData::Color(image) = &change.image;
            let [width, height] = image.size;
            if let Some([left, top]) = change.pos {
                let texture = self.textures.get_mut(id).unwrap();
                for (y, row) in image.pixels.chunks(width).enumerate() {
                    let start = (top + y) * texture.width + left;
                    texture.pixels[start..start + width].copy_from_slice(row);
                }
            } else {
                let texture = Texture {
                    width,
                    height,
                    nearest: change.options.magnification == TextureFilter::Nearest,
                    pixels: image.pixels.clone(),
                };
                self.textures.insert(*id, texture);
            }
        }
    }

    /// The last frame, at one pixel a point.
    pub fn picture(&self, ctx: &Context, output: &FullOutput, width: u32, height: u32) -> Picture {
        let mut pixels = vec![[27.0_f32, 29.0, 32.0]; (width * height) as usize];
        for ClippedPrimitive {
            clip_rect,
            primitive,
        } in ctx.tessellate(output.shapes.clone(), 1.0)
        {
            let Primitive::Mesh(mesh) = primitive else {
                continue;
            };
            let Some(texture) = self.textures.get(&mesh.texture_id) else {
                continue;
            };
            let clip = [
                clip_rect.min.x.round().max(0.0),
                clip_rect.min.y.round().max(0.0),
                clip_rect.max.x.round().min(width as f32),
                clip_rect.max.y.round().min(height as f32),
            ];
            for corners in mesh.indices.chunks_exact(3) {
                let corners = [0, 1, 2].map(|at| mesh.vertices[corners[at] as usize]);
                triangle(&mut pixels, width, clip, texture, corners);
            }
        }
        let rgb = pixels
            .iter()
            .flatten()
            .map(|&c| c.round().clamp(0.0, 255.0) as u8);
        Picture {
            width,
            height,
            rgb: rgb.collect(),
        }
    }
}

fn triangle(
    pixels: &mut [[f32; 3]],
    width: u32,
    clip: [f32; 4],
    texture: &Texture,
    [a, b, c]: [Vertex; 3],
) {
    let cross = |p: [f32; 2], q: [f32; 2], r: [f32; 2]| {
        (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
    };
    let [pa, pb, pc] = [a, b, c].map(|vertex| [vertex.pos.x, vertex.pos.y]);
    let area = cross(pa, pb, pc);
    if area == 0.0 {
        return;
    }
    // Most triangles have one colour: text and pictures do not.
    let flat = [b, c].iter().all(|v| v.uv == a.uv && v.color == a.color);
    let shade = |w: [f32; 3]| {
        let mix = |of: fn(&Vertex) -> f32| w[0] * of(&a) + w[1] * of(&b) + w[2] * of(&c);
        let texel = sample(texture, mix(|v| v.uv.x), mix(|v| v.uv.y));
        let tint = [
            mix(|v| f32::from(v.color.r())),
            mix(|v| f32::from(v.color.g())),
            mix(|v| f32::from(v.color.b())),
            mix(|v| f32::from(v.color.a())),
        ];
        [0, 1, 2, 3].map(|channel| texel[channel] * tint[channel] / 255.0)
    };
    let one = shade([1.0, 0.0, 0.0]);
    let low = |axis: usize| pa[axis].min(pb[axis]).min(pc[axis]).floor().max(clip[axis]) as u32;
    let high = |axis: usize| {
        pa[axis]
            .max(pb[axis])
            .max(pc[axis])
            .ceil()
            .min(clip[axis + 2]) as u32
    };
    for y in low(1)..high(1) {
        for x in low(0)..high(0) {
            let p = [x as f32 + 0.5, y as f32 + 0.5];
            let w = [
                cross(pb, pc, p) / area,
                cross(pc, pa, p) / area,
                cross(pa, pb, p) / area,
            ];
            // The edge between two triangles belongs to one of them.
            if w.iter().any(|&w| w < 0.0) || (w[0] == 0.0 && w[1] > 0.0 && area < 0.0) {
                continue;
            }
            let source = if flat { one } else { shade(w) };
            let pixel = &mut pixels[(y * width + x) as usize];
            for (pixel, source_channel) in pixel.iter_mut().zip(source) {
                *pixel = source_channel + *pixel * (1.0 - source[3] / 255.0);
            }
        }
    }
}

fn sample(texture: &Texture, u: f32, v: f32) -> [f32; 4] {
    let texel = |x: f32, y: f32| {
        let x = (x.max(0.0) as usize).min(texture.width - 1);
        let y = (y.max(0.0) as usize).min(texture.height - 1);
        texture.pixels[y * texture.width + x]
            .to_array()
            .map(f32::from)
    };
    let (x, y) = (u * texture.width as f32, v * texture.height as f32);
    if texture.nearest {
        return texel(x, y);
    }
    let (left, top) = ((x - 0.5).floor(), (y - 0.5).floor());
    let (right, below) = (x - 0.5 - left, y - 0.5 - top);
    let rows = [
        texel(left, top),
        texel(left + 1.0, top),
        texel(left, top + 1.0),
        texel(left + 1.0, top + 1.0),
    ];
    [0, 1, 2, 3].map(|at| {
        let above = rows[0][at] * (1.0 - right) + rows[1][at] * right;
        let under = rows[2][at] * (1.0 - right) + rows[3][at] * right;
        above * (1.0 - below) + under * below
    })
}
