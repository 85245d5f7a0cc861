//! The Automerge document behind a card or a volume: raw values under flat keys, local edits, merging.

mod rewriting;

use std::collections::{BTreeMap, BTreeSet};

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, Change, ChangeHash, ROOT, ReadDoc, SaveOptions, ScalarValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::chunks;
use crate::codec;
use crate::document::{DocumentError, LocalEdits};
use crate::event::Event;
use crate::ids::{Actor, EntryId};
use crate::key;
use crate::reading::same_statement;
use crate::register::{Presence, Register, Written};
use crate::stamp::Stamp;

/// Gives [`crate::Document`] access to the store without showing it to other crates.
pub trait Stored {
    /// The store.
    fn store(&self) -> &Store;
    /// The store, to edit.
    fn store_mut(&mut self) -> &mut Store;
}

/// What [`crate::Card`] and [`crate::Volume`] are made of.
#[derive(Clone)]
pub struct Store {
    pub(crate) document: AutoCommit,
    /// Local changes nobody has taken yet.
    pub(crate) untaken: LocalEdits,
    /// Keys written since the last change was closed.
    pub(crate) open_keys: BTreeSet<String>,
    /// Changes queued by Automerge until those they depend on arrive.
    pub(crate) waiting: BTreeMap<ChangeHash, Change>,
    /// The last change of every writer, and the counter of its last operation.
    pub(crate) last_changes: BTreeMap<ActorId, (ChangeHash, u64)>,
}

/// When an edit needs a reason.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReasonRule {
    /// Never.
    Free,
    /// When something is there already.
    ToChange,
    /// Always.
    Always,
}

impl Store {
    pub(crate) fn new(actor: Actor) -> Self {
        let document = AutoCommit::new().with_actor(ActorId::from(actor.as_bytes().as_slice()));
        Self {
            document,
            untaken: LocalEdits::default(),
            open_keys: BTreeSet::new(),
            waiting: BTreeMap::new(),
            last_changes: BTreeMap::new(),
        }
    }

    pub(crate) fn load(actor: Actor, snapshot: &[u8]) -> Result<Self, DocumentError> {
        let (document, orphans) = chunks::load(snapshot)?;
        let mut store = Self { document, ..Self::new(actor) };
        // In causal order: the last of each writer stays.
        for change in store.document.get_changes_meta(&[]) {
            store.last_changes.insert(change.actor.into_owned(), (change.hash, change.max_op));
        }
        store.document.set_actor(ActorId::from(actor.as_bytes().as_slice()));
        chunks::guarded(|| store.merge(orphans)).map(|_| store)
    }

    pub(crate) fn save(&mut self) -> Vec<u8> {
        self.close_change();
        self.document.save()
    }

    pub(crate) fn whole(&mut self) -> Vec<u8> {
        self.close_change();
        self.document.save_with_options(SaveOptions { deflate: false, retain_orphans: false })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.last_changes.is_empty() && self.waiting.is_empty() && self.open_keys.is_empty()
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.document.keys(ROOT).collect();
        keys.sort_unstable();
        keys
    }

    pub(crate) fn take_local(&mut self) -> LocalEdits {
        self.close_change();
        let mut taken = std::mem::take(&mut self.untaken);
        taken.changed_keys.sort_unstable();
        taken.changed_keys.dedup();
        taken
    }

    pub(crate) fn rollback(&mut self) {
        self.document.rollback();
        self.open_keys.clear();
    }

    pub(crate) fn bundle(&mut self, changes: &[Vec<u8>]) -> Result<Vec<u8>, DocumentError> {
        self.close_change();
        chunks::bundle(&self.document, changes)
    }

    pub(crate) fn unaccounted(&mut self, device: [u8; 16], accounted: &[Vec<u8>]) -> Vec<Vec<u8>> {
        self.close_change();
        let known: BTreeSet<ChangeHash> = accounted
            .iter()
            .filter_map(|bytes| chunks::decode(bytes).ok())
            .flat_map(|changes| changes.into_iter().map(|change| change.hash()))
            .collect();
        let own = |change: &Change| chunks::actor_of(change).is_ok_and(|actor| actor.device() == device);
        // Also those that wait: they become part of the document when the others come back.
        let all = self.document.get_changes(&[]).into_iter().chain(self.waiting.values().cloned());
        all.filter(|change| own(change) && !known.contains(&change.hash()))
            .map(|change| change.raw_bytes().to_vec())
            .collect()
    }

    pub(crate) fn all_changes(&mut self) -> Vec<Vec<u8>> {
        self.close_change();
        self.document.get_changes(&[]).iter().map(|change| change.raw_bytes().to_vec()).collect()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Turns the edits since the last change into one change.
    pub(crate) fn close_change(&mut self) {
        if self.document.pending_ops() == 0 {
            return;
        }
        // No time in the change: the crate has no clock, and every value carries its author's.
        if let Some(change) = self.document.commit().and_then(|hash| self.document.get_change_by_hash(&hash)) {
            self.last_changes.insert(change.actor_id().clone(), (change.hash(), change.max_op()));
            self.untaken.changes.push(change.raw_bytes().to_vec());
            self.untaken.changed_keys.extend(std::mem::take(&mut self.open_keys));
        }
    }

    fn put(&mut self, key: String, bytes: Vec<u8>) {
        // The root map takes any non-empty key, and bytes are a scalar: Automerge has no other reason to refuse.
        self.document.put(ROOT, key.as_str(), ScalarValue::Bytes(bytes)).expect("a put into the root map");
        self.open_keys.insert(key);
    }

    pub(crate) fn record(&mut self, event: &Event) -> Result<EntryId, DocumentError> {
        if event.corrects.is_some() && !says_why(event.reason.as_deref()) {
            return Err(DocumentError::ReasonMissing);
        }
        let key = key::event(event.id);
        let bytes = event.to_stored()?;
        if self.document.get(ROOT, key.as_str()).is_ok_and(|value| value.is_some()) {
            let same = self.event(event.id, &mut Vec::new()).iter().any(|old| same_statement(old, event));
            return if same { Ok(event.id) } else { Err(DocumentError::EntryExists(event.id)) };
        }
        self.put(key, bytes);
        Ok(event.id)
    }

    /// Writes a register. False when it holds exactly this already.
    pub(crate) fn set<T>(
        &mut self,
        key: String,
        value: T,
        stamp: &Stamp,
        reason: Option<&str>,
        rule: ReasonRule,
    ) -> Result<bool, DocumentError>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        let now: Register<T> = self.register(&key, &mut Vec::new());
        if now.settled().is_some_and(|written| written.value == value) {
            return Ok(false);
        }
        let needed = match rule {
            ReasonRule::Always => true,
            ReasonRule::ToChange => !now.is_empty(),
            // Whoever writes over something this version cannot read had better know why.
            ReasonRule::Free => now.unreadable > 0,
        };
        if needed && !says_why(reason) {
            return Err(DocumentError::ReasonMissing);
        }
        let written =
            Written { value, stamp: stamp.clone(), reason: reason.map(str::to_owned), newer: codec::Newer::default() };
        let bytes = codec::encode(&written)?;
        self.put(key, bytes);
        Ok(true)
    }

    pub(crate) fn put_item<T>(
        &mut self,
        set: &str,
        item: &str,
        value: T,
        stamp: &Stamp,
        reason: Option<&str>,
        rule: ReasonRule,
    ) -> Result<bool, DocumentError>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        let ok = !item.is_empty() && item.len() <= key::item_key::MAX && !item.chars().any(char::is_control);
        if !ok {
            return Err(DocumentError::BadItemKey);
        }
        self.set(key::item(set, item), Presence::Present(value), stamp, reason, rule)
    }

    pub(crate) fn remove_item<T>(
        &mut self,
        set: &str,
        item: &str,
        stamp: &Stamp,
        reason: Option<&str>,
        rule: ReasonRule,
    ) -> Result<bool, DocumentError>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        let key = key::item(set, item);
        if self.register::<Presence<T>>(&key, &mut Vec::new()).is_empty() {
            return Err(DocumentError::NoSuchItem);
        }
        self.set(key, Presence::<T>::Removed, stamp, reason, rule)
    }
}

impl std::fmt::Debug for Store {
    /// Without content: safe for logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

fn says_why(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| !reason.trim().is_empty())
}
