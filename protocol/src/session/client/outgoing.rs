//! What a tablet has pushed on one lane and the relay has not answered: numbered, and bounded in bytes.

use std::collections::VecDeque;

use super::types::{ItemRef, Rejection};
use crate::chunk::ReceivedChunk;
use crate::document::DocumentId;
use crate::ids::{RecordHash, StatementId};
use crate::limits::{ATTACHMENT_WINDOW, MAX_ITEMS, MAX_STATEMENT, MESSAGE, PUSH_WINDOW};
use crate::messages::{Item, Lane};
use crate::record::{Header, ReceivedBytes, RejectReason};

/// Where a pushed item came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The outbox.
    Outbox,
    /// A comparison of vectors, or the statements sent with it.
    Comparison,
    /// The comparison of a log of which two histories exist: that the relay finds a fork is no news.
    Twins,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct InFlight {
    pub(super) item: ItemRef,
    pub(super) origin: Origin,
    bytes: usize,
}

impl InFlight {
    pub(super) fn document(&self) -> Option<DocumentId> {
        match self.item {
            ItemRef::Record { log, .. } => Some(log.document),
            ItemRef::Damaged(_) | ItemRef::Statement(_) | ItemRef::Chunk(_) | ItemRef::Part(_) => None,
        }
    }
}

/// A lane's window of unanswered items.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Bytes that may be unanswered.
    window: usize,
    /// Room below which nothing is asked for: the largest item, where many fit into the window.
    reserve: usize,
    in_flight: VecDeque<InFlight>,
    bytes: usize,
    answered: u64,
}

impl Outgoing {
    pub(super) fn new(lane: Lane) -> Self {
        let (window, reserve) = match lane {
            Lane::Cards | Lane::Charts => (PUSH_WINDOW, MAX_STATEMENT),
            Lane::Attachments => (ATTACHMENT_WINDOW, 1),
        };
        Self { window, reserve, in_flight: VecDeque::new(), bytes: 0, answered: 0 }
    }

    /// Bytes that may be pushed now; 0 while that is too little to ask for.
    pub(super) fn room(&self) -> usize {
        let room = self.window.saturating_sub(self.bytes);
        if room < self.reserve { 0 } else { room }
    }

    /// Number of the last item pushed.
    pub(super) fn pushed(&self) -> u64 {
        self.answered + self.in_flight.len() as u64
    }

    pub(super) fn answered(&self) -> u64 {
        self.answered
    }

    pub(super) fn len(&self) -> usize {
        self.in_flight.len()
    }

    /// Is anything of a comparison under way?
    pub(super) fn is_comparing(&self) -> bool {
        self.in_flight.iter().any(|item| item.origin != Origin::Outbox)
    }

    /// Takes items to push; returns them cut into messages, and those that no relay could take, which are not sent.
    pub(super) fn push(&mut self, items: Vec<Item>, origin: Origin) -> (Vec<Vec<Item>>, Vec<Rejection>) {
        let mut sent = Vec::new();
        let mut refused = Vec::new();
        for item in items {
            match refer(&item) {
                Ok(reference) => {
                    let bytes = item.bytes().len();
                    self.bytes += bytes;
                    self.in_flight.push_back(InFlight { item: reference, origin, bytes });
                    sent.push(item);
                }
                Err(rejection) => refused.push(rejection),
            }
        }
        (pages(sent, |item| item.bytes().len()), refused)
    }

    /// Everything up to number `through` is answered. `None` if such an answer makes no sense.
    pub(super) fn answer(&mut self, through: u64) -> Option<Vec<(u64, InFlight)>> {
        let count = usize::try_from(through.checked_sub(self.answered)?).ok()?;
        if count > self.in_flight.len() {
            return None;
        }
        let first = self.answered + 1;
        self.answered = through;
        let answered: Vec<_> = (first..).zip(self.in_flight.drain(..count)).collect();
        self.bytes -= answered.iter().map(|(_, item)| item.bytes).sum::<usize>();
        Some(answered)
    }
}

/// The header of a record from this tablet's own store, if it is undamaged.
pub(super) fn header_of(bytes: &[u8]) -> Result<(Header, ItemRef), Rejection> {
    let parsed = ReceivedBytes::new(bytes.to_vec()).and_then(ReceivedBytes::parse);
    let parsed = parsed.map_err(|reason| Rejection { item: ItemRef::Damaged(RecordHash::of(bytes)), reason })?;
    let header = *parsed.header();
    Ok((header, ItemRef::Record { log: header.log(), seq: header.seq, hash: parsed.hash() }))
}

fn refer(item: &Item) -> Result<ItemRef, Rejection> {
    match item {
        Item::Record(bytes) => header_of(bytes).map(|(_, reference)| reference),
        Item::Chunk(bytes) => match ReceivedChunk::new(bytes.clone()).and_then(ReceivedChunk::parse) {
            Ok(chunk) => Ok(ItemRef::Chunk(chunk.id())),
            Err(reason) => Err(Rejection { item: ItemRef::Damaged(RecordHash::of(bytes)), reason }),
        },
        Item::Checkpoint(bytes) => Ok(ItemRef::Part(RecordHash::of(bytes))),
        Item::Statement(bytes) => {
            let reference = ItemRef::Statement(StatementId::of(bytes));
            if bytes.len() > MAX_STATEMENT {
                Err(Rejection { item: reference, reason: RejectReason::Oversized })
            } else {
                Ok(reference)
            }
        }
    }
}

/// Cuts items into messages of about [`MESSAGE`] bytes.
pub(in crate::session) fn pages<T>(items: Vec<T>, size: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut pages = Vec::new();
    let mut page = Vec::new();
    let mut bytes = 0;
    for item in items {
        let item_bytes = size(&item);
        if !page.is_empty() && (bytes + item_bytes > MESSAGE || page.len() == MAX_ITEMS) {
            pages.push(std::mem::take(&mut page));
            bytes = 0;
        }
        bytes += item_bytes;
        page.push(item);
    }
    if !page.is_empty() {
        pages.push(page);
    }
    pages
}
