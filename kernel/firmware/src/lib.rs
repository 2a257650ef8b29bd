//! What every program here needs, whatever the chip: where it starts, and how it prints.
#![no_std]

/// Marks the function that runs after reset.
#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
/// Marks the function that runs after reset.
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;
