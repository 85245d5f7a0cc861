//! Merging what a batch brought: once per document, however many records of it came.
//!
//! A merge costs what the document is large, not what is new in it: checking it, and the rows of its read models. So
//! records are kept as they come, their payloads wait in [`Payloads`], and at the end of the batch each document takes all of its own at once. If one of them
//! does not fit, they are taken one by one, so that one bad record never keeps good ones out.

use std::collections::{BTreeMap, BTreeSet};

use tendenko_crdt::Key;
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::PatientId;

use crate::documents::Workspace;
use crate::edit::news;
use crate::models::Changed;
use crate::replica::Replica;
use crate::store::StoreError;
use crate::store::records::{self, State};

/// Most bytes of payloads merged at once: far below what a document takes in one input.
const AT_ONCE: usize = 4 * 1024 * 1024;

/// What a kept record says, not merged yet.
pub(crate) struct Payload {
    /// Row of the record.
    pub(crate) row: i64,
    /// What the row says now.
    pub(crate) state: State,
    /// Who sealed it.
    pub(crate) device: [u8; 16],
    /// What it says.
    pub(crate) changes: Vec<u8>,
}

/// Payloads of kept records, by document, in the order in which they came.
#[derive(Default)]
pub(crate) struct Payloads(BTreeMap<DocumentId, Vec<Payload>>);

impl Payloads {
    pub(crate) fn add(&mut self, document: DocumentId, payload: Payload) {
        self.0.entry(document).or_default().push(payload);
    }
}

impl Replica {
    /// Merges everything that waits. Records that cannot be merged are marked; they are kept all the same.
    pub(crate) fn merge_payloads(
        &self,
        work: &mut Workspace<'_>,
        payloads: &mut Payloads,
        changed: &mut BTreeSet<PatientId>,
    ) -> Result<(), StoreError> {
        for (id, payloads) in std::mem::take(&mut payloads.0) {
            let mut rest = payloads.as_slice();
            while !rest.is_empty() {
                let mut size = 0;
                let fits = |payload: &&Payload| {
                    size += payload.changes.len();
                    size <= AT_ONCE
                };
                let (some, later) = rest.split_at(rest.iter().take_while(fits).count().max(1));
                if !self.merge_some(work, id, some)? && some.len() > 1 {
                    for payload in some.chunks(1) {
                        self.merge_some(work, id, payload)?;
                    }
                }
                rest = later;
            }
            changed.insert(id.patient);
        }
        Ok(())
    }

    /// Merges these at once. Returns whether they fit; a single one that does not is marked.
    fn merge_some(&self, work: &mut Workspace<'_>, id: DocumentId, some: &[Payload]) -> Result<bool, StoreError> {
        let inputs: Vec<([u8; 16], &[u8])> =
            some.iter().map(|payload| (payload.device, payload.changes.as_slice())).collect();
        let applied = match work.document(id)?.apply_all(&inputs) {
            Ok(applied) => applied,
            Err(error) => {
                if let [one] = some {
                    tracing::warn!(document = ?id.class, %error, "a record cannot be applied; it is kept");
                    records::set_state(work.connection(), one.row, State::Unreadable)?;
                }
                return Ok(false);
            }
        };
        let bytes: Vec<u8> = some.iter().flat_map(|payload| payload.changes.iter().copied()).collect();
        work.append(id, &bytes)?;
        for payload in some.iter().filter(|payload| payload.state != State::Applied) {
            records::set_state(work.connection(), payload.row, State::Applied)?;
        }
        self.show(work, id, &applied.changed_keys)?;
        Ok(true)
    }

    /// Brings read models and news up to date with what others wrote.
    pub(crate) fn show(&self, work: &mut Workspace<'_>, id: DocumentId, keys: &[String]) -> Result<(), StoreError> {
        work.update_models(id, Changed::Keys(keys))?;
        for key in keys {
            let author = match Key::parse(key) {
                Key::Event(entry) => work.document(id)?.event(entry).map(|event| event.stamp.author.member),
                _ => None,
            };
            news(work.connection(), id, key, author.as_deref().unwrap_or(""), self.clock.now())?;
        }
        Ok(())
    }
}
