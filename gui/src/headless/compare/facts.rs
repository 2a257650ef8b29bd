//! From the heads that were run to the facts of the report.

use crate::compare::heads::{HeadReport, Plan, job};
use crate::compare::histogram::Histogram;
use crate::compare::numbers::Memory;
use crate::compare::stages::Stages;
use crate::number::real;
use crate::report::{FormatReport, Grid, HeadSummary, InputFacts, Report, stage_reports};
use crate::session::TableKind;
use crate::side::RunError;
use crate::source::Input;
use crate::stored::Operand;

/// How many cut or vanished values are written down.
const LISTED_EVENTS: usize = 200;

/// Everything that the report says; the worst head of each format is run again for its pictures.
///
/// # Errors
/// [`RunError`], a sentence.
pub(super) fn report(
    input: &Input,
    plan: &Plan,
    heads: &[Vec<HeadReport>],
    command: String,
) -> Result<Report, RunError> {
    let formats = plan.formats.iter().enumerate().filter_map(|(at, format)| {
        let heads: Vec<&HeadReport> = heads.iter().filter_map(|formats| formats.get(at)).collect();
        let worst = *heads
            .iter()
            .min_by(|a, b| sqnr_db(a).total_cmp(&sqnr_db(b)))?;
        Some(format_report(
            input,
            plan,
            format.to_string(),
            &heads,
            worst,
        ))
    });
    let reference = match plan.reference.to_string() {
        name if name == "f64" => "the same attention in f64".to_owned(),
        name => name,
    };
    Ok(Report {
        program: concat!("kqv ", env!("CARGO_PKG_VERSION")).to_owned(),
        command,
        input: input_facts(input, plan)?,
        reference,
        formats: formats.collect::<Result<_, _>>()?,
    })
}

/// Of the output of a head.
fn sqnr_db(head: &HeadReport) -> f64 {
    head.stages.stage(TableKind::Output).total.sqnr_db()
}

fn input_facts(input: &Input, plan: &Plan) -> Result<InputFacts, RunError> {
    let first = plan.ids.first().copied();
    let scale = match first {
        Some(id) => job(input, id, plan.setting)?
            .attention
            .scale
            .factor(input.width),
        None => 1.0 / real(input.width.max(1)).sqrt(),
    };
    Ok(InputFacts {
        name: input.name.clone(),
        layers: input.layers,
        heads: input.heads,
        compared: plan.ids.len(),
        queries: input.queries,
        keys: input.keys,
        width: input.width,
        value_width: input.value_width,
        mask: plan.setting.mask.name(),
        changes: plan.setting.changes.text(),
        scale,
    })
}

fn format_report(
    input: &Input,
    plan: &Plan,
    format: String,
    heads: &[&HeadReport],
    worst: &HeadReport,
) -> Result<FormatReport, RunError> {
    let mut pooled = Stages::default();
    for head in heads {
        pooled.merge(&head.stages);
    }
    let summaries: Vec<HeadSummary> = heads
        .iter()
        .map(|&head| HeadSummary::new(head, plan.setting.changes))
        .collect();
    let shape = [input.queries, input.keys, input.width, input.value_width];
    let operands = [TableKind::Q, TableKind::K, TableKind::V];
    Ok(FormatReport {
        format,
        sqnr_db: pooled.stage(TableKind::Output).total.sqnr_db(),
        worst: worst.id,
        worst_db: sqnr_db(worst),
        rows: pooled.rows.measures(),
        saturated: pooled.saturated(),
        values: operands
            .map(|kind| pooled.stage(kind).total.measures().cells)
            .iter()
            .sum(),
        memory: Memory::new(worst.numbers, shape),
        stages: stage_reports(&pooled, plan.setting.changes),
        heads: summaries,
        histograms: histograms(input, heads),
        event_count: worst.events.len(),
        events: worst.events.iter().take(LISTED_EVENTS).copied().collect(),
        differences: differences(input, plan, worst)?,
    })
}

/// Q, K and V of all heads that were compared, each head in its own numbers.
fn histograms(input: &Input, heads: &[&HeadReport]) -> Vec<Histogram> {
    let all = |operand| {
        let values = heads.iter().map(|report| {
            let head = input.head(report.id.layer, report.id.head);
            let values = match operand {
                Operand::Q => head.q,
                Operand::K => head.k,
                Operand::V => head.v,
            };
            (report.numbers, values)
        });
        Histogram::new(operand, &values.collect::<Vec<_>>())
    };
    [Operand::Q, Operand::K, Operand::V].map(all).to_vec()
}

/// Weights and output of one head, format minus reference.
fn differences(input: &Input, plan: &Plan, head: &HeadReport) -> Result<[Grid; 2], RunError> {
    let job = job(input, head.id, plan.setting)?;
    let reference = plan
        .reference
        .on(input, head.id.layer, head.id.head)
        .record(&job)?;
    let run = head.numbers.record(&job)?;
    let minus = |run: &[f64], reference: &[f64]| {
        let differences = run.iter().zip(reference);
        differences
            .map(|(run, reference)| run - reference)
            .collect()
    };
    Ok([
        Grid {
            columns: input.keys,
            values: minus(&run.weights, &reference.weights),
        },
        Grid {
            columns: input.value_width,
            values: minus(&run.output, &reference.output),
        },
    ])
}
