//! What is being written: drafts, their photos, and sentences that are written again and again.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tendenko_crdt::{EntryId, Timestamp};
use tendenko_protocol::ids::{MemberId, PatientId};

use super::{StoreError, fixed};
use crate::drafts::{Draft, DraftName, DraftPhoto};

/// Whose draft it is, and which.
pub(crate) struct Place<'a> {
    pub(crate) member: MemberId,
    pub(crate) name: &'a DraftName,
}

impl Place<'_> {
    /// What stands in the column `corrects`: of a visit, the entry that it corrects, or nothing; of another form, that entry (or zeroes) with the
    /// form's slot behind it, which is never empty.
    fn corrects(&self) -> Vec<u8> {
        let entry = self.name.corrects.map(|entry| entry.as_bytes().to_vec());
        if self.name.slot.is_empty() {
            return entry.unwrap_or_default();
        }
        [&entry.unwrap_or_else(|| vec![0; ENTRY]), self.name.slot.as_bytes()].concat()
    }
}

/// Bytes of an entry's id.
const ENTRY: usize = 16;

/// The inverse of [`Place::corrects`].
fn name(patient: PatientId, corrects: &[u8]) -> DraftName {
    let (entry, slot) = corrects.split_at_checked(ENTRY).unwrap_or_default();
    let corrects = <[u8; ENTRY]>::try_from(entry).ok().filter(|entry| *entry != [0; ENTRY]).map(EntryId::new);
    DraftName { patient, corrects, slot: String::from_utf8_lossy(slot).into_owned() }
}

pub(crate) fn put(connection: &Connection, place: &Place<'_>, form: &[u8], at: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO drafts (member, patient, corrects, form, at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (member, patient, corrects) DO UPDATE SET form = excluded.form, at = excluded.at",
        )?
        .execute(params![place.member.0, place.name.patient.0, place.corrects(), form, at.0])?;
    Ok(())
}

/// Forgets a draft and its photos.
pub(crate) fn remove(connection: &Connection, place: &Place<'_>) -> Result<(), StoreError> {
    for table in ["drafts", "draft_photos"] {
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE member = ?1 AND patient = ?2 AND corrects = ?3"))?
            .execute(params![place.member.0, place.name.patient.0, place.corrects()])?;
    }
    Ok(())
}

pub(crate) fn get(connection: &Connection, place: &Place<'_>) -> Result<Option<Draft>, StoreError> {
    let found: Option<(Vec<u8>, i64)> = connection
        .prepare_cached("SELECT form, at FROM drafts WHERE member = ?1 AND patient = ?2 AND corrects = ?3")?
        .query_row(params![place.member.0, place.name.patient.0, place.corrects()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let photos = connection
        .prepare_cached(
            "SELECT id, thumbnail, length(bytes), media_type FROM draft_photos
             WHERE member = ?1 AND patient = ?2 AND corrects = ?3 ORDER BY id",
        )?
        .query_map(params![place.member.0, place.name.patient.0, place.corrects()], |row| {
            let size = row.get::<_, i64>(2)?.unsigned_abs();
            Ok(DraftPhoto { id: row.get(0)?, media_type: row.get(3)?, thumbnail: row.get(1)?, size })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(match (found, photos.is_empty()) {
        (None, true) => None,
        (found, _) => {
            let (form, at) = found.map_or((None, Timestamp(0)), |(form, at)| (Some(form), Timestamp(at)));
            Some(Draft { form, at, photos })
        }
    })
}

/// Drafts of a member, the newest first.
pub(crate) fn all_of(connection: &Connection, member: MemberId) -> Result<Vec<(DraftName, Timestamp)>, StoreError> {
    let named = |row: &Row<'_>| {
        let corrects: Vec<u8> = row.get(1)?;
        Ok((name(PatientId(fixed(row, 0)?), &corrects), Timestamp(row.get(2)?)))
    };
    let drafts = connection
        .prepare_cached("SELECT patient, corrects, at FROM drafts WHERE member = ?1 ORDER BY at DESC")?
        .query_map([member.0], named)?
        .collect::<Result<_, _>>()?;
    Ok(drafts)
}

pub(crate) fn add_photo(
    connection: &Connection,
    place: &Place<'_>,
    media_type: &str,
    bytes: &[u8],
    thumbnail: &[u8],
) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO draft_photos (member, patient, corrects, media_type, bytes, thumbnail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![place.member.0, place.name.patient.0, place.corrects(), media_type, bytes, thumbnail])?;
    Ok(connection.last_insert_rowid())
}

pub(crate) fn remove_photo(connection: &Connection, place: &Place<'_>, id: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM draft_photos WHERE member = ?1 AND patient = ?2 AND corrects = ?3 AND id = ?4")?
        .execute(params![place.member.0, place.name.patient.0, place.corrects(), id])?;
    Ok(())
}

/// A photo, whole.
pub(crate) struct Photo {
    pub(crate) id: i64,
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) thumbnail: Vec<u8>,
}

/// Photos of a draft, whole, in order.
pub(crate) fn photos(connection: &Connection, place: &Place<'_>) -> Result<Vec<Photo>, StoreError> {
    let photos = connection
        .prepare_cached(
            "SELECT media_type, bytes, thumbnail, id FROM draft_photos
             WHERE member = ?1 AND patient = ?2 AND corrects = ?3 ORDER BY id",
        )?
        .query_map(params![place.member.0, place.name.patient.0, place.corrects()], |row| {
            Ok(Photo { id: row.get(3)?, media_type: row.get(0)?, bytes: row.get(1)?, thumbnail: row.get(2)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(photos)
}

/// A sentence was written once more.
pub(crate) fn wrote(connection: &Connection, member: MemberId, text: &str, at: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO phrases (member, text, uses, at) VALUES (?1, ?2, 1, ?3)
             ON CONFLICT (member, text) DO UPDATE SET uses = uses + 1, at = excluded.at",
        )?
        .execute(params![member.0, text, at.0])?;
    Ok(())
}

/// Keeps a member's newest sentences only.
pub(crate) fn trim_phrases(connection: &Connection, member: MemberId, keep: u32) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM phrases WHERE member = ?1 AND text NOT IN
                (SELECT text FROM phrases WHERE member = ?1 ORDER BY uses > 1 DESC, at DESC LIMIT ?2)",
        )?
        .execute(params![member.0, keep])?;
    Ok(())
}

/// Sentences that were written more than once: often ones first, of equals the newest.
pub(crate) fn phrases(connection: &Connection, member: MemberId, limit: u32) -> Result<Vec<String>, StoreError> {
    let phrases = connection
        .prepare_cached("SELECT text FROM phrases WHERE member = ?1 AND uses > 1 ORDER BY uses DESC, at DESC LIMIT ?2")?
        .query_map(params![member.0, limit], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(phrases)
}

pub(crate) fn forget_phrase(connection: &Connection, member: MemberId, text: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM phrases WHERE member = ?1 AND text = ?2")?
        .execute(params![member.0, text])?;
    Ok(())
}

/// What a draft's row says, but for its id.
pub(crate) const FORM_COLUMNS: &str = "member, patient, corrects, form, at";
/// The same of a photo's.
pub(crate) const PHOTO_COLUMNS: &str = "member, patient, corrects, media_type, bytes, thumbnail";

/// A row that was read out of a damaged store.
pub(crate) struct Salvaged(Vec<Value>);

impl Salvaged {
    /// Everything behind the row id.
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        (1..row.as_ref().column_count()).map(|column| row.get(column)).collect::<Result<_, _>>().map(Self)
    }

    /// Puts it into another store, if that does not have it.
    pub(crate) fn write(&self, connection: &Connection, table: &str, columns: &str) -> Result<(), StoreError> {
        let places = vec!["?"; self.0.len()].join(", ");
        connection
            .prepare_cached(&format!("INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})"))?
            .execute(rusqlite::params_from_iter(&self.0))?;
        Ok(())
    }
}
