//! What is said, on three bidirectional QUIC streams opened by the tablet ([`Lane`]); each message is one frame.
//!
//! The tablet says hello, pull and push in its first flight, without waiting. Greetings and requests go on the cards lane, items and what
//! is said about them on the lane they belong to. Every message is bounded ([`crate::limits`])
//! and is checked by its `decode` before a session sees it. Fields that are not known are ignored.

mod client;
mod compared;
mod cursor;
mod frame;
mod item;
mod lane;
mod packed;
mod refusal;
mod relay;

pub use client::ClientMessage;
pub use compared::{Backfill, Buckets, Coverage, Set, Summary};
pub use cursor::Cursor;
pub use frame::{FrameDecoder, FrameError, encode_frame};
pub use item::Item;
pub use lane::{Lane, PerLane};
pub use refusal::Refusal;
pub use relay::RelayMessage;
