//! A tablet without a screen: the same engine the app runs on, taking orders as lines of JSON.
//!
//! It answers every order with one line, after the order is done; an answer to a save is printed only when the save is
//! durable. That is what lets a drill kill it at any moment and still know what must not be lost.

mod colleague;
mod host;
mod orders;
mod remote;

pub use host::{Options, run};
pub use orders::{Answer, Order};
pub use remote::{Compared, RemoteError, RemoteTablet, come_to_agree};
