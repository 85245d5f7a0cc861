//! A walk through the window, step by step: each step is named when it begins, pictured when it ends, and counted.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{Desktop, Page, WindowError};

/// The steps so far.
pub struct Walk {
    pictures: PathBuf,
    current: Option<(String, Instant)>,
    passed: u32,
    failed: u32,
    pictured: u32,
}

impl Walk {
    /// A walk whose pictures go to `pictures`.
    pub fn new(pictures: &Path) -> Self {
        Self { pictures: pictures.to_owned(), current: None, passed: 0, failed: 0, pictured: 0 }
    }

    /// Begins a step; the one before it has passed.
    pub fn step(&mut self, name: impl Into<String>) {
        self.finish_step();
        self.current = Some((name.into(), Instant::now()));
    }

    /// Keeps a picture of the screen as it is now.
    pub async fn picture(&mut self, desktop: &Desktop, page: &Page, name: &str) -> Result<(), WindowError> {
        page.drawn().await?;
        self.take(desktop, name)
    }

    /// Pictures the screen, and makes sure that nothing on it is wider than the page and no touch target too small. Every screen in
    /// every look: [`super::screens`].
    pub async fn fits(&mut self, desktop: &Desktop, page: &Page, name: &str) -> Result<(), WindowError> {
        self.picture(desktop, page, name).await?;
        let (wide, small) = (page.too_wide().await?, page.too_small().await?);
        if wide.is_empty() && small.is_empty() {
            return Ok(());
        }
        Err(WindowError::Unwanted(format!("on {name}: too wide {wide:?}, too small to touch {small:?}")))
    }

    fn take(&mut self, desktop: &Desktop, name: &str) -> Result<(), WindowError> {
        self.pictured += 1;
        desktop.picture(&self.pictures.join(format!("{:02}-{name}.png", self.pictured)))
    }

    /// Where another file of the walk goes, beside the pictures and numbered as they are.
    pub fn kept(&mut self, name: &str) -> PathBuf {
        self.pictured += 1;
        self.pictures.join(format!("{:02}-{name}", self.pictured))
    }

    /// Ends the walk: the last step passed, or failed with an error whose picture is kept.
    pub fn end(mut self, outcome: Result<(), WindowError>, desktop: Option<&Desktop>) -> bool {
        match outcome {
            Ok(()) => self.finish_step(),
            Err(error) => {
                self.fail_step(&error);
                if let Some(desktop) = desktop {
                    if let Err(picture) = self.take(desktop, "failed") {
                        println!("  (no picture: {picture})");
                    }
                    println!("  the app's last words:\n{}", desktop.last_words());
                }
            }
        }
        println!("  pictures: {}", self.pictures.display());
        println!("{} passed, {} failed", self.passed, self.failed);
        self.failed == 0
    }

    fn finish_step(&mut self) {
        if let Some((name, from)) = self.current.take() {
            self.passed += 1;
            println!("  ✓ {name}  {:.1} s", from.elapsed().as_secs_f64());
        }
    }

    fn fail_step(&mut self, error: &dyn Display) {
        self.failed += 1;
        let name = self.current.take().map_or_else(|| "getting ready".to_owned(), |(name, _)| name);
        println!("  ✗ {name}: {error}");
    }
}
