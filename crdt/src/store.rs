//! The Automerge document behind a card or a volume: raw values under flat keys, local edits, merging.

use std::collections::BTreeSet;

use automerge::transaction::Transactable;
use automerge::{
    ActorId, AutoCommit, AutomergeError, Change, ChangeHash, ObjId, ROOT, ReadDoc, ScalarValue,
    Value,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::chunks;
use crate::codec;
use crate::document::{
    Applied, ConflictKind, ConflictRef, DocumentError, LocalEdits, Problem, ProblemKind,
};
use crate::event::Event;
use crate::ids::{Actor, EntryId, write_hex};
use crate::key::{self, Key};
use crate::register::{Item, Presence, Register, Written};
use crate::stamp::Stamp;

/// Gives [`crate::Document`] access to the store without showing it to other crates.
pub trait Stored {
    /// The store.
    fn store(&self) -> &Store;
    /// The store, to edit.
    fn store_mut(&mut self) -> &mut Store;
}

/// See the module.
#[derive(Clone)]
pub struct Store {
    document: AutoCommit,
    /// Local changes nobody has taken yet.
    untaken: LocalEdits,
    /// Keys written since the last change was closed.
    open_keys: BTreeSet<String>,
    /// Changes queued by Automerge until those they depend on arrive.
    waiting: BTreeSet<ChangeHash>,
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

/// One visible value of a key.
struct Visible {
    bytes: Vec<u8>,
    /// Device id of the tablet whose change carries it.
    device: String,
}

impl Store {
    pub(crate) fn new(actor: Actor) -> Self {
        let document = AutoCommit::new().with_actor(ActorId::from(actor.as_bytes().as_slice()));
        Self {
            document,
            untaken: LocalEdits::default(),
            open_keys: BTreeSet::new(),
            waiting: BTreeSet::new(),
        }
    }

    pub(crate) fn load(actor: Actor, snapshot: &[u8]) -> Result<Self, DocumentError> {
        let (document, orphans) = chunks::load(snapshot)?;
        let mut store = Self {
            document,
            ..Self::new(actor)
        };
        store
            .document
            .set_actor(ActorId::from(actor.as_bytes().as_slice()));
        chunks::guarded(|| store.merge(orphans)).map(|_| store)
    }

    pub(crate) fn save(&mut self) -> Vec<u8> {
        self.close_change();
        self.document.save()
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

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Turns the edits since the last change into one change.
    fn close_change(&mut self) {
        if self.document.pending_ops() == 0 {
            return;
        }
        // No time in the change: the crate has no clock, and every value carries its author's.
        if let Some(change) = self
            .document
            .commit()
            .and_then(|hash| self.document.get_change_by_hash(&hash))
        {
            self.untaken.changes.push(change.raw_bytes().to_vec());
            self.untaken
                .changed_keys
                .extend(std::mem::take(&mut self.open_keys));
        }
    }

    pub(crate) fn apply(
        &mut self,
        bytes: &[u8],
        device: Option<[u8; 16]>,
    ) -> Result<Applied, DocumentError> {
        let changes = chunks::decode(bytes)?;
        for change in &changes {
            let actor = chunks::actor_of(change)?;
            if device.is_some_and(|device| actor.device() != device) {
                return Err(DocumentError::ForeignChange);
            }
        }
        self.close_change();
        // Into a copy: a failure half way must leave this document as it was.
        let mut merged = self.clone();
        let applied = chunks::guarded(|| merged.merge(changes))?;
        *self = merged;
        Ok(applied)
    }

    fn merge(&mut self, changes: Vec<Change>) -> Result<Applied, DocumentError> {
        let before = self.document.get_heads();
        let arrived: Vec<ChangeHash> = changes.iter().map(Change::hash).collect();
        self.document
            .apply_changes(changes)
            .map_err(|error| match error {
                AutomergeError::DuplicateSeqNumber(..) => DocumentError::ForkedActor,
                _ => DocumentError::Damaged("changes that contradict each other"),
            })?;
        self.waiting.extend(arrived);
        let Self {
            document, waiting, ..
        } = self;
        waiting.retain(|hash| document.get_change_meta_by_hash(hash).is_none());

        let new = self.document.get_changes(&before);
        let mut changed = BTreeSet::new();
        let mut problems = BTreeSet::new();
        for change in &new {
            for operation in change.decode().operations {
                let automerge::legacy::Key::Map(key) = operation.key else {
                    continue;
                };
                if operation.obj != automerge::legacy::ObjectId::Root {
                    continue;
                }
                let overwrites = !operation.pred.is_empty();
                if overwrites && matches!(Key::parse(&key), Key::Event(_)) {
                    problems.insert(Problem {
                        key: key.to_string(),
                        kind: ProblemKind::Overwritten,
                    });
                }
                changed.insert(key.to_string());
            }
        }
        Ok(Applied {
            changed_keys: changed.into_iter().collect(),
            new_changes: new.len(),
            waiting: self.waiting.len(),
            problems: problems.into_iter().collect(),
        })
    }

    // Writing

    fn put(&mut self, key: String, bytes: Vec<u8>) {
        // The root map takes any non-empty key, and bytes are a scalar: Automerge has no other reason to refuse.
        self.document
            .put(ROOT, key.as_str(), ScalarValue::Bytes(bytes))
            .expect("a put into the root map");
        self.open_keys.insert(key);
    }

    pub(crate) fn record(&mut self, event: &Event) -> Result<EntryId, DocumentError> {
        if event.corrects.is_some() && !says_why(event.reason.as_deref()) {
            return Err(DocumentError::ReasonMissing);
        }
        let key = key::event(event.id);
        let bytes = event.to_stored()?;
        if self
            .document
            .get(ROOT, key.as_str())
            .is_ok_and(|value| value.is_some())
        {
            let same = self
                .event(event.id, &mut Vec::new())
                .iter()
                .any(|old| same_statement(old, event));
            return if same {
                Ok(event.id)
            } else {
                Err(DocumentError::EntryExists(event.id))
            };
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
        let needed =
            rule == ReasonRule::Always || (rule == ReasonRule::ToChange && !now.is_empty());
        if needed && !says_why(reason) {
            return Err(DocumentError::ReasonMissing);
        }
        let written = Written {
            value,
            stamp: stamp.clone(),
            reason: reason.map(str::to_owned),
            newer: codec::Newer::default(),
        };
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
        let ok = !item.is_empty()
            && item.len() <= key::item_key::MAX
            && !item.chars().any(char::is_control);
        if !ok {
            return Err(DocumentError::BadItemKey);
        }
        self.set(
            key::item(set, item),
            Presence::Present(value),
            stamp,
            reason,
            rule,
        )
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
        if self
            .register::<Presence<T>>(&key, &mut Vec::new())
            .is_empty()
        {
            return Err(DocumentError::NoSuchItem);
        }
        self.set(key, Presence::<T>::Removed, stamp, reason, rule)
    }

    // Reading

    fn visible(&self, key: &str, problems: &mut Vec<Problem>) -> (Vec<Visible>, usize) {
        let mut values = Vec::new();
        let mut unreadable = 0;
        // A key Automerge cannot look up holds nothing.
        for (value, id) in self.document.get_all(ROOT, key).unwrap_or_default() {
            match value {
                Value::Scalar(scalar) => match scalar.into_owned() {
                    ScalarValue::Bytes(bytes) => values.push(Visible {
                        bytes,
                        device: device_of(&id),
                    }),
                    _ => unreadable += 1,
                },
                Value::Object(_) => unreadable += 1,
            }
        }
        if unreadable > 0 {
            problems.push(Problem {
                key: key.to_owned(),
                kind: ProblemKind::Malformed,
            });
        }
        (values, unreadable)
    }

    pub(crate) fn register<T>(&self, key: &str, problems: &mut Vec<Problem>) -> Register<T>
    where
        T: DeserializeOwned + PartialEq,
    {
        let (visible, mut unreadable) = self.visible(key, problems);
        let mut read = Vec::with_capacity(visible.len());
        for value in &visible {
            match codec::decode::<Written<T>>(&value.bytes) {
                Some(written) => {
                    check_author(key, &written.stamp, value, problems);
                    read.push((written, value.bytes.as_slice()));
                }
                None => {
                    problems.push(Problem {
                        key: key.to_owned(),
                        kind: ProblemKind::Malformed,
                    });
                    unreadable += 1;
                }
            }
        }
        Register::from_read(read, unreadable)
    }

    /// The items of a set that are present, sorted by key.
    pub(crate) fn items<T>(&self, set: &str, problems: &mut Vec<Problem>) -> Vec<Item<T>>
    where
        T: DeserializeOwned + PartialEq,
    {
        let prefix = key::item(set, "");
        self.keys_under(&prefix)
            .into_iter()
            .map(|key| Item {
                presence: self.register(&key, problems),
                key: key[prefix.len()..].to_owned(),
            })
            .filter(Item::is_present)
            .collect()
    }

    pub(crate) fn event(&self, id: EntryId, problems: &mut Vec<Problem>) -> Vec<Event> {
        let key = key::event(id);
        let (mut visible, _) = self.visible(&key, problems);
        visible.sort_by(|a, b| a.bytes.cmp(&b.bytes));
        let mut events: Vec<Event> = Vec::with_capacity(visible.len());
        for value in &visible {
            let Some(event) = Event::from_stored(id, &value.bytes) else {
                problems.push(Problem {
                    key: key.clone(),
                    kind: ProblemKind::Malformed,
                });
                continue;
            };
            if event.is_malformed() {
                problems.push(Problem {
                    key: key.clone(),
                    kind: ProblemKind::MalformedBody,
                });
            }
            check_author(&key, &event.stamp, value, problems);
            events.push(event);
        }
        events.sort_by_key(|event| event.stamp.at);
        let mut distinct: Vec<Event> = Vec::with_capacity(events.len());
        for event in events {
            if !distinct
                .iter()
                .any(|earlier| same_statement(earlier, &event))
            {
                distinct.push(event);
            }
        }
        distinct
    }

    pub(crate) fn events(&self, problems: &mut Vec<Problem>) -> Vec<Event> {
        let mut events = Vec::new();
        for key in self.keys_under("e/") {
            if let Key::Event(id) = Key::parse(&key) {
                events.extend(self.event(id, problems));
            }
        }
        events.sort_by_key(|event| (event.occurred_at, event.stamp.at, event.id));
        events
    }

    pub(crate) fn conflicts(&self) -> Vec<ConflictRef> {
        let mut conflicts = Vec::new();
        for entry in self
            .document
            .map_range(ROOT, ..)
            .filter(|entry| entry.conflict)
        {
            let key = entry.key.into_owned();
            let ignored = &mut Vec::new();
            let kind = match Key::parse(&key) {
                Key::Event(id) => {
                    (self.event(id, ignored).len() > 1).then_some(ConflictKind::Event)
                }
                Key::Register(_) => self
                    .register::<serde_cbor::Value>(&key, ignored)
                    .is_conflict()
                    .then_some(ConflictKind::Values),
                Key::Item { item, .. } => {
                    let item = Item {
                        presence: self.register::<Presence<serde_cbor::Value>>(&key, ignored),
                        key: item.to_owned(),
                    };
                    match (item.is_conflict(), item.is_clash()) {
                        (_, true) => Some(ConflictKind::Presence),
                        (true, false) => Some(ConflictKind::Values),
                        (false, false) => None,
                    }
                }
                Key::Other => None,
            };
            conflicts.extend(kind.map(|kind| ConflictRef { key, kind }));
        }
        conflicts
    }

    /// Every value ever written to `key`, in causal order (concurrent ones in an order that is the same on every
    /// tablet that has the same changes). Walks the whole history: for the moment somebody asks, not for lists.
    pub(crate) fn history<T: DeserializeOwned>(&mut self, key: &str) -> Vec<T> {
        self.raw_history(key)
            .iter()
            .filter_map(|bytes| codec::decode(bytes))
            .collect()
    }

    pub(crate) fn entry_history(&mut self, id: EntryId) -> Vec<Event> {
        self.raw_history(&key::event(id))
            .iter()
            .filter_map(|bytes| Event::from_stored(id, bytes))
            .collect()
    }

    fn raw_history(&mut self, key: &str) -> Vec<Vec<u8>> {
        self.close_change();
        let mut changes = self.document.get_changes(&[]);
        // By operation counter, then actor: Automerge's own total order, which causality never contradicts.
        changes.sort_by(|a, b| (a.start_op(), a.actor_id()).cmp(&(b.start_op(), b.actor_id())));
        changes
            .iter()
            .flat_map(|change| change.decode().operations)
            .filter(|operation| operation.obj == automerge::legacy::ObjectId::Root)
            .filter(|operation| matches!(&operation.key, automerge::legacy::Key::Map(name) if name == key))
            .filter_map(|operation| match operation.primitive_value()? {
                ScalarValue::Bytes(bytes) => Some(bytes),
                _ => None,
            })
            .collect()
    }

    fn keys_under(&self, prefix: &str) -> Vec<String> {
        // '0' follows '/', with which every prefix ends.
        let end = format!("{}0", prefix.trim_end_matches('/'));
        self.document
            .map_range(ROOT, prefix.to_owned()..end)
            .map(|entry| entry.key.into_owned())
            .collect()
    }
}

impl std::fmt::Debug for Store {
    /// Without content: safe for logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}

/// Two tablets that import one notebook write one entry: who did it, and when, is not what the entry says.
fn same_statement(a: &Event, b: &Event) -> bool {
    a.body == b.body
        && a.occurred_at == b.occurred_at
        && a.corrects == b.corrects
        && a.newer == b.newer
}

fn says_why(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| !reason.trim().is_empty())
}

fn device_of(id: &ObjId) -> String {
    let mut device = String::new();
    if let ObjId::Id(_, actor, _) = id {
        // Writing into a String cannot fail.
        let _ = write_hex(&mut device, actor.to_bytes().get(..16).unwrap_or_default());
    }
    device
}

fn check_author(key: &str, stamp: &Stamp, value: &Visible, problems: &mut Vec<Problem>) {
    if stamp.author.device != value.device {
        problems.push(Problem {
            key: key.to_owned(),
            kind: ProblemKind::AuthorMismatch,
        });
    }
}
