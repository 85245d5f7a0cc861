//! Comparing with a relay: sums first, then the vectors of what differs, then what each side lacks.
//!
//! A reconcile goes set by set: statements, cards, charts. The tablet sends the sum of each; the relay answers with the sums of its
//! buckets, or that they are the same. Statements come first, because a grant among them may let the relay show more: if they
//! differ, they are exchanged, and all sums are sent again. Of cards and charts the vectors of differing buckets are sent, on
//! the lane of the set. A single document that could not be followed is compared alone. Logs that turn out to have two histories are
//! compared record by record at the end ([`super::twins`]).

use std::collections::{BTreeMap, VecDeque};

use super::outgoing::{Origin, header_of};
use super::{ClientAction, Phase, Session, twins};
use crate::document::{DocumentId, LogId, Vector};
use crate::ids::{RecordHash, StatementId};
use crate::limits::{MAX_DOCUMENTS, MAX_LOGS, VECTOR_PAGE};
use crate::messages::{Buckets, ClientMessage, Coverage, Item, Lane, Set};
use crate::session::CloseReason;
use crate::session::sums::{self, Entries};

/// How far a comparison is. One at a time.
#[derive(Debug)]
pub(super) enum Comparison {
    /// The host reads all statements, then all vectors, to be summed up.
    Summing(Summing),
    /// The relay sums up, too.
    Awaiting(Awaiting),
    /// Statements in differing buckets are read and pushed.
    Statements {
        buckets: Buckets,
        /// Place to go on after.
        after: u64,
        /// A read is under way.
        asked: bool,
    },
    /// The relay sends its statements of these buckets.
    StatementsAsked,
    /// All of both sides' statements were sent: when they are stored and answered, the other sets are summed up.
    StatementsDone,
    /// The host reads vectors of what differs.
    LoadingVectors(Walk),
    /// The host reads the vectors of suspects.
    LoadingListed,
    /// The page was sent, the relay answers.
    Waiting(Page),
    /// Two histories of a log.
    Twins(twins::Exchange),
    /// The relay has answered; what it lacks is read and pushed.
    Filling {
        /// The page.
        page: Page,
        /// Documents of which the relay lacks something, with what it has.
        lacking: Vec<(DocumentId, Vector)>,
        /// A read is under way.
        asked: bool,
    },
}

/// What is held here, summed up so far.
#[derive(Debug, Default)]
pub(super) struct Summing {
    /// Place of the last statement read; `None`: documents are read.
    statements_after: Option<u64>,
    entries: BTreeMap<Set, Entries>,
}

/// Sums that were sent, and what the relay said of them.
#[derive(Debug)]
pub(super) struct Awaiting {
    entries: BTreeMap<Set, Entries>,
    differing: VecDeque<(Set, Buckets)>,
}

/// Documents of one set in differing buckets, read page by page.
#[derive(Debug)]
pub(super) struct Walk {
    set: Set,
    buckets: Buckets,
    /// Where the message under way begins.
    from: Option<DocumentId>,
    found: Vec<(DocumentId, Vector)>,
    /// What comes after this set.
    rest: VecDeque<(Set, Buckets)>,
}

/// One page of documents under comparison.
#[derive(Debug)]
pub(super) struct Page {
    lane: Lane,
    ours: BTreeMap<DocumentId, Vector>,
    /// Of those of which it lacks something.
    theirs: BTreeMap<DocumentId, Vector>,
    /// Where the walk goes on.
    next: Option<Walk>,
    rest: VecDeque<(Set, Buckets)>,
}

impl Session {
    /// Sums up everything, to be compared with a relay that does not know what this tablet has.
    pub(super) fn begin_comparison(&mut self, without_statements: bool) {
        let mut summing = Summing::default();
        for set in Set::ALL {
            if !(without_statements && set == Set::Statements) {
                summing.entries.insert(set, Entries::default());
            }
        }
        if without_statements {
            self.load_vectors(None);
        } else {
            summing.statements_after = Some(0);
            self.actions.push(ClientAction::LoadStatements { after: 0, budget: SUMMED });
        }
        self.comparison = Some(Comparison::Summing(summing));
    }

    fn load_vectors(&mut self, after: Option<DocumentId>) {
        self.actions.push(ClientAction::LoadVectors { after, max_documents: MAX_DOCUMENTS, max_logs: VECTOR_PAGE });
    }

    pub(super) fn statements_loaded(&mut self, items: Vec<(u64, Vec<u8>)>, more: bool) -> Result<(), CloseReason> {
        let last = items.iter().map(|(place, _)| *place).max();
        match self.comparison.take() {
            Some(Comparison::Summing(mut summing)) if summing.statements_after.is_some() => {
                if let Some(entries) = summing.entries.get_mut(&Set::Statements) {
                    items.iter().for_each(|(_, bytes)| entries.add(sums::statement(&StatementId::of(bytes))));
                }
                match last.filter(|last| more && Some(*last) > summing.statements_after) {
                    Some(after) => {
                        summing.statements_after = Some(after);
                        self.actions.push(ClientAction::LoadStatements { after, budget: SUMMED });
                    }
                    None => {
                        summing.statements_after = None;
                        self.load_vectors(None);
                    }
                }
                self.comparison = Some(Comparison::Summing(summing));
            }
            Some(Comparison::Statements { buckets, after, .. }) => {
                let wanted = items.into_iter().map(|(_, bytes)| bytes).filter(|bytes| buckets.has_statement(bytes));
                let wanted: Vec<_> = wanted.map(Item::Statement).collect();
                self.push(Lane::Cards, wanted, Origin::Comparison);
                self.comparison = Some(match last.filter(|last| more && *last > after) {
                    Some(after) => Comparison::Statements { buckets, after, asked: false },
                    None => {
                        self.send(Lane::Cards, ClientMessage::Statements { buckets });
                        Comparison::StatementsAsked
                    }
                });
            }
            _ => return Err(CloseReason::Protocol("statements were not asked for")),
        }
        Ok(())
    }

    pub(super) fn vectors_loaded(
        &mut self,
        documents: Vec<(DocumentId, Vector)>,
        more: bool,
    ) -> Result<(), CloseReason> {
        let last = documents.last().map(|(document, _)| *document);
        let goes_on = last.filter(|_| more);
        match self.comparison.take() {
            Some(Comparison::Summing(mut summing)) if summing.statements_after.is_none() => {
                for (document, vector) in &documents {
                    if let Some(entries) = summing.entries.get_mut(&sums::set_of(document)) {
                        entries.add(sums::document(document, vector));
                    }
                }
                self.comparison = Some(match goes_on {
                    Some(last) => {
                        self.load_vectors(Some(last));
                        Comparison::Summing(summing)
                    }
                    None => {
                        let sums = summing.entries.iter().map(|(set, entries)| entries.summary(*set)).collect();
                        self.send(Lane::Cards, ClientMessage::Sums { sums });
                        Comparison::Awaiting(Awaiting { entries: summing.entries, differing: VecDeque::new() })
                    }
                });
            }
            Some(Comparison::LoadingVectors(mut walk)) => {
                let of_set =
                    |document: &DocumentId| sums::set_of(document) == walk.set && walk.buckets.has_document(document);
                walk.found.extend(documents.into_iter().filter(|(document, _)| of_set(document)));
                let logs: usize = walk.found.iter().map(|(_, vector)| vector.0.len()).sum();
                let full = logs >= VECTOR_PAGE || walk.found.len() >= MAX_DOCUMENTS;
                match goes_on {
                    Some(last) if !full => {
                        self.load_vectors(Some(last));
                        self.comparison = Some(Comparison::LoadingVectors(walk));
                    }
                    through => self.compare_walked(walk, through),
                }
            }
            _ => return Err(CloseReason::Protocol("vectors were not asked for")),
        }
        Ok(())
    }

    /// Sends what was found up to here, as much of it as fits into a message.
    fn compare_walked(&mut self, mut walk: Walk, through: Option<DocumentId>) {
        let mut through = through;
        let found = std::mem::take(&mut walk.found);
        let fits = found.len().min(MAX_DOCUMENTS);
        if found.len() > fits {
            through = found[..fits].last().map(|(document, _)| *document);
        }
        let documents: Vec<_> = found.into_iter().take(fits).collect();
        let coverage = Coverage::Span { after: walk.from, through };
        let only = Some((walk.set, walk.buckets.clone()));
        let (lane, rest) = (walk.set.lane(), walk.rest.clone());
        let next = through.map(|through| Walk { from: Some(through), ..walk });
        self.compare(lane, coverage, only, documents, next, rest);
    }

    pub(super) fn listed_loaded(&mut self, documents: Vec<(DocumentId, Vector)>) -> Result<(), CloseReason> {
        let Some(Comparison::LoadingListed) = self.comparison else {
            return Err(CloseReason::Protocol("listed vectors were not asked for"));
        };
        let lane = documents.first().map_or(Lane::Cards, |(document, _)| Lane::of(document.scope()));
        self.compare(lane, Coverage::Listed, None, documents, None, VecDeque::new());
        Ok(())
    }

    fn compare(
        &mut self,
        lane: Lane,
        coverage: Coverage,
        only: Option<(Set, Buckets)>,
        documents: Vec<(DocumentId, Vector)>,
        next: Option<Walk>,
        rest: VecDeque<(Set, Buckets)>,
    ) {
        let documents = bounded(documents);
        let ours = documents.iter().cloned().collect();
        self.comparison = Some(Comparison::Waiting(Page { lane, ours, theirs: BTreeMap::new(), next, rest }));
        let (set, buckets) = only.unzip();
        self.send(lane, ClientMessage::Vectors { coverage, set, buckets, documents });
    }

    /// The relay's sums of one set. None: they are the same.
    pub(super) fn summed(&mut self, set: Set, theirs: &[u64]) -> Result<(), CloseReason> {
        let Some(Comparison::Awaiting(awaiting)) = &mut self.comparison else {
            return Err(CloseReason::Protocol("sums that were not asked for"));
        };
        let Some(entries) = awaiting.entries.remove(&set) else {
            return Err(CloseReason::Protocol("sums of a set that was not asked for"));
        };
        let differing = entries.differing(theirs);
        if !differing.buckets.is_empty() {
            if set == Set::Statements {
                // The relay says no more of the others: what it may show depends on this.
                self.comparison = Some(Comparison::Statements { buckets: differing, after: 0, asked: false });
                return Ok(());
            }
            awaiting.differing.push_back((set, differing));
        }
        if awaiting.entries.is_empty() {
            let differing = std::mem::take(&mut awaiting.differing);
            self.walk(differing);
        }
        Ok(())
    }

    /// Goes on with the next set that differs.
    fn walk(&mut self, mut differing: VecDeque<(Set, Buckets)>) {
        match differing.pop_front() {
            Some((set, buckets)) => {
                self.load_vectors(None);
                let walk = Walk { set, buckets, from: None, found: Vec::new(), rest: differing };
                self.comparison = Some(Comparison::LoadingVectors(walk));
            }
            None => {
                let page = Page {
                    lane: Lane::Cards,
                    ours: BTreeMap::new(),
                    theirs: BTreeMap::new(),
                    next: None,
                    rest: differing,
                };
                self.comparison = Some(Comparison::Filling { page, lacking: Vec::new(), asked: false });
            }
        }
    }

    /// The relay has sent its statements of the buckets asked for.
    pub(super) fn statements_sent(&mut self) -> Result<(), CloseReason> {
        match self.comparison.take() {
            Some(Comparison::StatementsAsked) => {
                self.comparison = Some(Comparison::StatementsDone);
                Ok(())
            }
            _ => Err(CloseReason::Protocol("statements that were not asked for")),
        }
    }

    pub(super) fn vectors_answered(
        &mut self,
        lane: Lane,
        documents: Vec<(DocumentId, Vector)>,
        done: bool,
    ) -> Result<(), CloseReason> {
        match self.comparison.take() {
            Some(Comparison::Waiting(mut page)) if page.lane == lane => {
                let known = documents.into_iter().filter(|(document, _)| page.ours.contains_key(document));
                page.theirs.extend(known);
                self.comparison = Some(if done {
                    let mut lacking: Vec<_> = std::mem::take(&mut page.theirs).into_iter().collect();
                    lacking.retain_mut(|(document, theirs)| {
                        let Some(ours) = page.ours.get(document) else { return false };
                        let of = |(device, incarnation)| LogId { document: *document, device, incarnation };
                        self.twins.note(ours.twins(theirs).map(of));
                        let lacks = !theirs.covers(ours);
                        theirs.settle(ours);
                        lacks
                    });
                    Comparison::Filling { page, lacking, asked: false }
                } else {
                    Comparison::Waiting(page)
                });
                Ok(())
            }
            _ => Err(CloseReason::Protocol("vectors that were not asked for")),
        }
    }

    pub(super) fn missing_loaded(&mut self, records: Vec<Vec<u8>>, more: bool) -> Result<(), CloseReason> {
        if let Some(Comparison::Twins(_)) = self.comparison {
            return self.twins_loaded(records, more);
        }
        let Some(Comparison::Filling { page, lacking, asked }) = &mut self.comparison else {
            return Err(CloseReason::Protocol("missing records were not asked for"));
        };
        *asked = false;
        for bytes in &records {
            if let Ok((header, _)) = header_of(bytes)
                && let Some((_, theirs)) = lacking.iter_mut().find(|(document, _)| *document == header.document)
            {
                theirs.raise(header.device, header.incarnation, header.seq, RecordHash::of(bytes).print());
            }
        }
        if !more || records.is_empty() {
            lacking.clear();
        }
        let lane = page.lane;
        self.push(lane, records.into_iter().map(Item::Record).collect(), Origin::Comparison);
        Ok(())
    }

    pub(super) fn pump_comparison(&mut self) {
        if self.phase != Phase::Open {
            return;
        }
        let settled = self.is_settled();
        match &mut self.comparison {
            Some(Comparison::Statements { after, asked, .. }) => {
                let room = self.lanes[Lane::Cards].outgoing.room();
                if !*asked && room > 0 {
                    *asked = true;
                    self.actions.push(ClientAction::LoadStatements { after: *after, budget: room });
                }
            }
            Some(Comparison::StatementsDone) if settled => {
                // Once more with statements: with what was pushed, the relay may show older ones that were in buckets that were the same.
                self.statements_compared += 1;
                self.begin_comparison(self.statements_compared >= STATEMENT_ROUNDS);
            }
            Some(Comparison::Filling { page, lacking, asked }) if !lacking.is_empty() => {
                let room = self.lanes[page.lane].outgoing.room();
                if !*asked && room > 0 {
                    *asked = true;
                    self.actions.push(ClientAction::LoadMissing { documents: lacking.clone(), budget: room });
                }
            }
            Some(Comparison::Filling { page, .. }) => match page.next.take() {
                Some(walk) => {
                    let after = walk.from;
                    self.comparison = Some(Comparison::LoadingVectors(walk));
                    self.load_vectors(after);
                }
                None if !page.rest.is_empty() => {
                    let rest = std::mem::take(&mut page.rest);
                    self.walk(rest);
                }
                // The end of the last page is the end only when all it pushed is answered and all it brought is stored.
                None if settled => self.compared(),
                None => {}
            },
            Some(Comparison::Twins(_)) => self.pump_twins(settled),
            Some(_) => {}
            None => self.compare_more(),
        }
    }

    /// What is to be compared alone.
    fn compare_more(&mut self) {
        if !self.compare_twins() {
            self.compare_suspects();
        }
    }

    fn is_settled(&self) -> bool {
        self.storing.is_empty() && !self.lanes.iter().any(|(_, lane)| lane.outgoing.is_comparing())
    }

    /// Both sides have what the other had. Unless it contradicts: that is compared record by record, and is part of this.
    pub(super) fn compared(&mut self) {
        self.comparison = None;
        if self.compare_twins() {
            return;
        }
        if self.reconciling {
            self.reconciling = false;
            self.reread_outbox();
            self.store_cursor();
            self.ask(Vec::new());
            if self.config.offer {
                self.chunks.offer();
            }
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
        let mut ready = self.suspects.iter().filter(|document| !filling(document)).peekable();
        let Some(lane) = ready.peek().map(|document| Lane::of(document.scope())) else { return };
        let of_lane = ready.filter(|document| Lane::of(document.scope()) == lane);
        let documents: Vec<_> = of_lane.take(MAX_DOCUMENTS).copied().collect();
        self.suspects.retain(|document| !documents.contains(document));
        self.compared.extend(documents.iter().copied());
        self.healing = documents.iter().copied().collect();
        self.comparison = Some(Comparison::LoadingListed);
        self.actions.push(ClientAction::LoadListed { documents });
    }
}

/// How often statements are compared in one session. What still differs then is what one side refuses.
const STATEMENT_ROUNDS: u8 = 2;
/// Bytes of statements read at once to be summed up.
const SUMMED: usize = 1 << 20;

/// Within the wire's bound. A log left out counts as unknown, and is sent once more than needed.
pub(in crate::session) fn bounded(documents: Vec<(DocumentId, Vector)>) -> Vec<(DocumentId, Vector)> {
    let bound =
        |(document, vector): (DocumentId, Vector)| (document, Vector(vector.0.into_iter().take(MAX_LOGS).collect()));
    documents.into_iter().map(bound).collect()
}
