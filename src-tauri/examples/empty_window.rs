//! A window of the same kind with nothing in it: what any start of the app is measured against (`cargo xtask bench --screen`).

use tauri::WebviewUrl;
use tauri::http::Response;
use tauri::webview::WebviewWindowBuilder;

const PAGE: &[u8] = b"<!doctype html><title>empty</title><p data-testid=empty>empty</p>";

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .register_uri_scheme_protocol("empty", |_, _| {
            Response::builder().header("content-type", "text/html").body(PAGE.to_vec()).unwrap_or_default()
        })
        .setup(|app| {
            let url = "empty://localhost/".parse()?;
            WebviewWindowBuilder::new(app, "empty", WebviewUrl::CustomProtocol(url))
                .inner_size(1280.0, 800.0)
                .build()?;
            Ok(())
        })
        .run(tauri::generate_context!())
}
