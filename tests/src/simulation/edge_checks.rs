//! What must hold of edge relays: at each step, and after everyone has met.

use tendenko_protocol::document::{DocumentId, Vector};
use tendenko_protocol::ids::ArrivalNo;
use tendenko_protocol::messages::Lane;

use super::checks::ahead;
use super::connection::Caller;
use super::relay::{Arrived, lane_of};
use super::script::Op;
use super::world::World;

impl World {
    /// The cursor of an edge relay is never ahead of its store: what it covers is here, or known to be missing.
    pub(super) fn check_edge_cursor(&mut self, edge: usize) {
        let Some(cursor) = self.relays[edge].disk.upstream.as_ref().and_then(|upstream| upstream.cursor) else {
            return;
        };
        let Some(relay) = self.relay_judged_by(&cursor) else { return };
        let before = self.oracle.checked_edges.get(&edge).copied();
        let before = before.filter(|before| (before.relay, before.incarnation) == (cursor.relay, cursor.incarnation));
        let uncovered = Lane::STREAMED.into_iter().find_map(|lane| {
            let from = before.map_or(ArrivalNo::NONE, |before| before.on(lane));
            (from.0..cursor.on(lane).0).find(|index| !self.edge_covers(edge, relay, lane, *index as usize))
        });
        self.oracle.checked_edges.insert(edge, cursor);
        if let Some(index) = uncovered {
            let what = format!("edge {edge} has a cursor behind arrival {} of relay {relay}, and not that", index + 1);
            self.violate("cursor-ahead", what);
        }
    }

    /// Does an edge relay have what arrived above it, or know that it does not?
    fn edge_covers(&self, edge: usize, relay: usize, lane: Lane, index: usize) -> bool {
        let (above, here) = (&self.relays[relay].disk, &self.relays[edge].disk);
        match above.arrivals.get(index) {
            Some(arrived) if lane_of(arrived) != lane => true,
            Some(Arrived::Record(log, seq)) => {
                here.logs.len(log) >= seq.0
                    || here.upstream.as_ref().is_some_and(|upstream| upstream.suspects.contains(&log.document))
                    || above.logs.at(log, *seq).is_some_and(|kept| here.quarantine.contains_key(&kept.hash))
            }
            Some(Arrived::Statement(id, _)) => here.statements.contains(id),
            Some(Arrived::Moved) | None => true,
        }
    }

    /// Nothing that the upstream does not have leaves the outbox. Looked at while a connection holds and the cursor counts: a relay that
    /// lost data is compared with.
    pub(super) fn check_outbox(&mut self, connection: u64, edge: usize) {
        let Some(open) = self.connections.get(&connection).filter(|open| !open.broken) else { return };
        let Some(served_in) = open.server.as_ref().map(|end| end.served_in) else { return };
        let (here, above) = (&self.relays[edge].disk, &self.relays[open.relay].disk);
        let Some(upstream) = &here.upstream else { return };
        let goes_on = upstream
            .cursor
            .is_some_and(|cursor| cursor.relay == self.relays[open.relay].id() && cursor.incarnation == served_in);
        if !goes_on {
            return;
        }
        let lost = (1..).map(ArrivalNo).zip(&here.arrivals).find(|(arrival, arrived)| {
            !upstream.outbox.contains_key(arrival)
                && match arrived {
                    Arrived::Statement(id, _) => !above.statements.contains(id),
                    Arrived::Record(log, seq) => {
                        let hash = here.logs.at(log, *seq).map(|kept| kept.hash);
                        above.logs.len(log) < seq.0 && hash.is_none_or(|hash| !above.quarantine.contains_key(&hash))
                    }
                    Arrived::Moved => false,
                }
        });
        if let Some((arrival, _)) = lost {
            let what =
                format!("arrival {} of edge {edge} is not in its outbox, and relay {} lacks it", arrival.0, open.relay);
            self.violate("outbox-early", what);
        }
    }

    /// An edge relay's vectors do not run ahead of what it has.
    pub(super) fn check_edge_vectors(&mut self, edge: usize, documents: &[(DocumentId, Vector)]) {
        if let Some(what) = ahead(&self.relays[edge].disk.logs, documents) {
            self.violate("vector-ahead", format!("edge {edge}: {what}"));
        }
    }

    /// Every edge relay is below this one; this one, if it is an edge itself, below the first hub.
    pub(super) fn gather_below(&mut self, relay: usize) {
        for edge in self.edges() {
            let to = if edge == relay { 0 } else { relay };
            self.operate(Op::Upstream { edge, to: Some(to) });
        }
    }

    /// Edge relays in a ring, each below the next. True if there are enough for one.
    pub(super) fn form_ring(&mut self) -> bool {
        let edges = self.edges();
        if edges.len() < 2 {
            return false;
        }
        for edge in edges.clone() {
            let next = if edge + 1 == edges.end { edges.start } else { edge + 1 };
            self.operate(Op::Upstream { edge, to: Some(next) });
        }
        true
    }

    /// With their upstream, edge relays have said and heard everything.
    pub(super) fn check_edges_rest(&mut self) {
        for edge in self.edges() {
            let idle = self.connection_of(Caller::Edge(edge)).and_then(|id| {
                let end = self.connections.get(&id)?.client.as_ref()?;
                Some(end.session.is_idle())
            });
            match idle {
                Some(true) => {}
                Some(false) => self.violate("stuck", format!("edge {edge} waits for ever for its upstream")),
                None => self.violate("stuck", format!("edge {edge} has no connection to its upstream")),
            }
        }
    }

    /// Everyone saves once more, wherever they are: nothing is compared any more, so it goes by outboxes and cursors alone. Not those of which
    /// there may be two under one name: what contradicts is found by comparing.
    pub(super) fn save_once_more(&mut self) {
        for tablet in 0..self.tablets.len() {
            if self.oracle.may_repeat(self.tablets[tablet].device()) {
                continue;
            }
            self.operate(Op::Save { tablet, patient: tablet, document: 0, register: 0 });
        }
    }

    /// Every edge relay has what the first hub has, and the other way round, and nothing is left to say.
    pub(super) fn compare_edges(&self) -> Result<(), String> {
        let hub = &self.relays[0];
        for edge in self.edges() {
            let state = &self.relays[edge];
            if let Some(id) = state.disk.statements.symmetric_difference(&hub.disk.statements).next() {
                let here = state.disk.statements.contains(id);
                return Err(format!("of edge {edge} and relay 0 only one has statement {id} (edge: {here})"));
            }
            let logs = hub.disk.logs.iter().chain(state.disk.logs.iter()).map(|(log, _)| log);
            for log in logs.filter(|log| hub.trust.last_valid(log).is_none()) {
                let (here, there) = (state.disk.logs.known(log), hub.disk.logs.known(log));
                if here.keys().ne(there.keys()) {
                    return Err(format!(
                        "edge {edge} knows {} records of {log:?}, and relay 0 knows {}",
                        here.len(),
                        there.len()
                    ));
                }
            }
            let left = state.disk.upstream.iter().flat_map(|upstream| &upstream.outbox).find(|(_, refused)| !**refused);
            if let Some((arrival, _)) = left {
                return Err(format!("edge {edge} still has arrival {} in its outbox", arrival.0));
            }
        }
        Ok(())
    }
}
