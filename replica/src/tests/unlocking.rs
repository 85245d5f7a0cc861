use std::fs;
use std::time::Duration;

use super::*;
use crate::files;

#[test]
fn a_directory_that_was_never_enrolled_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let error = Replica::unlock(dir.path(), MemberId([1; 16]), PIN, Timestamp(NOON)).unwrap_err();
    assert!(matches!(error, UnlockError::NotEnrolled));
    assert!(Replica::staff(dir.path()).unwrap().is_empty());
}

#[test]
fn wrong_secrets_are_refused_slower_each_time_and_nothing_is_destroyed() {
    let mut tablet = TestRegion::new().tablet("甲");
    tablet.close();
    let path = tablet.dir.path().to_owned();
    let attempt = |secret: &str, at: i64| Replica::unlock(&path, tablet.member, secret, Timestamp(at)).map(drop);

    assert!(matches!(attempt("0000", NOON), Err(UnlockError::WrongSecret { wait }) if wait == Duration::from_secs(1)));
    // Too early, also with the right secret and also after a restart: the wait is on disk.
    assert!(
        matches!(attempt(PIN, NOON + 500), Err(UnlockError::TooEarly { wait }) if wait == Duration::from_millis(500))
    );
    assert!(
        matches!(attempt("0001", NOON + 1_000), Err(UnlockError::WrongSecret { wait }) if wait == Duration::from_secs(2))
    );
    assert!(
        matches!(attempt("0002", NOON + 3_000), Err(UnlockError::WrongSecret { wait }) if wait == Duration::from_secs(4))
    );
    attempt(PIN, NOON + 7_000).unwrap();
    // Right again: the count starts over.
    assert!(
        matches!(attempt("0003", NOON + 7_001), Err(UnlockError::WrongSecret { wait }) if wait == Duration::from_secs(1))
    );
    let stranger = Replica::unlock(&path, MemberId([9; 16]), PIN, Timestamp(NOON)).unwrap_err();
    assert!(matches!(stranger, UnlockError::UnknownMember));
}

#[test]
fn a_store_is_open_once() {
    let tablet = TestRegion::new().tablet("甲");
    let error = Replica::unlock(tablet.path(), tablet.member, PIN, Timestamp(NOON)).unwrap_err();
    assert!(matches!(error, UnlockError::AlreadyOpen));
}

#[test]
fn a_store_without_its_key_does_not_open() {
    let mut tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    tablet.note(patient, "秘密");
    tablet.close();
    let path = tablet.path().join(files::STORE);
    let open = |key: Option<&str>| {
        let connection = rusqlite::Connection::open(&path).unwrap();
        if let Some(key) = key {
            connection.pragma_update(None, "key", key).unwrap();
        }
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
    };
    assert!(open(None).is_err());
    assert!(open(Some(PIN)).is_err());
    assert!(open(Some(&format!("x'{}'", "00".repeat(32)))).is_err());
    tablet.reopen();
    assert_eq!(tablet.texts(patient), ["秘密"]);
}

#[test]
fn no_file_holds_plaintext() {
    let mut tablet = TestRegion::new().tablet("甲");
    let words = ["佐藤ハナコ", "サトウハナコ", "アムロジピン錠", "同意なしの秘密"];
    let patient = tablet.create_patient(identity(words[0], words[1])).unwrap();
    tablet.note(patient, words[2]);
    tablet.note(patient, words[3]);
    tablet.search("さとう", 10).unwrap();
    tablet.seal_all().unwrap();

    let folded: Vec<String> = words.iter().map(|word| search::fold(word)).collect();
    let needles: Vec<&[u8]> = words.iter().map(|w| w.as_bytes()).chain(folded.iter().map(|w| w.as_bytes())).collect();
    let mut files = 0;
    // While open, so that the write-ahead log is there, and after.
    for closed in [false, true] {
        if closed {
            tablet.close();
        }
        for file in fs::read_dir(tablet.path()).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            for needle in &needles {
                assert!(!bytes.windows(needle.len()).any(|window| window == *needle));
            }
            files += 1;
        }
    }
    assert!(files > 8);
    assert!(!tablet.path().join(files::ENROLLING).exists());
}

#[test]
fn staff_share_a_tablet_with_secrets_of_their_own() {
    let mut tablet = TestRegion::new().tablet("甲");
    let member = tablet.member;
    let new = |secret: &str| NewStaff {
        member,
        name: "甲 花子".into(),
        profession: Profession::Nurse,
        facility: "事業所".into(),
        secret: Zeroizing::new(secret.into()),
    };
    tablet.put_staff(&new("another one"), KdfParams::weak_for_tests()).unwrap();
    tablet.close();
    assert!(matches!(tablet.try_open(), Err(UnlockError::WrongSecret { .. })));
    Replica::unlock(tablet.path(), member, "another one", Timestamp(NOON + 60_000)).unwrap();
    assert_eq!(Replica::staff(tablet.path()).unwrap().len(), 1);
}

#[test]
fn a_damaged_slot_file_is_said_to_be() {
    let mut tablet = TestRegion::new().tablet("甲");
    tablet.close();
    fs::write(tablet.path().join(files::SLOTS), b"not cbor").unwrap();
    assert!(matches!(tablet.try_open(), Err(UnlockError::Damaged(Damage::KeySlots))));
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let mut tablet = TestRegion::new().tablet("甲");
    tablet.writer().connection.pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(tablet.try_open(), Err(UnlockError::NewerSchema { found: 99, .. })));
}
