//! What is particular to the SQLite store; the rest is the conformance suite.

use std::path::Path;

use tendenko_protocol::chunk::SealedChunk;
use tendenko_protocol::ids::{ArrivalNo, DeviceId, Millis, RecordHash, RelayIncarnation, StatementId};
use tendenko_protocol::record::RejectReason;

use super::super::conformance::author::Author;
use super::super::conformance::chunks::chunk;
use super::super::conformance::{self, Backend};
use super::super::{Audience, Fate, NewItem, NewStatement, Refused, RelayStore, Source, StoreError, Submission};
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

#[test]
fn a_store_that_fills_up_turns_charts_away_before_cards_and_statements_last() {
    let dir = tempfile::tempdir().unwrap();
    let store = create(dir.path());
    store.set_max_bytes(Some(4 << 20)).unwrap();
    let mut author = Author::new(1);
    let fate = |record| {
        let submission = Submission::new(Source::Peer(DeviceId([1; 16])), Millis(0), vec![NewItem::Record(record)]);
        store.commit(&[submission]).map(|committed| committed.fates[0][0])
    };
    let mut filler = 2;
    let mut fill_until = |percent: i64| {
        let pages = |name| store.writer().query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0)).unwrap();
        while pages("page_count") * 100 < pages("max_page_count") * percent {
            store.commit(&[statement(filler, 20_000)]).unwrap();
            filler += 1;
        }
    };
    fill_until(80);
    assert!(matches!(fate(author.chart(1, 2026)), Ok(Fate::Stored(_))));
    fill_until(91);
    assert_eq!(fate(author.chart(2, 2026)).unwrap(), Fate::Full);
    assert!(matches!(fate(author.card(1)), Ok(Fate::Stored(_))));
    fill_until(98);
    assert_eq!(fate(author.card(2)).unwrap(), Fate::Full);
    store.commit(&[statement(1, 100)]).unwrap();
    let figures = store.figures().unwrap();
    assert_eq!((figures.records, figures.refused[0].reason.as_str(), figures.refused[0].times), (2, "full", 2));
    assert_eq!(figures.quarantined, 0, "it is no offence");
}

#[test]
fn nobody_fills_the_quarantine_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = create(dir.path());
    let refused = |number: u32, bytes: usize| {
        NewItem::Refused(Refused {
            hash: RecordHash::of(&number.to_be_bytes()),
            claimed: None,
            reason: RejectReason::AuthorRevoked,
            bytes: Some(vec![7; bytes]),
            may_be_known: false,
        })
    };
    let flood = |peer: u8, numbers: std::ops::Range<u32>, bytes: usize| {
        let items = numbers.map(|number| refused(number, bytes)).collect();
        store.commit(&[Submission::new(Source::Peer(DeviceId([peer; 16])), Millis(0), items)]).unwrap();
    };
    flood(1, 0..6_000, 10);
    flood(2, 10_000..10_200, 60_000);
    flood(3, 20_000..20_001, 60_000);
    let quarantine = store.quarantine(10_000).unwrap();
    let of = |peer: u8| quarantine.iter().filter(move |entry| entry.pusher == Some(DeviceId([peer; 16])));
    let bytes = |peer| of(peer).filter_map(|entry| entry.bytes.as_ref()).map(Vec::len).sum::<usize>();
    assert_eq!((of(1).count(), of(2).count(), of(3).count()), (4_096, 200, 1));
    assert!(bytes(2) <= 8 << 20 && bytes(2) > 7 << 20, "{}", bytes(2));
    assert_eq!(bytes(3), 60_000);
    let figures = store.figures().unwrap();
    assert_eq!(figures.refused[0].times, 6_201, "everything is counted");
    let flooder = figures.contacts.iter().find(|contact| contact.device == DeviceId([1; 16])).unwrap();
    assert_eq!(flooder.refused, 6_000, "and whose it was");
}

#[test]
fn chunks_have_a_share_for_each_author_and_leave_room_for_text() {
    let dir = tempfile::tempdir().unwrap();
    let quota = ChunkQuota { per_device: 25_000, whole: 40_000 };
    let options = SqliteOptions { chunks: quota, ..SqliteOptions::default() };
    let store = SqliteStore::create(dir.path(), RelayIncarnation(1), &options).unwrap();
    let commit = |chunks: &[SealedChunk]| {
        let items = chunks.iter().cloned().map(NewItem::Chunk).collect();
        let submission = Submission { items, ..Submission::contact(DeviceId([9; 16]), Millis(0)) };
        store.commit(&[submission]).unwrap().fates.remove(0)
    };
    let is_full = |fates: Vec<Fate>| fates.into_iter().map(|fate| fate == Fate::Full).collect::<Vec<_>>();
    let of = |author, index| chunk(author, 1, author, index, 10_000);
    let first = of(1, 0);
    assert_eq!(is_full(commit(&[first.clone(), of(1, 1), of(1, 2)])), [false, false, true], "the author's share");
    assert_eq!(is_full(commit(&[of(2, 0), of(2, 1)])), [false, true], "the region's");
    assert_eq!(is_full(commit(&[first])), [false], "what is stored is known");
    let figures = store.figures().unwrap();
    assert_eq!((figures.chunks, figures.refused[0].reason.as_str(), figures.refused[0].times), (3, "full", 2));
    let text = Author::new(1).chart(1, 2026);
    let submission =
        Submission { items: vec![NewItem::Record(text)], ..Submission::contact(DeviceId([9; 16]), Millis(0)) };
    assert!(matches!(store.commit(&[submission]).unwrap().fates[0][..], [Fate::Stored(_)]));
}
