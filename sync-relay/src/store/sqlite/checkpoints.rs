//! Checkpoints: the one of each document that covers most, whole; and parts on their way to being a better one.

use rusqlite::{Connection, OptionalExtension, params};
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::record::{CheckpointHeader, Covered, RejectReason, SealedCheckpoint};

use super::super::{CheckpointPart, Fate, Lane, PartName, StoreError};
use super::read::prepare;
use super::write::Writing;
use super::{failed, quarantine, row};

impl Writing<'_> {
    pub(super) fn checkpoint(&mut self, part: &SealedCheckpoint) -> Result<Fate, StoreError> {
        let header = part.header();
        let document = header.document.to_bytes();
        let covered = header.covers.iter().fold(0u64, |sum, log| sum.saturating_add(log.seq.0));
        let best: Option<i64> =
            prepare(self.tx, "SELECT covered FROM checkpoints WHERE document = ?1 AND whole = 1 LIMIT 1")?
                .query_row([&document[..]], |row| row.get(0))
                .optional()
                .map_err(failed)?;
        if best.map(row::count).transpose()?.is_some_and(|best| best >= covered) {
            return Ok(Fate::Kept);
        }
        if !self.holds_all(header)? {
            tracing::debug!("a checkpoint stands for records that are not here: it is not kept");
            return Ok(Fate::Kept);
        }
        if self.room.is_kept_from(Lane::of(header.document.scope())) {
            quarantine::count(self.tx, RejectReason::Full)?;
            return Ok(Fate::Full);
        }
        // Of one author only the last is on its way.
        prepare(
            self.tx,
            "DELETE FROM checkpoints WHERE document = ?1 AND device = ?2 AND whole = 0 AND checkpoint <> ?3",
        )?
        .execute(params![&document[..], &header.device.0[..], &header.set[..]])
        .map_err(failed)?;
        prepare(
            self.tx,
            "INSERT OR IGNORE INTO checkpoints (document, checkpoint, device, covered, part, whole, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)",
        )?
        .execute(params![
            &document[..],
            &header.set[..],
            &header.device.0[..],
            row::column(covered),
            header.part,
            part.bytes()
        ])
        .map_err(failed)?;
        let here: i64 =
            prepare(self.tx, "SELECT count(*) FROM checkpoints WHERE document = ?1 AND checkpoint = ?2 AND part < ?3")?
                .query_row(params![&document[..], &header.set[..], header.parts], |row| row.get(0))
                .map_err(failed)?;
        if row::count(here)? == u64::from(header.parts) {
            prepare(self.tx, "DELETE FROM checkpoints WHERE document = ?1 AND checkpoint <> ?2 AND covered <= ?3")?
                .execute(params![&document[..], &header.set[..], row::column(covered)])
                .map_err(failed)?;
            prepare(self.tx, "UPDATE checkpoints SET whole = 1 WHERE document = ?1 AND checkpoint = ?2")?
                .execute(params![&document[..], &header.set[..]])
                .map_err(failed)?;
        }
        Ok(Fate::Kept)
    }

    /// Every record that the checkpoint says it stands for is here, by the same hash.
    fn holds_all(&self, header: &CheckpointHeader) -> Result<bool, StoreError> {
        let mut statement = prepare(
            self.tx,
            "SELECT 1 FROM logs l JOIN records r ON r.log = l.log
             WHERE l.document = ?1 AND l.device = ?2 AND l.incarnation = ?3 AND r.seq = ?4 AND r.hash = ?5",
        )?;
        for Covered { device, incarnation, seq, hash } in &header.covers {
            let document = header.document.to_bytes();
            let found = statement
                .exists(params![
                    &document[..],
                    &device.0[..],
                    &incarnation.0.to_be_bytes()[..],
                    row::column(seq.0),
                    &hash.0[..]
                ])
                .map_err(failed)?;
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

pub(super) fn parts(
    conn: &Connection,
    (first, last): (DocumentId, DocumentId),
    after: Option<PartName>,
    limit_bytes: usize,
) -> Result<Vec<CheckpointPart>, StoreError> {
    let (after, part) = after.map_or((first.to_bytes(), -1), |(document, part)| (document.to_bytes(), i64::from(part)));
    let mut statement = prepare(
        conn,
        "SELECT document, part, bytes FROM checkpoints
         WHERE whole = 1 AND document >= ?1 AND document <= ?2 AND (document, part) > (?1, ?3) ORDER BY document, part",
    )?;
    let mut rows = statement.query(params![&after[..], &last.to_bytes()[..], part]).map_err(failed)?;
    let (mut found, mut size) = (Vec::new(), 0);
    while let Some(one) = rows.next().map_err(failed)? {
        let document: Vec<u8> = one.get(0).map_err(failed)?;
        let document = DocumentId::from_bytes(&document).ok_or(StoreError::Damaged("a document"))?;
        let bytes: Vec<u8> = one.get(2).map_err(failed)?;
        size += bytes.len();
        if size > limit_bytes && !found.is_empty() {
            break;
        }
        found.push(CheckpointPart { name: (document, one.get(1).map_err(failed)?), bytes });
    }
    Ok(found)
}
