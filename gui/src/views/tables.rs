//! The eight tables, and what the pointer finds in them.

use eframe::egui::{Color32, Rect, ScrollArea, Sense, Ui, UiBuilder, Vec2, vec2};

use super::cells::outline;
use super::crossed::{Crossed, Sizes};
use super::matrix::{Facing, Labels, Matrix, TOKENS_BELOW, matrix_at, matrix_ui, on_pixel};
use super::places::{self, Place};
use super::scene::{Scene, edits};
use crate::action::Action;
use crate::colour::{self, ColourScale};
use crate::number::{plain, points};
use crate::pictures::Pictures;
use crate::run::{Column, Run};
use crate::session::{Arrangement, Mask, Selection, Session, Shown, TableKind, Unit};
use crate::source::Input;

/// All tables, or the enlarged one. `pointed` is what the pointer was on in the last frame.
pub fn tables_ui(
    ui: &mut Ui,
    session: &Session,
    run: &Run,
    pointed: Option<Selection>,
    pictures: &mut Pictures,
) -> Option<Action> {
    let area = ui.available_rect_before_wrap().shrink2(vec2(14.0, 10.0));
    let mut scene = Scene {
        session,
        run,
        pictures,
        found: None,
        action: None,
    };
    let column = column(session.shown);
    match (session.enlarged, session.shown, session.arrangement) {
        (None, Shown::Beside, _) => {
            let mut child = ui.new_child(UiBuilder::new().max_rect(area));
            let height = 300.0_f32;
            ScrollArea::vertical()
                .auto_shrink([false, false])
                .show(&mut child, |ui| {
                    let kinds = places::results_first(session);
                    let size = vec2(area.width() - 12.0, height * points(kinds.len()));
                    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                    places_ui(
                        ui,
                        &places::beside(rect, height, &kinds, &run.input),
                        &mut scene,
                    );
                });
        }
        (Some(kind), Shown::Beside, _) => {
            places_ui(ui, &places::across(area, kind, &run.input), &mut scene);
        }
        (Some(kind), ..) => {
            let rows = Labels::Margin(places::margin(kind, &run.input));
            let rect = area;
            let place = Place {
                kind,
                column,
                rect,
                rows,
            };
            places_ui(ui, &[place], &mut scene);
        }
        (None, _, Arrangement::Crossed) => crossed_ui(ui, area, &mut scene),
        (None, _, Arrangement::Beside) => {
            let places = places::all(area, column, session, run);
            places_ui(ui, &places, &mut scene);
        }
    }
    scene.action(pointed)
}

fn column(shown: Shown) -> Column {
    match shown {
        Shown::Left | Shown::Beside => Column::Left,
        Shown::Right => Column::Right,
        Shown::Difference => Column::Difference,
    }
}

fn places_ui(ui: &mut Ui, places: &[Place], scene: &mut Scene<'_, '_>) {
    for place in places {
        if !ui.is_rect_visible(place.rect) {
            continue;
        }
        let (session, run) = (scene.session, scene.run);
        let matrix = matrix(place, session, run, run.detail.focus);
        let drawn = matrix_ui(ui, place.rect, &matrix, scene.pictures);
        scene.drawn(ui, place.kind, place.column, drawn);
    }
}

/// The tables crossed, scrolled as one if they must be, with the bands that meet in the focus.
fn crossed_ui(ui: &mut Ui, area: Rect, scene: &mut Scene<'_, '_>) {
    let (session, run) = (scene.session, scene.run);
    let input = &run.input;
    let is_changed = !session.changes.is_none() || session.mask != Mask::None;
    let scores = if is_changed {
        TableKind::Masked
    } else {
        TableKind::Raw
    };
    let sizes = Sizes {
        queries: input.queries,
        keys: input.keys,
        width: input.width,
        value_width: input.value_width,
        names: [
            places::margin(TableKind::Q, input),
            places::margin(TableKind::V, input),
        ],
        scores,
    };
    let crossed = Crossed::new(area.size() - vec2(4.0, 4.0), &sizes, ui.pixels_per_point());
    let mut child = ui.new_child(UiBuilder::new().max_rect(area));
    ScrollArea::both()
        .id_salt("crossed")
        .auto_shrink([false, false])
        .show(&mut child, |ui| {
            let (rect, _) = ui.allocate_exact_size(crossed.size, Sense::hover());
            let from = on_pixel(ui, rect.min).to_vec2();
            for part in &crossed.parts {
                let place = Place {
                    kind: part.kind,
                    column: column(session.shown),
                    rect: part.cells,
                    rows: match part.kind {
                        TableKind::Q => Labels::Margin(sizes.names[0]),
                        TableKind::V => Labels::Margin(sizes.names[1]),
                        _ => Labels::Absent,
                    },
                };
                let matrix = Matrix {
                    facing: part.facing,
                    ..matrix(&place, session, run, run.detail.focus)
                };
                let (cells, header) = (part.cells.min + from, part.header.translate(from));
                let drawn = matrix_at(ui, cells, part.cell, header, &matrix, scene.pictures);
                scene.drawn(ui, part.kind, place.column, drawn);
            }
            follow(ui, &crossed, from, session, scores);
            bands_ui(ui, &crossed, from, run.detail.focus, scores);
        });
}

/// Scrolls to where the selected query and key meet, when another cell or another input is chosen.
fn follow(ui: &Ui, crossed: &Crossed, from: Vec2, session: &Session, scores: TableKind) {
    let id = ui.scope_id().with("follow");
    let now = (session.selection, crossed.size.round());
    if ui.data(|data| data.get_temp(id)) == Some(now) {
        return;
    }
    ui.data_mut(|data| data.insert_temp(id, now));
    if let Some([row, column]) = crossed.bands(scores, session.selection.cell_in(scores)) {
        let cell = row.intersect(column).translate(from);
        ui.scroll_to_rect(cell.expand(120.0), None);
    }
}

/// The two bands that meet in the score or the output that is pointed at, over the seams.
fn bands_ui(ui: &Ui, crossed: &Crossed, from: Vec2, focus: Selection, scores: TableKind) {
    let product = match focus.table {
        TableKind::Output => TableKind::Output,
        table if table.is_query_by_key() => scores,
        _ => return,
    };
    let Some(bands) = crossed.bands(product, focus.cell_in(product)) else {
        return;
    };
    for band in bands {
        let band = band.translate(from);
        outline(ui.painter(), band, 1.5);
    }
}

fn matrix<'a>(place: &Place, session: &'a Session, run: &'a Run, focus: Selection) -> Matrix<'a> {
    let Place { kind, column, .. } = *place;
    let end = run.scale_end(kind, column);
    let weights = kind == TableKind::Weights && column != Column::Difference;
    let input: &'a Input = &run.input;
    let walk = session.learn.walk.map(|moment| (run.walk(session), moment));
    let mixing = run.mixing.as_deref();
    let mixed = if session.shown == Shown::Right {
        Column::Right
    } else {
        Column::Left
    };
    // While values are mixed, the row of the walk shows what they come to so far.
    let mixing = mixing.filter(|_| kind == TableKind::Output && column == mixed);
    let walk = match mixing {
        Some(_) => walk.map(|(walk, _)| (walk, walk.end())),
        None => walk,
    };
    Matrix {
        kind,
        title: title(kind, column, session),
        tag: tag(column, session),
        meaning: meaning(kind, column, session, run),
        table: mixing.unwrap_or_else(|| run.table(kind, column)),
        scale: if weights {
            ColourScale::Weights { end }
        } else {
            ColourScale::Diverging { end }
        },
        focus,
        selection: session.selection,
        walk,
        input,
        rows: place.rows,
        columns: if kind.is_query_by_key() {
            Labels::Margin(TOKENS_BELOW)
        } else if kind == TableKind::Output {
            Labels::Empty(TOKENS_BELOW)
        } else {
            Labels::Absent
        },
        facing: Facing::Upright,
        edits: edits(session, kind, column),
    }
}

/// As screen readers say it.
fn title(kind: TableKind, column: Column, session: &Session) -> String {
    let name = kind.name();
    match column {
        Column::Left => format!("{name} in {}", session.left.name()),
        Column::Right => format!("{name} in {}", session.right.name()),
        Column::Difference => format!("{name}, difference"),
    }
}

fn tag(column: Column, session: &Session) -> (String, Color32) {
    match column {
        Column::Left => (session.left.name().to_owned(), colour::LEFT),
        Column::Right => (session.right.name().to_owned(), colour::RIGHT),
        Column::Difference => {
            let (left, right) = (session.left.name(), session.right.name());
            (format!("{right} − {left}"), colour::WRONG)
        }
    }
}

fn meaning(kind: TableKind, column: Column, session: &Session, run: &Run) -> String {
    if column != Column::Difference {
        return meaning_of(kind, session, run);
    }
    match session.unit {
        Unit::Real => "in real numbers".to_owned(),
        Unit::LastPlace => match run.place(kind) {
            Some(place) => format!("in units of {}", power_of_two(place)),
            None if kind == TableKind::Weights && run.has_integers() => {
                "in real numbers: weights of integers have no last place".to_owned()
            }
            None => "in units of the last place".to_owned(),
        },
    }
}

/// The meaning of a table with what the session does to scores.
fn meaning_of(kind: TableKind, session: &Session, run: &Run) -> String {
    let same = || run.left.is_same(TableKind::Masked, TableKind::Capped);
    let slope = session.changes.alibi(session.head, run.input.heads);
    match (kind, session.mask, session.changes.softcap, slope) {
        (TableKind::Capped, _, Some(cap), _) => format!("{cap} · tanh(score / {cap})"),
        (TableKind::Masked, Mask::None, ..) if same() => "the same: no mask hides any".to_owned(),
        (TableKind::Masked, _, _, Some(alibi)) => {
            format!("less {} for every step", plain(alibi.slope.into()))
        }
        _ => kind.meaning().to_owned(),
    }
}

/// `2^-4 = 0.0625`, where it is a power of two and short.
fn power_of_two(number: f64) -> String {
    let power = number.log2();
    if power.fract() != 0.0 {
        plain(number)
    } else if power.abs() <= 8.0 {
        format!("2^{power} = {number}")
    } else {
        format!("2^{power}")
    }
}
