//! Tells the kernel what the target has: what the multiplier of an Arm chip can do, which no `cfg` of the
//! compiler says, and vectors, which many modules ask for.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(kqv_dsp, kqv_dsp_v8m, kqv_lanes4, kqv_narrow, kqv_packs)");
    println!("cargo::rustc-check-cfg=cfg(kqv_riscv, kqv_riscv_float, kqv_soft, kqv_vectors)");
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
    let variable = |name: &str| env::var(name).unwrap_or_default();
    if target.starts_with("thumbv7em-") || v8m || variable("CARGO_CFG_TARGET_OS") != "none" {
        println!("cargo::rustc-cfg=kqv_packs"); // as DSP instructions want it; a desktop, to test it
    }
    let features = variable("CARGO_CFG_TARGET_FEATURE");
    let has = |feature: &str| features.split(',').any(|has| has == feature);
    let (lanes4, x86) = match variable("CARGO_CFG_TARGET_ARCH").as_str() {
        "wasm32" => (has("simd128"), false),
        "aarch64" => (has("neon"), false),
        "x86_64" => (false, env::var_os("CARGO_FEATURE_STD").is_some()),
        _ => (false, false),
    };
    if lanes4 {
        println!("cargo::rustc-cfg=kqv_lanes4");
    }
    let mut soft = target.starts_with("thumb") && !target.ends_with("eabihf");
    if variable("CARGO_CFG_TARGET_ARCH") == "riscv32" && has("m") {
        println!("cargo::rustc-cfg=kqv_riscv"); // with multiplication
        let core = target.split('-').next().unwrap_or_default();
        // No `cfg` of the compiler says that either.
        let float = core.trim_start_matches("riscv32").contains(['f', 'g']);
        if float {
            println!("cargo::rustc-cfg=kqv_riscv_float");
        }
        soft = !float;
    }
    if soft {
        println!("cargo::rustc-cfg=kqv_soft"); // no unit for f32
    }
    if lanes4 || x86 {
        println!("cargo::rustc-cfg=kqv_vectors");
    }
}
