//! The serial port of a board: a program that prints here needs no debugger.
//!
//! A driver is where a byte goes, where the port says that it is busy, and what starts it.

use core::fmt;

/// The serial port, 115,200 baud, started; on boards without one, what [`print!`](crate::print) prints to.
#[derive(Debug)]
pub struct Serial(());

impl Serial {
    /// Starts the port.
    pub fn start() -> Self {
        port::start();
        Self(())
    }
}

impl fmt::Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        port::write(text);
        Ok(())
    }
}

/// No port is known: the debugger or the host prints.
#[cfg(not(any(
    feature = "mps2-an385",
    feature = "mps2-an385-m0",
    feature = "mps2-an386",
    feature = "mps2-an500",
    feature = "mps2-an505",
    feature = "mps3-an547",
    feature = "virt",
    feature = "virt-f",
    feature = "hifive1",
    feature = "microbit",
    feature = "microbit-v2",
    feature = "netduinoplus2",
    feature = "blackpill",
    feature = "esp32-c3",
)))]
mod port {
    pub(super) fn start() {}

    pub(super) fn write(text: &str) {
        crate::print!("{text}");
    }
}

/// What the drivers have in common: registers, and a byte at a time.
#[cfg(any(
    feature = "mps2-an385",
    feature = "mps2-an385-m0",
    feature = "mps2-an386",
    feature = "mps2-an500",
    feature = "mps2-an505",
    feature = "mps3-an547",
    feature = "virt",
    feature = "virt-f",
    feature = "hifive1",
    feature = "microbit",
    feature = "microbit-v2",
    feature = "netduinoplus2",
    feature = "blackpill",
    feature = "esp32-c3",
))]
#[expect(unsafe_code, reason = "a port is an address")]
mod port {
    #[cfg(not(any(feature = "virt", feature = "virt-f")))]
    use core::ptr;

    #[cfg(any(
        feature = "mps2-an385",
        feature = "mps2-an385-m0",
        feature = "mps2-an386",
        feature = "mps2-an500",
        feature = "mps2-an505",
        feature = "mps3-an547",
    ))]
    #[path = "cmsdk.rs"]
    mod driver;
    #[cfg(any(feature = "virt", feature = "virt-f"))]
    #[path = "ns16550.rs"]
    mod driver;
    #[cfg(feature = "esp32-c3")]
    #[path = "esp32c3.rs"]
    mod driver;
    #[cfg(feature = "hifive1")]
    #[path = "fe310.rs"]
    mod driver;
    #[cfg(any(feature = "microbit", feature = "microbit-v2"))]
    #[path = "nrf5.rs"]
    mod driver;
    #[cfg(any(feature = "netduinoplus2", feature = "blackpill"))]
    #[path = "stm32f4.rs"]
    mod driver;

    pub(super) use driver::start;

    pub(super) fn write(text: &str) {
        text.bytes().for_each(driver::write);
    }

    /// Sets the register at this address.
    #[cfg(not(any(feature = "virt", feature = "virt-f")))]
    fn set(address: usize, value: u32) {
        // SAFETY: the drivers name registers of the board whose feature is on, and nobody else uses them.
        unsafe { ptr::write_volatile(ptr::without_provenance_mut(address), value) };
    }

    /// The register at this address.
    #[cfg(not(any(feature = "virt", feature = "virt-f")))]
    fn get(address: usize) -> u32 {
        // SAFETY: as above.
        unsafe { ptr::read_volatile(ptr::without_provenance::<u32>(address)) }
    }

    /// Puts `value` into the bits of `mask`, and leaves the others.
    #[cfg(any(feature = "netduinoplus2", feature = "blackpill"))]
    fn change(address: usize, mask: u32, value: u32) {
        set(address, get(address) & !mask | value);
    }
}
