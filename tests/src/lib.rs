//! Drills and demonstration: whole scenarios across crates and processes.
//!
//! - [`demo`]: a made-up region of Kamaishi, with patients, staff and half a year of records.
//! - [`forwarder`]: a bad network between real programs.
//! - [`noticeboard`]: how tablets find each other where there is no multicast.
//! - [`region`]: a region made for one drill: its relay's folder and its enrolled tablets.
//! - [`records`]: the entries that scenarios write, as the app writes them.
//! - [`site`]: a relay in its own folder: the hub, or an edge relay.
//! - [`small_disk`]: storage that can really be full.
//! - [`storm`]: everything is killed, again and again.
//! - [`tablet`]: a tablet without a screen, as a program that takes orders line by line.
//! - [`process`]: real programs as child processes.
//! - [`simulation`]: whole regions in virtual time, from a seed, over the session cores themselves.
//! - [`waiting`]: waiting for a tablet in this process.
//! - [`window`]: the real window, driven by WebDriver.

pub mod demo;
pub mod forwarder;
pub mod namespaces;
pub mod noticeboard;
pub mod process;
pub mod records;
pub mod region;
pub mod scene;
pub mod secrecy;
pub mod simulation;
pub mod site;
pub mod small_disk;
pub mod storm;
pub mod story;
pub mod tablet;
pub mod tsunami;
pub mod waiting;
#[cfg(feature = "app")]
pub mod window;
