//! Where the eight tables stand, and what the pointer finds in them.

use eframe::egui::{Color32, Rect, ScrollArea, Sense, Ui, UiBuilder, Vec2, pos2, vec2};

use super::cells::{LEGIBLE, outline};
use super::crossed::{Crossed, Sizes};
use super::labels::longest;
use super::matrix::{Facing, HEADER, Labels, Matrix, TOKENS_BELOW, matrix_at, matrix_ui, on_pixel};
use super::scene::{Scene, edits};
use crate::action::Action;
use crate::colour::{self, ColourScale};
use crate::number::{plain, points};
use crate::pictures::Pictures;
use crate::run::{Column, Run};
use crate::session::{Arrangement, Mask, Question, Selection, Session, Shown, TableKind, Unit};
use crate::source::Input;

/// Between two tables.
const GAP: f32 = 22.0;

/// A table and the place for it.
struct Place {
    kind: TableKind,
    column: Column,
    rect: Rect,
    rows: Labels,
}

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
                    let kinds = results_first(session);
                    let size = vec2(area.width() - 12.0, height * points(kinds.len()));
                    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                    places_ui(ui, &beside(rect, height, &kinds, &run.input), &mut scene);
                });
        }
        (Some(kind), Shown::Beside, _) => {
            places_ui(ui, &across(area, kind, &run.input), &mut scene);
        }
        (Some(kind), ..) => {
            let rows = Labels::Margin(margin(kind, &run.input));
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
            let places = all(area, column, session, run);
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

/// Q, K and V above; scores, weights and output below, whose rows are the same queries.
fn all(area: Rect, column: Column, session: &Session, run: &Run) -> Vec<Place> {
    let input = &*run.input;
    let above = [TableKind::Q, TableKind::K, TableKind::V];
    let mut below: Vec<TableKind> = TableKind::shown(session.changes)
        .filter(|kind| !above.contains(kind))
        .collect();
    // The tokens under the scores take their height from the lower half.
    let (upper, lower) = halves(area, input);
    let mut places = Vec::new();
    let width = (upper.width() - 2.0 * GAP) / 3.0;
    let mut left = upper.min.x;
    for kind in above {
        let rect = Rect::from_x_y_ranges(left..=left + width, upper.y_range());
        let rows = Labels::Margin(margin(kind, input));
        places.push(Place {
            kind,
            column,
            rect,
            rows,
        });
        left += width + GAP;
    }
    let tokens = margin(TableKind::Raw, input);
    let space = |tables: usize| lower.width() - points(tables) * GAP - tokens;
    let wide = |tables: usize| (space(tables) * score_share(input, tables)).floor();
    let mut scores = wide(below.len() - 1);
    let more = wide(below.len() - 2);
    let is_legible = |width: f32| width >= points(input.keys) * LEGIBLE.x;
    if says_nothing_new(session, run) && !is_legible(scores) && is_legible(more) {
        // What would be told twice makes room for digits.
        below.retain(|&kind| kind != TableKind::Masked);
        scores = more;
    }
    let mut left = lower.min.x;
    for kind in below {
        let first = kind == TableKind::Raw;
        let width = match kind {
            TableKind::Raw => scores + tokens,
            TableKind::Output => lower.max.x - left,
            _ => scores,
        };
        let rect = Rect::from_x_y_ranges(left..=left + width, lower.y_range());
        let rows = if first {
            Labels::Margin(tokens)
        } else {
            Labels::Absent
        };
        places.push(Place {
            kind,
            column,
            rect,
            rows,
        });
        left += width + GAP;
    }
    places
}

/// Whether the masked scores are those before the mask, and nobody looks at them.
fn says_nothing_new(session: &Session, run: &Run) -> bool {
    let same = [&run.left, &run.right]
        .into_iter()
        .all(|side| side.is_same(TableKind::Masked, TableKind::Capped));
    session.mask == Mask::None
        && same
        && session.learn.question != Question::LeftBottom
        && session.learn.walk.is_none()
        && session.selection.table != TableKind::Masked
}

/// The part of the lower row that each of so many tables of scores and weights gets: their digits need more room
/// than the output.
fn score_share(input: &Input, tables: usize) -> f32 {
    let scores = points(input.keys.clamp(8, 24)) * 3.0;
    let output = points(input.value_width.clamp(8, 64));
    let tables = points(tables);
    (scores / (tables * scores + output)).clamp(0.66 / tables, 0.84 / tables)
}

/// Upper tables have as many rows as there are keys, lower ones as there are queries.
fn halves(area: Rect, input: &Input) -> (Rect, Rect) {
    let rows = area.height() - GAP - 2.0 * HEADER - TOKENS_BELOW;
    let (above, below) = (
        points(input.keys.max(input.queries).clamp(4, 64)),
        points(input.queries.clamp(4, 64)),
    );
    let share = (above / (above + below)).clamp(0.35, 0.65);
    // Where there is little room, more of it goes to the scores, which carry digits.
    let legible = points(input.queries) * LEGIBLE.y * 1.2;
    let share = share.min(((rows - legible) / rows).max(0.35));
    let middle = area.min.y + HEADER + rows * share;
    (
        Rect::from_min_max(area.min, pos2(area.max.x, middle)),
        Rect::from_min_max(pos2(area.min.x, middle + GAP), area.max),
    )
}

/// Where formats are compared, one looks at what comes out first.
fn results_first(session: &Session) -> Vec<TableKind> {
    const RESULTS: [TableKind; 4] = [
        TableKind::Raw,
        TableKind::Weights,
        TableKind::Output,
        TableKind::Masked,
    ];
    let there = TableKind::shown(session.changes);
    let others = there.clone().filter(|kind| !RESULTS.contains(kind));
    let (capped, operands): (Vec<_>, Vec<_>) = others.partition(|kind| *kind == TableKind::Capped);
    [&RESULTS[..], &capped, &operands].concat()
}

/// One row for each table: left, right, difference.
fn beside(area: Rect, height: f32, kinds: &[TableKind], input: &Input) -> Vec<Place> {
    let mut places = Vec::new();
    let mut top = area.min.y;
    for &kind in kinds {
        let row = Rect::from_min_max(pos2(area.min.x, top), pos2(area.max.x, top + height - GAP));
        places.extend(across(row, kind, input));
        top += height;
    }
    places
}

fn across(row: Rect, kind: TableKind, input: &Input) -> Vec<Place> {
    let tokens = margin(kind, input);
    let width = (row.width() - tokens - 2.0 * GAP) / 3.0;
    let columns = [Column::Left, Column::Right, Column::Difference];
    let mut left = row.min.x;
    columns
        .map(|column| {
            let first = column == Column::Left;
            let width = if first { width + tokens } else { width };
            let rect = Rect::from_x_y_ranges(left..=left + width, row.y_range());
            left += width + GAP;
            let rows = if first {
                Labels::Margin(tokens)
            } else {
                Labels::Absent
            };
            Place {
                kind,
                column,
                rect,
                rows,
            }
        })
        .into()
}

/// Room for the tokens on the left of a table.
fn margin(kind: TableKind, input: &Input) -> f32 {
    let tokens = if kind.has_key_rows() {
        &input.key_tokens
    } else {
        &input.query_tokens
    };
    points(longest(tokens).clamp(2, 10)) * 6.4 + 12.0
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
        names: [margin(TableKind::Q, input), margin(TableKind::V, input)],
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
