//! Documents in memory: loaded when first needed, the most recently used ones kept.
//!
//! A [`Workspace`] is one transaction and the documents it touches. They are taken out of the cache while it runs and put back
//! only after the commit; when anything fails they are dropped and read again from the disk next time. That is how
//! memory and disk cannot disagree.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction};
use tendenko_crdt::{Actor, Applied, Card, Document, DocumentError, LocalEdits, ReadMark, Volume};
use tendenko_protocol::document::{Class, DocumentId};

use crate::models::{self, Changed};
use crate::store::{StoreError, documents};

/// Change rows after which a snapshot replaces them.
const COMPACT_ROWS: usize = 64;
/// Bytes of change rows after which a snapshot replaces them.
const COMPACT_BYTES: usize = 256 * 1024;

/// A document of either class.
#[derive(Debug)]
pub(crate) enum Loaded {
    Card(Card),
    Volume(Volume),
}

macro_rules! each {
    ($loaded:expr, $document:ident => $body:expr) => {
        match $loaded {
            Loaded::Card($document) => $body,
            Loaded::Volume($document) => $body,
        }
    };
}

impl Loaded {
    fn new(id: DocumentId, actor: Actor) -> Self {
        match id.class {
            Class::Card => Self::Card(Card::new(actor)),
            Class::Chart | Class::Attachment => Self::Volume(Volume::new(actor)),
        }
    }

    fn load(id: DocumentId, actor: Actor, snapshot: &[u8]) -> Result<Self, DocumentError> {
        Ok(match id.class {
            Class::Card => Self::Card(Card::load(actor, snapshot)?),
            Class::Chart | Class::Attachment => Self::Volume(Volume::load(actor, snapshot)?),
        })
    }

    pub(crate) fn apply(&mut self, changes: &[u8]) -> Result<Applied, DocumentError> {
        each!(self, document => document.apply(changes))
    }

    pub(crate) fn apply_from(&mut self, device: [u8; 16], changes: &[u8]) -> Result<Applied, DocumentError> {
        each!(self, document => document.apply_from(device, changes))
    }

    pub(crate) fn apply_all(&mut self, inputs: &[([u8; 16], &[u8])]) -> Result<Applied, DocumentError> {
        each!(self, document => document.apply_all(inputs))
    }

    pub(crate) fn take_local(&mut self) -> LocalEdits {
        each!(self, document => document.take_local())
    }

    pub(crate) fn bundle(&mut self, changes: &[Vec<u8>]) -> Result<Vec<u8>, DocumentError> {
        each!(self, document => document.bundle(changes))
    }

    pub(crate) fn rewrite(&mut self, changes: &[Vec<u8>], actor: Actor) -> Result<Vec<Vec<u8>>, DocumentError> {
        each!(self, document => document.rewrite(changes, actor))
    }

    pub(crate) fn all_changes(&mut self) -> Vec<Vec<u8>> {
        each!(self, document => document.all_changes())
    }

    pub(crate) fn write_again(&mut self, changes: &[Vec<u8>]) -> Result<(), DocumentError> {
        each!(self, document => document.write_again(changes))
    }

    pub(crate) fn waiting(&self) -> usize {
        each!(self, document => document.waiting())
    }

    pub(crate) fn unaccounted(&mut self, device: [u8; 16], accounted: &[Vec<u8>]) -> Vec<Vec<u8>> {
        each!(self, document => document.unaccounted(device, accounted))
    }

    pub(crate) fn event(&self, id: tendenko_crdt::EntryId) -> Option<tendenko_crdt::Event> {
        each!(self, document => document.event(id))
    }

    pub(crate) fn events(&self) -> Vec<tendenko_crdt::Event> {
        each!(self, document => document.events())
    }

    /// Who has read what is said here; hand-overs stand in volumes only.
    pub(crate) fn read_marks(&self) -> Vec<ReadMark> {
        match self {
            Self::Card(_) => Vec::new(),
            Self::Volume(volume) => volume.read_marks(),
        }
    }

    pub(crate) fn read_mark(&self, key: &str) -> Option<ReadMark> {
        match self {
            Self::Card(_) => None,
            Self::Volume(volume) => volume.read_mark(key),
        }
    }

    pub(crate) fn whole(&mut self) -> Vec<u8> {
        each!(self, document => document.whole())
    }

    /// Opens what [`Loaded::whole`] gave on another tablet.
    fn begin(id: DocumentId, actor: Actor, whole: &[u8]) -> Result<Self, DocumentError> {
        Ok(match id.class {
            Class::Card => Self::Card(Card::begin(actor, whole)?),
            Class::Chart | Class::Attachment => Self::Volume(Volume::begin(actor, whole)?),
        })
    }

    fn is_empty(&self) -> bool {
        each!(self, document => document.is_empty())
    }

    fn keys(&self) -> Vec<String> {
        each!(self, document => document.keys())
    }

    fn save(&mut self) -> Vec<u8> {
        each!(self, document => document.save())
    }
}

/// A document with what its rows on disk amount to.
#[derive(Debug)]
struct Open {
    document: Loaded,
    rows: usize,
    bytes: usize,
    used: u64,
}

/// The most recently used documents.
#[derive(Debug)]
pub(crate) struct Cache {
    documents: BTreeMap<DocumentId, Open>,
    capacity: usize,
    clock: u64,
}

impl Cache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { documents: BTreeMap::new(), capacity, clock: 0 }
    }

    /// Which documents are in memory.
    #[cfg(test)]
    pub(crate) fn held(&self) -> Vec<DocumentId> {
        self.documents.keys().copied().collect()
    }

    /// Forgets everything: after a change of incarnation every document needs its new actor.
    pub(crate) fn clear(&mut self) {
        self.documents.clear();
    }

    fn put(&mut self, id: DocumentId, mut open: Open) {
        self.clock += 1;
        open.used = self.clock;
        self.documents.insert(id, open);
        while self.documents.len() > self.capacity {
            let Some(oldest) = self.documents.iter().min_by_key(|(_, open)| open.used).map(|(id, _)| *id) else {
                break;
            };
            self.documents.remove(&oldest);
        }
    }
}

/// One transaction and the documents it works on.
pub(crate) struct Workspace<'a> {
    transaction: Transaction<'a>,
    cache: &'a mut Cache,
    actor: Actor,
    open: BTreeMap<DocumentId, Open>,
}

impl<'a> Workspace<'a> {
    pub(crate) fn begin(
        connection: &'a mut Connection,
        cache: &'a mut Cache,
        actor: Actor,
    ) -> Result<Self, StoreError> {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        Ok(Self { transaction, cache, actor, open: BTreeMap::new() })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.transaction
    }

    /// The document, from this workspace, the cache, the disk, or new and empty.
    pub(crate) fn document(&mut self, id: DocumentId) -> Result<&mut Loaded, StoreError> {
        if !self.open.contains_key(&id) {
            let open = match self.cache.documents.remove(&id) {
                Some(cached) => cached,
                None => read(&self.transaction, id, self.actor)?,
            };
            self.open.insert(id, open);
        }
        Ok(&mut self.open.get_mut(&id).expect("it was put there just now").document)
    }

    /// Writes changes that the document in this workspace already contains.
    pub(crate) fn append(&mut self, id: DocumentId, changes: &[u8]) -> Result<(), StoreError> {
        documents::append(&self.transaction, id, changes)?;
        let Some(open) = self.open.get_mut(&id) else { return Ok(()) };
        open.rows += 1;
        open.bytes += changes.len();
        // Changes that wait for others stay as rows: a snapshot is only of what is complete.
        if (open.rows >= COMPACT_ROWS || open.bytes >= COMPACT_BYTES) && open.document.waiting() == 0 {
            let snapshot = open.document.save();
            documents::compact(&self.transaction, id, &snapshot)?;
            open.rows = 0;
            open.bytes = 0;
        }
        Ok(())
    }

    /// Does what may fail without taking with it what this workspace did before: then nothing of it is written. Only for work that leaves
    /// documents as they are.
    pub(crate) fn attempt<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let run = |work: &Self, sql| work.transaction.execute_batch(sql).map_err(|error| E::from(error.into()));
        run(self, "SAVEPOINT attempt")?;
        let done = work(self);
        run(self, if done.is_ok() { "RELEASE attempt" } else { "ROLLBACK TO attempt; RELEASE attempt" })?;
        done
    }

    /// From now on every document is written as another actor.
    pub(crate) fn become_actor(&mut self, actor: Actor) {
        self.open.clear();
        self.cache.clear();
        self.actor = actor;
    }

    /// A new document of the kind of `id`, written as this workspace writes.
    pub(crate) fn empty(&self, id: DocumentId) -> Loaded {
        Loaded::new(id, self.actor)
    }

    /// Merges a whole document of another tablet, and writes it. Answers the keys it wrote, or that it is none.
    pub(crate) fn begin_with(
        &mut self,
        id: DocumentId,
        whole: &[u8],
    ) -> Result<Result<Vec<String>, DocumentError>, StoreError> {
        let actor = self.actor;
        if self.document(id)?.is_empty() {
            let begun = match Loaded::begin(id, actor, whole) {
                Ok(begun) => begun,
                Err(error) => return Ok(Err(error)),
            };
            let keys = begun.keys();
            self.put(id, begun)?;
            return Ok(Ok(keys));
        }
        match self.document(id)?.apply(whole) {
            Ok(applied) => {
                self.append(id, whole)?;
                Ok(Ok(applied.changed_keys))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Puts another document in the place of what this workspace and the disk have.
    pub(crate) fn put(&mut self, id: DocumentId, document: Loaded) -> Result<(), StoreError> {
        self.open.insert(id, Open { document, rows: 0, bytes: 0, used: 0 });
        self.replace(id)
    }

    /// Puts the document in this workspace, as it is now, in the place of what is on disk.
    pub(crate) fn replace(&mut self, id: DocumentId) -> Result<(), StoreError> {
        if let Some(open) = self.open.get_mut(&id) {
            // With the changes that wait for others: a snapshot keeps them behind the document.
            documents::compact(&self.transaction, id, &open.document.save())?;
            open.rows = 0;
            open.bytes = 0;
        }
        Ok(())
    }

    /// Brings the read models up to date with the document in this workspace.
    pub(crate) fn update_models(&mut self, id: DocumentId, changed: Changed<'_>) -> Result<(), StoreError> {
        self.document(id)?;
        match self.open.get(&id) {
            Some(open) => models::update(&self.transaction, id, &open.document, changed),
            None => Ok(()),
        }
    }

    /// The keys that changes, already part of the document, wrote: found by merging them into an empty one.
    pub(crate) fn keys_of(&self, id: DocumentId, changes: &[Vec<u8>]) -> Result<Vec<String>, StoreError> {
        let mut empty = Loaded::new(id, self.actor);
        Ok(empty.apply(&changes.concat()).map(|applied| applied.changed_keys).unwrap_or_default())
    }

    /// Lets go of a document that was only read, so that a walk over all of them needs the memory of one.
    pub(crate) fn settle(&mut self, id: DocumentId) {
        if let Some(open) = self.open.remove(&id) {
            self.cache.put(id, open);
        }
    }

    /// Makes it durable; only then does memory change.
    pub(crate) fn commit(self) -> Result<(), StoreError> {
        let Self { transaction, cache, open, .. } = self;
        transaction.commit()?;
        for (id, open) in open {
            cache.put(id, open);
        }
        Ok(())
    }
}

fn read(connection: &Connection, id: DocumentId, actor: Actor) -> Result<Open, StoreError> {
    let Some(stored) = documents::load(connection, id)? else {
        return Ok(Open { document: Loaded::new(id, actor), rows: 0, bytes: 0, used: 0 });
    };
    let mut document = if stored.snapshot.is_empty() {
        Loaded::new(id, actor)
    } else {
        Loaded::load(id, actor, &stored.snapshot).map_err(|_| StoreError::Damaged)?
    };
    let bytes = stored.changes.iter().map(Vec::len).sum();
    if !stored.changes.is_empty() {
        // All at once: applying one by one costs far more.
        document.apply(&stored.changes.concat()).map_err(|_| StoreError::Damaged)?;
    }
    Ok(Open { document, rows: stored.changes.len(), bytes, used: 0 })
}
