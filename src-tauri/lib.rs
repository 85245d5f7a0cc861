//! The Tauri shell: the commands of `app-api` onto the replica, and nothing clever.
//!
//! The interface runs in a web view that may load nothing from outside and call nothing but these commands. Each command
//! has one handler ([`commands`]); its work on the store happens on a blocking thread, so a slow disk never freezes
//! the window and a panic there ends that command only. What the replica holds becomes what the screen shows in
//! [`views`]. Logs (standard error, `TENDENKO_LOG` filters them) name commands and codes, never people or records.

mod commands;
mod error;
mod pictures;
mod printing;
mod qr;
mod tablet;
mod views;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tauri::{Manager, RunEvent, WindowEvent};
use tendenko_app_api::{ApiError, ImportNotebook, NotebookImported};
use tendenko_replica::{Clock, Replica, SystemClock};
use tracing_subscriber::EnvFilter;

use crate::tablet::{Desk, Tablet};
use crate::views::people::Viewer;

/// Runs the app until its window is closed.
pub fn run() -> ExitCode {
    start_log();
    let app = tauri::Builder::default()
        .invoke_handler(commands::handler())
        .setup(|app| {
            let directory = directory(app.path().app_data_dir()?);
            tracing::info!(directory = %directory.display(), "tablet");
            app.manage(Tablet::new(directory, SystemClock, app.handle().clone()));
            window::open(app)?;
            Ok(())
        })
        .on_window_event(|window, event| {
            if let WindowEvent::Focused(true) = event {
                window.state::<Tablet>().wake_sync();
            }
        })
        .build(tauri::generate_context!());
    match app {
        Ok(app) => {
            app.run(|app, event| {
                if let RunEvent::Exit = event {
                    tauri::async_runtime::block_on(app.state::<Tablet>().close());
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "the window could not be opened");
            ExitCode::FAILURE
        }
    }
}

/// Takes a medicine notebook over as the screen does, without a window: for the demonstration.
pub fn import_notebook(
    replica: Arc<Replica>,
    clock: Arc<dyn Clock>,
    notebook: ImportNotebook,
) -> Result<NotebookImported, ApiError> {
    let viewer = Viewer { member: replica.me().member.to_string() };
    commands::notebook::import(&Desk { replica, viewer, clock }, notebook)
}

/// Where this tablet keeps its store: `TENDENKO_DIR`, or the operating system's folder for applications.
fn directory(default: PathBuf) -> PathBuf {
    std::env::var_os("TENDENKO_DIR").map_or(default, PathBuf::from)
}

fn start_log() {
    let filter = EnvFilter::try_from_env("TENDENKO_LOG").unwrap_or_else(|_| EnvFilter::new("warn,tendenko=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
