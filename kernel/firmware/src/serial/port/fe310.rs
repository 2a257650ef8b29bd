//! UART 0 of SiFive's FE310.

use super::{get, set};

const UART: usize = 0x1001_3000;
/// Pins that are given to peripherals; 16 and 17 are those of UART 0.
const FUNCTION_ENABLE: usize = 0x1001_2038;

pub(crate) fn start() {
    set(FUNCTION_ENABLE, get(FUNCTION_ENABLE) | 0b11 << 16);
    set(UART + 0x18, 119); // clock ticks in a bit, of the 13.8 MHz after reset, less one
    set(UART + 0x08, 1); // send
}

pub(crate) fn write(byte: u8) {
    while get(UART) >> 31 != 0 {} // full
    set(UART, byte.into());
}
