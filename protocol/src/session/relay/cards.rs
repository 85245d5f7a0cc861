//! Cards that go ahead of the stream.
//!
//! A new tablet wants to see its patients' medicines, and in order of arrival every grant of everybody's comes before the first of
//! them. So before the stream of the cards lane, patient by patient: the certificates and grants that the tablet's own grant and the
//! card's records need to hold, then the records. Everybody else's grants come behind all cards, in their turn.
//!
//! Whose: of a tablet that the stream has brought nothing yet, everybody it is granted, in the order in which it was; of any tablet,
//! the patients it wants first.
//!
//! Nothing rests on it. No cursor moves by it; the stream passes over what was sent so on its own lane, and lanes are stored in order, so
//! whatever cursor covers it, it was stored before. When the link breaks, the tablet says what it has of the scopes that it knows to be
//! granted, and a card of which nothing is lacking is not begun again. What is left out (of a very long card, say), refused, or granted meanwhile
//! comes with the stream and the backfill. Certificates have no place in the order here and come again in the stream: they are few.

use std::collections::BTreeSet;

use super::jobs::Job;
use super::{RelayAction, Session};
use crate::document::Scope;
use crate::ids::{ArrivalNo, DeviceId, PatientId, StatementId};
use crate::limits::{MESSAGE, PAGE};
use crate::messages::{Item, Lane};
use crate::session::CloseReason;
use crate::session::client::pages;
use crate::trust::{Issuer, TrustStore};

/// The first message holds one card; the second about so many bytes, and each that follows twice as much: what is waited for most is whole first.
const SECOND_MESSAGE: usize = 4 << 10;
/// Arrivals, and certificates, sent ahead of their turn that are remembered. Beyond that they are sent again: the tablet knows duplicates.
pub(super) const MAX_AHEAD: usize = 100_000;

/// What a card is sent as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Whose.
    pub patient: PatientId,
    /// Certificates of those who speak in it, issuers first.
    pub certificates: Vec<Vec<u8>>,
    /// Grants, then records, each in order of arrival.
    pub items: Vec<(ArrivalNo, Item)>,
}

impl Card {
    /// Of what has arrived of a patient's card, in order of arrival: what `device` needs.
    ///
    /// The set must know all statements among it.
    pub fn of(set: &TrustStore, device: DeviceId, patient: PatientId, arrived: Vec<(ArrivalNo, Item)>) -> Self {
        let (mut items, records): (Vec<_>, Vec<_>) =
            arrived.into_iter().partition(|(_, item)| matches!(item, Item::Statement(_)));
        let authors = records.iter().filter_map(|(_, item)| item.header()).map(|header| header.device);
        let needed = set.grants_behind(patient, Scope::Card, authors.chain([device]).collect());
        let mut speakers = BTreeSet::new();
        items.retain(|(_, item)| {
            let id = StatementId::of(item.bytes());
            let found = needed.iter().find(|grant| grant.statement == id);
            if let Some(grant) = found {
                speakers.insert(grant.grant.device);
                if let Issuer::Device(issuer) = grant.issuer {
                    speakers.insert(issuer);
                }
            }
            found.is_some()
        });
        speakers.remove(&device);
        let certificates = speakers.into_iter().flat_map(|speaker| set.chain_of(speaker)).collect();
        items.extend(records);
        Self { patient, certificates, items }
    }

    /// Bytes of it.
    pub fn size(&self) -> usize {
        let items = self.items.iter().map(|(_, item)| item.bytes().len());
        self.certificates.iter().map(Vec::len).chain(items).sum()
    }

    /// Whose cards a device may be sent: of these patients, in this order; if none are named, of all, in the order in which they were granted.
    pub fn patients(set: &TrustStore, device: DeviceId, mut named: Vec<PatientId>) -> Vec<PatientId> {
        if named.is_empty() {
            let granted = set.grants_for(device).filter(|found| found.grant.scope == Scope::Card);
            let mut granted: Vec<_> = granted.map(|found| (found.issued_at, found.grant.patient)).collect();
            granted.sort_unstable();
            let mut seen = BTreeSet::new();
            named = granted.into_iter().map(|(_, patient)| patient).filter(|patient| seen.insert(*patient)).collect();
        }
        named.retain(|patient| set.granted(device, *patient, Scope::Card));
        named
    }
}

/// Cards that are to go ahead.
#[derive(Debug)]
pub(super) struct Ahead {
    /// Whose; none named: of everybody.
    patients: Vec<PatientId>,
    after: Option<PatientId>,
    /// Bytes after which the next message is full.
    message: usize,
}

impl Ahead {
    pub(super) fn of(patients: Vec<PatientId>) -> Self {
        Self { patients, after: None, message: 0 }
    }

    /// Those that are wanted first, and not everybody's.
    pub(super) fn is_of_first(&self) -> bool {
        !self.patients.is_empty()
    }

    /// What is to be read.
    pub(super) fn next(&self, since: ArrivalNo, through: ArrivalNo) -> RelayAction {
        let patients = self.patients.clone();
        RelayAction::ReadCards { patients, after: self.after, since, through, limit_bytes: PAGE }
    }
}

impl Session {
    /// A tablet that has nothing of the cards lane yet gets every card ahead of the rest.
    pub(super) fn begin_cards(&mut self) {
        let cards = &mut self.lanes[Lane::Cards];
        if cards.sent_through == ArrivalNo::NONE && self.newest > ArrivalNo::NONE {
            cards.jobs.push_back(Job::Cards(Ahead::of(Vec::new())));
        }
    }

    pub(super) fn cards_read(&mut self, cards: Vec<Card>, end: bool) -> Result<(), CloseReason> {
        self.read(Lane::Cards)?;
        let Some(Job::Cards(mut ahead)) = self.lanes[Lane::Cards].jobs.pop_front() else {
            return Err(CloseReason::Protocol("cards were not asked for"));
        };
        // A page that goes nowhere is the last, or a careless host would be asked for ever.
        let goes_on = cards.last().map(|card| card.patient).filter(|last| !end && ahead.after != Some(*last));
        let mut message = Vec::new();
        for card in cards {
            message.extend(self.lacking_of(card));
            let bytes: usize = message.iter().map(|item: &Item| item.bytes().len()).sum();
            if bytes > ahead.message {
                ahead.message = (2 * ahead.message).clamp(SECOND_MESSAGE, MESSAGE);
                self.fill_pages(std::mem::take(&mut message));
            }
        }
        self.fill_pages(message);
        if goes_on.is_some() {
            ahead.after = goes_on;
            let jobs = &mut self.lanes[Lane::Cards].jobs;
            // Others are wanted first since it was read.
            let place = usize::from(matches!(jobs.front(), Some(Job::Cards(_))));
            jobs.insert(place, Job::Cards(ahead));
        }
        Ok(())
    }

    fn fill_pages(&mut self, items: Vec<Item>) {
        for items in pages(items, |item| item.bytes().len()) {
            self.fill(Lane::Cards, items);
        }
    }

    /// What of a card is neither with the tablet nor on its way; nothing, if no record of it is lacking. A tablet that does not know that the card
    /// concerns it, and is not told so here by a stored grant, would not note what it refuses.
    fn lacking_of(&mut self, card: Card) -> Vec<Item> {
        let own_grant = self.device.map(|device| (card.patient, Scope::Card, device));
        if !self.first.contains_key(&card.patient)
            && !card.items.iter().any(|(_, item)| own_grant.is_some() && item.grant() == own_grant)
        {
            return Vec::new();
        }
        let (known, own) = (&mut self.known, &self.own);
        let sent = &mut self.lanes[Lane::Cards].ahead;
        let mut anything = false;
        let mut lacks = |(arrival, item): &(ArrivalNo, Item)| {
            let fresh = !sent.contains(arrival) && !own.contains(arrival);
            let lacks = fresh && (item.header().is_none() || known.lacks(item));
            anything |= lacks && item.header().is_some();
            lacks
        };
        let items: Vec<_> = card.items.into_iter().filter(|item| lacks(item)).collect();
        if !anything {
            return Vec::new();
        }
        let room = MAX_AHEAD.saturating_sub(sent.len());
        sent.extend(items.iter().take(room).map(|(arrival, _)| *arrival));
        let certified = &mut self.certified;
        let fresh = |bytes: &Vec<u8>| certified.len() >= MAX_AHEAD || certified.insert(StatementId::of(bytes));
        let certificates = card.certificates.into_iter().filter(fresh).map(Item::Statement);
        certificates.chain(items.into_iter().map(|(_, item)| item)).collect()
    }
}
