//! Group commit, with a real store whose lock another connection holds for as long as the test wants.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tendenko_protocol::ids::{DeviceId, Millis, RelayIncarnation, StatementId};

use super::*;
use crate::store::{Audience, NewStatement, SqliteOptions, SqliteStore};

fn statement(number: u32) -> Submission {
    let bytes = number.to_be_bytes().to_vec();
    let id = StatementId::of(&bytes);
    let item = NewItem::Statement(NewStatement { id, audience: Audience::Everyone, bytes });
    Submission { items: vec![item], ..Submission::contact(DeviceId([1; 16]), Millis(0)) }
}

fn store(dir: &tempfile::TempDir) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::create(dir.path(), RelayIncarnation(1), &SqliteOptions::default()).unwrap())
}

#[tokio::test]
async fn what_waits_for_the_disk_is_stored_together() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let (newest, mut watching) = watch::channel(ArrivalNo::NONE);
    let (writer, end) = Writer::start(store.clone(), newest).unwrap();

    // Another process is writing.
    let other = Connection::open(dir.path().join("relay.db")).unwrap();
    other.busy_timeout(Duration::from_secs(10)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting: Vec<_> = (0..50)
        .map(|number| {
            let writer = writer.clone();
            tokio::spawn(async move { writer.commit(statement(number)).await })
        })
        .collect();
    // Each submission that is taken up holds some of the queue's room; the first may be with the store already.
    while writer.room.available_permits() > QUEUE_BYTES - 50 * 4 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*watching.borrow(), ArrivalNo::NONE, "nothing is announced before it is durable");
    other.execute_batch("COMMIT").unwrap();

    let mut arrivals = Vec::new();
    for stored in waiting {
        let stored = stored.await.unwrap().unwrap();
        let [Fate::Stored(arrival)] = stored.fates[..] else { panic!("{stored:?}") };
        assert!(stored.newest >= arrival);
        arrivals.push(arrival.0);
    }
    arrivals.sort_unstable();
    assert_eq!(arrivals, (1..=50).collect::<Vec<_>>());
    assert!(writer.groups() <= 3, "{} transactions for 50 submissions", writer.groups());
    // Whoever waits is told first, then it is announced.
    watching.wait_for(|newest| *newest == ArrivalNo(50)).await.unwrap();

    drop(writer);
    end.wait().await;
    drop(store);
    let options = SqliteOptions::default();
    let (reopened, lost) = SqliteStore::open(dir.path(), &options, || RelayIncarnation(2)).unwrap();
    assert_eq!((reopened.newest().unwrap(), lost), (ArrivalNo(50), false));
}

#[tokio::test]
async fn a_full_disk_is_told_to_everyone_in_the_group_and_is_survived() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let (writer, _end) = Writer::start(store.clone(), watch::Sender::new(ArrivalNo::NONE)).unwrap();
    writer.commit(statement(1)).await.unwrap();
    store.set_max_bytes(Some(0)).unwrap();
    let mut large = statement(2);
    let bytes = vec![7; 300_000];
    let id = StatementId::of(&bytes);
    large.items = vec![NewItem::Statement(NewStatement { id, audience: Audience::Everyone, bytes })];
    assert_eq!(writer.commit(large.clone()).await, Err(CommitError::Full));
    assert_eq!(store.newest().unwrap(), ArrivalNo(1));
    store.set_max_bytes(None).unwrap();
    assert_eq!(writer.commit(large).await.unwrap().fates, [Fate::Stored(ArrivalNo(2))]);
}
