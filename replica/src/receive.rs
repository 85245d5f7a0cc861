//! Receiving: what a relay sends becomes part of the store, one transaction per batch.
//!
//! In that transaction: statements, the epoch keys that new grants open, original bytes of records, documents ([`crate::merging`]), read models,
//! and the cursor. A record that cannot be opened or applied is kept and counted, and tried again when its key comes; a
//! record that does not fit its log is noted, so that the documents are compared with the relay. Neither stops
//! the batch, or the queue behind it would never move.

use std::collections::BTreeSet;

use tendenko_crdt::EntryId;
use tendenko_protocol::admission::{LogView, Verdict, admit_record, admit_statement};
use tendenko_protocol::courier::Fate;
use tendenko_protocol::document::{DocumentId, LogId, Scope};
use tendenko_protocol::ids::{ChunkId, DeviceId, Incarnation, KeyId, LogSeq, PatientId, RecordHash, StatementId};
use tendenko_protocol::keys::EpochKey;
use tendenko_protocol::messages::{Cursor, Item};
use tendenko_protocol::record::{Header, NEWEST_DICTIONARY, ReceivedBytes, RejectReason, SealedRecord};
use tendenko_protocol::trust::{Added, Claim, Grant};

use crate::attachments::Taken;
use crate::documents::Workspace;
use crate::merging::{Payload, Payloads};
use crate::renewal::Renewed;
use crate::replica::Replica;
use crate::store::meta::{self, name};
use crate::store::records::{self, Kept, State, Unreadable};
use crate::store::{StoreError, checkpoints, chunks, logs, marks, outbox, statements, twins, unsent};

/// What storing a batch brought.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// Scopes newly granted to this tablet.
    pub(crate) new_grants: Vec<(PatientId, Scope)>,
    /// Documents of which a record could not be taken.
    pub(crate) gaps: Vec<DocumentId>,
    /// Logs that a record contradicts.
    pub(crate) forks: Vec<LogId>,
    /// Items that no honest relay sends: it checks what it passes on, and knows the author of all of it.
    pub(crate) bogus: u64,
    /// This store goes on as a new incarnation: the session should begin anew, for what it has on its way belongs to the life before.
    pub(crate) renewed: bool,
}

/// The logs as the running transaction sees them. Below a base, a log goes on from what is held of it.
struct Logs<'a> {
    connection: &'a rusqlite::Connection,
    /// Number of the record that is looked at, where any log has a base.
    seq: Option<LogSeq>,
}

impl LogView for Logs<'_> {
    type Error = StoreError;

    fn head(&self, log: &LogId) -> Result<Option<(LogSeq, RecordHash)>, StoreError> {
        let below = |log: &logs::Log| self.seq.is_some_and(|seq| seq <= log.base.0);
        Ok(logs::get(self.connection, *log)?.map(|log| if below(&log) { log.filled } else { log.head }))
    }

    fn hash_at(&self, log: &LogId, seq: LogSeq) -> Result<Option<RecordHash>, StoreError> {
        records::hash_at(self.connection, *log, seq)
    }

    fn is_aside(&self, log: &LogId, hash: &RecordHash) -> Result<bool, StoreError> {
        twins::is_aside(self.connection, *log, hash)
    }
}

/// Which way a batch comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Door {
    /// From a relay, which looked at it before.
    #[default]
    Relay,
    /// From a file that anybody may have written: nothing is kept that is not signed by somebody known.
    Courier,
}

/// A batch under way.
#[derive(Default)]
pub(crate) struct Batch {
    door: Door,
    /// What became of each item, in order.
    pub(crate) fates: Vec<Fate>,
    pub(crate) stored: Stored,
    pub(crate) changed: BTreeSet<PatientId>,
    /// Entries of whose attachments a piece came.
    attachments: BTreeSet<(PatientId, EntryId)>,
    pub(crate) rejected: u64,
    /// Some document began at a checkpoint and is not proven.
    pub(crate) unproven: bool,
    /// Which documents are not proven is another question now than it was.
    pub(crate) proofs_changed: bool,
    /// What the records kept so far say: merged at the end, once per document.
    payloads: Payloads,
    /// A statement came that may make earlier grants valid.
    look_again: bool,
    /// This store goes on as somebody new.
    pub(crate) renewed: Option<Renewed>,
}

impl Replica {
    /// Stores a batch and the cursor that comes with it.
    pub(crate) fn store_batch(&self, items: Vec<Item>, cursor: Option<Cursor>) -> Result<Stored, StoreError> {
        let stored = self.take_batch(items, cursor, Door::Relay);
        if matches!(stored, Err(StoreError::DiskFull)) {
            self.make_room();
        }
        Ok(stored?.0)
    }

    /// Stores a batch; also says what became of each item.
    pub(crate) fn take_batch(
        &self,
        items: Vec<Item>,
        cursor: Option<Cursor>,
        door: Door,
    ) -> Result<(Stored, Vec<Fate>), StoreError> {
        let mut batch = Batch { door, ..Batch::default() };
        let mut writer = self.writer();
        let incarnation = writer.incarnation;
        let mut work = self.workspace(&mut writer)?;
        if !items.is_empty() {
            marks::note(work.connection(), self.clock.now())?;
        }
        batch.unproven = checkpoints::any_unproven(work.connection())?;
        for item in items {
            match item {
                Item::Checkpoint(bytes) => self.take_part(&mut work, &bytes, incarnation, &mut batch)?,
                Item::Statement(bytes) => self.take_statement(&mut work, &bytes, &mut batch)?,
                Item::Record(bytes) => self.take_record(&mut work, bytes, incarnation, &mut batch)?,
                Item::Chunk(bytes) => match self.take_chunk(work.connection(), bytes, door)? {
                    Taken::Kept(patient, entry) => {
                        batch.fates.push(Fate::New);
                        batch.attachments.extend([(patient, entry)]);
                    }
                    Taken::Known => batch.fates.push(Fate::Known),
                    Taken::Refused(reason) => {
                        batch.stored.bogus += 1;
                        tracing::warn!(%reason, "a chunk of an attachment was not taken");
                        batch.fates.push(Fate::Refused(reason));
                        batch.rejected += u64::from(door == Door::Relay);
                    }
                },
            }
        }
        if batch.look_again {
            self.take_all_keys(&mut work, &mut batch)?;
        }
        self.merge_payloads(&mut work, &mut batch.payloads, &mut batch.changed)?;
        if batch.unproven {
            self.prove(&mut work, &mut batch)?;
        }
        if batch.rejected > 0 {
            meta::add(work.connection(), name::REJECTED, batch.rejected)?;
        }
        if let Some(cursor) = cursor {
            meta::set(work.connection(), name::CURSOR, &cursor)?;
        }
        self.plans_came(work.connection(), &batch.changed)?;
        work.commit()?;
        if let Some(renewed) = &batch.renewed {
            self.renewed(&mut writer, renewed);
            batch.stored.renewed = true;
        }
        drop(writer);
        if batch.proofs_changed {
            self.count_patients()?;
        }
        if door == Door::Courier && !batch.stored.new_grants.is_empty() {
            self.carried_grants.notify_one();
        }
        self.tell_changed(batch.changed);
        self.tell_attachments(batch.attachments);
        if batch.rejected > 0 {
            self.change_status(|status| status.rejected += batch.rejected);
        }
        Ok((batch.stored, batch.fates))
    }

    /// Opens every grant to this tablet whose key is not held yet. Before a session, and after recovery.
    pub(crate) fn open_grants(&self) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        let mut writer = self.writer();
        let mut work = self.workspace(&mut writer)?;
        self.take_all_keys(&mut work, &mut batch)?;
        self.merge_payloads(&mut work, &mut batch.payloads, &mut batch.changed)?;
        work.commit()?;
        drop(writer);
        self.tell_changed(batch.changed);
        Ok(())
    }

    fn take_statement(&self, work: &mut Workspace<'_>, bytes: &[u8], batch: &mut Batch) -> Result<(), StoreError> {
        // Into memory before it is on disk: should the transaction fail, the set in memory only knows more.
        let id = StatementId::of(bytes);
        let added = match batch.door {
            Door::Relay => self.trust_mut().add(bytes).map_err(|error| {
                tracing::warn!(statement = %id, %error, "a statement was not taken");
                RejectReason::Malformed
            }),
            Door::Courier => admit_statement(bytes, &mut self.trust_mut()),
        };
        if let Err(reason) = added {
            batch.stored.bogus += 1;
            batch.rejected += u64::from(batch.door == Door::Relay);
            batch.fates.push(Fate::Refused(reason));
            return Ok(());
        }
        let row = statements::insert(work.connection(), bytes)?;
        batch.fates.push(if added == Ok(Added::Known) { Fate::Known } else { Fate::New });
        if batch.door == Door::Courier && added == Ok(Added::New) {
            // No relay may have it: the tablet that wrote the file may be gone for good.
            outbox::add_statement(work.connection(), row)?;
        }
        let named = match self.trust().statement(&id).map(|statement| &statement.claim) {
            Some(Claim::Grant(grant)) if grant.device == self.device_id() => Some((grant.patient, grant.scope)),
            _ => None,
        };
        if let (Ok(Added::New), Some((patient, scope))) = (&added, named) {
            // Whether it holds already or not: what makes it hold may have passed before this tablet could see it.
            statements::owe_backfill(work.connection(), patient, scope)?;
            if !batch.stored.new_grants.contains(&(patient, scope)) {
                batch.stored.new_grants.push((patient, scope));
            }
        }
        let mine: Vec<Grant> = {
            let trust = self.trust();
            match trust.statement(&id).map(|statement| &statement.claim) {
                // Also a grant to somebody else: it may be what makes an earlier one to this tablet valid.
                Some(Claim::Grant(grant)) => trust
                    .grants_of(grant.patient, grant.scope)
                    .filter(|valid| valid.grant.device == self.device_id())
                    .map(|valid| valid.grant.clone())
                    .collect(),
                // A certificate, or a statement whose issuer is not known yet: others may follow from it.
                _ => {
                    batch.look_again = true;
                    Vec::new()
                }
            }
        };
        mine.iter().try_for_each(|grant| self.take_key(work, grant, batch))
    }

    fn take_all_keys(&self, work: &mut Workspace<'_>, batch: &mut Batch) -> Result<(), StoreError> {
        let grants: Vec<Grant> = self.trust().grants_for(self.device_id()).map(|grant| grant.grant.clone()).collect();
        grants.iter().try_for_each(|grant| self.take_key(work, grant, batch))
    }

    /// Opens a grant, remembers that older records are to come, and applies what waited for the key.
    fn take_key(&self, work: &mut Workspace<'_>, grant: &Grant, batch: &mut Batch) -> Result<(), StoreError> {
        if statements::has_key(work.connection(), grant.key)? {
            return Ok(());
        }
        let key = match self.keys.unwrap(grant) {
            Ok(key) => key,
            Err(error) => {
                tracing::warn!(key = %grant.key, %error, "a grant does not open");
                return Ok(());
            }
        };
        statements::insert_key(work.connection(), grant.patient, grant.scope, key.id, &*key.to_secret_bytes())?;
        statements::owe_backfill(work.connection(), grant.patient, grant.scope)?;
        if !batch.stored.new_grants.contains(&(grant.patient, grant.scope)) {
            batch.stored.new_grants.push((grant.patient, grant.scope));
        }
        for (row, bytes) in records::waiting_for(work.connection(), key.id)? {
            self.retry(work, row, bytes, &key, &mut batch.payloads)?;
        }
        Ok(())
    }

    /// After an update of the app, what an earlier one could not read is read again: it may have been compressed with a dictionary that
    /// is known now.
    pub(crate) fn read_again(&self) -> Result<(), StoreError> {
        if meta::get(&self.reader(), name::DICTIONARY)? == Some(NEWEST_DICTIONARY) {
            return Ok(());
        }
        let mut payloads = Payloads::default();
        let mut writer = self.writer();
        let mut work = self.workspace(&mut writer)?;
        for Unreadable { row, document, key, bytes } in records::unreadable(work.connection())? {
            let held = statements::key(work.connection(), document.patient, document.scope(), key)?;
            if let Some(key) = held.and_then(|secret| EpochKey::from_secret_bytes(key, &secret).ok()) {
                self.retry(&work, row, bytes, &key, &mut payloads)?;
            }
        }
        self.merge_payloads(&mut work, &mut payloads, &mut BTreeSet::new())?;
        meta::set(work.connection(), name::DICTIONARY, &NEWEST_DICTIONARY)?;
        work.commit()
    }

    /// Tries to read a kept record, now that more is known.
    fn retry(
        &self,
        work: &Workspace<'_>,
        row: i64,
        bytes: Vec<u8>,
        key: &EpochKey,
        payloads: &mut Payloads,
    ) -> Result<(), StoreError> {
        let Ok(parsed) = ReceivedBytes::new(bytes).and_then(ReceivedBytes::parse) else { return Ok(()) };
        let signing = self.trust().device(parsed.header().device).map(|device| device.signing);
        let Some(Ok(record)) = signing.map(|signing| parsed.verify(&signing)) else { return Ok(()) };
        match opened(&record, key) {
            Some(changes) => {
                let device = record.header().device.0;
                payloads.add(record.header().document, Payload { row, state: State::WaitsForKey, device, changes });
                Ok(())
            }
            None => records::set_state(work.connection(), row, State::Unreadable),
        }
    }

    fn take_record(
        &self,
        work: &mut Workspace<'_>,
        bytes: Vec<u8>,
        incarnation: Incarnation,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        let seq = if batch.unproven { Header::of(&bytes).map(|header| header.seq) } else { None };
        let mut verdict = admit_record(bytes.clone(), &self.trust(), &Logs { connection: work.connection(), seq })?;
        if batch.renewed.is_none() && self.is_somebody_elses(work, &verdict, &bytes, incarnation)? {
            self.merge_payloads(work, &mut batch.payloads, &mut batch.changed)?;
            self.renew_within(work, batch)?;
            verdict = admit_record(bytes.clone(), &self.trust(), &Logs { connection: work.connection(), seq })?;
        }
        let record = match verdict {
            Verdict::Accept(record) => record,
            Verdict::Duplicate => {
                batch.fates.push(Fate::Known);
                return Ok(());
            }
            Verdict::Reject { reason, .. } => {
                batch.fates.push(Fate::Refused(reason));
                return self.set_aside(work, bytes, reason, batch);
            }
        };
        batch.fates.push(Fate::New);
        if batch.door == Door::Courier {
            // No relay may have it: the document is compared with the next one.
            records::suspect(work.connection(), record.header().document)?;
        }
        let header = *record.header();
        let held = statements::key(work.connection(), header.document.patient, header.document.scope(), header.key)?;
        let key = held.and_then(|secret| EpochKey::from_secret_bytes(header.key, &secret).ok());
        let changes = key.as_ref().map(|key| opened(&record, key));
        let state = match changes {
            None => State::WaitsForKey,
            Some(None) => State::Unreadable,
            Some(Some(_)) => State::Applied,
        };
        let log = record.log();
        let kept = Kept { log, seq: header.seq, hash: record.hash(), key: header.key, state, bytes: record.bytes() };
        let row = records::insert(work.connection(), &kept)?;
        if let Some(Some(changes)) = changes {
            batch.payloads.add(header.document, Payload { row, state, device: header.device.0, changes });
        }
        Ok(())
    }

    /// A sound record of this device that this store did not make, under the name it goes by now, or in a place for which
    /// it has a record of its own that no relay has.
    fn is_somebody_elses(
        &self,
        work: &Workspace<'_>,
        verdict: &Verdict,
        bytes: &[u8],
        incarnation: Incarnation,
    ) -> Result<bool, StoreError> {
        let (Verdict::Accept(_) | Verdict::Reject { reason: RejectReason::Fork, .. }) = verdict else {
            return Ok(false);
        };
        let Ok(parsed) = ReceivedBytes::new(bytes.to_vec()).and_then(ReceivedBytes::parse) else { return Ok(false) };
        let (log, seq) = (parsed.header().log(), parsed.header().seq);
        if log.device != self.device_id() {
            return Ok(false);
        }
        let waits = match records::row_at(work.connection(), log, seq)? {
            Some(row) => outbox::has_record(work.connection(), row)?,
            None => false,
        };
        Ok(waits || log.incarnation == incarnation)
    }

    /// This store goes on as a new incarnation, in the transaction of a batch.
    pub(crate) fn renew_within(&self, work: &mut Workspace<'_>, batch: &mut Batch) -> Result<(), StoreError> {
        let renewed = self.renew(work)?;
        batch.stored.gaps.extend(&renewed.documents);
        batch.changed.extend(renewed.documents.iter().map(|document| document.patient));
        batch.renewed = Some(renewed);
        Ok(())
    }

    /// The payload of a record that is kept.
    pub(crate) fn reopen(&self, device: DeviceId, key: KeyId, secret: &[u8], bytes: Vec<u8>) -> Option<Vec<u8>> {
        let parsed = ReceivedBytes::new(bytes).and_then(ReceivedBytes::parse).ok()?;
        let signing = self.trust().device(device).map(|device| device.signing)?;
        let record = parsed.verify(&signing).ok()?;
        record.open(&EpochKey::from_secret_bytes(key, secret).ok()?).ok()
    }

    /// A record that is not taken: noted for comparison if it may be taken later, quarantined if it contradicts.
    fn set_aside(
        &self,
        work: &Workspace<'_>,
        bytes: Vec<u8>,
        reason: RejectReason,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        // Only what its author signed is worth keeping: anybody can name a revoked device.
        let unsent_work = reason == RejectReason::AuthorRevoked && self.is_signed(&bytes);
        if reason == RejectReason::Fork || unsent_work {
            records::quarantine(work.connection(), &bytes, reason.code(), self.clock.now())?;
        }
        if reason == RejectReason::Fork
            && let Ok(parsed) = ReceivedBytes::new(bytes.clone()).and_then(ReceivedBytes::parse)
        {
            let header = parsed.header();
            twins::set_aside(work.connection(), header.log(), header.seq, &parsed.hash())?;
            batch.stored.forks.push(header.log());
        }
        if batch.door == Door::Courier {
            return Ok(());
        }
        tracing::warn!(record = %RecordHash::of(&bytes), %reason, "a received record was not taken");
        batch.rejected += 1;
        let expected = unsent_work || matches!(reason, RejectReason::Fork | RejectReason::Gap);
        batch.stored.bogus += u64::from(!expected);
        if !reason.is_final()
            && let Ok(parsed) = ReceivedBytes::new(bytes).and_then(ReceivedBytes::parse)
            && let document = parsed.header().document
            && self.is_ours(work, document)?
        {
            records::suspect(work.connection(), document)?;
            if !batch.stored.gaps.contains(&document) {
                batch.stored.gaps.push(document);
            }
        }
        Ok(())
    }

    /// Of others' there is nothing to compare, and nobody can make the list of suspects long. A grant that does not hold yet counts: what makes
    /// it hold may come with the backfill, and what came before that was refused is not sent again.
    pub(crate) fn is_ours(&self, work: &Workspace<'_>, document: DocumentId) -> Result<bool, StoreError> {
        let (patient, scope) = (document.patient, document.scope());
        Ok(self.trust().granted(self.device_id(), patient, scope)
            || statements::owes(work.connection(), patient, scope)?)
    }

    /// Signed by the author it names, revoked or not.
    fn is_signed(&self, bytes: &[u8]) -> bool {
        let parsed = ReceivedBytes::new(bytes.to_vec()).and_then(ReceivedBytes::parse);
        let trust = self.trust();
        parsed.is_ok_and(|parsed| {
            let author = trust.device(parsed.header().device);
            author.is_some_and(|author| parsed.verify(&author.signing).is_ok())
        })
    }

    /// A relay has these durably.
    pub(crate) fn acked(
        &self,
        acked: &[(LogId, LogSeq)],
        said: &[StatementId],
        pieces: &[ChunkId],
        parts: &[RecordHash],
        cursor: Option<Cursor>,
    ) -> Result<(), StoreError> {
        let writer = self.writer();
        let work = writer.connection.unchecked_transaction()?;
        let mut changed = BTreeSet::new();
        for (log, seq) in acked {
            if let Some(row) = records::row_at(&work, *log, *seq)? {
                outbox::remove_record(&work, row)?;
                unsent::acked(&work, row)?;
                changed.insert(log.document.patient);
            }
        }
        for statement in said {
            outbox::remove_statement(&work, &statement.0)?;
        }
        pieces.iter().try_for_each(|piece| chunks::acked(&work, piece))?;
        parts.iter().try_for_each(|part| checkpoints::left(&work, part))?;
        if let Some(cursor) = cursor {
            meta::set(&work, name::CURSOR, &cursor)?;
        }
        let left = unsent::count(&work)?;
        work.commit()?;
        drop(writer);
        self.change_status(|status| status.unsent = left);
        self.tell_changed(changed);
        Ok(())
    }

    /// Everything of a new grant is here. Unless it does not hold here yet: then the relay is asked again next time.
    pub(crate) fn backfilled(&self, patient: PatientId, scope: Scope) -> Result<(), StoreError> {
        if !self.trust().granted(self.device_id(), patient, scope) {
            return Ok(());
        }
        statements::backfilled(&self.writer().connection, patient, scope)
    }

    /// The documents in question were compared with the relay, and nothing is missing any more.
    pub(crate) fn compared(&self, documents: &[DocumentId]) -> Result<(), StoreError> {
        records::unsuspect(&self.writer().connection, documents)
    }
}

/// What a record says; none if it cannot be read.
fn opened(record: &SealedRecord, key: &EpochKey) -> Option<Vec<u8>> {
    record
        .open(key)
        .inspect_err(|error| tracing::warn!(record = %record.hash(), %error, "a record cannot be opened; it is kept"))
        .ok()
}
