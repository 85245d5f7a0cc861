//! Saving: one edit is one durable transaction, across every document it touches.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use tendenko_crdt::{
    Card, DocumentError, EntryId, Event, EventBody, Identity, Key, ReadMark, SiteAccess, Stamp, Timestamp, Volume,
};
use tendenko_protocol::document::{DocumentId, Scope};
use tendenko_protocol::ids::{DeviceId, Millis, PatientId, PatientOrigin};
use tendenko_protocol::keys::EpochKey;
use tendenko_protocol::random::random;
use tendenko_protocol::trust::{Claim, Grant, sign};

use crate::conflicts::{self, Value};
use crate::documents::{Loaded, Workspace};
use crate::error::SaveError;
use crate::models::Changed;
use crate::replica::Replica;
use crate::store::{StoreError, checkpoints, meta, meta::name, outbox, statements, unsent};
use crate::views::Conflict;

/// Most bytes of one Automerge change: it must fit into one sealed record.
pub const MAX_CHANGE: usize = 60 * 1024;

/// Changes remembered as news of one patient at most; older ones count as seen.
pub(crate) const MAX_NEWS: i64 = 1000;

/// An edit under way. Nothing is visible to anyone until [`Replica::edit`] returns.
pub struct Edit<'w, 'a> {
    work: &'w mut Workspace<'a>,
    replica: &'w Replica,
    patient: PatientId,
    stamp: Stamp,
    touched: BTreeMap<DocumentId, Local>,
}

#[derive(Default)]
struct Local {
    changes: Vec<Vec<u8>>,
    keys: Vec<String>,
}

impl Edit<'_, '_> {
    /// Whose record is edited.
    pub fn patient(&self) -> PatientId {
        self.patient
    }

    /// Author and time of this edit, the same for everything in it.
    pub fn stamp(&self) -> Stamp {
        self.stamp.clone()
    }

    /// A new random entry id.
    pub fn new_entry_id(&self) -> Result<EntryId, SaveError> {
        Ok(EntryId::new(random(&self.replica.rng)?))
    }

    /// The card. Each call begins a new change, which is at most [`MAX_CHANGE`] bytes: call it again for each entry of a long
    /// list rather than keeping the reference.
    pub fn card(&mut self) -> Result<&mut Card, SaveError> {
        match self.open(DocumentId::card(self.patient))? {
            Loaded::Card(card) => Ok(card),
            Loaded::Volume(_) => Err(SaveError::Damaged),
        }
    }

    /// The chart volume of a calendar year. Each call begins a new change, as with [`Edit::card`].
    pub fn volume(&mut self, year: u16) -> Result<&mut Volume, SaveError> {
        match self.open(DocumentId::chart(self.patient, year))? {
            Loaded::Volume(volume) => Ok(volume),
            Loaded::Card(_) => Err(SaveError::Damaged),
        }
    }

    /// The chart volume an entry of that moment belongs in: the calendar year in Japan.
    pub fn volume_at(&mut self, at: Timestamp) -> Result<&mut Volume, SaveError> {
        self.volume(year_in_japan(at))
    }

    /// An event written now, under a new id, about this moment.
    pub fn event(&self, body: EventBody) -> Result<Event, SaveError> {
        Ok(Event {
            id: self.new_entry_id()?,
            stamp: self.stamp(),
            occurred_at: self.stamp.at,
            corrects: None,
            reason: None,
            body,
            newer: Default::default(),
        })
    }

    fn open(&mut self, id: DocumentId) -> Result<&mut Loaded, SaveError> {
        let scope = id.scope();
        if statements::sealing_key(self.work.connection(), id.patient, scope)?.is_none() {
            return Err(SaveError::NotGranted { scope });
        }
        self.gather(id)?;
        self.touched.entry(id).or_default();
        Ok(self.work.document(id)?)
    }

    /// Closes the change under way in a document.
    fn gather(&mut self, id: DocumentId) -> Result<(), SaveError> {
        let edits = self.work.document(id)?.take_local();
        if let Some(large) = edits.changes.iter().map(Vec::len).find(|bytes| *bytes > MAX_CHANGE) {
            return Err(SaveError::TooLarge { bytes: large, limit: MAX_CHANGE });
        }
        let local = self.touched.entry(id).or_default();
        local.changes.extend(edits.changes);
        local.keys.extend(edits.changed_keys);
        Ok(())
    }

    /// Writes rows and read models. Returns whether anything changed.
    fn finish(mut self) -> Result<bool, SaveError> {
        for id in self.touched.keys().copied().collect::<Vec<_>>() {
            self.gather(id)?;
        }
        let touched: Vec<_> =
            std::mem::take(&mut self.touched).into_iter().filter(|(_, l)| !l.changes.is_empty()).collect();
        if touched.is_empty() {
            return Ok(false);
        }
        let save = meta::add(self.work.connection(), name::SAVE, 1)?;
        for (id, mut local) in touched {
            local.keys.sort_unstable();
            local.keys.dedup();
            self.work.append(id, &local.changes.concat())?;
            let entries: Vec<EntryId> = local
                .keys
                .iter()
                .filter_map(|key| match Key::parse(key) {
                    Key::Event(entry) => Some(entry),
                    _ => None,
                })
                .collect();
            unsent::insert(self.work.connection(), save, id, self.stamp.at, &local.changes, &local.keys, &entries)?;
            self.work.update_models(id, Changed::Keys(&local.keys))?;
            for key in &local.keys {
                news(self.work.connection(), id, key, &self.stamp.author.member, self.stamp.at)?;
            }
        }
        Ok(true)
    }
}

/// Notes that something about a patient changed, for whoever has not seen it.
pub(crate) fn news(
    connection: &Connection,
    document: DocumentId,
    key: &str,
    member: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    if ReadMark::is_key(key) {
        // It stands beside the hand-over; nobody has to look at it.
        return Ok(());
    }
    connection
        .prepare_cached("INSERT INTO news (patient, document, key, member, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![document.patient.0, document.to_bytes(), key, member, at.0])?;
    // What a patient's list would not show anyway goes: a chart of ten years must not carry ten years of news.
    connection
        .prepare_cached(
            "DELETE FROM news WHERE patient = ?1 AND id <=
                (SELECT id FROM news WHERE patient = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![document.patient.0, MAX_NEWS])?;
    Ok(())
}

/// The calendar year in Japan (UTC+9, no summer time).
pub fn year_in_japan(at: Timestamp) -> u16 {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let year = jiff::Timestamp::from_millisecond(at.0).map_or(1970, |at| at.to_zoned(zone).year());
    u16::try_from(year).unwrap_or(0)
}

/// Writing.
impl Replica {
    /// Runs an edit of one patient and saves it: everything or nothing, on disk when this returns.
    ///
    /// On any error, also of the disk, memory and disk are as before and the edit can be tried again.
    pub fn edit<T>(
        &self,
        patient: PatientId,
        edit: impl FnOnce(&mut Edit<'_, '_>) -> Result<T, SaveError>,
    ) -> Result<T, SaveError> {
        self.edit_with(patient, |_| Ok(()), edit)
    }

    /// As [`Replica::edit`], with something more to be written in the same transaction.
    pub(crate) fn edit_with<T>(
        &self,
        patient: PatientId,
        more: impl FnOnce(&Connection) -> Result<(), StoreError>,
        edit: impl FnOnce(&mut Edit<'_, '_>) -> Result<T, SaveError>,
    ) -> Result<T, SaveError> {
        let saved = self.try_edit(patient, more, edit);
        if matches!(saved, Err(SaveError::DiskFull)) {
            self.make_room();
        }
        saved
    }

    fn try_edit<T>(
        &self,
        patient: PatientId,
        more: impl FnOnce(&Connection) -> Result<(), StoreError>,
        edit: impl FnOnce(&mut Edit<'_, '_>) -> Result<T, SaveError>,
    ) -> Result<T, SaveError> {
        let mut writer = self.writer();
        let mut work = self.workspace(&mut writer)?;
        more(work.connection())?;
        let (value, changed) = self.edit_in(&mut work, patient, edit)?;
        if changed {
            let unsent = unsent::count(work.connection())?;
            work.commit()?;
            drop(writer);
            self.saved(patient, unsent);
        }
        Ok(value)
    }

    fn edit_in<T>(
        &self,
        work: &mut Workspace<'_>,
        patient: PatientId,
        edit: impl FnOnce(&mut Edit<'_, '_>) -> Result<T, SaveError>,
    ) -> Result<(T, bool), SaveError> {
        let mut under_way = Edit { work, replica: self, patient, stamp: self.stamp(), touched: BTreeMap::new() };
        let value = edit(&mut under_way)?;
        Ok((value, under_way.finish()?))
    }

    fn saved(&self, patient: PatientId, unsent: u64) {
        self.tell_changed([patient]);
        self.change_status(|status| status.unsent = unsent);
        self.departure.notify_one();
    }

    /// Creates a patient: keys for card and chart, this tablet's own access, and the identity, in one transaction.
    pub fn create_patient(&self, identity: Identity) -> Result<PatientId, SaveError> {
        self.create_patient_with(|edit| {
            let stamp = edit.stamp();
            edit.card()?.set_identity(identity, &stamp, None)?;
            Ok(())
        })
        .map(|(patient, ())| patient)
    }

    /// As [`Replica::create_patient`], with a first edit of the host's choice.
    pub fn create_patient_with<T>(
        &self,
        first: impl FnOnce(&mut Edit<'_, '_>) -> Result<T, SaveError>,
    ) -> Result<(PatientId, T), SaveError> {
        let origin = PatientOrigin::generate(&self.rng, self.device_id())?;
        let patient = origin.patient();
        let me = self.keys.public();
        let mut writer = self.writer();
        let mut work = self.workspace(&mut writer)?;
        let mut issued = Vec::new();
        for scope in Scope::ALL {
            let key = EpochKey::generate(&self.rng)?;
            let grant = Grant::wrap(
                &self.rng,
                &key,
                origin,
                scope,
                self.device_id(),
                &me.hpke,
                "created on this device",
                true,
            )?;
            issued.push(self.issue(work.connection(), Claim::Grant(grant))?);
            statements::insert_key(work.connection(), patient, scope, key.id, &*key.to_secret_bytes())?;
        }
        let (value, _) = self.edit_in(&mut work, patient, first)?;
        let unsent = unsent::count(work.connection())?;
        work.commit()?;
        drop(writer);
        self.believe(&issued);
        self.change_status(|status| {
            status.patients_known += 1;
            status.patients_complete += 1;
        });
        self.saved(patient, unsent);
        Ok((patient, value))
    }

    /// Gives a device access to a scope of a patient, resting on a consent. The device may pass it on.
    pub fn grant(&self, patient: PatientId, scope: Scope, device: DeviceId, consent: &str) -> Result<(), SaveError> {
        let (hpke, origin) = {
            let trust = self.trust();
            let to = trust.device(device).filter(|device| !device.revoked).ok_or(SaveError::UnknownDevice)?;
            let mine = trust.grants_of(patient, scope).find(|grant| grant.grant.device == self.device_id());
            (to.hpke, mine.ok_or(SaveError::NotGranted { scope })?.grant.origin)
        };
        let writer = self.writer();
        let work = writer.connection.unchecked_transaction()?;
        let held = statements::keys(&work, patient, scope)?;
        if held.is_empty() {
            return Err(SaveError::NotGranted { scope });
        }
        let mut issued = Vec::new();
        for (id, secret) in held {
            let key = EpochKey::from_secret_bytes(id, &secret)?;
            if self.trust().grants_for(device).any(|known| known.grant.key == id) {
                continue;
            }
            let grant = Grant::wrap(&self.rng, &key, origin, scope, device, &hpke, consent, true)?;
            issued.push(self.issue(&work, Claim::Grant(grant))?);
        }
        if !issued.is_empty() && device != self.device_id() && scope == Scope::Chart {
            checkpoints::due(&work, patient)?;
        }
        work.commit()?;
        drop(writer);
        self.believe(&issued);
        self.departure.notify_one();
        Ok(())
    }

    /// Signs a claim and puts it into the store and the outbox.
    fn issue(&self, connection: &Connection, claim: Claim) -> Result<Vec<u8>, SaveError> {
        let statement = sign(&self.keys, Millis(self.clock.now().0), claim)?;
        let row = statements::insert(connection, statement.bytes())?;
        outbox::add_statement(connection, row)?;
        Ok(statement.into_bytes())
    }

    /// Takes own statements, now durable, into the set.
    fn believe(&self, issued: &[Vec<u8>]) {
        let mut trust = self.trust_mut();
        for statement in issued {
            if trust.add(statement).is_err() {
                tracing::error!("an own statement does not hold");
            }
        }
    }

    /// Resolves a conflict by a write that follows all its values. Medicines and wishes need a reason.
    pub fn resolve(&self, conflict: &Conflict, choice: Value, reason: Option<&str>) -> Result<(), SaveError> {
        if let Some(statement) = conflicts::statement(&conflict.key, &choice) {
            return self.state(conflict.patient, statement?, reason).map(drop);
        }
        self.edit(conflict.patient, |edit| {
            let stamp = edit.stamp();
            conflicts::write(edit.card()?, &conflict.key, choice, &stamp, reason)??;
            Ok(())
        })
    }

    /// Opens a card at an evacuation site: the reason is recorded on the card first, and travels with it.
    pub fn open_at_site(
        &self,
        patient: PatientId,
        reason: &str,
        site: &str,
    ) -> Result<tendenko_crdt::CardView, SaveError> {
        if reason.trim().is_empty() {
            return Err(SaveError::Document(DocumentError::ReasonMissing));
        }
        self.edit(patient, |edit| {
            let access = SiteAccess { reason: reason.to_owned(), site: site.to_owned(), newer: Default::default() };
            let event = edit.event(EventBody::SiteAccess(access))?;
            let card = edit.card()?;
            tendenko_crdt::Document::record(card, event)?;
            Ok(card.view())
        })
    }
}
