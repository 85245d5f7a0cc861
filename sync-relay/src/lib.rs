//! The relay: stores sealed records, never reads them.
//!
//! A relay takes sealed records and signed statements from tablets over QUIC, stores them durably, acks them, and hands
//! them to the other tablets they are for. It holds no key that opens a record, and no code that could read one.
//!
//! | room | concern |
//! |---|---|
//! | [`directory`] | the relay's files |
//! | [`store`] | the contract of what is kept, its conformance suite, and the SQLite store |
//! | `writer` | group commit: many sessions' batches in one durable transaction |
//! | `trust` | the trust set, loaded from the statements table |
//! | [`region`] | the root key sealed by a passphrase; certificates; enrolment of tablets and edge relays |
//! | [`listing`] | the region's list of who offers what, read from CSV |
//! | [`host`] | sockets and tasks around the protocol's relay session |
//! | [`upstream`] | this relay as a client of the one above it |
//! | [`courier`] | courier files, written and taken |
//! | [`status`] | what an operator sees |
//!
//! What holds, as long as the disk keeps what it said it kept:
//! - what was acked is here, after any crash at any moment;
//! - a tablet gets what it is granted, in order of arrival, and nothing else;
//! - what is refused is counted and named by its log, number and code, and stops nothing else.

mod clock;
pub mod courier;
pub mod directory;
pub mod host;
pub mod listing;
pub mod region;
pub mod status;
pub mod store;
mod trust;
pub mod upstream;
mod writer;

pub use directory::Directory;
pub use host::{Relay, RelayError, Serving, TabletRelay};
pub use region::edge::{self, EdgeSetup};
pub use region::sealing::{Cost, Passphrase, SealingError};
pub use region::{Enrolled, EnrolledMember, Enrolment, Region, RegionError, Setup};
