//! Drills: whole scenarios across crates and processes, and the real window driven by WebDriver
