//! The writing transaction: statements, records with their place in their log, contacts.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use tendenko_protocol::document::LogId;
use tendenko_protocol::ids::{ArrivalNo, DeviceId, LogSeq, Millis, Print, RecordHash, RelayIncarnation, StatementId};
use tendenko_protocol::limits::MAX_PAST;
use tendenko_protocol::record::{LogVerdict, RejectReason, SealedRecord, check_next};

use super::super::{
    Audience, ChunkQuota, Committed, Fate, ItemKind, Lane, Mark, NewItem, NewStatement, Refused, Source, StoreError,
    Submission,
};
use super::room::Room;
use super::{failed, quarantine, read, row, twins, upstream};

pub(super) fn commit(
    conn: &mut Connection,
    submissions: &[Submission],
    quota: ChunkQuota,
) -> Result<Committed, StoreError> {
    let tx = begin_writing(conn)?;
    let before = read::newest(&tx)?;
    let mut writing = Writing {
        newest: before,
        has_upstream: upstream::exists(&tx)?,
        has_quarantine: quarantine::holds_any(&tx)?,
        room: Room::of(&tx)?,
        quota,
        tx: &tx,
    };
    let fates = submissions.iter().map(|submission| writing.submission(submission)).collect::<Result<_, _>>()?;
    let newest = writing.newest;
    if let Some(submission) = submissions.first().filter(|_| newest > before) {
        tx.prepare_cached("INSERT OR IGNORE INTO marks (mark, arrival) VALUES (?1, ?2)")
            .and_then(|mut mark| mark.execute([read::span_of(submission.at), row::column(before.next().0)]))
            .map_err(failed)?;
    }
    tx.commit().map_err(failed)?;
    Ok(Committed { fates, newest })
}

/// Ends the present life at the newest arrival and begins another.
pub(super) fn begin(conn: &mut Connection, incarnation: RelayIncarnation) -> Result<(), StoreError> {
    let tx = begin_writing(conn)?;
    let newest = row::column(read::newest(&tx)?.0);
    tx.execute("UPDATE lives SET last = ?1 WHERE last IS NULL", [newest]).map_err(failed)?;
    insert_life(&tx, incarnation)?;
    tx.execute(
        "DELETE FROM lives WHERE life <= (SELECT max(life) FROM lives) - ?1 - 1",
        [row::column(MAX_PAST as u64)],
    )
    .map_err(failed)?;
    tx.commit().map_err(failed)
}

/// Forgets all lives and begins one.
pub(super) fn forget_past(
    conn: &mut Connection,
    incarnation: RelayIncarnation,
    lost: Option<Millis>,
) -> Result<(), StoreError> {
    let tx = begin_writing(conn)?;
    tx.execute("DELETE FROM lives", []).map_err(failed)?;
    insert_life(&tx, incarnation)?;
    if let Some(at) = lost {
        let held = row::column(read::newest(&tx)?.0);
        tx.execute("INSERT OR REPLACE INTO loss (one, at, held) VALUES (1, ?1, ?2)", params![at.0, held])
            .map_err(failed)?;
    }
    tx.commit().map_err(failed)
}

fn begin_writing(conn: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)
}

fn insert_life(tx: &Transaction<'_>, incarnation: RelayIncarnation) -> Result<(), StoreError> {
    tx.execute("INSERT INTO lives (incarnation, last) VALUES (?1, NULL)", [&incarnation.0.to_be_bytes()[..]])
        .map_err(failed)?;
    Ok(())
}

pub(super) struct Writing<'t> {
    pub(super) tx: &'t Transaction<'t>,
    newest: ArrivalNo,
    has_upstream: bool,
    has_quarantine: bool,
    pub(super) room: Room,
    quota: ChunkQuota,
}

/// A log's row: its id and head, and what stands for all that is known of it when some of that is in quarantine.
struct Head {
    log: i64,
    seq: LogSeq,
    hash: RecordHash,
    contested: Option<Print>,
}

impl Writing<'_> {
    fn submission(&mut self, submission: &Submission) -> Result<Vec<Fate>, StoreError> {
        let (from, at) = (submission.from, submission.at);
        let (mut records, mut refused) = (0, 0);
        let mut fates = Vec::with_capacity(submission.items.len());
        for item in &submission.items {
            let (lane, fate) = match item {
                NewItem::Statement(statement) => (Lane::Cards, self.statement(statement)?),
                NewItem::Record(record) => {
                    let lane = Lane::of(record.header().document.scope());
                    let fate = self.record(record, lane, from, at)?;
                    records += usize::from(matches!(fate, Fate::Stored(_)));
                    if from.is_upstream() && matches!(fate, Fate::Gap { .. }) {
                        upstream::mark(self.tx, &Mark::Suspect(record.header().document), at)?;
                    }
                    (lane, fate)
                }
                NewItem::Chunk(chunk) => (Lane::Attachments, self.chunk(chunk, self.quota)?),
                NewItem::Checkpoint(part) => (Lane::of(part.header().document.scope()), self.checkpoint(part)?),
                NewItem::Refused(refused) => match self.known(refused)? {
                    Some((lane, arrival)) => (lane, Fate::Known(arrival)),
                    None => {
                        self.refused(refused, from, at)?;
                        (Lane::Cards, Fate::Refused)
                    }
                },
            };
            match fate {
                Fate::Stored(arrival) if self.has_upstream && from != Source::Upstream => {
                    upstream::put(self.tx, lane, arrival)?;
                }
                Fate::Known(arrival) if self.has_upstream && from == Source::Upstream => {
                    upstream::take(self.tx, lane, arrival)?;
                }
                Fate::Stored(_) | Fate::Known(_) | Fate::Kept | Fate::Gap { .. } => {}
                Fate::Fork | Fate::Refused | Fate::Full => refused += 1,
            }
            fates.push(fate);
        }
        submission.again.iter().try_for_each(|id| self.arrive_again(id))?;
        for mark in &submission.marks {
            upstream::mark(self.tx, mark, at)?;
        }
        if let Source::Peer(device) = from {
            self.contact(device, at, records, refused, submission.flood)?;
        }
        Ok(fates)
    }

    /// A grant that holds only now: it takes the next arrival number, and so does its place in the outbox.
    fn arrive_again(&mut self, id: &StatementId) -> Result<(), StoreError> {
        let found: Option<(i64, Option<Vec<u8>>)> = self
            .prepare(
                "SELECT s.arrival, a.subject FROM statements s JOIN arrivals a ON a.lane = 0 AND a.arrival = s.arrival
                 WHERE s.id = ?1",
            )?
            .query_row([&id.0[..]], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(failed)?;
        let Some((old, subject)) = found else { return Ok(()) };
        let new = row::column(self.arrive(Lane::Cards, ItemKind::Statement, row::audience(subject)?)?.0);
        for sql in [
            "UPDATE statements SET arrival = ?2 WHERE arrival = ?1",
            "UPDATE outbox SET arrival = ?2 WHERE lane = 0 AND arrival = ?1",
        ] {
            self.prepare(sql)?.execute([old, new]).map_err(failed)?;
        }
        self.prepare("DELETE FROM arrivals WHERE lane = 0 AND arrival = ?1")?.execute([old]).map_err(failed)?;
        Ok(())
    }

    fn statement(&mut self, statement: &NewStatement) -> Result<Fate, StoreError> {
        let known: Option<i64> = self
            .prepare("SELECT arrival FROM statements WHERE id = ?1")?
            .query_row([&statement.id.0[..]], |row| row.get(0))
            .optional()
            .map_err(failed)?;
        if let Some(known) = known {
            return Ok(Fate::Known(row::arrival(known)?));
        }
        let arrival = self.arrive(Lane::Cards, ItemKind::Statement, statement.audience)?;
        self.prepare("INSERT INTO statements (arrival, id, bytes) VALUES (?1, ?2, ?3)")?
            .execute(params![row::column(arrival.0), &statement.id.0[..], statement.bytes])
            .map_err(failed)?;
        self.release(&statement.id.0)?;
        Ok(Fate::Stored(arrival))
    }

    fn record(&mut self, record: &SealedRecord, lane: Lane, from: Source, at: Millis) -> Result<Fate, StoreError> {
        let id = record.log();
        let seq = record.header().seq;
        let head = self.head(&id)?;
        let stored = match &head {
            Some(head) if seq <= head.seq => Some(self.stored(head.log, seq)?),
            _ => None,
        };
        let beyond = self.has_quarantine && head.as_ref().is_some_and(|head| seq > head.seq.next());
        let verdict = check_next(
            head.as_ref().map(|head| (head.seq, head.hash)),
            record.header(),
            record.hash(),
            stored.map(|(_, hash)| hash),
            beyond && twins::is_aside(self.tx, &id, &record.header().prev)?,
        );
        match (verdict, stored) {
            (LogVerdict::Next, _) if self.room.is_kept_from(lane) => {
                quarantine::count(self.tx, RejectReason::Full)?;
                Ok(Fate::Full)
            }
            (LogVerdict::Next, _) => self.append(record, &id, lane, head).map(Fate::Stored),
            (LogVerdict::Duplicate, Some((arrival, _))) => Ok(Fate::Known(arrival)),
            (LogVerdict::Gap { expected }, _) => Ok(Fate::Gap { expected }),
            (LogVerdict::Duplicate | LogVerdict::Fork, _) => {
                let fork = Refused {
                    hash: record.hash(),
                    claimed: Some((id, seq)),
                    reason: RejectReason::Fork,
                    bytes: Some(record.bytes().to_vec()),
                    may_be_known: false,
                };
                self.refused(&fork, from, at)?;
                twins::recount(self.tx, &id)?;
                Ok(Fate::Fork)
            }
        }
    }

    fn append(
        &mut self,
        record: &SealedRecord,
        id: &LogId,
        lane: Lane,
        head: Option<Head>,
    ) -> Result<ArrivalNo, StoreError> {
        let subject = (id.document.patient, id.document.scope());
        let arrival = self.arrive(lane, ItemKind::Record, Audience::Granted(subject))?;
        let seq = row::column(record.header().seq.0);
        let hash = record.hash();
        let log = match head {
            Some(head) => {
                let contested = head.contested.map(|known| known.and(hash.print()).0.cast_signed());
                self.prepare("UPDATE logs SET head_seq = ?2, head_hash = ?3, contested = ?4 WHERE log = ?1")?
                    .execute(params![head.log, seq, &hash.0[..], contested])
                    .map_err(failed)?;
                head.log
            }
            None => self
                .prepare(
                    "INSERT INTO logs (document, device, incarnation, head_seq, head_hash)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .insert(params![
                    &id.document.to_bytes()[..],
                    &id.device.0[..],
                    &id.incarnation.0.to_be_bytes()[..],
                    seq,
                    &hash.0[..]
                ])
                .map_err(failed)?,
        };
        self.prepare("INSERT INTO records (arrival, log, seq, hash, bytes) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![row::column(arrival.0), log, seq, &hash.0[..], record.bytes()])
            .map_err(failed)?;
        if self.release(&hash.0)? {
            twins::recount(self.tx, id)?;
        }
        Ok(arrival)
    }

    fn refused(&mut self, refused: &Refused, from: Source, at: Millis) -> Result<(), StoreError> {
        self.has_quarantine = true;
        quarantine::refused(self.tx, refused, from, at)
    }

    /// What is stored is refused no longer. True if it was.
    pub(super) fn release(&self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        Ok(self.has_quarantine && quarantine::release(self.tx, hash)?)
    }

    /// Takes the next arrival number.
    pub(super) fn arrive(&mut self, lane: Lane, kind: ItemKind, audience: Audience) -> Result<ArrivalNo, StoreError> {
        let arrival = self.newest.next();
        let subject = match &audience {
            Audience::Everyone => None,
            Audience::Granted(subject) => Some(row::subject(subject)),
        };
        self.prepare("INSERT INTO arrivals (lane, arrival, kind, subject) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                row::lane_column(lane),
                row::column(arrival.0),
                row::kind_column(kind),
                subject.as_ref().map(|subject| &subject[..])
            ])
            .map_err(failed)?;
        self.newest = arrival;
        Ok(arrival)
    }

    fn head(&self, id: &LogId) -> Result<Option<Head>, StoreError> {
        let found = self
            .prepare(
                "SELECT log, head_seq, head_hash, contested FROM logs
                 WHERE document = ?1 AND device = ?2 AND incarnation = ?3",
            )?
            .query_row(
                params![&id.document.to_bytes()[..], &id.device.0[..], &id.incarnation.0.to_be_bytes()[..]],
                |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?, row.get::<_, Option<i64>>(3)?)),
            )
            .optional()
            .map_err(failed)?;
        let head = |(log, seq, hash, contested): (_, _, Vec<u8>, Option<i64>)| {
            let contested = contested.map(|print| Print(print.cast_unsigned()));
            Ok(Head { log, seq: row::seq(seq)?, hash: row::hash(&hash)?, contested })
        };
        found.map(head).transpose()
    }

    /// The record stored at a number at or before its log's head.
    fn stored(&self, log: i64, seq: LogSeq) -> Result<(ArrivalNo, RecordHash), StoreError> {
        let (arrival, hash) = self
            .prepare("SELECT arrival, hash FROM records WHERE log = ?1 AND seq = ?2")?
            .query_row(params![log, row::column(seq.0)], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))
            .optional()
            .map_err(failed)?
            .ok_or(StoreError::Damaged("a log lacks a record before its head"))?;
        Ok((row::arrival(arrival)?, row::hash(&hash)?))
    }

    /// The arrival of the very bytes that were refused, if they are stored.
    fn known(&self, refused: &Refused) -> Result<Option<(Lane, ArrivalNo)>, StoreError> {
        let Some((id, seq)) = refused.claimed.filter(|_| refused.may_be_known) else {
            return Ok(None);
        };
        let Some(head) = self.head(&id)?.filter(|head| seq <= head.seq) else {
            return Ok(None);
        };
        let (arrival, hash) = self.stored(head.log, seq)?;
        Ok((hash == refused.hash).then_some((Lane::of(id.document.scope()), arrival)))
    }

    fn contact(
        &self,
        device: DeviceId,
        at: Millis,
        records: usize,
        refused: usize,
        flood: bool,
    ) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO contacts (device, first_at, last_at, records, refused, flooded_at) VALUES (?1, ?2, ?2, ?3, ?4, ?5)
             ON CONFLICT (device) DO UPDATE SET
                 last_at = max(last_at, excluded.last_at), records = records + excluded.records,
                 refused = refused + excluded.refused, flooded_at = coalesce(excluded.flooded_at, flooded_at)",
        )?
        .execute(params![
            &device.0[..],
            at.0,
            row::column(records as u64),
            row::column(refused as u64),
            flood.then_some(at.0)
        ])
        .map_err(failed)?;
        Ok(())
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        self.tx.prepare_cached(sql).map_err(failed)
    }
}
