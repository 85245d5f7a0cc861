//! Comparing vectors with a relay, page by page: statements first, then each page's vectors, then what each side lacks.

use std::collections::BTreeMap;

use super::outgoing::{Origin, header_of};
use super::{ClientAction, Session};
use crate::document::{DocumentId, Vector};
use crate::limits::{MAX_DOCUMENTS, MAX_LOGS, VECTOR_PAGE};
use crate::messages::{ClientMessage, Coverage, Item, Lane};
use crate::session::CloseReason;

/// How far a comparison is. One at a time.
#[derive(Debug)]
pub(super) enum Comparison {
    /// Before the vectors of everything: the host reads statements.
    LoadingStatements {
        /// Place to go on after.
        after: u64,
        /// A read is under way.
        asked: bool,
    },
    /// The host reads a page of vectors.
    LoadingVectors {
        /// For `Some`: all documents after this one. For `None` inside: from the first. Outer `None`: listed documents.
        span_after: Option<Option<DocumentId>>,
    },
    /// The page was sent, the relay answers.
    Waiting(Page),
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

/// One page of documents under comparison.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) coverage: Coverage,
    pub(super) ours: BTreeMap<DocumentId, Vector>,
    pub(super) theirs: BTreeMap<DocumentId, Vector>,
}

impl Page {
    pub(super) fn new(coverage: Coverage, documents: &[(DocumentId, Vector)]) -> Self {
        Self { coverage, ours: documents.iter().cloned().collect(), theirs: BTreeMap::new() }
    }

    /// Takes a part of the relay's answer. Documents that are not of this page are of no interest.
    pub(super) fn answer(&mut self, documents: Vec<(DocumentId, Vector)>) {
        self.theirs.extend(documents.into_iter().filter(|(document, _)| self.ours.contains_key(document)));
    }

    /// Documents of which the relay lacks something, with what it has.
    pub(super) fn lacking(&mut self) -> Vec<(DocumentId, Vector)> {
        let mut lacking = Vec::new();
        for (document, ours) in &self.ours {
            let theirs = self.theirs.remove(document).unwrap_or_default();
            if !theirs.covers(ours) {
                lacking.push((*document, theirs));
            }
        }
        lacking
    }

    /// For a span: where the next page begins, `None` after the last.
    pub(super) fn next_span(&self) -> Option<Option<DocumentId>> {
        match self.coverage {
            Coverage::Span { through: Some(through), .. } => Some(Some(through)),
            Coverage::Span { through: None, .. } | Coverage::Listed => None,
        }
    }
}

impl Session {
    pub(super) fn statements_loaded(&mut self, items: Vec<(u64, Vec<u8>)>, more: bool) -> Result<(), CloseReason> {
        let Some(Comparison::LoadingStatements { after, .. }) = self.comparison else {
            return Err(CloseReason::Protocol("statements were not asked for"));
        };
        let last = items.iter().map(|(place, _)| *place).fold(after, u64::max);
        self.push(
            Lane::Cards,
            items.into_iter().map(|(_, bytes)| Item::Statement(bytes)).collect(),
            Origin::Comparison,
        );
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

    pub(super) fn vectors_loaded(
        &mut self,
        documents: Vec<(DocumentId, Vector)>,
        more: bool,
    ) -> Result<(), CloseReason> {
        let Some(Comparison::LoadingVectors { span_after: Some(after) }) = self.comparison else {
            return Err(CloseReason::Protocol("vectors were not asked for"));
        };
        let through = documents.last().map(|(document, _)| *document).filter(|_| more);
        self.compare(Coverage::Span { after, through }, documents);
        Ok(())
    }

    pub(super) fn listed_loaded(&mut self, documents: Vec<(DocumentId, Vector)>) -> Result<(), CloseReason> {
        let Some(Comparison::LoadingVectors { span_after: None }) = self.comparison else {
            return Err(CloseReason::Protocol("listed vectors were not asked for"));
        };
        self.compare(Coverage::Listed, documents);
        Ok(())
    }

    fn compare(&mut self, coverage: Coverage, documents: Vec<(DocumentId, Vector)>) {
        let documents = bounded(documents);
        self.comparison = Some(Comparison::Waiting(Page::new(coverage, &documents)));
        self.send(Lane::Cards, ClientMessage::Vectors { coverage, documents });
    }

    pub(super) fn vectors_answered(
        &mut self,
        documents: Vec<(DocumentId, Vector)>,
        done: bool,
    ) -> Result<(), CloseReason> {
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

    pub(super) fn missing_loaded(&mut self, records: Vec<Vec<u8>>, more: bool) -> Result<(), CloseReason> {
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
        self.push(Lane::Cards, records.into_iter().map(Item::Record).collect(), Origin::Comparison);
        Ok(())
    }

    pub(super) fn pump_comparison(&mut self) {
        let room = self.lanes[Lane::Cards].outgoing.room();
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
                None if self.lanes[Lane::Cards].outgoing.any_of(Origin::Comparison) || !self.storing.is_empty() => {}
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
            self.reread_outbox();
            self.store_cursor();
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

/// Within the wire's bound. A log left out counts as unknown, and is sent once more than needed.
pub(in crate::session) fn bounded(documents: Vec<(DocumentId, Vector)>) -> Vec<(DocumentId, Vector)> {
    let bound =
        |(document, vector): (DocumentId, Vector)| (document, Vector(vector.0.into_iter().take(MAX_LOGS).collect()));
    documents.into_iter().map(bound).collect()
}
