//! What Tendenko takes in from, and hands out to, other systems.
//!
//! - [`notebook`]: 電子版お薬手帳 (JAHISTC text): reading, joining split sets, planning an import, writing.
//! - [`usage`]: times of day out of Japanese usage texts.
//! - [`warnings`]: what the record itself proves against a medicine, with its basis.
//!
//! Everything here is a pure function of bytes and present state: no files, no network, no clock. Bytes from outside
//! are bounded before anything is allocated for them, and nothing panics on any input.

mod fold;
pub mod fuzz;
pub mod notebook;
pub mod usage;
pub mod warnings;
