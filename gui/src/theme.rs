//! Sizes, spacing and colours: quiet, so that the numbers are what one sees.

use eframe::egui::style::{Selection as SelectionStyle, WidgetVisuals};
use eframe::egui::{
    Context, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Theme, Vec2, Visuals,
};

use crate::colour;

/// Sets colours, sizes and spacing of everything.
pub fn apply(ctx: &Context) {
    // The light look is made of the dark one, see `look`.
    ctx.set_theme(Theme::Dark);
    ctx.all_styles_mut(|style| {
        style.visuals = visuals();
        style.spacing.item_spacing = Vec2::new(8.0, 5.0);
        style.spacing.button_padding = Vec2::new(8.0, 4.0);
        style.spacing.interact_size.y = 24.0;
        style.spacing.slider_rail_height = 4.0;
        style.interaction.tooltip_delay = 0.25;
        style.interaction.selectable_labels = false;
        for (text_style, size) in [
            (TextStyle::Small, 11.0),
            (TextStyle::Body, 13.0),
            (TextStyle::Button, 13.0),
            (TextStyle::Heading, 17.0),
        ] {
            let font = FontId::new(size, FontFamily::Proportional);
            style.text_styles.insert(text_style, font);
        }
        let font = FontId::new(12.0, FontFamily::Monospace);
        style.text_styles.insert(TextStyle::Monospace, font);
    });
}

fn visuals() -> Visuals {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = colour::BACKGROUND;
    visuals.window_fill = colour::PANEL;
    visuals.window_stroke = Stroke::new(1.0, colour::FIELD_HOVERED);
    visuals.extreme_bg_color = colour::BACKGROUND;
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(colour::WEAK);
    visuals.selection = SelectionStyle {
        bg_fill: colour::FIELD_HOVERED,
        stroke: Stroke::new(1.0, colour::TEXT),
    };
    visuals.slider_trailing_fill = true;
    visuals.faint_bg_color = colour::BACKGROUND;
    let widget = |fill, text| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::NONE,
        corner_radius: CornerRadius::same(4),
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    visuals.widgets.noninteractive = WidgetVisuals {
        bg_stroke: Stroke::new(1.0, colour::FIELD),
        ..widget(colour::PANEL, colour::TEXT)
    };
    visuals.widgets.inactive = widget(colour::FIELD, colour::TEXT);
    visuals.widgets.hovered = widget(colour::FIELD_HOVERED, colour::TEXT);
    visuals.widgets.active = widget(colour::FIELD_HOVERED, colour::TEXT);
    visuals.widgets.open = widget(colour::FIELD_HOVERED, colour::TEXT);
    visuals
}
