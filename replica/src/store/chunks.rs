//! Sealed chunks of attachments, byte for byte; and which of the missing ones somebody here wants to look at.
//!
//! A chunk is *unsent* from when it was made here until a relay has acknowledged it; only chunks that are not unsent are ever released.

use rusqlite::{Connection, OptionalExtension, Row, Rows, params};
use tendenko_crdt::EntryId;
use tendenko_protocol::chunk::ChunkHeader;
use tendenko_protocol::ids::{AttachmentId, ChunkId, DeviceId, PatientId};

use super::{StoreError, fixed, signed, unsigned};

/// A chunk's row.
pub(crate) struct NewChunk<'a> {
    pub(crate) id: ChunkId,
    pub(crate) header: &'a ChunkHeader,
    pub(crate) bytes: &'a [u8],
    /// Made here, and no relay has acknowledged it.
    pub(crate) unsent: bool,
    /// When it came or was made, ms: what was not looked at for longest is released first.
    pub(crate) used: i64,
}

/// Keeps a chunk. Returns whether it is new here.
pub(crate) fn insert(connection: &Connection, chunk: &NewChunk<'_>) -> Result<bool, StoreError> {
    let place = &chunk.header.place;
    let inserted = connection
        .prepare_cached(
            "INSERT INTO chunks (chunk, patient, device, attachment, place, bytes, unsent, used)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (chunk) DO NOTHING",
        )?
        .execute(params![
            chunk.id.0,
            place.patient.0,
            chunk.header.device.0,
            place.attachment.0,
            place.index,
            chunk.bytes,
            chunk.unsent,
            chunk.used
        ])?;
    Ok(inserted == 1)
}

/// Whether it is here.
pub(crate) fn has(connection: &Connection, id: &ChunkId) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM chunks WHERE chunk = ?1")?.exists([id.0])?)
}

/// Its bytes, if it is here.
pub(crate) fn bytes(connection: &Connection, id: &ChunkId) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM chunks WHERE chunk = ?1")?;
    Ok(statement.query_row([id.0], |row| row.get(0)).optional()?)
}

/// Somebody looked at it.
pub(crate) fn touch(connection: &Connection, id: &ChunkId, at: i64) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE chunks SET used = ?2 WHERE chunk = ?1")?.execute(params![id.0, at])?;
    Ok(())
}

/// It is not what it should be: it goes, and can be fetched again.
pub(crate) fn drop_damaged(connection: &Connection, id: &ChunkId) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM chunks WHERE chunk = ?1 AND unsent = 0")?.execute([id.0])?;
    Ok(())
}

/// A relay has it durably.
pub(crate) fn acked(connection: &Connection, id: &ChunkId) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE chunks SET unsent = 0 WHERE chunk = ?1")?.execute([id.0])?;
    Ok(())
}

/// Chunks with their places, and whether there are more.
pub(crate) type Page = (Vec<(u64, Vec<u8>)>, bool);

/// Unsent chunks behind a place, within a budget of bytes (at least one), and whether there are more.
pub(crate) fn departing(connection: &Connection, after: u64, budget: usize) -> Result<Page, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, patient, bytes FROM chunks WHERE unsent = 1 AND id > ?1 ORDER BY id")?;
    let (chunks, more) = page(statement.query([signed(after)])?, budget)?;
    Ok((chunks.into_iter().map(|(place, _, bytes)| (place, bytes)).collect(), more))
}

/// Chunks with their places and patients, and whether there are more.
pub(crate) type PatientsPage = (Vec<(u64, PatientId, Vec<u8>)>, bool);

/// Chunks behind a place, within a budget of bytes (at least one): of those that came, were made or looked at since then, and of those that
/// no relay has.
pub(crate) fn since(
    connection: &Connection,
    after: u64,
    since: Option<i64>,
    budget: usize,
) -> Result<PatientsPage, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, patient, bytes FROM chunks WHERE id > ?1 AND (unsent = 1 OR used >= ?2) ORDER BY id",
    )?;
    page(statement.query(params![signed(after), since.unwrap_or(i64::MIN)])?, budget)
}

/// Rows of places, patients and bytes, within a budget of bytes (at least one).
fn page(mut rows: Rows<'_>, budget: usize) -> Result<PatientsPage, StoreError> {
    let mut chunks: Vec<(u64, PatientId, Vec<u8>)> = Vec::new();
    let mut size = 0;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(2)?;
        size += bytes.len();
        if size > budget && !chunks.is_empty() {
            return Ok((chunks, true));
        }
        chunks.push((unsigned(row.get(0)?), PatientId(fixed(row, 1)?), bytes));
    }
    Ok((chunks, false))
}

/// What this store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) bytes: u64,
    pub(crate) unsent: u64,
    pub(crate) unsent_bytes: u64,
}

pub(crate) fn held(connection: &Connection) -> Result<Held, StoreError> {
    let held = connection
        .prepare_cached(
            "SELECT coalesce(sum(length(bytes)), 0), coalesce(sum(unsent), 0), coalesce(sum(unsent * length(bytes)), 0)
             FROM chunks",
        )?
        .query_row([], |row| {
            Ok(Held {
                bytes: unsigned(row.get(0)?),
                unsent: unsigned(row.get(1)?),
                unsent_bytes: unsigned(row.get(2)?),
            })
        })?;
    Ok(held)
}

/// Lets go of what was not looked at for longest, until so many bytes are free; never of what no relay has. Returns the bytes.
pub(crate) fn release(connection: &Connection, bytes: u64) -> Result<u64, StoreError> {
    let mut rows = Vec::new();
    let mut freed = 0;
    {
        let mut statement =
            connection.prepare_cached("SELECT id, length(bytes) FROM chunks WHERE unsent = 0 ORDER BY used, id")?;
        let mut found = statement.query([])?;
        while freed < bytes
            && let Some(row) = found.next()?
        {
            rows.push(row.get::<_, i64>(0)?);
            freed += unsigned(row.get(1)?);
        }
    }
    for row in rows {
        connection.prepare_cached("DELETE FROM chunks WHERE id = ?1")?.execute([row])?;
    }
    Ok(freed)
}

/// Which pieces of one author's attachment are here.
pub(crate) struct HeldPlaces {
    pub(crate) device: DeviceId,
    pub(crate) attachment: AttachmentId,
    pub(crate) places: Vec<u32>,
}

/// The attachments behind one, in order, of which anything is here that some relay had.
pub(crate) fn held_places(
    connection: &Connection,
    after: Option<(DeviceId, AttachmentId)>,
    limit: usize,
) -> Result<Vec<HeldPlaces>, StoreError> {
    let (device, attachment) = after.map_or((Vec::new(), Vec::new()), |(d, a)| (d.0.to_vec(), a.0.to_vec()));
    let mut statement = connection.prepare_cached(
        "SELECT device, attachment, place FROM chunks WHERE (device, attachment) > (?1, ?2) AND unsent = 0
         ORDER BY device, attachment, place",
    )?;
    let mut rows = statement.query(params![device, attachment])?;
    let mut held: Vec<HeldPlaces> = Vec::new();
    while let Some(row) = rows.next()? {
        let (device, attachment) = (DeviceId(fixed(row, 0)?), AttachmentId(fixed(row, 1)?));
        let place = row.get(2)?;
        let full = held.len() == limit;
        match held.last_mut() {
            Some(last) if (last.device, last.attachment) == (device, attachment) => last.places.push(place),
            _ if full => break,
            _ => held.push(HeldPlaces { device, attachment, places: vec![place] }),
        }
    }
    Ok(held)
}

/// The pieces at these places, as far as they are here.
pub(crate) fn at_places(
    connection: &Connection,
    device: DeviceId,
    attachment: AttachmentId,
    place: u32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT bytes FROM chunks WHERE device = ?1 AND attachment = ?2 AND place = ?3 LIMIT 1")?;
    Ok(statement.query_row(params![device.0, attachment.0, place], |row| row.get(0)).optional()?)
}

/// A chunk that somebody here wants, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) chunk: ChunkId,
    pub(crate) patient: PatientId,
    pub(crate) entry: EntryId,
    /// Place in the attachment.
    pub(crate) place: u32,
    pub(crate) absent: bool,
}

fn wanted_row(row: &Row<'_>) -> rusqlite::Result<Wanted> {
    Ok(Wanted {
        chunk: ChunkId(fixed(row, 0)?),
        patient: PatientId(fixed(row, 1)?),
        entry: EntryId::new(fixed(row, 2)?),
        place: row.get(3)?,
        absent: row.get(4)?,
    })
}

/// Remembers that a chunk is wanted; asks anew for one that was absent.
pub(crate) fn want(
    connection: &Connection,
    chunk: ChunkId,
    patient: PatientId,
    entry: EntryId,
    place: u32,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO wanted (chunk, patient, entry, place, absent) VALUES (?1, ?2, ?3, ?4, 0)
             ON CONFLICT (chunk) DO UPDATE SET absent = 0",
        )?
        .execute(params![chunk.0, patient.0, entry.as_bytes(), place])?;
    Ok(())
}

/// What a chunk is wanted as, if it is.
pub(crate) fn wanted_as(connection: &Connection, chunk: &ChunkId) -> Result<Option<Wanted>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT chunk, patient, entry, place, absent FROM wanted WHERE chunk = ?1")?;
    Ok(statement.query_row([chunk.0], wanted_row).optional()?)
}

/// Everything that is wanted, in the order of asking.
pub(crate) fn wanted(connection: &Connection) -> Result<Vec<Wanted>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT chunk, patient, entry, place, absent FROM wanted ORDER BY id")?;
    Ok(statement.query_map([], wanted_row)?.collect::<Result<_, _>>()?)
}

/// What is wanted of one entry.
pub(crate) fn wanted_of(
    connection: &Connection,
    patient: PatientId,
    entry: EntryId,
) -> Result<Vec<Wanted>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT chunk, patient, entry, place, absent FROM wanted WHERE patient = ?1 AND entry = ?2 ORDER BY id",
    )?;
    Ok(statement.query_map(params![patient.0, entry.as_bytes()], wanted_row)?.collect::<Result<_, _>>()?)
}

/// The chunk came, or cannot come.
pub(crate) fn unwant(connection: &Connection, chunk: &ChunkId) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM wanted WHERE chunk = ?1")?.execute([chunk.0])?;
    Ok(())
}

/// Nobody wants to look at this any more.
pub(crate) fn unwant_entry(connection: &Connection, patient: PatientId, entry: EntryId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM wanted WHERE patient = ?1 AND entry = ?2")?
        .execute(params![patient.0, entry.as_bytes()])?;
    Ok(())
}

/// Whether the relay that was asked has it.
pub(crate) fn set_absent(connection: &Connection, chunk: &ChunkId, absent: bool) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE wanted SET absent = ?2 WHERE chunk = ?1")?.execute(params![chunk.0, absent])?;
    Ok(())
}

/// One of an entry's chunks was there after all: the others are asked for again. Returns which.
pub(crate) fn ask_again(
    connection: &Connection,
    patient: PatientId,
    entry: EntryId,
) -> Result<Vec<ChunkId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE wanted SET absent = 0 WHERE patient = ?1 AND entry = ?2 AND absent = 1 RETURNING chunk",
    )?;
    let chunks = statement.query_map(params![patient.0, entry.as_bytes()], |row| Ok(ChunkId(fixed(row, 0)?)))?;
    Ok(chunks.collect::<Result<_, _>>()?)
}
