//! A tablet without a screen, see [`tendenko_tests::tablet`].

use clap::Parser;
use tendenko_tests::tablet::{Options, run};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    run(&Options::parse())
}
