//! What charts begin with: checkpoints, and the records that need not follow.
//!
//! A tablet that asks for them is sent, before anything else of charts, the parts of those that say more than it knows. From then on it *knows*
//! the records that they stand for (`known`). If the tablet cannot use one, it compares that document.

use super::jobs::Job;
use super::{RelayAction, Session};
use crate::document::{DocumentId, Vector};
use crate::ids::PatientId;
use crate::limits::{MAX_BACKFILL, PAGE};
use crate::messages::{Item, Lane};
use crate::record::ParsedCheckpoint;
use crate::session::CloseReason;
use crate::session::client::pages;

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
            self.known.raise(document, vector);
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
            if self.known.covers(document, &header.vector()) {
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
            self.known.raise(document, vector);
        }
        Ok(())
    }
}
