//! A tablet's durable state, and how it does what its session asks.

use std::collections::{BTreeMap, BTreeSet};

use tendenko_protocol::Random;
use tendenko_protocol::admission::{Verdict, admit_record};
use tendenko_protocol::document::{DocumentId, LogId, Scope, Vector};
use tendenko_protocol::ids::{ChunkId, DeviceId, Incarnation, LogSeq, PatientId, Print, RecordHash, StatementId};
use tendenko_protocol::keys::{DeviceKeys, EpochKey};
use tendenko_protocol::messages::{Backfill, Cursor, Item, Lane};
use tendenko_protocol::record::{Draft, Kind, ReceivedBytes, RejectReason, SealedRecord};
use tendenko_protocol::session::client::{ClientAction, ClientConfig, ClientEvent, Departure, ItemRef};
use tendenko_protocol::trust::{Added, Claim, TrustStore, UnverifiedStatement};

use super::Logs;
use super::chunks::Chunks;
use super::relay::{Relay, lane_of};

#[derive(Clone)]
pub struct Tablet {
    pub keys: DeviceKeys,
    pub trust: TrustStore,
    pub statements: Vec<Vec<u8>>,
    pub logs: Logs,
    pub outbox: BTreeMap<u64, Item>,
    positions: u64,
    pub cursor: Option<Cursor>,
    pub backfill: BTreeSet<(PatientId, Scope)>,
    pub suspects: BTreeSet<DocumentId>,
    /// Patients of today's visits.
    pub first: Vec<PatientId>,
    pub chunks: Chunks,
    pub written: usize,
    pub rejected: Vec<&'static str>,
    saved: bool,
}

const INCARNATION: Incarnation = Incarnation(1);

impl Tablet {
    pub fn new(rng: &dyn Random, region: [u8; 32]) -> Self {
        Self {
            keys: DeviceKeys::generate(rng).unwrap(),
            trust: TrustStore::new(region),
            statements: Vec::new(),
            logs: Logs::default(),
            outbox: BTreeMap::new(),
            positions: 0,
            cursor: None,
            backfill: BTreeSet::new(),
            suspects: BTreeSet::new(),
            first: Vec::new(),
            chunks: Chunks::default(),
            written: 0,
            rejected: Vec::new(),
            saved: false,
        }
    }

    pub fn device(&self) -> DeviceId {
        self.keys.device_id()
    }

    /// From the enrolment bundle, or anywhere.
    pub fn learn(&mut self, statement: &[u8]) {
        self.trust.add(statement).unwrap();
        self.statements = self.trust.statements().map(|(_, bytes)| bytes.to_vec()).collect();
    }

    pub fn issue(&mut self, statement: Vec<u8>) {
        self.learn(&statement);
        self.depart(Item::Statement(statement));
    }

    /// Takes statements from a courier file.
    pub fn take_carried(&mut self, statements: &[Vec<u8>]) {
        for statement in statements {
            if self.trust.add(statement) == Ok(Added::New) {
                self.backfill.extend(self.granted_by(statement));
                self.issue(statement.clone());
            }
        }
    }

    pub fn depart(&mut self, item: Item) {
        self.positions += 1;
        self.outbox.insert(self.positions, item);
        self.saved = true;
    }

    pub fn take_saved(&mut self) -> bool {
        std::mem::take(&mut self.saved)
    }

    pub fn write(&mut self, rng: &dyn Random, document: DocumentId, key: &EpochKey) {
        let log = LogId { document, device: self.device(), incarnation: INCARNATION };
        let records = self.logs.0.entry(log).or_default();
        let seq = LogSeq(records.len() as u64 + 1);
        let prev = records.last().map_or(RecordHash::ZERO, |bytes| RecordHash::of(bytes));
        let draft = Draft { document, incarnation: INCARNATION, seq, prev, kind: Kind::Changes, count: 1 };
        let payload = format!("record {seq} of {document:?}");
        let record = SealedRecord::seal(rng, &self.keys, key, draft, payload.as_bytes()).unwrap();
        records.push(record.bytes().to_vec());
        self.written += 1;
        self.depart(Item::Record(record.into_bytes()));
    }

    pub fn config(&self, relay: &Relay, versions: &[u16]) -> ClientConfig {
        ClientConfig {
            region: self.trust.region(),
            device: self.device(),
            relay: relay.id(),
            chain: self.trust.chain_of(self.device()),
            cursor: self.cursor,
            versions: versions.to_vec(),
            backfill: self.backfill.iter().copied().collect(),
            first: self.first.clone(),
            long_away: true,
            wanted: self.chunks.wanted.iter().map(|(id, _)| *id).collect(),
            offer: true,
            checkpoints: None,
            suspects: self.suspects.iter().copied().collect(),
        }
    }

    /// A scope to be filled in, and what is here of it.
    fn owed(&self, (patient, scope): (PatientId, Scope)) -> Backfill {
        let of_scope = |document: &DocumentId| (document.patient, document.scope()) == (patient, scope);
        let documents = self.documents().into_iter().filter(of_scope);
        Backfill { patient, scope, has: documents.map(|document| (document, self.logs.vector(document))).collect() }
    }

    fn write_cursor(&mut self, cursor: Option<Cursor>) {
        self.cursor = cursor.or(self.cursor);
    }

    /// The scope that a statement grants to this tablet, whether that holds already or not.
    fn granted_by(&self, bytes: &[u8]) -> Option<(PatientId, Scope)> {
        match UnverifiedStatement::parse(bytes).unwrap().claim() {
            Claim::Grant(grant) if grant.device == self.device() => Some((grant.patient, grant.scope)),
            _ => None,
        }
    }

    fn documents(&self) -> BTreeSet<DocumentId> {
        self.logs.0.keys().map(|log| log.document).collect()
    }

    /// Does one action, durably and at once; returns what to report.
    pub fn perform(&mut self, action: ClientAction, relay: &Relay) -> Option<ClientEvent> {
        match action {
            ClientAction::Store { batch, items, cursor } => {
                let mut new_grants = BTreeSet::new();
                let (mut gaps, mut forks) = (Vec::new(), Vec::new());
                for item in items {
                    match item {
                        Item::Statement(bytes) => {
                            if self.trust.add(&bytes).unwrap() != Added::Known {
                                let granted = self.granted_by(&bytes);
                                self.backfill.extend(granted);
                                new_grants.extend(granted);
                            }
                        }
                        Item::Record(bytes) => gaps.extend(self.take(bytes, &mut forks)),
                        Item::Checkpoint(_) => unreachable!("nobody makes one"),
                        Item::Chunk(bytes) => {
                            let id = ChunkId::of(&bytes);
                            assert!(
                                self.chunks.wanted.iter().any(|(wanted, _)| *wanted == id),
                                "nothing comes unasked"
                            );
                            self.chunks.take(bytes, &self.trust).unwrap();
                        }
                    }
                }
                self.statements = self.trust.statements().map(|(_, bytes)| bytes.to_vec()).collect();
                let new_grants: Vec<_> = new_grants.into_iter().collect();
                self.suspects.extend(gaps.iter().copied());
                self.write_cursor(cursor);
                Some(ClientEvent::Stored { batch, new_grants, gaps, forks })
            }
            ClientAction::Depart { lane, after, behind, budget } => {
                let mut items = Vec::new();
                let mut bytes = 0;
                for (position, item) in self.outbox.range(after.min(behind) + 1..) {
                    let its = lane_of(item);
                    if its == Lane::Cards && lane != Lane::Cards && *position > behind {
                        return Some(ClientEvent::Departing { lane, items, more: true });
                    }
                    if its != lane || *position <= after {
                        continue;
                    }
                    bytes += item.bytes().len();
                    if bytes > budget && !items.is_empty() {
                        return Some(ClientEvent::Departing { lane, items, more: true });
                    }
                    items.push(Departure { position: *position, item: item.clone() });
                }
                Some(ClientEvent::Departing { lane, items, more: false })
            }
            ClientAction::Acked { records, statements, chunks, parts: _, cursor } => {
                chunks.iter().for_each(|id| assert!(relay.chunks.held.contains_key(id), "acked and not there"));
                self.chunks.unsent.retain(|id| !chunks.contains(id));
                self.outbox.retain(|_, item| match item {
                    Item::Statement(bytes) => !statements.contains(&StatementId::of(bytes)),
                    Item::Chunk(bytes) => !chunks.contains(&ChunkId::of(bytes)),
                    Item::Checkpoint(_) => true,
                    Item::Record(bytes) => match ReceivedBytes::new(bytes.clone()).and_then(ReceivedBytes::parse) {
                        Ok(parsed) => !records.contains(&(parsed.header().log(), parsed.header().seq)),
                        Err(_) => true,
                    },
                });
                self.write_cursor(cursor);
                None
            }
            ClientAction::Rejected { items } => {
                for rejection in items {
                    self.rejected.push(rejection.reason.code());
                    if !rejection.reason.is_final() {
                        continue;
                    }
                    self.outbox.retain(|_, item| match rejection.item {
                        ItemRef::Record { hash, .. } | ItemRef::Damaged(hash) => RecordHash::of(item.bytes()) != hash,
                        ItemRef::Statement(id) => StatementId::of(item.bytes()) != id,
                        ItemRef::Chunk(id) => ChunkId::of(item.bytes()) != id,
                        ItemRef::Part(hash) => RecordHash::of(item.bytes()) != hash,
                    });
                }
                None
            }
            ClientAction::LoadVectors { after, .. } => {
                // Small pages, to have several.
                let mut documents: Vec<_> = self
                    .documents()
                    .into_iter()
                    .filter(|document| after.is_none_or(|after| *document > after))
                    .collect();
                let size = if documents.len() > 50 { 400 } else { 2 };
                let more = documents.len() > size;
                documents.truncate(size);
                let documents = documents.into_iter().map(|document| (document, self.logs.vector(document))).collect();
                Some(ClientEvent::Vectors { documents, more })
            }
            ClientAction::LoadListed { documents } => {
                let documents = documents.into_iter().map(|document| (document, self.logs.vector(document))).collect();
                Some(ClientEvent::Listed { documents })
            }
            ClientAction::LoadHeld { scopes } => {
                Some(ClientEvent::Held { scopes: scopes.into_iter().map(|scope| self.owed(scope)).collect() })
            }
            ClientAction::LoadStatements { after, .. } => {
                let from = after as usize;
                let items: Vec<_> = (after + 1..).zip(self.statements.iter().skip(from).take(3).cloned()).collect();
                let more = from + items.len() < self.statements.len();
                Some(ClientEvent::Statements { items, more })
            }
            ClientAction::LoadMissing { documents, .. } => {
                let (records, more) = self.logs.beyond(&documents, 3);
                Some(ClientEvent::Missing { records, more })
            }
            ClientAction::LoadPrints { log } => Some(ClientEvent::Prints { prints: self.logs.prints(&log) }),
            ClientAction::LoadTwins { log, prints, .. } => {
                let (records, more) = self.logs.with_prints(&log, &prints, 3);
                Some(ClientEvent::Missing { records, more })
            }
            ClientAction::Absent { chunks } => {
                for (wanted, absent) in &mut self.chunks.wanted {
                    *absent |= chunks.contains(wanted);
                }
                None
            }
            ClientAction::LoadHoldings { after, .. } => {
                // Small pages, to have several.
                let mut attachments = self.chunks.holdings();
                attachments.retain(|held| after.is_none_or(|after| (held.device, held.attachment) > after));
                attachments.truncate(2);
                Some(ClientEvent::Holdings { attachments })
            }
            ClientAction::LoadPieces { lacking, .. } => {
                let (chunks, lacking) = self.chunks.pieces(lacking);
                Some(ClientEvent::Pieces { chunks, lacking })
            }
            ClientAction::BackfillDone { patient, scope } => {
                if self.trust.granted(self.device(), patient, scope) {
                    self.backfill.remove(&(patient, scope));
                }
                None
            }
            ClientAction::Compared { documents } => {
                for document in documents {
                    self.suspects.remove(&document);
                }
                None
            }
            ClientAction::Measured { .. } | ClientAction::Progress(_) => None,
            ClientAction::Send { .. } | ClientAction::Close { .. } => unreachable!("done by the network"),
        }
    }

    /// Takes a received record; returns its document if it could not be taken.
    fn take(&mut self, bytes: Vec<u8>, forks: &mut Vec<LogId>) -> Option<DocumentId> {
        match admit_record(bytes.clone(), &self.trust, &self.logs).unwrap() {
            Verdict::Accept(record) => {
                self.logs.0.entry(record.log()).or_default().push(record.into_bytes());
                None
            }
            Verdict::Duplicate => None,
            Verdict::Reject { reason: RejectReason::Fork, .. } => {
                forks.push(self.logs.set_aside(bytes));
                None
            }
            Verdict::Reject { .. } => {
                let document = ReceivedBytes::new(bytes).and_then(ReceivedBytes::parse).ok()?.header().document;
                let scope = (document.patient, document.scope());
                let ours = self.trust.may_read(self.device(), &document) || self.backfill.contains(&scope);
                ours.then_some(document)
            }
        }
    }
}

impl Logs {
    /// The logs of one document.
    pub fn of(&self, document: DocumentId) -> impl Iterator<Item = (&LogId, &Vec<Vec<u8>>)> {
        let first = LogId { document, device: DeviceId([0; 16]), incarnation: Incarnation(0) };
        self.0.range(first..).take_while(move |(log, _)| log.document == document)
    }

    /// How far a document's logs are here, and as what.
    pub fn vector(&self, document: DocumentId) -> Vector {
        let mut vector = Vector::default();
        for (log, records) in self.of(document) {
            let aside: Vec<_> = self.1.get(log).into_iter().flat_map(|aside| aside.keys().copied()).collect();
            let print = Print::of_log(&places(records), &aside);
            vector.raise(log.device, log.incarnation, LogSeq(records.len() as u64), print);
        }
        vector
    }

    /// Keeps a fork.
    pub fn set_aside(&mut self, bytes: Vec<u8>) -> LogId {
        let parsed = ReceivedBytes::new(bytes.clone()).and_then(ReceivedBytes::parse).unwrap();
        let log = parsed.header().log();
        self.1.entry(log).or_default().insert((parsed.header().seq, parsed.hash()), bytes);
        log
    }

    /// All that is known of a log, by place.
    pub fn known(&self, log: &LogId) -> BTreeMap<(LogSeq, RecordHash), Vec<u8>> {
        let kept = self.0.get(log).into_iter().flat_map(|records| places(records).into_iter().zip(records.clone()));
        kept.chain(self.1.get(log).cloned().unwrap_or_default()).collect()
    }

    /// What is known of a log, by place.
    pub fn prints(&self, log: &LogId) -> Vec<Print> {
        self.known(log).into_keys().map(|(_, hash)| hash.print()).collect()
    }

    /// Records of a log by their prints, at most so many; are there more?
    pub fn with_prints(&self, log: &LogId, prints: &[Print], limit: usize) -> (Vec<Vec<u8>>, bool) {
        let known = self.known(log).into_iter().filter(|((_, hash), _)| prints.contains(&hash.print()));
        let mut found: Vec<_> = known.map(|(_, bytes)| bytes).collect();
        let more = found.len() > limit;
        found.truncate(limit);
        (found, more)
    }

    /// Records beyond these vectors, at most so many; are there more?
    pub fn beyond(&self, documents: &[(DocumentId, Vector)], limit: usize) -> (Vec<Vec<u8>>, bool) {
        let mut found = Vec::new();
        for (document, known) in documents {
            for (log, records) in self.of(*document) {
                let known = known.get(log.device, log.incarnation).0 as usize;
                found.extend(records.iter().skip(known).cloned());
            }
        }
        let more = found.len() > limit;
        found.truncate(limit);
        (found, more)
    }
}

fn places(records: &[Vec<u8>]) -> Vec<(LogSeq, RecordHash)> {
    (1..).map(LogSeq).zip(records.iter().map(|bytes| RecordHash::of(bytes))).collect()
}
