//! Statistics, the first wrong step and the sweep, in the window.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use kqv_gui::action::Action;
use kqv_gui::session::judge::{Against, JudgeAction};
use kqv_gui::session::layout::{LayoutAction, Pane, Theme};
use kqv_gui::session::{FormatChoice, FractionBits, Session, SideId, TableKind};

use crate::common::Window;

fn with(pane: Pane) -> Window {
    let mut window = Window::new();
    window.apply(Action::Layout(LayoutAction::Toggle(pane)));
    window
}

#[test]
fn statistics_open_by_a_shortcut_and_follow_the_session() {
    let mut window = Window::new();
    window.press(Modifiers::COMMAND, Key::T);
    assert!(window.session().layout.is_open(Pane::Statistics));
    window.click(Role::Button, "i8:4/4/5");
    window.click(Role::Button, "First run");
    assert_eq!(window.session().judge.against, Against::First);
    window.picture("statistics-window.png");
    window.press(Modifiers::NONE, Key::F); // fits the right format to the head
    window.click(Role::Button, "i8:5/4/5");
    window.press(Modifiers::COMMAND, Key::T);
    assert!(!window.session().layout.is_open(Pane::Statistics));
}

#[test]
fn one_key_goes_to_the_first_wrong_step() {
    let mut window = Window::new();
    let bits = FractionBits { q: 5, k: 5, v: 5 };
    window.apply(Action::Format(SideId::Right, FormatChoice::I8(bits)));
    window.apply(Action::Judge(JudgeAction::FirstWrong));
    let session: &Session = window.session();
    let (table, (row, column)) = (
        session.selection.table,
        session.selection.cell_in(session.selection.table),
    );
    let place = format!(
        "Layer {}, head {}, {} ({row}, {column}) saturates",
        session.layer,
        session.head,
        table.name()
    );
    assert!(
        window.notices()[0].starts_with(&place),
        "{:?}",
        window.notices()
    );
    let input = &window.run().input;
    let head = input.head(session.layer, session.head);
    let (values, columns) = match table {
        TableKind::Q => (head.q, input.width),
        TableKind::K => (head.k, input.width),
        _ => (head.v, input.value_width),
    };
    let value = values[row * columns + column];
    assert!((value * 32.0).abs() > 127.5, "{value}");
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!((window.session().layer, window.session().head), (3, 1));
}

#[test]
fn a_sweep_answers_and_its_format_is_taken() {
    let mut window = with(Pane::Sweep);
    window.click(Role::Button, "This head");
    window.apply(Action::Judge(JudgeAction::StartSweep));
    window.picture("sweep-window.png");
    let before = window.session().right;
    window.click(Role::Button, "Use i16");
    assert!(matches!(window.session().right, FormatChoice::I16(_)));
    assert!(window.run().compare.sqnr_db > 60.0);
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.session().right, before);
}

#[test]
fn both_panes_fit_a_small_light_window() {
    let mut window = Window::open((1280, 720), Vec::new());
    window.apply(Action::Theme(Theme::Light));
    for (pane, name) in [(Pane::Statistics, "statistics"), (Pane::Sweep, "sweep")] {
        window.apply(Action::Layout(LayoutAction::Toggle(pane)));
        if pane == Pane::Sweep {
            window.apply(Action::Judge(JudgeAction::StartSweep));
        }
        let picture = window.picture(&format!("{name}-1280.png"));
        assert!(picture.colours(900..1280, 60..540) > 30);
        window.apply(Action::Layout(LayoutAction::Toggle(pane)));
    }
}
