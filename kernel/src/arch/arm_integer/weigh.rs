//! From scores to weights, and to shares.

#![expect(
    unsafe_code,
    reason = "the compiler does not reach these instructions, and no stable function stands for them"
)]

use core::arch::naked_asm;

use super::UNROLLED;
use crate::exp::{Exponent, HALVED_P_Q30};

/// What [`weigh_pairs`] reads; the order is that of its loads.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Weigher {
    max: i32,
    /// 2^shift
    power: u32,
    mantissa: u32,
    /// Moves the whole part of an exponent into the high word of a product.
    whole: u32,
    /// Where the polynomial lies, once all this is on the stack.
    place: u32,
    polynomial: [i32; 6],
    /// One past the last cell.
    end: *const i32,
    /// Weighs cells one behind the other.
    weigh: unsafe extern "C" fn(*mut i32, *const Weigher) -> u64,
}

impl Weigher {
    /// For cells that lie at most `reach` apart.
    pub(crate) fn new(exponent: Exponent, reach: u32) -> Self {
        /// With so many times 64 powers of two above it the exponent still fits a byte.
        const NEAR: u64 = 6;
        let beyond = u64::from(reach) << exponent.shift >> 32;
        Self {
            max: 0,
            power: 1 << exponent.shift,
            mantissa: exponent.mantissa,
            whole: 1 << 6,
            place: 0,
            polynomial: HALVED_P_Q30,
            end: core::ptr::null(),
            // So great a distance has to be cut.
            weigh: if beyond > NEAR {
                weigh_pairs_far
            } else {
                weigh_pairs
            },
        }
    }

    /// Turns the first cells, an even number, into weights, in place; returns for how many, and their sum.
    pub(crate) fn weigh(&mut self, max: i32, cells: &mut [i32]) -> (usize, u64) {
        let done = cells.len() & !1;
        if done == 0 {
            return (0, 0);
        }
        let cells = cells.as_mut_ptr();
        self.max = max;
        self.end = cells.wrapping_add(done);
        // SAFETY: `end` lies an even number of cells, two at least, behind the first.
        (done, unsafe { (self.weigh)(cells, self) })
    }

    /// [`weigh`](Self::weigh) for every other cell from the first on, an even number: those of one query where two
    /// lie side by side.
    pub(crate) fn weigh_every_other(&mut self, max: i32, cells: &mut [i32]) -> u64 {
        let pairs = (cells.len() + 1) / UNROLLED; // behind the last there may be none of the other query
        if pairs == 0 {
            return 0;
        }
        let cells = cells.as_mut_ptr();
        self.max = max;
        self.end = cells.wrapping_add(pairs * UNROLLED);
        // SAFETY: `end` lies four times `pairs` cells behind the first, and only every other is looked at.
        unsafe { weigh_pairs_apart(cells, self) }
    }
}

/// Turns the first cells into weights, in place; returns for how many, and their sum.
pub(crate) fn weigh(exponent: Exponent, max: i32, cells: &mut [i32]) -> (usize, u64) {
    Weigher::new(exponent, u32::MAX).weigh(max, cells)
}

/// Two weights: r0 cells, r1 and r2 two of them; r12 and lr the sum.
///
/// One multiplication shifts a distance, and leaves in its high word what is beyond 32 bits: 64 powers of two or
/// more. Another one parts the whole powers from the fraction.
macro_rules! weigh_pair {
    ($load:literal, $cut:literal, $store:literal) => {
        concat!(
            $load,
            "\n ldmia sp, {{r5-r9}}", // max, power, mantissa, whole, place
            "\n sub r1, r5, r1",
            "\n umull r1, r10, r1, r6",
            "\n umull r3, r1, r1, r7",
            "\n umull r3, r1, r1, r8",
            "\n lsr r3, r3, #1",
            $cut,
            "\n add r1, r1, r10, lsl #5",
            "\n sub r2, r5, r2",
            "\n umull r2, r10, r2, r6",
            "\n umull r4, r2, r2, r7",
            "\n umull r4, r2, r2, r8",
            "\n lsr r4, r4, #1",
            $cut,
            "\n add r2, r2, r10, lsl #5",
            "\n ldmia r9, {{r5-r10}}", // the polynomial
            "\n smmls r11, r10, r3, r9",
            "\n smmls r11, r11, r3, r8",
            "\n smmls r11, r11, r3, r7",
            "\n smmls r11, r11, r3, r6",
            "\n smmls r11, r11, r3, r5",
            "\n lsr r1, r11, r1",
            "\n smmls r11, r10, r4, r9",
            "\n smmls r11, r11, r4, r8",
            "\n smmls r11, r11, r4, r7",
            "\n smmls r11, r11, r4, r6",
            "\n smmls r11, r11, r4, r5",
            "\n lsr r2, r11, r2",
            $store,
            // Two weights fit 32 bits.
            "\n add r1, r1, r2",
            "\n adds r12, r12, r1",
            "\n adc lr, lr, #0\n",
        )
    };
}

/// A function that weighs `$bytes` of cells, two of them to be looked at, at a time.
macro_rules! weigh_function {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $load:literal, $cut:literal, $store:literal) => {
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "C" fn $name(cells: *mut i32, weigher: *const Weigher) -> u64 {
            dsp_asm!(
                "push {{r4-r11, lr}}",
                "ldmia r1, {{r1-r12}}",
                "push {{r1-r12}}",
                "add r1, sp, #20",
                "str r1, [sp, #16]",
                "sub r1, r12, r0",
                "mov r12, #0",
                "mov lr, #0",
                // Into the middle of the loop, by the pairs that are too many for four.
                concat!("ands r1, r1, #3*", $bytes),
                "beq 1f",
                concat!("cmp r1, #2*", $bytes),
                "bhi 2f",
                "beq 3f",
                "b 4f",
                "1:",
                weigh_pair!($load, $cut, $store),
                "2:",
                weigh_pair!($load, $cut, $store),
                "3:",
                weigh_pair!($load, $cut, $store),
                "4:",
                weigh_pair!($load, $cut, $store),
                "ldr r1, [sp, #44]",
                "cmp r0, r1",
                "bne 1b",
                "mov r0, r12",
                "mov r1, lr",
                "add sp, #48",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

weigh_function!(
    /// Cells that lie one behind the other.
    weigh_pairs, "8", "ldrd r1, r2, [r0]", "", "\n strd r1, r2, [r0], #8"
);
weigh_function!(
    /// The same, however far they lie apart.
    weigh_pairs_far, "8", "ldrd r1, r2, [r0]", "\n usat r10, #2, r10", "\n strd r1, r2, [r0], #8"
);
weigh_function!(
    /// Every other cell, however far they lie apart.
    weigh_pairs_apart, "16", "ldr r1, [r0]\n ldr r2, [r0, #8]", "\n usat r10, #2, r10",
    "\n str r1, [r0], #8\n str r2, [r0], #8"
);

/// Turns the first weights into shares, in place; returns for how many, and what they add up to.
pub(crate) fn share(weights: &mut [i32], factor: u32) -> (usize, u32) {
    let done = weights.len() / UNROLLED * UNROLLED;
    if done == 0 {
        return (0, 0);
    }
    let weights = weights.as_mut_ptr();
    // SAFETY: the end lies a multiple of four weights behind the first.
    let total = unsafe { share_fours(weights, weights.wrapping_add(done), factor) };
    (done, total)
}

/// Four shares, then eight at a time.
#[unsafe(naked)]
unsafe extern "C" fn share_fours(weights: *mut i32, end: *const i32, factor: u32) -> u32 {
    dsp_asm!(
        "push {{r4-r11, lr}}",
        "mov r3, #0",
        "sub r12, r1, r0",
        "tst r12, #16",
        "bne 2f",
        "1:",
        "ldmia r0, {{r4-r11}}",
        "umull r12, r4, r4, r2",
        "umull r12, r5, r5, r2",
        "umull r12, r6, r6, r2",
        "umull r12, r7, r7, r2",
        "umull r12, r8, r8, r2",
        "umull r12, r9, r9, r2",
        "umull r12, r10, r10, r2",
        "umull r12, r11, r11, r2",
        "stmia r0!, {{r4-r11}}",
        "add r3, r3, r8",
        "add r3, r3, r9",
        "add r3, r3, r10",
        "add r3, r3, r11",
        "b 3f",
        "2:",
        "ldmia r0, {{r4-r7}}",
        "umull r12, r4, r4, r2",
        "umull r12, r5, r5, r2",
        "umull r12, r6, r6, r2",
        "umull r12, r7, r7, r2",
        "stmia r0!, {{r4-r7}}",
        "3:",
        "add r3, r3, r4",
        "add r3, r3, r5",
        "add r3, r3, r6",
        "add r3, r3, r7",
        "cmp r0, r1",
        "bne 1b",
        "mov r0, r3",
        "pop {{r4-r11, pc}}",
    )
}

/// The greatest of the first cells; returns for how many, and `floor` if none is greater.
pub(crate) fn greatest(cells: &[i32], floor: i32) -> (usize, i32) {
    let done = cells.len() / UNROLLED * UNROLLED;
    if done == 0 {
        return (0, floor);
    }
    let cells = cells.as_ptr();
    // SAFETY: the end lies a multiple of four cells behind the first.
    (done, unsafe {
        greatest_of_fours(cells, cells.wrapping_add(done), floor)
    })
}

/// Looks at four cells at a time.
#[unsafe(naked)]
unsafe extern "C" fn greatest_of_fours(cells: *const i32, end: *const i32, floor: i32) -> i32 {
    dsp_asm!(
        "push {{r4-r7, lr}}",
        "1:",
        "ldmia r0!, {{r4-r7}}",
        "cmp r4, r2",
        "it gt",
        "movgt r2, r4",
        "cmp r5, r2",
        "it gt",
        "movgt r2, r5",
        "cmp r6, r2",
        "it gt",
        "movgt r2, r6",
        "cmp r7, r2",
        "it gt",
        "movgt r2, r7",
        "cmp r0, r1",
        "bne 1b",
        "mov r0, r2",
        "pop {{r4-r7, pc}}",
    )
}

/// The greatest of cells that are not all below zero, of which there are four times as many; else zero.
///
/// Against `n`, what the greatest is short of 2^31 − 1, a cell that is greater makes the sum saturate, and the
/// difference of sum and cell is the new `n`: two instructions instead of three.
pub(crate) fn greatest_above_zero(cells: &[i32]) -> (usize, i32) {
    let done = cells.len() / UNROLLED * UNROLLED;
    if done == 0 {
        return (0, 0);
    }
    let cells = cells.as_ptr();
    // SAFETY: the end lies a multiple of four cells behind the first.
    (done, unsafe {
        saturating_fours(cells, cells.wrapping_add(done))
    })
}

/// Looks at four cells, then at eight at a time.
#[unsafe(naked)]
unsafe extern "C" fn saturating_fours(cells: *const i32, end: *const i32) -> i32 {
    dsp_asm!(
        "push {{r4-r11, lr}}",
        "mvn r2, #0x80000000",
        "sub r3, r1, r0",
        "tst r3, #16",
        "bne 2f",
        "1:",
        "ldmia r0!, {{r4-r11}}",
        "qadd r3, r8, r2",
        "sub r2, r3, r8",
        "qadd r3, r9, r2",
        "sub r2, r3, r9",
        "qadd r3, r10, r2",
        "sub r2, r3, r10",
        "qadd r3, r11, r2",
        "sub r2, r3, r11",
        "b 3f",
        "2:",
        "ldmia r0!, {{r4-r7}}",
        "3:",
        "qadd r3, r4, r2",
        "sub r2, r3, r4",
        "qadd r3, r5, r2",
        "sub r2, r3, r5",
        "qadd r3, r6, r2",
        "sub r2, r3, r6",
        "qadd r3, r7, r2",
        "sub r2, r3, r7",
        "cmp r0, r1",
        "bne 1b",
        "mvn r0, #0x80000000",
        "sub r0, r0, r2",
        "pop {{r4-r11, pc}}",
    )
}
