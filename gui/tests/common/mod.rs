//! The window without a screen: clicks by AccessKit labels, and pictures drawn on the CPU.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "a module of tests")]

pub mod picture;
mod renderer;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use eframe::egui::accesskit::Role;
use eframe::egui::{
    ColorImage, Event, Key, Modifiers, PointerButton, Pos2, Rect, TexturesDelta, Vec2,
    ViewportCommand, vec2,
};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, Node, TestRenderer};
use kqv_gui::App;
use kqv_gui::action::Action;
use kqv_gui::commands::{Command, State};
use kqv_gui::history::History;
use kqv_gui::number::points;
use kqv_gui::run::{Column, Run};
use kqv_gui::session::{Session, TableKind};
use renderer::Renderer;

/// The program in a window of some size.
pub struct Window {
    harness: Harness<'static, App>,
    renderer: Rc<RefCell<Renderer>>,
    size: (u16, u16),
}

struct Shared(Rc<RefCell<Renderer>>);

impl TestRenderer for Shared {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        self.0.borrow_mut().update(delta);
        delta.clear();
    }
}

impl Window {
    /// As the program starts.
    pub fn new() -> Self {
        Self::open((1600, 1000), Vec::new())
    }

    /// Of another size, on files.
    pub fn open(size: (u16, u16), files: Vec<PathBuf>) -> Self {
        let renderer = Rc::new(RefCell::new(Renderer::default()));
        let harness = Harness::builder()
            .with_size(vec2(size.0.into(), size.1.into()))
            .with_max_steps(12)
            .renderer(Shared(Rc::clone(&renderer)))
            .build_eframe(|creation| App::new(&creation.egui_ctx, files).unwrap());
        let mut window = Self {
            harness,
            renderer,
            size,
        };
        window.settle();
        window
    }

    /// Until nothing is being read any more.
    fn settle(&mut self) {
        while self.harness.state().is_busy() {
            self.harness.step();
            self.hand_over_pictures();
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        self.harness.run();
    }

    /// What the window system does when a program asks for what is on screen.
    fn hand_over_pictures(&self) {
        let viewports = self.harness.output().viewport_output.values();
        for command in viewports.flat_map(|viewport| &viewport.commands) {
            if let ViewportCommand::Screenshot(asked) = command {
                let size = [self.size.0.into(), self.size.1.into()];
                let image = ColorImage::from_rgb(size, &self.drawn().rgb);
                asked.clone().complete(std::sync::Arc::new(image));
            }
        }
    }

    pub fn session(&self) -> &Session {
        self.harness.state().session()
    }

    pub fn run(&self) -> &Run {
        self.harness.state().run()
    }

    pub fn notices(&self) -> &[String] {
        self.harness.state().notices()
    }

    /// A cell of a table as shown in one of the formats.
    pub fn cell(&self, kind: TableKind, column: Column, at: (usize, usize)) -> Option<f64> {
        self.run().table(kind, column).get(at.0, at.1)
    }

    fn find<'a>(&'a self, role: Role, label: &'a str) -> Node<'a> {
        self.harness.get_by_role_and_label(role, label)
    }

    /// Clicks what has this role and label.
    pub fn click(&mut self, role: Role, label: &str) {
        self.find(role, label).click();
        self.harness.run();
    }

    /// Opens a picker and takes one of its choices.
    pub fn pick(&mut self, picker: &str, choice: &str) {
        self.click(Role::ComboBox, picker);
        // Not by the pointer: a long list is scrolled.
        self.harness
            .get_all_by_label(choice)
            .last()
            .unwrap()
            .click_accesskit();
        self.harness.run();
        self.press(Modifiers::NONE, Key::Escape); // it closes by itself only after a click of the pointer
    }

    pub fn set_slider(&mut self, label: &str, value: f64) {
        self.find(Role::Slider, label).set_value_accesskit(value);
        self.harness.run();
    }

    pub fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run();
    }

    /// The middle of a cell of the matrix with this label.
    fn place(
        &self,
        label: &str,
        (row, column): (usize, usize),
        (rows, columns): (usize, usize),
    ) -> Pos2 {
        let rect = self.find(Role::Image, label).rect();
        let share = |at: usize, of: usize| (points(at) + 0.5) / points(of);
        rect.min + rect.size() * Vec2::new(share(column, columns), share(row, rows))
    }

    pub fn hover(&mut self, label: &str, cell: (usize, usize), of: (usize, usize)) {
        let place = self.place(label, cell, of);
        self.harness.hover_at(place);
        self.harness.run();
        self.harness.run_steps(3);
    }

    pub fn click_cell(&mut self, label: &str, cell: (usize, usize), of: (usize, usize)) {
        let place = self.place(label, cell, of);
        self.harness.drag_at(place);
        self.harness.drop_at(place);
        self.harness.run();
    }

    /// Two clicks on a cell.
    pub fn double_click_cell(&mut self, label: &str, cell: (usize, usize), of: (usize, usize)) {
        let pos = self.place(label, cell, of);
        let events = &mut self.harness.input_mut().events;
        events.push(Event::PointerMoved(pos));
        // In one frame: between frames the clock of the harness runs too far.
        for pressed in [true, false, true, false] {
            events.push(Event::PointerButton {
                pos,
                button: PointerButton::Primary,
                pressed,
                modifiers: Modifiers::NONE,
            });
        }
        self.harness.run();
    }

    /// Holds a cell and moves it so many points down, a few at a time.
    pub fn drag_cell(&mut self, label: &str, cell: (usize, usize), of: (usize, usize), down: f32) {
        let place = self.place(label, cell, of);
        self.harness.drag_at(place);
        self.harness.run();
        for step in [0.25, 0.5, 0.75, 1.0] {
            self.harness.hover_at(place + vec2(0.0, down * step));
            self.harness.run();
        }
        self.harness.drop_at(place + vec2(0.0, down));
        self.harness.run();
    }

    /// Types text into whatever has the focus.
    pub fn type_here(&mut self, text: &str) {
        self.harness.event(Event::Text(text.to_owned()));
        self.harness.run();
    }

    /// Ctrl+V.
    pub fn paste(&mut self, text: &str) {
        self.harness.event(Event::Paste(text.to_owned()));
        self.harness.run();
    }

    /// Whether something has this label.
    pub fn has(&self, label: &str) -> bool {
        self.harness.query_by_label(label).is_some()
    }

    /// Whether at least one thing has this label.
    pub fn has_any(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    /// Until what was begun is done.
    pub fn wait(&mut self) {
        self.settle();
    }

    /// Whether a command has anything to do now.
    pub fn can_do(&self, command: &Command) -> bool {
        let state = State {
            session: self.session(),
            run: self.run(),
            history: &History::default(),
            recent: &[],
        };
        (command.action)(state).is_some()
    }

    /// The keys of a command as they are written on screen.
    pub fn keys_of(&self, command: &Command) -> String {
        self.harness.ctx.format_shortcut(&command.shortcut)
    }

    /// The whole label of the first thing whose label starts so.
    pub fn label_starting_with(&self, start: &str) -> String {
        self.starting_with(start).0
    }

    /// Where the first thing stands whose label starts so.
    pub fn rect_starting_with(&self, start: &str) -> Rect {
        self.starting_with(start).1
    }

    fn starting_with(&self, start: &str) -> (String, Rect) {
        let found = self.harness.get_all_by_label_contains(start);
        let mut labels =
            found.filter_map(|node| Some((node.accesskit_node().label()?, node.rect())));
        labels.find(|(label, _)| label.starts_with(start)).unwrap()
    }

    /// Gives the focus to what has this role and label.
    pub fn focus(&mut self, role: Role, label: &str) {
        self.find(role, label).focus();
        self.harness.run();
    }

    /// A click somewhere in what has this role and label, in shares of its size.
    pub fn click_in(&mut self, role: Role, label: &str, (x, y): (f32, f32)) {
        let rect = self.find(role, label).rect();
        let place = rect.min + rect.size() * vec2(x, y);
        self.harness.drag_at(place);
        self.harness.drop_at(place);
        self.harness.run();
    }

    pub fn leave(&mut self) {
        self.harness.remove_cursor();
        self.harness.run();
    }

    /// Drops files on the window.
    pub fn drop_files(&mut self, files: Vec<PathBuf>) {
        let files = files
            .into_iter()
            .map(|path| std::sync::Arc::new(Dropped(path)) as _);
        self.harness.input_mut().dropped_files = files.collect();
        self.harness.step();
        self.settle();
    }

    /// Does what a dialog would ask for.
    pub fn apply(&mut self, action: Action) {
        let ctx = self.harness.ctx.clone();
        self.harness.state_mut().apply(&ctx, action);
        self.settle();
    }

    /// Types into what has the focus.
    pub fn type_text(&mut self, label: &str, text: &str) {
        self.find(Role::TextInput, label).type_text(text);
        self.harness.run();
    }

    /// What one sees, written into the target folder.
    pub fn picture(&self, name: &str) -> picture::Picture {
        let picture = self.drawn();
        picture.save(name);
        picture
    }

    fn drawn(&self) -> picture::Picture {
        let (width, height) = self.size;
        self.renderer.borrow().picture(
            &self.harness.ctx,
            self.harness.output(),
            width.into(),
            height.into(),
        )
    }
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl eframe::egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}
