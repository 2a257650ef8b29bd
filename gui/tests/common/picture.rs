//! Pictures for people to look at, in the target folder.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "a module of tests")]

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

/// RGB, row by row.
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Writes a PNG into the target folder and says where.
    pub fn save(&self, name: &str) -> PathBuf {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let file = BufWriter::new(File::create(&path).unwrap());
        let mut encoder = png::Encoder::new(file, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::Balanced);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&self.rgb).unwrap();
        writer.finish().unwrap();
        path
    }

    /// The pixel at a place.
    pub fn at(&self, x: u32, y: u32) -> [u8; 3] {
        let start = 3 * (y * self.width + x) as usize;
        [self.rgb[start], self.rgb[start + 1], self.rgb[start + 2]]
    }

    /// How many different colours a part of it has.
    pub fn colours(&self, x: std::ops::Range<u32>, y: std::ops::Range<u32>) -> usize {
        let mut seen = vec![false; 1 << 24];
        for y in y {
            for x in x.clone() {
                let [r, g, b] = self.at(x, y);
                seen[usize::from(r) << 16 | usize::from(g) << 8 | usize::from(b)] = true;
            }
        }
        seen.iter().filter(|&&seen| seen).count()
    }
}
