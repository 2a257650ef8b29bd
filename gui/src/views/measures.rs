//! The measures of a stage, as columns.

use eframe::egui::{RichText, Sense, Ui, pos2, vec2};

use super::wrapped::Measure;
use crate::compare::tally::{Errors, IDEAL_ROUNDING, Measures};
use crate::number::drawn;
use crate::report::{StageReport, decibels, digits};

/// The errors in places where there are any, or else in real units.
fn errors(measures: &Measures) -> Errors {
    measures.places.unwrap_or(measures.real)
}

/// What the pane of statistics says of a stage.
pub(super) const MEASURES: [Measure<StageReport>; 11] = [
    Measure {
        name: "SQNR",
        about: "Signal to quantisation noise in dB: −10·log10 of NMSE",
        width: 62.0,
        cell: |ui, stage| {
            let decibels = decibels(stage.total.sqnr_db);
            ui.monospace(if stage.total.sqnr_db.is_finite() {
                format!("{decibels} dB")
            } else {
                decibels
            });
        },
    },
    Measure {
        name: "Unit",
        about: "Units of the last place; real units for weights and for the exact scores of integers",
        width: 36.0,
        cell: |ui, stage| {
            let in_places = stage.total.places.is_some();
            ui.weak(if in_places { "place" } else { "real" });
        },
    },
    Measure {
        name: "Max",
        about: "The greatest error, without its sign",
        width: 58.0,
        cell: |ui, stage| number_ui(ui, errors(&stage.total).max),
    },
    Measure {
        name: "Mean",
        about: "The mean error, with its sign: the bias",
        width: 64.0,
        cell: |ui, stage| number_ui(ui, errors(&stage.total).mean),
    },
    Measure {
        name: "RMS",
        about: "Root of the mean squared error",
        width: 58.0,
        cell: |ui, stage| number_ui(ui, errors(&stage.total).rms),
    },
    Measure {
        name: "Local",
        about: "RMS of what this stage did itself: against its exact result in f64 from the inputs it had",
        width: 112.0,
        cell: |ui, stage| {
            let rms = errors(&stage.local).rms;
            ui.horizontal(|ui| {
                number_ui(ui, rms);
                if stage.total.places.is_some() {
                    rounding_ui(ui, rms);
                }
            });
        },
    },
    Measure {
        name: "Inherited",
        about: "RMS of what was wrong before this stage",
        width: 60.0,
        cell: |ui, stage| number_ui(ui, errors(&stage.inherited).rms),
    },
    Measure {
        name: "Cosine",
        about: "Of the angle between the values and what they should be",
        width: 62.0,
        cell: |ui, stage| {
            ui.monospace(format!("{:.6}", stage.total.cosine));
        },
    },
    Measure {
        name: "Saturated",
        about: "Values cut at the end of the range",
        width: 58.0,
        cell: |ui, stage| {
            let text = RichText::new(stage.saturated.to_string()).monospace();
            ui.label(if stage.saturated > 0 {
                text.color(ui.visuals().error_fg_color)
            } else {
                text
            });
        },
    },
    Measure {
        name: "To zero",
        about: "Values that became zero",
        width: 50.0,
        cell: |ui, stage| {
            ui.monospace(stage.flushed.to_string());
        },
    },
    Measure {
        name: "NMSE",
        about: "Sum of squared errors over sum of squares",
        width: 60.0,
        cell: |ui, stage| number_ui(ui, stage.total.nmse),
    },
];

fn number_ui(ui: &mut Ui, number: f64) {
    ui.monospace(digits(number));
}

/// A bar from 0 to 0.6 places with a mark at 0.289, where perfect rounding is.
fn rounding_ui(ui: &mut Ui, rms: f64) {
    const END: f64 = 0.6;
    let (rect, response) = ui.allocate_exact_size(vec2(48.0, 10.0), Sense::hover());
    let at = |value: f64| rect.left() + drawn((value / END).min(1.0)) * rect.width();
    let bar = rect.with_max_x(at(rms)).shrink2(vec2(0.0, 2.0));
    let visuals = ui.visuals();
    ui.painter()
        .rect_filled(rect, 2.0, visuals.widgets.inactive.bg_fill);
    let fill = if rms > 1.02 * IDEAL_ROUNDING {
        visuals.warn_fg_color
    } else {
        visuals.hyperlink_color
    };
    ui.painter().rect_filled(bar, 2.0, fill);
    let mark = at(IDEAL_ROUNDING);
    let ends = [pos2(mark, rect.top()), pos2(mark, rect.bottom())];
    ui.painter()
        .line_segment(ends, (1.5, visuals.strong_text_color()));
    response.on_hover_text("The mark is 0.289, the RMS of perfect rounding");
}
