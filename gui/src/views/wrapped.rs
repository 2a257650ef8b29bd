//! A table whose columns go on below where the pane is too narrow for all of them.

use eframe::egui::{Grid, Ui, vec2};

/// One column: its name, what it means, how wide it gets, and what stands in a row.
pub(super) struct Measure<R> {
    /// Above it.
    pub(super) name: &'static str,
    /// In its tooltip.
    pub(super) about: &'static str,
    /// In points, at most.
    pub(super) width: f32,
    /// One widget.
    pub(super) cell: fn(&mut Ui, &R),
}

/// Between two columns.
const GAP: f32 = 10.0;

/// Draws every row with a first column of its own, as many measures beside each other as fit; the others follow below,
/// with the first column again: `first` is told the part it is in, from zero.
pub(super) fn wrapped_ui<R>(
    ui: &mut Ui,
    heading: &str,
    first_width: f32,
    measures: &[Measure<R>],
    rows: &[R],
    mut first: impl FnMut(&mut Ui, &R, usize),
) {
    let room = ui.available_width() - first_width;
    for (at, measures) in parts(measures, room).into_iter().enumerate() {
        if at > 0 {
            ui.add_space(6.0);
        }
        Grid::new((heading, at))
            .striped(true)
            .spacing(vec2(GAP, 4.0))
            .min_col_width(30.0)
            .show(ui, |ui| {
                ui.weak(heading);
                for measure in measures {
                    ui.weak(measure.name).on_hover_text(measure.about);
                }
                ui.end_row();
                for row in rows {
                    first(ui, row, at);
                    for measure in measures {
                        (measure.cell)(ui, row);
                    }
                    ui.end_row();
                }
            });
    }
}

/// Measures in their order, as many in a part as fit into `room`; at least one.
fn parts<R>(measures: &[Measure<R>], room: f32) -> Vec<&[Measure<R>]> {
    let mut parts = Vec::new();
    let mut rest = measures;
    while !rest.is_empty() {
        let widths = rest.iter().scan(0.0, |sum, measure| {
            *sum += measure.width + GAP;
            Some(*sum)
        });
        let fit = widths.take_while(|&width| width <= room).count().max(1);
        let (part, others) = rest.split_at(fit);
        parts.push(part);
        rest = others;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_do_not_fit_go_on_below() {
        let measure = |width| Measure::<()> {
            name: "",
            about: "",
            width,
            cell: |_, ()| {},
        };
        let measures = [100.0, 100.0, 50.0, 900.0].map(measure);
        let lens = |room| {
            let parts = parts(&measures, room);
            parts.iter().map(|part| part.len()).collect::<Vec<_>>()
        };
        assert_eq!(lens(5000.0), [4]);
        assert_eq!(lens(300.0), [3, 1]);
        assert_eq!(lens(230.0), [2, 1, 1]);
        assert_eq!(lens(0.0), [1, 1, 1, 1]);
    }
}
