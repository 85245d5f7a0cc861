//! Group commit: one thread writes, and what waited while it wrote goes into the next transaction together.
//!
//! Forcing data to disk costs the same for one record as for a thousand. Under load the groups grow by themselves; with
//! one tablet there is nothing to wait for and nothing waits.
//!
//! A submission's future resolves after its transaction is durable, never before. What waits is bounded in bytes:
//! a session that wants to add to a full queue waits, and stops reading from its tablet.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tendenko_protocol::ids::ArrivalNo;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use crate::store::{Committed, Fate, NewItem, RelayStore, StoreError, Submission};

/// Bytes of submissions that may wait or be in writing.
const QUEUE_BYTES: usize = 32 * 1024 * 1024;
/// Submissions that may wait.
const QUEUE_JOBS: usize = 1024;
/// Bytes after which a group is closed.
const GROUP_BYTES: usize = 4 * 1024 * 1024;
/// Submissions after which a group is closed.
const GROUP_JOBS: usize = 256;

/// Why a submission was not stored. Nothing of it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommitError {
    #[error("the relay's disk is full")]
    Full,
    #[error("the relay's store failed")]
    Failed,
    #[error("the relay is stopping")]
    Stopped,
}

/// What became of a submission, durably.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The fate of each item.
    pub(crate) fates: Vec<Fate>,
    /// The newest arrival number after it.
    pub(crate) newest: ArrivalNo,
}

struct Job {
    submission: Submission,
    done: oneshot::Sender<Result<Stored, CommitError>>,
    bytes: usize,
    _room: OwnedSemaphorePermit,
}

/// Hands submissions to the writing thread. Clones feed the same thread; it ends when the last one is dropped.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    room: Arc<Semaphore>,
    groups: Arc<AtomicU64>,
}

/// Resolves when the writing thread has stored all it was given and ended.
pub(crate) struct WriterEnd(oneshot::Receiver<()>);

impl WriterEnd {
    pub(crate) async fn wait(self) {
        // The sender is dropped, never used: its end is the signal.
        let _ended = self.0.await;
    }
}

impl Writer {
    pub(crate) fn start(
        store: Arc<dyn RelayStore>,
        newest: watch::Sender<ArrivalNo>,
    ) -> std::io::Result<(Self, WriterEnd)> {
        let (jobs, queue) = mpsc::channel(QUEUE_JOBS);
        let (alive, end) = oneshot::channel::<()>();
        let groups = Arc::new(AtomicU64::new(0));
        let counted = groups.clone();
        thread::Builder::new().name("relay-writer".into()).spawn(move || {
            write(&*store, queue, &newest, &counted);
            // In this order: whoever waits for the end finds the store let go.
            drop(store);
            drop(alive);
        })?;
        let writer = Self { jobs, room: Arc::new(Semaphore::new(QUEUE_BYTES)), groups };
        Ok((writer, WriterEnd(end)))
    }

    /// Stores a submission durably, or says that nothing of it was stored.
    pub(crate) async fn commit(&self, submission: Submission) -> Result<Stored, CommitError> {
        let bytes = size(&submission);
        let permits = u32::try_from(bytes.clamp(1, QUEUE_BYTES)).map_err(|_| CommitError::Failed)?;
        let room = self.room.clone().acquire_many_owned(permits).await.map_err(|_| CommitError::Stopped)?;
        let (done, outcome) = oneshot::channel();
        let job = Job { submission, done, bytes, _room: room };
        self.jobs.send(job).await.map_err(|_| CommitError::Stopped)?;
        outcome.await.map_err(|_| CommitError::Stopped)?
    }

    /// Transactions tried so far; together with the submissions it says how well grouping works.
    pub(crate) fn groups(&self) -> u64 {
        self.groups.load(Ordering::Relaxed)
    }
}

fn size(submission: &Submission) -> usize {
    submission
        .items
        .iter()
        .map(|item| match item {
            NewItem::Statement(statement) => statement.bytes.len(),
            NewItem::Record(record) => record.bytes().len(),
            NewItem::Chunk(chunk) => chunk.bytes().len(),
            NewItem::Checkpoint(part) => part.bytes().len(),
            NewItem::Refused(refused) => refused.bytes.as_ref().map_or(0, Vec::len),
        })
        .sum()
}

fn write(
    store: &dyn RelayStore,
    mut queue: mpsc::Receiver<Job>,
    newest: &watch::Sender<ArrivalNo>,
    groups: &AtomicU64,
) {
    while let Some(first) = queue.blocking_recv() {
        let mut bytes = first.bytes;
        let mut group = vec![first];
        while bytes < GROUP_BYTES && group.len() < GROUP_JOBS {
            let Ok(next) = queue.try_recv() else { break };
            bytes += next.bytes;
            group.push(next);
        }
        commit_group(store, group, newest, groups);
    }
}

/// Commits a group; when it fails for another reason than space, each submission alone, so that one bad submission does not take others with it.
fn commit_group(store: &dyn RelayStore, group: Vec<Job>, newest: &watch::Sender<ArrivalNo>, groups: &AtomicU64) {
    let (submissions, waiting): (Vec<_>, Vec<_>) =
        group.into_iter().map(|job| (job.submission, (job.done, job._room))).unzip();
    groups.fetch_add(1, Ordering::Relaxed);
    match store.commit(&submissions) {
        Ok(committed) => finish(committed, waiting, newest),
        Err(error) if submissions.len() == 1 || matches!(error, StoreError::Full) => {
            tracing::error!(%error, submissions = submissions.len(), "nothing was stored");
            let told = match error {
                StoreError::Full => CommitError::Full,
                _ => CommitError::Failed,
            };
            for (done, _) in waiting {
                // A session that has gone does not wait for its answer.
                let _gone = done.send(Err(told));
            }
        }
        Err(error) => {
            tracing::warn!(%error, submissions = submissions.len(), "a group failed, storing one by one");
            for (submission, (done, _room)) in submissions.into_iter().zip(waiting) {
                let bytes = size(&submission);
                let job = Job { submission, done, bytes, _room };
                commit_group(store, vec![job], newest, groups);
            }
        }
    }
}

fn finish(
    committed: Committed,
    waiting: Vec<(oneshot::Sender<Result<Stored, CommitError>>, OwnedSemaphorePermit)>,
    newest: &watch::Sender<ArrivalNo>,
) {
    for ((done, _), fates) in waiting.into_iter().zip(committed.fates) {
        let _gone = done.send(Ok(Stored { fates, newest: committed.newest }));
    }
    newest.send_if_modified(|known| {
        let more = committed.newest > *known;
        *known = committed.newest.max(*known);
        more
    });
}

#[cfg(test)]
mod tests;
