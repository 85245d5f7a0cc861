//! 空き容量: how much the tablet still takes, said before it is full.

use serde::{Deserialize, Serialize};

/// Below so many free bytes it is said: some thousand visits with photos, days before anything is refused.
pub const LOW_ROOM: u64 = 256 << 20;

/// Asks how much room there is. Where there is little, local copies of photos that the relay has make room for text first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetRoom {}

/// How much room there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Bytes free on the tablet's disk; none where that cannot be found out.
    pub free: Option<u64>,
}

impl Room {
    /// It should be said.
    pub fn is_low(&self) -> bool {
        self.free.is_some_and(|free| free < LOW_ROOM)
    }
}
