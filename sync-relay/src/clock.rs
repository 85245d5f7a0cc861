//! The relay's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use tendenko_protocol::ids::Millis;

/// Now. A clock before 1970 is no reason not to serve; it decides nothing.
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
