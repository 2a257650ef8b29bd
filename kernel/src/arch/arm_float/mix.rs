//! P·V: four columns of a tile at a time, or eight of a row.

#![expect(
    unsafe_code,
    reason = "the compiler has no way to ask for VMLA, nor for these registers"
)]

use core::arch::asm;

use crate::quad::{COLUMNS, QUAD};

/// Whether every key has `width` values, the rows beginning `columns` apart.
fn values_fit(values: &[f32], columns: usize, keys: usize, width: usize) -> bool {
    let before_last = keys.saturating_sub(1).saturating_mul(columns);
    keys > 0 && values.len() >= before_last.saturating_add(width)
}

/// Adds four columns of V, whose rows begin `columns` values apart, each times its weights (keys, 4).
///
/// `sums` are those of a column, (4, 4).
pub(crate) fn mix_tile(
    weights: &[[f32; QUAD]],
    values: &[f32],
    columns: usize,
    sums: &mut [[f32; QUAD]; QUAD],
) {
    if !values_fit(values, columns, weights.len(), QUAD) {
        return;
    }
    // SAFETY: reads all of `weights` and, of `values`, four numbers for each of them, as checked; reads and
    // writes `sums`.
    unsafe {
        with_all_registers!(
            "vldmia {sums}, {{s0-s15}}",
            "lsrs {count}, {keys}, #1",
            "beq 4f",
            "3:", // two keys
            "vldmia {weights}!, {{s16-s23}}",
            "vldmia {values}, {{s24-s27}}",
            "add {values}, {values}, {columns}, lsl #2",
            "vldmia {values}, {{s28-s31}}",
            "add {values}, {values}, {columns}, lsl #2",
            multiply_add_16!(16 17 18 19, 24 25 26 27),
            multiply_add_16!(20 21 22 23, 28 29 30 31),
            "subs {count}, {count}, #1",
            "bne 3b",
            "4:",
            "ands {count}, {keys}, #1",
            "beq 5f",
            "vldmia {weights}!, {{s16-s19}}",
            "vldmia {values}, {{s24-s27}}",
            multiply_add_16!(16 17 18 19, 24 25 26 27),
            "5:",
            "vstmia {sums}, {{s0-s15}}",
            sums = in(reg) sums.as_mut_ptr(),
            keys = in(reg) weights.len(),
            columns = in(reg) columns,
            weights = inout(reg) weights.as_ptr() => _,
            values = inout(reg) values.as_ptr() => _,
            count = out(reg) _,
        );
    }
}

/// Adds eight columns of V, whose rows begin `columns` values apart, each times its weight (keys).
pub(crate) fn mix_row(weights: &[f32], values: &[f32], columns: usize, sums: &mut [f32; COLUMNS]) {
    if !values_fit(values, columns, weights.len(), COLUMNS) {
        return;
    }
    // SAFETY: reads all of `weights` and, of `values`, eight numbers for each of them, as checked; reads and
    // writes `sums`.
    unsafe {
        with_all_registers!(
            "vldmia {sums}, {{s0-s7}}",
            "lsrs {count}, {keys}, #1",
            "beq 4f",
            "3:", // two keys
            "vldmia {weights}!, {{s8-s9}}",
            "vldmia {values}, {{s16-s23}}",
            "add {values}, {values}, {columns}, lsl #2",
            "vldmia {values}, {{s24-s31}}",
            "add {values}, {values}, {columns}, lsl #2",
            multiply_add!(8: (0, 16) (1, 17) (2, 18) (3, 19) (4, 20) (5, 21) (6, 22) (7, 23)),
            multiply_add!(9: (0, 24) (1, 25) (2, 26) (3, 27) (4, 28) (5, 29) (6, 30) (7, 31)),
            "subs {count}, {count}, #1",
            "bne 3b",
            "4:",
            "ands {count}, {keys}, #1",
            "beq 5f",
            "vldmia {weights}!, {{s8}}",
            "vldmia {values}, {{s16-s23}}",
            multiply_add!(8: (0, 16) (1, 17) (2, 18) (3, 19) (4, 20) (5, 21) (6, 22) (7, 23)),
            "5:",
            "vstmia {sums}, {{s0-s7}}",
            sums = in(reg) sums.as_mut_ptr(),
            keys = in(reg) weights.len(),
            columns = in(reg) columns,
            weights = inout(reg) weights.as_ptr() => _,
            values = inout(reg) values.as_ptr() => _,
            count = out(reg) _,
        );
    }
}
