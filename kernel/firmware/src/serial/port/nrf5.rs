//! The UART of nRF51 and nRF52, on the pin that leads to a micro:bit's USB.

use super::{get, set};

const UART: usize = 0x4000_2000;
/// Where a pin is configured, one word each.
const PIN_CONFIGURATION: usize = 0x5000_0700;
#[cfg(feature = "microbit")]
const PIN: u32 = 24;
#[cfg(not(feature = "microbit"))]
const PIN: u32 = 6;
/// The event that a byte was sent.
const SENT: usize = UART + 0x11C;

pub(crate) fn start() {
    set(PIN_CONFIGURATION + 4 * PIN as usize, 0b11); // an output
    set(UART + 0x50C, PIN);
    set(UART + 0x524, 0x01D7_E000); // 115,200 baud
    set(UART + 0x500, 4); // on
    set(UART + 0x008, 1); // may send
}

pub(crate) fn write(byte: u8) {
    set(SENT, 0);
    set(UART + 0x51C, byte.into());
    while get(SENT) == 0 {}
}
