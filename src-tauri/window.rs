//! The one window: made in code, so that it fits the screen it opens on, and kept to the interface's own pages.

use tauri::webview::WebviewWindowBuilder;
use tauri::{App, LogicalSize, Url, WebviewUrl};

/// The name the capabilities know it by.
pub const LABEL: &str = "main";

const PREFERRED: LogicalSize<f64> = LogicalSize { width: 1280.0, height: 800.0 };
const SMALLEST: LogicalSize<f64> = LogicalSize { width: 400.0, height: 600.0 };

/// Opens the window.
pub fn open(app: &App) -> tauri::Result<()> {
    let screen = app.primary_monitor()?.map(|monitor| monitor.size().to_logical::<f64>(monitor.scale_factor()));
    let size = screen.map_or(PREFERRED, |screen| fitting(PREFERRED, screen));
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title("Tendenko")
        .inner_size(size.width, size.height)
        .min_inner_size(SMALLEST.width.min(size.width), SMALLEST.height.min(size.height))
        .on_navigation(stays_inside)
        .build()?;
    Ok(())
}

fn fitting(wanted: LogicalSize<f64>, screen: LogicalSize<f64>) -> LogicalSize<f64> {
    LogicalSize { width: wanted.width.min(screen.width), height: wanted.height.min(screen.height) }
}

/// Nothing outside the program is ever loaded into the window that shows records.
fn stays_inside(url: &Url) -> bool {
    url.scheme() == "tauri" || (url.scheme().starts_with("http") && url.host_str() == Some("tauri.localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_the_outside_is_not_followed() {
        for (url, inside) in [
            ("tauri://localhost/index.html", true),
            ("http://tauri.localhost/", true),
            ("https://example.org/", false),
            ("https://tauri.localhost.example.org/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,x", false),
        ] {
            assert_eq!(stays_inside(&url.parse().unwrap()), inside, "{url}");
        }
    }

    #[test]
    fn a_portrait_tablet_gets_a_window_of_its_own_size() {
        let portrait = LogicalSize { width: 768.0, height: 1024.0 };
        assert_eq!(fitting(PREFERRED, portrait), LogicalSize { width: 768.0, height: 800.0 });
    }
}
