//! Which format is enough: what a sweep tries, what it found, and the answer.

use eframe::egui::{
    Color32, ProgressBar, Rangef, RichText, Role, ScrollArea, Slider, Ui, WidgetInfo,
};
use egui_plot::{AxisHints, Line, Plot, PlotPoint, PlotPoints, Points};

use super::wrapped::{Measure, wrapped_ui};
use crate::compare::numbers::Memory;
use crate::compare::sweep::{Point, Scope, Sweep, SweepSettings};
use crate::number::real;
use crate::report::{decibels, percent};
use crate::session::judge::{Judge, JudgeAction};

/// How far a sweep is.
pub enum SweepState<'a> {
    /// None was started.
    Idle,
    /// From 0 to 1.
    Running(f32),
    /// It is done.
    Done(&'a Sweep),
    /// A sentence.
    Refused(&'a str),
}

/// The pane.
pub fn sweep_ui(ui: &mut Ui, judge: &Judge, state: &SweepState<'_>) -> Option<JudgeAction> {
    let mut action = settings_ui(ui, judge.sweep, state);
    ui.separator();
    match state {
        SweepState::Idle => {
            ui.weak("A sweep tries both widths of integers with the scales that fit, and around the fraction bits that fit, on every head of its scope");
        }
        SweepState::Running(share) => {
            ui.add(ProgressBar::new(*share).show_percentage());
        }
        SweepState::Refused(sentence) => {
            ui.colored_label(ui.visuals().error_fg_color, *sentence);
        }
        SweepState::Done(sweep) => {
            action = action.or(answer_ui(ui, sweep, judge.sweep.same_top));
            action = action.or(plot_ui(ui, sweep));
            action = action.or(frontier_ui(ui, sweep));
        }
    }
    action
}

fn settings_ui(
    ui: &mut Ui,
    settings: SweepSettings,
    state: &SweepState<'_>,
) -> Option<JudgeAction> {
    let mut asked = settings;
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        for (scope, name, about) in [
            (Scope::Head, "This head", "Only the chosen head"),
            (Scope::Layer, "This layer", "All heads of the chosen layer"),
            (
                Scope::All,
                "All heads",
                "Every head of every layer of the input",
            ),
        ] {
            ui.selectable_value(&mut asked.scope, scope, name)
                .on_hover_text(about);
        }
        let (name, wish, about) = match state {
            SweepState::Running(_) => ("Cancel", JudgeAction::StopSweep, "Stop the sweep"),
            _ => (
                "Sweep",
                JudgeAction::StartSweep,
                "Try every format, on all cores",
            ),
        };
        if ui.button(name).on_hover_text(about).clicked() {
            action = Some(wish);
        }
    });
    let around = Slider::new(&mut asked.around, 0..=4).text("fraction bits around the fit");
    ui.add(around)
        .on_hover_text("So many more and fewer than fit, for Q and K, and for V");
    let mut share = 100.0 * asked.same_top;
    let slider = Slider::new(&mut share, 50.0..=100.0)
        .suffix(" %")
        .fixed_decimals(1);
    let slider = ui.add(slider.text("of rows keep their top key"));
    if slider.on_hover_text("What the answer must reach").changed() {
        asked.same_top = share / 100.0;
    }
    action.or((asked != settings).then_some(JudgeAction::Sweep(asked)))
}

/// The smallest format that is good enough, in a sentence.
fn answer_ui(ui: &mut Ui, sweep: &Sweep, same_top: f64) -> Option<JudgeAction> {
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        let asked = format!("{:.1} %", 100.0 * same_top);
        let Some(point) = sweep.smallest(same_top) else {
            ui.label(format!("No format that was tried keeps the top key on {asked} of the rows"));
            return;
        };
        let cut = match point.saturated {
            0 => String::new(),
            cut => format!(", {cut} of {} values cut", point.values),
        };
        ui.label(format!(
            "{} is the smallest that keeps the top key on {asked} of the rows: {} of {}, {} dB, {} a head{cut}",
            point.numbers.title(),
            point.rows.same_top,
            point.rows.rows,
            decibels(point.sqnr_db),
            Memory::text(point.bytes()),
        ));
        action = take_ui(ui, point, "Use it", "Use it");
    });
    action
}

/// `label` is what screen readers say.
fn take_ui(ui: &mut Ui, point: &Point, name: &str, label: &str) -> Option<JudgeAction> {
    let about = format!("Run {} beside the first run", point.numbers.title());
    let button = ui.button(name).on_hover_text(about);
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, label));
    button.clicked().then_some(JudgeAction::Take(point.numbers))
}

const CLEAN: Color32 = Color32::from_rgb(0x2b, 0x8c, 0xc8);
const CUT: Color32 = Color32::from_rgb(0xd5, 0x5e, 0x00);

/// With a number at every line of the grid, as few as there are.
fn kib_axis() -> AxisHints<'static> {
    AxisHints::new_x()
        .label("KiB of a head on the chip")
        .label_spacing(Rangef::new(16.0, 32.0))
}

/// SQNR against bytes, the frontier as a line; orange where values are cut. A click takes a format.
fn plot_ui(ui: &mut Ui, sweep: &Sweep) -> Option<JudgeAction> {
    let series = |cut: bool| -> PlotPoints<'static> {
        let points = drawn_points(sweep).filter(|point| (point.saturated > 0) == cut);
        points.map(place).collect()
    };
    let shown = Plot::new("sweep")
        .height((ui.available_height() * 0.55).clamp(140.0, 320.0))
        .custom_x_axes(vec![kib_axis()])
        .y_axis_label("SQNR of the output, dB")
        .include_x(0.0)
        .include_y(0.0)
        .allow_scroll(false)
        .show(ui, |plot| {
            for step in staircase(sweep).windows(2) {
                let line = Line::new("frontier", PlotPoints::from(step.to_vec()));
                plot.line(line.color(CLEAN).width(1.5).allow_hover(false));
            }
            let points = |name, cut, colour| {
                Points::new(name, series(cut))
                    .color(colour)
                    .radius(3.5)
                    .allow_hover(false)
            };
            plot.points(points("nothing cut", false, CLEAN));
            plot.points(points("values cut", true, CUT));
        });
    let label = format!(
        "SQNR against bytes, {} formats on {} heads",
        sweep.points.len(),
        sweep.heads
    );
    shown
        .response
        .widget_info(|| super::statistics::image(label.clone()));
    let pointer = shown.response.hover_pos()?;
    let distance = |point: &Point| {
        let [x, y] = place(point);
        shown
            .transform
            .position_from_point(&PlotPoint::new(x, y))
            .distance(pointer)
    };
    let nearest = drawn_points(sweep).min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    if distance(nearest) > REACH {
        return None;
    }
    let clicked = shown.response.clicked();
    shown.response.on_hover_text(format!(
        "{}, {} dB, top key kept on {} of {} rows, {} values cut; click to use it",
        nearest.numbers.title(),
        decibels(nearest.sqnr_db),
        nearest.rows.same_top,
        nearest.rows.rows,
        nearest.saturated,
    ));
    clicked.then_some(JudgeAction::Take(nearest.numbers))
}

/// How near the pointer must be to a point, in points of the screen.
const REACH: f32 = 14.0;

fn drawn_points(sweep: &Sweep) -> impl Iterator<Item = &Point> {
    sweep
        .points
        .iter()
        .filter(|point| point.sqnr_db.is_finite())
}

fn place(point: &Point) -> [f64; 2] {
    [real(point.bytes()) / 1024.0, point.sqnr_db]
}

/// What so many bytes reach at best: it rises where a larger format begins.
fn staircase(sweep: &Sweep) -> Vec<[f64; 2]> {
    let mut steps: Vec<[f64; 2]> = Vec::new();
    for [x, y] in sweep
        .frontier()
        .into_iter()
        .map(place)
        .filter(|[_, y]| y.is_finite())
    {
        if let Some(&[_, before]) = steps.last() {
            steps.push([x, before]);
        }
        steps.push([x, y]);
    }
    steps
}

/// Monospaced.
fn text_ui(ui: &mut Ui, text: String) {
    ui.label(RichText::new(text).monospace());
}

fn bytes_ui(ui: &mut Ui, bytes: usize) {
    text_ui(ui, Memory::text(bytes));
}

const MEASURES: [Measure<Point>; 8] = [
    Measure {
        name: "SQNR",
        about: "Of the output, all heads together",
        width: 68.0,
        cell: |ui, point| text_ui(ui, format!("{} dB", decibels(point.sqnr_db))),
    },
    Measure {
        name: "Worst head",
        about: "SQNR of the output of the worst head",
        width: 72.0,
        cell: |ui, point| text_ui(ui, format!("{} dB", decibels(point.worst_db))),
    },
    Measure {
        name: "Same top key",
        about: "Rows of weights whose greatest is on the same key",
        width: 84.0,
        cell: |ui, point| text_ui(ui, percent(point.rows.same_top, point.rows.rows)),
    },
    Measure {
        name: "Saturated",
        about: "Values of Q, K and V cut at the end of the range",
        width: 110.0,
        cell: |ui, point| text_ui(ui, format!("{} of {}", point.saturated, point.values)),
    },
    Measure {
        name: "Q + K + V",
        about: "Bytes of a head on a chip",
        width: 70.0,
        cell: |ui, point| {
            let Memory { q, k, v, .. } = point.memory;
            bytes_ui(ui, q + k + v);
        },
    },
    Measure {
        name: "Output",
        about: "Bytes of a head on a chip",
        width: 66.0,
        cell: |ui, point| bytes_ui(ui, point.memory.output),
    },
    Measure {
        name: "Scratch",
        about: "Bytes of the row of scores that the kernel works in",
        width: 66.0,
        cell: |ui, point| bytes_ui(ui, point.memory.scratch),
    },
    Measure {
        name: "All",
        about: "Bytes of a head on a chip",
        width: 66.0,
        cell: |ui, point| bytes_ui(ui, point.bytes()),
    },
];

/// The best of each size, and what each takes on a chip.
fn frontier_ui(ui: &mut Ui, sweep: &Sweep) -> Option<JudgeAction> {
    const NAMES: f32 = 244.0;
    let mut action = None;
    let best: Vec<Point> = sweep.frontier().into_iter().copied().collect();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        wrapped_ui(
            ui,
            "Best of its size",
            NAMES,
            &MEASURES,
            &best,
            |ui, point, part| {
                ui.horizontal(|ui| {
                    let title = point.numbers.title();
                    let label = format!("Use {title}");
                    if part == 0 {
                        action = action.take().or(take_ui(ui, point, "Use", &label));
                    }
                    text_ui(ui, title);
                });
            },
        );
    });
    action
}
