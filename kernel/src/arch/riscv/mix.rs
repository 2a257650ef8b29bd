//! P·V on a RISC-V core, eight columns for two queries: 2.9 instructions for a multiply-add of i8, or 3.4 where the
//! output is finer, or of i16.

#![expect(
    unsafe_code,
    reason = "the compiler does not keep sixteen sums in registers"
)]

use core::arch::naked_asm;

use crate::fours::EIGHT;

/// What the loops read; the order is that of their loads.
#[repr(C)]
struct Two<V> {
    shares: [*const i32; 2],
    /// One past the last share of the first query.
    end: *const i32,
    v: *const V,
    /// Bytes of a row of V.
    row_bytes: usize,
    sums: *mut [[i32; EIGHT]; 2],
}

/// Eight columns of V (S, E) from `first` on, each row times its share for either query, if there are so many.
pub(crate) fn sums_of_two_i8(
    shares: [&[i32]; 2],
    v: &[i8],
    width: usize,
    first: usize,
) -> Option<[[i32; EIGHT]; 2]> {
    sums_of_two(mix_eight, shares, v, width, first)
}

/// The same in units of 2^8, each product rounded down.
pub(crate) fn sums_of_two_fine_i8(
    shares: [&[i32]; 2],
    v: &[i8],
    width: usize,
    first: usize,
) -> Option<[[i32; EIGHT]; 2]> {
    sums_of_two(mix_eight_fine, shares, v, width, first)
}

/// The same for i16 in units of 2^16.
pub(crate) fn sums_of_two_i16(
    shares: [&[i32]; 2],
    v: &[i16],
    width: usize,
    first: usize,
) -> Option<[[i32; EIGHT]; 2]> {
    sums_of_two(mix_eight_i16, shares, v, width, first)
}

/// By one of the loops.
fn sums_of_two<V>(
    mix: unsafe extern "C" fn(*const Two<V>),
    shares: [&[i32]; 2],
    v: &[V],
    width: usize,
    first: usize,
) -> Option<[[i32; EIGHT]; 2]> {
    let rows = shares[0].len();
    let fits = shares[1].len() == rows && v.len() == width * rows && first + EIGHT <= width;
    let mut sums = [[0; EIGHT]; 2];
    if !fits || rows == 0 {
        return None;
    }
    let two = Two {
        shares: shares.map(<[i32]>::as_ptr),
        end: shares[0].as_ptr_range().end,
        v: v.as_ptr().wrapping_add(first),
        row_bytes: width * size_of::<V>(),
        sums: &raw mut sums,
    };
    // SAFETY: V has a row for every share, of which there are as many for both queries, one at least, and eight columns
    // from `first` on.
    unsafe { mix(&raw const two) };
    Some(sums)
}

/// A column of a row of V times the shares of both queries: how it is loaded, shifted and multiplied.
macro_rules! column {
    ($at:literal, $load:literal, $shift:literal, $mul:literal, $one:literal, $other:literal) => {
        concat!(
            $load,
            "*",
            $at,
            "(a3)\n",
            $shift,
            $mul,
            " t3, t0, t2\n",
            $mul,
            " t4, t1, t2\n",
            "add ",
            $one,
            ", ",
            $one,
            ", t3\n",
            "add ",
            $other,
            ", ",
            $other,
            ", t4\n",
        )
    };
}

/// A function that adds up eight columns: a0 and a1 are the shares, up to a2, a3 is V; a5 to a7 and s0 to s4 are the
/// sums of one query, s5 to s11 and t6 those of the other.
macro_rules! mix_function {
    ($(#[$doc:meta])* $name:ident, $v:ty, $load:literal, $shift:literal, $mul:literal) => {
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "C" fn $name(two: *const Two<$v>) {
            naked_asm!(
                ".option push",
                ".option arch, +m",
                "addi sp, sp, -64",
                ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
                "sw s\\n, 4*\\n(sp)",
                "li s\\n, 0",
                ".endr",
                "lw a5, 20(a0)",
                "sw a5, 48(sp)",
                "lw a1, 4(a0)",
                "lw a2, 8(a0)",
                "lw a3, 12(a0)",
                "lw a4, 16(a0)",
                "lw a0, 0(a0)",
                "li a5, 0",
                "li a6, 0",
                "li a7, 0",
                "li t6, 0",
                "1:",
                "lw t0, 0(a0)",
                "lw t1, 0(a1)",
                column!("0", $load, $shift, $mul, "a5", "s5"),
                column!("1", $load, $shift, $mul, "a6", "s6"),
                column!("2", $load, $shift, $mul, "a7", "s7"),
                column!("3", $load, $shift, $mul, "s0", "s8"),
                column!("4", $load, $shift, $mul, "s1", "s9"),
                column!("5", $load, $shift, $mul, "s2", "s10"),
                column!("6", $load, $shift, $mul, "s3", "s11"),
                column!("7", $load, $shift, $mul, "s4", "t6"),
                "addi a0, a0, 4",
                "addi a1, a1, 4",
                "add a3, a3, a4",
                "bne a0, a2, 1b",
                "lw a0, 48(sp)",
                "sw a5, 0(a0)",
                "sw a6, 4(a0)",
                "sw a7, 8(a0)",
                ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
                "sw s\\n, 12+4*\\n(a0)",
                "lw s\\n, 4*\\n(sp)",
                ".endr",
                "sw t6, 60(a0)",
                "addi sp, sp, 64",
                "ret",
                ".option pop",
            )
        }
    };
}

mix_function!(
    /// The products as they are.
    mix_eight, i8, "lb t2, 1", "", "mul"
);
mix_function!(
    /// The upper words of products with values times 2^24.
    mix_eight_fine, i8, "lb t2, 1", "slli t2, t2, 24\n", "mulh"
);
mix_function!(
    /// The upper words of products with values times 2^16.
    mix_eight_i16, i16, "lh t2, 2", "slli t2, t2, 16\n", "mulh"
);
