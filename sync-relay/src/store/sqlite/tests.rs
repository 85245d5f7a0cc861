//! What is particular to the SQLite store; the rest is the conformance suite.

use std::path::Path;

use tendenko_protocol::ids::{ArrivalNo, DeviceId, Millis, RelayIncarnation, StatementId};

use super::super::conformance::{self, Backend};
use super::super::{Audience, NewItem, NewStatement, RelayStore, StoreError, Submission};
use super::*;

struct Temporary(Mutex<tempfile::TempDir>);

impl Temporary {
    fn new() -> Self {
        Self(Mutex::new(tempfile::tempdir().unwrap()))
    }
}

impl Backend for Temporary {
    type Store = SqliteStore;

    fn create(&self, incarnation: RelayIncarnation) -> SqliteStore {
        let mut dir = self.0.lock().unwrap();
        *dir = tempfile::tempdir().unwrap();
        SqliteStore::create(dir.path(), incarnation, &SqliteOptions::default()).unwrap()
    }

    fn reopen(&self) -> SqliteStore {
        open(self.0.lock().unwrap().path()).0
    }
}

fn open(dir: &Path) -> (SqliteStore, bool) {
    SqliteStore::open(dir, &SqliteOptions::default(), || RelayIncarnation(99)).unwrap()
}

fn create(dir: &Path) -> SqliteStore {
    SqliteStore::create(dir, RelayIncarnation(1), &SqliteOptions::default()).unwrap()
}

fn statement(number: u64, bytes: usize) -> Submission {
    let mut content = number.to_be_bytes().to_vec();
    content.resize(bytes.max(8), 0);
    Submission {
        items: vec![NewItem::Statement(NewStatement {
            id: StatementId::of(&content),
            audience: Audience::Everyone,
            bytes: content,
        })],
        ..Submission::contact(DeviceId([1; 16]), Millis(0))
    }
}

#[test]
fn sqlite_keeps_the_contract() {
    conformance::run(&Temporary::new());
}

#[test]
fn the_database_is_as_durable_as_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let store = create(dir.path());
    let pragma = |name: &str| -> String {
        store
            .writer()
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|value| match value {
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Integer(number) => number.to_string(),
                other => format!("{other:?}"),
            })
            .unwrap()
    };
    assert_eq!(pragma("journal_mode"), "wal");
    assert_eq!(pragma("synchronous"), "2", "FULL");
    assert_eq!(pragma("foreign_keys"), "1");
    assert_eq!(pragma("user_version"), schema::VERSION.to_string());
}

#[test]
fn a_database_put_back_from_a_copy_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join(DATABASE);
    let store = create(dir.path());
    store.commit(&[statement(1, 8)]).unwrap();
    drop(store);
    std::fs::copy(&database, dir.path().join("copy")).unwrap();

    let (store, lost) = open(dir.path());
    assert!(!lost, "nothing was lost between two openings");
    store.commit(&[statement(2, 8)]).unwrap();
    drop(store);

    std::fs::copy(dir.path().join("copy"), &database).unwrap();
    let (store, lost) = open(dir.path());
    assert!(lost);
    let life = store.life().unwrap();
    assert_eq!((life.incarnation, life.newest), (RelayIncarnation(99), ArrivalNo(1)));
    assert!(life.past.is_empty());
    drop(store);
    assert!(!open(dir.path()).1, "noticed once");
}

#[test]
fn a_missing_guard_counts_as_a_loss() {
    let dir = tempfile::tempdir().unwrap();
    let store = create(dir.path());
    store.commit(&[statement(1, 8)]).unwrap();
    drop(store);
    std::fs::remove_file(dir.path().join(GUARD)).unwrap();
    assert!(open(dir.path()).1);
}

#[test]
fn a_full_disk_stores_nothing_and_reading_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = create(dir.path());
    store.commit(&[statement(1, 100)]).unwrap();
    let used = std::fs::metadata(dir.path().join(DATABASE)).unwrap().len();
    store.set_max_bytes(Some(used.max(PAGE_BYTES) + 64 * PAGE_BYTES)).unwrap();

    let big: Vec<_> = (2..20).map(|n| statement(n, 60_000)).collect();
    assert!(matches!(store.commit(&big), Err(StoreError::Full)));
    assert_eq!(store.newest().unwrap(), ArrivalNo(1), "nothing of the batch is there");
    let figures = store.figures().unwrap();
    assert_eq!(figures.statements, 1);

    store.set_max_bytes(None).unwrap();
    let committed = store.commit(&big).unwrap();
    assert_eq!(committed.newest, ArrivalNo(19), "no number was lost to the failure");
}

#[test]
fn a_store_of_a_newer_program_or_of_another_kind_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(create(dir.path()));
    let conn = Connection::open(dir.path().join(DATABASE)).unwrap();
    conn.pragma_update(None, "user_version", schema::VERSION + 1).unwrap();
    let reopened = SqliteStore::open(dir.path(), &SqliteOptions::default(), || RelayIncarnation(2));
    assert!(matches!(reopened, Err(StoreError::Newer { .. })));
    conn.pragma_update(None, "user_version", schema::VERSION).unwrap();
    conn.pragma_update(None, "application_id", 1).unwrap();
    assert!(matches!(SqliteStore::read_only(dir.path()), Err(StoreError::Damaged(_))));
}

#[test]
fn garbage_in_place_of_the_database_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(DATABASE), vec![0x5a; 10_000]).unwrap();
    let opened = SqliteStore::open(dir.path(), &SqliteOptions::default(), || RelayIncarnation(2));
    assert!(matches!(opened, Err(StoreError::Damaged(_))));
}

#[test]
fn status_reads_beside_a_store_in_use_and_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let store = create(dir.path());
    let reader = SqliteStore::read_only(dir.path()).unwrap();
    store.commit(&[statement(1, 8)]).unwrap();
    assert_eq!(reader.figures().unwrap().statements, 1);
    assert!(reader.commit(&[statement(2, 8)]).is_err());
    assert!(matches!(SqliteStore::read_only(&dir.path().join("nowhere")), Err(StoreError::Missing(_))));
}
