//! The report as one page that needs nothing else: no script, no file, no network.

use maud::{DOCTYPE, Markup, PreEscaped, html as page};

use super::svg::{FATES, Grid, head_map, heat_map, histogram};
use super::text::{errors, unit};
use super::{FormatReport, Report, StageReport, decibels, digits, percent};
use crate::compare::numbers::Memory;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1b1d20; --weak: #5c6269; --paper: #fff; --line: #d9dce0; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #dcdee2; --weak: #969ca4; --paper: #1b1d20; --line: #3b4047; --bad: #f0766c; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.4rem; border-top: 1px solid var(--line);
  padding-top: 1rem; } h2 code { font-size: 1.15em; } h3 { font-size: 1rem; margin-bottom: .3rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
td:first-child, th:first-child { text-align: left; padding-left: 0; } th { color: var(--weak); font-weight: 500; }
code, pre { font: 13px/1.5 ui-monospace, monospace; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
p, figcaption { color: var(--weak); max-width: 70ch; } .bad { color: var(--bad); } .wide { overflow-x: auto; }
figure { margin: .6rem 2rem .6rem 0; } .row { display: flex; flex-wrap: wrap; align-items: flex-start; }
svg { font: 11px system-ui, sans-serif; max-width: 100%; height: auto; } .key { padding-right: 1rem; }
";

/// The whole page.
pub fn html(report: &Report) -> String {
    let input = &report.input;
    let title = format!("{} in {} formats", input.name, report.formats.len());
    let page = page! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p {
                    (input.compared) " of " (input.layers * input.heads) " heads, " (input.shape())
                    ", mask " (input.mask) ", scale " (digits(input.scale)) (input.changes) ". Held against " (report.reference) "."
                }
                div.wide { (summary(report)) }
                @for format in &report.formats { (section(format, report)) }
                h2 { "How it was made" }
                pre { (report.command) }
                p { (report.program) }
            }
        }
    };
    page.into_string()
}

fn summary(report: &Report) -> Markup {
    page! {
        table {
            tr {
                th { "Format" } th { "SQNR of the output" } th { "Worst head" } th { "Same top key" }
                th { "Saturated" } th { "Memory of a head" }
            }
            @for format in &report.formats {
                tr {
                    td { code { (format.format) } }
                    td { (with_unit(format.sqnr_db)) }
                    td { (with_unit(format.worst_db)) }
                    td { (percent(format.rows.same_top, format.rows.rows)) }
                    td.bad[format.saturated > 0] { (format.saturated) " of " (format.values) }
                    td { (Memory::text(format.memory.total())) }
                }
            }
        }
    }
}

fn with_unit(decibel: f64) -> String {
    let text = decibels(decibel);
    if decibel.is_finite() {
        format!("{text} dB")
    } else {
        text
    }
}

fn section(format: &FormatReport, report: &Report) -> Markup {
    let finite = || {
        report
            .formats
            .iter()
            .flat_map(|format| &format.heads)
            .map(|head| head.sqnr_db)
            .filter(|db| db.is_finite())
    };
    let range = [
        finite().fold(f64::INFINITY, f64::min),
        finite().fold(f64::NEG_INFINITY, f64::max),
    ];
    let worst = format.worst;
    let name = format!("layer {}, head {}", worst.layer, worst.head);
    page! {
        h2 { code { (format.format) } }
        h3 { "Stage by stage, all heads" }
        div.wide { (stages(format)) }
        p {
            "Errors in units of the last place, or in real units for weights, which are shares of a sum, and for the scores of "
            "integers, which are exact. Perfect rounding has an RMS of 0.289 places. Local is what a stage did itself, held against the exact f64 "
            "result of the inputs it had; the rest is inherited. Kullback-Leibler divergence of a row of weights: mean "
            (digits(format.rows.divergence_mean)) ", worst " (digits(format.rows.divergence_max))
            " nats; its sum is off by at most " (digits(format.rows.drift_max)) "."
        }
        h3 { "SQNR of the output of every head, dB" }
        div.wide { (picture(&head_map(&format.heads, range), "SQNR of every head")) }
        h3 { "Differences on the worst head, " (name) }
        div.row { @for (grid, what) in format.differences.iter().zip(["Weights", "Output"]) { (difference(grid, what)) } }
        h3 { "Values of Q, K and V: one bar for each power of two" }
        p { @for (colour, what) in FATES { span.key { span style=(format!("color:{colour}")) { "■ " } (what) } } }
        div.row {
            @for (bits, what) in format.histograms.iter().zip(["Q", "K", "V"]) {
                figure { (picture(&histogram(bits), what)) figcaption { (what) ", " (bits.zeros) " zeros" } }
            }
        }
        @if !format.events.is_empty() { h3 { "Cut or gone to zero on " (name) } (events(format)) }
    }
}

fn stages(format: &FormatReport) -> Markup {
    page! {
        table {
            tr { @for name in ["Stage", "SQNR", "NMSE", "Unit", "Max", "Mean", "RMS", "RMS local", "Cosine", "Saturated", "To zero"] { th { (name) } } }
            @for stage in &format.stages { (stage_row(stage)) }
        }
    }
}

fn stage_row(stage: &StageReport) -> Markup {
    let [total, local] = errors(stage);
    page! {
        tr {
            td { (stage.table.name()) }
            td { (with_unit(stage.total.sqnr_db)) }
            td { (digits(stage.total.nmse)) }
            td { (unit(stage)) }
            td { (digits(total.max)) }
            td { (digits(total.mean)) }
            td { (digits(total.rms)) }
            td { (digits(local.rms)) }
            td { (format!("{:.6}", stage.total.cosine)) }
            td.bad[stage.saturated > 0] { (stage.saturated) }
            td { (stage.flushed) }
        }
    }
}

fn difference(grid: &Grid, what: &str) -> Markup {
    let end = digits(grid.largest());
    page! {
        figure {
            (picture(&heat_map(grid), what))
            figcaption { (what) ", format minus reference; blue −" (end) ", red +" (end) }
        }
    }
}

fn events(format: &FormatReport) -> Markup {
    const LISTED: usize = 40;
    page! {
        table {
            tr { th { "Table" } th { "Row" } th { "Column" } th { "Was" } th { "Became" } }
            @for event in format.events.iter().take(LISTED) {
                tr {
                    td { (event.table.name()) } td { (event.row) } td { (event.column) }
                    td { (digits(event.was)) } td { (digits(event.is)) }
                }
            }
        }
        @if format.event_count > LISTED { p { "and " (format.event_count - LISTED) " more" } }
    }
}

/// Written by the crate `svg`, from numbers and names of our own, with a name for screen readers.
fn picture(svg: &svg::Document, name: &str) -> Markup {
    PreEscaped(svg.clone().set("aria-label", name).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::InputFacts;

    #[test]
    fn a_name_cannot_write_html() {
        let report = Report {
            program: "kqv".to_owned(),
            command: "kqv compare '<script>'".to_owned(),
            input: InputFacts {
                name: "<b>&".to_owned(),
                layers: 1,
                heads: 1,
                compared: 1,
                queries: 1,
                keys: 1,
                width: 1,
                value_width: 1,
                mask: "none",
                changes: String::new(),
                scale: 1.0,
            },
            reference: "f64".to_owned(),
            formats: Vec::new(),
        };
        let page = html(&report);
        assert!(page.contains("&lt;b&gt;&amp;") && page.contains("&lt;script&gt;"));
        assert!(!page.contains("<script"));
    }
}
