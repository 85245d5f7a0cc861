//! What the session wants done, done in the store.

use std::collections::VecDeque;

use tendenko_protocol::messages::{Cursor, Item};
use tendenko_protocol::session::client::{ClientAction, ClientEvent};

use super::progress::{lanes_of, state_of};
use super::{Link, blocking};
use crate::replica::Replica;
use crate::sync::error::LinkError;

/// Items of one session that no honest relay sends, after which it ends. A few may come of a relay that learns of a revocation.
const MAX_BOGUS: u64 = 100;
/// Bytes after which no more is taken into a transaction: a card that comes meanwhile waits for it.
const TOGETHER: usize = 256 * 1024;

impl Link {
    /// Does one action, together with those behind it that are done at one go with it.
    pub(super) async fn perform(
        &mut self,
        action: ClientAction,
        behind: &mut VecDeque<ClientAction>,
    ) -> Result<Vec<ClientEvent>, LinkError> {
        let replica = &self.replica;
        let event = match action {
            ClientAction::Send { lane, message } => {
                self.streams.say(lane, &message);
                None
            }
            ClientAction::Store { batch, items, cursor } => {
                let (mut batches, mut all, mut last) = (vec![batch], items, cursor);
                let size = |items: &[Item]| items.iter().map(|item| item.bytes().len()).sum::<usize>();
                let mut bytes = size(&all);
                while bytes < TOGETHER
                    && let Some((batch, items, cursor)) = next_store(behind)
                {
                    batches.push(batch);
                    bytes += size(&items);
                    all.extend(items);
                    last = cursor.or(last);
                }
                return self.store(batches, all, last).await;
            }
            ClientAction::Depart { lane, after, behind, budget } => {
                let (items, more) =
                    blocking(replica, move |replica| replica.depart(lane, after, behind, budget)).await?;
                Some(ClientEvent::Departing { lane, items, more })
            }
            ClientAction::Acked { records, statements, chunks, parts, cursor } => {
                let at_home = self.at_home;
                let acked = move |replica: &Replica| match at_home {
                    true => replica.heard_at_home(cursor),
                    false => replica.acked(&records, &statements, &chunks, &parts, cursor),
                };
                blocking(replica, acked).await?;
                None
            }
            ClientAction::Rejected { items } => {
                if blocking(replica, move |replica| replica.refused(&items)).await? {
                    return Err(LinkError::Renewed);
                }
                None
            }
            ClientAction::LoadVectors { after, max_documents, max_logs } => {
                let (documents, more) =
                    blocking(replica, move |replica| replica.vectors_after(after, max_documents, max_logs)).await?;
                Some(ClientEvent::Vectors { documents, more })
            }
            ClientAction::LoadListed { documents } => {
                let documents = blocking(replica, move |replica| replica.vectors_of(&documents)).await?;
                Some(ClientEvent::Listed { documents })
            }
            ClientAction::LoadHeld { scopes } => {
                let scopes = blocking(replica, move |replica| replica.owed(scopes)).await?;
                Some(ClientEvent::Held { scopes })
            }
            ClientAction::LoadStatements { after, budget } => {
                let (items, more) = blocking(replica, move |replica| replica.statements_after(after, budget)).await?;
                Some(ClientEvent::Statements { items, more })
            }
            ClientAction::LoadMissing { documents, budget } => {
                let (records, more) = blocking(replica, move |replica| replica.missing(&documents, budget)).await?;
                Some(ClientEvent::Missing { records, more })
            }
            ClientAction::LoadPrints { log } => {
                let prints = blocking(replica, move |replica| replica.prints(log)).await?;
                Some(ClientEvent::Prints { prints })
            }
            ClientAction::LoadTwins { log, prints, budget } => {
                let (records, more) =
                    blocking(replica, move |replica| replica.with_prints(log, &prints, budget)).await?;
                Some(ClientEvent::Missing { records, more })
            }
            ClientAction::Absent { chunks } => {
                blocking(replica, move |replica| replica.chunks_absent(&chunks)).await?;
                None
            }
            ClientAction::LoadHoldings { after, limit } => {
                let attachments = blocking(replica, move |replica| replica.holdings(after, limit)).await?;
                Some(ClientEvent::Holdings { attachments })
            }
            ClientAction::LoadPieces { mut lacking, budget } => {
                let give = move |replica: &Replica| {
                    let chunks = replica.chunks_for(&mut lacking, budget)?;
                    Ok((chunks, lacking))
                };
                let (chunks, lacking) = blocking(replica, give).await?;
                Some(ClientEvent::Pieces { chunks, lacking })
            }
            ClientAction::Compared { documents } => {
                blocking(replica, move |replica| replica.compared(&documents)).await?;
                None
            }
            ClientAction::BackfillDone { patient, scope } => {
                blocking(replica, move |replica| {
                    replica.backfilled(patient, scope)?;
                    replica.count_patients()
                })
                .await?;
                None
            }
            ClientAction::Measured { clock_offset_ms } => {
                blocking(replica, move |replica| replica.measured(clock_offset_ms)).await?;
                None
            }
            ClientAction::Progress(progress) => {
                let state = state_of(progress, replica.has_synced());
                replica.change_status(|status| {
                    status.state = state;
                    status.lanes = lanes_of(progress);
                });
                None
            }
            ClientAction::Close { reason } => {
                self.closed = Some(reason);
                None
            }
        };
        Ok(event.into_iter().collect())
    }

    /// Stores what came in several batches as one, with the cursor that covers all of it.
    async fn store(
        &mut self,
        batches: Vec<u64>,
        items: Vec<Item>,
        cursor: Option<Cursor>,
    ) -> Result<Vec<ClientEvent>, LinkError> {
        self.unproven |= items.iter().any(|item| matches!(item, Item::Checkpoint(_)));
        let stored = blocking(&self.replica, move |replica| {
            let stored = replica.store_batch(items, cursor)?;
            if !stored.new_grants.is_empty() {
                replica.count_patients()?;
            }
            Ok(stored)
        })
        .await?;
        if stored.renewed {
            return Err(LinkError::Renewed);
        }
        self.bogus += stored.bogus;
        if self.bogus > MAX_BOGUS {
            return Err(LinkError::Bogus);
        }
        let (mut new_grants, mut gaps, mut forks) = (stored.new_grants, stored.gaps, stored.forks);
        let event = |batch| ClientEvent::Stored {
            batch,
            new_grants: std::mem::take(&mut new_grants),
            gaps: std::mem::take(&mut gaps),
            forks: std::mem::take(&mut forks),
        };
        Ok(batches.into_iter().map(event).collect())
    }
}

/// The next batch to store, if nothing but word of progress stands before it; that is superseded.
fn next_store(actions: &mut VecDeque<ClientAction>) -> Option<(u64, Vec<Item>, Option<Cursor>)> {
    let place = actions.iter().position(|action| !matches!(action, ClientAction::Progress(_)))?;
    if !matches!(actions.get(place), Some(ClientAction::Store { .. })) {
        return None;
    }
    actions.drain(..place);
    match actions.pop_front() {
        Some(ClientAction::Store { batch, items, cursor }) => Some((batch, items, cursor)),
        _ => None,
    }
}
