//! What is done to the world from outside.

use tendenko_protocol::document::{DocumentId, Scope};
use tendenko_protocol::ids::PatientOrigin;
use tendenko_protocol::keys::EpochKey;
use tendenko_protocol::messages::Item;
use tendenko_protocol::session::client::{ClientEvent, Departure};
use tendenko_protocol::trust::{self, Claim, Grant, Revocation};

use super::dice::Seeded;
use super::document::Save;
use super::script::Op;
use super::tablet::{Guard, Tablet};
use super::trace::{NONE, Who};
use super::world::{Event, Patient, World};

/// At most so many tablets, clones included.
const MAX_TABLETS: usize = 60;

impl World {
    /// Does one thing, or nothing where it makes no sense.
    pub fn operate(&mut self, op: Op) {
        if let Some(tablet) = tablet_of(&op)
            && self.tablets.get(tablet).is_none_or(|state| state.destroyed)
        {
            return;
        }
        match op {
            Op::Save { tablet, patient, document, register } => self.save(tablet, patient, document, register),
            Op::NewPatient { tablet } => self.new_patient(tablet),
            Op::Grant { from, patient, to, card_only } => self.grant(from, patient, to, card_only),
            Op::ForgeGrant { from, patient, to } => self.forge_grant(from, patient, to),
            Op::NewEpoch { tablet, patient } => self.new_epoch(tablet, patient),
            Op::Revoke { tablet, relay } => self.revoke(tablet, relay),
            Op::Target { tablet, relay } => self.turn_to(tablet, relay),
            Op::Break { tablet } => {
                if let Some(connection) = self.connection_of(tablet) {
                    self.break_connection(connection);
                }
            }
            Op::Link { tablet, relay, up } => self.link(tablet, relay, up),
            Op::Isolate { relay, up } => (0..self.tablets.len()).for_each(|tablet| self.link(tablet, relay, up)),
            Op::CrashTablet { tablet, ms } => {
                self.note(Who::Tablet(tablet), "is killed", ms);
                self.kill_tablet(tablet);
                self.at(self.now + ms * 1_000, Event::StartTablet(tablet));
            }
            Op::CrashRelay { relay, ms } => {
                self.note(Who::Relay(relay), "is killed", ms);
                self.kill_relay(relay);
                self.at(self.now + ms * 1_000, Event::StartRelay(relay));
            }
            Op::BackupTablet { tablet } => {
                let state = &mut self.tablets[tablet];
                state.backup = Some(Box::new((state.disk.clone(), state.guard)));
            }
            Op::RestoreTablet { tablet, guard } => self.restore_tablet(tablet, guard),
            Op::BackupRelay { relay } => {
                self.relays[relay].backup = Some(Box::new(self.relays[relay].disk.clone()));
            }
            Op::RestoreRelay { relay } => self.restore_relay(relay),
            Op::WipeRelay { relay } => {
                self.note(Who::Relay(relay), "loses its disk", NONE);
                self.kill_relay(relay);
                self.relays[relay].wipe();
                self.oracle.relay_lost_data();
                self.at(self.now + 1_000_000, Event::StartRelay(relay));
            }
            Op::CloneTablet { tablet, whole } => self.clone_tablet(tablet, whole),
            Op::Destroy { tablet } => {
                self.note(Who::Tablet(tablet), "is gone for good", NONE);
                self.kill_tablet(tablet);
                self.tablets[tablet].destroyed = true;
            }
            Op::TabletClock { tablet, ms } => self.tablets[tablet].clock = ms,
            Op::RelayClock { relay, ms } => self.relays[relay].clock = ms,
            Op::FullRelay { relay, batches } => self.relays[relay].full = batches,
            Op::Courier { from, to } => self.courier(from, to),
            Op::Garbage { tablet, kind } => self.garbage(tablet, kind),
            Op::Heal => self.heal(),
        }
    }

    fn note(&mut self, who: Who, what: &'static str, number: u64) {
        self.trace.note(self.steps, self.now, who, what, [number, NONE, NONE]);
    }

    /// The nth of the patients that a tablet has a key of, so that few operations fall into nothing.
    fn patient_of(&self, tablet: usize, nth: usize) -> Option<usize> {
        let keys = &self.tablets[tablet].disk.keys;
        let own: Vec<usize> = (0..self.patients.len())
            .filter(|patient| keys.contains_key(&(self.patients[*patient].id(), Scope::Card)))
            .collect();
        own.get(nth % own.len().max(1)).copied()
    }

    fn document(&self, patient: usize, which: u8) -> Option<DocumentId> {
        let patient = self.patients.get(patient)?.id();
        Some(match which % 3 {
            0 => DocumentId::card(patient),
            1 => DocumentId::chart(patient, 2025),
            _ => DocumentId::chart(patient, 2026),
        })
    }

    fn save(&mut self, tablet: usize, patient: usize, which: u8, register: u8) {
        let Some(patient) = self.patient_of(tablet, patient) else { return };
        let Some(document) = self.document(patient, which) else { return };
        let state = &mut self.tablets[tablet];
        if !state.running || !state.disk.trust.granted(state.device(), document.patient, document.scope()) {
            return;
        }
        let save = self.oracle.saves() as Save;
        if state.save(document, register, save) {
            self.oracle.saved(save, document);
            self.trace.note(
                self.steps,
                self.now,
                Who::Tablet(tablet),
                "saves",
                [u64::from(save), patient as u64, u64::from(which)],
            );
            self.say_saved(tablet);
        }
    }

    /// The session hears that there is something to send.
    fn say_saved(&mut self, tablet: usize) {
        if let Some(connection) = self.connection_of(tablet) {
            if let Some(end) = self.connections.get_mut(&connection).and_then(|open| open.client.as_mut()) {
                end.events.push_back(ClientEvent::Saved);
            }
            self.wake_client(connection);
        }
    }

    fn new_patient(&mut self, tablet: usize) {
        let state = &mut self.tablets[tablet];
        if !state.running {
            return;
        }
        let Ok(origin) = PatientOrigin::generate(&state.rng, state.device()) else { return };
        self.patients.push(Patient { origin });
        let patient = self.patients.len() - 1;
        for scope in Scope::ALL {
            self.begin_epoch(tablet, patient, scope);
        }
    }

    /// A new key of a patient, given to the tablet itself and to all who are granted.
    fn begin_epoch(&mut self, tablet: usize, patient: usize, scope: Scope) {
        let now = self.tablet_clock(tablet);
        let origin = self.patients[patient].origin;
        let state = &mut self.tablets[tablet];
        let Ok(key) = EpochKey::generate(&state.rng) else { return };
        let own = state.keys.public();
        let trust = &state.disk.trust;
        let mut to: Vec<_> = trust
            .grants_of(origin.patient(), scope)
            .filter(|found| trust.granted(found.grant.device, origin.patient(), scope))
            .filter_map(|found| trust.device(found.grant.device).map(|cert| (cert.id, cert.hpke)))
            .collect();
        to.push((own.device_id(), own.hpke));
        to.sort();
        to.dedup();
        state.keep_key(origin.patient(), scope, key.clone());
        for (device, hpke) in to {
            let grant = Grant::wrap(&state.rng, &key, origin, scope, device, &hpke, "同意", true);
            if let Ok(grant) = grant {
                state.say(now, Claim::Grant(grant));
                self.oracle.granted(device, origin.patient(), scope);
            }
        }
        self.say_saved(tablet);
    }

    fn new_epoch(&mut self, tablet: usize, patient: usize) {
        let Some(patient) = self.patient_of(tablet, patient) else { return };
        let id = self.patients[patient].id();
        for scope in Scope::ALL {
            let state = &self.tablets[tablet];
            if state.running && state.disk.trust.granted(state.device(), id, scope) {
                self.begin_epoch(tablet, patient, scope);
            }
        }
    }

    fn grant(&mut self, from: usize, patient: usize, to: usize, card_only: bool) {
        let Some(patient) = self.patient_of(from, patient) else { return };
        let Some(origin) = self.patients.get(patient).map(|patient| patient.origin) else { return };
        let public = self.tablets[to].keys.public();
        if self.oracle.has_forged(public.device_id(), origin.patient()) {
            // With a grant of its own, what it forged before would hold: grants are weighed as a set.
            return;
        }
        let now = self.tablet_clock(from);
        let scopes = if card_only { &Scope::ALL[..1] } else { &Scope::ALL[..] };
        for scope in scopes {
            let state = &mut self.tablets[from];
            if !state.running || !state.disk.trust.granted(state.device(), origin.patient(), *scope) {
                continue;
            }
            // Every epoch: what was written before is opened, too.
            for key in state.disk.keys.get(&(origin.patient(), *scope)).cloned().unwrap_or_default() {
                let grant =
                    Grant::wrap(&state.rng, &key, origin, *scope, public.device_id(), &public.hpke, "同意", true);
                if let Ok(grant) = grant {
                    state.say(now, Claim::Grant(grant));
                    self.oracle.granted(public.device_id(), origin.patient(), *scope);
                }
            }
            self.trace.note(
                self.steps,
                self.now,
                Who::Tablet(from),
                "grants patient to",
                [patient as u64, to as u64, *scope as u64],
            );
        }
        self.say_saved(from);
    }

    /// A file with all that one tablet has is taken by another.
    fn courier(&mut self, from: usize, to: usize) {
        let running = |tablet: usize| self.tablets.get(tablet).is_some_and(|state| state.running);
        if from == to || !running(from) || !running(to) {
            return;
        }
        let carried = &self.tablets[from].disk;
        let mut items: Vec<_> = carried.statements.iter().map(|(_, bytes)| Item::Statement(bytes.to_vec())).collect();
        let records = carried.logs.iter().flat_map(|(_, records)| records);
        items.extend(records.map(|kept| Item::Record(kept.bytes.to_vec())));
        self.note(Who::Tablet(to), "takes a courier file of tablet", from as u64);
        let scopes = self.tablets[to].take_courier(items, &self.contents);
        if let Some(connection) = self.connection_of(to)
            && let Some(end) = self.connections.get_mut(&connection).and_then(|open| open.client.as_mut())
        {
            end.events.push_back(ClientEvent::Granted { scopes });
        }
        self.say_saved(to);
    }

    /// A grant by somebody who has none, with a key of its own making.
    fn forge_grant(&mut self, from: usize, patient: usize, to: usize) {
        let Some(origin) = self.patients.get(patient).map(|patient| patient.origin) else { return };
        let public = self.tablets[to].keys.public();
        let now = self.tablet_clock(from);
        let state = &mut self.tablets[from];
        let (id, scope) = (origin.patient(), Scope::Card);
        if !state.running || state.device() == origin.device || self.oracle.may_hold(state.device(), id, scope) {
            return;
        }
        let Ok(key) = EpochKey::generate(&state.rng) else { return };
        let grant = Grant::wrap(&state.rng, &key, origin, scope, public.device_id(), &public.hpke, "同意", true);
        if let Ok(grant) = grant {
            self.oracle.forged(state.device(), id);
            state.say(now, Claim::Grant(grant));
            self.trace.note(
                self.steps,
                self.now,
                Who::Tablet(from),
                "forges a grant of patient to",
                [patient as u64, to as u64, NONE],
            );
        }
        self.say_saved(from);
    }

    /// By the operator, with what this relay knows of the tablet's logs.
    fn revoke(&mut self, tablet: usize, relay: usize) {
        let device = self.tablets[tablet].device();
        let now = self.relay_clock(relay);
        if !self.relays[relay].running || self.tablets[tablet].disk.trust.device(device).is_none() {
            return;
        }
        let logs = self.relays[relay]
            .disk
            .logs
            .iter()
            .filter(|(log, _)| log.device == device)
            .map(|(log, records)| (*log, tendenko_protocol::ids::LogSeq(records.len() as u64)))
            .collect();
        let claim = Claim::Revocation(Revocation { device, logs, reason: "紛失".into() });
        let Ok(statement) = trust::sign(&self.region, now, claim) else { return };
        self.relays[relay].enrol(&statement.into_bytes());
        self.oracle.revoked(device);
        self.note(Who::Tablet(tablet), "is revoked at relay", relay as u64);
        self.announce(relay);
    }

    fn turn_to(&mut self, tablet: usize, relay: Option<usize>) {
        self.tablets[tablet].target = relay;
        if let Some(connection) = self.connection_of(tablet) {
            let elsewhere = self.connections.get(&connection).is_some_and(|open| Some(open.relay) != relay);
            if elsewhere {
                self.break_connection(connection);
            }
        }
        self.soon(1_000_000, Event::Connect(tablet));
    }

    fn link(&mut self, tablet: usize, relay: usize, up: bool) {
        if up {
            self.no_way.remove(&(tablet, relay));
            self.soon(1_000_000, Event::Connect(tablet));
            return;
        }
        self.no_way.insert((tablet, relay));
        let open = self.connections.iter().filter(|(_, open)| (open.tablet, open.relay) == (tablet, relay));
        for connection in open.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.break_connection(connection);
        }
    }

    fn restore_tablet(&mut self, tablet: usize, guard: bool) {
        let Some(backup) = self.tablets[tablet].backup.clone() else { return };
        self.note(Who::Tablet(tablet), "is put back from its backup, with its guard:", u64::from(guard));
        self.kill_tablet(tablet);
        let state = &mut self.tablets[tablet];
        state.disk = backup.0;
        if guard {
            state.guard = backup.1;
            self.oracle.repeats(state.device());
        }
        self.oracle.tablet_lost_data(tablet);
        self.at(self.now + 1_000_000, Event::StartTablet(tablet));
    }

    fn restore_relay(&mut self, relay: usize) {
        let Some(backup) = self.relays[relay].backup.clone() else { return };
        self.note(Who::Relay(relay), "is put back from its backup", backup.newest().0);
        self.kill_relay(relay);
        self.relays[relay].disk = *backup;
        self.oracle.relay_lost_data();
        self.at(self.now + 1_000_000, Event::StartRelay(relay));
    }

    fn clone_tablet(&mut self, tablet: usize, whole: bool) {
        if self.tablets.len() >= MAX_TABLETS {
            return;
        }
        let file = self.another_file();
        let index = self.tablets.len();
        let state = &self.tablets[tablet];
        let guard = Guard { file: if whole { state.guard.file } else { file }, ..state.guard };
        let twin = Tablet {
            keys: state.keys.clone(),
            rng: Seeded::new(self.setting.seed, 3_000 + index as u64),
            disk: state.disk.clone(),
            guard,
            backup: None,
            running: false,
            destroyed: false,
            target: state.target,
            barred: false,
            clock: state.clock,
            sabotage: state.sabotage,
            sealed_again: false,
        };
        if whole {
            self.oracle.repeats(twin.device());
        }
        self.tablets.push(twin);
        self.note(Who::Tablet(tablet), "is copied into tablet", index as u64);
        self.at(self.now + 1_000, Event::StartTablet(index));
    }

    /// Something that is no record leaves with the next flight.
    fn garbage(&mut self, tablet: usize, kind: u8) {
        let Some(connection) = self.connection_of(tablet) else { return };
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let own = self.tablets[tablet].disk.logs.iter().flat_map(|(_, records)| records).last();
        let item = match kind {
            0 => Item::Record(vec![0x83, 0x40, 0x40, 0x40]),
            1 => Item::Statement(b"nonsense".to_vec()),
            2 => Item::Record(vec![0; 70_000]),
            _ => match own {
                Some(kept) => {
                    let mut bytes = kept.bytes.to_vec();
                    let last = bytes.len() - 1;
                    bytes[last] ^= 1;
                    Item::Record(bytes)
                }
                None => return,
            },
        };
        if let Some(end) = &mut open.client {
            end.garbage = Some(Departure { position: 0, item });
        }
    }
}

fn tablet_of(op: &Op) -> Option<usize> {
    match *op {
        Op::Save { tablet, .. }
        | Op::NewPatient { tablet }
        | Op::NewEpoch { tablet, .. }
        | Op::Revoke { tablet, .. }
        | Op::Target { tablet, .. }
        | Op::Break { tablet }
        | Op::Link { tablet, .. }
        | Op::CrashTablet { tablet, .. }
        | Op::BackupTablet { tablet }
        | Op::RestoreTablet { tablet, .. }
        | Op::CloneTablet { tablet, .. }
        | Op::Destroy { tablet }
        | Op::TabletClock { tablet, .. }
        | Op::Garbage { tablet, .. } => Some(tablet),
        Op::Grant { from, .. } | Op::ForgeGrant { from, .. } | Op::Courier { from, .. } => Some(from),
        Op::Isolate { .. }
        | Op::CrashRelay { .. }
        | Op::BackupRelay { .. }
        | Op::RestoreRelay { .. }
        | Op::WipeRelay { .. }
        | Op::RelayClock { .. }
        | Op::FullRelay { .. }
        | Op::Heal => None,
    }
}
