//! What a person does in the panes of statistics and of the sweep, by the labels a screen reader reads.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "common/pane.rs"]
mod pane;
#[path = "common/picture.rs"]
mod picture;
#[path = "common/renderer.rs"]
mod renderer;

use eframe::egui::accesskit::Role;
use eframe::egui::{Ui, Visuals};
use egui_kittest::kittest::{NodeT, Queryable};
use kqv_gui::compare::first::{Search, Trial, first_wrong};
use kqv_gui::compare::heads::{HeadId, Progress, Setting, heads_of};
use kqv_gui::compare::numbers::Numbers;
use kqv_gui::compare::statistics::{Question, Statistics};
use kqv_gui::compare::sweep::{Scope, Sweep};
use kqv_gui::session::judge::{Against, Judge, JudgeAction};
use kqv_gui::session::{Changes, InputId, Mask, Scaling, Session, TableKind};
use kqv_gui::source::{Input, load};
use kqv_gui::views::statistics::{StatisticsView, statistics_ui};
use kqv_gui::views::sweep::{SweepState, sweep_ui};
use pane::Pane;

const SETTING: Setting = Setting {
    mask: Mask::None,
    scaling: Scaling::On,
    changes: Changes::NONE,
};
const I8: Numbers = Numbers::I8([1.0 / 32.0, 1.0 / 32.0, 1.0 / 32.0]);

fn capture() -> Input {
    load(&InputId::Capture).unwrap()
}

/// Both panes, and all that they asked for.
struct Desk {
    judge: Judge,
    statistics: Statistics,
    search: Search,
    sweep: Option<Sweep>,
    asked: Vec<JudgeAction>,
}

impl Desk {
    fn new() -> Self {
        let question = Question {
            id: HeadId { layer: 3, head: 1 },
            setting: SETTING,
            reference: Numbers::F64,
            runs: vec![Numbers::F32, I8, Numbers::I16([1.0 / 4096.0; 3])],
        };
        Self {
            judge: Judge {
                run: 1,
                ..Judge::default()
            },
            statistics: Statistics::new(&capture(), question).unwrap(),
            search: Search::NotYet,
            sweep: None,
            asked: Vec::new(),
        }
    }

    fn ask(&mut self, action: Option<JudgeAction>) {
        if let Some(action) = action {
            let mut session = Session {
                judge: self.judge,
                ..Session::default()
            };
            action.apply(&mut session);
            self.judge = session.judge;
            self.asked.push(action);
        }
    }
}

fn draw_statistics(ui: &mut Ui, desk: &mut Desk) {
    let view = StatisticsView {
        judge: &desk.judge,
        statistics: &desk.statistics,
        selection: Session::default().selection,
        search: desk.search,
        searched: None,
    };
    let action = statistics_ui(ui, &view);
    desk.ask(action);
}

fn draw_sweep(ui: &mut Ui, desk: &mut Desk) {
    let state = desk
        .sweep
        .as_ref()
        .map_or(SweepState::Running(0.5), SweepState::Done);
    let action = sweep_ui(ui, &desk.judge, &state);
    desk.ask(action);
}

fn pane(draw: fn(&mut Ui, &mut Desk), desk: Desk) -> Pane<Desk> {
    Pane::new((1100, 620), Visuals::dark(), desk, draw)
}

fn click(pane: &mut Pane<Desk>, role: Role, label: &str) {
    pane.harness.get_by_role_and_label(role, label).click();
    pane.harness.run();
}

#[test]
fn another_run_and_another_reference_are_a_click_away() {
    let mut pane = pane(draw_statistics, Desk::new());
    assert!(
        pane.harness
            .query_by_label("32 bits would hold it")
            .is_none()
    );
    click(&mut pane, Role::Button, "i16:12/12/12");
    click(&mut pane, Role::Button, "First run");
    let desk = pane.harness.state();
    assert_eq!((desk.judge.run, desk.judge.against), (2, Against::First));
}

#[test]
fn what_is_cut_leads_to_its_cell() {
    let mut pane = pane(draw_statistics, Desk::new());
    let event = pane.harness.state().statistics.runs[1].events.iter();
    let cut = event
        .clone()
        .find(|event| event.table == TableKind::K)
        .copied()
        .unwrap();
    click(
        &mut pane,
        Role::Button,
        &format!("K ({}, {})", cut.row, cut.column),
    );
    let Some(JudgeAction::Go(cell)) = pane.harness.state().asked.last().copied() else {
        panic!("a cell was clicked")
    };
    assert_eq!(
        (cell.table, cell.row, cell.column),
        (cut.table, cut.row, cut.column)
    );
    let image = |name: &str| {
        pane.harness.query_all_by_role(Role::Image).any(|node| {
            node.accesskit_node()
                .label()
                .is_some_and(|label| label.contains(name))
        })
    };
    assert!(image("Histogram of K"));
    pane.picture("statistics.png");
}

#[test]
fn the_first_wrong_step_is_found_and_shown() {
    let mut pane = pane(draw_statistics, Desk::new());
    click(&mut pane, Role::Button, "First wrong step");
    assert_eq!(pane.harness.state().asked, [JudgeAction::FirstWrong]);
    let input = capture();
    let trial = Trial {
        reference: Numbers::F64,
        numbers: I8,
        budget: pane.harness.state().judge.budget,
    };
    let ids = heads_of(0..input.layers, &(0..input.heads));
    let found = first_wrong(&input, SETTING, &ids, &trial, &Progress::default()).unwrap();
    pane.harness.state_mut().search = found.into();
    pane.harness.run();
    let wrong = found.unwrap();
    let label = format!(
        "Layer {}, head {}, {} ({}, {})",
        wrong.id.layer,
        wrong.id.head,
        wrong.table.name(),
        wrong.row,
        wrong.column
    );
    pane.harness.get_by_label_contains(&label).click();
    pane.harness.run();
    assert!(
        matches!(pane.harness.state().asked.last(), Some(JudgeAction::Go(cell)) if cell.id == wrong.id)
    );
}

#[test]
fn a_sweep_is_started_cancelled_and_answered() {
    let mut pane = pane(draw_sweep, Desk::new());
    click(&mut pane, Role::Button, "Cancel");
    let input = capture();
    let ids = heads_of(3..4, &(0..4));
    let sweep = Sweep::new(&input, SETTING, &ids, 2, &Progress::default())
        .unwrap()
        .unwrap();
    let answer = sweep.smallest(0.99).unwrap().numbers;
    pane.harness.state_mut().sweep = Some(sweep);
    pane.harness.run();
    click(&mut pane, Role::Button, "This layer");
    assert_eq!(pane.harness.state().judge.sweep.scope, Scope::Layer);
    click(&mut pane, Role::Button, "Sweep");
    click(&mut pane, Role::Button, "Use it");
    let asked = &pane.harness.state().asked;
    assert_eq!(asked[0], JudgeAction::StopSweep);
    assert_eq!(
        asked[2..],
        [JudgeAction::StartSweep, JudgeAction::Take(answer)]
    );
    pane.picture("sweep.png");
}

#[test]
fn both_panes_are_drawn_in_light_and_in_dark() {
    let input = capture();
    let ids = heads_of(3..4, &(0..4));
    for (visuals, name) in [(Visuals::light(), "light"), (Visuals::dark(), "dark")] {
        let desk = || Desk {
            sweep: Sweep::new(&input, SETTING, &ids, 2, &Progress::default()).unwrap(),
            ..Desk::new()
        };
        for (draw, pane) in [
            (draw_statistics as fn(&mut Ui, &mut Desk), "statistics"),
            (draw_sweep, "sweep"),
        ] {
            let pane_of = Pane::new((1000, 560), visuals.clone(), desk(), draw);
            let picture = pane_of.picture(&format!("{pane}-{name}.png"));
            assert!(picture.colours(0..1000, 0..560) > 60, "{pane} {name}");
        }
    }
}
