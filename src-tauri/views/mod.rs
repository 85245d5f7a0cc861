//! From the record's types to what the screen shows, and back from what was typed.
//!
//! Nothing is decided here and nothing is dropped: a word that this version does not know is shown as written, or in the
//! way that can do no harm.

pub mod card;
pub mod care_plan;
pub mod conflicts;
pub mod documents;
pub mod entries;
pub mod labs;
pub mod medicines;
pub mod notebook;
pub mod observations;
pub mod people;
pub mod plans;
pub mod sync;
pub mod warnings;
