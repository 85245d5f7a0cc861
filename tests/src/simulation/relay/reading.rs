//! What a relay reads for its sessions: pages in order of arrival, vectors, missing records.

use tendenko_protocol::document::{DocumentId, LogId, Scope, Vector};
use tendenko_protocol::ids::{ArrivalNo, DeviceId, PatientId, Print};
use tendenko_protocol::messages::{Coverage, Item, Lane};
use tendenko_protocol::session::relay::{Card, RelayEvent, Select};
use tendenko_protocol::trust::Claim;

use super::{Arrived, Relay};
use crate::simulation::sabotage::{Sabotage, blind};

/// Arrivals looked at for one page, so that there are several.
const LOOKED_AT: usize = 24;
/// Cards read at once, so that there are several reads.
const CARDS: usize = 2;
/// Documents in one page of vectors.
const DOCUMENTS: usize = 5;
/// Records in one page of missing ones.
const MISSING: usize = 8;

impl Relay {
    /// A page of what this device may see.
    pub fn page(
        &self,
        device: DeviceId,
        lane: Lane,
        after: ArrivalNo,
        through: ArrivalNo,
        select: Select,
    ) -> RelayEvent {
        let end = through.min(self.disk.newest());
        if let Select::Scope(patient, scope) = select
            && !self.granted(device, &(patient, scope))
        {
            return RelayEvent::Page { lane, items: Vec::new(), through: end.max(after), end: true };
        }
        let first = after.0 as usize;
        let last = (first + LOOKED_AT).min(end.0 as usize).max(first);
        let items = (first..last)
            .filter_map(|index| Some((index, self.disk.arrivals.get(index)?)))
            .filter(|(_, arrived)| self.is_selected(arrived, lane, select, device))
            .filter_map(|(index, arrived)| Some((ArrivalNo(index as u64 + 1), self.item(arrived)?)))
            .collect();
        RelayEvent::Page { lane, items, through: ArrivalNo(last as u64), end: last as u64 >= end.0 }
    }

    /// Cards of patients, with what these need to hold.
    pub fn cards(
        &self,
        device: DeviceId,
        patients: Vec<PatientId>,
        after: Option<PatientId>,
        (since, through): (ArrivalNo, ArrivalNo),
    ) -> RelayEvent {
        let patients = Card::patients(&self.trust, device, patients);
        let before = after.and_then(|after| patients.iter().position(|patient| *patient == after));
        let mut rest = patients.into_iter().skip(before.map_or(0, |place| place + 1));
        let end = through.min(self.disk.newest());
        let cards = rest.by_ref().take(CARDS).map(|patient| {
            let select = Select::Scope(patient, Scope::Card);
            let arrived = (since.0 as usize..end.0 as usize)
                .filter_map(|index| Some((index, self.disk.arrivals.get(index)?)))
                .filter(|(_, arrived)| self.is_selected(arrived, Lane::Cards, select, device))
                .filter_map(|(index, arrived)| Some((ArrivalNo(index as u64 + 1), self.item(arrived)?)));
            Card::of(&self.trust, device, patient, arrived.collect())
        });
        let cards = cards.collect();
        RelayEvent::Cards { cards, end: rest.next().is_none() }
    }

    fn granted(&self, device: DeviceId, subject: &(PatientId, Scope)) -> bool {
        self.breaks(Sabotage::ShowEverything) || self.trust.may_be_sent(device, subject.0, subject.1)
    }

    fn is_selected(&self, arrived: &Arrived, lane: Lane, select: Select, device: DeviceId) -> bool {
        let (subject, statement) = match arrived {
            Arrived::Record(log, _) => (Some((log.document.patient, log.document.scope())), false),
            Arrived::Statement(id, _) => match self.trust.statement(id).map(|statement| &statement.claim) {
                Some(Claim::Grant(grant)) => (Some((grant.patient, grant.scope)), true),
                _ => (None, true),
            },
            Arrived::Moved => return false,
        };
        match select {
            Select::All if lane_of(arrived) != lane => false,
            Select::Statements if !statement => false,
            Select::All | Select::Statements => subject.is_none_or(|subject| self.granted(device, &subject)),
            Select::Scope(patient, scope) => subject == Some((patient, scope)),
        }
    }

    pub(super) fn item(&self, arrived: &Arrived) -> Option<Item> {
        match arrived {
            Arrived::Statement(_, bytes) => Some(Item::Statement(bytes.to_vec())),
            Arrived::Record(log, seq) => self.disk.logs.at(log, *seq).map(|kept| Item::Record(kept.bytes.to_vec())),
            Arrived::Moved => None,
        }
    }

    /// A page of vectors of documents that this device may read.
    pub fn vectors(&self, device: DeviceId, lane: Lane, coverage: Coverage, listed: &[DocumentId]) -> RelayEvent {
        let readable = |document: &DocumentId| self.granted(device, &(document.patient, document.scope()));
        let (documents, more) = match coverage {
            Coverage::Listed => (listed.iter().copied().filter(readable).collect(), false),
            Coverage::Span { after, through } => {
                let mut documents = self.disk.logs.documents(after, through);
                documents.retain(readable);
                let more = documents.len() > DOCUMENTS;
                documents.truncate(DOCUMENTS);
                (documents, more)
            }
        };
        let documents = documents.into_iter().map(|document| (document, self.vector(document))).collect();
        RelayEvent::Vectors { lane, documents, more }
    }

    fn vector(&self, document: DocumentId) -> Vector {
        let mut vector = self.disk.logs.vector(document);
        if self.breaks(Sabotage::BlindToTwins) {
            blind(&mut vector);
        }
        vector
    }

    /// What is known of a log, if this device may read it.
    pub fn prints(&self, device: DeviceId, lane: Lane, log: &LogId) -> RelayEvent {
        let granted = self.granted(device, &(log.document.patient, log.document.scope()));
        RelayEvent::Prints { lane, prints: if granted { self.disk.logs.prints(log) } else { Vec::new() } }
    }

    /// Records of a log by their prints, if this device may read it.
    pub fn twins(&self, device: DeviceId, lane: Lane, log: &LogId, prints: &[Print]) -> RelayEvent {
        let granted = self.granted(device, &(log.document.patient, log.document.scope()));
        let (records, more) = self.disk.logs.with_prints(log, if granted { prints } else { &[] }, MISSING);
        RelayEvent::Missing { lane, records, more }
    }

    /// Records beyond these vectors, of documents that this device may read.
    pub fn missing(&self, device: DeviceId, lane: Lane, mut documents: Vec<(DocumentId, Vector)>) -> RelayEvent {
        documents.retain(|(document, _)| self.granted(device, &(document.patient, document.scope())));
        let (records, more) = self.disk.logs.beyond(&documents, MISSING);
        RelayEvent::Missing { lane, records, more }
    }
}

/// The lane on which an arrival is sent.
pub fn lane_of(arrived: &Arrived) -> Lane {
    match arrived {
        Arrived::Statement(..) | Arrived::Moved => Lane::Cards,
        Arrived::Record(log, _) => Lane::of(log.document.scope()),
    }
}
