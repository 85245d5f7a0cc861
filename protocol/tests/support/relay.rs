//! A relay's durable state, and how it does what its sessions ask.

use tendenko_protocol::Random;
use tendenko_protocol::admission::{Verdict, admit_peer, admit_record, admit_statement};
use tendenko_protocol::document::{DocumentId, LogId, Scope};
use tendenko_protocol::ids::{ArrivalNo, ChunkId, DeviceId, LogSeq, Millis, RelayId, RelayIncarnation, StatementId};
use tendenko_protocol::keys::RelayKeys;
use tendenko_protocol::messages::{Coverage, Item, Lane};
use tendenko_protocol::record::{ReceivedBytes, RejectReason};
use tendenko_protocol::session::Standing;
use tendenko_protocol::session::relay::{Card, Outcome, RelayAction, RelayEvent, Select};
use tendenko_protocol::trust::{Added, Claim, LateGrants, TrustStore};

use super::Logs;
use super::chunks::{Chunks, patient_of};
use super::tablet::Tablet;

#[derive(Clone)]
struct Copy {
    incarnation: RelayIncarnation,
    past: Vec<(RelayIncarnation, ArrivalNo)>,
    arrivals: Vec<Item>,
    logs: Logs,
    chunks: Chunks,
    trust: TrustStore,
    late: LateGrants,
}

pub struct Relay {
    keys: RelayKeys,
    incarnation: RelayIncarnation,
    past: Vec<(RelayIncarnation, ArrivalNo)>,
    pub arrivals: Vec<Item>,
    pub logs: Logs,
    pub chunks: Chunks,
    pub trust: TrustStore,
    late: LateGrants,
    copy: Option<Box<Copy>>,
    pub minted: usize,
    /// No fork is kept any more.
    pub quarantine_full: bool,
    /// Arrivals looked at for one page: few, to have several.
    pub looked_at: usize,
    /// No card goes ahead of the stream.
    pub in_order_only: bool,
}

impl Relay {
    pub fn new(rng: &dyn Random, region: [u8; 32]) -> Self {
        let mut relay = Self {
            keys: RelayKeys::generate(rng).unwrap(),
            incarnation: RelayIncarnation::generate(rng).unwrap(),
            past: Vec::new(),
            arrivals: Vec::new(),
            logs: Logs::default(),
            chunks: Chunks::default(),
            trust: TrustStore::new(region),
            late: LateGrants::default(),
            copy: None,
            minted: 0,
            quarantine_full: false,
            looked_at: 3,
            in_order_only: false,
        };
        relay.keep_copy();
        relay
    }

    pub fn id(&self) -> RelayId {
        self.keys.relay_id()
    }

    pub fn newest(&self) -> ArrivalNo {
        ArrivalNo(self.arrivals.len() as u64)
    }

    pub fn has(&self, log: &LogId, seq: LogSeq) -> bool {
        self.logs.0.get(log).is_some_and(|records| records.len() as u64 >= seq.0)
    }

    pub fn keep_copy(&mut self) {
        self.copy = Some(Box::new(Copy {
            incarnation: self.incarnation,
            past: self.past.clone(),
            arrivals: self.arrivals.clone(),
            logs: self.logs.clone(),
            chunks: self.chunks.clone(),
            trust: self.trust.clone(),
            late: self.late.clone(),
        }));
    }

    pub fn roll_back(&mut self) {
        let copy = self.copy.as_deref().cloned().unwrap();
        Copy {
            incarnation: self.incarnation,
            past: self.past,
            arrivals: self.arrivals,
            logs: self.logs,
            chunks: self.chunks,
            trust: self.trust,
            late: self.late,
        } = copy;
    }

    pub fn restart(&mut self, rng: &dyn Random) {
        self.past.push((self.incarnation, self.newest()));
        self.incarnation = RelayIncarnation::generate(rng).unwrap();
    }

    fn standing(&self) -> Standing {
        Standing { relay: self.id(), incarnation: self.incarnation, newest: self.newest(), past: self.past.clone() }
    }

    fn arrive(&mut self, item: Item) -> Outcome {
        self.arrivals.push(item);
        Outcome::Stored(self.newest())
    }

    /// A statement that was just taken; the grants that hold by it and did not before arrive once more.
    fn arrive_statement(&mut self, bytes: Vec<u8>) -> Outcome {
        let outcome = self.arrive(Item::Statement(bytes));
        for late in self.late.look(&self.trust) {
            let bytes = self.trust.statements().find(|(known, _)| **known == late).map(|(_, bytes)| bytes.to_vec());
            self.arrive(Item::Statement(bytes.unwrap()));
        }
        outcome
    }

    /// Those of these items that came after an arrival, as far as a device may see them.
    pub fn new_for(&self, items: &[Item], after: ArrivalNo, device: DeviceId) -> Vec<Item> {
        let arrived = &self.arrivals[after.0 as usize..];
        items.iter().filter(|item| arrived.contains(item) && self.visible(item, device)).cloned().collect()
    }

    fn visible(&self, item: &Item, device: DeviceId) -> bool {
        match item {
            Item::Statement(bytes) => self.trust.visible(&StatementId::of(bytes), device),
            Item::Record(bytes) => self.trust.may_read(device, &document_of(bytes)),
            Item::Chunk(_) | Item::Checkpoint(_) => false,
        }
    }

    fn selected(&self, item: &Item, lane: Lane, select: Select) -> bool {
        match (select, item) {
            (_, Item::Chunk(_) | Item::Checkpoint(_)) => false,
            (Select::All, _) => lane_of(item) == lane,
            (Select::Statements, Item::Statement(_)) => true,
            (Select::Statements, Item::Record(_)) => false,
            (Select::Scope(patient, scope), Item::Record(bytes)) => {
                let document = document_of(bytes);
                (document.patient, document.scope()) == (patient, scope)
            }
            (Select::Scope(patient, scope), Item::Statement(bytes)) => {
                match self.trust.statement(&StatementId::of(bytes)).map(|statement| &statement.claim) {
                    Some(Claim::Grant(grant)) => (grant.patient, grant.scope) == (patient, scope),
                    _ => false,
                }
            }
        }
    }

    pub fn perform(
        &mut self,
        rng: &dyn Random,
        action: RelayAction,
        device: DeviceId,
        key: &[u8; 32],
        now: Millis,
    ) -> Option<RelayEvent> {
        Some(match action {
            RelayAction::CheckDevice { device, chain } => {
                for bytes in chain {
                    if admit_statement(&bytes, &mut self.trust) == Ok(Added::New) {
                        self.arrive_statement(bytes);
                    }
                }
                match admit_peer(device, key, &self.trust) {
                    Ok(_) => RelayEvent::Admitted { standing: self.standing(), now },
                    Err(reason) => RelayEvent::Refused { reason },
                }
            }
            RelayAction::Commit { batch, items } => {
                let outcomes = items.into_iter().map(|item| self.commit(item)).collect();
                RelayEvent::Committed { batch, outcomes, newest: self.newest() }
            }
            RelayAction::ReadPage { lane, after, through, select, .. } => {
                let end = self.arrivals.len().min(through.0 as usize);
                let last = (after.0 as usize + self.looked_at).min(end);
                let items = (after.0 as usize..last)
                    .filter(|index| self.selected(&self.arrivals[*index], lane, select))
                    .filter(|index| self.visible(&self.arrivals[*index], device))
                    .map(|index| (ArrivalNo(index as u64 + 1), self.arrivals[index].clone()))
                    .collect();
                RelayEvent::Page { lane, items, through: ArrivalNo(last as u64), end: last == end }
            }
            RelayAction::ReadVectors { lane, coverage, listed, .. } => {
                let mut documents: Vec<DocumentId> = self.logs.0.keys().map(|log| log.document).collect();
                documents.dedup();
                documents.retain(|document| self.trust.may_read(device, document));
                documents.retain(|document| match coverage {
                    Coverage::Listed => listed.contains(document),
                    Coverage::Span { after, through } => {
                        after.is_none_or(|after| *document > after)
                            && through.is_none_or(|through| *document <= through)
                    }
                });
                let size = if documents.len() > 50 { 400 } else { 2 };
                let more = documents.len() > size;
                documents.truncate(size);
                let documents = documents.into_iter().map(|document| (document, self.logs.vector(document))).collect();
                RelayEvent::Vectors { lane, documents, more }
            }
            RelayAction::ReadMissing { lane, documents, .. } => {
                let (records, more) = self.logs.beyond(&documents, 3);
                RelayEvent::Missing { lane, records, more }
            }
            RelayAction::ReadPrints { lane, log } => RelayEvent::Prints { lane, prints: self.logs.prints(&log) },
            RelayAction::ReadTwins { lane, log, prints, .. } => {
                let (records, more) = self.logs.with_prints(&log, &prints, 3);
                RelayEvent::Missing { lane, records, more }
            }
            RelayAction::ReadCards { .. } if self.in_order_only => RelayEvent::Cards { cards: Vec::new(), end: true },
            RelayAction::ReadCards { patients, after, since, through, .. } => {
                let patients = Card::patients(&self.trust, device, patients);
                let from = after.and_then(|after| patients.iter().position(|patient| *patient == after));
                // One at a time, to have several.
                let next = patients.get(from.map_or(0, |place| place + 1)).copied();
                let card = |patient| {
                    let select = Select::Scope(patient, Scope::Card);
                    let arrived = (since.0 as usize..through.0 as usize)
                        .filter(|index| self.selected(&self.arrivals[*index], Lane::Cards, select))
                        .map(|index| (ArrivalNo(index as u64 + 1), self.arrivals[index].clone()));
                    Card::of(&self.trust, device, patient, arrived.collect())
                };
                RelayEvent::Cards { cards: next.map(card).into_iter().collect(), end: next.is_none() }
            }
            RelayAction::ReadCheckpoints { .. } => RelayEvent::Checkpoints { parts: Vec::new(), end: true },
            RelayAction::ReadChunks { chunks, .. } => {
                let held = |id: &ChunkId| {
                    let granted = |bytes: &&Vec<u8>| self.trust.granted(device, patient_of(bytes), Scope::Chart);
                    self.chunks.held.get(id).filter(granted).cloned()
                };
                RelayEvent::Chunks { chunks: chunks.into_iter().take(2).map(|id| (id, held(&id))).collect() }
            }
            RelayAction::ReadLacking { offered } => RelayEvent::Lacking { attachments: self.chunks.lacking(offered) },
            RelayAction::MintIncarnation => {
                self.past.clear();
                self.minted += 1;
                self.incarnation = RelayIncarnation::generate(rng).unwrap();
                RelayEvent::Minted { standing: self.standing(), now }
            }
            RelayAction::Send { .. } | RelayAction::Close { .. } => unreachable!("done by the network"),
        })
    }

    fn commit(&mut self, item: Item) -> Outcome {
        match &item {
            Item::Checkpoint(_) => unreachable!("nobody makes one"),
            Item::Chunk(bytes) => match self.chunks.take(bytes.clone(), &self.trust) {
                Ok(true) => self.arrive(item),
                Ok(false) => Outcome::Duplicate,
                Err(reason) => Outcome::Rejected(reason),
            },
            Item::Statement(bytes) => match admit_statement(bytes, &mut self.trust) {
                Ok(Added::New) => self.arrive_statement(bytes.clone()),
                Ok(Added::Known | Added::Waiting) => Outcome::Duplicate,
                Err(reason) => Outcome::Rejected(reason),
            },
            Item::Record(bytes) => match admit_record(bytes.clone(), &self.trust, &self.logs).unwrap() {
                Verdict::Accept(record) => {
                    self.logs.0.entry(record.log()).or_default().push(record.into_bytes());
                    self.arrive(item)
                }
                Verdict::Duplicate => Outcome::Duplicate,
                Verdict::Reject { reason, .. } => {
                    if reason == RejectReason::Fork && !self.quarantine_full {
                        self.logs.set_aside(bytes.clone());
                    }
                    Outcome::Rejected(reason)
                }
            },
        }
    }

    pub fn check_cursor_of(&self, tablet: &Tablet) {
        let Some(cursor) = tablet.cursor.filter(|cursor| cursor.relay == self.id()) else { return };
        let mut lives = self.past.iter().copied().chain([(self.incarnation, self.newest())]);
        let Some((_, last)) = lives.find(|(incarnation, _)| *incarnation == cursor.incarnation) else {
            return;
        };
        if cursor.after.max(cursor.charts).max(cursor.acked) > last {
            return; // The relay was rolled back; it will notice.
        }
        for (item, arrival) in self.arrivals.iter().zip(1..) {
            if cursor.on(lane_of(item)).0 < arrival {
                continue;
            }
            let Item::Record(bytes) = item else { continue };
            let parsed = ReceivedBytes::new(bytes.clone()).and_then(ReceivedBytes::parse).unwrap();
            let document = parsed.header().document;
            let scope: (_, Scope) = (document.patient, document.scope());
            let here =
                tablet.logs.0.get(&parsed.header().log()).is_some_and(|log| log.len() as u64 >= parsed.header().seq.0);
            assert!(
                here || !self.trust.may_read(tablet.device(), &document)
                    || !tablet.trust.may_read(tablet.device(), &document)
                    || tablet.backfill.contains(&scope)
                    || tablet.suspects.contains(&document),
                "the cursor is ahead of the store"
            );
        }
    }
}

/// The lane an item belongs on. What cannot be read goes first, to be refused first.
pub fn lane_of(item: &Item) -> Lane {
    match item {
        Item::Statement(_) => Lane::Cards,
        Item::Chunk(_) => Lane::Attachments,
        Item::Checkpoint(_) => unreachable!("these tablets make none"),
        Item::Record(bytes) => ReceivedBytes::new(bytes.clone())
            .and_then(ReceivedBytes::parse)
            .map_or(Lane::Cards, |parsed| Lane::of(parsed.header().document.scope())),
    }
}

fn document_of(bytes: &[u8]) -> DocumentId {
    ReceivedBytes::new(bytes.to_vec()).and_then(ReceivedBytes::parse).unwrap().header().document
}
