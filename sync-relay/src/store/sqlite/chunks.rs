//! Chunks of attachments: by id, and by author, attachment and place. They arrive on the last lane, go up with the outbox, and are
//! handed out to whoever asks for them by name.
//!
//! What one author's chunks may take, and all of them together, is bounded ([`ChunkQuota`]): a tablet that attaches without end
//! fills its own share and nobody else's.

use rusqlite::{Connection, OptionalExtension, params};
use tendenko_protocol::chunk::{ChunkHeader, Holding, SealedChunk};
use tendenko_protocol::ids::{AttachmentId, ChunkId, DeviceId, PatientId};
use tendenko_protocol::record::RejectReason;

use super::super::{Audience, ChunkQuota, ChunkShare, Fate, ItemKind, Lane, StoreError, StoredChunk};
use super::read::prepare;
use super::write::Writing;
use super::{failed, quarantine, row};

/// Shares listed by [`shares`], the largest first.
const SHARES: i64 = 100;

impl Writing<'_> {
    pub(super) fn chunk(&mut self, chunk: &SealedChunk, quota: ChunkQuota) -> Result<Fate, StoreError> {
        if let Some(arrival) = arrival_of(self.tx, &chunk.id())? {
            return Ok(Fate::Known(row::arrival(arrival)?));
        }
        let ChunkHeader { place, device, .. } = *chunk.header();
        let bytes = chunk.bytes().len() as u64;
        if self.room.is_kept_from(Lane::Attachments) || !fits(self.tx, device, bytes, quota)? {
            quarantine::count(self.tx, RejectReason::Full)?;
            return Ok(Fate::Full);
        }
        let audience = Audience::Granted((place.patient, ChunkHeader::SCOPE));
        let arrival = self.arrive(Lane::Attachments, ItemKind::Chunk, audience)?;
        prepare(
            self.tx,
            "INSERT INTO chunks (arrival, id, patient, device, attachment, place, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            row::column(arrival.0),
            &chunk.id().0[..],
            &place.patient.0[..],
            &device.0[..],
            &place.attachment.0[..],
            place.index,
            chunk.bytes()
        ])
        .map_err(failed)?;
        prepare(
            self.tx,
            "INSERT INTO chunk_shares (device, chunks, bytes) VALUES (?1, 1, ?2)
             ON CONFLICT (device) DO UPDATE SET chunks = chunks + 1, bytes = bytes + excluded.bytes",
        )?
        .execute(params![&device.0[..], row::column(bytes)])
        .map_err(failed)?;
        self.release(&chunk.id().0)?;
        Ok(Fate::Stored(arrival))
    }
}

fn fits(conn: &Connection, device: DeviceId, bytes: u64, quota: ChunkQuota) -> Result<bool, StoreError> {
    let (own, all): (i64, i64) = prepare(
        conn,
        "SELECT coalesce((SELECT bytes FROM chunk_shares WHERE device = ?1), 0),
                coalesce((SELECT sum(bytes) FROM chunk_shares), 0)",
    )?
    .query_row([&device.0[..]], |row| Ok((row.get(0)?, row.get(1)?)))
    .map_err(failed)?;
    let after = |held: i64| Ok::<_, StoreError>(row::count(held)?.saturating_add(bytes));
    Ok(after(own)? <= quota.per_device && after(all)? <= quota.whole)
}

pub(super) fn arrival_of(conn: &Connection, id: &ChunkId) -> Result<Option<i64>, StoreError> {
    prepare(conn, "SELECT arrival FROM chunks WHERE id = ?1")?
        .query_row([&id.0[..]], |row| row.get(0))
        .optional()
        .map_err(failed)
}

pub(super) fn chunk(conn: &Connection, id: &ChunkId) -> Result<Option<StoredChunk>, StoreError> {
    let found: Option<(Vec<u8>, Vec<u8>)> = prepare(conn, "SELECT patient, bytes FROM chunks WHERE id = ?1")?
        .query_row([&id.0[..]], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(failed)?;
    let stored = |(patient, bytes): (Vec<u8>, Vec<u8>)| {
        Ok(StoredChunk { patient: PatientId(row::fixed(&patient, "a patient")?), bytes })
    };
    found.map(stored).transpose()
}

pub(super) fn holdings(
    conn: &Connection,
    after: Option<(DeviceId, AttachmentId)>,
    limit: usize,
) -> Result<Vec<Holding>, StoreError> {
    let (device, attachment) = after.map_or((Vec::new(), Vec::new()), |(d, a)| (d.0.to_vec(), a.0.to_vec()));
    let mut attachments = prepare(
        conn,
        "SELECT DISTINCT device, attachment FROM chunks WHERE (device, attachment) > (?1, ?2)
         ORDER BY device, attachment LIMIT ?3",
    )?;
    let mut found = attachments.query(params![device, attachment, row::column(limit as u64)]).map_err(failed)?;
    let mut holdings = Vec::new();
    while let Some(one) = found.next().map_err(failed)? {
        let (device, attachment): (Vec<u8>, Vec<u8>) = (one.get(0).map_err(failed)?, one.get(1).map_err(failed)?);
        let (device, attachment) = (row::device(&device)?, AttachmentId(row::fixed(&attachment, "an attachment")?));
        holdings.push(Holding::new(device, attachment, &places(conn, device, attachment)?));
    }
    Ok(holdings)
}

fn places(conn: &Connection, device: DeviceId, attachment: AttachmentId) -> Result<Vec<u32>, StoreError> {
    let mut statement = prepare(conn, "SELECT place FROM chunks WHERE device = ?1 AND attachment = ?2")?;
    let rows = statement.query_map(params![&device.0[..], &attachment.0[..]], |row| row.get(0)).map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

pub(super) fn in_place(
    conn: &Connection,
    device: DeviceId,
    attachment: AttachmentId,
    place: u32,
) -> Result<Option<Vec<u8>>, StoreError> {
    prepare(conn, "SELECT bytes FROM chunks WHERE device = ?1 AND attachment = ?2 AND place = ?3 LIMIT 1")?
        .query_row(params![&device.0[..], &attachment.0[..], place], |row| row.get(0))
        .optional()
        .map_err(failed)
}

pub(super) fn lacking(conn: &Connection, offered: &[Holding]) -> Result<Vec<Holding>, StoreError> {
    let mut lacking = Vec::new();
    for offer in offered {
        let rest = offer.clone().without(places(conn, offer.device, offer.attachment)?);
        if !rest.is_empty() {
            lacking.push(rest);
        }
    }
    Ok(lacking)
}

pub(super) fn shares(conn: &Connection) -> Result<Vec<ChunkShare>, StoreError> {
    let mut statement =
        prepare(conn, "SELECT device, chunks, bytes FROM chunk_shares ORDER BY bytes DESC, device LIMIT ?1")?;
    let mut rows = statement.query([SHARES]).map_err(failed)?;
    let mut shares = Vec::new();
    while let Some(found) = rows.next().map_err(failed)? {
        let device: Vec<u8> = found.get(0).map_err(failed)?;
        shares.push(ChunkShare {
            device: row::device(&device)?,
            chunks: row::count(found.get(1).map_err(failed)?)?,
            bytes: row::count(found.get(2).map_err(failed)?)?,
        });
    }
    Ok(shares)
}
