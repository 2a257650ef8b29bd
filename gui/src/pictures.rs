//! Heat maps as textures of one pixel a cell, kept while the table is shown. Built once, drawn for nothing.

use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui::{ColorImage, Context, ImageData, TextureHandle, TextureId, TextureOptions};

use rayon::prelude::*;

use crate::colour::{ColourScale, HIDDEN};
use crate::look::Look;
use crate::table::Table;

/// Rows and columns of one texture: every graphics card takes it.
pub const TILE: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    table: u64,
    end_bits: u64,
    look: Look,
    tile: (usize, usize),
}

/// The textures that were drawn in the last frame.
#[derive(Default)]
pub struct Pictures {
    /// In what hidden cells are drawn.
    pub look: Look,
    textures: HashMap<Key, (TextureHandle, Age)>,
    copies: Option<HashMap<TextureId, Arc<ColorImage>>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Age {
    UsedNow,
    UsedBefore,
}

impl Pictures {
    /// The texture of the tile in row and column `tile` of a table.
    pub fn tile(
        &mut self,
        ctx: &Context,
        table: &Table,
        scale: ColourScale,
        tile: (usize, usize),
    ) -> TextureId {
        let [_, end] = scale.ends();
        let key = Key {
            table: table.picture_id(),
            end_bits: end.to_bits(),
            look: self.look,
            tile,
        };
        let (texture, age) = self.textures.entry(key).or_insert_with(|| {
            let image = Arc::new(image(table, scale, tile, key.look));
            let data = ImageData::Color(Arc::clone(&image));
            let texture = ctx.load_texture("table", data, TextureOptions::NEAREST);
            if let Some(copies) = &mut self.copies {
                copies.insert(texture.id(), image);
            }
            (texture, Age::UsedNow)
        });
        *age = Age::UsedNow;
        texture.id()
    }

    /// From now on the pictures are made anew, and copies are kept of them.
    pub fn keep_copies(&mut self) {
        self.textures.clear();
        self.copies = Some(HashMap::new());
    }

    /// The copies of those that were drawn since, if they were asked for; they are not kept any longer.
    pub fn take_copies(&mut self) -> Option<HashMap<TextureId, Arc<ColorImage>>> {
        self.copies.take()
    }

    /// Forgets what was not drawn since the last call.
    pub fn end_frame(&mut self) {
        self.textures.retain(|_, (_, age)| *age == Age::UsedNow);
        for (_, age) in self.textures.values_mut() {
            *age = Age::UsedBefore;
        }
    }
}

fn image(
    table: &Table,
    scale: ColourScale,
    (down, across): (usize, usize),
    look: Look,
) -> ColorImage {
    let rows = down * TILE..table.rows().min((down + 1) * TILE);
    let columns = across * TILE..table.columns().min((across + 1) * TILE);
    let size = [columns.len(), rows.len()];
    // Only what is hidden follows the look.
    let mut pixels = vec![look.tone(HIDDEN); size[0] * size[1]];
    let lines = pixels.par_chunks_mut(size[0].max(1)).zip(rows);
    lines.with_min_len(ROWS_AT_ONCE).for_each(|(pixels, row)| {
        let visible = table.visible_in(row);
        let seen = visible.start.max(columns.start)..visible.end.min(columns.end);
        let values = table.row(row).get(seen.clone()).unwrap_or_default();
        let place = seen.start.saturating_sub(columns.start)..;
        let pixels = pixels.get_mut(place).unwrap_or_default();
        scale.fill(values, pixels);
    });
    ColorImage::new(size, pixels)
}

/// Fewer rows of a tile are not worth a second core.
const ROWS_AT_ONCE: usize = 64;
