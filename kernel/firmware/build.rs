//! Gives the linker the memory map of the board, which is the feature that is on.
//!
//! Flags in `board.toml` would do as well, but then every board compiled every dependency anew.
use std::env;
use std::path::Path;

fn main() {
    let features = env::var("CARGO_CFG_FEATURE").unwrap_or_default();
    for board in features.split(',').filter(|board| !board.is_empty()) {
        let folder = format!("{}/boards/{board}", env!("CARGO_MANIFEST_DIR"));
        println!("cargo::rerun-if-changed={folder}");
        if Path::new(&folder).join("memory.x").exists() {
            println!("cargo::rustc-link-search={folder}");
            println!("cargo::rustc-link-arg-bins=-Tlink.x"); // the start-up code's script, which reads memory.x
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
}
