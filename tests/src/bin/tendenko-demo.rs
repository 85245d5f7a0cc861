//! Makes the demonstration region, see [`tendenko_tests::demo`].

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use tendenko_tests::demo;
use tendenko_tests::region::PIN;

#[derive(Parser)]
#[command(about = "The demonstration: a made-up region of Kamaishi")]
struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make the demonstration where it is not made yet
    Prepare {
        /// The folder
        #[arg(long)]
        dir: PathBuf,
    },
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let What::Prepare { dir } = Options::parse().what;
    if demo::is_ready(&dir) {
        println!("  the demonstration is there, with everything recorded in it");
    } else {
        demo::prepare(&dir)?;
    }
    println!("  PIN of everybody in it: {PIN} (a demonstration: the people are made up)");
    Ok(())
}
