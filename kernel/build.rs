//! Tells the kernel what the multiplier of an Arm chip can do: no `cfg` of the compiler says it.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(kqv_dsp, kqv_dsp_v8m, kqv_narrow)");
    let target = env::var("TARGET").unwrap_or_default();
    if target.starts_with("thumbv6m-") {
        println!("cargo::rustc-cfg=kqv_narrow"); // a product has 32 bits
    }
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
    let v8m = target.starts_with("thumbv8m.main-") && asked_for;
    if target.starts_with("thumbv7em-") || v8m {
        println!("cargo::rustc-cfg=kqv_dsp");
    }
    if v8m {
        println!("cargo::rustc-cfg=kqv_dsp_v8m");
    }
}
