//! The walk through one query: a time bar with a mark for every stage, and what this moment says.

use eframe::egui::{
    Align2, Button, FontId, Key, Modifiers, Rect, Response, RichText, Sense, Ui, pos2, vec2,
};

use super::board::board_ui;
use crate::action::Action;
use crate::colour;
use crate::derivation::learned::Learned;
use crate::number::{drawn, index, points, real};
use crate::run::Run;
use crate::session::layout::Pane;
use crate::session::{Learn, LearnAction, Session, Speed};
use crate::steps::{Stage, Walk, sentence};

/// The panel.
pub fn steps_ui(ui: &mut Ui, session: &Session, run: &Run) -> Option<Action> {
    let walk = run.walk(session);
    let at = session.learn.walk;
    let position = at.unwrap_or(walk.end()).min(walk.end());
    let moment = walk.moment(position);
    let query = run.input.query_name(walk.query);
    let mut action = None;
    ui.spacing_mut().item_spacing.y = 3.0;
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("Step through \"{query}\"")).size(16.0));
        let place = format!("moment {} of {}", position + 1, walk.moments());
        ui.label(RichText::new(place).color(colour::WEAK));
        if at.is_some() {
            let tint = colour::name(crate::session::TableKind::Raw);
            ui.label(RichText::new(moment.stage.name()).color(tint));
        } else {
            let text = "Everything is known: play, or press the right arrow, to begin with the first product";
            ui.label(RichText::new(text).color(colour::WEAK));
        }
    });
    if let (Some(learned), Some(_)) = (&run.learned, at) {
        let key = run.input.key_name(moment.key);
        ui.label(sentence(moment, &learned.trace, &query, &key));
    }
    ui.horizontal_wrapped(|ui| action = buttons_ui(ui, session, walk, position));
    let bar = bar_ui(ui, walk, position);
    let of_walk = |learned: &&std::sync::Arc<Learned>| learned.focus().query == walk.query;
    if let Some(learned) = run.learned.as_ref().filter(of_walk) {
        board_ui(ui, run, &learned.trace, walk, position);
    }
    action.or(bar).map(Action::Learn)
}

/// What keys and time do to a walk, wherever its pane stands.
pub fn walk_action(ui: &Ui, session: &Session, run: &Run) -> Option<Action> {
    if !session.layout.is_open(Pane::Steps) {
        return None;
    }
    let walk = run.walk(session);
    let typed = keys(ui, walk, session.learn);
    typed
        .or_else(|| plays(ui, session, walk))
        .map(Action::Learn)
}

fn buttons_ui(ui: &mut Ui, session: &Session, walk: Walk, position: usize) -> Option<LearnAction> {
    let learn = session.learn;
    let to = |at: usize| LearnAction::Walk(Some(at.min(walk.end())));
    let before = match learn.walk {
        None => walk.stage_before(walk.moments()),
        Some(_) => walk.stage_before(position),
    };
    let (play, about) = if learn.playing {
        ("Pause", "Stop here  (Space)")
    } else {
        ("Play", "Go on by itself  (Space)")
    };
    let mut action = None;
    for (name, about, then) in [
        ("First", "Nothing is known yet  (Home)", to(0)),
        (
            "Stage before",
            "The start of the stage before  (Shift+left)",
            to(before),
        ),
        (
            "Back",
            "One number back  (left)",
            to(position.saturating_sub(1)),
        ),
        (play, about, LearnAction::Play(!learn.playing)),
        ("Step", "One number on  (right)", to(next(walk, learn.walk))),
        (
            "Next stage",
            "The start of the next stage  (Shift+right)",
            to(walk.next_stage(position)),
        ),
        (
            "All",
            "Everything is known: the walk ends  (End)",
            LearnAction::Walk(None),
        ),
    ] {
        if ui.add(Button::new(name)).on_hover_text(about).clicked() {
            action = Some(then);
        }
    }
    ui.add_space(8.0);
    for speed in Speed::ALL {
        let on = learn.speed == speed;
        let hint = format!("{} numbers a second", speed.moments_a_second());
        if ui
            .selectable_label(on, speed.name())
            .on_hover_text(hint)
            .clicked()
        {
            action = Some(LearnAction::Speed(speed));
        }
    }
    action
}

/// The moment after; a walk that has not begun begins.
fn next(walk: Walk, at: Option<usize>) -> usize {
    at.map_or(0, |at| (at + 1).min(walk.end()))
}

/// Each stage takes the same length of the bar, however many moments it has.
fn bar_ui(ui: &mut Ui, walk: Walk, position: usize) -> Option<LearnAction> {
    let size = vec2(ui.available_width(), 36.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let line = Rect::from_min_max(
        pos2(rect.min.x + 6.0, rect.min.y + 10.0),
        pos2(rect.max.x - 6.0, rect.min.y + 14.0),
    );
    let part = line.width() / points(Stage::ALL.len());
    let painter = ui.painter_at(rect);
    painter.rect_filled(line, 2.0, colour::FIELD_HOVERED);
    let knob = line.min.x + part * share(walk, position);
    let done = Rect::from_min_max(line.min, pos2(knob, line.max.y));
    let tint = colour::name(crate::session::TableKind::Raw);
    painter.rect_filled(done, 2.0, tint);
    for (at, stage) in Stage::ALL.into_iter().enumerate() {
        let x = line.min.x + part * points(at);
        painter.vline(x, line.min.y - 4.0..=line.max.y + 4.0, (1.0, colour::WEAK));
        let on = walk.moment(position).stage == stage;
        let colour = if on { colour::TEXT } else { colour::WEAK };
        let font = FontId::proportional(11.0);
        painter.text(
            pos2(x + 2.0, line.max.y + 6.0),
            Align2::LEFT_TOP,
            name(stage, part),
            font,
            colour,
        );
    }
    painter.circle_filled(pos2(knob, line.center().y), 6.0, colour::TEXT);
    pointed(&response, line, part, walk)
}

/// What stands at the mark of a stage, shorter where there is little room.
fn name(stage: Stage, room: f32) -> &'static str {
    match stage {
        Stage::Dot if room < 70.0 => "q · k",
        stage => stage.name(),
    }
}

/// How many stages lie before a moment, and what share of its own.
fn share(walk: Walk, position: usize) -> f32 {
    let stage = walk.moment(position).stage;
    let before = Stage::ALL.into_iter().filter(|&one| one < stage).count();
    let start = walk.start_of(stage);
    let moments = (walk.next_stage(position) - start).max(1);
    let inside = if stage == Stage::Output {
        1.0
    } else {
        drawn(real(position - start) / real(moments))
    };
    points(before) + inside
}

/// Where on the bar somebody points, as a moment.
fn pointed(response: &Response, line: Rect, part: f32, walk: Walk) -> Option<LearnAction> {
    let at = response.interact_pointer_pos()?;
    let place = ((at.x - line.min.x) / part).max(0.0);
    let stage = Stage::ALL
        .get(index(place))
        .copied()
        .unwrap_or(Stage::Output);
    let start = walk.start_of(stage);
    let moments = walk.next_stage(start) - start;
    let inside = index(place.fract() * points(moments));
    Some(LearnAction::Walk(Some((start + inside).min(walk.end()))))
}

/// Arrows, Home, End and Space, while no other widget wants them.
fn keys(ui: &Ui, walk: Walk, learn: Learn) -> Option<LearnAction> {
    let Learn {
        walk: at, playing, ..
    } = learn;
    if ui.ctx().egui_wants_keyboard_input() {
        return None;
    }
    let typed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    let to = |at: usize| Some(LearnAction::Walk(Some(at)));
    let position = at.unwrap_or(walk.end());
    if typed(Modifiers::SHIFT, Key::ArrowRight) {
        to(at.map_or(0, |at| walk.next_stage(at)))
    } else if typed(Modifiers::SHIFT, Key::ArrowLeft) {
        to(walk.stage_before(position))
    } else if typed(Modifiers::NONE, Key::ArrowRight) {
        to(next(walk, at))
    } else if typed(Modifiers::NONE, Key::ArrowLeft) {
        to(position.saturating_sub(1))
    } else if typed(Modifiers::NONE, Key::Home) {
        to(0)
    } else if typed(Modifiers::NONE, Key::End) {
        Some(LearnAction::Walk(None))
    } else if typed(Modifiers::NONE, Key::Space) {
        Some(LearnAction::Play(!playing))
    } else {
        None
    }
}

/// Goes on by itself: as many moments as the time that has passed is worth.
fn plays(ui: &Ui, session: &Session, walk: Walk) -> Option<LearnAction> {
    let learn = session.learn;
    let at = learn.walk.filter(|_| learn.playing)?;
    if at >= walk.end() {
        return Some(LearnAction::Play(false));
    }
    ui.ctx().request_repaint();
    let id = ui.scope_id().with("played");
    let passed = f64::from(ui.input(|input| input.stable_dt));
    let saved: f64 = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let moments = saved + passed * learn.speed.moments_a_second();
    ui.data_mut(|data| data.insert_temp(id, moments.fract()));
    let whole = index(drawn(moments));
    (whole > 0).then(|| LearnAction::Walk(Some((at + whole).min(walk.end()))))
}
