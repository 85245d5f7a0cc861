//! What tablets and relays say to each other, and why they may believe it.
//!
//! Everything here is a function of what it is given: no sockets, no disk, no clock. Time and randomness come in as
//! arguments, so a whole region of tablets and relays runs inside one test.
//!
//! | room | concern |
//! |---|---|
//! | [`random`] | where random bytes come from: handed in, so that everything can be lived through twice |
//! | [`ids`], [`document`] | names of devices, patients, documents and logs |
//! | [`keys`] | device, relay and region keys; epoch keys and how they are wrapped |
//! | [`trust`] | signed statements, a set that merges in any order; enrolment |
//! | [`record`] | the sealed record and the hash chain of a log |
//! | [`chunk`] | pieces of photos and documents, sealed and named by their hash |
//! | [`admission`] | may this record, statement or device come in? |
//! | [`tls`] | rustls configurations with raw public keys |
//! | [`messages`] | the wire: messages and frames |
//! | [`session`] | the tablet's and the relay's side of a sync, as state machines |
//! | [`invitation`] | the QR code of a tablet that serves as a relay |
//! | [`paper`] | the signature on a printed document |
//! | [`courier`] | the file that carries records where there is no network |
//!
//! Bytes from outside have their own types ([`record::ReceivedBytes`], [`record::ParsedRecord`]) until a signature was
//! checked ([`record::SealedRecord`]). Nothing is ever re-encoded to be verified: signatures cover bytes as received.

pub mod admission;
mod base45;
pub mod cbor;
pub mod chunk;
pub mod courier;
pub mod document;
pub mod domains;
pub mod fuzz;
pub mod ids;
pub mod invitation;
pub mod keys;
pub mod limits;
pub mod messages;
pub mod paper;
pub mod random;
pub mod record;
pub mod session;
pub mod tls;
pub mod trust;
mod wire_codes;

pub use random::{Random, RandomError};
