//! What a relay sends becomes part of the store, one transaction per batch.

use tendenko_protocol::admission::{Verdict, admit_record, admit_statement};
use tendenko_protocol::document::{DocumentId, LogId, Scope};
use tendenko_protocol::ids::{PatientId, RecordHash, StatementId};
use tendenko_protocol::messages::{Cursor, Item};
use tendenko_protocol::record::{Header, ReceivedBytes, RejectReason, SealedRecord};
use tendenko_protocol::trust::{Added, Claim, Grant, UnverifiedStatement};

use super::{Contents, Tablet, Waiting};
use crate::simulation::logs::Kept;
use crate::simulation::sabotage::Sabotage;

/// What storing a batch brought.
#[derive(Debug, Default)]
pub struct Stored {
    /// Scopes newly granted to this tablet.
    pub new_grants: Vec<(PatientId, Scope)>,
    /// Documents of which a record could not be taken.
    pub gaps: Vec<DocumentId>,
    /// This store goes on as somebody new.
    pub renewed: bool,
    /// Records that contradict what is here, with their logs.
    pub forks: Vec<(LogId, RecordHash)>,
    /// Records that were kept.
    pub kept: Vec<Header>,
}

impl Tablet {
    /// Stores a batch and the cursor that comes with it.
    pub fn store_batch(&mut self, items: Vec<Item>, cursor: Option<Cursor>, contents: &Contents) -> Stored {
        let mut stored = Stored::default();
        let mut look_again = false;
        for item in items {
            match item {
                Item::Statement(bytes) => look_again |= self.take_statement(&bytes, contents, &mut stored),
                Item::Record(bytes) => self.take_record(bytes, contents, &mut stored),
                // Attachments are not in this world.
                Item::Chunk(_) | Item::Checkpoint(_) => {}
            }
        }
        if look_again {
            self.take_all_keys(contents, &mut stored.new_grants);
        }
        self.disk.cursor = cursor.or(self.disk.cursor);
        stored
    }

    /// Opens every grant whose key is not held yet.
    pub fn take_all_keys(&mut self, contents: &Contents, new_grants: &mut Vec<(PatientId, Scope)>) {
        let grants: Vec<Grant> = self.disk.trust.grants_for(self.device()).map(|found| found.grant.clone()).collect();
        for grant in grants {
            self.take_key(&grant, contents, new_grants);
        }
    }

    fn take_statement(&mut self, bytes: &[u8], contents: &Contents, stored: &mut Stored) -> bool {
        let added = self.disk.trust.add(bytes);
        let Ok(added) = added else { return false };
        let id = StatementId::of(bytes);
        if !self.disk.statements.iter().any(|(known, _)| *known == id) {
            self.disk.statements.push((id, bytes.into()));
        }
        let claim = self.disk.trust.statement(&id).map(|statement| statement.claim.clone());
        match claim {
            Some(Claim::Grant(grant)) => {
                if added == Added::New && grant.device == self.device() {
                    self.owe(grant.patient, grant.scope, &mut stored.new_grants);
                }
                let mine: Vec<Grant> = self
                    .disk
                    .trust
                    .grants_of(grant.patient, grant.scope)
                    .filter(|valid| valid.grant.device == self.device())
                    .map(|valid| valid.grant.clone())
                    .collect();
                for grant in mine {
                    self.take_key(&grant, contents, &mut stored.new_grants);
                }
                false
            }
            _ => true,
        }
    }

    fn owe(&mut self, patient: PatientId, scope: Scope, new_grants: &mut Vec<(PatientId, Scope)>) {
        if !self.breaks(Sabotage::ForgetBackfill) {
            self.disk.backfills.insert((patient, scope));
        }
        if !new_grants.contains(&(patient, scope)) {
            new_grants.push((patient, scope));
        }
    }

    fn take_key(&mut self, grant: &Grant, contents: &Contents, new_grants: &mut Vec<(PatientId, Scope)>) {
        let held = self.disk.keys.get(&(grant.patient, grant.scope));
        if held.is_some_and(|keys| keys.iter().any(|key| key.id == grant.key)) {
            return;
        }
        let Ok(key) = self.keys.unwrap(grant) else { return };
        self.keep_key(grant.patient, grant.scope, key);
        self.owe(grant.patient, grant.scope, new_grants);
        for (document, hash) in self.disk.waiting_for_key.remove(&grant.key).unwrap_or_default() {
            self.apply(document, hash, contents);
        }
    }

    fn take_record(&mut self, bytes: Vec<u8>, contents: &Contents, stored: &mut Stored) {
        let mut verdict = self.judge(&bytes);
        if !stored.renewed && self.is_somebody_elses(&verdict, &bytes) {
            stored.gaps.extend(self.renew(contents));
            stored.renewed = true;
            verdict = self.judge(&bytes);
        }
        match verdict {
            Verdict::Accept(record) => {
                self.keep(&record, contents);
                stored.kept.push(*record.header());
            }
            Verdict::Duplicate => {}
            Verdict::Reject { reason, .. } => self.set_aside(bytes, reason, stored),
        }
    }

    /// What this tablet would say of a record now.
    pub fn would_take(&self, bytes: &[u8]) -> &'static str {
        match self.judge(bytes) {
            Verdict::Accept(_) => "accepted",
            Verdict::Duplicate => "known",
            Verdict::Reject { reason, .. } => reason.code(),
        }
    }

    fn judge(&self, bytes: &[u8]) -> Verdict {
        let Ok(verdict) = admit_record(bytes.to_vec(), &self.disk.trust, &self.disk.logs);
        verdict
    }

    /// A sound record of this device that this store did not make, under the name it goes by now, or in a place for which it has
    /// a record of its own that no relay has.
    fn is_somebody_elses(&self, verdict: &Verdict, bytes: &[u8]) -> bool {
        let (Verdict::Accept(_) | Verdict::Reject { reason: RejectReason::Fork, .. }) = verdict else { return false };
        let Some(header) = header_of(bytes) else { return false };
        let (log, seq) = (header.log(), header.seq);
        if log.device != self.device() {
            return false;
        }
        let waits = self.disk.outbox.values().any(|waiting| *waiting == Waiting::Record(log, seq));
        waits || log.incarnation == self.disk.incarnation
    }

    fn keep(&mut self, record: &SealedRecord, contents: &Contents) {
        let header = *record.header();
        let kept = Kept { hash: record.hash(), bytes: record.bytes().into() };
        self.disk.logs.push(record.log(), kept);
        let keys = self.disk.keys.get(&(header.document.patient, header.document.scope()));
        if keys.is_some_and(|keys| keys.iter().any(|key| key.id == header.key)) {
            self.apply(header.document, record.hash(), contents);
        } else {
            self.disk.waiting_for_key.entry(header.key).or_default().push((header.document, record.hash()));
        }
    }

    /// Merges what a record says. A change whose name another one has is not taken: the record is kept, and says so by staying unread.
    fn apply(&mut self, document: DocumentId, hash: RecordHash, contents: &Contents) {
        let Some(changes) = contents.get(&hash) else { return };
        let target = self.disk.documents.entry(document).or_default();
        for change in changes.iter() {
            if target.apply(change).is_err() {
                self.disk.quarantine.insert(hash, "clash");
            }
        }
    }

    /// Not taken: noted for comparison if it may be taken later, quarantined if it contradicts.
    fn set_aside(&mut self, bytes: Vec<u8>, reason: RejectReason, stored: &mut Stored) {
        let hash = RecordHash::of(&bytes);
        let Some(header) = header_of(&bytes) else { return };
        if reason == RejectReason::Fork && self.breaks(Sabotage::OverwriteFork) {
            self.disk.logs.overwrite(header.log(), header.seq, Kept { hash, bytes: bytes.into() });
            return;
        }
        if matches!(reason, RejectReason::Fork | RejectReason::AuthorRevoked) {
            if reason == RejectReason::Fork {
                stored.forks.push((header.log(), hash));
                self.disk.logs.set_aside(header.log(), header.seq, Kept { hash, bytes: bytes.into() });
            }
            self.disk.quarantine.insert(hash, reason.code());
        } else if !reason.is_final() && self.is_ours(header.document) {
            if !self.breaks(Sabotage::ForgetSuspects) {
                self.disk.suspects.insert(header.document);
            }
            if !stored.gaps.contains(&header.document) {
                stored.gaps.push(header.document);
            }
        }
    }

    /// Of others' documents nothing is compared. A grant that does not hold yet counts.
    fn is_ours(&self, document: DocumentId) -> bool {
        let (patient, scope) = (document.patient, document.scope());
        self.disk.trust.granted(self.device(), patient, scope) || self.disk.backfills.contains(&(patient, scope))
    }

    /// Takes a courier file: statements that hold, then records of patients that are its own. Returns the scopes that are granted by it.
    pub fn take_courier(&mut self, items: Vec<Item>, contents: &Contents) -> Vec<(PatientId, Scope)> {
        let mut stored = Stored::default();
        for item in items {
            match item {
                Item::Statement(bytes) => self.take_carried_statement(&bytes, contents, &mut stored),
                Item::Record(bytes) => self.take_carried_record(bytes, contents),
                // Attachments are not in this world.
                Item::Chunk(_) | Item::Checkpoint(_) => {}
            }
        }
        self.take_all_keys(contents, &mut stored.new_grants);
        stored.new_grants
    }

    fn take_carried_statement(&mut self, bytes: &[u8], contents: &Contents, stored: &mut Stored) {
        let (id, device) = (StatementId::of(bytes), self.device());
        let trust = &self.disk.trust;
        let for_others = match UnverifiedStatement::parse(bytes).as_ref().map(UnverifiedStatement::claim) {
            Ok(Claim::Grant(grant)) => grant.device != device && !trust.granted(device, grant.patient, grant.scope),
            _ => false,
        };
        if trust.statement(&id).is_some() || for_others || admit_statement(bytes, &mut trust.clone()).is_err() {
            return;
        }
        self.take_statement(bytes, contents, stored);
        // No relay may have it.
        self.depart(Waiting::Statement(id));
    }

    fn take_carried_record(&mut self, bytes: Vec<u8>, contents: &Contents) {
        // A record of its own that is not here would be a twin's: that is looked into with a relay.
        if let Verdict::Accept(record) = self.judge(&bytes)
            && let document = record.header().document
            && record.header().device != self.device()
            && self.disk.trust.granted(self.device(), document.patient, document.scope())
        {
            self.keep(&record, contents);
            // No relay may have it: the document is compared with the next one.
            self.disk.suspects.insert(document);
        }
    }

    /// Statements of a page: those after a place.
    pub fn statements_after(&self, after: u64, limit: usize) -> (Vec<(u64, Vec<u8>)>, bool) {
        let from = after as usize;
        let page: Vec<_> = (after + 1..)
            .zip(self.disk.statements.iter().skip(from).take(limit))
            .map(|(place, (_, bytes))| (place, bytes.to_vec()))
            .collect();
        let more = from + page.len() < self.disk.statements.len();
        (page, more)
    }
}

/// The header of a record, if it has the form of one.
pub fn header_of(bytes: &[u8]) -> Option<Header> {
    let parsed = ReceivedBytes::new(bytes.to_vec()).and_then(ReceivedBytes::parse).ok()?;
    Some(*parsed.header())
}
