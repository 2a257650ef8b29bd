//! Conversions the screen needs, each with its range said once, and numbers as text.

/// A count as a number to calculate statistics with.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub fn real(count: usize) -> f64 {
    count as f64
}

/// A count as a length on screen.
#[expect(
    clippy::cast_precision_loss,
    reason = "pixels of a scrolled table stay below 2^24"
)]
pub fn points(count: usize) -> f32 {
    count as f32
}

/// Which cell a position falls into; what lies before the first falls into the first.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates at both ends, which is what is wanted"
)]
pub fn index(position: f32) -> usize {
    position as usize
}

/// For what is drawn, never computed with; beyond the range of f32 it saturates.
#[expect(clippy::cast_possible_truncation, reason = "drawn only")]
pub fn drawn(value: f64) -> f32 {
    value as f32
}

/// For a cell: two or three digits, no leading zero, a short minus.
pub fn cell(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let size = value.abs();
    let text = if size == 0.0 {
        return "0".to_owned();
    } else if size.is_infinite() {
        "∞".to_owned()
    } else if size >= 999.5 {
        format!("{size:.0e}")
    } else if size >= 9.95 {
        format!("{size:.0}")
    } else if size >= 0.995 {
        format!("{size:.1}")
    } else {
        format!("{size:.2}").trim_start_matches('0').to_owned()
    };
    if value < 0.0 {
        format!("-{text}")
    } else {
        text
    }
}

/// For a line of text: four decimals, or an exponent where four decimals say nothing.
pub fn plain(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let size = value.abs();
    let text = if size == 0.0 {
        "0".to_owned()
    } else if size.is_infinite() {
        "∞".to_owned()
    } else if !(1e-3..1e6).contains(&size) {
        format!("{size:.2e}")
    } else if size >= 1000.0 {
        format!("{size:.1}")
    } else {
        format!("{size:.4}")
    };
    signed(value, text)
}

/// A weight: six decimals, or an exponent where they say nothing.
pub fn weight(value: f64) -> String {
    if value.abs() < 1e-4 {
        plain(value)
    } else {
        signed(value, format!("{:.6}", value.abs()))
    }
}

/// For a colour bar: as few digits as tell the end of the scale.
pub fn short(value: f64) -> String {
    let size = value.abs();
    let text = if size == 0.0 {
        "0".to_owned()
    } else if !(1e-2..1e5).contains(&size) {
        format!("{size:.0e}")
    } else if size >= 10.0 {
        format!("{size:.0}")
    } else if size >= 1.0 {
        format!("{size:.1}")
    } else {
        format!("{size:.2}")
    };
    signed(value, text)
}

/// So many significant digits, without zeros that say nothing.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return plain(value);
    }
    let rounded = format!("{value:.*e}", digits.saturating_sub(1));
    let rounded: f64 = rounded.parse().unwrap_or(value);
    if (1e-4..1e6).contains(&rounded.abs()) {
        format!("{rounded}")
    } else {
        format!("{rounded:e}")
    }
}

/// A difference: with its sign, plus included.
pub fn difference(value: f64, number: fn(f64) -> String) -> String {
    let plus = if value > 0.0 { "+" } else { "" };
    format!("{plus}{}", number(value))
}

/// With a true minus, as wide as a plus.
fn signed(value: f64, text: String) -> String {
    if value.is_sign_negative() && value != 0.0 {
        format!("−{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_their_place_allows() {
        for (value, in_cell, in_line, on_bar) in [
            (0.639_665, ".64", "0.6397", "0.64"),
            (-1.26, "-1.3", "−1.2600", "−1.3"),
            (0.0, "0", "0", "0"),
            (-0.001_2, "-.00", "−0.0012", "−1e-3"),
            (112.0, "112", "112.0000", "112"),
            (0.997, "1.0", "0.9970", "1.00"),
            (f64::NEG_INFINITY, "-∞", "−∞", "−inf"),
        ] {
            assert_eq!(cell(value), in_cell);
            assert_eq!(plain(value), in_line);
            if value.is_finite() {
                assert_eq!(short(value), on_bar);
            }
        }
        assert_eq!(difference(0.002_918, plain), "+0.0029");
        for (value, expected) in [
            (0.027_345_6, "0.0273"),
            (1.0, "1"),
            (0.5, "0.5"),
            (123_456.0, "123000"),
            (1.234_5e-7, "1.23e-7"),
            (9.999e-4, "0.001"),
        ] {
            assert_eq!(significant(value, 3), expected);
        }
    }
}
