//! What a session wants done and is told of when it ended: reading the store, believing a chain, committing a batch. Each is a future that ends in
//! an event and takes nothing of the connection with it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tendenko_protocol::ids::{ChunkId, DeviceId};
use tendenko_protocol::messages::{Item, Refusal};
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::session::relay::{Outcome, RelayEvent};

use super::admit::{self, Claimed};
use super::shared::Shared;
use crate::clock::now;
use crate::store::Source;
use crate::writer::CommitError;

/// Something under way that ends in an event for the session.
pub(super) type Pending = Pin<Box<dyn Future<Output = RelayEvent> + Send>>;

/// Reads the store on a thread that may wait.
pub(super) async fn blocking<E: std::fmt::Display>(
    ask: impl FnOnce() -> Result<RelayEvent, E> + Send + 'static,
) -> RelayEvent {
    let asked = tokio::task::spawn_blocking(move || {
        ask().unwrap_or_else(|error| {
            tracing::error!(%error, "the store could not be read");
            RelayEvent::Stop { reason: Refusal::Busy }
        })
    });
    asked.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a reading ended badly");
        RelayEvent::Stop { reason: Refusal::Busy }
    })
}

/// Believes and stores the chain, then asks whether the device may come in.
pub(super) async fn check(
    shared: Arc<Shared>,
    device: DeviceId,
    chain: Vec<Vec<u8>>,
    peer_key: [u8; 32],
) -> RelayEvent {
    if !chain.is_empty() {
        let items = chain.into_iter().map(Item::Statement).collect();
        let believing = shared.clone();
        let checked = tokio::task::spawn_blocking(move || {
            let mut submission = admit::submission(&believing.trust, Source::Operator, now(), items);
            // What does not hold in a chain is no attack worth a count: the device is refused for it below.
            submission.items.retain(|item| matches!(item, crate::store::NewItem::Statement(_)));
            submission
        });
        let Ok(submission) = checked.await else {
            return RelayEvent::Stop { reason: Refusal::Busy };
        };
        let anything = !(submission.items.is_empty() && submission.again.is_empty());
        if anything && shared.writer.commit(submission).await.is_err() {
            shared.forget_unstored().await;
            return RelayEvent::Refused { reason: Refusal::Busy };
        }
    }
    blocking(move || shared.admitted(device, &peer_key)).await
}

/// The first of these chunks; what is not here is fetched from the upstream, while there is one.
pub(super) async fn fetch(
    shared: Arc<Shared>,
    device: DeviceId,
    chunks: Vec<ChunkId>,
    limit_bytes: usize,
) -> RelayEvent {
    let read = |wanted: Vec<ChunkId>| {
        let shared = shared.clone();
        blocking(move || shared.chunks(device, wanted, limit_bytes))
    };
    let event = read(chunks.clone()).await;
    let RelayEvent::Chunks { chunks: mut found } = event else { return event };
    let here = found.iter().take_while(|(_, bytes)| bytes.is_some()).count();
    if here > 0 {
        found.truncate(here);
        return RelayEvent::Chunks { chunks: found };
    }
    let missing: Vec<_> = found.iter().take_while(|(_, bytes)| bytes.is_none()).map(|(id, _)| *id).collect();
    if shared.errands.fetch(&missing).await {
        return read(chunks.into_iter().take(1).collect()).await;
    }
    // Of the others it is not known yet.
    found.truncate(1);
    RelayEvent::Chunks { chunks: found }
}

/// Checks a batch and has it stored durably.
pub(super) async fn commit(
    shared: Arc<Shared>,
    session: u64,
    device: DeviceId,
    batch: u64,
    items: Vec<Item>,
) -> RelayEvent {
    let checking = shared.clone();
    let checked = tokio::task::spawn_blocking(move || {
        let submission = admit::submission(&checking.trust, Source::Peer(device), now(), items);
        let claimed: Vec<_> = submission.items.iter().map(Claimed::of).collect();
        checking.forward(session, &submission.items);
        (submission, claimed)
    });
    let Ok((submission, claimed)) = checked.await else {
        tracing::error!("checking a batch ended badly");
        return RelayEvent::Stop { reason: Refusal::Busy };
    };
    let pieces = admit::chunks(&submission.items);
    match shared.writer.commit(submission).await {
        Ok(stored) => {
            shared.errands.come(pieces);
            let outcomes = admit::outcomes(device, &claimed, &stored.fates);
            RelayEvent::Committed { batch, outcomes, newest: stored.newest }
        }
        Err(CommitError::Full) => {
            shared.clone().forget_unstored().await;
            let newest = *shared.newest.borrow();
            let outcomes = vec![Outcome::Rejected(RejectReason::Full); claimed.len()];
            RelayEvent::Committed { batch, outcomes, newest }
        }
        Err(CommitError::Failed | CommitError::Stopped) => {
            shared.forget_unstored().await;
            RelayEvent::Stop { reason: Refusal::Busy }
        }
    }
}
