//! What all sessions of a relay share: the store, the writer, the trust set, and the relay's present life.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use ring::rand::SystemRandom;
use tendenko_protocol::admission;
use tendenko_protocol::chunk::{ChunkHeader, Holding};
use tendenko_protocol::document::{DocumentId, LogId, Scope, Vector};
use tendenko_protocol::ids::{
    ArrivalNo, ChunkId, DeviceId, LogSeq, PatientId, Print, RecordHash, RegionId, RelayId, RelayIncarnation,
};
use tendenko_protocol::messages::{Coverage, Item, Lane, Refusal};
use tendenko_protocol::record::{LogVerdict, check_next};
use tendenko_protocol::session::Standing;
use tendenko_protocol::session::relay::{Card, RelayEvent, Select};
use tokio::sync::{broadcast, watch};

use super::RelayError;
use super::errands::Errands;
use super::present::Present;
use crate::clock::now;
use crate::store::{
    Audience, Documents, Item as StoredItem, ItemKind, MissingPage, NewItem, PageLimit, PartName, RelayStore,
    Selection, Source, StoreError, StoredChunk, Subject, Submission,
};
use crate::trust::Trust;
use crate::writer::Writer;

/// Batches that a session may be behind in what is forwarded.
const FORWARDED: usize = 64;
/// Items, and bytes, of a batch that is forwarded. What is larger is not in a hurry.
const FORWARDED_ITEMS: usize = 64;
const FORWARDED_BYTES: usize = 64 * 1024;
/// Arrival numbers looked at for one page.
const LOOKED_AT: usize = 20_000;

pub(crate) struct Shared {
    pub(crate) relay: RelayId,
    pub(crate) region: RegionId,
    pub(crate) store: Arc<dyn RelayStore>,
    pub(crate) trust: Trust,
    pub(crate) writer: Writer,
    /// The newest arrival number, as the writer and the look-out for enrolments know it.
    pub(crate) newest: watch::Sender<ArrivalNo>,
    /// The present life. Sessions of an earlier one end, so that their tablets come back and compare.
    pub(super) life: watch::Sender<RelayIncarnation>,
    pub(super) present: Present,
    /// What is fetched from the upstream for those who asked for it here.
    pub(crate) errands: Errands,
    /// What sessions have verified and are about to commit. A session that is slow misses it, and gets it in order of arrival.
    pub(super) live: broadcast::Sender<Arc<Forwarded>>,
    sessions: AtomicU64,
    /// Devices that were believed to have been acked more than there is.
    minting: Mutex<BTreeSet<DeviceId>>,
}

/// What one session has verified, for the others.
pub(super) struct Forwarded {
    from: u64,
    items: Vec<(Audience, Item)>,
}

impl Shared {
    pub(super) fn new(
        relay: RelayId,
        region: [u8; 32],
        store: Arc<dyn RelayStore>,
        trust: Trust,
        writer: Writer,
        newest: watch::Sender<ArrivalNo>,
    ) -> Result<Self, RelayError> {
        let life = watch::Sender::new(store.life()?.incarnation);
        let region = RegionId::of_key(&region);
        Ok(Self {
            relay,
            region,
            store,
            trust,
            writer,
            newest,
            life,
            present: Present::default(),
            errands: Errands::default(),
            live: broadcast::Sender::new(FORWARDED),
            sessions: AtomicU64::new(0),
            minting: Mutex::default(),
        })
    }

    /// A number for a new session.
    pub(super) fn number(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    /// Tells other sessions of records that one is about to commit, if each follows its log as it is stored. What is much, or contradicts
    /// what is here, or comes with a grant that it may need, goes by the order of arrival alone.
    pub(super) fn forward(&self, from: u64, items: &[NewItem]) {
        if self.live.receiver_count() < 2 || items.len() > FORWARDED_ITEMS {
            return;
        }
        let mut heads: BTreeMap<LogId, Option<(LogSeq, RecordHash)>> = BTreeMap::new();
        let mut forwarded = Vec::new();
        for item in items {
            let NewItem::Record(record) = item else { return };
            let log = record.log();
            let head = match heads.get(&log) {
                Some(head) => *head,
                // What cannot be read now cannot be committed either, and is said there.
                None => self.store.head(&log).unwrap_or_default(),
            };
            if check_next(head, record.header(), record.hash(), None, false) != LogVerdict::Next {
                return;
            }
            heads.insert(log, Some((record.header().seq, record.hash())));
            let audience = Audience::Granted((log.document.patient, log.document.scope()));
            forwarded.push((audience, Item::Record(record.bytes().to_vec())));
        }
        let bytes: usize = forwarded.iter().map(|(_, item)| item.bytes().len()).sum();
        if !forwarded.is_empty() && bytes <= FORWARDED_BYTES {
            // Nobody listens: nobody misses it.
            let _nobody = self.live.send(Arc::new(Forwarded { from, items: forwarded }));
        }
    }

    /// What of it is for this device, unless it comes from its own session. Nothing is for a relay: it would pass it on, and ack it to
    /// others, and there is more of it than its link should carry twice.
    pub(super) fn forwarded_to(&self, session: u64, device: DeviceId, forwarded: &Forwarded) -> Vec<Item> {
        if forwarded.from == session {
            return Vec::new();
        }
        self.trust.with(|set| {
            let may_have = |audience: &Audience| match audience {
                Audience::Everyone => true,
                Audience::Granted((patient, scope)) => set.granted(device, *patient, *scope),
            };
            forwarded.items.iter().filter(|(audience, _)| may_have(audience)).map(|(_, item)| item.clone()).collect()
        })
    }

    /// Statements of a batch that was not stored must not be believed.
    pub(crate) async fn forget_unstored(self: Arc<Self>) {
        let forgotten = tokio::task::spawn_blocking(move || self.trust.reload(&*self.store)).await;
        if !matches!(forgotten, Ok(Ok(()))) {
            tracing::error!("the trust set could not be read again");
        }
    }

    pub(super) fn standing(&self) -> Result<Standing, StoreError> {
        let life = self.store.life()?;
        Ok(Standing { relay: self.relay, incarnation: life.incarnation, newest: life.newest, past: life.past })
    }

    /// Believes and announces what another process has stored.
    pub(super) fn look(&self) -> Result<(), StoreError> {
        let mut found = self.store.newest()?;
        self.trust.catch_up(&*self.store)?;
        let again = self.trust.take_due();
        if !again.is_empty() {
            let submission = Submission { again, ..Submission::new(Source::Operator, now(), Vec::new()) };
            if let Err(error) = self.store.commit(&[submission]) {
                self.trust.reload(&*self.store)?;
                return Err(error);
            }
            found = self.store.newest()?;
        }
        self.newest.send_if_modified(|newest| {
            let more = found > *newest;
            *newest = found.max(*newest);
            more
        });
        Ok(())
    }

    /// Something was lost: begins a life in which no earlier cursor counts, unless another session just did. One device is believed once: if it
    /// says so again before the relay is started anew, it alone compares (decision 0008).
    pub(super) fn mint(&self, judged_in: RelayIncarnation, device: DeviceId) -> Result<Standing, RelayError> {
        let mut believed = self.minting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let standing = self.standing()?;
        if standing.incarnation != judged_in {
            return Ok(standing);
        }
        if !believed.insert(device) {
            tracing::warn!(%device, code = "claims-too-much", "it says again that it was acked more than the store holds");
            return Ok(standing);
        }
        let incarnation = RelayIncarnation::generate(&SystemRandom::new())?;
        self.store.forget_past(incarnation)?;
        tracing::warn!(%device, "it was acked more than the store holds: tablets will compare everything with the relay");
        self.life.send_replace(incarnation);
        Ok(self.standing()?)
    }

    pub(super) fn page(
        &self,
        device: DeviceId,
        lane: Lane,
        after: ArrivalNo,
        through: ArrivalNo,
        select: Select,
        bytes: usize,
    ) -> Result<RelayEvent, StoreError> {
        let limit = PageLimit { bytes, looked_at: LOOKED_AT };
        self.trust.know(&*self.store, through)?;
        let page = self.trust.with(|set| {
            let granted = |subject: &Subject| set.may_be_sent(device, subject.0, subject.1);
            let selection = match select {
                Select::All => Selection::Granted(Some(lane), &granted),
                Select::Statements => Selection::GrantedStatements(&granted),
                Select::Scope(patient, scope) if granted(&(patient, scope)) => Selection::Only((patient, scope)),
                Select::Scope(..) => return Ok(None),
            };
            self.store.page(selection, after, through, limit).map(Some)
        })?;
        Ok(match page {
            Some(page) => RelayEvent::Page {
                lane,
                items: page.items.into_iter().map(|item| (item.arrival, wire(item))).collect(),
                through: page.through,
                end: page.complete,
            },
            None => RelayEvent::Page { lane, items: Vec::new(), through, end: true },
        })
    }

    /// Cards of patients, with what these need to hold, as far as they arrived within a span.
    pub(super) fn cards(
        &self,
        device: DeviceId,
        patients: Vec<PatientId>,
        after: Option<PatientId>,
        (since, through): (ArrivalNo, ArrivalNo),
        limit_bytes: usize,
    ) -> Result<RelayEvent, StoreError> {
        self.trust.know(&*self.store, through)?;
        let patients = self.trust.with(|set| Card::patients(set, device, patients));
        let before = after.and_then(|after| patients.iter().position(|patient| *patient == after));
        let (mut cards, mut bytes) = (Vec::new(), 0);
        for patient in patients.into_iter().skip(before.map_or(0, |place| place + 1)) {
            if bytes >= limit_bytes {
                return Ok(RelayEvent::Cards { cards, end: false });
            }
            let arrived = self.card(patient, since, through, limit_bytes)?;
            let card = self.trust.with(|set| Card::of(set, device, patient, arrived));
            bytes += card.size();
            cards.push(card);
        }
        Ok(RelayEvent::Cards { cards, end: true })
    }

    /// All grants of a card, and of its records the first.
    fn card(
        &self,
        patient: PatientId,
        since: ArrivalNo,
        through: ArrivalNo,
        limit_bytes: usize,
    ) -> Result<Vec<(ArrivalNo, Item)>, StoreError> {
        let limit = PageLimit { bytes: limit_bytes, looked_at: LOOKED_AT };
        let (mut at, mut room) = (since, limit_bytes);
        let mut arrived = Vec::new();
        loop {
            let page = self.store.page(Selection::Only((patient, Scope::Card)), at, through, limit)?;
            for item in page.items {
                if item.kind == ItemKind::Record {
                    if item.bytes.len() > room {
                        // What follows it would stand behind a gap.
                        room = 0;
                        continue;
                    }
                    room -= item.bytes.len();
                }
                arrived.push((item.arrival, wire(item)));
            }
            if page.complete || page.through <= at {
                return Ok(arrived);
            }
            at = page.through;
        }
    }

    /// Parts of whole checkpoints of charts that the device may be sent.
    pub(super) fn checkpoints(
        &self,
        device: DeviceId,
        mut patients: Vec<PatientId>,
        after: Option<PartName>,
        limit_bytes: usize,
    ) -> Result<RelayEvent, StoreError> {
        self.trust.with(|set| {
            if patients.is_empty() {
                patients = set.grants_for(device).map(|grant| grant.grant.patient).collect();
                patients.sort_unstable();
                patients.dedup();
            }
            patients.retain(|patient| set.may_be_sent(device, *patient, Scope::Chart));
        });
        let under_way =
            after.and_then(|(document, _)| patients.iter().position(|patient| *patient == document.patient));
        let (mut parts, mut bytes) = (Vec::new(), 0);
        for (place, patient) in patients.iter().enumerate().skip(under_way.unwrap_or(0)) {
            let charts = (DocumentId::chart(*patient, 0), DocumentId::chart(*patient, u16::MAX));
            let mut at = after.filter(|_| under_way == Some(place));
            loop {
                let found = self.store.checkpoint_parts(charts, at, limit_bytes - bytes)?;
                let Some(last) = found.last() else { break };
                at = Some(last.name);
                bytes += found.iter().map(|part| part.bytes.len()).sum::<usize>();
                parts.extend(found.into_iter().map(|part| (part.name.0, part.name.1, part.bytes)));
                if bytes >= limit_bytes {
                    return Ok(RelayEvent::Checkpoints { parts, end: false });
                }
            }
        }
        Ok(RelayEvent::Checkpoints { parts, end: true })
    }

    pub(super) fn vectors(
        &self,
        device: DeviceId,
        lane: Lane,
        coverage: Coverage,
        listed: &[DocumentId],
        max_documents: usize,
        max_logs: usize,
    ) -> Result<RelayEvent, StoreError> {
        let documents = match coverage {
            Coverage::Span { after, through } => Documents::Span { after, through },
            Coverage::Listed => Documents::Listed(listed),
        };
        let page = self.trust.with(|set| {
            let readable = |document: &DocumentId| set.may_be_sent(device, document.patient, document.scope());
            self.store.vectors(documents, &readable, max_documents, max_logs)
        })?;
        Ok(RelayEvent::Vectors { lane, documents: page.documents, more: page.more })
    }

    pub(super) fn missing(
        &self,
        device: DeviceId,
        lane: Lane,
        mut documents: Vec<(DocumentId, Vector)>,
        limit_bytes: usize,
    ) -> Result<RelayEvent, StoreError> {
        self.trust
            .with(|set| documents.retain(|(document, _)| set.may_be_sent(device, document.patient, document.scope())));
        let page = self.store.missing(&documents, limit_bytes)?;
        Ok(RelayEvent::Missing { lane, records: page.records, more: page.more })
    }

    pub(super) fn prints(&self, device: DeviceId, lane: Lane, log: &LogId) -> Result<RelayEvent, StoreError> {
        let prints = if self.may_be_sent(device, log) { self.store.prints(log)? } else { Vec::new() };
        Ok(RelayEvent::Prints { lane, prints })
    }

    pub(super) fn twins(
        &self,
        device: DeviceId,
        lane: Lane,
        log: &LogId,
        prints: &[Print],
        limit_bytes: usize,
    ) -> Result<RelayEvent, StoreError> {
        let page = match self.may_be_sent(device, log) {
            true => self.store.with_prints(log, prints, limit_bytes)?,
            false => MissingPage::default(),
        };
        Ok(RelayEvent::Missing { lane, records: page.records, more: page.more })
    }

    fn may_be_sent(&self, device: DeviceId, log: &LogId) -> bool {
        self.trust.with(|set| set.may_be_sent(device, log.document.patient, log.document.scope()))
    }

    /// The first of these chunks, as many as fit. One of a chart that the peer may not be sent is as if it was not here.
    pub(super) fn chunks(
        &self,
        device: DeviceId,
        wanted: Vec<ChunkId>,
        limit_bytes: usize,
    ) -> Result<RelayEvent, StoreError> {
        let mut chunks = Vec::new();
        let mut room = limit_bytes;
        for id in wanted {
            let stored = self.store.chunk(&id)?;
            let granted =
                |chunk: &StoredChunk| self.trust.with(|set| set.may_be_sent(device, chunk.patient, ChunkHeader::SCOPE));
            let bytes = stored.filter(granted).map(|chunk| chunk.bytes);
            let size = bytes.as_ref().map_or(0, Vec::len);
            if size > room && !chunks.is_empty() {
                break;
            }
            room = room.saturating_sub(size);
            chunks.push((id, bytes));
        }
        Ok(RelayEvent::Chunks { chunks })
    }

    pub(super) fn lacking(&self, offered: &[Holding]) -> Result<RelayEvent, StoreError> {
        Ok(RelayEvent::Lacking { attachments: self.store.lacking_chunks(offered)? })
    }

    /// May the device have a session? Its chain is believed before.
    pub(super) fn admitted(&self, device: DeviceId, peer_key: &[u8; 32]) -> Result<RelayEvent, StoreError> {
        // It may have been enrolled a moment ago, by another process.
        self.trust.catch_up(&*self.store)?;
        Ok(match self.trust.with(|set| admission::admit_peer(device, peer_key, set)) {
            Ok(_) => RelayEvent::Admitted { standing: self.standing()?, now: now() },
            Err(reason) => RelayEvent::Refused { reason },
        })
    }

    pub(super) fn revoked(&self, device: DeviceId) -> Option<Refusal> {
        (!self.trust.with(|set| set.is_in_office(device))).then_some(Refusal::Revoked)
    }
}

/// A stored item as it goes over the wire.
pub(crate) fn wire(item: StoredItem) -> Item {
    match item.kind {
        ItemKind::Record => Item::Record(item.bytes),
        ItemKind::Statement => Item::Statement(item.bytes),
        ItemKind::Chunk => Item::Chunk(item.bytes),
    }
}
