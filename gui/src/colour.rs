//! Colours: signed numbers diverge from white, weights go from dark to bright, both safe for colour-blind eyes.

use std::sync::LazyLock;

use eframe::egui::{Color32, Rgba};

use crate::session::TableKind;

/// The window behind everything.
pub const BACKGROUND: Color32 = Color32::from_rgb(0x1b, 0x1d, 0x20);
/// A panel on it.
pub const PANEL: Color32 = Color32::from_rgb(0x24, 0x27, 0x2b);
/// A picker or a button.
pub const FIELD: Color32 = Color32::from_rgb(0x2f, 0x33, 0x38);
/// The same under the pointer.
pub const FIELD_HOVERED: Color32 = Color32::from_rgb(0x3b, 0x40, 0x47);
/// Words.
pub const TEXT: Color32 = Color32::from_rgb(0xdc, 0xde, 0xe2);
/// Words that step back.
pub const WEAK: Color32 = Color32::from_rgb(0x96, 0x9c, 0xa4);
/// The left format.
pub const LEFT: Color32 = Color32::from_rgb(0x7c, 0xd3, 0x8a);
/// The right format.
pub const RIGHT: Color32 = Color32::from_rgb(0xf2, 0xb7, 0x4b);
/// What went wrong.
pub const WRONG: Color32 = Color32::from_rgb(0xf0, 0x76, 0x6c);
/// A cell that the mask hides.
pub const HIDDEN: Color32 = Color32::from_rgb(0x2a, 0x2d, 0x32);
/// A number that is none.
const NOT_A_NUMBER: Color32 = Color32::from_rgb(0xd0, 0x3c, 0xd0);

/// The colour its name is written in: that of The Illustrated Transformer.
pub const fn name(kind: TableKind) -> Color32 {
    match kind {
        TableKind::Q => Color32::from_rgb(0xb4, 0x8e, 0xf0),
        TableKind::K => Color32::from_rgb(0xf0, 0x9c, 0x5c),
        TableKind::V => Color32::from_rgb(0x6c, 0xb0, 0xf4),
        TableKind::Raw | TableKind::Capped | TableKind::Masked | TableKind::Weights => {
            Color32::from_rgb(0xc2, 0xc0, 0x5c)
        }
        TableKind::Output => Color32::from_rgb(0xf0, 0x82, 0xac),
    }
}

/// From a number to a colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ColourScale {
    /// Blue at −end, white at zero, red at +end. For whatever has a sign: scores too.
    Diverging {
        /// Where it saturates.
        end: f64,
    },
    /// Dark at zero, yellow at `end`. For softmax weights only.
    Weights {
        /// Where it saturates.
        end: f64,
    },
}

impl ColourScale {
    /// The colour of `value`; `None` is hidden by the mask.
    pub fn colour(self, value: Option<f64>) -> Color32 {
        let mut pixel = [HIDDEN];
        if let Some(value) = value {
            self.fill(&[value], &mut pixel);
        }
        let [colour] = pixel;
        colour
    }

    /// The colours of visible values, in as many of the first pixels.
    pub fn fill(self, values: &[f64], pixels: &mut [Color32]) {
        // From a value to the step of its colour.
        let (steps, factor, zero) = match self {
            Self::Diverging { end } => (&DIVERGING, -0.5 * LAST_STEP / end, 0.5 * LAST_STEP),
            Self::Weights { end } => (&WEIGHTS, LAST_STEP / end, 0.0),
        };
        let mut places = [0; AT_ONCE];
        for (pixels, values) in pixels.chunks_mut(AT_ONCE).zip(values.chunks(AT_ONCE)) {
            for (place, &value) in places.iter_mut().zip(values) {
                *place = step(value * factor + zero);
            }
            let places = places.iter().take(values.len());
            for (pixel, &place) in pixels.iter_mut().zip(places) {
                *pixel = steps.get(place).copied().unwrap_or(NOT_A_NUMBER);
            }
        }
    }

    /// The numbers at its two ends.
    pub fn ends(self) -> [f64; 2] {
        match self {
            Self::Diverging { end } => [-end, end],
            Self::Weights { end } => [0.0, end],
        }
    }
}

/// Steps of a scale: more than the eye can tell apart, and ten times as fast as the formula.
const STEPS: u16 = 1024;
/// The last of them, as a position.
const LAST_STEP: f64 = STEPS as f64;
/// So many places are found at once, then so many colours: the former is work for vectors, the latter is not.
const AT_ONCE: usize = 64;

/// The step nearest to a position, none where that is not a number.
#[expect(clippy::cast_possible_truncation, reason = "it is one of the steps")]
fn step(position: f64) -> usize {
    // In this binade a unit is the last place: the sum is rounded to it, and its last bits are the integer.
    const ROUNDING: f64 = 1.0 / f64::EPSILON;
    let position = if position.is_nan() {
        LAST_STEP + 1.0
    } else {
        position.clamp(0.0, LAST_STEP)
    };
    ((position + ROUNDING).to_bits() ^ ROUNDING.to_bits()) as usize
}

static DIVERGING: LazyLock<Vec<Color32>> = LazyLock::new(|| steps(colorous::RED_BLUE));
static WEIGHTS: LazyLock<Vec<Color32>> = LazyLock::new(|| steps(colorous::CIVIDIS));

fn steps(gradient: colorous::Gradient) -> Vec<Color32> {
    let count = usize::from(STEPS) + 1;
    let steps = (0..count).map(|step| gradient.eval_rational(step, count));
    steps
        .map(|colour| Color32::from_rgb(colour.r, colour.g, colour.b))
        .collect()
}

/// Dark or light text, whichever stands out more on `background`.
pub fn on(background: Color32) -> Color32 {
    // From here on dark text has the greater contrast ratio (WCAG 2.1, 1.4.3).
    const MIDDLE: f32 = 0.18;
    if Rgba::from(background).intensity() > MIDDLE {
        Color32::from_rgb(0x10, 0x12, 0x16)
    } else {
        Color32::from_rgb(0xfa, 0xfa, 0xfc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_white_and_the_signs_are_red_and_blue() {
        let scale = ColourScale::Diverging { end: 2.0 };
        let [zero, plus, minus] = [0.0, 2.0, -2.0].map(|value| scale.colour(Some(value)));
        assert!(zero.r() > 230 && zero.g() > 230 && zero.b() > 230);
        assert!(plus.r() > 2 * plus.b());
        assert!(minus.b() > 2 * minus.r());
        assert_eq!(scale.colour(Some(9.0)), plus);
        assert_eq!(scale.colour(None), HIDDEN);
    }

    #[test]
    fn pixels_without_a_value_stay_as_they_are() {
        let scale = ColourScale::Diverging { end: 3.0 };
        let mut row = [0.0; AT_ONCE + 5];
        row[AT_ONCE..].copy_from_slice(&[3.0, -3.0, f64::NAN, f64::INFINITY, 0.0]);
        let mut pixels = [HIDDEN; AT_ONCE + 9];
        scale.fill(&row, &mut pixels);
        let [zero, plus, minus] = [0.0, 3.0, -3.0].map(|value| scale.colour(Some(value)));
        assert_eq!(pixels[..AT_ONCE], [zero; AT_ONCE]);
        assert_eq!(
            pixels[AT_ONCE..AT_ONCE + 5],
            [plus, minus, NOT_A_NUMBER, plus, zero]
        );
        assert_eq!(pixels[AT_ONCE + 5..], [HIDDEN; 4]);
    }

    #[test]
    fn text_can_be_read_on_every_colour() {
        for step in 0..=20 {
            let value = f64::from(step) / 20.0;
            for scale in [
                ColourScale::Weights { end: 1.0 },
                ColourScale::Diverging { end: 1.0 },
            ] {
                let back = scale.colour(Some(value));
                let [text, back] = [on(back), back].map(|c| Rgba::from(c).intensity() + 0.05);
                let contrast = text.max(back) / text.min(back);
                assert!(contrast > 4.0, "{contrast} at {value}");
            }
        }
    }
}
