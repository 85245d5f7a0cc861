//! A page of the window becomes a PDF file, without any question being asked.
//!
//! What is on the screen is printed with its print stylesheet (`ui/styles/print.css`) by WebKitGTK itself, to GTK's printer that
//! writes files: the same fonts and the same line breaks as on the screen, embedded. So there is one way to say what a page
//! looks like, and no second layout that could leave something out. The file is written beside its place and takes its name when it
//! is whole and on the disk; nothing that is there is ever overwritten.
//!
//! Only where the window is WebKitGTK's (Linux). Elsewhere the answer is `no-pdf-here`, and the interface opens the system's own print
//! dialog, which offers a PDF.
//!
//! What breaks it: a GTK without its file printer (`libprintbackend-file.so`, part of libgtk-3). That is an error with words, not a hang.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::tz::{Offset, TimeZone};
use tauri::WebviewWindow;
use tendenko_crdt::Timestamp;

/// Most characters of a title that go into a file's name.
const MOST_TITLE: usize = 60;

/// There is no PDF.
#[derive(Debug)]
pub enum PrintError {
    /// This window cannot print to a file.
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "only other windows say so"))]
    NotHere,
    /// The engine refused; what it said is for the log.
    Refused(String),
    /// The folder cannot be written to.
    File(io::Error),
}

/// Prints what the window shows into a new file of this folder; its path.
pub async fn print(window: &WebviewWindow, folder: &Path, title: &str, now: Timestamp) -> Result<PathBuf, PrintError> {
    fs::create_dir_all(folder).map_err(PrintError::File)?;
    let file = free_name(folder, title, now);
    let unfinished = file.with_extension("pdf.part");
    settle(engine::print(window, &unfinished).await, &unfinished, file)
}

/// Keeps a file of the record in a folder, under its own name as far as that is free and fit to be one; its path.
pub fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, PrintError> {
    fs::create_dir_all(folder).map_err(PrintError::File)?;
    let (stem, ending) = (clean(name.rsplit_once('.').map_or(name, |(stem, _)| stem)), ending_of(bytes));
    let file = free(folder, &stem, ending);
    let unfinished = folder.join(format!("{stem}.{ending}.part"));
    settle(fs::write(&unfinished, bytes).map_err(PrintError::File), &unfinished, file)
}

/// What a file is, by what is in it: a name that somebody chose elsewhere decides nothing on this machine.
fn ending_of(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(b"%PDF-") {
        return "pdf";
    }
    let picture = image::guess_format(bytes).ok();
    picture.and_then(|format| format.extensions_str().first().copied()).unwrap_or("bin")
}

/// What was written gets its name, once it is whole and on the disk; otherwise nothing of it stays.
fn settle(written: Result<(), PrintError>, unfinished: &Path, file: PathBuf) -> Result<PathBuf, PrintError> {
    let named = || {
        let written = File::open(unfinished)?;
        if written.metadata()?.len() == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        written.sync_all()?;
        fs::rename(unfinished, &file)
    };
    let settled = written.and_then(|()| named().map_err(PrintError::File));
    if settled.is_err() {
        // It may not be there at all.
        let _ = fs::remove_file(unfinished);
    }
    settled.map(|()| file)
}

/// `救急搬送 小笠原 フミヱ 20261120-1042.pdf`, or with a number behind it.
fn free_name(folder: &Path, title: &str, now: Timestamp) -> PathBuf {
    let zone = TimeZone::fixed(Offset::constant(9));
    let now = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default().to_zoned(zone);
    free(folder, format!("{} {}", clean(title), now.strftime("%Y%m%d-%H%M")).trim(), "pdf")
}

/// The first of `stem`, `stem-2`, `stem-3` … that is not there yet.
fn free(folder: &Path, stem: &str, ending: &str) -> PathBuf {
    let names = std::iter::once(stem.to_owned()).chain((2..).map(|number| format!("{stem}-{number}")));
    let mut files = names.map(|name| folder.join(format!("{name}.{ending}")));
    files.find(|file| !file.exists()).unwrap_or_else(|| folder.join("tendenko.pdf"))
}

/// A title in letters that every file system can hold.
fn clean(title: &str) -> String {
    let letters = title.chars().filter(|letter| !letter.is_control() && !"/\\:*?\"<>|.".contains(*letter));
    letters.take(MOST_TITLE).collect::<String>().trim().to_owned()
}

#[cfg(target_os = "linux")]
mod engine {
    use std::cell::RefCell;
    use std::path::Path;
    use std::rc::Rc;
    use std::time::Duration;

    use gtk::{PageSetup, PaperSize, PrintSettings, Unit};
    use tauri::WebviewWindow;
    use tokio::sync::oneshot;
    use webkit2gtk::{PrintOperation, PrintOperationExt as _};

    use super::PrintError;

    /// Margin on every side, in millimetres: what every printer can do.
    const MARGIN: f64 = 12.0;
    /// How long the engine may take.
    const PATIENCE: Duration = Duration::from_secs(30);

    pub(super) async fn print(window: &WebviewWindow, file: &Path) -> Result<(), PrintError> {
        let uri = tauri::Url::from_file_path(file).map_err(|()| PrintError::Refused("no such path".into()))?;
        let (tell, told) = oneshot::channel();
        window
            .with_webview(move |webview| begin(&webview.inner(), uri.as_str(), tell))
            .map_err(|error| PrintError::Refused(error.to_string()))?;
        match tokio::time::timeout(PATIENCE, told).await {
            Ok(Ok(printed)) => printed.map_err(PrintError::Refused),
            Ok(Err(_)) => Err(PrintError::Refused("the window was closed".into())),
            Err(_) => Err(PrintError::Refused("the engine did not finish".into())),
        }
    }

    /// Starts printing; `tell` hears once what came of it. Runs on the window's own thread, as all of GTK does.
    fn begin(webview: &webkit2gtk::WebView, uri: &str, tell: oneshot::Sender<Result<(), String>>) {
        let operation = PrintOperation::new(webview);
        operation.set_page_setup(&a4());
        operation.set_print_settings(&to_file(uri));
        let tell = Rc::new(RefCell::new(Some(tell)));
        let failed = tell.clone();
        operation.connect_failed(move |_, error| say(&failed, Err(error.to_string())));
        // It lives until it is done, and says so also after a failure.
        let alive = RefCell::new(Some(operation.clone()));
        operation.connect_finished(move |_| {
            say(&tell, Ok(()));
            alive.take();
        });
        operation.print();
    }

    fn say(tell: &RefCell<Option<oneshot::Sender<Result<(), String>>>>, outcome: Result<(), String>) {
        if let Some(tell) = tell.take() {
            // Nobody waits any more: it took too long.
            let _ = tell.send(outcome);
        }
    }

    fn a4() -> PageSetup {
        let setup = PageSetup::new();
        setup.set_paper_size(&PaperSize::new(Some("iso_a4")));
        setup.set_top_margin(MARGIN, Unit::Mm);
        setup.set_bottom_margin(MARGIN, Unit::Mm);
        setup.set_left_margin(MARGIN, Unit::Mm);
        setup.set_right_margin(MARGIN, Unit::Mm);
        setup
    }

    fn to_file(uri: &str) -> PrintSettings {
        let settings = PrintSettings::new();
        // GTK knows its file printer by its translated name.
        settings.set_printer(&gtk::glib::dgettext(Some("gtk30"), "Print to File"));
        settings.set("output-file-format", Some("pdf"));
        settings.set("output-uri", Some(uri));
        settings
    }
}

#[cfg(not(target_os = "linux"))]
mod engine {
    use std::path::Path;

    use tauri::WebviewWindow;

    use super::PrintError;

    pub(super) async fn print(_: &WebviewWindow, _: &Path) -> Result<(), PrintError> {
        Err(PrintError::NotHere)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_page_and_takes_nobodys_place() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp(1_795_143_600_000);
        let first = free_name(folder.path(), "救急搬送 ../小笠原:フミヱ\n", now);
        assert_eq!(first, folder.path().join("救急搬送 小笠原フミヱ 20261120-1200.pdf"));
        fs::write(&first, b"%PDF").unwrap();
        let second = free_name(folder.path(), "救急搬送 小笠原フミヱ", now);
        assert_eq!(second, folder.path().join("救急搬送 小笠原フミヱ 20261120-1200-2.pdf"));
        assert_eq!(free_name(folder.path(), "///", now), folder.path().join("20261120-1200.pdf"));
    }

    #[test]
    fn a_file_of_the_record_is_called_by_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let kept =
            |name, bytes| keep(folder.path(), name, bytes).unwrap().file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(kept("../サマリ.desktop", b"%PDF-1.7"), "サマリ.pdf");
        assert_eq!(kept("サマリ.pdf", b"%PDF-1.7"), "サマリ-2.pdf");
        assert_eq!(kept("photo-1", b"\xff\xd8\xff\xe0"), "photo-1.jpg");
        assert_eq!(kept("x.sh", b"#!/bin/sh"), "x.bin");
    }

    #[test]
    fn what_is_not_whole_gets_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let (unfinished, file) = (folder.path().join("a.pdf.part"), folder.path().join("a.pdf"));
        assert!(settle(Ok(()), &unfinished, file.clone()).is_err());
        fs::write(&unfinished, b"").unwrap();
        assert!(settle(Ok(()), &unfinished, file.clone()).is_err());
        fs::write(&unfinished, b"%PDF").unwrap();
        settle(Ok(()), &unfinished, file.clone()).unwrap();
        assert!(file.exists() && !unfinished.exists());
    }
}
