use std::fs;

use super::*;
use crate::files;
use crate::recovery::{Recovered, recover};

/// A tablet with something of everything: acknowledged, sealed, and pending.
fn lived_in() -> (Tablet, Tablet, PatientId) {
    let (a, b, patient) = pair();
    for n in 0..40 {
        a.note(patient, &format!("記録 {n:02} {}", "あ".repeat(300)));
        if n % 4 == 0 {
            a.seal_all().unwrap();
        }
    }
    b.receive(a.departing());
    b.note(patient, "乙の記録");
    a.receive(b.departing());
    a.note(patient, "まだ送っていない");
    (a, b, patient)
}

fn damage(tablet: &Tablet, pages: impl Iterator<Item = usize>) {
    let path = tablet.path().join(files::STORE);
    let mut bytes = fs::read(&path).unwrap();
    for page in pages {
        let at = page * files::PAGE as usize + 1000;
        bytes[at..at + 64].fill(0xA5);
    }
    fs::write(path, bytes).unwrap();
}

fn pages(tablet: &Tablet) -> usize {
    (fs::metadata(tablet.path().join(files::STORE)).unwrap().len() / files::PAGE) as usize
}

fn recovered(tablet: &mut Tablet) -> Recovered {
    tablet.close();
    let said = recover(tablet.path(), tablet.member, PIN, Timestamp(NOON)).unwrap();
    assert!(said.copy.join(files::STORE).exists(), "a copy is kept");
    tablet.reopen();
    assert!(tablet.is_sound().unwrap());
    said
}

/// What the other tablet holds, as a relay would give it back.
fn refetch(from: &Tablet, to: &Tablet) {
    let statements: Vec<Item> = from.trust().statements().map(|(_, bytes)| Item::Statement(bytes.to_vec())).collect();
    to.receive(statements);
    let (held, _) = from.missing(&from.vectors_of_all(), usize::MAX).unwrap();
    to.receive(held.into_iter().map(Item::Record).collect());
}

#[test]
fn a_sound_store_is_recovered_whole() {
    let (mut a, _, patient) = lived_in();
    let before = a.texts(patient);
    let incarnation = a.incarnation();
    let said = recovered(&mut a);
    assert_eq!((said.unreadable, said.pending_saves > 0), (0, true));
    assert_eq!(a.texts(patient), before);
    assert_ne!(a.incarnation(), incarnation);
    a.check_logs();
    let models = a.models();
    a.rebuild_read_models().unwrap();
    assert_eq!(a.models(), models);
    a.note(patient, "そのあと");
}

#[test]
fn damage_is_said_and_the_rest_is_recovered_or_fetched_again() {
    for stride in [3, 7, 20] {
        let (mut a, b, patient) = lived_in();
        let before = a.texts(patient);
        a.close();
        let count = pages(&a);
        damage(&a, (1..count).filter(|page| page % stride == 1));
        assert!(matches!(a.try_open(), Err(UnlockError::Damaged(Damage::Store))), "every {stride} of {count} pages");
        let said = recovered(&mut a);
        assert!(said.unreadable > 0);
        refetch(&b, &a);
        let after = a.texts(patient);
        // Everything that had left is back; what had not is back where its page was whole.
        for text in before.iter().filter(|text| *text != "まだ送っていない") {
            assert!(after.contains(text), "{text}");
        }
        a.note(patient, "そのあと");
        b.receive(a.departing());
        assert_eq!(
            b.texts(patient),
            a.texts(patient),
            "every {stride}: nothing waits for what only this tablet knew of"
        );
        assert_eq!(b.sync_status().rejected, 0);
    }
}

#[test]
fn a_damaged_first_page_loses_nothing() {
    let (mut a, _, patient) = lived_in();
    let before = a.texts(patient);
    a.reopen();
    a.close();
    damage(&a, std::iter::once(0));
    assert!(matches!(a.try_open(), Err(UnlockError::Damaged(Damage::Store))));
    let said = recovered(&mut a);
    assert_eq!(a.texts(patient), before);
    assert_eq!(said.unreadable, 0);
    assert!(a.departing().len() > 1);
}

#[test]
fn a_store_that_is_gone_or_nonsense_is_the_same_device_again() {
    for wreck in ["gone", "nonsense", "empty"] {
        let (mut a, b, patient) = lived_in();
        let device = a.device_id();
        a.close();
        let path = a.path().join(files::STORE);
        let _ = fs::remove_file(a.path().join(files::HEAD));
        match wreck {
            "gone" => fs::remove_file(&path).unwrap(),
            "nonsense" => fs::write(&path, vec![7; 100_000]).unwrap(),
            _ => fs::write(&path, b"").unwrap(),
        }
        for stale in ["store.db-wal", "store.db-shm"] {
            let _ = fs::remove_file(a.path().join(stale));
        }
        assert!(matches!(a.try_open(), Err(UnlockError::Damaged(_))), "{wreck}");
        a.replica = None;
        let said = recover(a.path(), a.member, PIN, Timestamp(NOON)).unwrap();
        a.reopen();
        assert_eq!(said.records, 0);
        assert_eq!(a.device_id(), device);
        refetch(&b, &a);
        assert!(a.texts(patient).contains(&"乙の記録".to_owned()));
        assert!(a.texts(patient).len() > 40);
    }
}

#[test]
fn recovery_needs_the_secret() {
    let (mut a, _, _) = lived_in();
    a.close();
    let error = recover(a.path(), a.member, "0000", Timestamp(NOON)).unwrap_err();
    assert!(matches!(error, UnlockError::WrongSecret { .. }));
}
