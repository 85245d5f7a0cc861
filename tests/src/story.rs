//! A drill told as a story: what happens, and at the end what was promised and whether it was kept.

use std::fmt::Display;

/// Prints a story as it happens and remembers the promises.
#[derive(Debug, Default)]
pub struct Story {
    promises: Vec<(String, bool)>,
}

impl Story {
    /// Begins a story with its title.
    pub fn begin(title: &str) -> Self {
        println!("\n  {title}\n");
        Self::default()
    }

    /// A new chapter: when, and what happens.
    pub fn chapter(&mut self, when: &str, what: &str) {
        println!("\n── {when} ── {what}");
    }

    /// Something that happens.
    pub fn tell(&mut self, what: impl Display) {
        println!("   {what}");
    }

    /// Checks a promise.
    pub fn promise(&mut self, what: &str, kept: bool) {
        println!("   {} {what}", mark(kept));
        self.promises.push((what.to_owned(), kept));
    }

    /// Prints every promise once more; the number of those not kept.
    pub fn end(self) -> usize {
        println!("\n── What was promised");
        for (what, kept) in &self.promises {
            println!("   {} {what}", mark(*kept));
        }
        let broken = self.promises.iter().filter(|(_, kept)| !kept).count();
        println!("\n{} passed, {broken} failed", self.promises.len() - broken);
        broken
    }
}

fn mark(kept: bool) -> &'static str {
    if kept { "✓" } else { "✗" }
}
