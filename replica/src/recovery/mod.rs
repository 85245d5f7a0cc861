//! A damaged store: keep a copy, save what can be read, start afresh, and fetch the rest.
//!
//! The damaged files are kept in a `damaged-…` folder beside the new store. What is readable (statements, keys, records, documents,
//! saves not yet sent) is carried over row by row; each record is verified again, as if it came from a stranger. The new
//! store begins a new incarnation and no cursor, so the relay sends everything that is missing.
//!
//! If power fails in between: the new store takes the old one's place by a single rename, so there is always one or the other.

mod salvage;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use serde_bytes::ByteBuf;
use tendenko_crdt::Timestamp;
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::{DeviceId, MemberId};
use tendenko_protocol::messages::Item;
use tendenko_protocol::trust::Issuer;

use crate::attachments;
use crate::clock::FixedClock;
use crate::enrolment;
use crate::error::UnlockError;
use crate::files;
use crate::models::Changed;
use crate::replica::Replica;
use crate::store::{self, StoreError, drafts, meta, outbox, records, statements};
use crate::unlock::StoreKey;
use salvage::Salvage;

/// The new store while it is being filled.
const FRESH: &str = "recovered.db";
/// Items stored in one transaction.
const BATCH: usize = 256;
/// In the new store once it is complete.
const COMPLETE: &str = "recovery_complete";

/// What a recovery saved.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Recovered {
    /// Where the damaged files are kept.
    pub copy: PathBuf,
    /// Certificates and grants carried over.
    pub statements: u64,
    /// Epoch keys held afterwards.
    pub keys: u64,
    /// Sealed records carried over.
    pub records: u64,
    /// Documents carried over.
    pub documents: u64,
    /// Saves that had not left yet and still will.
    pub pending_saves: u64,
    /// Pieces of photos and documents carried over.
    #[serde(default)]
    pub chunks: u64,
    /// Stretches of rows that could not be read. They are fetched again where a relay has them.
    pub unreadable: u64,
}

/// Recovers the store in `dir`. Needs a staff member's secret, and counts wrong tries as unlocking does.
///
/// Fails with `DiskFull` when there is no room for the new store; the damaged one is then as it was.
pub fn recover(dir: &Path, member: MemberId, secret: &str, now: Timestamp) -> Result<Recovered, UnlockError> {
    let (key, slots) = enrolment::try_secret(dir, member, secret, now)?;
    let lock = enrolment::lock(dir)?;
    let fresh = dir.join(FRESH);
    let copy = dir.join(format!("damaged-{}", now.0));
    let recovered = match complete(&fresh, &key) {
        Some(recovered) => recovered,
        None => {
            remove(&fresh)?;
            let clock = Arc::new(FixedClock::new(now));
            let opened = Replica::open_at(dir, FRESH, member, key.clone(), &slots, clock, lock.try_clone()?)?;
            let mut recovered = opened.fill_from(&dir.join(files::STORE), &dir.join(files::HEAD), &key)?;
            recovered.copy = copy.clone();
            let connection = opened.into_connection();
            meta::set(&connection, COMPLETE, &recovered)?;
            connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").map_err(StoreError::from)?;
            recovered
        }
    };
    keep_copy(dir, &recovered.copy)?;
    for stale in ["store.db-wal", "store.db-shm"] {
        remove(&dir.join(stale))?;
    }
    fs::rename(&fresh, dir.join(files::STORE))?;
    files::sync_directory(&fresh)?;
    for stale in ["recovered.db-wal", "recovered.db-shm"] {
        remove(&dir.join(stale))?;
    }
    tracing::warn!(records = recovered.records, pending = recovered.pending_saves, "a damaged store was recovered");
    Ok(recovered)
}

/// A new store that an interrupted recovery had finished.
fn complete(fresh: &Path, key: &StoreKey) -> Option<Recovered> {
    if !fresh.exists() {
        return None;
    }
    let connection = store::open_reader(fresh, key).ok()?;
    meta::get(&connection, COMPLETE).ok()?
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Keeps the damaged files: by another name for the same bytes where the file system can, so that it needs no room.
fn keep_copy(dir: &Path, copy: &Path) -> std::io::Result<()> {
    fs::create_dir_all(copy)?;
    for name in [files::STORE, "store.db-wal"] {
        let (from, to) = (dir.join(name), copy.join(name));
        if from.exists() && !to.exists() && fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to)?;
        }
    }
    files::sync_directory(&copy.join(files::STORE))
}

/// A row of what had not been sent.
struct SavedChanges {
    save: i64,
    document: DocumentId,
    at: Timestamp,
    changes: Vec<ByteBuf>,
    record: Option<i64>,
}

impl Replica {
    fn into_connection(self) -> Connection {
        self.into_writer().connection
    }

    /// Carries over what can be read of another store.
    fn fill_from(&self, damaged: &Path, head: &Path, key: &StoreKey) -> Result<Recovered, UnlockError> {
        let mut recovered = Recovered::default();
        let mut salvage = Salvage::open(damaged, head, key)?;
        self.carry_statements(&mut salvage, &mut recovered)?;
        let departing = self.carry_records(&mut salvage, &mut recovered)?;
        self.carry_documents(&mut salvage, &mut recovered)?;
        self.carry_saves(&mut salvage, &departing, &mut recovered)?;
        self.carry_chunks(&mut salvage, &mut recovered)?;
        self.carry_drafts(&mut salvage)?;
        self.save_unaccounted(&mut recovered)?;
        recovered.unreadable = salvage.unreadable();
        // Everything was carried over "now"; none of it is news.
        self.writer().connection.execute("DELETE FROM news", []).map_err(StoreError::from)?;
        Ok(recovered)
    }

    fn carry_statements(&self, salvage: &mut Salvage, recovered: &mut Recovered) -> Result<(), StoreError> {
        // The bundle's come first: without certificates nothing else can be verified.
        let mut all: Vec<Vec<u8>> = self.bundle.statements.clone();
        salvage.rows("statements", "bytes", |row| {
            all.push(row.get(1)?);
            Ok(())
        });
        for batch in all.chunks(BATCH) {
            self.store_batch(batch.iter().cloned().map(Item::Statement).collect(), None)?;
        }
        let mut keys = Vec::new();
        salvage.rows("epoch_keys", "key, patient, scope, secret", |row| {
            keys.push((
                row.get::<_, [u8; 16]>(1)?,
                row.get::<_, [u8; 16]>(2)?,
                row.get::<_, i64>(3)?,
                row.get::<_, Vec<u8>>(4)?,
            ));
            Ok(())
        });
        let writer = self.writer();
        for (key, patient, scope, secret) in keys {
            statements::restore_key(&writer.connection, key, patient, scope, &secret)?;
        }
        // Own statements leave once more: whether the relay had them may be what was lost.
        let own: Vec<Vec<u8>> = {
            let trust = self.trust();
            let issued_here = |id| trust.statement(id).is_some_and(|s| s.issuer == Issuer::Device(self.device_id()));
            trust.statements().filter(|(id, _)| issued_here(id)).map(|(_, bytes)| bytes.to_vec()).collect()
        };
        for bytes in own {
            let row = statements::insert(&writer.connection, &bytes)?;
            outbox::add_statement(&writer.connection, row)?;
        }
        recovered.statements = statements::count(&writer.connection)?;
        recovered.keys = statements::count_keys(&writer.connection)?;
        Ok(())
    }

    /// Returns the old row ids of own records that had not been acknowledged, with their places in the new store.
    fn carry_records(&self, salvage: &mut Salvage, recovered: &mut Recovered) -> Result<Vec<(i64, i64)>, StoreError> {
        type Place = ([u8; 19], DeviceId, i64, i64);
        let mut places: Vec<(Place, i64)> = Vec::new();
        salvage.rows("records", "document, device, incarnation, seq", |row| {
            places.push(((row.get(1)?, DeviceId(row.get(2)?), row.get(3)?, row.get(4)?), row.get(0)?));
            Ok(())
        });
        // In the order of their logs, so that each finds its predecessor.
        places.sort_unstable();
        for batch in places.chunks(BATCH) {
            let mut items = Vec::with_capacity(batch.len());
            for (_, id) in batch {
                items.extend(salvage.bytes("records", *id).map(Item::Record));
            }
            self.store_batch(items, None)?;
        }
        let mut departing = Vec::new();
        let whole = salvage.rows("outbox", "record", |row| {
            departing.extend(row.get::<_, Option<i64>>(1)?);
            Ok(())
        });
        if !whole {
            // Which of them had been acknowledged is lost: all own records leave once more, and the relay knows those it has.
            departing =
                places.iter().filter(|((_, device, _, _), _)| *device == self.device_id()).map(|(_, id)| *id).collect();
        }
        let writer = self.writer();
        let mut carried = Vec::new();
        for ((document, device, incarnation, seq), id) in &places {
            if departing.contains(id)
                && let Some(row) = records::row_of(&writer.connection, document, device, *incarnation, *seq)?
            {
                carried.push((*id, row));
            }
        }
        carried.sort_unstable();
        for (_, row) in &carried {
            outbox::add_record(&writer.connection, *row)?;
        }
        recovered.records = records::count(&writer.connection)?;
        // What did not find its place here is compared with the relay's as everything else is: nothing is suspect.
        let suspects = records::suspects(&writer.connection)?;
        records::unsuspect(&writer.connection, &suspects)?;
        Ok(carried)
    }

    /// Pieces of attachments, each with whether a relay has it.
    fn carry_chunks(&self, salvage: &mut Salvage, recovered: &mut Recovered) -> Result<(), StoreError> {
        let mut rows: Vec<(i64, bool, i64)> = Vec::new();
        salvage.rows("chunks", "unsent, used", |row| {
            rows.push((row.get(0)?, row.get(1)?, row.get(2)?));
            Ok(())
        });
        for batch in rows.chunks(BATCH) {
            let writer = self.writer();
            let work = writer.connection.unchecked_transaction()?;
            for (id, unsent, used) in batch {
                if let Some(bytes) = salvage.bytes("chunks", *id)
                    && attachments::restore(&work, bytes, *unsent, *used)?
                {
                    recovered.chunks += 1;
                }
            }
            work.commit()?;
        }
        Ok(())
    }

    /// What was being written.
    fn carry_drafts(&self, salvage: &mut Salvage) -> Result<(), StoreError> {
        let mut forms = Vec::new();
        salvage.rows("drafts", drafts::FORM_COLUMNS, |row| {
            forms.push(drafts::Salvaged::read(row)?);
            Ok(())
        });
        let mut photos = Vec::new();
        salvage.rows("draft_photos", drafts::PHOTO_COLUMNS, |row| {
            photos.push(drafts::Salvaged::read(row)?);
            Ok(())
        });
        let writer = self.writer();
        let work = writer.connection.unchecked_transaction()?;
        for form in &forms {
            form.write(&work, "drafts", drafts::FORM_COLUMNS)?;
        }
        for photo in &photos {
            photo.write(&work, "draft_photos", drafts::PHOTO_COLUMNS)?;
        }
        work.commit()?;
        Ok(())
    }

    /// Content of documents, also where the record it came in is lost.
    fn carry_documents(&self, salvage: &mut Salvage, recovered: &mut Recovered) -> Result<(), StoreError> {
        let mut content: Vec<(DocumentId, Vec<u8>)> = Vec::new();
        for (table, columns) in [("documents", "name, snapshot"), ("changes", "document, bytes")] {
            salvage.rows(table, columns, |row| {
                let name: Vec<u8> = row.get(1)?;
                let bytes: Vec<u8> = row.get(2)?;
                let bytes = if table == "changes" { store::packed::unpack(&bytes).unwrap_or_default() } else { bytes };
                if let Some(id) = DocumentId::from_bytes(&name).filter(|_| !bytes.is_empty()) {
                    content.push((id, bytes));
                }
                Ok(())
            });
        }
        for (id, bytes) in content {
            self.merge(id, &bytes)?;
        }
        recovered.documents = store::documents::all(&self.reader())?.len() as u64;
        Ok(())
    }

    /// Merges changes into a document, if they are whole. Returns whether they are.
    fn merge(&self, id: DocumentId, changes: &[u8]) -> Result<bool, StoreError> {
        let mut writer = self.writer();
        let mut work = self.workspace(&mut writer)?;
        let applied = match work.document(id)?.apply(changes) {
            Ok(applied) => applied,
            Err(error) => {
                tracing::warn!(%error, "a part of a document was not whole");
                return Ok(false);
            }
        };
        if applied.new_changes + applied.waiting > 0 {
            work.append(id, changes)?;
            work.update_models(id, Changed::Keys(&applied.changed_keys))?;
            work.commit()?;
        }
        Ok(true)
    }

    /// Saves that no relay has: those whose record was carried over stay tied to it, the others are sealed anew.
    fn carry_saves(
        &self,
        salvage: &mut Salvage,
        departing: &[(i64, i64)],
        recovered: &mut Recovered,
    ) -> Result<(), StoreError> {
        let mut saves: Vec<SavedChanges> = Vec::new();
        salvage.rows("unsent", "save, document, saved_at, changes, record", |row| {
            let name: Vec<u8> = row.get(2)?;
            let changes: Vec<u8> = row.get(4)?;
            if let (Some(document), Ok(changes)) = (DocumentId::from_bytes(&name), store::decode(&changes)) {
                let at = Timestamp(row.get(3)?);
                saves.push(SavedChanges { save: row.get(1)?, document, at, changes, record: row.get(5)? });
            }
            Ok(())
        });
        let mut distinct = std::collections::BTreeSet::new();
        for saved in saves {
            let changes: Vec<Vec<u8>> = saved.changes.into_iter().map(ByteBuf::into_vec).collect();
            if !self.merge(saved.document, &changes.concat())? {
                continue;
            }
            distinct.insert(saved.save);
            let record = saved.record.and_then(|old| departing.iter().find(|(id, _)| *id == old)).map(|(_, new)| *new);
            let mut writer = self.writer();
            let work = self.workspace(&mut writer)?;
            let keys = work.keys_of(saved.document, &changes)?;
            let entries: Vec<_> = keys
                .iter()
                .filter_map(|key| match tendenko_crdt::Key::parse(key) {
                    tendenko_crdt::Key::Event(entry) => Some(entry),
                    _ => None,
                })
                .collect();
            let save = store::unsigned(saved.save);
            let row =
                store::unsent::insert(work.connection(), save, saved.document, saved.at, &changes, &keys, &entries)?;
            if let Some(record) = record {
                store::unsent::sealed(work.connection(), row, record)?;
            }
            let last = meta::get::<u64>(work.connection(), meta::name::SAVE)?.unwrap_or(0);
            meta::set(work.connection(), meta::name::SAVE, &last.max(save))?;
            work.commit()?;
        }
        recovered.pending_saves = distinct.len() as u64;
        Ok(())
    }

    /// Changes made here whose record and whose note of being unsent are both lost leave once more: everything written from now on
    /// follows them, and would wait for them for ever elsewhere.
    fn save_unaccounted(&self, recovered: &mut Recovered) -> Result<(), StoreError> {
        let documents = store::documents::all(&self.reader())?;
        let device = self.device_id();
        for id in documents {
            let mut writer = self.writer();
            let mut work = self.workspace(&mut writer)?;
            let mut accounted = Vec::new();
            for (author, key, bytes) in records::applied_in(work.connection(), id)? {
                if author == device
                    && let Some(secret) = statements::key(work.connection(), id.patient, id.scope(), key)?
                {
                    accounted.extend(self.reopen(author, key, &secret, bytes));
                }
            }
            for save in store::unsent::all_of(work.connection(), id)? {
                accounted.extend(save.changes.into_iter().map(ByteBuf::into_vec));
            }
            let lost = work.document(id)?.unaccounted(device.0, &accounted);
            if lost.is_empty() {
                continue;
            }
            let save = meta::add(work.connection(), meta::name::SAVE, 1)?;
            store::unsent::insert(work.connection(), save, id, self.clock.now(), &lost, &[], &[])?;
            work.commit()?;
            recovered.pending_saves += 1;
        }
        Ok(())
    }
}
