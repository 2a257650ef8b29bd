//! The UART of Arm's Cortex-M System Design Kit, first of its kind on the MPS boards.

use super::{get, set};

#[cfg(feature = "mps2-an505")]
const UART: usize = 0x5020_0000;
#[cfg(feature = "mps3-an547")]
const UART: usize = 0x5930_3000;
#[cfg(not(any(feature = "mps2-an505", feature = "mps3-an547")))]
const UART: usize = 0x4000_4000;

pub(crate) fn start() {
    set(UART + 0x10, 217); // clock ticks in a bit, of 25 MHz
    set(UART + 0x08, 0b11); // send and receive
}

pub(crate) fn write(byte: u8) {
    while get(UART + 0x04) & 1 != 0 {} // full
    set(UART, byte.into());
}
