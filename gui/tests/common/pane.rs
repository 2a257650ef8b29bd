//! One pane alone, without the window around it.

#![expect(unreachable_pub, reason = "a module of tests")]

use std::cell::RefCell;
use std::rc::Rc;

use eframe::egui::{Frame, TexturesDelta, Ui, Visuals, vec2};
use egui_kittest::{Harness, TestRenderer};

use super::picture::Picture;
use super::renderer::Renderer;

struct Shared(Rc<RefCell<Renderer>>);

impl TestRenderer for Shared {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        self.0.borrow_mut().update(delta);
        delta.clear();
    }
}

/// What a pane is drawn from, and what it asked for.
pub struct Pane<S: 'static> {
    pub harness: Harness<'static, S>,
    renderer: Rc<RefCell<Renderer>>,
    size: (u16, u16),
}

impl<S: 'static> Pane<S> {
    /// Of some size, dark or light.
    pub fn new(size: (u16, u16), visuals: Visuals, state: S, draw: fn(&mut Ui, &mut S)) -> Self {
        let renderer = Rc::new(RefCell::new(Renderer::default()));
        let mut harness = Harness::builder()
            .with_size(vec2(size.0.into(), size.1.into()))
            .with_max_steps(12)
            .renderer(Shared(Rc::clone(&renderer)))
            .build_ui_state(
                move |ui, state| {
                    ui.ctx().set_visuals(visuals.clone());
                    Frame::new()
                        .fill(visuals.panel_fill)
                        .inner_margin(10)
                        .show(ui, |ui| draw(ui, state));
                },
                state,
            );
        harness.run();
        Self {
            harness,
            renderer,
            size,
        }
    }

    /// What one sees, written into the target folder.
    pub fn picture(&self, name: &str) -> Picture {
        let (width, height) = self.size;
        let (ctx, output) = (&self.harness.ctx, self.harness.output());
        let picture = self
            .renderer
            .borrow()
            .picture(ctx, output, width.into(), height.into());
        picture.save(name);
        picture
    }
}
