//! Records of a batch: admitted, kept and opened, or set aside with the reason.

use std::collections::BTreeSet;

use tendenko_protocol::admission::{LogView, Verdict, admit_record};
use tendenko_protocol::courier::Fate;
use tendenko_protocol::document::{DocumentId, LogId};
use tendenko_protocol::ids::{DeviceId, Incarnation, KeyId, LogSeq, RecordHash};
use tendenko_protocol::keys::EpochKey;
use tendenko_protocol::record::{Header, NEWEST_DICTIONARY, ReceivedBytes, RejectReason, SealedRecord};

use super::{Batch, Door};
use crate::documents::Workspace;
use crate::merging::{Payload, Payloads};
use crate::replica::Replica;
use crate::store::meta::{self, name};
use crate::store::records::{self, Kept, State, Unreadable};
use crate::store::{StoreError, logs, outbox, statements, twins};

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

impl Replica {
    pub(super) fn take_record(
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
    pub(super) fn retry(
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

    /// The payload of a record that is kept.
    pub(crate) fn reopen(&self, device: DeviceId, key: KeyId, secret: &[u8], bytes: Vec<u8>) -> Option<Vec<u8>> {
        let parsed = ReceivedBytes::new(bytes).and_then(ReceivedBytes::parse).ok()?;
        let signing = self.trust().device(device).map(|device| device.signing)?;
        let record = parsed.verify(&signing).ok()?;
        record.open(&EpochKey::from_secret_bytes(key, secret).ok()?).ok()
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
}

/// What a record says; none if it cannot be read.
fn opened(record: &SealedRecord, key: &EpochKey) -> Option<Vec<u8>> {
    record
        .open(key)
        .inspect_err(|error| tracing::warn!(record = %record.hash(), %error, "a record cannot be opened; it is kept"))
        .ok()
}
