//! Drives the app's real window on a virtual screen: as a tour of the demonstration, or as a test.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tendenko_tests::window::{chart, guide, measuring, papers, scenario, screens, tour};
use tokio::signal::unix::{SignalKind, signal};

/// Drives the app's real window on a virtual screen.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take the tour through a demonstration whose relay and colleagues are running
    Tour {
        /// The demonstration's folder
        #[arg(long)]
        demo: PathBuf,
        /// Where the pictures go
        #[arg(long)]
        pictures: PathBuf,
    },
    /// Test the chart: a timeline of years, search in it, hand-overs between two tablets
    Chart {
        /// Where the pictures go
        #[arg(long)]
        pictures: PathBuf,
    },
    /// Test documents: letters, questions answered on two tablets, versions, paper
    Papers {
        /// Where the pictures go
        #[arg(long)]
        pictures: PathBuf,
    },
    /// Look at every screen in every size, language, text size and colour
    Screens {
        /// Where the pictures go
        #[arg(long)]
        pictures: PathBuf,
        /// In every look, not only in those of a test
        #[arg(long)]
        every: bool,
    },
    /// Make the pictures of the user guide
    Guide {
        /// The folder; one below it for each language
        #[arg(long)]
        out: PathBuf,
    },
    /// Measure touches, waiting and memory, and write them to a page
    Measure {
        /// The page, Markdown
        #[arg(long)]
        out: PathBuf,
    },
    /// Test the window: offline recording, sending, receiving
    Test {
        /// Where the pictures go
        #[arg(long)]
        pictures: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let played = async {
        match command {
            Command::Tour { demo, pictures } => tour::take(&demo, &pictures).await,
            Command::Test { pictures } => scenario::play(&pictures).await,
            Command::Chart { pictures } => chart::play(&pictures).await,
            Command::Guide { out } => guide::play(&out).await,
            Command::Measure { out } => match measuring::measure(&out).await {
                Ok(()) => true,
                Err(error) => {
                    eprintln!("✗ {error}");
                    false
                }
            },
            Command::Screens { pictures, every } => screens::play(&pictures, every).await,
            Command::Papers { pictures } => papers::play(&pictures).await,
        }
    };
    // Whoever stops us wants the window and its screen gone too: leaving here drops, and so ends, them.
    let mut ended = match signal(SignalKind::terminate()) {
        Ok(ended) => ended,
        Err(error) => {
            eprintln!("signals cannot be watched: {error}");
            return ExitCode::FAILURE;
        }
    };
    tokio::select! {
        passed = played => if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE },
        _ = ended.recv() => ExitCode::FAILURE,
        _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
    }
}
