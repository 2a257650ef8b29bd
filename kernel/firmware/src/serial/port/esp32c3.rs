//! UART 0 of an ESP32-C3, which its boot ROM has started with 115,200 baud.

use super::{get, set};

const UART: usize = 0x6000_0000;
/// In bits 16 to 25 the bytes that wait to be sent, of 128 that may.
const STATUS: usize = UART + 0x1C;
/// The real-time clock's controller, with two watchdogs, and the timer group with the third.
const CLOCK: usize = 0x6000_8000;
const TIMERS: usize = 0x6001_F000;
/// What lets a watchdog be changed.
const KEY: u32 = 0x50D8_3AA1;
const SUPER_KEY: u32 = 0x8F1D_312A;

/// The watchdogs are on after reset, and nobody here feeds them.
pub(crate) fn start() {
    set(CLOCK + 0xA8, KEY);
    set(CLOCK + 0x90, 0); // off
    set(CLOCK + 0xB0, SUPER_KEY);
    set(CLOCK + 0xAC, get(CLOCK + 0xAC) | 1 << 31); // feeds itself
    set(TIMERS + 0x64, KEY);
    set(TIMERS + 0x48, 0); // off
}

pub(crate) fn write(byte: u8) {
    while get(STATUS) >> 16 & 0x3FF >= 127 {} // full
    set(UART, byte.into());
}
