//! Reading the store: registers, sets, events, conflicts, history. Never fails: what cannot be read is reported as a
//! [`Problem`] and stays in the document.

use automerge::{ObjId, ROOT, ReadDoc, ScalarValue, Value};
use serde::de::DeserializeOwned;

use crate::codec;
use crate::document::{ConflictKind, ConflictRef, Problem, ProblemKind};
use crate::event::Event;
use crate::ids::{EntryId, write_hex};
use crate::key::{self, Key};
use crate::register::{Item, Presence, Register, Written};
use crate::stamp::Stamp;
use crate::store::Store;

/// One visible value of a key.
struct Visible {
    bytes: Vec<u8>,
    /// Device id of the tablet whose change carries it.
    device: String,
}

impl Store {
    fn visible(&self, key: &str, problems: &mut Vec<Problem>) -> (Vec<Visible>, usize) {
        let mut values = Vec::new();
        let mut unreadable = 0;
        // A key Automerge cannot look up holds nothing.
        for (value, id) in self.document.get_all(ROOT, key).unwrap_or_default() {
            match value {
                Value::Scalar(scalar) => match scalar.into_owned() {
                    ScalarValue::Bytes(bytes) => values.push(Visible { bytes, device: device_of(&id) }),
                    _ => unreadable += 1,
                },
                Value::Object(_) => unreadable += 1,
            }
        }
        if unreadable > 0 {
            problems.push(Problem { key: key.to_owned(), kind: ProblemKind::Malformed });
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
                    problems.push(Problem { key: key.to_owned(), kind: ProblemKind::Malformed });
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
            .map(|key| Item { presence: self.register(&key, problems), key: key[prefix.len()..].to_owned() })
            .filter(Item::is_present)
            .collect()
    }

    pub(crate) fn event(&self, id: EntryId, problems: &mut Vec<Problem>) -> Vec<Event> {
        let key = key::event(id);
        let (mut visible, _) = self.visible(&key, problems);
        visible.sort_by(|a, b| a.bytes.cmp(&b.bytes));
        let mut events: Vec<Event> = Vec::with_capacity(visible.len());
        for value in &visible {
            let Some((event, malformed_body)) = Event::from_stored(id, &value.bytes) else {
                problems.push(Problem { key: key.clone(), kind: ProblemKind::Malformed });
                continue;
            };
            if malformed_body {
                problems.push(Problem { key: key.clone(), kind: ProblemKind::MalformedBody });
            }
            check_author(&key, &event.stamp, value, problems);
            events.push(event);
        }
        events.sort_by_key(|event| event.stamp.at);
        let mut distinct: Vec<Event> = Vec::with_capacity(events.len());
        for event in events {
            if !distinct.iter().any(|earlier| same_statement(earlier, &event)) {
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
        for entry in self.document.map_range(ROOT, ..).filter(|entry| entry.conflict) {
            let key = entry.key.into_owned();
            let ignored = &mut Vec::new();
            let kind = match Key::parse(&key) {
                Key::Event(id) => (self.event(id, ignored).len() > 1).then_some(ConflictKind::Event),
                Key::Register(_) => {
                    self.register::<serde_cbor::Value>(&key, ignored).is_conflict().then_some(ConflictKind::Values)
                }
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
        self.raw_history(key).iter().filter_map(|bytes| codec::decode(bytes)).collect()
    }

    pub(crate) fn entry_history(&mut self, id: EntryId) -> Vec<Event> {
        self.raw_history(&key::event(id)).iter().filter_map(|bytes| Some(Event::from_stored(id, bytes)?.0)).collect()
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
        self.document.map_range(ROOT, prefix.to_owned()..end).map(|entry| entry.key.into_owned()).collect()
    }
}

/// Two tablets that import one notebook write one entry: who did it, and when, is not what the entry says.
pub(crate) fn same_statement(a: &Event, b: &Event) -> bool {
    a.body == b.body
        && a.occurred_at == b.occurred_at
        && a.corrects == b.corrects
        && a.reason == b.reason
        && a.newer == b.newer
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
        problems.push(Problem { key: key.to_owned(), kind: ProblemKind::AuthorMismatch });
    }
}
