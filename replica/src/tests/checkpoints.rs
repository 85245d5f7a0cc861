use tendenko_crdt::{Actor, Volume};
use tendenko_protocol::document::{DocumentId, LogId};
use tendenko_protocol::keys::EpochKey;
use tendenko_protocol::record::{CheckpointDraft, Covered, SealedCheckpoint};

use super::*;
use crate::store::{checkpoints, logs, records, statements};

const NOTES: usize = 40;

fn chart(patient: PatientId) -> DocumentId {
    DocumentId::chart(patient, 2026)
}

/// Two who have written by turns for a while, each note sent by itself; and a newcomer whom the first has granted everything.
struct Scene {
    a: Tablet,
    c: Tablet,
    newcomer: Tablet,
    patient: PatientId,
    statements: Vec<Item>,
    records: Vec<Item>,
    parts: Vec<Item>,
}

fn scene_of(text: impl Fn(usize) -> String) -> Scene {
    let region = TestRegion::new();
    let (a, c, newcomer) = (region.tablet("甲"), region.tablet("丙"), region.tablet("乙"));
    introduce(&[&a, &c, &newcomer]);
    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    for scope in Scope::ALL {
        a.grant(patient, scope, c.device_id(), "同意書").unwrap();
    }
    c.receive(a.departing());
    for n in 0..NOTES {
        let (one, other) = if n % 2 == 0 { (&a, &c) } else { (&c, &a) };
        one.note(patient, &text(n));
        other.receive(one.departing());
    }
    for scope in Scope::ALL {
        a.grant(patient, scope, newcomer.device_id(), "同意書").unwrap();
    }
    let (mut statements, mut parts) = (Vec::new(), Vec::new());
    for item in a.departing() {
        match item {
            Item::Statement(_) => statements.push(item),
            Item::Checkpoint(_) => parts.push(item),
            Item::Record(_) | Item::Chunk(_) => {}
        }
    }
    let (records, _) = a.missing(&a.vectors_of_all(), usize::MAX).unwrap();
    let records = records.into_iter().map(Item::Record).collect();
    Scene { a, c, newcomer, patient, statements, records, parts }
}

fn scene() -> Scene {
    scene_of(|n| format!("訪問 {n}: 変わりなく過ごしておられた。血圧は落ち着いている。次回は木曜日"))
}

fn bytes(items: &[Item]) -> usize {
    items.iter().map(|item| item.bytes().len()).sum()
}

fn unproven(tablet: &Tablet) -> bool {
    checkpoints::any_unproven(&tablet.reader()).unwrap()
}

#[test]
fn a_newcomer_starts_from_a_few_parts_and_goes_on_from_there() {
    let Scene { a, c, mut newcomer, patient, statements, records, parts } = scene();
    assert_eq!(parts.len(), 1, "the card is too short to be worth one");
    assert!(bytes(&parts) * 4 < bytes(&records), "{} for {}", bytes(&parts), bytes(&records));
    newcomer.receive(statements);
    newcomer.receive(parts);
    assert_eq!(newcomer.texts(patient).len(), NOTES);
    assert_eq!(newcomer.texts(patient), a.texts(patient));
    newcomer.check_logs();
    newcomer.reopen();

    // What they write now is taken, and what the newcomer writes is taken by them.
    a.note(patient, "後から");
    let later = a.departing();
    c.receive(later.clone());
    let after = |items: Vec<Item>| items.into_iter().filter(|item| matches!(item, Item::Record(_))).collect::<Vec<_>>();
    newcomer.receive(after(later).split_off(NOTES / 2 + 1));
    newcomer.note(patient, "加わりました");
    c.receive(newcomer.departing());
    assert_eq!(newcomer.texts(patient).len(), NOTES + 2);
    assert_eq!(c.texts(patient), newcomer.texts(patient));
    assert_eq!((newcomer.sync_status().rejected, c.sync_status().rejected), (0, 0));
    // What it has not, it does not pass on.
    let (passed_on, _) = newcomer.missing(&newcomer.vectors_of_all(), usize::MAX).unwrap();
    assert_eq!(passed_on.len(), 1);
    // And it makes no checkpoint itself.
    newcomer.grant(patient, Scope::Chart, c.device_id(), "同意書").unwrap();
    assert!(!newcomer.departing().iter().any(|item| matches!(item, Item::Checkpoint(_))));
}

#[test]
fn the_records_prove_it_and_then_it_is_as_if_there_had_been_none() {
    let Scene { a, newcomer, patient, statements, records, parts, .. } = scene();
    newcomer.receive(statements);
    newcomer.receive(parts.clone());
    assert!(unproven(&newcomer));
    assert_eq!(newcomer.to_prove(&[].into()).unwrap(), Some(chart(patient)));
    for record in records {
        newcomer.receive(vec![record]);
        newcomer.check_logs();
    }
    assert!(!unproven(&newcomer));
    assert_eq!(newcomer.to_prove(&[].into()).unwrap(), None);
    assert_eq!(newcomer.models(), a.models());
    assert_eq!(newcomer.sync_status().rejected, 0);
    let (passed_on, _) = newcomer.missing(&newcomer.vectors_of_all(), usize::MAX).unwrap();
    assert_eq!(passed_on.len(), a.missing(&a.vectors_of_all(), usize::MAX).unwrap().0.len());
    // It is not started from twice.
    newcomer.receive(parts);
    assert!(!unproven(&newcomer));
}

#[test]
fn half_a_checkpoint_says_nothing_and_stands_for_nothing() {
    let noise = |_| {
        let mut noise = vec![0; 6_000];
        ring::rand::SecureRandom::fill(&SystemRandom::new(), &mut noise).unwrap();
        noise.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let Scene { a, newcomer, patient, statements, records, mut parts, .. } = scene_of(noise);
    assert!(parts.len() > 2, "{}", parts.len());
    newcomer.receive(statements);
    let rest = parts.split_off(parts.len() - 1);
    newcomer.receive(parts);
    assert!(newcomer.texts(patient).is_empty() && !unproven(&newcomer));
    assert!(newcomer.vectors_of_all().is_empty(), "everything is asked for");
    newcomer.receive(records.clone());
    newcomer.receive(rest);
    assert_eq!(newcomer.texts(patient), a.texts(patient));
    assert!(!unproven(&newcomer));
    newcomer.check_logs();
}

/// A checkpoint in the name of `author`, of everything it has and of what it says somebody else wrote.
fn lie(author: &Tablet, other: &Tablet, patient: PatientId) -> Item {
    lie_as(author, other, 777, patient)
}

/// The same, by the other in this life of theirs.
fn lie_as(author: &Tablet, other: &Tablet, life: u64, patient: PatientId) -> Item {
    let id = chart(patient);
    let mut volume = Volume::new(Actor::of(other.device_id().0, life));
    {
        let mut writer = author.writer();
        let mut work = author.workspace(&mut writer).unwrap();
        volume.apply(&work.document(id).unwrap().all_changes().concat()).unwrap();
    }
    let mut event = None;
    let refused: Result<(), SaveError> = other.edit(patient, |edit| {
        event = Some(edit.event(note("書いていないこと"))?);
        Err(SaveError::UnknownDevice)
    });
    assert!(refused.is_err());
    volume.record(event.unwrap()).unwrap();
    let payload = volume.whole();
    let (key, secret) = statements::sealing_key(&author.reader(), patient, Scope::Chart).unwrap().unwrap();
    let key = EpochKey::from_secret_bytes(key, &secret).unwrap();
    let mut covers: Vec<Covered> = logs::of_document(&author.reader(), id)
        .unwrap()
        .into_iter()
        .map(|(device, incarnation, log)| Covered { device, incarnation, seq: log.head.0, hash: log.head.1 })
        .collect();
    covers.sort_unstable();
    let draft = CheckpointDraft { document: id, covers };
    let mut parts = SealedCheckpoint::seal(&author.rng, &author.keys, &key, &draft, &payload).unwrap();
    Item::Checkpoint(parts.remove(0).bytes().to_vec())
}

#[test]
fn a_lie_is_found_when_the_records_come_and_nothing_written_on_it_is_lost() {
    let Scene { a, c, newcomer, patient, statements, records, .. } = scene();
    c.receive(statements.clone());
    newcomer.receive(statements);
    newcomer.receive(vec![lie(&a, &c, patient)]);
    assert_eq!(newcomer.texts(patient).len(), NOTES + 1);
    newcomer.note(patient, "その上に書いた一");
    let first = newcomer.departing();
    c.receive(first.clone());
    assert_eq!(c.texts(patient).len(), NOTES, "nobody can merge what follows an invention");
    newcomer.note(patient, "その上に書いた二");

    let life = newcomer.incarnation();
    newcomer.receive(records);
    assert!(!unproven(&newcomer));
    assert_ne!(newcomer.incarnation(), life);
    assert_eq!(newcomer.troubles().unwrap().quarantined, 1, "what its author signed is kept");
    let texts = newcomer.texts(patient);
    assert_eq!(texts.len(), NOTES + 2);
    assert!(!texts.contains(&"書いていないこと".to_owned()));
    assert!(newcomer.sync_status().unsent > 0);
    for other in [&a, &c] {
        other.receive(newcomer.departing());
        assert_eq!(other.texts(patient), texts);
    }
    newcomer.check_logs();
    // Opened again, it is the same.
    let mut newcomer = newcomer;
    newcomer.reopen();
    assert_eq!(newcomer.texts(patient), texts);
}

/// Then what they really write next does not fit into what the newcomer believes.
#[test]
fn a_lie_under_the_name_of_what_somebody_writes_next_does_not_stay_in_its_place() {
    let Scene { a, c, newcomer, patient, statements, mut records, .. } = scene();
    c.receive(statements.clone());
    newcomer.receive(statements);
    newcomer.receive(vec![lie_as(&a, &c, c.incarnation().0, patient)]);
    assert_eq!(newcomer.texts(patient).len(), NOTES + 1);
    c.note(patient, "本当に書いたこと");
    records.extend(c.departing());
    newcomer.receive(records);
    assert!(!unproven(&newcomer));
    assert_eq!(newcomer.texts(patient), c.texts(patient));
    assert_eq!(newcomer.troubles().unwrap().quarantined, 1, "what its author signed is kept");
    assert!(records::all_applied(&newcomer.reader(), chart(patient)).unwrap());
    newcomer.check_logs();
}

/// It is not taken for what this tablet wrote, and not written again with its signature.
#[test]
fn a_lie_in_the_very_name_of_who_begins_at_it_is_found_too() {
    let Scene { a, newcomer, patient, statements, records, .. } = scene();
    newcomer.receive(statements);
    newcomer.receive(vec![lie(&a, &newcomer, patient)]);
    newcomer.note(patient, "その上に書いた");
    assert_eq!(newcomer.texts(patient).len(), NOTES + 2);
    newcomer.receive(records);
    let texts = newcomer.texts(patient);
    assert!(!unproven(&newcomer) && !texts.contains(&"書いていないこと".to_owned()));
    assert!(texts.len() == NOTES + 1 && texts.contains(&"その上に書いた".to_owned()));
    a.receive(newcomer.departing());
    assert_eq!(a.texts(patient), texts);
}

#[test]
fn a_record_that_the_checkpoint_named_otherwise_is_believed_over_it() {
    let Scene { a, newcomer, patient, statements, records, .. } = scene();
    newcomer.receive(statements);
    {
        let writer = newcomer.writer();
        let (device, incarnation, log) = logs::of_document(&a.reader(), chart(patient)).unwrap().remove(0);
        let id = LogId { document: chart(patient), device, incarnation };
        logs::begin_at(&writer.connection, id, (log.head.0, tendenko_protocol::ids::RecordHash([9; 32]))).unwrap();
        checkpoints::begin(&writer.connection, chart(patient), &[1; 16]).unwrap();
    }
    newcomer.receive(records);
    newcomer.check_logs();
    assert!(!unproven(&newcomer));
    assert_eq!(newcomer.texts(patient), a.texts(patient));
}

#[test]
fn a_part_that_is_of_no_use_is_asked_for_as_records() {
    let Scene { a, c, newcomer, patient, statements, records, mut parts, .. } = scene();
    newcomer.receive(parts.clone());
    assert!(!unproven(&newcomer), "it has no key");
    newcomer.receive(statements);
    let Some(Item::Checkpoint(bytes)) = parts.first_mut() else { panic!() };
    *bytes.last_mut().unwrap() ^= 1;
    let stored = newcomer.store_batch(parts, None).unwrap();
    assert_eq!((stored.gaps, stored.bogus), (vec![chart(patient)], 1));
    assert_eq!((newcomer.sync_status().rejected, unproven(&newcomer)), (1, false));
    newcomer.receive(records);
    assert_eq!(newcomer.texts(patient), a.texts(patient));
    // With a signature it is taken for what it is, somebody's word; but not where everything is here.
    newcomer.receive(vec![lie(&c, &a, patient)]);
    assert_eq!(newcomer.texts(patient), a.texts(patient));
}

/// A relay shows what makes a grant hold together with that grant's scope, behind the parts; and it does not send what they stand for.
#[test]
fn a_part_that_comes_before_what_makes_its_grant_hold_is_asked_for_as_records() {
    let region = TestRegion::new();
    let (a, c, newcomer) = (region.tablet("甲"), region.tablet("丙"), region.tablet("乙"));
    introduce(&[&a, &c, &newcomer]);
    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    for scope in Scope::ALL {
        a.grant(patient, scope, c.device_id(), "同意書").unwrap();
    }
    let from_a = a.departing();
    c.receive(from_a.clone());
    for n in 0..NOTES {
        c.note(patient, &format!("訪問 {n}"));
        c.departing();
    }
    for scope in Scope::ALL {
        c.grant(patient, scope, newcomer.device_id(), "同意書").unwrap();
    }
    let (parts, statements): (Vec<_>, Vec<_>) =
        c.departing().into_iter().partition(|item| matches!(item, Item::Checkpoint(_)));
    assert!(!parts.is_empty());
    newcomer.receive(statements);
    assert_eq!(newcomer.store_batch(parts, None).unwrap().gaps, [chart(patient)]);
    newcomer.receive(from_a);
    let (records, _) = c.missing(&[(chart(patient), Vector::default())], usize::MAX).unwrap();
    newcomer.receive(records.into_iter().map(Item::Record).collect());
    assert_eq!(newcomer.texts(patient), c.texts(patient));
}

/// A disk that was put back from yesterday, unnoticed: its own later records are no base to go on from.
#[test]
fn a_checkpoint_that_knows_more_of_this_very_store_is_not_begun_at() {
    let Scene { a, c, patient, parts, .. } = scene();
    {
        let writer = c.writer();
        let log = LogId { document: chart(patient), device: c.device_id(), incarnation: writer.incarnation };
        let row = crate::store::records::row_at(&writer.connection, log, tendenko_protocol::ids::LogSeq(10)).unwrap();
        crate::store::records::remove(&writer.connection, row.unwrap()).unwrap();
    }
    let stored = c.store_batch(parts, None).unwrap();
    assert_eq!((stored.gaps, unproven(&c)), (vec![chart(patient)], false));
    let life = c.incarnation();
    let (records, _) = a.missing(&a.vectors_of_all(), usize::MAX).unwrap();
    c.receive(records.into_iter().map(Item::Record).collect());
    assert_ne!(c.incarnation(), life, "its records show it");
}
