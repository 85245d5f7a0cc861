//! What must hold at every step: cheap checks of the step that was just done, and dear ones from time to time.

use std::collections::BTreeSet;

use tendenko_protocol::document::{DocumentId, Vector};
use tendenko_protocol::ids::{ArrivalNo, DeviceId, RecordHash, RelayIncarnation};
use tendenko_protocol::messages::{Cursor, Item, Lane, RelayMessage};
use tendenko_protocol::record::Header;

use super::connection::{Caller, Pushed};
use super::document::{INVENTED, Save};
use super::healing::name;
use super::logs::Logs;
use super::relay::{Arrived, lane_of};
use super::tablet::{Stored, header_of};
use super::world::World;

impl World {
    /// The relay that a cursor speaks of, if that still has what it had then.
    pub(super) fn relay_judged_by(&self, cursor: &Cursor) -> Option<usize> {
        if cursor.incarnation == RelayIncarnation::NONE {
            return None;
        }
        let relay = self.relays.iter().position(|relay| relay.id() == cursor.relay)?;
        let disk = &self.relays[relay].disk;
        let lives = disk.past.iter().copied().chain([(disk.incarnation, disk.newest())]);
        let (_, last) = lives.into_iter().find(|(life, _)| *life == cursor.incarnation)?;
        // A relay that went back will notice it by this cursor.
        (cursor.after.max(cursor.charts).max(cursor.acked) <= last).then_some(relay)
    }

    /// The cursor is never ahead of the store: what it covers is here, or known to be missing.
    pub(super) fn check_cursor(&mut self, tablet: usize) {
        let Some(cursor) = self.tablets[tablet].disk.cursor else { return };
        let Some(relay) = self.relay_judged_by(&cursor) else { return };
        let before = self.oracle.checked.get(&tablet).copied();
        let before = before.filter(|before| (before.relay, before.incarnation) == (cursor.relay, cursor.incarnation));
        let uncovered = Lane::STREAMED.into_iter().find_map(|lane| {
            let from = before.map_or(ArrivalNo::NONE, |before| before.on(lane));
            let index = (from.0..cursor.on(lane).0).find(|index| !self.covers(tablet, relay, lane, *index as usize))?;
            Some((lane, index))
        });
        self.oracle.checked.insert(tablet, cursor);
        if let Some((lane, index)) = uncovered {
            let (arrival, at) = (index + 1, cursor.on(lane));
            let missing = match self.relays[relay].disk.arrivals.get(index as usize) {
                Some(Arrived::Record(log, seq)) => {
                    let logs = &self.tablets[tablet].disk.logs;
                    let (held, known) = (logs.len(log), logs.known_len(log));
                    format!("record {seq} of {} (of which it holds {held} and knows {known})", name(self, log))
                }
                _ => "a statement".into(),
            };
            let what = format!(
                "tablet {tablet} has a cursor at {at} ({lane:?}) of relay {relay}, but not arrival {arrival}, {missing}"
            );
            self.violate("cursor-ahead", what);
        }
    }

    /// Does a tablet have what arrived, or know that it does not?
    fn covers(&self, tablet: usize, relay: usize, lane: Lane, index: usize) -> bool {
        let state = &self.relays[relay];
        let holder = &self.tablets[tablet];
        match state.disk.arrivals.get(index) {
            Some(arrived) if lane_of(arrived) != lane => true,
            Some(Arrived::Record(log, seq)) => {
                let (patient, scope) = (log.document.patient, log.document.scope());
                let disk = &holder.disk;
                disk.logs.known_len(log) >= seq.0
                    || !state.trust.granted(holder.device(), patient, scope)
                    || !disk.trust.granted(holder.device(), patient, scope)
                    || disk.backfills.contains(&(patient, scope))
                    || disk.suspects.contains(&log.document)
                    || state.disk.logs.at(log, *seq).is_some_and(|kept| disk.quarantine.contains_key(&kept.hash))
            }
            Some(Arrived::Statement(id, _)) => {
                !state.trust.effective(id)
                    || !state.trust.visible(id, holder.device())
                    || holder.disk.trust.statement(id).is_some()
                    || holder.disk.trust.waiting() > 0
                    || !self.visible_for_long(relay, tablet, id)
            }
            Some(Arrived::Moved) | None => true,
        }
    }

    /// A grant becomes visible with another grant; until the backfill that follows it may be missing.
    fn visible_for_long(&self, relay: usize, tablet: usize, id: &tendenko_protocol::ids::StatementId) -> bool {
        match self.relays[relay].trust.statement(id).map(|statement| &statement.claim) {
            Some(tendenko_protocol::trust::Claim::Grant(grant)) => {
                let holder = &self.tablets[tablet];
                holder.disk.trust.granted(holder.device(), grant.patient, grant.scope)
                    && !holder.disk.backfills.contains(&(grant.patient, grant.scope))
            }
            _ => true,
        }
    }

    /// What was sealed has a place of its own.
    pub(super) fn check_sealed(&mut self, tablet: usize, sealed: &[Header]) {
        for header in sealed {
            let kept = self.tablets[tablet].disk.logs.at(&header.log(), header.seq).map(|kept| kept.hash);
            let Some(hash) = kept else { continue };
            if !self.oracle.sealed(hash, header.log(), header.seq) {
                self.violate(
                    "number-repeated",
                    format!("tablet {tablet} sealed a second record {} of one log", header.seq),
                );
            }
        }
    }

    /// What is sent was sealed durably before.
    pub(super) fn check_pushed(&mut self, caller: Caller, items: &[Item]) {
        for item in items {
            let Item::Record(bytes) = item else { continue };
            let hash = RecordHash::of(bytes);
            if self.contents.contains_key(&hash) && !self.oracle.was_sealed(&hash) {
                self.violate("sent-unsealed", format!("{} sent record {hash} before it was durable", caller.who()));
            }
        }
    }

    /// What a tablet kept, and the keys it opened, were granted to it; what contradicts is in quarantine.
    pub(super) fn check_received(&mut self, tablet: usize, stored: &Stored) {
        let state = &self.tablets[tablet];
        let device = state.device();
        let unwanted = stored
            .kept
            .iter()
            .find(|header| !self.oracle.may_hold(device, header.document.patient, header.document.scope()));
        let key = stored.new_grants.iter().find(|(patient, scope)| {
            state.disk.keys.contains_key(&(*patient, *scope)) && !self.oracle.may_hold(device, *patient, *scope)
        });
        let silent = stored.forks.iter().find(|(_, hash)| !state.disk.quarantine.contains_key(hash));
        if let Some(header) = unwanted {
            let what = format!("tablet {tablet} keeps a record of {:?}, which nobody granted to it", header.document);
            return self.violate("record-without-grant", what);
        }
        if let Some((patient, _)) = key {
            let what = format!("tablet {tablet} holds a key of patient {patient}, which nobody granted to it");
            return self.violate("key-without-grant", what);
        }
        if let Some((_, hash)) = silent {
            return self.violate(
                "silent-fork",
                format!("tablet {tablet} was shown a contradicting record {hash} and says nothing"),
            );
        }
        self.check_cursor(tablet);
    }

    /// What contradicts what a relay has is in its quarantine; what it took is by a device that was granted it.
    pub(super) fn check_committed(&mut self, relay: usize, _pusher: DeviceId, forks: &[RecordHash], kept: &[Header]) {
        let quarantine = &self.relays[relay].disk.quarantine;
        if let Some(hash) = forks.iter().find(|hash| !quarantine.contains_key(*hash)) {
            let what = format!("relay {relay} was shown a contradicting record {hash} and says nothing");
            return self.violate("silent-fork", what);
        }
        self.check_covers(relay);
        let unwanted = kept
            .iter()
            .find(|header| !self.oracle.may_hold(header.device, header.document.patient, header.document.scope()));
        if let Some(header) = unwanted {
            let what = format!(
                "relay {relay} took a record of {:?} by {}, who was never granted it",
                header.document, header.device
            );
            self.violate("author-without-grant", what);
        }
    }

    /// What a relay says is true: an ack is of what is durable, vectors do not run ahead, and nobody is sent what is not granted.
    pub(super) fn check_sent(&mut self, connection: u64, relay: usize, lane: Lane, message: &RelayMessage) {
        match message {
            RelayMessage::Ack { through, rejected, .. } => self.check_ack(connection, relay, lane, *through, rejected),
            RelayMessage::Vectors { documents, .. } => {
                if let Some(what) = ahead(&self.relays[relay].disk.logs, documents) {
                    self.violate("vector-ahead", format!("relay {relay}: {what}"));
                }
            }
            RelayMessage::Items { items, .. } => {
                let items: Vec<&Item> = items.iter().map(|(_, item)| item).collect();
                self.check_shown(connection, relay, &items);
            }
            RelayMessage::Fill { items, .. } | RelayMessage::Live { items } => {
                self.check_shown(connection, relay, &items.iter().collect::<Vec<_>>())
            }
            _ => {}
        }
    }

    fn check_ack(
        &mut self,
        connection: u64,
        relay: usize,
        lane: Lane,
        through: u64,
        rejected: &[(u64, tendenko_protocol::record::RejectReason)],
    ) {
        let lane = lane as usize;
        let Some(end) = self.connections.get_mut(&connection).and_then(|open| open.server.as_mut()) else { return };
        let first = std::mem::replace(&mut end.answered[lane], through);
        let disk = &self.relays[relay].disk;
        let gone = (first..through).find(|number| {
            !rejected.iter().any(|(rejected, _)| rejected - 1 == *number)
                && match end.pushed[lane].get(*number as usize) {
                    Some(Pushed::Part) => false,
                    Some(Pushed::Statement(id)) => !disk.statements.contains(id),
                    Some(Pushed::Record(hash)) => {
                        let place = self.oracle.place_of(hash);
                        place.and_then(|(log, seq)| disk.logs.at(&log, seq)).is_none_or(|kept| kept.hash != *hash)
                    }
                    None => true,
                }
        });
        if let Some(number) = gone {
            self.violate(
                "acked-not-durable",
                format!("relay {relay} acks item {} of a session and does not have it", number + 1),
            );
        }
    }

    fn check_shown(&mut self, connection: u64, relay: usize, items: &[&Item]) {
        let Some(device) = self.connections.get(&connection).and_then(|open| Some(open.server.as_ref()?.device)) else {
            return;
        };
        if self.is_edge(device) {
            return; // A relay is sent everything, and can open none of it.
        }
        let shown = items.iter().find_map(|item| match item {
            Item::Record(bytes) => {
                let document = header_of(bytes)?.document;
                (!self.oracle.may_hold(device, document.patient, document.scope())).then_some(document)
            }
            Item::Statement(_) | Item::Chunk(_) | Item::Checkpoint(_) => None,
        });
        if let Some(document) = shown {
            self.violate("shown-without-grant", format!("relay {relay} sends a record of {document:?} to {device}"));
        }
    }

    /// A tablet's vectors do not run ahead of what it has.
    pub(super) fn check_tablet_vectors(&mut self, tablet: usize, documents: &[(DocumentId, Vector)]) {
        if let Some(what) = ahead(&self.tablets[tablet].disk.logs, documents) {
            self.violate("vector-ahead", format!("tablet {tablet}: {what}"));
        }
    }

    /// Going on as another loses no save. What a checkpoint had said, and what is in the other history of a log with two, is in quarantine.
    pub(super) fn check_nothing_lost(&mut self, tablet: usize, before: &BTreeSet<Save>, after: &BTreeSet<Save>) {
        let logs = &self.tablets[tablet].disk.logs;
        let aside = |save: &Save| {
            let hashes = logs.iter().flat_map(|(log, _)| logs.aside(log)).map(|((_, hash), _)| hash);
            let mut said = hashes.filter_map(|hash| self.contents.get(hash)).flat_map(|changes| changes.iter());
            said.any(|change| change.name.save == *save)
        };
        if let Some(save) = before.difference(after).find(|save| **save < INVENTED && !aside(save)) {
            self.violate("save-lost", format!("tablet {tablet} went on as another and lost save {save}"));
        }
    }

    /// The dear checks: each document says what its records and its unsent saves say, and shows every value that nothing replaced.
    pub fn check_documents(&mut self) {
        let mut wrong = None;
        for (tablet, state) in self.tablets.iter().enumerate().filter(|(_, state)| !state.destroyed) {
            let clashing: BTreeSet<DocumentId> = state
                .disk
                .quarantine
                .iter()
                .filter(|(_, reason)| **reason == "clash")
                .filter_map(|(hash, _)| self.oracle.place_of(hash).map(|(log, _)| log.document))
                .collect();
            for (id, document) in state.disk.documents.iter().filter(|(id, _)| !clashing.contains(*id)) {
                if document.values() != document.values_from_scratch() {
                    wrong = Some(("conflict-lost", format!("tablet {tablet} does not show all values of {id:?}")));
                }
                let mut rebuilt = state.rebuilt(*id, &self.contents);
                for unsent in state.disk.unsent.values().filter(|unsent| unsent.document == *id) {
                    // A clash would show in the comparison.
                    let _ = rebuilt.apply(&unsent.change);
                }
                let saves: BTreeSet<Save> = document.saves().collect();
                let kept: BTreeSet<Save> = rebuilt.saves().collect();
                if let Some(save) = saves.difference(&kept).next()
                    && !state.is_unproven(*id)
                {
                    wrong = Some((
                        "save-without-bytes",
                        format!("tablet {tablet} shows save {save} of {id:?} without a record or an unsent save"),
                    ));
                }
                if let Some(save) = kept.difference(&saves).next() {
                    wrong = Some((
                        "save-not-shown",
                        format!("tablet {tablet} has save {save} of {id:?} and does not show it"),
                    ));
                }
            }
        }
        if let Some((kind, what)) = wrong {
            self.violate(kind, what);
        }
    }
}

pub(super) fn ahead(logs: &Logs, documents: &[(DocumentId, Vector)]) -> Option<String> {
    documents.iter().find_map(|(document, vector)| {
        let here = logs.vector(*document);
        let ahead = vector.0.iter().any(|((device, incarnation), said)| here.get(*device, *incarnation) < said.seq);
        ahead.then(|| format!("says {vector:?} of {document:?} and has {here:?}"))
    })
}
