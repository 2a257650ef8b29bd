//! All heads at once: small maps in an order, and the looks of the chosen head as lines between tokens.

use eframe::egui::{
    Align, Align2, Color32, ComboBox, FontId, Label, Pos2, Rect, Response, RichText, Role,
    ScrollArea, Sense, Slider, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::veil::{knows_weight, veil};
use crate::action::Action;
use crate::colour::{self, ColourScale};
use crate::heads::{AllHeads, HeadFacts, HeadsView, Looks, Order};
use crate::number::{drawn, index, points, real};
use crate::pictures::Pictures;
use crate::run::Run;
use crate::session::{Session, TableKind};
use crate::source::Input;
use crate::table::Table;

/// The side of a small map, at least and at most.
const MAP: [f32; 2] = [16.0, 92.0];

/// Choices, maps, lines.
pub fn heads_ui(
    ui: &mut Ui,
    session: &Session,
    run: &Run,
    pictures: &mut Pictures,
) -> Option<Action> {
    let Some(all) = &run.all_heads else {
        return None;
    };
    let action = choices_ui(ui, session.heads, run);
    if all.heads.is_empty() {
        ui.label("All heads together have too many weights for small maps: open a shorter text");
        return action;
    }
    let facts = all.heads.iter().map(|(facts, _)| *facts);
    let chosen = session.heads.chosen(facts);
    let text = format!("{} of {} heads", chosen.len(), all.heads.len());
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(text).size(11.0).color(colour::WEAK));
        let open = all.heads.iter().map(|(facts, _)| facts);
        let mut open = open.filter(|of| (of.layer, of.head) == (session.layer, session.head));
        if let Some(facts) = open.next().filter(|_| session.learn.walk.is_none()) {
            let text = format!(
                "this one: entropy {:.2} bits, distance {:.1} tokens, greatest weight {:.2}",
                facts.entropy_bits, facts.distance, facts.peak
            );
            ui.label(RichText::new(text).size(11.0));
        }
    });
    let maps_height = (ui.available_height() * 0.52).max(120.0);
    let opened = ScrollArea::vertical()
        .id_salt("maps")
        .max_height(maps_height)
        .auto_shrink([false, true])
        .show(ui, |ui| maps_ui(ui, session, all, &chosen, run, pictures))
        .inner;
    ui.separator();
    let looked = lines_ui(ui, session, run, all);
    action.or(opened).or(looked)
}

/// Order and filters.
fn choices_ui(ui: &mut Ui, before: HeadsView, run: &Run) -> Option<Action> {
    let mut view = before;
    let most_bits = real(run.input.keys.max(2)).log2();
    let farthest = real(run.input.keys.max(2));
    ui.horizontal_wrapped(|ui| {
        let picker = ComboBox::from_id_salt("order of heads")
            .selected_text(view.order.name())
            .show_ui(ui, |ui| {
                for order in Order::ALL {
                    ui.selectable_value(&mut view.order, order, order.name());
                }
            });
        picker
            .response
            .accessible_name("Order of heads")
            .on_hover_text("By layer and head, by entropy of the weights, or by distance");
    });
    ui.spacing_mut().slider_width = 74.0;
    let weak = |ui: &mut Ui, text: &str| {
        let text = RichText::new(text).color(colour::WEAK);
        ui.add_sized([84.0, 18.0], Label::new(text).halign(Align::Min));
    };
    ui.horizontal(|ui| {
        let mut bits = view.entropy_at_most.unwrap_or(most_bits);
        weak(ui, "entropy up to");
        let entropy = Slider::new(&mut bits, 0.0..=most_bits);
        ui.add(entropy.max_decimals(2).suffix(" bits"))
            .accessible_name("Entropy at most")
            .on_hover_text("Only heads whose weights have at most this entropy on average");
        view.entropy_at_most = (bits < most_bits).then_some(bits);
    });
    ui.horizontal(|ui| {
        weak(ui, "distance from");
        let far = Slider::new(&mut view.distance_at_least, 0.0..=farthest);
        ui.add(far.max_decimals(1).suffix(" tokens"))
            .accessible_name("Distance at least")
            .on_hover_text("Only heads that look at least this many tokens away on average");
    });
    (view != before).then_some(Action::Heads(view))
}

/// The maps: a row for each layer, or one after the other where they are sorted.
fn maps_ui(
    ui: &mut Ui,
    session: &Session,
    all: &AllHeads,
    chosen: &[HeadFacts],
    run: &Run,
    pictures: &mut Pictures,
) -> Option<Action> {
    const GAP: f32 = 4.0;
    let heads = run.input.heads.max(1);
    let is_grid = session.heads.order == Order::Place && chosen.len() == all.heads.len();
    let width = ui.available_width() - 20.0;
    // Few heads are shown large.
    let few = (4..12).find(|columns| columns * columns >= 2 * chosen.len());
    let by_row = points(if is_grid { heads } else { few.unwrap_or(12) });
    let side = (width / by_row - GAP).clamp(MAP[0], MAP[1]).floor();
    let columns = if is_grid {
        heads
    } else {
        index((width / (side + GAP)).max(1.0))
    };
    let rows = chosen.len().div_ceil(columns);
    let size = vec2(width, points(rows) * (side + GAP));
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let mut action = None;
    for (at, facts) in chosen.iter().enumerate() {
        let corner = vec2(points(at % columns), points(at / columns)) * (side + GAP);
        let place = Rect::from_min_size(rect.min + vec2(20.0, 0.0) + corner, vec2(side, side));
        let Some(weights) = all.weights(facts.layer, facts.head) else {
            continue;
        };
        if is_grid && at % columns == 0 {
            let middle = pos2(rect.min.x, place.center().y);
            let (text, font) = (facts.layer.to_string(), FontId::proportional(11.0));
            ui.painter()
                .text(middle, Align2::LEFT_CENTER, text, font, colour::WEAK);
        }
        if ui.is_rect_visible(place) {
            let map = (facts, weights);
            action = action.or(map_ui(ui, place, session, run, map, pictures));
        }
    }
    action
}

fn map_ui(
    ui: &mut Ui,
    place: Rect,
    session: &Session,
    run: &Run,
    (facts, weights): (&HeadFacts, &Table),
    pictures: &mut Pictures,
) -> Option<Action> {
    let HeadFacts {
        layer,
        head,
        entropy_bits,
        distance,
        peak,
    } = *facts;
    let id = ui.scope_id().with(("map", layer, head));
    let response = ui.interact(place, id, Sense::click());
    let name = format!("Layer {layer}, head {head}");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let scale = ColourScale::Weights { end: 1.0 };
    let texture = pictures.tile(ui.ctx(), weights, scale, (0, 0));
    let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
    ui.painter().image(texture, place, whole, Color32::WHITE);
    let is_open = (session.layer, session.head) == (layer, head);
    if is_open {
        veil(ui.painter(), place, session, run);
    }
    if is_open || response.hovered() {
        let colour = if is_open {
            Color32::WHITE
        } else {
            colour::WEAK
        };
        let stroke = Stroke::new(1.5, colour);
        ui.painter()
            .rect_stroke(place, 0.0, stroke, StrokeKind::Outside);
    }
    let hint = if is_open && session.learn.walk.is_some() {
        format!("{name}\nits entropy and distance are known when the walk ends")
    } else {
        format!(
            "{name}\nentropy {entropy_bits:.2} bits, distance {distance:.1} tokens, greatest weight {peak:.2}\nClick to open it"
        )
    };
    response
        .on_hover_text(hint)
        .clicked()
        .then_some(Action::OpenHead { layer, head })
}

/// Queries on the left, keys on the right, a line for every weight of the chosen token.
fn lines_ui(ui: &mut Ui, session: &Session, run: &Run, all: &AllHeads) -> Option<Action> {
    let weights = all.weights(session.layer, session.head)?;
    let selection = run.detail.focus;
    let view = session.heads;
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        let (query, key) = (
            run.input.query_name(selection.query),
            run.input.key_name(selection.key),
        );
        for (looks, text, about) in [
            (
                Looks::AtWhom,
                format!("Whom \"{query}\" looks at"),
                "A row of the weights",
            ),
            (
                Looks::AtMe,
                format!("Who looks at \"{key}\""),
                "A column of the weights",
            ),
        ] {
            let label = ui.selectable_label(view.looks == looks, text);
            if label.on_hover_text(about).clicked() {
                action = Some(Action::Heads(HeadsView { looks, ..view }));
            }
        }
    });
    let height = (points(run.input.queries.max(run.input.keys)) * 15.0).max(60.0);
    let clicked = ScrollArea::vertical()
        .id_salt("lines")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            let size = vec2(ui.available_width(), height);
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            let title = format!("Looks of layer {}, head {}", session.layer, session.head);
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &title));
            let lines = Lines::new(rect, session, run, weights);
            lines.draw(ui, view.looks, selection.query, selection.key);
            lines.clicked(&response, session)
        })
        .inner;
    action.or(clicked)
}

/// Where the tokens of both sides stand.
struct Lines<'a> {
    rect: Rect,
    session: &'a Session,
    run: &'a Run,
    input: &'a Input,
    weights: &'a Table,
    step: [f32; 2],
}

impl<'a> Lines<'a> {
    fn new(rect: Rect, session: &'a Session, run: &'a Run, weights: &'a Table) -> Self {
        let input = &run.input;
        let step = |count: usize| rect.height() / points(count.max(1));
        Self {
            rect,
            session,
            run,
            input,
            weights,
            step: [step(input.queries), step(input.keys)],
        }
    }

    fn middle(&self) -> [f32; 2] {
        let third = self.rect.width() * 0.32;
        [self.rect.min.x + third, self.rect.max.x - third]
    }

    fn y(&self, side: usize, at: usize) -> f32 {
        let step = self.step.get(side).copied().unwrap_or(1.0);
        self.rect.min.y + (points(at) + 0.5) * step
    }

    /// All lines pale, those of the chosen token strong.
    fn draw(&self, ui: &Ui, looks: Looks, query: usize, key: usize) {
        let painter = ui.painter();
        let [left, right] = self.middle();
        for i in 0..self.input.queries {
            for (j, &weight) in self.weights.row(i).iter().enumerate() {
                let chosen = match looks {
                    Looks::AtWhom => i == query,
                    Looks::AtMe => j == key,
                };
                // What cannot be seen is not drawn: long texts have many weights.
                let least = if chosen { 0.004 } else { 0.1 };
                if weight < least || !knows_weight(self.session, self.run, i, j) {
                    continue;
                }
                let (tint, share) = if chosen {
                    (colour::RIGHT, drawn(weight).sqrt())
                } else {
                    (colour::WEAK, drawn(weight) * 0.25)
                };
                let stroke = Stroke::new(1.0 + 3.0 * drawn(weight), tint.gamma_multiply(share));
                let ends = [pos2(left, self.y(0, i)), pos2(right, self.y(1, j))];
                painter.line_segment(ends, stroke);
            }
        }
        let [query_every, key_every] = self.step.map(|step| index(12.0_f32.div_euclid(step)) + 1);
        let name = |at: Pos2, align, text: String, lit: bool| {
            let colour = if lit { colour::TEXT } else { colour::WEAK };
            painter.text(at, align, text, FontId::proportional(11.5), colour);
        };
        for i in (0..self.input.queries).filter(|&i| i == query || i.is_multiple_of(query_every)) {
            let lit = i == query && looks == Looks::AtWhom;
            let at = pos2(left - 6.0, self.y(0, i));
            name(at, Align2::RIGHT_CENTER, self.input.query_name(i), lit);
        }
        for j in (0..self.input.keys).filter(|&j| j == key || j.is_multiple_of(key_every)) {
            let lit = j == key && looks == Looks::AtMe;
            let at = pos2(right + 6.0, self.y(1, j));
            name(at, Align2::LEFT_CENTER, self.input.key_name(j), lit);
        }
        self.shares(ui, looks, query, key);
    }

    /// The weights of the chosen token as numbers, beside the tokens at the other end.
    fn shares(&self, ui: &Ui, looks: Looks, query: usize, key: usize) {
        let count = match looks {
            Looks::AtWhom => self.input.keys,
            Looks::AtMe => self.input.queries,
        };
        for at in 0..count {
            let (cell, side) = match looks {
                Looks::AtWhom => ((query, at), 1),
                Looks::AtMe => ((at, key), 0),
            };
            let Some(weight) = self
                .weights
                .get(cell.0, cell.1)
                .filter(|&weight| weight >= 0.02)
                .filter(|_| knows_weight(self.session, self.run, cell.0, cell.1))
            else {
                continue;
            };
            let (x, align) = match looks {
                Looks::AtWhom => (self.rect.max.x - 8.0, Align2::RIGHT_CENTER),
                Looks::AtMe => (self.rect.min.x + 4.0, Align2::LEFT_CENTER),
            };
            let text = format!("{weight:.2}");
            let font = FontId::proportional(11.5);
            ui.painter()
                .text(pos2(x, self.y(side, at)), align, text, font, colour::RIGHT);
        }
    }

    /// A click on the left chooses a query and whom it looks at, on the right a key and who looks at it.
    fn clicked(&self, response: &Response, session: &Session) -> Option<Action> {
        let at = response
            .interact_pointer_pos()
            .filter(|_| response.clicked())?;
        let is_left = at.x < self.rect.center().x;
        let step = self.step.get(usize::from(!is_left)).copied()?;
        let row = index(((at.y - self.rect.min.y) / step).max(0.0));
        let selection = session.selection;
        let (query, key, looks) = if is_left {
            (
                row.min(self.input.queries - 1),
                selection.key,
                Looks::AtWhom,
            )
        } else {
            (selection.query, row.min(self.input.keys - 1), Looks::AtMe)
        };
        let view = HeadsView {
            looks,
            ..session.heads
        };
        if view != session.heads {
            return Some(Action::Heads(view));
        }
        Some(Action::Select(selection.at(TableKind::Weights, query, key)))
    }
}
