//! Chunks of attachments: what somebody wants to look at is asked for by name, a few at a time; and after a comparison of
//! everything the relay is offered what is here and gives back what it lacks.
//!
//! Text goes first: nothing is asked for, offered or given while text is still to come. A chunk is asked for once: what was asked for and not
//! answered when the link breaks is asked for in the next session, because the store says what is still missing.

use std::collections::VecDeque;

use super::outgoing::Origin;
use super::{ClientAction, Session};
use crate::chunk::Holding;
use crate::ids::{AttachmentId, ChunkId, DeviceId};
use crate::limits::{MAX_OFFER, WANT_WINDOW};
use crate::messages::{ClientMessage, Item, Lane};
use crate::session::CloseReason;

/// What goes on about chunks.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    /// To be asked for, in this order.
    wanted: VecDeque<ChunkId>,
    /// Asked for, and neither come nor said to be absent.
    asked: VecDeque<ChunkId>,
    offering: Offering,
}

/// How far the offer of what is here has come.
#[derive(Debug, Default)]
enum Offering {
    /// There is nothing to offer, or it was all offered.
    #[default]
    Done,
    /// The next page is to be read, after this attachment.
    Due(After),
    /// The host reads it.
    Loading,
    /// The relay looks what it lacks of it.
    Offered(After),
    /// It gets what it lacks.
    Giving {
        after: After,
        lacking: Vec<Holding>,
        /// A read is under way.
        asked: bool,
    },
}

type After = Option<(DeviceId, AttachmentId)>;

impl Chunks {
    pub(super) fn new(wanted: Vec<ChunkId>) -> Self {
        Self { wanted: wanted.into(), ..Self::default() }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.wanted.is_empty() && self.asked.is_empty() && matches!(self.offering, Offering::Done)
    }

    /// All that is wanted now. What is asked for already is not asked for again.
    pub(super) fn want(&mut self, chunks: Vec<ChunkId>) {
        self.wanted = chunks.into_iter().filter(|chunk| !self.asked.contains(chunk)).collect();
    }

    /// Items came: those asked for are asked for no more.
    pub(super) fn came(&mut self, items: &[Item]) {
        for item in items {
            if let Item::Chunk(bytes) = item {
                let id = ChunkId::of(bytes);
                self.asked.retain(|asked| *asked != id);
                self.wanted.retain(|wanted| *wanted != id);
            }
        }
    }

    /// Everything here is to be offered, from the first.
    pub(super) fn offer(&mut self) {
        self.offering = Offering::Due(None);
    }
}

impl Session {
    pub(super) fn absent(&mut self, chunks: Vec<ChunkId>) {
        let asked = &mut self.chunks.asked;
        let absent: Vec<_> = chunks.into_iter().filter(|chunk| asked.contains(chunk)).collect();
        asked.retain(|chunk| !absent.contains(chunk));
        if !absent.is_empty() {
            self.actions.push(ClientAction::Absent { chunks: absent });
        }
    }

    pub(super) fn holdings_loaded(&mut self, attachments: Vec<Holding>) -> Result<(), CloseReason> {
        let Offering::Loading = self.chunks.offering else {
            return Err(CloseReason::Protocol("holdings were not asked for"));
        };
        self.chunks.offering = match attachments.last() {
            Some(last) => Offering::Offered(Some((last.device, last.attachment))),
            None => Offering::Done,
        };
        if !attachments.is_empty() {
            self.send(Lane::Attachments, ClientMessage::Offer { attachments });
        }
        Ok(())
    }

    pub(super) fn lacking(&mut self, lacking: Vec<Holding>) -> Result<(), CloseReason> {
        let Offering::Offered(after) = self.chunks.offering else {
            return Err(CloseReason::Protocol("an answer to what was not offered"));
        };
        self.chunks.offering = Offering::Giving { after, lacking, asked: false };
        Ok(())
    }

    pub(super) fn pieces_loaded(&mut self, chunks: Vec<Vec<u8>>, rest: Vec<Holding>) -> Result<(), CloseReason> {
        let Offering::Giving { lacking, asked: asked @ true, .. } = &mut self.chunks.offering else {
            return Err(CloseReason::Protocol("pieces were not asked for"));
        };
        *asked = false;
        // Nothing of what is left is here.
        *lacking = if chunks.is_empty() { Vec::new() } else { rest };
        self.push(Lane::Attachments, chunks.into_iter().map(Item::Chunk).collect(), Origin::Comparison);
        Ok(())
    }

    /// Asks for chunks, and offers them, once text is here.
    pub(super) fn pump_chunks(&mut self) {
        let text_comes = self.reconciling
            || !self.backfilling.is_empty()
            || Lane::STREAMED.iter().any(|lane| !self.lanes[*lane].caught_up);
        if text_comes {
            return;
        }
        let room = WANT_WINDOW.saturating_sub(self.chunks.asked.len());
        let next: Vec<_> = self.chunks.wanted.drain(..room.min(self.chunks.wanted.len())).collect();
        if !next.is_empty() {
            self.chunks.asked.extend(&next);
            self.send(Lane::Attachments, ClientMessage::Want { chunks: next });
        }
        // What is new here leaves before what others may have.
        let leaving = |lane: &Lane| self.lanes[*lane].outbox_more || self.lanes[*lane].outbox_asked;
        if !Lane::ALL.iter().any(leaving) {
            self.pump_offer();
        }
    }

    fn pump_offer(&mut self) {
        let room = self.lanes[Lane::Attachments].outgoing.room();
        match &mut self.chunks.offering {
            Offering::Due(after) => {
                let after = *after;
                self.chunks.offering = Offering::Loading;
                self.actions.push(ClientAction::LoadHoldings { after, limit: MAX_OFFER });
            }
            Offering::Giving { after, lacking, asked: false } if lacking.is_empty() => {
                self.chunks.offering = Offering::Due(*after);
                self.pump_offer();
            }
            Offering::Giving { lacking, asked: asked @ false, .. } if room > 0 => {
                *asked = true;
                let lacking = lacking.clone();
                self.actions.push(ClientAction::LoadPieces { lacking, budget: room });
            }
            Offering::Giving { .. } | Offering::Done | Offering::Loading | Offering::Offered(_) => {}
        }
    }
}
