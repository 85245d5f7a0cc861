//! Documents of newer versions: what is not understood is neither lost nor hidden, and never a panic.

mod support;

use std::collections::BTreeMap;

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ObjType, ROOT, ReadDoc, ScalarValue};
use proptest::prelude::*;
use serde::Serialize;
use serde_cbor::Value;
use support::*;
use tendenko_crdt::*;

/// The same document in the hands of another program, which writes what it likes.
fn foreign(card: &mut Card) -> AutoCommit {
    let actor = Actor::of([9; 16], 1);
    AutoCommit::load(&card.save()).unwrap().with_actor(ActorId::from(actor.as_bytes().as_slice()))
}

fn put(document: &mut AutoCommit, key: &str, value: &impl Serialize) {
    let bytes = serde_cbor::to_vec(value).unwrap();
    document.put(ROOT, key, ScalarValue::Bytes(bytes)).unwrap();
}

fn map(value: &impl Serialize) -> BTreeMap<Value, Value> {
    match serde_cbor::value::to_value(value).unwrap() {
        Value::Map(map) => map,
        other => panic!("not a map: {other:?}"),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn written(value: Value) -> BTreeMap<Value, Value> {
    let mut written = BTreeMap::new();
    written.insert(text("value"), value);
    written.insert(text("stamp"), Value::Map(map(&stamp(9, 1))));
    written
}

#[test]
fn unknown_fields_survive_reading_editing_and_writing() {
    let mut card = Card::new(actor(0));
    let mut newer = foreign(&mut card);
    let mut future = map(&medicine("薬", "1"));
    future.insert(text("crushed"), Value::Bool(true));
    future.insert(text("timings"), Value::Array(vec![text("morning"), text("before-dialysis")]));
    let mut drug = map(&Drug { name: "薬".into(), ..Drug::default() });
    drug.insert(text("biosimilar"), Value::Array(vec![Value::Integer(-3), Value::Bytes(vec![1])]));
    future.insert(text("drug"), Value::Map(drug));
    let present = Value::Map(BTreeMap::from([(text("present"), Value::Map(future))]));
    put(&mut newer, "s/medicine/薬", &written(present));
    card.apply(&newer.save()).unwrap();

    let mut medicine = card.medicine("薬").any().cloned().expect("readable");
    assert_eq!(medicine.timings, [Timing::Morning, Timing::Other("before-dialysis".into())]);
    assert_eq!(medicine.newer.names().collect::<Vec<_>>(), ["crushed"]);
    medicine.amount = "2".into();
    card.put_medicine("薬", medicine, &stamp(0, 2), Some("増量")).unwrap();

    let document = AutoCommit::load(&card.save()).unwrap();
    let (value, _) = document.get(ROOT, "s/medicine/薬").unwrap().unwrap();
    let stored: Value = serde_cbor::from_slice(&value.into_bytes().unwrap()).unwrap();
    let stored = format!("{stored:?}");
    for kept in ["crushed", "before-dialysis", "biosimilar", "Integer(-3)", "Text(\"2\")"] {
        assert!(stored.contains(kept), "{kept} in {stored}");
    }
}

#[test]
fn unknown_kinds_of_events_are_shown_and_unknown_places_left_alone() {
    let mut card = Card::new(actor(0));
    let mut newer = foreign(&mut card);
    let id = EntryId::new([3; 16]);
    let mut entry = BTreeMap::new();
    entry.insert(text("kind"), text("conference"));
    entry.insert(text("stamp"), Value::Map(map(&stamp(9, 1))));
    entry.insert(text("occurred_at"), Value::Integer(5));
    entry.insert(text("body"), Value::Array(vec![text("退院時カンファレンス")]));
    entry.insert(text("minutes"), Value::Integer(40));
    put(&mut newer, &format!("e/{id}"), &entry);
    put(&mut newer, "r/team-goal", &written(text("自宅で過ごす")));
    put(&mut newer, "q/future", &1);
    newer.put_object(ROOT, "discussion", ObjType::Text).unwrap();
    card.apply(&newer.save()).unwrap();

    let event = card.event(id).expect("shown");
    assert_eq!(event.body.kind(), "conference");
    assert_eq!(event.newer.names().collect::<Vec<_>>(), ["minutes"]);
    assert_eq!(card.view().problems, []);

    // Recorded again elsewhere, as it was read, it is the same event.
    let mut other = Card::new(actor(1));
    let mut copy = event.clone();
    copy.stamp = stamp(1, 1);
    other.record(copy).unwrap();
    exchange(&mut card, &mut other);
    assert_eq!(other.events(), [event]);
    assert_eq!(other.conflicts(), []);
    let document = AutoCommit::load(&other.save()).unwrap();
    for key in ["r/team-goal", "q/future", "discussion"] {
        assert!(document.get(ROOT, key).unwrap().is_some(), "{key}");
    }
}

#[test]
fn conflicts_in_places_this_version_does_not_know_are_still_conflicts() {
    let mut card = Card::new(actor(0));
    let mut a = foreign(&mut card);
    let mut b = foreign(&mut card).with_actor(ActorId::from(Actor::of([8; 16], 1).as_bytes().as_slice()));
    put(&mut a, "r/team-goal", &written(text("自宅で過ごす")));
    put(&mut b, "r/team-goal", &written(text("施設へ")));
    card.apply(&a.save()).unwrap();
    card.apply(&b.save()).unwrap();
    assert_eq!(card.conflicts(), [ConflictRef { key: "r/team-goal".into(), kind: ConflictKind::Values }]);
}

#[test]
fn unreadable_values_are_reported_count_as_conflict_and_are_not_overwritten_without_a_reason() {
    let mut card = Card::new(actor(0));
    let mut newer = foreign(&mut card);
    card.set_wishes(wishes(true, ""), &stamp(0, 1), None).unwrap();
    put(&mut newer, "r/wishes", &written(text("another shape")));
    put(&mut newer, "r/identity", &written(Value::Null));
    newer.put(ROOT, "s/allergy/えび", 7).unwrap();
    newer.put_object(ROOT, "s/medicine/薬", ObjType::List).unwrap();
    let id = EntryId::new([4; 16]);
    put(&mut newer, &format!("e/{id}"), &"not an event");
    card.apply(&newer.save()).unwrap();

    let view = card.view();
    assert!(view.wishes.is_conflict() && view.wishes.settled().is_none());
    assert_eq!(view.conflicts[0].key, "r/wishes");
    assert_eq!(view.allergies.len(), 1, "something about shrimps is known: it must not look like nothing");
    assert_eq!(view.medicines.len(), 1);
    let problems: Vec<&str> = view.problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(problems, [&format!("e/{id}"), "r/identity", "r/wishes", "s/allergy/えび", "s/medicine/薬"]);
    assert_eq!(card.set_identity(Identity::default(), &stamp(0, 2), None), Err(DocumentError::ReasonMissing));
    assert_eq!(card.set_identity(Identity::default(), &stamp(0, 2), Some("本人確認")), Ok(true));
}

#[test]
fn a_known_kind_with_an_unreadable_body_is_shown_as_unknown_and_reported() {
    let mut card = Card::new(actor(0));
    let mut newer = foreign(&mut card);
    let id = EntryId::new([5; 16]);
    let mut entry = map(&event(id, stamp(9, 1), note("x")));
    entry.remove(&text("id"));
    entry.insert(text("kind"), text("hand-over"));
    entry.insert(text("body"), Value::Integer(1));
    put(&mut newer, &format!("e/{id}"), &entry);
    card.apply(&newer.save()).unwrap();
    let view = card.view();
    assert_eq!(view.events[0].body, EventBody::Unknown { kind: "hand-over".into(), raw: Value::Integer(1) });
    assert_eq!(view.problems, [Problem { key: format!("e/{id}"), kind: ProblemKind::MalformedBody }]);
}

#[test]
fn overwriting_or_deleting_an_entry_is_reported_and_its_text_recoverable() {
    let mut card = Card::new(actor(0));
    let id = EntryId::new([6; 16]);
    card.record(event(id, stamp(0, 1), note("前"))).unwrap();
    let key = format!("e/{id}");
    for delete in [false, true] {
        let mut hostile = foreign(&mut card);
        if delete {
            hostile.delete(ROOT, key.as_str()).unwrap();
        } else {
            put(&mut hostile, &key, &"");
        }
        let mut victim = card.clone();
        let applied = victim.apply(&hostile.save()).unwrap();
        assert_eq!(applied.problems, [Problem { key: key.clone(), kind: ProblemKind::Overwritten }]);
        let [before] = victim.entry_history(id).try_into().expect("the entry as it was");
        assert_eq!(before.body, note("前"));
    }
}

proptest! {
    #![proptest_config(support::cases(128))]

    #[test]
    fn no_stored_value_can_make_reading_fail(
        values in prop::collection::vec((0..8usize, prop::collection::vec(any::<u8>(), 0..64), any::<bool>()), 1..12),
    ) {
        let mut card = Card::new(actor(0));
        card.set_wishes(wishes(true, ""), &stamp(0, 1), None).unwrap();
        let mut newer = foreign(&mut card);
        let whole = serde_cbor::to_vec(&written(Value::Map(map(&wishes(false, "x"))))).unwrap();
        for (place, bytes, splice) in values {
            let key = ["r/wishes", "r/identity", "s/allergy/a", "s/medicine/b", "e/00", "e/00000000000000000000000000000000", "x", "s//"][place];
            let mut value = bytes;
            if splice {
                let at = value.first().map_or(0, |&byte| usize::from(byte) % whole.len());
                value = [&whole[..at], &value, &whole[at..]].concat();
            }
            newer.put(ROOT, key, ScalarValue::Bytes(value)).unwrap();
        }
        card.apply(&newer.save()).unwrap();
        let view = card.view();
        prop_assert_eq!(Card::load(actor(0), &card.save()).unwrap().view(), view);
    }
}
