//! Everything is mended, everyone meets: and then everyone must have everything that is theirs.
//!
//! Before, the world is asked what any living node holds. After a bounded number of steps, with every tablet having met every relay and the
//! first one last: all of that is at the first relay and at everyone who is granted it, all outboxes are empty, and every session is at rest.
//! Exempt, by name: what a revoked device wrote beyond its last valid record. Of logs of which two histories exist, because a device's
//! store was copied so that nothing showed it, each may keep another one, and so show other values; but everyone knows both.

use std::collections::{BTreeMap, BTreeSet};

use tendenko_protocol::document::{DocumentId, LogId};
use tendenko_protocol::ids::{LogSeq, RecordHash};

use super::connection::Caller;
use super::document::{INVENTED, Save};
use super::logs::Logs;
use super::script::Op;
use super::tablet::Waiting;
use super::trace::{NONE, Who};
use super::world::World;

/// Steps that one meeting may take, for each record, statement and connection there is to move.
const STEPS_EACH: u64 = 60;
/// And at least so many.
const STEPS: u64 = 200_000;

impl World {
    /// Mends everything, lets everyone meet every relay, and checks.
    pub(super) fn heal(&mut self) {
        self.trace.note(self.steps, self.now, Who::World, "healing begins", [NONE; 3]);
        self.healing = true;
        self.no_way.clear();
        for relay in 0..self.relays.len() {
            self.start_relay(relay);
        }
        for tablet in 0..self.tablets.len() {
            self.start_tablet(tablet);
        }
        let held = self.held();
        // Twice: what somebody learns at one relay may be what lets it fetch something from another.
        let round = || (1..self.relays.len()).chain([0]);
        let meetings = round().chain(round());
        for relay in meetings {
            self.gather_below(relay);
            self.meet(&[relay]);
        }
        if self.violation.is_none() {
            self.check_documents();
            self.check_converged(&held);
        }
        if !self.edges().is_empty() && self.violation.is_none() {
            self.spread(&held);
        }
        self.healing = false;
        self.trace.note(self.steps, self.now, Who::World, "healing ends", [NONE; 3]);
    }

    /// Everyone turns to one of these relays, and stays until nothing happens any more.
    fn meet(&mut self, at: &[usize]) {
        for tablet in 0..self.tablets.len() {
            self.tablets[tablet].barred = false;
            self.operate(Op::Target { tablet, relay: at.get(tablet % at.len()).copied() });
            // Whatever is left of an old connection to the same relay goes.
            self.operate(Op::Break { tablet });
        }
        self.rest(&format!("with relays {at:?}"));
    }

    /// Until nothing happens any more. Then every session is idle.
    fn rest(&mut self, when: &str) {
        let records: usize = self.relays.iter().map(|relay| relay.disk.arrivals.len()).sum();
        let bound = STEPS + STEPS_EACH * (records * (self.tablets.len() + self.setting.edges)) as u64;
        if self.run_until(u64::MAX, bound) && self.violation.is_none() {
            self.violate("no-rest", format!("{when}, {bound} steps were not enough"));
        }
        if self.violation.is_some() {
            return;
        }
        self.check_edges_rest();
        for tablet in 0..self.tablets.len() {
            let state = &self.tablets[tablet];
            if state.destroyed || state.barred {
                continue;
            }
            let idle = self.connection_of(Caller::Tablet(tablet)).and_then(|id| {
                let end = self.connections.get(&id)?.client.as_ref()?;
                Some(end.session.is_idle())
            });
            match idle {
                Some(true) => {}
                Some(false) => self.violate("stuck", format!("tablet {tablet} waits for ever {when}")),
                None => self.violate("stuck", format!("tablet {tablet} has no connection {when}")),
            }
        }
    }

    /// Edge relays: in a ring nothing goes around for ever; and tablets that are here and there hear of each other's saves through edges and
    /// the hub, when nothing is compared any more.
    fn spread(&mut self, held: &Held) {
        let edges = self.edges();
        if self.form_ring() {
            self.meet(&edges.clone().collect::<Vec<_>>());
        }
        self.gather_below(0);
        self.meet(&[0].into_iter().chain(edges).collect::<Vec<_>>());
        if self.violation.is_none() {
            self.save_once_more();
            self.rest("after everyone has saved once more");
        }
        if self.violation.is_none() {
            self.check_documents();
            self.check_converged(held);
        }
    }

    /// What living nodes hold: logs by node, and saves.
    fn held(&self) -> Held {
        let mut held = Held::default();
        for (tablet, state) in self.tablets.iter().enumerate() {
            if !state.destroyed && !self.oracle.is_revoked(state.device()) {
                let saves = state.saves().into_iter().filter(|save| *save < INVENTED);
                held.saves.extend(saves.map(|save| (save, tablet)));
            }
        }
        for relay in &self.relays {
            for (log, records) in relay.disk.logs.iter() {
                held.logs.entry(*log).and_modify(|most| *most = (*most).max(records.len())).or_insert(records.len());
            }
        }
        held
    }

    fn check_converged(&mut self, held: &Held) {
        let forked = self.forked();
        if let Err(what) = self.compare_logs(&forked) {
            return self.violate("not-converged", what);
        }
        if let Err(what) = self.compare_relays(held, &forked) {
            return self.violate("record-lost", what);
        }
        if let Err(what) = self.compare_unproven(&forked) {
            return self.violate("not-proven", what);
        }
        if let Err(what) = self.compare_edges() {
            return self.violate("edge-differs", what);
        }
        if let Err(what) = self.compare_saves(held) {
            return self.violate("save-lost", what);
        }
        if let Err(what) = self.compare_outboxes() {
            return self.violate("outbox", what);
        }
        if let Err(what) = self.compare_values(&forked) {
            return self.violate("conflict-lost", what);
        }
        if let Err(what) = self.compare_twins() {
            self.violate("twins-differ", what);
        }
    }

    /// Logs of which living nodes hold two histories.
    fn forked(&self) -> BTreeSet<LogId> {
        let mut seen: BTreeMap<(LogId, usize), RecordHash> = BTreeMap::new();
        let mut forked = BTreeSet::new();
        let tablets = self.tablets.iter().filter(|state| !state.destroyed).map(|state| &state.disk.logs);
        for logs in tablets.chain(self.relays.iter().map(|relay| &relay.disk.logs)) {
            for (log, records) in logs.iter() {
                for (index, kept) in records.iter().enumerate() {
                    let first = *seen.entry((*log, index)).or_insert(kept.hash);
                    if first != kept.hash {
                        forked.insert(*log);
                    }
                }
            }
        }
        forked
    }

    /// The documents of logs with two histories.
    fn tainted(forked: &BTreeSet<LogId>) -> BTreeSet<DocumentId> {
        forked.iter().map(|log| log.document).collect()
    }

    fn compare_logs(&self, forked: &BTreeSet<LogId>) -> Result<(), String> {
        let hub = &self.relays[0];
        for (tablet, state) in self.tablets.iter().enumerate() {
            if state.destroyed || hub.trust.device(state.device()).is_none_or(|cert| cert.revoked) {
                continue;
            }
            let device = state.device();
            let logs: BTreeSet<LogId> =
                hub.disk.logs.iter().chain(state.disk.logs.iter()).map(|(log, _)| *log).collect();
            for log in logs.iter().filter(|log| !forked.contains(log)) {
                let (there, here) = (hub.disk.logs.len(log), state.disk.logs.len(log));
                let granted = hub.trust.may_read(device, &log.document);
                let enough = match hub.trust.last_valid(log) {
                    // Beyond the last valid record of a revoked device some have more, and nobody takes more.
                    Some(valid) => here.min(valid.0) == there.min(valid.0),
                    None => here == there,
                };
                if granted && !enough {
                    let next = hub.disk.logs.at(log, LogSeq(here + 1)).map(|kept| state.would_take(&kept.bytes));
                    return Err(format!(
                        "tablet {tablet} has {here} and relay 0 has {there} records of {}; of the next it would say {}",
                        name(self, log),
                        next.unwrap_or("nothing")
                    ));
                }
                if !granted && here > there {
                    return Err(format!("tablet {tablet} alone has records {there}..{here} of {}", name(self, log)));
                }
            }
        }
        Ok(())
    }

    /// What any relay had is at the first, if anyone could carry it.
    fn compare_relays(&self, held: &Held, forked: &BTreeSet<LogId>) -> Result<(), String> {
        let hub = &self.relays[0];
        for (log, most) in held.logs.iter().filter(|(log, _)| !forked.contains(log)) {
            let carried =
                self.tablets.iter().any(|state| !state.destroyed && hub.trust.may_read(state.device(), &log.document));
            let needed = hub.trust.last_valid(log).map_or(*most as u64, |valid| valid.0.min(*most as u64));
            if carried && hub.disk.logs.len(log) < needed {
                return Err(format!(
                    "a relay had {most} records of {}, and relay 0 has {}",
                    name(self, log),
                    hub.disk.logs.len(log)
                ));
            }
        }
        Ok(())
    }

    /// Every save that a living tablet held is sealed in a record at the first relay, if only in quarantine.
    fn compare_saves(&self, held: &Held) -> Result<(), String> {
        let hub = &self.relays[0];
        let hashes = hub.disk.logs.iter().flat_map(|(log, _)| hub.disk.logs.known(log).into_keys());
        let there: BTreeSet<Save> = hashes
            .filter_map(|(_, hash)| self.contents.get(&hash))
            .flat_map(|changes| changes.iter().map(|change| change.name.save))
            .collect();
        for (save, tablet) in &held.saves {
            let Some(document) = self.oracle.document_of(*save) else { continue };
            let state = &self.tablets[*tablet];
            let may = hub.trust.may_read(state.device(), &document);
            if !there.contains(save) && may && !self.of_the_revoked(*save) {
                return Err(format!("tablet {tablet} held save {save} of {document:?}, and relay 0 does not have it"));
            }
        }
        Ok(())
    }

    /// Was this save by a device that is revoked? It may be beyond what counts; it stays where it is.
    fn of_the_revoked(&self, save: Save) -> bool {
        self.tablets.iter().any(|state| {
            self.oracle.is_revoked(state.device())
                && state.disk.logs.iter().filter(|(log, _)| log.device == state.device()).any(|(_, records)| {
                    records.iter().any(|kept| {
                        self.contents
                            .get(&kept.hash)
                            .is_some_and(|changes| changes.iter().any(|change| change.name.save == save))
                    })
                })
        })
    }

    fn compare_outboxes(&self) -> Result<(), String> {
        for (tablet, state) in self.tablets.iter().enumerate() {
            let revoked = self.oracle.is_revoked(state.device());
            if state.destroyed || revoked {
                continue;
            }
            if let Some(waiting) = state.disk.outbox.values().next() {
                let what = match waiting {
                    Waiting::Record(log, seq) => format!("record {seq} of {}", name(self, log)),
                    Waiting::Statement(id) => format!("statement {id}"),
                    Waiting::Part(..) => "a part of a checkpoint".into(),
                };
                return Err(format!("tablet {tablet} still has {what} in its outbox"));
            }
            let unsealed = state.disk.unsent.values().filter(|unsent| unsent.record.is_none()).count();
            let refused: BTreeSet<RecordHash> = state.disk.refused.keys().copied().collect();
            let lost = state
                .disk
                .unsent
                .values()
                .filter_map(|unsent| unsent.record)
                .find(|(log, seq)| state.disk.logs.at(log, *seq).is_none_or(|kept| !refused.contains(&kept.hash)));
            if unsealed > 0 {
                return Err(format!("tablet {tablet} still has {unsealed} saves that were never sealed"));
            }
            if let Some((log, seq)) = lost {
                return Err(format!("tablet {tablet} still calls record {seq} of {} unsent", name(self, &log)));
            }
        }
        Ok(())
    }

    /// Everyone who may read a document sees the same values, and all that nothing replaced.
    fn compare_values(&self, forked: &BTreeSet<LogId>) -> Result<(), String> {
        let hub = &self.relays[0];
        let tainted = Self::tainted(forked);
        let disputed = self.of_revoked_devices();
        let mut first: BTreeMap<DocumentId, (usize, BTreeMap<u8, BTreeSet<Save>>)> = BTreeMap::new();
        for (tablet, state) in self.tablets.iter().enumerate() {
            if state.destroyed || hub.trust.device(state.device()).is_none_or(|cert| cert.revoked) {
                continue;
            }
            for (id, document) in &state.disk.documents {
                if tainted.contains(id) || disputed.contains(id) || !hub.trust.may_read(state.device(), id) {
                    continue;
                }
                let values = document.values();
                match first.get(id) {
                    Some((other, theirs)) if *theirs != values => {
                        return Err(format!(
                            "tablets {other} and {tablet} see {theirs:?} and {values:?} in {id:?} ({} wait, for {:?})",
                            document.waiting(),
                            document.missing()
                        ));
                    }
                    Some(_) => {}
                    None => {
                        first.insert(*id, (tablet, values));
                    }
                }
            }
        }
        Ok(())
    }

    /// Documents in which a revoked device wrote. What it wrote beyond its last valid record is here and not there, and what others built
    /// on it waits where it is not.
    pub(super) fn of_revoked_devices(&self) -> BTreeSet<DocumentId> {
        let tablets = self.tablets.iter().map(|state| &state.disk.logs);
        tablets
            .chain(self.relays.iter().map(|relay| &relay.disk.logs))
            .flat_map(Logs::iter)
            .filter(|(log, _)| self.oracle.is_revoked(log.device))
            .map(|(log, _)| log.document)
            .collect()
    }

    /// Of two histories of one log everyone who may read it knows both, whichever they keep; and so nothing of it is compared again.
    fn compare_twins(&self) -> Result<(), String> {
        let hub = &self.relays[0];
        let readers = self.tablets.iter().enumerate().filter(|(_, state)| {
            !state.destroyed && hub.trust.device(state.device()).is_some_and(|cert| !cert.revoked)
        });
        for (tablet, state) in readers {
            let logs: BTreeSet<LogId> =
                hub.disk.logs.iter().chain(state.disk.logs.iter()).map(|(log, _)| *log).collect();
            for log in logs {
                // What a revoked device wrote beyond its last valid record is refused where that is known first.
                if !hub.trust.may_read(state.device(), &log.document) || hub.trust.last_valid(&log).is_some() {
                    continue;
                }
                let (here, there) = (state.disk.logs.known(&log), hub.disk.logs.known(&log));
                if here.keys().ne(there.keys()) {
                    return Err(format!(
                        "of {} tablet {tablet} knows {} records ({} aside), and relay 0 {} ({} aside)",
                        name(self, &log),
                        here.len(),
                        state.disk.logs.aside(&log).count(),
                        there.len(),
                        hub.disk.logs.aside(&log).count(),
                    ));
                }
                let said = |logs: &Logs| {
                    let vector = logs.vector(log.document);
                    vector.0.get(&(log.device, log.incarnation)).map(|known| known.print)
                };
                if said(&state.disk.logs) != said(&hub.disk.logs) {
                    return Err(format!("{} would be compared again by tablet {tablet}", name(self, &log)));
                }
            }
        }
        Ok(())
    }
}

/// What living nodes held when healing began.
#[derive(Default)]
struct Held {
    /// Saves, with who held them.
    saves: BTreeMap<Save, usize>,
    /// Logs at relays, with the most records of each.
    logs: BTreeMap<LogId, usize>,
}

/// A log in words: whose, and of which patient.
pub(super) fn name(world: &World, log: &LogId) -> String {
    let tablet = world.tablets.iter().position(|state| state.device() == log.device);
    let patient = world.patients.iter().position(|patient| patient.id() == log.document.patient);
    let number = |index: Option<usize>| index.map_or("?".into(), |index| index.to_string());
    let length = |logs: &Logs| logs.len(log);
    format!(
        "the log of tablet {} (life {:x}) in {:?} {} of patient {} ({} at relay 0)",
        number(tablet),
        log.incarnation.0,
        log.document.class,
        log.document.volume,
        number(patient),
        LogSeq(length(&world.relays[0].disk.logs)),
    )
}
