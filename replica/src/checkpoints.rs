//! Checkpoints: a document as it was, so that a newcomer starts from a few parts and not from every record of years.
//!
//! **Made** when somebody is granted charts (cards are short, and come before what makes a checkpoint believable): whoever grants them has them all, and makes a checkpoint of it behind what is still to be sent. It is
//! a help and nothing depends on it: without one, or while it is on its way, the newcomer gets the records.
//!
//! **Begun at**: a newcomer keeps the parts as they come, and merges them when all are here. In the same transaction each log they cover gets a *base*
//! ([`crate::store::logs`]): records after it chain onto it, as if those before were here. None of them are passed on, for they are not.
//!
//! **Proven**: what a checkpoint says of others is its author's word. When nothing else is to be done, the tablet asks for the records that the
//! checkpoint stands for, a document at a time. When they are here, the document is made from its records alone and compared. If it is the
//! same, the parts are let go. If not, the document becomes what its records say, the parts are kept as evidence with their author's signature on them, and
//! what this tablet wrote on top is written again, under a new name: the earlier records of it can be merged by nobody, because they follow
//! changes that nobody wrote.
//!
//! What breaks if this does not hold: a base without its content would hide entries for ever (so both are of one
//! transaction); a tablet that made a checkpoint from one it had not proven would pass a lie on as its own word (so it makes none).

use std::collections::BTreeSet;

use serde_bytes::ByteBuf;
use tendenko_crdt::{Actor, EntryId, Key, actors_of};
use tendenko_protocol::courier::Fate;
use tendenko_protocol::document::{DocumentId, LogId};
use tendenko_protocol::ids::{Incarnation, PatientId};
use tendenko_protocol::keys::EpochKey;
use tendenko_protocol::limits::MAX_COVERED;
use tendenko_protocol::messages::Lane;
use tendenko_protocol::record::{CheckpointDraft, Covered, ParsedCheckpoint, RejectReason, SealedCheckpoint};

use crate::documents::{Loaded, Workspace};
use crate::models::{self, Changed};
use crate::receive::Batch;
use crate::replica::Replica;
use crate::store::meta::{self, name};
use crate::store::records::{Said, State};
use crate::store::{StoreError, checkpoints, logs, outbox, records, statements, unsent};

/// Records below which a document is not worth one.
const WORTH: u64 = 16;

/// What is sealed as a checkpoint.
struct Drafted {
    key: EpochKey,
    draft: CheckpointDraft,
    whole: Vec<u8>,
}

impl Replica {
    /// Makes the checkpoints that are due on a lane. Returns whether there is any to send now. Compressing a year takes a while: nobody's
    /// save waits for it.
    pub(crate) fn make_checkpoints(&self, lane: Lane) -> Result<bool, StoreError> {
        let mut made = false;
        let due = checkpoints::all_due(&self.reader(), lane)?;
        for document in due {
            let drafted = {
                let mut writer = self.writer();
                let mut work = self.workspace(&mut writer)?;
                let drafted = self.draft_checkpoint(&mut work, document)?;
                work.settle(document);
                work.commit()?;
                drafted
            };
            let parts = drafted.map(|Drafted { key, draft, whole }| {
                SealedCheckpoint::seal(&self.rng, &self.keys, &key, &draft, &whole).unwrap_or_else(|error| {
                    tracing::warn!(%error, "a checkpoint could not be sealed");
                    Vec::new()
                })
            });
            let mut writer = self.writer();
            let work = self.workspace(&mut writer)?;
            for part in parts.unwrap_or_default() {
                let row = checkpoints::leaving(work.connection(), part.bytes())?;
                outbox::add_part(work.connection(), lane, row)?;
                made = true;
            }
            checkpoints::done(work.connection(), document)?;
            work.commit()?;
        }
        Ok(made)
    }

    /// A checkpoint of a document as it is now; none if it is not worth one, or not all here as records.
    fn draft_checkpoint(&self, work: &mut Workspace<'_>, id: DocumentId) -> Result<Option<Drafted>, StoreError> {
        let mut covers = Vec::new();
        for (device, incarnation, log) in logs::of_document(work.connection(), id)? {
            if log.base != logs::START {
                return Ok(None);
            }
            covers.push(Covered { device, incarnation, seq: log.head.0, hash: log.head.1 });
        }
        covers.sort_unstable();
        let records: u64 = covers.iter().map(|log| log.seq.0).sum();
        let whole = unsent::pending(work.connection(), id, 1)?.is_empty()
            && records::all_applied(work.connection(), id)?
            && checkpoints::began_at(work.connection(), id)?.is_none()
            && work.document(id)?.waiting() == 0;
        if records < WORTH || covers.len() > MAX_COVERED || !whole {
            return Ok(None);
        }
        let held = statements::sealing_key(work.connection(), id.patient, id.scope())?;
        let Some(key) = held.and_then(|(key, secret)| EpochKey::from_secret_bytes(key, &secret).ok()) else {
            return Ok(None);
        };
        let draft = CheckpointDraft { document: id, covers };
        Ok(Some(Drafted { key, draft, whole: work.document(id)?.whole() }))
    }

    /// Keeps a part. With the last one, the document begins there.
    pub(crate) fn take_part(
        &self,
        work: &mut Workspace<'_>,
        bytes: &[u8],
        incarnation: Incarnation,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        let part = match self.signed_part(bytes) {
            Ok(part) => part,
            Err(reason) => {
                tracing::warn!(%reason, "a part of a checkpoint was not taken");
                batch.stored.bogus += 1;
                batch.rejected += 1;
                batch.fates.push(Fate::Refused(reason));
                return match ParsedCheckpoint::parse(bytes.to_vec()) {
                    Ok(part) => self.ask_instead(work, part.header().document, batch),
                    Err(_) => Ok(()),
                };
            }
        };
        let header = part.header();
        let id = header.document;
        let known = logs::vector(work.connection(), id)?;
        if header.covers.iter().all(|log| known.get(log.device, log.incarnation) >= log.seq) {
            batch.fates.push(Fate::Known);
            return Ok(());
        }
        batch.fates.push(Fate::New);
        // Then somebody else goes on under this store's name, and that shows by records.
        let own = LogId { document: id, device: self.device_id(), incarnation };
        let own_head = logs::get(work.connection(), own)?.map_or(logs::START.0, |log| log.head.0);
        if header.vector().get(own.device, own.incarnation) > own_head {
            return self.ask_instead(work, id, batch);
        }
        let held = statements::key(work.connection(), id.patient, id.scope(), header.key)?;
        let Some(key) = held.and_then(|secret| EpochKey::from_secret_bytes(header.key, &secret).ok()) else {
            return self.ask_instead(work, id, batch);
        };
        let here = checkpoints::take(work.connection(), id, &header.set, header.part, bytes)?;
        if here < u64::from(header.parts) {
            return Ok(());
        }
        let parts = checkpoints::parts(work.connection(), id, &header.set)?;
        let parts: Result<Vec<_>, _> = parts.iter().map(|part| self.signed_part(part)).collect();
        let whole = parts.ok().and_then(|parts| SealedCheckpoint::open_all(&parts, &key).ok());
        let Some(whole) = whole else {
            return self.give_up(work, id, &header.set, batch);
        };
        let Ok(keys) = work.begin_with(id, &whole)? else {
            return self.give_up(work, id, &header.set, batch);
        };
        self.show(work, id, &keys)?;
        batch.changed.insert(id.patient);
        for Covered { device, incarnation, seq, hash } in &header.covers {
            let log = LogId { document: id, device: *device, incarnation: *incarnation };
            logs::begin_at(work.connection(), log, (*seq, *hash))?;
        }
        checkpoints::begin(work.connection(), id, &header.set)?;
        batch.unproven = true;
        batch.proofs_changed = true;
        Ok(())
    }

    /// All parts are here, and say nothing: there is no use in keeping them.
    fn give_up(
        &self,
        work: &Workspace<'_>,
        id: DocumentId,
        set: &[u8; 16],
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        checkpoints::let_go(work.connection(), id, set)?;
        self.ask_instead(work, id, batch)
    }

    /// A part with the signature of the device it names. That this device may see the document, the key shows that opens it.
    fn signed_part(&self, bytes: &[u8]) -> Result<SealedCheckpoint, RejectReason> {
        let part = ParsedCheckpoint::parse(bytes.to_vec())?;
        let device = part.header().device;
        let trust = self.trust();
        let author = trust.device(device).ok_or(RejectReason::UnknownAuthor)?;
        if author.revoked {
            return Err(RejectReason::AuthorRevoked);
        }
        part.verify(&author.signing)
    }

    /// A part is of no use: the relay counts on it, so the records that it stands for are asked for.
    fn ask_instead(&self, work: &Workspace<'_>, id: DocumentId, batch: &mut Batch) -> Result<(), StoreError> {
        if self.is_ours(work, id)? {
            tracing::warn!(document = ?id.class, "a part of a checkpoint is of no use: its records are asked for");
            records::suspect(work.connection(), id)?;
            if !batch.stored.gaps.contains(&id) {
                batch.stored.gaps.push(id);
            }
        }
        Ok(())
    }

    /// Compares the documents whose records are all here with what their checkpoints said.
    pub(crate) fn prove(&self, work: &mut Workspace<'_>, batch: &mut Batch) -> Result<(), StoreError> {
        for id in checkpoints::provable(work.connection())? {
            let Some(Truth { document: mut truth, .. }) = self.by_records(work, id)? else { continue };
            batch.proofs_changed = true;
            if invented(work.document(id)?, &mut truth).is_empty() {
                checkpoints::settle(work.connection(), id)?;
                continue;
            }
            tracing::error!(document = ?id.class, "a checkpoint said what no record says: the document is made from its records");
            for part in checkpoints::settle(work.connection(), id)? {
                records::quarantine(work.connection(), &part, "checkpoint", self.clock.now())?;
            }
            batch.rejected += 1;
            self.go_by(work, id, batch)?;
        }
        Ok(())
    }

    /// A document as its records, and what is saved here and not sealed yet, say; also what could not be merged before: the name of what
    /// it says may have been taken by a lie. `None`: there is one that cannot be read here, and the checkpoint's author may have read it.
    fn by_records(&self, work: &mut Workspace<'_>, id: DocumentId) -> Result<Option<Truth>, StoreError> {
        let (mut truth, mut fitting) = (work.empty(id), Vec::new());
        for Said { row, device, key, merged, bytes } in records::all_in(work.connection(), id)? {
            let held = statements::key(work.connection(), id.patient, id.scope(), key)?;
            match held.and_then(|secret| self.reopen(device, key, &secret, bytes)) {
                // One that does not fit by itself did not fit before either.
                Some(payload) if truth.apply_from(device.0, &payload).is_ok() && !merged => fitting.push(row),
                None if !merged => return Ok(None),
                Some(_) | None => {}
            }
        }
        for save in unsent::all_of(work.connection(), id)? {
            for change in save.changes {
                let _ = truth.apply(&change);
            }
        }
        Ok(Some(Truth { document: truth, fitting }))
    }

    /// The document becomes what its records say; what was written here on top of something else is written again.
    fn go_by(&self, work: &mut Workspace<'_>, id: DocumentId, batch: &mut Batch) -> Result<(), StoreError> {
        if batch.renewed.is_none() {
            self.renew_within(work, batch)?;
        }
        let Some(Truth { document: mut truth, fitting }) = self.by_records(work, id)? else { return Ok(()) };
        let lies = self.lies_in_own_name(work, id)?;
        let own: Vec<Vec<u8>> = invented(work.document(id)?, &mut truth)
            .into_iter()
            .filter(|change| {
                let own = |actors: BTreeSet<Actor>| actors.iter().all(|actor| actor.device() == self.device_id().0);
                actors_of(change).is_ok_and(own) && !lies.contains(change)
            })
            .collect();
        let dropped = unsent::all_of(work.connection(), id)?;
        if let Err(error) = truth.write_again(&own) {
            tracing::error!(%error, "what was written on top of a checkpoint could not be written again");
        }
        let edits = truth.take_local();
        for save in dropped.iter().filter(|save| save.changes.iter().any(|change| own.contains(&change.to_vec()))) {
            unsent::remove(work.connection(), save.id)?;
        }
        if !edits.changes.is_empty() {
            let entries: Vec<EntryId> = edits.changed_keys.iter().filter_map(|key| entry_of(key)).collect();
            let save = meta::add(work.connection(), name::SAVE, 1)?;
            unsent::insert(
                work.connection(),
                save,
                id,
                self.clock.now(),
                &edits.changes,
                &edits.changed_keys,
                &entries,
            )?;
        }
        work.put(id, truth)?;
        for row in fitting {
            records::set_state(work.connection(), row, State::Applied)?;
        }
        models::forget(work.connection(), id)?;
        work.update_models(id, Changed::Everything)?;
        records::suspect(work.connection(), id)?;
        batch.changed.insert(id.patient);
        Ok(())
    }

    /// Changes of a document that are said to be this device's, and that it neither sealed nor saved. None, if what it sealed cannot all be read:
    /// its own work is not taken for a lie.
    fn lies_in_own_name(&self, work: &mut Workspace<'_>, id: DocumentId) -> Result<BTreeSet<Vec<u8>>, StoreError> {
        let mut accounted = Vec::new();
        for Said { device, key, bytes, .. } in records::all_in(work.connection(), id)? {
            if device != self.device_id() {
                continue;
            }
            let held = statements::key(work.connection(), id.patient, id.scope(), key)?;
            let Some(payload) = held.and_then(|secret| self.reopen(device, key, &secret, bytes)) else {
                return Ok(BTreeSet::new());
            };
            accounted.push(payload);
        }
        for save in unsent::all_of(work.connection(), id)? {
            accounted.extend(save.changes.into_iter().map(ByteBuf::into_vec));
        }
        Ok(work.document(id)?.unaccounted(self.device_id().0, &accounted).into_iter().collect())
    }

    /// Patients of whom something here rests on a colleague's word: a checkpoint, of which not every record has come.
    pub fn unproven_patients(&self) -> Result<BTreeSet<PatientId>, StoreError> {
        Ok(checkpoints::unproven(&self.reader())?.into_iter().map(|document| document.patient).collect())
    }

    /// A document whose originals are asked for next, when there is nothing else to do.
    pub(crate) fn to_prove(&self, asked: &BTreeSet<DocumentId>) -> Result<Option<DocumentId>, StoreError> {
        if self.data_saver() {
            return Ok(None);
        }
        Ok(checkpoints::lacking(&self.reader())?.into_iter().find(|document| !asked.contains(document)))
    }
}

/// What a document is by its records alone.
struct Truth {
    document: Loaded,
    /// Rows of records that could not be merged into what a checkpoint said, and fit here.
    fitting: Vec<i64>,
}

fn entry_of(key: &str) -> Option<EntryId> {
    match Key::parse(key) {
        Key::Event(entry) => Some(entry),
        _ => None,
    }
}

/// Changes of a document that are not in another, oldest first.
fn invented(document: &mut Loaded, truth: &mut Loaded) -> Vec<Vec<u8>> {
    let said: BTreeSet<Vec<u8>> = truth.all_changes().into_iter().collect();
    document.all_changes().into_iter().filter(|change| !said.contains(change)).collect()
}
