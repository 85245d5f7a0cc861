//! Tauri's build step: permissions for exactly the commands the interface may call, and the interface itself.

use std::path::Path;

use tendenko_app_api::COMMANDS;

fn main() {
    let dist = Path::new("ui/dist");
    if !dist.join("index.html").exists() {
        // `cargo xtask ui` builds the real one; with this, the program compiles without it and says what is missing.
        std::fs::create_dir_all(dist).expect("ui/dist can be created in the checkout");
        std::fs::write(dist.join("index.html"), "<!doctype html><title>Tendenko</title><p>cargo xtask ui")
            .expect("ui/dist can be written in the checkout");
    }
    // Tauri embeds these files when the crate is compiled; without this line it would keep stale ones.
    println!("cargo:rerun-if-changed=ui/dist");

    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))
        .expect("tauri.conf.json and capabilities/ are valid");
}
