//! The store's side of a session with the upstream: what it starts from, and what it asks for.

use std::collections::BTreeSet;
use std::sync::Arc;

use tendenko_protocol::chunk::Holding;
use tendenko_protocol::document::{DocumentId, LogId, Scope, Vector};
use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::ids::{ArrivalNo, AttachmentId, ChunkId, DeviceId, LogSeq, RelayId, StatementId};
use tendenko_protocol::limits::{MAX_DOCUMENTS, VECTOR_PAGE};
use tendenko_protocol::messages::{Backfill, Cursor, Item, Lane};
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::session::client::{ClientConfig, Departure, ItemRef, Rejection};
use tendenko_protocol::trust::Claim;

use super::ClientIdentity;
use crate::clock::now;
use crate::host::admit;
use crate::host::shared::{Shared, wire};
use crate::store::{
    Documents, Fate, ItemName, Mark, NewItem, PageLimit, Selection, Source, StoreError, Subject, Submission,
};
use crate::writer::CommitError;

/// Arrival numbers looked at for one page.
const LOOKED_AT: usize = 20_000;

/// What a session with the upstream works on.
pub(super) struct Carrier {
    pub(super) shared: Arc<Shared>,
    pub(super) identity: ClientIdentity,
}

/// Why the store could not go on. The session ends; nothing is lost by it.
#[derive(Debug, thiserror::Error)]
pub(super) enum CarrierError {
    #[error("the store could not be read: {0}")]
    Store(#[from] StoreError),
    #[error("nothing could be stored: {0}")]
    Commit(#[from] CommitError),
    #[error("the work was interrupted")]
    Interrupted,
}

/// What became of a batch from the upstream.
pub(super) struct Taken {
    pub(super) new_grants: Vec<Subject>,
    pub(super) gaps: Vec<DocumentId>,
    pub(super) forks: Vec<LogId>,
}

/// An attachment after which to go on.
type Attachment = Option<(DeviceId, AttachmentId)>;

impl Carrier {
    pub(super) fn new(shared: Arc<Shared>, identity: ClientIdentity) -> Self {
        Self { shared, identity }
    }

    /// Makes the outbox, if there is none yet.
    pub(super) async fn begin(self: &Arc<Self>) -> bool {
        let begun = self.read(|carrier| carrier.shared.store.begin_upstream()).await;
        if let Err(error) = &begun {
            tracing::error!(%error, "the outbox for the upstream could not be made");
        }
        begun.is_ok()
    }

    /// May whoever serves under this key be the upstream? Not this relay itself, under whatever address.
    pub(super) fn may_be_upstream(&self, key: &[u8; 32]) -> bool {
        let relay = RelayId::of_key(key);
        relay != self.shared.relay && self.shared.trust.with(|set| set.relay(relay).is_some())
    }

    /// What a session with this relay starts from.
    pub(super) fn session_config(&self, relay: RelayId) -> Result<ClientConfig, StoreError> {
        let upstream = self.shared.store.upstream()?.unwrap_or_default();
        let device = self.identity.hello_id();
        let chain = self.shared.trust.with(|set| match self.relay_identity() {
            Some(relay) => set.chain_of_relay(relay),
            None => set.chain_of(device),
        });
        Ok(ClientConfig {
            region: self.shared.region,
            device,
            relay,
            chain,
            cursor: upstream.cursor,
            versions: SESSION_VERSIONS.to_vec(),
            backfill: upstream.owed,
            first: Vec::new(),
            long_away: true,
            wanted: self.shared.errands.wanted(),
            offer: true,
            suspects: upstream.suspects,
            // Somebody behind it may want every record.
            checkpoints: None,
        })
    }

    /// The relay that this side is to the upstream; `None`: it is a device.
    fn relay_identity(&self) -> Option<RelayId> {
        let relay = RelayId::of_key(&self.identity.signing_public());
        self.shared.trust.with(|set| set.relay(relay).is_some()).then_some(relay)
    }

    /// Does the upstream show this side the document?
    fn sees(&self) -> impl Fn(&DocumentId) -> bool + '_ {
        let everything = self.relay_identity().is_some();
        let device = self.identity.hello_id();
        move |document| everything || self.shared.trust.with(|set| set.may_read(device, document))
    }

    /// Stores what the upstream sent, with the cursor that covers it.
    pub(super) async fn take(
        self: &Arc<Self>,
        from: Source,
        items: Vec<Item>,
        cursor: Option<Cursor>,
    ) -> Result<Taken, CarrierError> {
        let came: Vec<_> = items.iter().filter(|item| matches!(item, Item::Chunk(_))).map(chunk_id).collect();
        let (submission, new_grants, logs) = self.read(move |carrier| Ok(carrier.judged(from, items, cursor))).await?;
        let mut gaps: Vec<_> = submission.marks.iter().filter_map(suspect).collect();
        let taken = admit::chunks(&submission.items);
        let stored = self.commit(submission).await?;
        // Those that could not be taken, for want of room or of a grant, are looked for in vain, and found absent.
        self.shared.errands.absent(came.into_iter().filter(|id| !taken.contains(id)));
        self.shared.errands.come(taken);
        let mut forks = Vec::new();
        for (log, fate) in logs.into_iter().zip(stored) {
            match (log, fate) {
                (Some(log), Fate::Gap { .. }) => gaps.push(log.document),
                (Some(log), Fate::Fork) => forks.push(log),
                _ => {}
            }
        }
        if !(gaps.is_empty() && forks.is_empty() && new_grants.is_empty()) {
            let (gaps, forks, grants) = (gaps.len(), forks.len(), new_grants.len());
            tracing::debug!(gaps, forks, grants, "taken from the upstream");
        }
        Ok(Taken { new_grants, gaps, forks })
    }

    /// Checks a batch; gives it with its marks, the grants in it that name this device, and the log of each item.
    fn judged(
        &self,
        from: Source,
        items: Vec<Item>,
        cursor: Option<Cursor>,
    ) -> (Submission, Vec<Subject>, Vec<Option<LogId>>) {
        let mut submission = admit::submission(&self.shared.trust, from, now(), items);
        let mut new_grants = Vec::new();
        let mut logs = Vec::new();
        for item in &submission.items {
            let mut of = None;
            match item {
                NewItem::Record(record) => of = Some(record.log()),
                NewItem::Chunk(_) | NewItem::Checkpoint(_) => {}
                NewItem::Refused(refused) => {
                    tracing::warn!(code = refused.reason.code(), "an item from the upstream was refused");
                    let claimed = refused.claimed.filter(|_| !refused.reason.is_final());
                    if let Some((log, _)) = claimed {
                        submission.marks.push(Mark::Suspect(log.document));
                    }
                }
                NewItem::Statement(statement) => {
                    if let Some(subject) = self.granted_by(&statement.id) {
                        submission.marks.push(Mark::Owed(subject));
                        new_grants.push(subject);
                    }
                }
            }
            logs.push(of);
        }
        submission.marks.extend(cursor.map(Mark::Cursor));
        (submission, new_grants, logs)
    }

    /// What a statement grants to this side, if it is a device to the upstream. A relay sees everything.
    fn granted_by(&self, statement: &StatementId) -> Option<Subject> {
        let device = self.identity.hello_id();
        let granted = self.shared.trust.with(|set| match set.statement(statement)?.claim {
            Claim::Grant(ref grant) if grant.device == device => Some((grant.patient, grant.scope)),
            _ => None,
        });
        granted.filter(|_| self.relay_identity().is_none())
    }

    /// Grants for this side that it brings to the upstream (a tablet pushed them here, or a courier file brought them): what they open is
    /// to be filled in. Durable before they leave, for once they are there the upstream never sends them.
    pub(super) async fn owe_departing(self: &Arc<Self>, items: &[Departure]) -> Result<Vec<Subject>, CarrierError> {
        let subject = |departure: &Departure| match &departure.item {
            Item::Statement(bytes) => self.granted_by(&StatementId::of(bytes)),
            Item::Record(_) | Item::Chunk(_) | Item::Checkpoint(_) => None,
        };
        let subjects: BTreeSet<Subject> = items.iter().filter_map(subject).collect();
        if !subjects.is_empty() {
            self.mark(subjects.iter().copied().map(Mark::Owed).collect()).await?;
        }
        Ok(subjects.into_iter().collect())
    }

    /// What is here of scopes that are to be filled in.
    pub(super) fn owed(&self, scopes: Vec<Subject>) -> Result<Vec<Backfill>, StoreError> {
        let owed = |(patient, scope)| {
            let card = [DocumentId::card(patient)];
            let (after, through) = DocumentId::bounds_of_chart(patient);
            let documents = match scope {
                Scope::Card => Documents::Listed(&card),
                Scope::Chart => Documents::Span { after: Some(after), through: Some(through) },
            };
            let mut has = self.shared.store.vectors(documents, &|_| true, MAX_DOCUMENTS, VECTOR_PAGE)?.documents;
            has.retain(|(_, vector)| !vector.0.is_empty());
            Ok(Backfill { patient, scope, has })
        };
        scopes.into_iter().map(owed).collect()
    }

    /// Everything of a scope is here that the upstream has. It is asked for again next time if the grant does not hold here yet.
    pub(super) async fn filled(&self, subject: Subject) -> Result<(), CarrierError> {
        let device = self.identity.hello_id();
        if self.shared.trust.with(|set| set.granted(device, subject.0, subject.1)) {
            self.mark(vec![Mark::Filled(subject)]).await?;
        }
        Ok(())
    }

    /// The next of a lane's outbox, and whether there is more.
    pub(super) fn depart(
        &self,
        lane: Lane,
        after: u64,
        behind: u64,
        budget: usize,
    ) -> Result<(Vec<Departure>, bool), StoreError> {
        let store = &self.shared.store;
        let newest = store.newest()?;
        let limit = PageLimit { bytes: budget, looked_at: LOOKED_AT };
        let mut through = newest;
        if lane != Lane::Cards {
            let one = PageLimit { bytes: 1, looked_at: 1 };
            let held = store.page(Selection::Outbox(Lane::Cards), ArrivalNo(behind), newest, one)?;
            if let Some(first) = held.items.first() {
                through = ArrivalNo(first.arrival.0 - 1);
            }
        }
        if through <= ArrivalNo(after) {
            return Ok((Vec::new(), through < newest));
        }
        let page = store.page(Selection::Outbox(lane), ArrivalNo(after), through, limit)?;
        let items =
            page.items.into_iter().map(|item| Departure { position: item.arrival.0, item: wire(item) }).collect();
        Ok((items, !page.complete || through < newest))
    }

    /// The upstream has these durably.
    pub(super) async fn acked(
        &self,
        records: Vec<(LogId, LogSeq)>,
        statements: Vec<StatementId>,
        chunks: Vec<ChunkId>,
        cursor: Option<Cursor>,
    ) -> Result<(), CarrierError> {
        let records = records.into_iter().map(|(log, seq)| Mark::Has(ItemName::Record(log, seq)));
        let statements = statements.into_iter().map(|id| Mark::Has(ItemName::Statement(id)));
        let chunks = chunks.into_iter().map(|id| Mark::Has(ItemName::Chunk(id)));
        self.mark(records.chain(statements).chain(chunks).chain(cursor.map(Mark::Cursor)).collect()).await
    }

    /// The upstream did not take these. True: it has no room, so there is no use in going on.
    pub(super) async fn rejected(&self, items: &[Rejection]) -> Result<bool, CarrierError> {
        let mut marks = Vec::new();
        for Rejection { item, reason } in items {
            tracing::warn!(code = reason.code(), "the upstream did not take an item");
            let name = match item {
                ItemRef::Record { log, seq, .. } => ItemName::Record(*log, *seq),
                ItemRef::Statement(id) => ItemName::Statement(*id),
                ItemRef::Chunk(id) => ItemName::Chunk(*id),
                // An edge relay pushes none.
                ItemRef::Part(_) | ItemRef::Damaged(_) => continue,
            };
            if *reason != RejectReason::Full {
                marks.push(Mark::Refused(name, *reason));
            }
        }
        if !marks.is_empty() {
            self.mark(marks).await?;
        }
        Ok(items.iter().any(|item| item.reason == RejectReason::Full))
    }

    /// Which pieces of attachments are here, behind one of them.
    pub(super) fn holdings(&self, after: Attachment, limit: usize) -> Result<Vec<Holding>, StoreError> {
        self.shared.store.chunk_holdings(after, limit)
    }

    /// The first of the pieces that the upstream lacks, and what is left of them.
    pub(super) fn pieces(&self, mut lacking: Vec<Holding>) -> Result<(Vec<Vec<u8>>, Vec<Holding>), StoreError> {
        while let Some(holding) = lacking.first_mut() {
            let Some(place) = holding.first() else {
                lacking.remove(0);
                continue;
            };
            holding.remove(place);
            let (device, attachment) = (holding.device, holding.attachment);
            if let Some(bytes) = self.shared.store.chunk_in_place(device, attachment, place)? {
                return Ok((vec![bytes], lacking));
            }
        }
        Ok((Vec::new(), lacking))
    }

    /// The upstream compares everything with this side, which sees a part: what it does not see is offered again by the outbox.
    pub(super) fn offer_again(&self) -> Result<(), StoreError> {
        if self.relay_identity().is_some() {
            return Ok(());
        }
        let device = self.identity.hello_id();
        let seen = |subject: &Subject| self.shared.trust.with(|set| set.granted(device, subject.0, subject.1));
        self.shared.store.offer_again(&seen)
    }

    pub(super) fn vectors(
        &self,
        after: Option<DocumentId>,
        max_documents: usize,
        max_logs: usize,
    ) -> Result<(Vec<(DocumentId, Vector)>, bool), StoreError> {
        let span = Documents::Span { after, through: None };
        let page = self.shared.store.vectors(span, &self.sees(), max_documents, max_logs)?;
        Ok((page.documents, page.more))
    }

    pub(super) fn vectors_of(&self, listed: &[DocumentId]) -> Result<Vec<(DocumentId, Vector)>, StoreError> {
        let page = self.shared.store.vectors(Documents::Listed(listed), &|_| true, listed.len(), usize::MAX)?;
        Ok(page.documents)
    }

    pub(super) fn statements(&self, after: u64, budget: usize) -> Result<(Placed, bool), StoreError> {
        let limit = PageLimit { bytes: budget, looked_at: LOOKED_AT };
        let page = self.shared.store.statements(ArrivalNo(after), limit)?;
        let items = page.items.into_iter().map(|item| (item.arrival.0, item.bytes)).collect();
        Ok((items, !page.complete))
    }

    pub(super) fn missing(
        &self,
        documents: &[(DocumentId, Vector)],
        budget: usize,
    ) -> Result<(Vec<Vec<u8>>, bool), StoreError> {
        let page = self.shared.store.missing(documents, budget)?;
        Ok((page.records, page.more))
    }

    /// Remembers something about the upstream.
    pub(super) async fn mark(&self, marks: Vec<Mark>) -> Result<(), CarrierError> {
        let submission = Submission { marks, ..Submission::new(Source::Upstream, now(), Vec::new()) };
        self.commit(submission).await.map(drop)
    }

    async fn commit(&self, submission: Submission) -> Result<Vec<Fate>, CarrierError> {
        match self.shared.writer.commit(submission).await {
            Ok(stored) => Ok(stored.fates),
            Err(error) => {
                self.shared.clone().forget_unstored().await;
                Err(error.into())
            }
        }
    }

    /// Reads on a thread that may wait.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Carrier) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, CarrierError> {
        let carrier = self.clone();
        let done = tokio::task::spawn_blocking(move || read(&carrier)).await;
        Ok(done.map_err(|_| CarrierError::Interrupted)??)
    }

    /// The device that a session is of, for logs.
    pub(super) fn id(&self) -> DeviceId {
        self.identity.hello_id()
    }
}

fn chunk_id(item: &Item) -> ChunkId {
    ChunkId::of(item.bytes())
}

/// Statements with their places.
type Placed = Vec<(u64, Vec<u8>)>;

fn suspect(mark: &Mark) -> Option<DocumentId> {
    match mark {
        Mark::Suspect(document) => Some(*document),
        _ => None,
    }
}
