//! USART 1 of an STM32F4, on pin A9.

use super::{change, get, set};

const USART: usize = 0x4001_1000;
const GPIO_A: usize = 0x4002_0000;
/// Reset and clock control.
const CLOCKS: usize = 0x4002_3800;

pub(crate) fn start() {
    change(CLOCKS + 0x30, 1, 1); // port A
    change(CLOCKS + 0x44, 1 << 4, 1 << 4); // USART 1
    change(GPIO_A, 0b11 << 18, 0b10 << 18); // A9 is given to a peripheral:
    change(GPIO_A + 0x24, 0xF << 4, 7 << 4); // the seventh
    set(USART + 0x08, 139); // clock ticks in a bit, of the 16 MHz after reset
    set(USART + 0x0C, 1 << 13 | 1 << 3); // on, and send
}

pub(crate) fn write(byte: u8) {
    while get(USART) & 1 << 7 == 0 {} // not yet empty
    set(USART + 0x04, byte.into());
}
