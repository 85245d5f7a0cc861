//! Writing changes again under another actor: for a tablet that finds that another store goes on under its name.
//!
//! Two different changes with one number of one actor can never be in one document. So whoever finds out takes its changes that nobody
//! else has out of the document and writes them again as somebody new: the same operations, after the same changes, over the same
//! values. What was concurrent stays concurrent, so conflicts come out as if there had been two tablets all along.

use std::collections::{BTreeMap, BTreeSet};

use automerge::legacy::OpType;
use automerge::{ActorId, Change, ChangeHash, ROOT, ReadDoc, ScalarValue, Value, legacy};

use super::Store;
use crate::chunks::{self, guarded};
use crate::document::DocumentError;
use crate::ids::Actor;

/// What a change that is written again refers to, under its old names and its new ones.
#[derive(Default)]
struct Renamed {
    changes: BTreeMap<ChangeHash, ChangeHash>,
    /// Writer, first and last counter of operations that have a new writer.
    operations: Vec<(ActorId, u64, u64)>,
}

impl Store {
    pub(crate) fn rewrite(&mut self, changes: &[Vec<u8>], actor: Actor) -> Result<Vec<Vec<u8>>, DocumentError> {
        self.close_change();
        let mut named = Vec::with_capacity(changes.len());
        for bytes in changes {
            match chunks::decode(bytes)?.as_slice() {
                [change] => named.push(change.hash()),
                _ => return Err(DocumentError::Damaged("not one change")),
            }
        }
        let (fresh, rewritten) = guarded(|| self.rewritten(&named.iter().copied().collect(), actor))?;
        let new = |(old, hash): (&Vec<u8>, &ChangeHash)| rewritten.get(hash).unwrap_or(old).clone();
        let bytes = changes.iter().zip(&named).map(new).collect();
        *self = fresh;
        Ok(bytes)
    }

    pub(crate) fn write_again(&mut self, changes: &[Vec<u8>]) -> Result<(), DocumentError> {
        let read = changes.iter().map(|bytes| chunks::decode(bytes)).collect::<Result<Vec<_>, _>>()?;
        for operation in read.iter().flatten().flat_map(|change| change.decode().operations) {
            // A tablet writes nothing else.
            let (legacy::Key::Map(key), OpType::Put(ScalarValue::Bytes(bytes))) = (operation.key, operation.action)
            else {
                continue;
            };
            let values = self.document.get_all(ROOT, key.as_str()).unwrap_or_default();
            let here = |(value, _): &(Value<'_>, _)| value.as_bytes() == Some(&bytes[..]);
            if !matches!(values.as_slice(), [one] if here(one)) {
                self.put(key.to_string(), bytes);
            }
        }
        Ok(())
    }

    fn rewritten(
        &mut self,
        named: &BTreeSet<ChangeHash>,
        actor: Actor,
    ) -> Result<(Store, BTreeMap<ChangeHash, Vec<u8>>), DocumentError> {
        // In causal order.
        let all = self.document.get_changes(&[]);
        let mut leaving = named.clone();
        for stays in self.waiting.values().chain(all.iter().rev()) {
            if !leaving.contains(&stays.hash()) {
                // Somebody has followed it: it is known elsewhere and stays.
                leaving.retain(|hash| !stays.deps().contains(hash));
            }
        }
        let writer = ActorId::from(actor.as_bytes().as_slice());
        let mut seq = all.iter().filter(|change| *change.actor_id() == writer).map(Change::seq).max().unwrap_or(0);
        let mut renamed = Renamed::default();
        let mut rewritten = BTreeMap::new();
        let mut content = Vec::with_capacity(all.len());
        for change in all {
            if !leaving.contains(&change.hash()) {
                content.push(change);
                continue;
            }
            seq += 1;
            let again = renamed.write(&change, &writer, seq)?;
            rewritten.insert(change.hash(), again.raw_bytes().to_vec());
            content.push(again);
        }
        content.extend(self.waiting.values().cloned());
        let mut fresh = Store::new(actor);
        fresh.merge(content)?;
        Ok((fresh, rewritten))
    }
}

impl Renamed {
    fn write(&mut self, change: &Change, writer: &ActorId, seq: u64) -> Result<Change, DocumentError> {
        let mut parts = change.decode();
        for operation in &mut parts.operations {
            if operation.obj != legacy::ObjectId::Root || !operation.key.is_map_key() {
                return Err(DocumentError::Damaged("an operation outside the root map"));
            }
            let followed = operation.pred.iter().map(|id| self.operation(id, writer)).collect::<Vec<_>>();
            operation.pred = followed.into();
        }
        parts.deps = parts.deps.iter().map(|hash| *self.changes.get(hash).unwrap_or(hash)).collect();
        parts.deps.sort_unstable();
        parts.actor_id = writer.clone();
        parts.seq = seq;
        parts.hash = None;
        let again = Change::from(parts);
        self.changes.insert(change.hash(), again.hash());
        self.operations.push((change.actor_id().clone(), change.start_op().get(), change.max_op()));
        Ok(again)
    }

    fn operation(&self, id: &legacy::OpId, writer: &ActorId) -> legacy::OpId {
        let moved =
            |(old, first, last): &(ActorId, u64, u64)| old == id.actor() && (*first..=*last).contains(&id.counter());
        if self.operations.iter().any(moved) { legacy::OpId::new(id.counter(), writer) } else { id.clone() }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Actor, Allergy, Author, Card, Document, DocumentError, Identity, Profession, Stamp, Timestamp, actors_of,
    };

    const DEVICE: [u8; 16] = [7; 16];

    fn stamp() -> Stamp {
        let author = Author {
            member: "00".repeat(16),
            name: "甲".into(),
            profession: Profession::Nurse,
            facility: "事業所".into(),
            device: "07".repeat(16),
            newer: Default::default(),
        };
        Stamp { author, at: Timestamp(1), clock_offset_ms: None, newer: Default::default() }
    }

    fn named(card: &mut Card, name: &str) {
        card.set_identity(Identity { name: name.into(), ..Identity::default() }, &stamp(), None).unwrap();
        card.save();
    }

    #[test]
    fn a_clone_that_writes_again_as_somebody_new_can_be_merged() {
        let (first, second) = (Actor::of(DEVICE, 1), Actor::of(DEVICE, 2));
        let mut one = Card::new(first);
        named(&mut one, "佐藤");
        let base = one.take_changes();
        let mut clone = Card::load(first, &one.save()).unwrap();
        // Each goes on under the same name, twice: the second write is over the first.
        named(&mut one, "甲");
        let theirs = one.take_changes();
        named(&mut clone, "乙");
        named(&mut clone, "丙");
        let allergy = Allergy { substance: "卵".into(), ..Allergy::default() };
        clone.add_allergy("卵", allergy, &stamp(), None).unwrap();
        let own = clone.take_changes();
        assert_eq!(own.len(), 3);
        assert_eq!(clone.apply(&theirs.concat()), Err(DocumentError::ForkedActor));

        let before = clone.view();
        let again = clone.rewrite(&own, second).unwrap();
        assert_eq!(clone.view(), before, "the content is as it was");
        assert_eq!(actors_of(&again.concat()).unwrap(), [second].into());
        clone.apply(&theirs.concat()).unwrap();
        one.apply_from(DEVICE, &again.concat()).unwrap();
        let mut third = Card::new(Actor::of([9; 16], 1));
        third.apply(&[again.concat(), theirs.concat(), base.concat()].concat()).unwrap();
        assert_eq!(third.waiting(), 0);
        for card in [&one, &clone, &third] {
            let mut names: Vec<String> = card.identity().values.into_iter().map(|name| name.value.name).collect();
            names.sort();
            assert_eq!(names, ["丙", "甲"], "both, and only the last of each");
            assert_eq!(card.allergies().len(), 1);
            assert!(card.view().problems.is_empty());
        }
        // What is written from now on follows, and a snapshot of it opens.
        named(&mut clone, "丁");
        one.apply(&clone.take_changes().concat()).unwrap();
        assert_eq!(one.identity().settled().map(|name| name.value.name.as_str()), Some("丁"));
        assert_eq!(Card::load(second, &clone.save()).unwrap().view(), clone.view());
    }

    #[test]
    fn what_others_have_followed_stays() {
        let (first, second) = (Actor::of(DEVICE, 1), Actor::of(DEVICE, 2));
        let mut one = Card::new(first);
        named(&mut one, "佐藤");
        let known = one.take_changes();
        let mut other = Card::new(Actor::of([9; 16], 1));
        other.apply(&known.concat()).unwrap();
        named(&mut other, "鈴木");
        one.apply(&other.take_changes().concat()).unwrap();
        named(&mut one, "高橋");
        let own = one.take_changes();
        let all = [known.clone(), own.clone()].concat();
        let again = one.rewrite(&all, second).unwrap();
        assert_eq!(again[0], known[0]);
        assert_ne!(again[1], own[0]);
        other.apply(&again.concat()).unwrap();
        assert_eq!(other.view(), one.view());
    }
}
