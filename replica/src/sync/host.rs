//! The store's side of a session: what it starts from, and what it asks for.

use tendenko_protocol::document::{DocumentId, LogId, Scope, Vector};
use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::ids::{ArrivalNo, PatientId, Print, RelayId};
use tendenko_protocol::limits::{MAX_DOCUMENTS, VECTOR_PAGE};
use tendenko_protocol::messages::{Backfill, Cursor};
use tendenko_protocol::session::client::ClientConfig;

use crate::replica::Replica;
use crate::status::SyncPath;
use crate::store::meta::{self, name};
use crate::store::{StoreError, logs, records, statements, twins};

/// Without contact for so long, something new is likely, ms.
const LONG_AWAY: u64 = 10 * 60 * 1000;
/// By so much the clock difference must have changed to be written down anew.
const CLOCK_STEP_MS: u64 = 500;

impl Replica {
    /// What a session with this relay starts from.
    pub(crate) fn session_config(&self, relay: RelayId) -> Result<ClientConfig, StoreError> {
        self.open_grants()?;
        let wanted = self.wanted_chunks(true)?;
        let offer = !self.data_saver();
        let first = self.first_in_order();
        let last_contact = self.sync_status().last_contact;
        let long_away = last_contact.is_none_or(|last| self.clock.now().0.abs_diff(last.0) > LONG_AWAY);
        // One cursor, whichever relay it is of: what one relay acknowledged has left the outbox, so an older cursor of another must
        // not be continued. The session compares vectors when the cursor is not of the relay it talks to.
        let cursor: Option<Cursor> = meta::get(&self.reader(), name::CURSOR)?;
        // Before any charts came: what a broken session had brought is not brought again.
        let known = if cursor.is_none_or(|cursor| cursor.charts == ArrivalNo::NONE) {
            let (mut known, _) = self.vectors_after(None, MAX_DOCUMENTS, VECTOR_PAGE)?;
            known.retain(|(document, _)| document.scope() == Scope::Chart);
            known
        } else {
            Vec::new()
        };
        let (suspects, backfill) = {
            let reader = self.reader();
            (records::suspects(&reader)?, statements::owed_backfills(&reader)?)
        };
        let trust = self.trust();
        Ok(ClientConfig {
            region: trust.region(),
            device: self.device_id(),
            relay,
            chain: trust.chain_of(self.device_id()),
            cursor,
            versions: SESSION_VERSIONS.to_vec(),
            backfill,
            first,
            long_away,
            wanted,
            offer,
            suspects,
            checkpoints: Some(known),
        })
    }

    /// Whose records are wanted first. A tablet that cannot tell takes them as they come.
    pub(crate) fn first_in_order(&self) -> Vec<PatientId> {
        self.wanted_first().unwrap_or_else(|error| {
            tracing::warn!(%error, "it is not known whose records are wanted first");
            Vec::new()
        })
    }

    /// What a relay is called, and what kind of way leads over it.
    pub(crate) fn server_at(&self, relay: RelayId) -> (Option<String>, SyncPath) {
        let trust = self.trust();
        if let Some(relay) = trust.relay(relay) {
            return (Some(relay.name.clone()), SyncPath::Hub);
        }
        let device = trust.devices().find(|device| RelayId::of_key(&device.signing) == relay);
        (device.map(|device| device.label.clone()), SyncPath::Tablet)
    }

    /// The relay inside this tablet.
    pub(crate) fn is_own_relay(&self, relay: RelayId) -> bool {
        RelayId::of_key(&self.keys.public().signing) == relay
    }

    /// The relay inside this tablet has something durably. That is no second place: nothing leaves the outbox for it.
    pub(crate) fn heard_at_home(&self, cursor: Option<Cursor>) -> Result<(), StoreError> {
        match cursor {
            Some(cursor) => meta::set(&self.writer().connection, name::CURSOR, &cursor),
            None => Ok(()),
        }
    }

    /// Vectors of the documents after one, in order, and whether there are more.
    pub(crate) fn vectors_after(
        &self,
        after: Option<DocumentId>,
        max_documents: usize,
        max_logs: usize,
    ) -> Result<(Vec<(DocumentId, Vector)>, bool), StoreError> {
        let reader = self.reader();
        let documents = logs::documents_after(&reader, after, max_documents.saturating_add(1))?;
        let mut vectors = Vec::new();
        let mut logs = 0;
        for document in documents {
            if vectors.len() >= max_documents || (logs >= max_logs && !vectors.is_empty()) {
                return Ok((vectors, true));
            }
            let vector = logs::vector(&reader, document)?;
            logs += vector.0.len();
            vectors.push((document, vector));
        }
        Ok((vectors, false))
    }

    /// What is stored of scopes that are to be filled in.
    pub(crate) fn owed(&self, scopes: Vec<(PatientId, Scope)>) -> Result<Vec<Backfill>, StoreError> {
        let reader = self.reader();
        scopes.into_iter().map(|(patient, scope)| logs::owed(&reader, patient, scope)).collect()
    }

    /// Scopes that are still to be filled in.
    pub(crate) fn still_owed(&self) -> Result<Vec<(PatientId, Scope)>, StoreError> {
        statements::owed_backfills(&self.reader())
    }

    /// Vectors of these documents, of which something may be missing: what is held of them. Empty ones for those not here.
    pub(crate) fn vectors_of(&self, documents: &[DocumentId]) -> Result<Vec<(DocumentId, Vector)>, StoreError> {
        let reader = self.reader();
        documents.iter().map(|document| Ok((*document, logs::held(&reader, *document)?))).collect()
    }

    /// Statements after a place, and whether there are more.
    pub(crate) fn statements_after(&self, after: u64, budget: usize) -> Result<statements::Page, StoreError> {
        statements::page(&self.reader(), after, budget)
    }

    /// Records beyond these vectors, and whether there are more.
    pub(crate) fn missing(
        &self,
        documents: &[(DocumentId, Vector)],
        budget: usize,
    ) -> Result<(Vec<Vec<u8>>, bool), StoreError> {
        records::missing(&self.reader(), documents, budget)
    }

    /// What is known of a log, kept or in quarantine.
    pub(crate) fn prints(&self, log: LogId) -> Result<Vec<Print>, StoreError> {
        twins::prints(&self.reader(), log)
    }

    /// Records of a log by their prints, and whether there are more.
    pub(crate) fn with_prints(
        &self,
        log: LogId,
        prints: &[Print],
        budget: usize,
    ) -> Result<(Vec<Vec<u8>>, bool), StoreError> {
        twins::with_prints(&self.reader(), log, prints, budget)
    }

    /// Keeps the measured clock difference: for entries to carry, and for the settings page. Nothing is decided by it. What is on disk is
    /// for after a restart, and need not follow every millisecond: each greeting would cost a commit.
    pub(crate) fn measured(&self, clock_offset_ms: i64) -> Result<(), StoreError> {
        let kept: Option<i64> = meta::get(&self.reader(), name::CLOCK_OFFSET)?;
        if kept.is_none_or(|kept| kept.abs_diff(clock_offset_ms) >= CLOCK_STEP_MS) {
            meta::set(&self.writer().connection, name::CLOCK_OFFSET, &clock_offset_ms)?;
        }
        self.status().clock_offset_ms = Some(clock_offset_ms);
        self.tell(crate::replica::ReplicaEvent::Sync);
        Ok(())
    }

    /// Keeps the time of the last message for after a restart.
    pub(crate) fn note_contact(&self) -> Result<(), StoreError> {
        let contact = self.sync_status().last_contact;
        match contact {
            Some(at) => meta::set(&self.writer().connection, name::LAST_CONTACT, &at.0),
            None => Ok(()),
        }
    }
}
