//! Chunks of attachments: sent to whoever asks for them by name, on the last lane, one read at a time; and what the relay lacks of what it is
//! offered.

use std::collections::VecDeque;

use super::jobs::Job;
use super::{RelayAction, Session};
use crate::chunk::Holding;
use crate::ids::ChunkId;
use crate::limits::{MAX_WANTED, PAGE};
use crate::messages::{Item, Lane, RelayMessage};
use crate::session::CloseReason;

/// Offers that may wait for their answer; tablets have one.
const MAX_OFFERS: usize = 4;

impl Session {
    pub(super) fn want(&mut self, chunks: Vec<ChunkId>) -> Result<(), CloseReason> {
        let jobs = &mut self.lanes[Lane::Attachments].jobs;
        let waiting: usize = jobs.iter().map(|job| if let Job::Want(chunks) = job { chunks.len() } else { 0 }).sum();
        if waiting + chunks.len() > MAX_WANTED {
            return Err(CloseReason::Protocol("too many chunks wanted at once"));
        }
        jobs.push_back(Job::Want(chunks.into()));
        Ok(())
    }

    pub(super) fn offered(&mut self, attachments: Vec<Holding>) -> Result<(), CloseReason> {
        let jobs = &mut self.lanes[Lane::Attachments].jobs;
        if jobs.iter().filter(|job| matches!(job, Job::Offer(_))).count() == MAX_OFFERS {
            return Err(CloseReason::Protocol("too many offers at once"));
        }
        jobs.push_back(Job::Offer(attachments));
        Ok(())
    }

    pub(super) fn chunks_read(&mut self, read: Vec<(ChunkId, Option<Vec<u8>>)>) -> Result<(), CloseReason> {
        self.read(Lane::Attachments)?;
        let Some(Job::Want(wanted)) = self.lanes[Lane::Attachments].jobs.front_mut() else {
            return Err(CloseReason::Protocol("chunks were not asked for"));
        };
        // A careless host that gives nothing would be asked for ever.
        let answered = read.len().clamp(1, wanted.len().max(1));
        let left_out = wanted.drain(..answered.min(wanted.len())).skip(read.len());
        let mut absent: Vec<_> = left_out.collect();
        if wanted.is_empty() {
            self.lanes[Lane::Attachments].jobs.pop_front();
        }
        let mut items = Vec::new();
        for (id, bytes) in read {
            match bytes {
                Some(bytes) => items.push(Item::Chunk(bytes)),
                None => absent.push(id),
            }
        }
        if !items.is_empty() {
            self.fill(Lane::Attachments, items);
        }
        if !absent.is_empty() {
            self.send(Lane::Attachments, RelayMessage::Absent { chunks: absent });
        }
        Ok(())
    }

    pub(super) fn lacking_read(&mut self, attachments: Vec<Holding>) -> Result<(), CloseReason> {
        self.read(Lane::Attachments)?;
        match self.lanes[Lane::Attachments].jobs.pop_front() {
            Some(Job::Offer(_)) => {
                self.send(Lane::Attachments, RelayMessage::Lacking { attachments });
                Ok(())
            }
            _ => Err(CloseReason::Protocol("an offer was not asked about")),
        }
    }
}

/// The next read for chunks that are wanted.
pub(super) fn read_chunks(wanted: &VecDeque<ChunkId>) -> RelayAction {
    RelayAction::ReadChunks { chunks: wanted.iter().copied().collect(), limit_bytes: PAGE }
}
