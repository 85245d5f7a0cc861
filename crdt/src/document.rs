//! What cards and volumes have in common: loading, saving, exchanging changes, and what can go wrong.

use serde::{Deserialize, Serialize};

use crate::chunks;
use crate::codec::MAX_VALUE;
use crate::event::Event;
use crate::ids::{Actor, EntryId};
use crate::key::Key;
use crate::store::Stored;

/// A document that tablets edit apart from each other and merge: [`crate::Card`] or [`crate::Volume`].
///
/// Edits are visible at once and become one Automerge change when the document is saved, applies changes, or gives its
/// changes away ([`Document::take_local`]); until then [`Document::rollback`] undoes them.
pub trait Document: Stored + Sized {
    /// An empty document that will be written to as `actor`.
    fn new(actor: Actor) -> Self;

    /// Opens a snapshot made by [`Document::save`]. Damaged bytes are an error, never a panic.
    fn load(actor: Actor, snapshot: &[u8]) -> Result<Self, DocumentError>;

    /// The whole document as bytes, with the changes that still wait for others.
    fn save(&mut self) -> Vec<u8> {
        self.store_mut().save()
    }

    /// The whole document with its history as one chunk, for [`Document::begin`] or [`Document::apply`] somewhere else. Nothing in it is
    /// deflated: it is compressed as a whole. Without the changes that wait for others.
    fn whole(&mut self) -> Vec<u8> {
        self.store_mut().whole()
    }

    /// Opens what [`Document::whole`] gave somewhere else. For a document that is empty here: as applying it, in a tenth of the time.
    fn begin(actor: Actor, whole: &[u8]) -> Result<Self, DocumentError> {
        chunks::check_whole(whole)?;
        let mut document = Self::load(actor, whole)?;
        document.store_mut().check_history()?;
        Ok(document)
    }

    /// Nothing was ever written in it, and nothing waits.
    fn is_empty(&self) -> bool {
        self.store().is_empty()
    }

    /// Keys of the root map, sorted; read with [`Key::parse`].
    fn keys(&self) -> Vec<String> {
        self.store().keys()
    }

    /// Merges changes: concatenated Automerge chunks (changes, bundles, snapshots), in any order, any number of times.
    /// All or nothing: on error the document is as before.
    fn apply(&mut self, changes: &[u8]) -> Result<Applied, DocumentError> {
        self.store_mut().apply(changes, None)
    }

    /// As [`Document::apply`], but refuses the input when a change in it was not written by `device`: what a tablet
    /// seals as its own must be its own.
    fn apply_from(&mut self, device: [u8; 16], changes: &[u8]) -> Result<Applied, DocumentError> {
        self.store_mut().apply(changes, Some(device))
    }

    /// As [`Document::apply_from`] for each of `inputs` (device, changes), merged at once: what costs is the merge, not the changes.
    fn apply_all(&mut self, inputs: &[([u8; 16], &[u8])]) -> Result<Applied, DocumentError> {
        self.store_mut().apply_all(inputs)
    }

    /// The changes made by local edits since the last call, each one Automerge change.
    fn take_changes(&mut self) -> Vec<Vec<u8>> {
        self.take_local().changes
    }

    /// As [`Document::take_changes`], with the keys those edits wrote.
    fn take_local(&mut self) -> LocalEdits {
        self.store_mut().take_local()
    }

    /// Undoes the edits that are not yet part of a change.
    fn rollback(&mut self) {
        self.store_mut().rollback();
    }

    /// Several changes of this document as one compact input for [`Document::apply`].
    ///
    /// Fails when one of them is not in this document.
    fn bundle(&mut self, changes: &[Vec<u8>]) -> Result<Vec<u8>, DocumentError> {
        self.store_mut().bundle(changes)
    }

    /// Writes these changes, each one of [`Document::take_changes`], again as `actor`, who has to be new and is who writes from now on:
    /// for a tablet that finds that another store goes on under its name. Returns what takes the place of each, in the
    /// same order; a change that somebody else has followed, or that is not in the document, stays as it is.
    fn rewrite(&mut self, changes: &[Vec<u8>], actor: Actor) -> Result<Vec<Vec<u8>>, DocumentError> {
        self.store_mut().rewrite(changes, actor)
    }

    /// The changes of `device` in this document or waiting for others, oldest first, that are not among `accounted` (inputs for [`Document::apply`]; what
    /// cannot be read of them accounts for nothing): for a tablet that lost its notes of what is still to be sent.
    fn unaccounted(&mut self, device: [u8; 16], accounted: &[Vec<u8>]) -> Vec<Vec<u8>> {
        self.store_mut().unaccounted(device, accounted)
    }

    /// Every change of this document, oldest first, each an input for [`Document::apply`]. Not those that wait for others.
    fn all_changes(&mut self) -> Vec<Vec<u8>> {
        self.store_mut().all_changes()
    }

    /// Writes what these changes wrote once more, as edits made here and now: for a tablet that had built on what turned out to be
    /// invented. What is here already is not written again.
    fn write_again(&mut self, changes: &[Vec<u8>]) -> Result<(), DocumentError> {
        self.store_mut().write_again(changes)
    }

    /// The places that hold concurrent values which somebody has to resolve.
    fn conflicts(&self) -> Vec<ConflictRef> {
        self.store().conflicts()
    }

    /// How many changes wait for others that have not arrived.
    fn waiting(&self) -> usize {
        self.store().waiting()
    }

    /// Writes a new event, once. Recording the same event again does nothing.
    ///
    /// Refused: another content under an id that exists, and a correction without a reason.
    fn record(&mut self, event: Event) -> Result<EntryId, DocumentError> {
        self.store_mut().record(&event)
    }

    /// Every event, ordered by when it happened (then by when it was recorded, then by id). If two tablets wrote
    /// different content under one id, both are there.
    fn events(&self) -> Vec<Event> {
        self.store().events(&mut Vec::new())
    }

    /// The event of that id. The first, should there be more.
    fn event(&self, id: EntryId) -> Option<Event> {
        self.store().event(id, &mut Vec::new()).into_iter().next()
    }
}

/// What [`Document::apply`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Keys of the root map the new changes wrote, sorted; read with [`Key::parse`].
    pub changed_keys: Vec<String>,
    /// Changes that were new and are now part of the document, also those that had waited.
    pub new_changes: usize,
    /// Changes that wait for others which have not arrived, in the whole document.
    pub waiting: usize,
    /// Rules the new changes broke.
    pub problems: Vec<Problem>,
}

impl Applied {
    /// As if both inputs had been one.
    pub(crate) fn add(&mut self, more: Applied) {
        self.changed_keys.extend(more.changed_keys);
        self.changed_keys.sort_unstable();
        self.changed_keys.dedup();
        self.new_changes += more.new_changes;
        self.waiting = more.waiting;
        self.problems.extend(more.problems);
    }
}

/// What local edits left to send, see [`Document::take_local`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalEdits {
    /// The changes, oldest first.
    pub changes: Vec<Vec<u8>>,
    /// Keys of the root map they wrote, sorted.
    pub changed_keys: Vec<String>,
}

/// A place that holds concurrent values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConflictRef {
    /// Key of the root map; read with [`Key::parse`]. May name a substance or a person: not for logs.
    pub key: String,
    /// What kind of conflict.
    pub kind: ConflictKind,
}

/// Kinds of conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConflictKind {
    /// A register, or an item of a set, holds different values.
    Values,
    /// An item was removed while somebody else wrote it. It stays.
    Presence,
    /// Different contents under one entry id. Never the work of a correct tablet.
    Event,
}

/// Something that was read around. Nothing is lost: the bytes stay in the document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// Key of the root map. May name a substance or a person: not for logs.
    pub key: String,
    /// What is wrong.
    pub kind: ProblemKind,
}

impl std::fmt::Display for Problem {
    /// Without the item: safe for logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match Key::parse(&self.key) {
            Key::Event(id) => write!(f, "entry {id}: {}", self.kind),
            Key::Register(_) => write!(f, "a register: {}", self.kind),
            Key::Item { .. } => write!(f, "an item of a set: {}", self.kind),
            Key::Other => write!(f, "an unknown place: {}", self.kind),
        }
    }
}

/// Kinds of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The stored value is not what this version expects at that key.
    #[error("a value that cannot be read was skipped")]
    Malformed,
    /// The event's envelope was read, its body was not; the event is [`crate::EventBody::Unknown`].
    #[error("the content of the entry cannot be read")]
    MalformedBody,
    /// The author's device is not the one whose change carried the value.
    #[error("the author named is not the tablet that wrote it")]
    AuthorMismatch,
    /// An event was overwritten or deleted; events are write-once. Earlier content: `entry_history`.
    #[error("an entry was overwritten; what it said before is in its history")]
    Overwritten,
    /// A change that had waited for others turned out to be unsound when they arrived, and was dropped. The key is
    /// empty.
    #[error("a change that had waited was unsound and was dropped")]
    ChangeRefused,
}

/// Why a document could not be read or edited. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The bytes are not what a tablet wrote.
    #[error("the bytes are damaged ({0}); fetch them again from a relay or another tablet")]
    Damaged(&'static str),
    /// The input is larger than is ever sent.
    #[error("{bytes} bytes of changes at once are more than {limit}; apply them in parts")]
    TooManyBytes {
        /// Size of the input.
        bytes: usize,
        /// Largest accepted.
        limit: usize,
    },
    /// Two different changes carry one number of one actor.
    #[error("two tablets write under one incarnation; the restored or cloned one needs a new incarnation")]
    ForkedActor,
    /// A change was not written by the device it came from.
    #[error("the input holds changes of another tablet than its sender; set it aside and report the sender")]
    ForeignChange,
    /// A change to bundle is not in the document.
    #[error("a change is not part of this document; bundle changes with the document they were made in")]
    UnknownChange,
    /// The value is over [`MAX_VALUE`].
    #[error("the entry takes {bytes} bytes, more than {limit}; shorten it or record it in parts")]
    ValueTooLarge {
        /// Encoded size.
        bytes: usize,
        /// [`MAX_VALUE`]
        limit: usize,
    },
    /// The value cannot be expressed in CBOR.
    #[error("the value cannot be stored; leave out fields taken from foreign data")]
    Unencodable,
    /// The edit changes something that may not change without a reason.
    #[error("say why: this change needs a reason")]
    ReasonMissing,
    /// The entry id is taken by another content.
    #[error("entry {0} exists with another content; record a correction under a new id")]
    EntryExists(EntryId),
    /// The item is not in the set.
    #[error("there is no such item to remove; read the list again")]
    NoSuchItem,
    /// The item key cannot be used.
    #[error("the item key is empty, too long or holds control characters; build it with item_key")]
    BadItemKey,
}

// The limit on one value leaves room in one record for its envelope; see `docs/decisions/0002-atomic-values-flat-root.md`.
const _: () = assert!(MAX_VALUE <= 32 * 1024);
