//! What charts begin with: checkpoints, and the records that need not follow.
//!
//! A tablet that asks for them is sent, before anything else of charts, the parts of those that say more than it knows. From then on records that it
//! *knows* (it said so, or they are covered by a checkpoint of which every part was sent) are passed over by the stream and by backfills,
//! while its cursor goes on. That is right because lanes are stored in order: whatever cursor covers a record that was passed over, the parts
//! that stand for it were stored before. If the tablet cannot use one, it compares that document.

use std::collections::BTreeMap;

use super::jobs::Job;
use super::{RelayAction, Session};
use crate::document::{DocumentId, Vector};
use crate::ids::PatientId;
use crate::limits::{MAX_BACKFILL, PAGE};
use crate::messages::{Item, Lane};
use crate::record::{Header, ParsedCheckpoint};
use crate::session::CloseReason;
use crate::session::client::pages;

/// Documents whose checkpoints are remembered. Beyond that records are sent although a checkpoint stands for them.
const MAX_KNOWN: usize = 100_000;
/// Requests that wait at once.
const MAX_WAITING: usize = 16;

/// A request for checkpoints.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// Whose; none named: of everybody.
    patients: Vec<PatientId>,
    /// First of those wanted first; after that, of all.
    first: bool,
    after: Option<(DocumentId, u16)>,
    /// Of which checkpoint the parts so far were sent, and how many.
    whole: Option<([u8; 16], u16)>,
}

impl Session {
    pub(super) fn begin(
        &mut self,
        patients: Vec<PatientId>,
        known: Vec<(DocumentId, Vector)>,
    ) -> Result<(), CloseReason> {
        for (document, vector) in known {
            self.knows(document, vector);
        }
        let jobs = &mut self.lanes[Lane::Charts].jobs;
        let waiting = jobs.iter().filter(|job| matches!(job, Job::Checkpoints(_))).count();
        if waiting >= MAX_WAITING || patients.len() > MAX_BACKFILL {
            return Err(CloseReason::Protocol("too many checkpoints at once"));
        }
        jobs.push_back(Job::Checkpoints(Checkpoints {
            first: patients.is_empty(),
            patients,
            after: None,
            whole: None,
        }));
        Ok(())
    }

    fn knows(&mut self, document: DocumentId, vector: Vector) {
        if self.known.len() < MAX_KNOWN || self.known.contains_key(&document) {
            let known = self.known.entry(document).or_default();
            for ((device, incarnation), log) in vector.0 {
                known.raise(device, incarnation, log.seq, log.print);
            }
        }
    }

    /// What is to be read for the request that is first on the charts lane.
    pub(super) fn next_checkpoints(&mut self) -> Option<RelayAction> {
        let Some(Job::Checkpoints(request)) = self.lanes[Lane::Charts].jobs.front_mut() else { return None };
        let mut first: Vec<PatientId> = self.first.keys().copied().collect();
        first.sort_by_key(|patient| self.first.get(patient).copied());
        request.first &= !first.is_empty();
        let patients = if request.first { first } else { request.patients.clone() };
        Some(RelayAction::ReadCheckpoints { patients, after: request.after, limit_bytes: PAGE })
    }

    pub(super) fn checkpoints_read(
        &mut self,
        parts: Vec<(DocumentId, u16, Vec<u8>)>,
        end: bool,
    ) -> Result<(), CloseReason> {
        self.read(Lane::Charts)?;
        let Some(Job::Checkpoints(request)) = self.lanes[Lane::Charts].jobs.front_mut() else {
            return Err(CloseReason::Protocol("checkpoints were not asked for"));
        };
        let nothing = parts.is_empty();
        let mut sent = Vec::new();
        let mut whole = Vec::new();
        for (document, number, bytes) in parts {
            request.after = Some((document, number));
            let Ok(parsed) = ParsedCheckpoint::parse(bytes.clone()) else { continue };
            let header = parsed.header();
            if self.known.get(&document).is_some_and(|known| known.covers(&header.vector())) {
                continue;
            }
            let before = request.whole.filter(|(set, _)| *set == header.set).map_or(0, |(_, parts)| parts);
            request.whole = (before == number).then_some((header.set, number + 1));
            if request.whole == Some((header.set, header.parts)) {
                whole.push((document, header.vector()));
            }
            sent.push(Item::Checkpoint(bytes));
        }
        if end || nothing {
            if request.first {
                (request.first, request.after) = (false, None);
            } else {
                self.lanes[Lane::Charts].jobs.pop_front();
            }
        }
        for items in pages(sent, |item| item.bytes().len()) {
            self.fill(Lane::Charts, items);
        }
        for (document, vector) in whole {
            self.knows(document, vector);
        }
        Ok(())
    }
}

/// Does the tablet know this record?
pub(super) fn is_known(known: &BTreeMap<DocumentId, Vector>, item: &Item) -> bool {
    let Item::Record(bytes) = item else { return false };
    if known.is_empty() {
        return false;
    }
    let header = Header::of(bytes);
    header.is_some_and(|header| {
        known.get(&header.document).is_some_and(|known| header.seq <= known.get(header.device, header.incarnation))
    })
}
