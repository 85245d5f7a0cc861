//! What a relay says of what was sent to it, and of what was asked for.

use std::collections::BTreeSet;

use tendenko_protocol::document::{DocumentId, LogId, Scope};
use tendenko_protocol::ids::{ChunkId, LogSeq, PatientId, RecordHash, StatementId};
use tendenko_protocol::messages::Cursor;

use crate::replica::Replica;
use crate::store::meta::{self, name};
use crate::store::{StoreError, checkpoints, chunks, outbox, records, statements, unsent};

impl Replica {
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
