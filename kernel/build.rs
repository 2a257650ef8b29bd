//! Tells the kernel whether an Arm chip has the DSP instructions: no `cfg` of the compiler says it.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(kqv_dsp)");
    let target = env::var("TARGET").unwrap_or_default();
    // Flags lie between bytes of 0x1f; a Cortex-M33 may be built without the instructions.
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let asked_for = [
        "cortex-m33",
        "cortex-m35p",
        "cortex-m55",
        "cortex-m85",
        "+dsp",
    ]
    .iter()
    .any(|flag| flags.contains(flag));
    if target.starts_with("thumbv7em-") || (target.starts_with("thumbv8m.main-") && asked_for) {
        println!("cargo::rustc-cfg=kqv_dsp");
    }
}
