//! A tablet in memory: seals, stores, syncs. What it has, a test can look at.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use ring::rand::SystemRandom;
use tendenko_protocol::admission::{LogView, Verdict, admit_record};
use tendenko_protocol::document::{DocumentId, LogId, Scope, Vector};
use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::ids::{
    DeviceId, Incarnation, LogSeq, Millis, PatientId, PatientOrigin, RecordHash, RelayId, StatementId,
};
use tendenko_protocol::keys::{DeviceKeys, EpochKey};
use tendenko_protocol::messages::{Backfill, Cursor, Item, Lane};
use tendenko_protocol::record::{Draft, Kind, ReceivedBytes, SealedRecord};
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::client::{ClientAction, ClientConfig, ClientEvent, Departure, Rejection, Session};
use tendenko_protocol::trust::{self, Added, Claim, EnrolmentBundle, Grant, TrustStore};

use super::Line;

pub struct Tablet {
    pub keys: DeviceKeys,
    pub trust: TrustStore,
    pub relay: RelayId,
    pub cursor: Option<Cursor>,
    pub records: BTreeMap<LogId, Vec<Vec<u8>>>,
    pub statements: Vec<Vec<u8>>,
    pub outbox: Vec<Item>,
    pub acked: BTreeSet<RecordHash>,
    pub rejected: Vec<Rejection>,
    incarnation: Incarnation,
    epochs: BTreeMap<(PatientId, Scope), EpochKey>,
    backfill: BTreeSet<(PatientId, Scope)>,
}

/// A session under way.
pub struct Link {
    pub line: Line,
    pub session: Session,
}

impl Tablet {
    pub fn new(keys: DeviceKeys, bundle: &EnrolmentBundle) -> Self {
        let mut trust = TrustStore::new(bundle.region_public);
        for statement in &bundle.statements {
            trust.add(statement).unwrap();
        }
        Self {
            keys,
            trust,
            relay: bundle.relays[0].relay,
            cursor: None,
            records: BTreeMap::new(),
            statements: bundle.statements.clone(),
            outbox: Vec::new(),
            acked: BTreeSet::new(),
            rejected: Vec::new(),
            incarnation: Incarnation::generate(&SystemRandom::new()).unwrap(),
            epochs: BTreeMap::new(),
            backfill: BTreeSet::new(),
        }
    }

    pub fn id(&self) -> DeviceId {
        self.keys.device_id()
    }

    pub fn chain(&self) -> Vec<Vec<u8>> {
        self.trust.chain_of(self.id())
    }

    /// A new patient, whose card and chart are granted to this tablet itself.
    pub fn patient(&mut self) -> PatientOrigin {
        let origin = PatientOrigin::generate(&SystemRandom::new(), self.id()).unwrap();
        for scope in Scope::ALL {
            self.epochs.insert((origin.patient(), scope), EpochKey::generate(&SystemRandom::new()).unwrap());
            self.grant(origin, scope, self.id(), self.keys.public().hpke);
        }
        origin
    }

    /// Grants a scope of a patient to a device.
    pub fn grant(&mut self, origin: PatientOrigin, scope: Scope, device: DeviceId, hpke: [u8; 32]) {
        let key = &self.epochs[&(origin.patient(), scope)];
        let grant =
            Grant::wrap(&SystemRandom::new(), key, origin, scope, device, &hpke, "同意書 2026-04-01", true).unwrap();
        self.state(Claim::Grant(grant));
    }

    pub fn grant_to(&mut self, origin: PatientOrigin, other: &Tablet) {
        for scope in Scope::ALL {
            self.grant(origin, scope, other.id(), other.keys.public().hpke);
        }
    }

    /// Says something, signed.
    pub fn state(&mut self, claim: Claim) {
        let signed = trust::sign(&self.keys, Millis(3), claim).unwrap();
        self.trust.add(signed.bytes()).unwrap();
        self.statements.push(signed.bytes().to_vec());
        self.outbox.push(Item::Statement(signed.into_bytes()));
    }

    /// Writes on the patient's card.
    pub fn write(&mut self, patient: PatientId, text: &str) -> SealedRecord {
        let record = self.seal(patient, text);
        self.records.entry(record.log()).or_default().push(record.bytes().to_vec());
        self.outbox.push(Item::Record(record.bytes().to_vec()));
        record
    }

    /// The record that would come next, without keeping it.
    pub fn seal(&self, patient: PatientId, text: &str) -> SealedRecord {
        let stranger = EpochKey::generate(&SystemRandom::new()).unwrap();
        let key = self.epochs.get(&(patient, Scope::Card)).unwrap_or(&stranger);
        let document = DocumentId::card(patient);
        let log = LogId { document, device: self.id(), incarnation: self.incarnation };
        let (seq, prev) = self.head(&log).unwrap().unwrap_or((LogSeq::NONE, RecordHash::ZERO));
        let draft =
            Draft { document, incarnation: self.incarnation, seq: seq.next(), prev, kind: Kind::Changes, count: 1 };
        SealedRecord::seal(&SystemRandom::new(), &self.keys, key, draft, text.as_bytes()).unwrap()
    }

    /// Every record it has, as hashes.
    pub fn has(&self) -> BTreeSet<RecordHash> {
        self.records.values().flatten().map(|bytes| RecordHash::of(bytes)).collect()
    }

    /// A scope to be filled in, and what is here of it.
    fn owed(&self, (patient, scope): (PatientId, Scope)) -> Backfill {
        let mut has = self.vectors();
        has.retain(|document, _| (document.patient, document.scope()) == (patient, scope));
        Backfill { patient, scope, has: has.into_iter().collect() }
    }

    pub async fn connect(&self, to: SocketAddr) -> Link {
        let config = ClientConfig {
            region: self.trust.region(),
            device: self.id(),
            relay: self.relay,
            chain: self.chain(),
            cursor: self.cursor,
            versions: SESSION_VERSIONS.to_vec(),
            backfill: self.backfill.iter().copied().collect(),
            first: Vec::new(),
            long_away: true,
            wanted: Vec::new(),
            offer: false,
            checkpoints: None,
            suspects: Vec::new(),
        };
        Link { line: Line::open(&self.keys, self.relay, to).await, session: Session::new(config) }
    }

    /// One whole sync, until both sides have nothing more to say.
    pub async fn sync(&mut self, to: SocketAddr) -> Result<(), CloseReason> {
        let mut link = self.begin(to).await?;
        self.until(&mut link, |_, session| session.is_idle()).await?;
        self.handle(&mut link, ClientEvent::Stop).await.map(drop).or_else(|reason| match reason {
            CloseReason::Bye => Ok(()),
            other => Err(other),
        })
    }

    /// Connects and says hello.
    pub async fn begin(&mut self, to: SocketAddr) -> Result<Link, CloseReason> {
        let mut link = self.connect(to).await;
        self.handle(&mut link, ClientEvent::Connected { now: Millis(5) }).await?;
        Ok(link)
    }

    /// Goes on with a session until something holds.
    pub async fn until(
        &mut self,
        link: &mut Link,
        holds: impl Fn(&Tablet, &Session) -> bool,
    ) -> Result<(), CloseReason> {
        while !holds(self, &link.session) {
            let (lane, message) = link.line.hear().await.ok_or(CloseReason::Mismatch("the line went dead"))?;
            self.handle(link, ClientEvent::Received { now: Millis(6), lane, message }).await?;
        }
        Ok(())
    }

    /// Tells the session that something was saved.
    pub async fn saved(&mut self, link: &mut Link) -> Result<(), CloseReason> {
        self.handle(link, ClientEvent::Saved).await
    }

    pub async fn handle(&mut self, link: &mut Link, event: ClientEvent) -> Result<(), CloseReason> {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in link.session.handle(event) {
                match action {
                    ClientAction::Send { lane, message } => link.line.say(lane, &message).await,
                    ClientAction::Store { batch, items, cursor } => events.push_back(self.store(batch, items, cursor)),
                    ClientAction::Depart { lane, after, .. } => events.push_back(self.departing(lane, after)),
                    ClientAction::Acked { records, statements, cursor, .. } => {
                        self.acked(&records, &statements);
                        self.cursor = cursor.or(self.cursor);
                    }
                    ClientAction::Rejected { items } => self.rejected.extend(items),
                    ClientAction::LoadVectors { after, .. } => {
                        let mut documents = self.vectors();
                        documents.retain(|document, _| Some(*document) > after);
                        events.push_back(ClientEvent::Vectors {
                            documents: documents.into_iter().collect(),
                            more: false,
                        });
                    }
                    ClientAction::LoadListed { documents } => {
                        let mut all = self.vectors();
                        let documents =
                            documents.into_iter().map(|id| (id, all.remove(&id).unwrap_or_default())).collect();
                        events.push_back(ClientEvent::Listed { documents });
                    }
                    ClientAction::LoadHeld { scopes } => {
                        let scopes = scopes.into_iter().map(|scope| self.owed(scope)).collect();
                        events.push_back(ClientEvent::Held { scopes });
                    }
                    ClientAction::LoadStatements { after, .. } => {
                        let items = (1..).zip(self.statements.clone()).skip(after as usize).collect();
                        events.push_back(ClientEvent::Statements { items, more: false });
                    }
                    ClientAction::LoadMissing { documents, .. } => events.push_back(self.missing(&documents)),
                    ClientAction::LoadPrints { log } => {
                        let prints =
                            self.records.get(&log).into_iter().flatten().map(|bytes| RecordHash::of(bytes).print());
                        events.push_back(ClientEvent::Prints { prints: prints.collect() });
                    }
                    ClientAction::LoadTwins { log, prints, .. } => {
                        let mut records = self.records.get(&log).cloned().unwrap_or_default();
                        records.retain(|bytes| prints.contains(&RecordHash::of(bytes).print()));
                        events.push_back(ClientEvent::Missing { records, more: false });
                    }
                    ClientAction::BackfillDone { patient, scope } => drop(self.backfill.remove(&(patient, scope))),
                    ClientAction::Absent { .. }
                    | ClientAction::LoadHoldings { .. }
                    | ClientAction::LoadPieces { .. } => {
                        unreachable!("this tablet has no attachments")
                    }
                    ClientAction::Compared { .. } | ClientAction::Measured { .. } | ClientAction::Progress(_) => {}
                    ClientAction::Close { reason } => return Err(reason),
                }
            }
        }
        Ok(())
    }

    fn store(&mut self, batch: u64, items: Vec<Item>, cursor: Option<Cursor>) -> ClientEvent {
        let before: BTreeSet<_> = self.trust.scopes_of(self.id()).collect();
        let mut gaps = BTreeSet::new();
        for item in items {
            match item {
                Item::Statement(bytes) => {
                    if self.trust.add(&bytes) == Ok(Added::New) {
                        self.statements.push(bytes);
                    }
                }
                Item::Chunk(_) | Item::Checkpoint(_) => unreachable!("this tablet asks for none"),
                Item::Record(bytes) => {
                    let header = *ReceivedBytes::new(bytes.clone()).unwrap().parse().unwrap().header();
                    match admit_record(bytes, &self.trust, self).unwrap() {
                        Verdict::Accept(record) => {
                            self.records.entry(record.log()).or_default().push(record.bytes().to_vec());
                        }
                        Verdict::Duplicate => {}
                        Verdict::Reject { .. } => drop(gaps.insert(header.document)),
                    }
                }
            }
        }
        self.cursor = cursor.or(self.cursor);
        let new_grants: Vec<_> = self.trust.scopes_of(self.id()).filter(|scope| !before.contains(scope)).collect();
        self.backfill.extend(&new_grants);
        ClientEvent::Stored { batch, new_grants, gaps: gaps.into_iter().collect(), forks: Vec::new() }
    }

    /// This tablet writes cards only.
    fn departing(&self, lane: Lane, after: u64) -> ClientEvent {
        if lane != Lane::Cards {
            return ClientEvent::Departing { lane, items: Vec::new(), more: false };
        }
        let items = (1..)
            .zip(&self.outbox)
            .filter(|(position, item)| *position > after && !self.acked.contains(&RecordHash::of(item.bytes())))
            .map(|(position, item)| Departure { position, item: item.clone() })
            .collect();
        ClientEvent::Departing { lane, items, more: false }
    }

    fn acked(&mut self, records: &[(LogId, LogSeq)], statements: &[StatementId]) {
        for (log, seq) in records {
            if let Some(bytes) = self.records.get(log).and_then(|records| records.get(seq.0 as usize - 1)) {
                self.acked.insert(RecordHash::of(bytes));
            }
        }
        self.acked.extend(statements.iter().map(|id| RecordHash(id.0)));
    }

    fn vectors(&self) -> BTreeMap<DocumentId, Vector> {
        let mut documents: BTreeMap<DocumentId, Vector> = BTreeMap::new();
        for (log, records) in &self.records {
            let vector = documents.entry(log.document).or_default();
            let head = records.last().map(|bytes| RecordHash::of(bytes).print()).unwrap_or_default();
            vector.raise(log.device, log.incarnation, LogSeq(records.len() as u64), head);
        }
        documents
    }

    fn missing(&self, documents: &[(DocumentId, Vector)]) -> ClientEvent {
        let lacks = |log: &LogId| {
            let (_, vector) = documents.iter().find(|(document, _)| *document == log.document)?;
            Some(vector.get(log.device, log.incarnation).0 as usize)
        };
        let records = self
            .records
            .iter()
            .filter_map(|(log, records)| Some(records.iter().skip(lacks(log)?).cloned()))
            .flatten()
            .collect();
        ClientEvent::Missing { records, more: false }
    }
}

impl LogView for Tablet {
    type Error = std::convert::Infallible;

    fn is_aside(&self, _: &LogId, _: &RecordHash) -> Result<bool, Self::Error> {
        Ok(false)
    }

    fn head(&self, log: &LogId) -> Result<Option<(LogSeq, RecordHash)>, Self::Error> {
        let records = self.records.get(log);
        Ok(records.and_then(|all| Some((LogSeq(all.len() as u64), RecordHash::of(all.last()?)))))
    }

    fn hash_at(&self, log: &LogId, seq: LogSeq) -> Result<Option<RecordHash>, Self::Error> {
        let records = self.records.get(log);
        Ok(records.and_then(|all| all.get((seq.0 as usize).checked_sub(1)?)).map(|bytes| RecordHash::of(bytes)))
    }
}
