//! How much room is left within the store's limit, and for what.
//!
//! A store that is full to its last page can take nothing, not even the revocation of the tablet that filled it. So the last
//! part of it is kept for what matters first: attachments are turned away before charts, charts before cards, and statements last of all.

use rusqlite::Connection;

use super::super::{Lane, StoreError};
use super::failed;
use super::read::prepare;

/// The limit of a store that has none.
const NO_LIMIT: i64 = 0xffff_fffe;

/// How full the store is, in thousandths of its limit.
#[derive(Clone, Copy)]
pub(super) struct Room(i64);

impl Room {
    pub(super) fn of(conn: &Connection) -> Result<Self, StoreError> {
        let pragma = |name: &str| prepare(conn, name)?.query_row([], |row| row.get::<_, i64>(0)).map_err(failed);
        let limit = pragma("PRAGMA max_page_count")?;
        if limit >= NO_LIMIT {
            return Ok(Self(0));
        }
        let used = pragma("PRAGMA page_count")?.saturating_sub(pragma("PRAGMA freelist_count")?);
        Ok(Self(used.saturating_mul(1000) / limit.max(1)))
    }

    /// Records of this lane are not taken any more.
    pub(super) fn is_kept_from(self, lane: Lane) -> bool {
        self.0
            >= match lane {
                Lane::Attachments => 800,
                Lane::Charts => 900,
                Lane::Cards => 970,
            }
    }
}
