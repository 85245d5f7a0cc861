use std::fs;

use tendenko_protocol::limits::{COMFORTABLE_RECORD, MAX_RECORD};
use tendenko_protocol::record::ReceivedBytes;

use super::*;
use crate::files;

fn records(items: &[Item]) -> Vec<Vec<u8>> {
    items
        .iter()
        .filter_map(|item| match item {
            Item::Record(bytes) => Some(bytes.clone()),
            Item::Statement(_) | Item::Chunk(_) | Item::Checkpoint(_) => None,
        })
        .collect()
}

#[test]
fn what_is_not_acknowledged_is_sent_again_byte_for_byte() {
    let (mut a, _, patient) = pair();
    a.note(patient, "一");
    let first = a.departing();
    a.note(patient, "二");
    a.reopen();
    let second = a.departing();
    assert_eq!(second[..first.len()], first[..]);
    assert!(second.len() > first.len());
}

#[test]
fn saves_of_one_document_leave_as_one_record() {
    let (a, b, patient) = pair();
    let before = a.departing().len();
    for n in 0..100 {
        a.note(patient, &format!("訪問記録 {n}: 血圧 128/76、変わりなし"));
    }
    let items = a.departing();
    assert_eq!(items.len(), before + 1);
    let record = records(&items).pop().unwrap();
    let header = *ReceivedBytes::new(record).unwrap().parse().unwrap().header();
    assert_eq!(header.count, 100);
    b.receive(items);
    assert_eq!(b.texts(patient).len(), 100);
}

/// What a nurse writes at one visit: some 500 bytes as JSON, author included.
pub(crate) fn visit(n: usize) -> EventBody {
    const NOTES: [&str; 6] = [
        "室温は高めだがエアコンは使っておられず、窓を開けて一緒に涼んだ。食欲は戻ってきたとのこと。",
        "夜中に二度目が覚めると話される。日中の昼寝が長いため、散歩の時間を決めることにした。",
        "薬のシートを自分で切って飲まれている。数は合っている。娘さんからの電話を待っておられた。",
        "踵の赤みは引いた。靴下を替え、保護のクッションの当て方をヘルパーさんにも見てもらった。",
        "杖の先のゴムがすり減っているので交換を頼む。段差は手を添えれば越えられる。",
        "猫が逃げたと気落ちされていたが、歌の話になると笑顔が出た。便通は昨日あり。",
    ];
    EventBody::Visit(tendenko_crdt::Visit {
        vitals: tendenko_crdt::Vitals {
            systolic: Some(118 + (n * 7 % 31) as u16),
            diastolic: Some(64 + (n * 5 % 19) as u16),
            pulse: Some(61 + (n * 3 % 23) as u16),
            spo2: Some(95 + (n % 4) as u16),
            temperature: Some(tendenko_crdt::Tenths(359 + (n % 12) as i16)),
            ..Default::default()
        },
        care: vec!["血圧測定".into(), "足の手入れ".into()],
        note: NOTES[n % NOTES.len()].into(),
        ..Default::default()
    })
}

fn visits(tablet: &Tablet, patient: PatientId, which: std::ops::Range<usize>) -> usize {
    let before: usize = records(&tablet.departing()).iter().map(Vec::len).sum();
    for n in which {
        tablet.clock.set(Timestamp(NOON + n as i64 * 86_400_000));
        tablet
            .edit(patient, |edit| {
                let event = edit.event(visit(n))?;
                Ok(edit.volume(2026)?.record(event)?)
            })
            .unwrap();
    }
    records(&tablet.departing()).iter().map(Vec::len).sum::<usize>() - before
}

/// The promise is of the wire: a larger header, a forgotten dictionary or a deflated bundle shows here.
#[test]
fn visits_leave_small() {
    let (a, b, patient) = pair();
    let one = visits(&a, patient, 0..1);
    let next = visits(&a, patient, 1..2);
    let six = visits(&a, patient, 2..8) / 6;
    b.receive(a.departing());
    assert_eq!(b.models(), a.models());
    a.seal_with_dictionary(0);
    let (plain, six_plain) = (visits(&a, patient, 8..9), visits(&a, patient, 9..15) / 6);
    println!("one visit {one} and {next}, of six {six}; without a dictionary {plain} and {six_plain}");
    assert!(one <= 540 && next <= 540 && six <= 220, "{one}, {next}, {six}");
    assert!(plain > next + 200 && six_plain > six + 40, "{plain}, {six_plain}");
}

/// Text that cannot be compressed below half its length.
fn noise(bytes: usize) -> String {
    let mut noise = vec![0; bytes];
    ring::rand::SecureRandom::fill(&SystemRandom::new(), &mut noise).unwrap();
    noise.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_does_not_fit_into_one_record_leaves_in_several() {
    let (a, b, patient) = pair();
    for n in 0..20 {
        a.note(patient, &format!("{n}{}", noise(15_000)));
    }
    let items = a.departing();
    let sealed = records(&items);
    assert!(sealed.len() > 4);
    assert!(sealed.iter().all(|record| record.len() <= MAX_RECORD));
    b.receive(items);
    assert_eq!(b.texts(patient), a.texts(patient));
    assert_eq!(b.sync_status().rejected, 0);
}

/// A link that comes and goes carries a record whole or not at all.
#[test]
fn no_record_is_larger_than_a_thin_link_carries_in_a_moment() {
    let (a, b, patient) = pair();
    for n in 0..40 {
        a.note(patient, &format!("{n}{}", noise(1_500)));
    }
    let items = a.departing();
    let sealed = records(&items);
    let sizes: Vec<usize> = sealed.iter().map(Vec::len).collect();
    assert!(sizes.iter().all(|size| *size <= COMFORTABLE_RECORD), "{sizes:?}");
    // And they are filled: what each costs beside its changes is paid seldom.
    assert!(sizes.len() < 2 * sizes.iter().sum::<usize>().div_ceil(COMFORTABLE_RECORD), "{sizes:?}");
    b.receive(items);
    assert_eq!(b.texts(patient), a.texts(patient));
}

#[test]
fn a_document_that_cannot_be_sealed_waits_and_the_others_leave() {
    let (a, b, patient) = pair();
    a.departing();
    let keyless = a.create_patient(identity("鍵 なし", "カギ ナシ")).unwrap();
    a.note(patient, "先");
    a.note(keyless, "待つ");
    a.note(patient, "後");
    {
        let writer = a.writer();
        writer.connection.execute("DELETE FROM epoch_keys WHERE patient = ?1", [keyless.0]).unwrap();
    }
    a.seal_all().unwrap();
    b.receive(a.departing());
    assert_eq!(b.texts(patient), ["先", "後"]);
    let waiting: Vec<_> = a.unsent().unwrap().into_iter().filter(|unsent| unsent.patient == keyless).collect();
    assert_eq!(waiting.iter().map(|unsent| unsent.saves).sum::<u32>(), 2, "the card and the note");
    a.check_logs();
}

#[test]
fn entries_are_marked_until_the_relay_has_them() {
    let (a, _, patient) = pair();
    let entry = a.note(patient, "一");
    let sent =
        |a: &Tablet| a.timeline(patient, None, 10).unwrap().into_iter().find(|e| e.event.id == entry).unwrap().sent;
    assert_eq!(sent(&a), Sent::Pending);
    let items = a.departing();
    assert_eq!(sent(&a), Sent::Sealed);
    let unsent = a.unsent().unwrap();
    assert_eq!((unsent.len(), unsent[0].saves, unsent[0].patient), (1, 2, patient));
    assert_eq!(unsent[0].recipients, ["乙（乙の事業所）"]);
    let acks: Vec<_> = records(&items)
        .into_iter()
        .map(|bytes| {
            let header = *ReceivedBytes::new(bytes).unwrap().parse().unwrap().header();
            (header.log(), header.seq)
        })
        .collect();
    a.acked(&acks, &[], &[], &[], None).unwrap();
    assert_eq!(sent(&a), Sent::Acked);
    assert_eq!(a.sync_status().unsent, 0);
    assert!(a.unsent().unwrap().is_empty());
    assert!(records(&a.departing()).is_empty());
}

#[test]
fn a_store_restored_from_a_backup_goes_on_as_another() {
    let (mut a, b, patient) = pair();
    a.note(patient, "一");
    b.receive(a.departing());
    a.close();
    let backup = fs::read(a.path().join(files::STORE)).unwrap();
    a.reopen();
    let first = a.incarnation();
    a.note(patient, "二");
    b.receive(a.departing());
    a.close();
    for stale in ["store.db-wal", "store.db-shm"] {
        let _ = fs::remove_file(a.path().join(stale));
    }
    fs::write(a.path().join(files::STORE), backup).unwrap();
    a.reopen();
    assert_ne!(a.incarnation(), first);
    a.note(patient, "三");
    b.receive(a.departing());
    assert_eq!(b.texts(patient), ["一", "三", "二"]);
    assert_eq!(b.sync_status().rejected, 0);
    // What the backup had lost comes back from the other tablet.
    let (held, _) = b.missing(&b.vectors_of_all(), usize::MAX).unwrap();
    a.receive(held.into_iter().map(Item::Record).collect());
    assert_eq!(a.texts(patient), b.texts(patient));
    a.check_logs();
    b.check_logs();
}

/// What a restored store had saved and not sent may have the name of something else that was written and sent since: it is written again.
#[test]
fn what_a_restored_store_had_not_sent_goes_under_its_new_name() {
    let (mut a, b, patient) = pair();
    b.receive(a.departing());
    let put_back = |a: &mut Tablet, files: &[(&str, Vec<u8>)]| {
        a.close();
        for stale in ["store.db-wal", "store.db-shm"] {
            let _ = fs::remove_file(a.path().join(stale));
        }
        files.iter().for_each(|(file, bytes)| fs::write(a.path().join(file), bytes).unwrap());
        a.reopen();
    };
    let read = |a: &mut Tablet, file: &'static str| {
        a.close();
        (file, fs::read(a.path().join(file)).unwrap())
    };
    let before = [read(&mut a, files::STORE), read(&mut a, files::GUARD)];
    a.reopen();
    a.note(patient, "一");
    b.receive(a.departing());
    let guard = read(&mut a, files::GUARD);
    // With its guard put back too, the store does not notice, and writes another note under the name of the first.
    put_back(&mut a, &before);
    let first = a.incarnation();
    a.note(patient, "二");
    let unsent = read(&mut a, files::STORE);
    put_back(&mut a, &[unsent, guard]);
    assert_ne!(a.incarnation(), first);
    let (held, _) = b.missing(&b.vectors_of_all(), usize::MAX).unwrap();
    a.receive(held.into_iter().map(Item::Record).collect());
    assert_eq!(a.texts(patient), ["一", "二"]);
    b.receive(a.departing());
    assert_eq!(b.texts(patient), ["一", "二"]);
    assert_eq!(b.sync_status().rejected, 0);
    a.check_logs();
    b.check_logs();
}

/// Two records wait; the relay refuses the first for good. Both make room, and the second leaves no stray behind.
#[test]
fn records_after_a_refused_one_make_room_too() {
    use tendenko_protocol::record::RejectReason;
    use tendenko_protocol::session::client::{ItemRef, Rejection};
    let (a, b, patient) = pair();
    a.note(patient, "一");
    a.seal_all().unwrap();
    a.note(patient, "二");
    let sealed = records(&a.departing());
    let reference = |bytes: &Vec<u8>| {
        let parsed = ReceivedBytes::new(bytes.clone()).unwrap().parse().unwrap();
        ItemRef::Record { log: parsed.header().log(), seq: parsed.header().seq, hash: parsed.hash() }
    };
    let [.., first, second] = sealed.as_slice() else { panic!("two records") };
    // The second one comes off the outbox for good, then the first one is a fork.
    a.refused(&[Rejection { item: reference(second), reason: RejectReason::AuthorRevoked }]).unwrap();
    a.refused(&[Rejection { item: reference(first), reason: RejectReason::Fork }]).unwrap();
    a.check_logs();
    b.receive(a.departing());
    assert_eq!(b.texts(patient), ["一", "二"]);
    b.check_logs();
}

#[test]
fn a_copied_directory_goes_on_as_another() {
    let (mut a, _, _) = pair();
    let first = a.incarnation();
    a.close();
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(a.path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    a.reopen();
    assert_eq!(a.incarnation(), first);
    let copied = Replica::unlock(copy.path(), a.member, PIN, Timestamp(NOON)).unwrap();
    assert_ne!(copied.incarnation(), first);
}

#[test]
fn a_fork_the_relay_reports_ends_this_incarnation() {
    use tendenko_protocol::record::RejectReason;
    use tendenko_protocol::session::client::{ItemRef, Rejection};
    let (a, b, patient) = pair();
    a.note(patient, "一");
    let record = records(&a.departing()).pop().unwrap();
    let parsed = ReceivedBytes::new(record).unwrap().parse().unwrap();
    let item = ItemRef::Record { log: parsed.header().log(), seq: parsed.header().seq, hash: parsed.hash() };
    let before = a.incarnation();
    a.refused(&[Rejection { item, reason: RejectReason::Gap }]).unwrap();
    assert_eq!(a.incarnation(), before);
    a.refused(&[Rejection { item, reason: RejectReason::Fork }]).unwrap();
    assert_ne!(a.incarnation(), before);
    assert_eq!(a.sync_status().rejected, 2);
    a.note(patient, "二");
    assert_eq!(a.texts(patient), ["一", "二"]);
    a.check_logs();
    // Both are sealed again: the other tablet reads them without what was refused.
    b.receive(a.departing());
    assert_eq!(b.texts(patient), ["一", "二"]);
    assert_eq!(b.models(), a.models());
}
