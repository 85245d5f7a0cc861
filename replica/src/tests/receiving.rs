use proptest::prelude::*;
use tendenko_protocol::document::{DocumentId, LogId};
use tendenko_protocol::ids::{ArrivalNo, LogSeq, RecordHash, RelayId, RelayIncarnation};
use tendenko_protocol::keys::EpochKey;
use tendenko_protocol::messages::Cursor;
use tendenko_protocol::record::{Draft, Header, Kind, SealedRecord};

use super::*;
use crate::receive::Door;
use crate::store::{logs, records, statements};

fn suspects(tablet: &Tablet) -> Vec<DocumentId> {
    records::suspects(&tablet.reader()).unwrap()
}

fn is_record(item: &Item) -> bool {
    matches!(item, Item::Record(_))
}

#[test]
fn records_wait_for_their_key_and_are_applied_when_it_comes() {
    let region = TestRegion::new();
    let (a, b) = (region.tablet("甲"), region.tablet("乙"));
    introduce(&[&a, &b]);
    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    a.note(patient, "先に");
    b.receive(a.departing());
    assert!(b.patient(patient).is_err());
    assert_eq!(b.troubles().unwrap().waiting_for_key, 2);
    for scope in Scope::ALL {
        a.grant(patient, scope, b.device_id(), "同意書").unwrap();
    }
    b.receive(a.departing());
    assert_eq!(b.troubles().unwrap().waiting_for_key, 0);
    assert_eq!(b.texts(patient), ["先に"]);
    assert_eq!(b.models(), a.models());
    let owed = statements::owed_backfills(&b.reader()).unwrap();
    assert_eq!(owed.len(), 2, "older records are asked for");
    b.backfilled(patient, Scope::Card).unwrap();
    assert_eq!(statements::owed_backfills(&b.reader()).unwrap(), [(patient, Scope::Chart)]);
}

/// What makes the grant hold lies further back, and comes with what is filled in; what was refused before is not sent again.
#[test]
fn a_record_that_comes_too_early_for_a_grant_is_compared_later() {
    let region = TestRegion::new();
    let (a, b, c) = (region.tablet("甲"), region.tablet("乙"), region.tablet("丙"));
    introduce(&[&a, &b, &c]);
    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    for scope in Scope::ALL {
        a.grant(patient, scope, b.device_id(), "同意書").unwrap();
    }
    let of_a = a.departing();
    b.receive(of_a.clone());
    for scope in Scope::ALL {
        b.grant(patient, scope, c.device_id(), "同意書").unwrap();
    }
    let (records, grants): (Vec<_>, Vec<_>) = of_a.into_iter().partition(is_record);
    c.receive(records.clone());
    assert_eq!(suspects(&c), [], "of nobody knows whom");
    c.receive(b.departing());
    c.receive(records.clone());
    let documents: Vec<_> =
        records.iter().filter_map(|record| Header::of(record.bytes())).map(|it| it.document).collect();
    assert!(!documents.is_empty() && suspects(&c) == documents);
    assert_eq!(c.patient(patient).err().map(drop), Some(()), "its grant does not hold yet");
    c.backfilled(patient, Scope::Card).unwrap();
    assert_eq!(c.still_owed().unwrap().len(), 2, "nothing is filled in before it does");
    c.receive(grants);
    c.receive(records);
    assert_eq!(c.models(), a.models());
    c.backfilled(patient, Scope::Card).unwrap();
    assert_eq!(c.still_owed().unwrap().len(), 1);
}

/// What a courier file brought of a scope is not asked for again.
#[test]
fn what_is_stored_of_a_scope_that_a_courier_file_opened_is_said() {
    let region = TestRegion::new();
    let (a, b) = (region.tablet("甲"), region.tablet("乙"));
    introduce(&[&a, &b]);
    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    for scope in Scope::ALL {
        a.grant(patient, scope, b.device_id(), "同意書").unwrap();
    }
    b.take_batch(a.departing(), None, Door::Courier).unwrap();
    let owed = b.still_owed().unwrap();
    assert_eq!(owed, Scope::ALL.map(|scope| (patient, scope)));
    let held = b.owed(owed).unwrap();
    let documents: Vec<_> = held.iter().flat_map(|scope| &scope.has).map(|(document, _)| *document).collect();
    assert_eq!(documents, [DocumentId::card(patient)]);
    assert_eq!(held[0].has[0].1, logs::vector(&a.reader(), documents[0]).unwrap());
}

#[test]
fn a_damaged_payload_is_kept_counted_and_stops_nothing() {
    let (a, b, patient) = pair();
    a.seal_all().unwrap();
    // A record that is properly signed by a granted device and says nonsense.
    let document = DocumentId::chart(patient, 2026);
    let (id, secret) = statements::sealing_key(&a.reader(), patient, Scope::Chart).unwrap().unwrap();
    let key = EpochKey::from_secret_bytes(id, &secret).unwrap();
    let draft = Draft {
        document,
        incarnation: a.incarnation(),
        seq: LogSeq(1),
        prev: RecordHash::ZERO,
        kind: Kind::Changes,
        count: 1,
    };
    let nonsense = SealedRecord::seal(&a.rng, &a.keys, &key, draft, b"nonsense").unwrap();
    let cursor = Cursor {
        relay: RelayId([1; 16]),
        incarnation: RelayIncarnation(1),
        after: ArrivalNo(7),
        charts: ArrivalNo(7),
        acked: ArrivalNo(0),
    };
    b.store_batch(vec![Item::Record(nonsense.bytes().to_vec())], Some(cursor)).unwrap();
    assert_eq!(b.troubles().unwrap().unreadable, 1);
    // The next one of the same log is taken: the chain goes on.
    let draft = Draft { seq: LogSeq(2), prev: nonsense.hash(), ..draft };
    let more = SealedRecord::seal(&a.rng, &a.keys, &key, draft, b"more nonsense").unwrap();
    b.receive(vec![Item::Record(more.bytes().to_vec())]);
    assert_eq!(b.troubles().unwrap().unreadable, 2);
    let vector = logs::vector(&b.reader(), document).unwrap();
    assert_eq!(vector.get(a.device_id(), a.incarnation()), LogSeq(2));
    assert_eq!(b.session_config(RelayId([1; 16])).unwrap().cursor, Some(cursor));
    assert_eq!(b.session_config(RelayId([2; 16])).unwrap().cursor, Some(cursor), "the relay last heard");
}

#[test]
fn one_bad_record_keeps_no_good_one_of_its_batch_out() {
    let (a, b, patient) = pair();
    a.note(patient, "甲の一");
    b.receive(a.departing());
    b.note(patient, "乙の一");
    b.seal_all().unwrap();
    b.note(patient, "乙の二");
    let mut batch: Vec<Item> = b.departing().into_iter().filter(is_record).collect();
    // Between the two: nonsense, properly signed by a granted device that writes for the first time.
    let document = DocumentId::chart(patient, 2026);
    let (id, secret) = statements::sealing_key(&a.reader(), patient, Scope::Chart).unwrap().unwrap();
    let key = EpochKey::from_secret_bytes(id, &secret).unwrap();
    let draft = Draft {
        document,
        incarnation: tendenko_protocol::ids::Incarnation(1),
        seq: LogSeq(1),
        prev: RecordHash::ZERO,
        kind: Kind::Changes,
        count: 1,
    };
    let nonsense = SealedRecord::seal(&a.rng, &b.keys, &key, draft, b"nonsense").unwrap();
    batch.insert(1, Item::Record(nonsense.into_bytes()));
    a.receive(batch);
    assert_eq!(a.texts(patient), ["乙の一", "乙の二", "甲の一"]);
    assert_eq!(a.troubles().unwrap().unreadable, 1);
    a.check_logs();
}

#[test]
fn what_an_earlier_app_could_not_read_is_read_after_its_update() {
    let (a, mut b, patient) = pair();
    a.seal_with_dictionary(0);
    a.note(patient, "先に");
    let first = a.departing();
    a.seal_with_dictionary(tendenko_protocol::record::NEWEST_DICTIONARY);
    a.note(patient, "あとで");
    let second = a.departing();
    b.receive(first);
    // As an app leaves it that does not know the dictionary: the second record is kept, its content is nowhere.
    let before = b.models();
    b.receive(second);
    let chart = DocumentId::chart(patient, 2026).to_bytes();
    {
        let writer = b.writer();
        let run = |sql: &str| writer.connection.execute(sql, [chart]).unwrap();
        run("UPDATE records SET state = 2 WHERE id = (SELECT max(id) FROM records WHERE document = ?1)");
        run("DELETE FROM changes WHERE id = (SELECT max(id) FROM changes WHERE document = ?1)");
        crate::store::meta::set(&writer.connection, crate::store::meta::name::DICTIONARY, &0u8).unwrap();
        crate::store::meta::set(&writer.connection, crate::store::meta::name::MODELS, &"").unwrap();
    }
    assert_eq!(b.troubles().unwrap().unreadable, 1);
    b.reopen();
    assert_eq!(b.troubles().unwrap().unreadable, 0);
    assert_ne!(b.models(), before);
    assert_eq!(b.models(), a.models());
}

#[test]
fn forged_cut_and_oversized_items_are_counted_and_the_rest_is_taken() {
    let (a, b, patient) = pair();
    a.note(patient, "本物");
    let items: Vec<Item> = a.departing().into_iter().filter(is_record).collect();
    let real = items.last().unwrap().bytes().to_vec();
    let mut forged = real.clone();
    *forged.last_mut().unwrap() ^= 1;
    let bad = vec![forged, real[..real.len() - 3].to_vec(), vec![0; 70_000], Vec::new()];
    let count = bad.len() as u64;
    let mut batch: Vec<Item> = bad.into_iter().map(Item::Record).collect();
    batch.push(Item::Statement(b"not a statement".to_vec()));
    batch.extend(items);
    b.receive(batch);
    assert_eq!(b.texts(patient), ["本物"]);
    assert_eq!(b.sync_status().rejected, count + 1);
    assert_eq!(b.troubles().unwrap(), Troubles::default());
}

#[test]
fn a_fork_is_quarantined_and_the_first_stays() {
    let (a, b, patient) = pair();
    a.note(patient, "本物");
    b.receive(a.departing());
    let (id, secret) = statements::sealing_key(&a.reader(), patient, Scope::Chart).unwrap().unwrap();
    let key = EpochKey::from_secret_bytes(id, &secret).unwrap();
    let draft = Draft {
        document: DocumentId::chart(patient, 2026),
        incarnation: a.incarnation(),
        seq: LogSeq(1),
        prev: RecordHash::ZERO,
        kind: Kind::Changes,
        count: 1,
    };
    let other = SealedRecord::seal(&a.rng, &a.keys, &key, draft, b"another").unwrap();
    b.receive(vec![Item::Record(other.bytes().to_vec())]);
    b.receive(vec![Item::Record(other.bytes().to_vec())]);
    assert_eq!(b.troubles().unwrap().quarantined, 1);
    assert_eq!(b.texts(patient), ["本物"]);
}

#[test]
fn tablets_that_know_both_histories_say_the_same_whichever_they_keep() {
    let region = TestRegion::new();
    let (a, b, c) = (region.tablet("甲"), region.tablet("乙"), region.tablet("丙"));
    introduce(&[&a, &b, &c]);
    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    for to in [&b, &c] {
        for scope in Scope::ALL {
            a.grant(patient, scope, to.device_id(), "同意書").unwrap();
        }
    }
    let rest = a.departing();
    a.note(patient, "本物");
    let real = a.departing().into_iter().filter(is_record).find(|item| !rest.contains(item)).unwrap();
    let (id, secret) = statements::sealing_key(&a.reader(), patient, Scope::Chart).unwrap().unwrap();
    let key = EpochKey::from_secret_bytes(id, &secret).unwrap();
    let document = DocumentId::chart(patient, 2026);
    let log = LogId { document, device: a.device_id(), incarnation: a.incarnation() };
    let (mut twins, mut prev) = (Vec::new(), RecordHash::ZERO);
    for seq in (1..=3).map(LogSeq) {
        let draft = Draft { document, incarnation: log.incarnation, seq, prev, kind: Kind::Changes, count: 1 };
        let twin = SealedRecord::seal(&a.rng, &a.keys, &key, draft, b"another").unwrap();
        prev = twin.hash();
        twins.push(Item::Record(twin.into_bytes()));
    }
    let print = |tablet: &Replica| logs::vector(&tablet.reader(), document).unwrap().0[&(log.device, log.incarnation)];
    let print_of = |item: &Item| RecordHash::of(item.bytes()).print();
    for (tablet, first, then) in [(&b, vec![real.clone()], twins.clone()), (&c, twins.clone(), vec![real.clone()])] {
        tablet.receive(rest.clone());
        tablet.receive(first.clone());
        assert_eq!(print(tablet).print, print_of(first.last().unwrap()), "the head's");
        let stored = tablet.store_batch(then.clone(), None).unwrap();
        assert_eq!((stored.forks, stored.gaps), (vec![log; then.len()], Vec::new()), "also what is beyond the head");
        assert_eq!(tablet.troubles().unwrap().quarantined, then.len() as u64);
        assert_eq!(tablet.prints(log).unwrap().len(), 4);
        let given = tablet.with_prints(log, &then.iter().map(print_of).collect::<Vec<_>>(), usize::MAX).unwrap();
        assert_eq!(given, (then.iter().map(|item| item.bytes().to_vec()).collect(), false));
        tablet.check_logs();
    }
    assert_eq!(print(&b).print, print(&c).print);
    assert_ne!(print(&b).seq, print(&c).seq);
    // What is let go of is contradicted no more: the other history is taken when it comes again.
    let row = records::row_at(&b.writer().connection, log, LogSeq(1)).unwrap().unwrap();
    records::remove(&b.writer().connection, row).unwrap();
    b.check_logs();
    b.receive(twins.clone());
    b.check_logs();
    assert_eq!((print(&b).seq, print(&b).print), (LogSeq(3), print_of(&twins[2])));
    assert_eq!(b.troubles().unwrap().quarantined, 0);
}

#[test]
fn a_gap_is_noted_until_the_documents_were_compared() {
    let (a, b, patient) = pair();
    a.note(patient, "一");
    a.seal_all().unwrap();
    a.note(patient, "二");
    let items: Vec<Item> = a.departing().into_iter().filter(is_record).collect();
    let (last, earlier) = items.split_last().unwrap();
    let stored = b.store_batch(vec![last.clone()], None).unwrap();
    let document = DocumentId::chart(patient, 2026);
    assert_eq!(stored.gaps, [document]);
    assert_eq!(b.session_config(RelayId([1; 16])).unwrap().suspects, [document]);
    b.receive(earlier.to_vec());
    b.receive(vec![last.clone()]);
    b.compared(&[document]).unwrap();
    assert!(b.session_config(RelayId([1; 16])).unwrap().suspects.is_empty());
    assert_eq!(b.texts(patient), ["一", "二"]);
}

#[test]
fn a_tablet_gives_a_relay_everything_it_holds() {
    let (a, b, patient) = pair();
    a.note(patient, "甲の記録");
    b.receive(a.departing());
    b.note(patient, "乙の記録");
    b.seal_all().unwrap();
    let all = b.vectors_of_all();
    let (held, more) = b.missing(&all, usize::MAX).unwrap();
    assert!(!more);
    assert_eq!(held.len(), 3);
    let (one, more) = b.missing(&all, 1).unwrap();
    assert_eq!((one.len(), more), (1, true));
    let mut documents = Vec::new();
    let mut after = None;
    loop {
        let (page, more) = b.vectors_after(after, 1, 1).unwrap();
        after = page.last().map(|(document, _)| *document);
        documents.extend(page);
        if !more {
            break;
        }
    }
    assert_eq!(documents.len(), 2);
    let (statements, _) = b.statements_after(0, usize::MAX).unwrap();
    assert_eq!(statements.len(), b.trust().statements().count());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any cutting into batches, any repetition, any order between documents: the same store.
    #[test]
    fn any_way_of_receiving_gives_the_same(
        texts in prop::collection::vec((0u16..3, "[a-z]{1,6}"), 1..12),
        cuts in prop::collection::vec(1usize..4, 1..20),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let (a, b, patient) = pair();
        for (volume, text) in &texts {
            a.edit(patient, |edit| {
                let event = edit.event(note(text))?;
                Ok(edit.volume(2024 + volume)?.record(event)?)
            }).unwrap();
            if text.len() % 2 == 0 {
                a.seal_all().unwrap();
            }
        }
        let mut items = a.departing();
        for index in &again {
            let item = items[index.index(items.len())].clone();
            items.push(item);
        }
        let mut rest = items.as_slice();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (batch, later) = rest.split_at((*cut).min(rest.len()));
            b.receive(batch.to_vec());
            rest = later;
        }
        prop_assert_eq!(a.models(), b.models());
        prop_assert_eq!(b.sync_status().rejected, 0);
        a.check_logs();
        b.check_logs();
        b.rebuild_read_models().unwrap();
        prop_assert_eq!(a.models(), b.models());
    }
}
