//! The demonstration: a made-up region of Kamaishi, its staff, 30 patients, and half a year of their records.
//!
//! Everything in it is written the way it would be in the field: the nurse's tablet admits the patients and records the
//! visits, the pharmacist's tablet takes the medicine notebooks over with the app's own importer, and both exchange it
//! through a relay, sealed. Nothing is put into a store from outside.

pub mod history;
mod patients;
#[cfg(feature = "app")]
mod planning;
#[cfg(feature = "app")]
mod prepare;
#[cfg(feature = "app")]
mod results;

pub use patients::{DemoPatient, Rounds, patients};
#[cfg(feature = "app")]
pub use prepare::{is_ready, prepare};
