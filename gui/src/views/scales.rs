//! What one step of Q, of K and of V stands for: a power of two or any scale, each for itself.

use eframe::egui::style::HandleShape;
use eframe::egui::{
    Button, Color32, DragValue, Label, Response, RichText, Role, Slider, SliderClamping, Stroke,
    Ui, WidgetInfo, vec2,
};

use crate::colour;
use crate::number::significant;
use crate::run::Run;
use crate::session::{FormatChoice, Session, Step, Steps};
use crate::stored::Operand;

/// The digits of a scale that are shown; more can be typed.
const DIGITS: usize = 3;
/// What fraction bits can be dragged over; any can be typed.
const BITS: std::ops::RangeInclusive<i32> = -4..=16;

/// Which format the steps are of, and where the head that they are fitted to comes from.
pub(super) struct ScalesView<'a> {
    /// What the user chose.
    pub(super) session: &'a Session,
    /// Whose input it is.
    pub(super) run: &'a Run,
    /// The format.
    pub(super) format: FormatChoice,
    /// `left`, `right`, `run 3`: part of every label.
    pub(super) which: &'a str,
    /// In the colour of its side.
    pub(super) tint: Color32,
}

impl ScalesView<'_> {
    /// A line with a slider for each tensor.
    pub(super) fn lines_ui(&self, ui: &mut Ui) -> Option<FormatChoice> {
        self.each(ui, |ui, operand, name, present| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 5.0;
                ui.spacing_mut().interact_size = vec2(NUMBER, 18.0);
                ui.spacing_mut().button_padding.x = 4.0;
                let name_label = Label::new(RichText::new(name).color(colour::WEAK));
                ui.add_sized([11.0, 18.0], name_label);
                let kind = self.kind_ui(ui, operand, name, present);
                let width = ui.available_width() - NUMBER - 6.0;
                let slid = self.slider_ui(ui, width, name, present);
                let typed = self.number_ui(ui, name, "", present, ", as a number");
                kind.or(slid).or(typed)
            })
            .inner
        })
    }

    /// The numbers alone, all in one line.
    pub(super) fn line_ui(&self, ui: &mut Ui) -> Option<FormatChoice> {
        ui.spacing_mut().interact_size = vec2(NUMBER, 18.0);
        ui.spacing_mut().button_padding.x = 4.0;
        self.each(ui, |ui, operand, name, present| {
            let kind = self.kind_ui(ui, operand, name, present);
            let typed = self.number_ui(ui, name, &format!("{name} "), present, "");
            kind.or(typed)
        })
    }

    fn each(
        &self,
        ui: &mut Ui,
        mut step_ui: impl FnMut(&mut Ui, Operand, &str, Step) -> Option<Step>,
    ) -> Option<FormatChoice> {
        let before = self.format.steps()?;
        let mut steps: Steps = before;
        for (operand, name) in [(Operand::Q, "Q"), (Operand::K, "K"), (Operand::V, "V")] {
            if let Some(step) = step_ui(ui, operand, name, steps.of(operand)) {
                steps = steps.with(operand, step);
            }
        }
        (steps != before).then(|| self.format.with_steps(steps))
    }

    /// Power of two or any scale; what is chosen fits the head.
    fn kind_ui(&self, ui: &mut Ui, operand: Operand, name: &str, present: Step) -> Option<Step> {
        let (text, is_scale, about, other) = match present {
            Step::Bits(_) => (
                "bits",
                false,
                format!("One step of {name} is a power of two; click for any scale"),
                Step::Scale(1.0),
            ),
            Step::Scale(_) => (
                "scale",
                true,
                format!("One step of {name} is any number; click for a power of two"),
                Step::Bits(0),
            ),
        };
        let text = RichText::new(text).size(10.5).color(colour::WEAK);
        let button = ui.add_sized([34.0, 18.0], Button::new(text).selected(is_scale));
        let label = format!("Any scale for {name}, {}", self.which);
        button.widget_info(|| WidgetInfo::selected(Role::Button, true, is_scale, &label));
        let clicked = button.on_hover_text(about).clicked();
        clicked.then(|| self.fitted(operand, other))
    }

    /// The step of that kind which fits the head.
    fn fitted(&self, operand: Operand, like: Step) -> Step {
        let head = (self.run.input).head(self.session.layer, self.session.head);
        let values = match operand {
            Operand::Q => head.q,
            Operand::K => head.k,
            Operand::V => head.v,
        };
        match self.format.greatest() {
            Some(greatest) => like.fitted(values, greatest),
            None => like,
        }
    }

    fn title(&self, name: &str, present: Step) -> (String, String) {
        let which = self.which;
        match present {
            Step::Bits(_) => (
                format!("Fraction bits of {name}, {which}"),
                format!("Fraction bits of {name}: one step is 2 to the minus this"),
            ),
            Step::Scale(_) => (
                format!("Scale of {name}, {which}"),
                format!("Scale of {name}: what one step of its integers stands for"),
            ),
        }
    }

    fn slider_ui(&self, ui: &mut Ui, width: f32, name: &str, present: Step) -> Option<Step> {
        let (title, about) = self.title(name, present);
        let moved = match present {
            Step::Bits(mut bits) => {
                let slider = Slider::new(&mut bits, BITS).clamping(SliderClamping::Never);
                let slid = quiet(ui, width, &title, slider, self.tint);
                (slid, Step::Bits(bits))
            }
            Step::Scale(mut scale) => {
                let ends = [*BITS.end(), *BITS.start()].map(|bits| Step::Bits(bits).real());
                let slider = Slider::new(&mut scale, ends[0]..=ends[1]).logarithmic(true);
                let slider = slider.clamping(SliderClamping::Never).smart_aim(false);
                let slid = quiet(ui, width, &title, slider, self.tint);
                (slid, Step::Scale(scale))
            }
        };
        let (slid, step) = moved;
        let changed = slid.on_hover_text(about).changed();
        changed.then_some(step)
    }

    /// To be dragged or typed.
    fn number_ui(
        &self,
        ui: &mut Ui,
        name: &str,
        prefix: &str,
        present: Step,
        suffix: &str,
    ) -> Option<Step> {
        let (title, about) = self.title(name, present);
        let title = format!("{title}{suffix}");
        let sized = |ui: &mut Ui, number: DragValue<'_>| {
            let number = number.prefix(prefix.to_owned());
            let named = ui.name_inputs(&title, |ui| ui.add_sized([NUMBER, 18.0], number));
            named.on_hover_text(&about);
        };
        let step = match present {
            Step::Bits(mut bits) => {
                sized(ui, DragValue::new(&mut bits).speed(0.1).range(-60..=60));
                Step::Bits(bits)
            }
            Step::Scale(before) => {
                let mut scale = before;
                let number = DragValue::new(&mut scale).speed(before * 0.01);
                let number = number.range(1e-18..=1e18).max_decimals(20);
                let shown = |scale: f64| significant(scale, DIGITS);
                sized(ui, number.custom_formatter(move |scale, _| shown(scale)));
                // Who reads the number and leaves it does not round it.
                let is_same = shown(scale) == shown(before);
                Step::Scale(if is_same { before } else { scale })
            }
        };
        (step != present).then_some(step)
    }
}

/// Width of a number.
const NUMBER: f32 = 46.0;

/// A quiet slider in the colour of its side.
fn quiet(ui: &mut Ui, width: f32, title: &str, slider: Slider<'_>, tint: Color32) -> Response {
    ui.scope(|ui| {
        ui.spacing_mut().slider_width = width;
        let visuals = ui.visuals_mut();
        visuals.selection.bg_fill = tint;
        visuals.handle_shape = HandleShape::Circle;
        for widget in [
            &mut visuals.widgets.inactive,
            &mut visuals.widgets.hovered,
            &mut visuals.widgets.active,
        ] {
            widget.bg_fill = colour::FIELD_HOVERED;
            widget.fg_stroke = Stroke::new(3.0, tint);
        }
        ui.name_inputs(title, |ui| ui.add(slider.show_value(false)))
    })
    .inner
}
