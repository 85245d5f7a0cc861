//! Comparing vectors with a relay: page by page, what each side lacks is sent to it.

use std::collections::BTreeMap;

use crate::document::{DocumentId, Vector};
use crate::limits::MAX_LOGS;
use crate::messages::Coverage;

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

/// Within the wire's bound. A log left out counts as unknown, and is sent once more than needed.
pub(in crate::session) fn bounded(documents: Vec<(DocumentId, Vector)>) -> Vec<(DocumentId, Vector)> {
    let bound =
        |(document, vector): (DocumentId, Vector)| (document, Vector(vector.0.into_iter().take(MAX_LOGS).collect()));
    documents.into_iter().map(bound).collect()
}
