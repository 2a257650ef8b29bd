//! How many instructions a piece of work executes, on boards that QEMU runs with `-icount`.
//!
//! There a processor's clock goes on by the same time with every instruction: `minstret` counts them
//! itself, and a Cortex-M's SysTick counts time, which a loop of known length turns into instructions.
//! A real chip counts cycles in the same way, if its SysTick is fed by the processor's clock.
#![expect(unsafe_code, reason = "a counter is a register")]

#[cfg(target_arch = "arm")]
use cortex_m::{start, stop, ticks};
#[cfg(target_arch = "riscv32")]
use riscv::{start, stop, ticks};

use core::arch::asm;

/// Turns of the known loop, two instructions each.
const KNOWN_TURNS: u32 = 1 << 20;

/// Counts executed instructions.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    /// How many ticks [`KNOWN_TURNS`] take.
    known_ticks: u64,
    /// What is counted though nothing is done, in ticks.
    empty_ticks: u64,
}

impl Counter {
    /// Finds out how fast the clock goes; `None` where there is none.
    pub fn find() -> Option<Self> {
        let empty_ticks = ticks_of(|| ());
        let known_ticks = ticks_of(known_loop).checked_sub(empty_ticks)?;
        Some(Self {
            known_ticks,
            empty_ticks,
        })
    }

    /// The instructions that `work` executes, exact on RISC-V and within two on Cortex-M; at least zero.
    pub fn instructions_of(&self, work: impl FnOnce()) -> u64 {
        let ticks = ticks_of(work).saturating_sub(self.empty_ticks);
        let known = 2 * u64::from(KNOWN_TURNS);
        (ticks * known + self.known_ticks / 2)
            .checked_div(self.known_ticks)
            .unwrap_or_default()
    }
}

fn ticks_of(work: impl FnOnce()) -> u64 {
    start();
    let before = ticks();
    apart(work);
    let after = ticks();
    stop();
    after - before
}

/// Calls `work` where the compiler cannot mix it with what is around.
#[inline(never)]
fn apart(work: impl FnOnce()) {
    work();
}

/// Counts down to zero: a subtraction and a branch each turn.
#[inline(never)]
fn known_loop() {
    // SAFETY: a register of our own and the flags are all that is changed.
    unsafe {
        #[cfg(target_arch = "arm")]
        asm!("2:", "subs {turns}, #1", "bne 2b", turns = inout(reg) KNOWN_TURNS => _, options(nomem, nostack));
        #[cfg(target_arch = "riscv32")]
        asm!("2:", "addi {turns}, {turns}, -1", "bnez {turns}, 2b", turns = inout(reg) KNOWN_TURNS => _, options(nomem, nostack));
    }
}

#[cfg(target_arch = "arm")]
mod cortex_m {
    use core::ptr;
    use core::sync::atomic::{AtomicU32, Ordering};

    use cortex_m_rt::exception;

    /// Control and status; then reload value and current value. Armv6-M and Armv7-M, "System timer".
    const CONTROL: *mut u32 = ptr::without_provenance_mut(0xE000_E010);
    const RELOAD: *mut u32 = ptr::without_provenance_mut(0xE000_E014);
    const CURRENT: *mut u32 = ptr::without_provenance_mut(0xE000_E018);
    /// It has 24 bits and counts down.
    const LAST: u32 = 0x00FF_FFFF;
    /// On, with an interrupt at zero, by the processor's clock.
    const ON: u32 = 0b111;

    /// How often it came to zero.
    static ROUNDS: AtomicU32 = AtomicU32::new(0);

    #[exception]
    fn SysTick() {
        // A load and a store, as a Cortex-M0 has no more; nobody else writes.
        ROUNDS.store(ROUNDS.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    pub(super) fn start() {
        // SAFETY: every Cortex-M in `boards/` has this timer, and nobody else uses it.
        unsafe {
            ptr::write_volatile(RELOAD, LAST);
            ptr::write_volatile(CURRENT, 0);
            ptr::write_volatile(CONTROL, ON);
        }
    }

    /// So that nothing interrupts what is not counted.
    pub(super) fn stop() {
        // SAFETY: as above.
        unsafe { ptr::write_volatile(CONTROL, 0) };
    }

    pub(super) fn ticks() -> u64 {
        loop {
            let rounds = ROUNDS.load(Ordering::Relaxed);
            // SAFETY: as above; reading changes nothing.
            let current = unsafe { ptr::read_volatile(CURRENT) };
            if rounds == ROUNDS.load(Ordering::Relaxed) {
                return u64::from(rounds) * u64::from(LAST + 1) + u64::from(LAST - current);
            }
        }
    }
}

#[cfg(target_arch = "riscv32")]
mod riscv {
    use core::arch::asm;

    /// It always counts.
    pub(super) fn start() {}

    pub(super) fn stop() {}

    pub(super) fn ticks() -> u64 {
        loop {
            let (high, low, again): (u32, u32, u32);
            // SAFETY: reads the machine's counter of retired instructions, in machine mode.
            unsafe {
                asm!(
                    "csrr {high}, minstreth", "csrr {low}, minstret", "csrr {again}, minstreth",
                    high = out(reg) high, low = out(reg) low, again = out(reg) again,
                    options(nomem, nostack),
                );
            }
            if high == again {
                return u64::from(high) << 32 | u64::from(low);
            }
        }
    }
}
