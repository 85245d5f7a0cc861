//! Another store goes on under this one's name: this one goes on as somebody new, and nothing it saved is lost.
//!
//! The guard notices a store that was restored or copied when it is unlocked. What it cannot notice (a whole disk cloned, a virtual machine
//! rolled back) shows when a relay holds another record at a place where this store has its own, or sends one of this very incarnation
//! that is not here. Either way, in one transaction:
//! - a new incarnation is minted;
//! - every save that no relay has acknowledged is written again under it, because two different changes with one number of
//!   one actor can never be in one document;
//! - the records that carried those saves make room for the other store's, and the documents are compared with the relay.
//!
//! What was acknowledged stays as it is: the relay has it, and the other store's attempt was refused there. A save that both stores have, and
//! that the other one sent, is then there twice with one content, and shown once.

use tendenko_crdt::Actor;
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::Incarnation;
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::session::client::{ItemRef, Rejection};

use crate::documents::Workspace;
use crate::guard::{Guard, Remembered};
use crate::models::Changed;
use crate::replica::{Replica, Writer};
use crate::store::meta::{self, name};
use crate::store::{StoreError, checkpoints, outbox, records, statements, unsent};

/// What has to be done once a renewal is committed.
pub(crate) struct Renewed {
    pub(crate) incarnation: Incarnation,
    /// Documents to compare with the relay.
    pub(crate) documents: Vec<DocumentId>,
}

impl Replica {
    /// The guard says that this store was restored or copied: it goes on as a new incarnation.
    pub(crate) fn go_on_as_another(&self) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let mut work = self.workspace(&mut writer)?;
        let renewed = self.renew(&mut work)?;
        work.commit()?;
        self.renewed(&mut writer, &renewed);
        Ok(())
    }

    /// Goes on as a new incarnation, within a transaction. After its commit: [`Replica::renewed`].
    pub(crate) fn renew(&self, work: &mut Workspace<'_>) -> Result<Renewed, StoreError> {
        tracing::warn!(
            "this store goes on as a new incarnation: it was restored or copied, or another goes on under its name"
        );
        let incarnation = mint(work.connection(), &Guard::in_directory(self.dir()), &self.rng)?;
        let actor = Actor::of(self.device_id().0, incarnation.0);
        work.become_actor(actor);
        let documents = unsent::documents(work.connection())?;
        for document in &documents {
            // Their place in the log may be the other store's. If the relay has them after all, they come back.
            for record in outbox::own_records(work.connection(), *document, self.device_id())? {
                outbox::remove_record(work.connection(), record)?;
                records::remove(work.connection(), record)?;
            }
            self.write_again(work, *document, actor)?;
            records::suspect(work.connection(), *document)?;
        }
        Ok(Renewed { incarnation, documents })
    }

    fn write_again(&self, work: &mut Workspace<'_>, id: DocumentId, actor: Actor) -> Result<(), StoreError> {
        let saves = unsent::all_of(work.connection(), id)?;
        let old: Vec<Vec<u8>> =
            saves.iter().flat_map(|save| save.changes.iter().map(|change| change.to_vec())).collect();
        let new = match work.document(id)?.rewrite(&old, actor) {
            Ok(new) => new,
            Err(error) => {
                // They leave as they are: whoever has not heard of the other store takes them.
                tracing::error!(%error, "saves could not be written again");
                old
            }
        };
        work.replace(id)?;
        let mut rest = new.as_slice();
        for save in &saves {
            let (own, later) = rest.split_at(save.changes.len().min(rest.len()));
            unsent::unseal(work.connection(), save.id, own)?;
            rest = later;
        }
        // The document holds everything the kept records say, also what a save in parts had got out already.
        for (header_device, key, bytes) in records::applied_in(work.connection(), id)? {
            let Some(secret) = statements::key(work.connection(), id.patient, id.scope(), key)? else { continue };
            if let Some(payload) = self.reopen(header_device, key, &secret, bytes)
                && let Ok(applied) = work.document(id)?.apply_from(header_device.0, &payload)
                && applied.new_changes > 0
            {
                work.append(id, &payload)?;
            }
        }
        work.update_models(id, Changed::Everything)
    }

    /// After the commit of a transaction that renewed.
    pub(crate) fn renewed(&self, writer: &mut Writer, renewed: &Renewed) {
        writer.incarnation = renewed.incarnation;
        // What is to be sealed again leaves without waiting for the next save.
        self.departure.notify_one();
    }

    /// The relay did not take these. Own records that have no place there are sealed again under another name; anything else that it
    /// never will take is taken off the outbox, and its saves stay marked as not sent. Returns whether this store goes on as
    /// a new incarnation: the session should begin anew.
    pub(crate) fn refused(&self, items: &[Rejection]) -> Result<bool, StoreError> {
        let mut writer = self.writer();
        let mut work = self.workspace(&mut writer)?;
        let mut homeless = false;
        for Rejection { item, reason } in items {
            match item {
                ItemRef::Record { log, seq, hash } => {
                    tracing::warn!(record = %hash, %reason, "the relay did not take a record");
                    // By now another record may have that place.
                    let ours = records::hash_at(work.connection(), *log, *seq)? == Some(*hash);
                    let row = records::row_at(work.connection(), *log, *seq)?.filter(|_| ours);
                    if let Some(row) = row.filter(|_| reason.is_final()) {
                        let own = log.device == self.device_id() && outbox::has_record(work.connection(), row)?;
                        if own && self.is_worth_another_try(*reason) {
                            homeless = true;
                        } else {
                            outbox::remove_record(work.connection(), row)?;
                        }
                    }
                }
                ItemRef::Damaged(hash) => tracing::error!(record = %hash, "a stored record is damaged"),
                // It stays: what a relay has no room for, or no grant for yet, it may take another time.
                ItemRef::Chunk(chunk) => tracing::warn!(%chunk, %reason, "the relay did not take a chunk"),
                // A help: without it, newcomers get records.
                ItemRef::Part(part) => checkpoints::left(work.connection(), part)?,
                ItemRef::Statement(statement) => {
                    tracing::warn!(%statement, %reason, "the relay did not take a statement");
                    if reason.is_final() {
                        outbox::remove_statement(work.connection(), &statement.0)?;
                    }
                }
            }
        }
        meta::add(work.connection(), name::REJECTED, items.len() as u64)?;
        let renewed = if homeless { Some(self.renew(&mut work)?) } else { None };
        work.commit()?;
        if let Some(renewed) = &renewed {
            self.renewed(&mut writer, renewed);
        }
        drop(writer);
        self.change_status(|status| status.rejected += items.len() as u64);
        Ok(renewed.is_some())
    }

    /// A fork is over once the name is another. Damage is sealed again once per unlocking: should it not help, the cause lies
    /// elsewhere. A revoked device has no other name.
    fn is_worth_another_try(&self, reason: RejectReason) -> bool {
        match reason {
            RejectReason::Fork => true,
            RejectReason::Oversized | RejectReason::Malformed | RejectReason::Signature => {
                !self.sealed_again.swap(true, std::sync::atomic::Ordering::Relaxed)
            }
            _ => false,
        }
    }
}

/// A new incarnation, above every number the guard has seen. The guard file first: should the transaction fail, the next
/// unlocking mints again.
pub(crate) fn mint(
    connection: &rusqlite::Connection,
    guard: &Guard,
    rng: &ring::rand::SystemRandom,
) -> Result<Incarnation, StoreError> {
    let (counter, file): (u64, u64) = meta::get(connection, name::GUARD)?.unwrap_or_default();
    let minted = Incarnation::generate(rng).map_err(|_| StoreError::NoRandom)?;
    let counter = guard.highest(Remembered { counter, file }).saturating_add(1);
    guard.write(counter).map_err(StoreError::Guard)?;
    meta::set(connection, name::INCARNATION, &minted.0)?;
    meta::set(connection, name::GUARD, &(counter, guard.file_number()))?;
    Ok(minted)
}
