//! The tablet's side of a sync.
//!
//! ```text
//! New ─Connected→ Greeting ─Welcome→ Open ─Bye, Refused, broken protocol→ Closed
//! ```
//! While open, four things go on side by side: receiving in order of arrival, filling in new grants, pushing the outbox,
//! and at most one comparison of vectors. After a welcome that says `reconcile`, the comparison covers everything; the
//! outbox rests until it is done, and the cursor is not written before both sides have what the other had.

mod comparison;
mod outgoing;
mod types;

pub(super) use comparison::bounded;
pub(super) use outgoing::pages;
pub use types::{ClientAction, ClientConfig, ClientEvent, Departure, ItemRef, Progress, Rejection};

use std::collections::{BTreeSet, VecDeque};

use self::comparison::{Comparison, Page};
use self::outgoing::{Origin, Outgoing, header_of};
use super::CloseReason;
use crate::document::{DocumentId, Scope, Vector};
use crate::ids::{ArrivalNo, Millis, PatientId};
use crate::limits::{MAX_BACKFILL, MAX_DOCUMENTS, RECEIVE_WINDOW, VECTOR_PAGE};
use crate::messages::{ClientMessage, Coverage, Cursor, Item, RelayMessage};
use crate::record::RejectReason;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Greeting { sent_at: Millis, chain_sent: bool },
    Open,
    Closed,
}

/// A batch on its way into the store, and what it means once it is there.
#[derive(Debug)]
struct Storing {
    batch: u64,
    bytes: usize,
    backfilled: Vec<(PatientId, Scope)>,
}

/// One sync with one relay over one stream.
#[derive(Debug)]
pub struct Session {
    config: ClientConfig,
    phase: Phase,
    actions: Vec<ClientAction>,

    /// What the cursor is once all that was received is stored. `None` before the welcome. Whatever it covers was given to the
    /// host to store before, and hosts do actions in order: so writing it is right whenever it is given out.
    reached: Option<Cursor>,
    /// The cursor last given out to be written.
    given: Option<Cursor>,
    /// The cursor must not be written yet: the relay may still lack what this tablet has.
    reconciling: bool,
    storing: VecDeque<Storing>,
    storing_bytes: usize,
    batches: u64,
    backfilling: BTreeSet<(PatientId, Scope)>,
    caught_up: bool,
    started: ArrivalNo,
    newest: ArrivalNo,

    outgoing: Outgoing,
    /// Place in the outbox after which to go on.
    outbox_after: u64,
    /// There is or may be more in the outbox.
    outbox_more: bool,
    outbox_asked: bool,

    comparison: Option<Comparison>,
    suspects: BTreeSet<DocumentId>,
    /// Documents compared in this session. Once is enough: what did not help will not help again.
    compared: BTreeSet<DocumentId>,
    /// Documents under comparison of which nothing was refused since.
    healing: BTreeSet<DocumentId>,

    shown: Progress,
}

impl Session {
    /// A session that has not said anything yet.
    pub fn new(config: ClientConfig) -> Self {
        Self {
            phase: Phase::New,
            actions: Vec::new(),
            reached: None,
            given: config.cursor,
            reconciling: false,
            storing: VecDeque::new(),
            storing_bytes: 0,
            batches: 0,
            backfilling: BTreeSet::new(),
            caught_up: false,
            started: ArrivalNo::NONE,
            newest: ArrivalNo::NONE,
            outgoing: Outgoing::default(),
            outbox_after: 0,
            outbox_more: true,
            outbox_asked: false,
            comparison: None,
            suspects: config.suspects.iter().copied().collect(),
            compared: BTreeSet::new(),
            healing: BTreeSet::new(),
            shown: Progress::default(),
            config,
        }
    }

    /// Takes an event; returns what to do, in order. After the end, events do nothing.
    pub fn handle(&mut self, event: ClientEvent) -> Vec<ClientAction> {
        if self.phase == Phase::Closed {
            return Vec::new();
        }
        let result = match event {
            ClientEvent::Connected { now } => self.connected(now),
            ClientEvent::Received { now, message } => self.received(now, message),
            ClientEvent::Stored { batch, new_grants, gaps } => self.stored(batch, new_grants, gaps),
            ClientEvent::Saved => {
                self.outbox_more = true;
                Ok(())
            }
            ClientEvent::Departing { items, more } => self.departing(items, more),
            ClientEvent::Vectors { documents, more } => self.vectors_loaded(documents, more),
            ClientEvent::Listed { documents } => self.listed_loaded(documents),
            ClientEvent::Statements { items, more } => self.statements_loaded(items, more),
            ClientEvent::Missing { records, more } => self.missing_loaded(records, more),
            ClientEvent::Stop => {
                self.send(ClientMessage::Bye);
                Err(CloseReason::Bye)
            }
        };
        match result {
            Ok(()) => {
                self.pump();
                self.show();
            }
            Err(reason) => {
                self.phase = Phase::Closed;
                self.actions.push(ClientAction::Close { reason });
            }
        }
        std::mem::take(&mut self.actions)
    }

    /// False while so much is received and not stored that the host should not read from the stream.
    pub fn ready_to_receive(&self) -> bool {
        self.storing_bytes < RECEIVE_WINDOW
    }

    /// True when the relay has said that there is no more, everything is stored, and nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.phase == Phase::Open
            && self.caught_up
            && !self.reconciling
            && self.storing.is_empty()
            && self.backfilling.is_empty()
            && self.outgoing.len() == 0
            && !self.outbox_more
            && !self.outbox_asked
            && self.comparison.is_none()
            && self.suspects.is_empty()
    }

    /// The session has ended.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let at = self.reached.map_or(ArrivalNo::NONE, |cursor| cursor.after);
        Progress {
            received: at.0.saturating_sub(self.started.0),
            to_receive: self.newest.0.saturating_sub(at.0),
            sent: self.outgoing.answered(),
            in_flight: self.outgoing.len() as u64,
            caught_up: self.caught_up && self.storing.is_empty() && !self.reconciling,
        }
    }

    fn send(&mut self, message: ClientMessage) {
        self.actions.push(ClientAction::Send(message));
    }

    fn show(&mut self) {
        let progress = self.progress();
        if self.phase == Phase::Open && progress != self.shown {
            self.shown = progress;
            self.actions.push(ClientAction::Progress(progress));
        }
    }

    // --- greeting

    fn connected(&mut self, now: Millis) -> Result<(), CloseReason> {
        if self.phase != Phase::New {
            return Err(CloseReason::Protocol("connected twice"));
        }
        let known_there = self.config.cursor.is_some_and(|cursor| cursor.relay == self.config.relay);
        self.hello(now, !known_there);
        self.pull(self.config.backfill.clone());
        Ok(())
    }

    fn hello(&mut self, now: Millis, with_chain: bool) {
        self.phase = Phase::Greeting { sent_at: now, chain_sent: with_chain };
        self.send(ClientMessage::Hello {
            versions: self.config.versions.clone(),
            region: self.config.region,
            device: self.config.device,
            chain: if with_chain { self.config.chain.clone() } else { Vec::new() },
            cursor: self.config.cursor,
            clock: now,
        });
    }

    fn greeted(&mut self, now: Millis, sent_at: Millis, message: RelayMessage) -> Result<(), CloseReason> {
        let RelayMessage::Welcome { version, relay, incarnation, newest, clock, reconcile } = message else {
            return Err(CloseReason::Protocol("something other than a welcome came first"));
        };
        if relay != self.config.relay {
            return Err(CloseReason::Mismatch("another relay than TLS said"));
        }
        if !self.config.versions.contains(&version) {
            return Err(CloseReason::Mismatch("a version that was not offered"));
        }
        if !reconcile && self.config.cursor.is_some_and(|cursor| cursor.relay != relay) {
            return Err(CloseReason::Mismatch("another relay's cursor was accepted"));
        }
        self.phase = Phase::Open;
        let midway = sent_at.0.saturating_add(now.0.saturating_sub(sent_at.0) / 2);
        self.actions.push(ClientAction::Measured { clock_offset_ms: clock.0.saturating_sub(midway) });
        let at = if reconcile { newest } else { self.config.cursor.map_or(ArrivalNo::NONE, |cursor| cursor.after) };
        let acked = if reconcile { ArrivalNo::NONE } else { self.config.cursor.map_or(at, |cursor| cursor.acked) };
        self.reached = Some(Cursor { relay, incarnation, after: at, acked });
        self.started = at;
        self.newest = newest;
        if reconcile {
            self.reconciling = true;
            self.comparison = Some(Comparison::LoadingStatements { after: 0, asked: false });
        }
        Ok(())
    }

    // --- receiving

    fn received(&mut self, now: Millis, message: RelayMessage) -> Result<(), CloseReason> {
        if let RelayMessage::Refused { reason, versions } = message {
            return Err(CloseReason::Refused { reason, versions, ours: self.config.versions.clone() });
        }
        match (self.phase, message) {
            (Phase::Greeting { chain_sent: false, .. }, RelayMessage::ChainWanted) => {
                self.hello(now, true);
                Ok(())
            }
            (Phase::Greeting { sent_at, .. }, message) => self.greeted(now, sent_at, message),
            (Phase::Open, message) => self.open(message),
            (Phase::New | Phase::Closed, _) => Err(CloseReason::Protocol("a message before the hello")),
        }
    }

    fn open(&mut self, message: RelayMessage) -> Result<(), CloseReason> {
        match message {
            RelayMessage::Items { items } => {
                let mut last = self.reached.map_or(ArrivalNo::NONE, |cursor| cursor.after);
                for (arrival, _) in &items {
                    if *arrival <= last {
                        return Err(CloseReason::Protocol("arrivals out of order"));
                    }
                    last = *arrival;
                }
                self.reach(last);
                self.caught_up = false;
                self.store(items.into_iter().map(|(_, item)| item).collect());
            }
            RelayMessage::Fill { items } => self.store(items),
            RelayMessage::CaughtUp { through } => {
                self.reach(through);
                self.caught_up = true;
                self.store_cursor();
            }
            RelayMessage::Backfilled { patient, scope } => match self.storing.back_mut() {
                Some(last) => last.backfilled.push((patient, scope)),
                None => self.backfilled(patient, scope),
            },
            RelayMessage::Ack { through, arrival, rejected } => self.acked(through, arrival, &rejected)?,
            RelayMessage::Vectors { documents, done } => self.vectors_answered(documents, done)?,
            RelayMessage::Welcome { .. } | RelayMessage::ChainWanted | RelayMessage::Refused { .. } => {
                return Err(CloseReason::Protocol("a greeting in the middle of a session"));
            }
        }
        Ok(())
    }

    fn reach(&mut self, arrival: ArrivalNo) {
        if let Some(cursor) = &mut self.reached {
            cursor.after = cursor.after.max(arrival);
            self.newest = self.newest.max(cursor.after);
        }
    }

    fn store(&mut self, items: Vec<Item>) {
        self.batches += 1;
        let bytes = items.iter().map(|item| item.bytes().len()).sum();
        let cursor = self.cursor();
        self.storing_bytes += bytes;
        self.storing.push_back(Storing { batch: self.batches, bytes, backfilled: Vec::new() });
        self.actions.push(ClientAction::Store { batch: self.batches, items, cursor });
    }

    /// Writes the cursor, unless it stands there already.
    fn store_cursor(&mut self) {
        if !self.reconciling && self.reached != self.given {
            self.store(Vec::new());
        }
    }

    /// The cursor that may be written now.
    fn cursor(&mut self) -> Option<Cursor> {
        let cursor = self.reached.filter(|_| !self.reconciling);
        self.given = cursor.or(self.given);
        cursor
    }

    /// What is acked leaves the outbox, so no relay may go on from an older cursor: all must compare vectors.
    fn unfinished(&mut self) -> Option<Cursor> {
        self.given = Some(Cursor::unfinished(self.config.relay));
        self.given
    }

    fn stored(
        &mut self,
        batch: u64,
        new_grants: Vec<(PatientId, Scope)>,
        gaps: Vec<DocumentId>,
    ) -> Result<(), CloseReason> {
        let Some(storing) = self.storing.pop_front().filter(|storing| storing.batch == batch) else {
            return Err(CloseReason::Protocol("batches stored out of order"));
        };
        self.storing_bytes -= storing.bytes;
        for (patient, scope) in storing.backfilled {
            self.backfilled(patient, scope);
        }
        let fresh = new_grants.into_iter().filter(|grant| !self.backfilling.contains(grant)).collect();
        self.pull(fresh);
        for document in &gaps {
            self.healing.remove(document);
        }
        let suspects = gaps.into_iter().filter(|document| !self.compared.contains(document));
        self.suspects.extend(suspects);
        Ok(())
    }

    fn pull(&mut self, scopes: Vec<(PatientId, Scope)>) {
        self.backfilling.extend(scopes.iter().copied());
        for part in scopes.chunks(MAX_BACKFILL) {
            self.send(ClientMessage::Pull { backfill: part.to_vec() });
        }
    }

    fn backfilled(&mut self, patient: PatientId, scope: Scope) {
        if self.backfilling.remove(&(patient, scope)) {
            self.actions.push(ClientAction::BackfillDone { patient, scope });
        }
    }

    // --- pushing

    fn push(&mut self, items: Vec<Item>, origin: Origin) {
        let (messages, refused) = self.outgoing.push(items, origin);
        for items in messages {
            self.send(ClientMessage::Push { items });
        }
        if !refused.is_empty() {
            self.actions.push(ClientAction::Rejected { items: refused });
        }
    }

    fn departing(&mut self, items: Vec<Departure>, more: bool) -> Result<(), CloseReason> {
        self.outbox_asked = false;
        if self.reconciling {
            // Read before the welcome said so. The outbox is read again from its start when the comparison is done.
            return Ok(());
        }
        self.outbox_more |= more;
        self.outbox_after = items.iter().map(|departure| departure.position).fold(self.outbox_after, u64::max);
        self.push(items.into_iter().map(|departure| departure.item).collect(), Origin::Outbox);
        Ok(())
    }

    fn acked(&mut self, through: u64, arrival: ArrivalNo, rejected: &[(u64, RejectReason)]) -> Result<(), CloseReason> {
        let Some(answered) = self.outgoing.answer(through) else {
            return Err(CloseReason::Protocol("an ack for what was not sent"));
        };
        let (mut records, mut statements, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (number, item) in answered {
            let reason = rejected.iter().find(|(rejected, _)| *rejected == number).map(|(_, reason)| *reason);
            match (reason, item.item) {
                (None, ItemRef::Record { log, seq, .. }) => records.push((log, seq)),
                (None, ItemRef::Statement(id)) => statements.push(id),
                (None, ItemRef::Damaged(_)) => {}
                // Sent before both sides knew that vectors must be compared: it will be sent again after that.
                (Some(reason), _) if self.reconciling && item.origin == Origin::Outbox && !reason.is_final() => {}
                (Some(RejectReason::Gap), _)
                    if item.document().is_some_and(|document| !self.compared.contains(&document)) =>
                {
                    self.suspects.extend(item.document());
                }
                (Some(reason), item) => refused.push(Rejection { item, reason }),
            }
        }
        if let Some(cursor) = &mut self.reached {
            cursor.acked = cursor.acked.max(arrival);
        }
        self.newest = self.newest.max(arrival);
        if !(records.is_empty() && statements.is_empty()) {
            let cursor = self.cursor().or_else(|| self.unfinished());
            self.actions.push(ClientAction::Acked { records, statements, cursor });
        }
        if !refused.is_empty() {
            self.actions.push(ClientAction::Rejected { items: refused });
        }
        Ok(())
    }

    // --- comparing vectors

    fn statements_loaded(&mut self, items: Vec<(u64, Vec<u8>)>, more: bool) -> Result<(), CloseReason> {
        let Some(Comparison::LoadingStatements { after, .. }) = self.comparison else {
            return Err(CloseReason::Protocol("statements were not asked for"));
        };
        let last = items.iter().map(|(place, _)| *place).fold(after, u64::max);
        self.push(items.into_iter().map(|(_, bytes)| Item::Statement(bytes)).collect(), Origin::Comparison);
        self.comparison = Some(if more && last > after {
            Comparison::LoadingStatements { after: last, asked: false }
        } else {
            self.load_vectors(None)
        });
        Ok(())
    }

    fn load_vectors(&mut self, after: Option<DocumentId>) -> Comparison {
        self.actions.push(ClientAction::LoadVectors { after, max_documents: MAX_DOCUMENTS, max_logs: VECTOR_PAGE });
        Comparison::LoadingVectors { span_after: Some(after) }
    }

    fn vectors_loaded(&mut self, documents: Vec<(DocumentId, Vector)>, more: bool) -> Result<(), CloseReason> {
        let Some(Comparison::LoadingVectors { span_after: Some(after) }) = self.comparison else {
            return Err(CloseReason::Protocol("vectors were not asked for"));
        };
        let through = documents.last().map(|(document, _)| *document).filter(|_| more);
        self.compare(Coverage::Span { after, through }, documents);
        Ok(())
    }

    fn listed_loaded(&mut self, documents: Vec<(DocumentId, Vector)>) -> Result<(), CloseReason> {
        let Some(Comparison::LoadingVectors { span_after: None }) = self.comparison else {
            return Err(CloseReason::Protocol("listed vectors were not asked for"));
        };
        self.compare(Coverage::Listed, documents);
        Ok(())
    }

    fn compare(&mut self, coverage: Coverage, documents: Vec<(DocumentId, Vector)>) {
        let documents = bounded(documents);
        self.comparison = Some(Comparison::Waiting(Page::new(coverage, &documents)));
        self.send(ClientMessage::Vectors { coverage, documents });
    }

    fn vectors_answered(&mut self, documents: Vec<(DocumentId, Vector)>, done: bool) -> Result<(), CloseReason> {
        match self.comparison.take() {
            Some(Comparison::Waiting(mut page)) => {
                page.answer(documents);
                self.comparison = Some(if done {
                    let lacking = page.lacking();
                    Comparison::Filling { page, lacking, asked: false }
                } else {
                    Comparison::Waiting(page)
                });
                Ok(())
            }
            _ => Err(CloseReason::Protocol("vectors that were not asked for")),
        }
    }

    fn missing_loaded(&mut self, records: Vec<Vec<u8>>, more: bool) -> Result<(), CloseReason> {
        let Some(Comparison::Filling { lacking, asked, .. }) = &mut self.comparison else {
            return Err(CloseReason::Protocol("missing records were not asked for"));
        };
        *asked = false;
        for bytes in &records {
            if let Ok((header, _)) = header_of(bytes)
                && let Some((_, theirs)) = lacking.iter_mut().find(|(document, _)| *document == header.document)
            {
                theirs.raise(header.device, header.incarnation, header.seq);
            }
        }
        if !more || records.is_empty() {
            lacking.clear();
        }
        self.push(records.into_iter().map(Item::Record).collect(), Origin::Comparison);
        Ok(())
    }

    // --- what comes next

    /// Asks the host for whatever can go out now.
    fn pump(&mut self) {
        if matches!(self.phase, Phase::New | Phase::Closed) {
            return;
        }
        if self.phase == Phase::Open {
            self.pump_comparison();
        }
        let room = self.outgoing.room();
        if self.outbox_more && !self.outbox_asked && !self.reconciling && room > 0 {
            self.outbox_more = false;
            self.outbox_asked = true;
            self.actions.push(ClientAction::Depart { after: self.outbox_after, budget: room });
        }
    }

    fn pump_comparison(&mut self) {
        let room = self.outgoing.room();
        match &mut self.comparison {
            Some(Comparison::LoadingStatements { after, asked }) => {
                if !*asked && room > 0 {
                    *asked = true;
                    self.actions.push(ClientAction::LoadStatements { after: *after, budget: room });
                }
            }
            Some(Comparison::Filling { lacking, asked, .. }) if !lacking.is_empty() => {
                if !*asked && room > 0 {
                    *asked = true;
                    self.actions.push(ClientAction::LoadMissing { documents: lacking.clone(), budget: room });
                }
            }
            Some(Comparison::Filling { page, .. }) => match page.next_span() {
                Some(after) => self.comparison = Some(self.load_vectors(after)),
                // The end of the last page is the end only when all it pushed is answered and all it brought is stored.
                None if self.outgoing.any_of(Origin::Comparison) || !self.storing.is_empty() => {}
                None => self.compared(),
            },
            Some(Comparison::LoadingVectors { .. } | Comparison::Waiting(_)) => {}
            None => self.compare_suspects(),
        }
    }

    fn compared(&mut self) {
        self.comparison = None;
        if self.reconciling {
            self.reconciling = false;
            self.outbox_after = 0;
            self.outbox_more = true;
            self.store_cursor();
        }
        if !self.healing.is_empty() {
            let documents = std::mem::take(&mut self.healing).into_iter().collect();
            self.actions.push(ClientAction::Compared { documents });
        }
        self.compare_suspects();
    }

    fn compare_suspects(&mut self) {
        // What is missing of a scope that is being filled in will come with it: those wait.
        let filling = |document: &DocumentId| self.backfilling.contains(&(document.patient, document.scope()));
        let ready = self.suspects.iter().filter(|document| !filling(document));
        let documents: Vec<_> = ready.take(MAX_DOCUMENTS).copied().collect();
        if documents.is_empty() {
            return;
        }
        self.suspects.retain(|document| !documents.contains(document));
        self.compared.extend(documents.iter().copied());
        self.healing = documents.iter().copied().collect();
        self.comparison = Some(Comparison::LoadingVectors { span_after: None });
        self.actions.push(ClientAction::LoadListed { documents });
    }
}
