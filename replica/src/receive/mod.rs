//! Receiving: what a relay sends becomes part of the store, one transaction per batch.
//!
//! In that transaction: statements, the epoch keys that new grants open, original bytes of records, documents ([`crate::merging`]), read models,
//! and the cursor. A record that cannot be opened or applied is kept and counted, and tried again when its key comes; a
//! record that does not fit its log is noted, so that the documents are compared with the relay. Neither stops
//! the batch, or the queue behind it would never move.

mod answers;
mod records;
mod statements;

use std::collections::BTreeSet;

use tendenko_crdt::EntryId;
use tendenko_protocol::courier::Fate;
use tendenko_protocol::document::{DocumentId, LogId, Scope};
use tendenko_protocol::ids::PatientId;
use tendenko_protocol::messages::{Cursor, Item};

use crate::attachments::Taken;
use crate::merging::Payloads;
use crate::renewal::Renewed;
use crate::replica::Replica;
use crate::store::meta::{self, name};
use crate::store::{StoreError, checkpoints, marks};

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
}
