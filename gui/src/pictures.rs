//! Heat maps as textures of one pixel a cell, kept while the table is shown. Built once, drawn for nothing.

use std::collections::HashMap;

use eframe::egui::{Color32, ColorImage, Context, TextureHandle, TextureId, TextureOptions};

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
            table: table.id(),
            end_bits: end.to_bits(),
            look: self.look,
            tile,
        };
        let (texture, age) = self.textures.entry(key).or_insert_with(|| {
            let image = image(table, scale, tile, key.look);
            let texture = ctx.load_texture("table", image, TextureOptions::NEAREST);
            (texture, Age::UsedNow)
        });
        *age = Age::UsedNow;
        texture.id()
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
    let pixels = rows
        .flat_map(|row| columns.clone().map(move |column| (row, column)))
        .map(|(row, column)| hidden_in(look, scale.colour(table.get(row, column))))
        .collect();
    ColorImage::new(size, pixels)
}

/// Only what is hidden follows the look.
fn hidden_in(look: Look, colour: Color32) -> Color32 {
    if colour == HIDDEN {
        look.tone(colour)
    } else {
        colour
    }
}
