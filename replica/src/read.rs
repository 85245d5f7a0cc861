//! What the screens read: lists, search, one patient, what is new, what has not left.
//!
//! Everything here comes from the read models, on a connection of its own: no document is opened, and no screen waits for a
//! running sync.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::params;
use tendenko_crdt::{CardView, EntryId, Event, Item, Key, Medicine, Timestamp};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{DeviceId, PatientId};
use tendenko_protocol::trust::DeviceCert;

use crate::error::ReadError;
use crate::models::{pages, read};
use crate::replica::Replica;
use crate::search::Query;
use crate::store::{StoreError, fixed, records, unsigned};
use crate::views::{Access, Conflict, KnownDevice, PatientNews, PatientSummary, Troubles, UnsentItem};

/// Entries listed in one patient's news at most.
pub const MAX_NEWS_ENTRIES: usize = 50;

/// Patients and search.
impl Replica {
    /// The patients whose chart this tablet holds, by kana.
    pub fn patients(&self) -> Result<Vec<PatientSummary>, ReadError> {
        Ok(read::patients(&self.reader(), self.me())?)
    }

    /// The first of them by the moment of their last entry, and how many there are.
    pub fn recent_patients(&self, limit: usize) -> Result<(Vec<PatientSummary>, usize), ReadError> {
        Ok(read::recent(&self.reader(), self.me(), limit)?)
    }

    /// Among the patients whose chart this tablet holds: name, kana, romaji, birth date, sex, address, numbers. Empty for less than
    /// two characters.
    pub fn search(&self, typed: &str, limit: usize) -> Result<Vec<PatientSummary>, ReadError> {
        self.search_in(typed, limit, true)
    }

    /// As [`Replica::search`], over every card this tablet holds: the evacuation site's search.
    pub fn search_cards(&self, typed: &str, limit: usize) -> Result<Vec<PatientSummary>, ReadError> {
        self.search_in(typed, limit, false)
    }

    fn search_in(&self, typed: &str, limit: usize, chart_only: bool) -> Result<Vec<PatientSummary>, ReadError> {
        let Some(query) = Query::parse(typed) else { return Ok(Vec::new()) };
        let reader = self.reader();
        let mut found = Vec::new();
        for patient in read::search(&reader, &query, chart_only, limit)? {
            found.extend(read::patient(&reader, self.me(), patient)?);
        }
        Ok(found)
    }

    /// One patient as in the list.
    pub fn patient(&self, patient: PatientId) -> Result<PatientSummary, ReadError> {
        read::patient(&self.reader(), self.me(), patient)?.ok_or(ReadError::UnknownPatient)
    }

    /// The whole card.
    pub fn card(&self, patient: PatientId) -> Result<CardView, ReadError> {
        read::card(&self.reader(), patient)?.ok_or(ReadError::UnknownPatient)
    }

    /// Current medicines, and the dispensings that no entry corrects, oldest first.
    pub fn medicines(&self, patient: PatientId) -> Result<(Vec<Item<Medicine>>, Vec<Event>), ReadError> {
        let card = self.card(patient)?;
        let dispensings = card.dispensings().into_iter().map(|(event, _)| event.clone()).collect();
        Ok((card.medicines, dispensings))
    }

    /// One entry, for opening a corrected one beside its correction.
    pub fn entry(&self, patient: PatientId, entry: EntryId) -> Result<Option<Event>, ReadError> {
        Ok(read::entry(&self.reader(), patient, entry)?)
    }

    /// Whether an entry corrects this one or takes it back.
    pub fn is_corrected(&self, patient: PatientId, entry: EntryId) -> Result<bool, ReadError> {
        Ok(!pages::corrections(&self.reader(), patient, entry)?.is_empty())
    }

    /// Visits that no entry corrects, oldest first: what the vital signs' chart is drawn from.
    pub fn visits(&self, patient: PatientId) -> Result<Vec<Event>, ReadError> {
        let standing = read::standing(&self.reader(), "visit", Some(patient))?;
        Ok(standing.into_iter().map(|(_, event)| event).collect())
    }

    /// Concurrent values that wait for a person, of one patient or of all.
    pub fn conflicts(&self, patient: Option<PatientId>) -> Result<Vec<Conflict>, ReadError> {
        Ok(read::conflicts(&self.reader(), patient)?)
    }
}

/// What is new.
impl Replica {
    /// What others changed since this member last looked, by patient, the latest change first.
    pub fn changes_since_looked(&self) -> Result<Vec<PatientNews>, ReadError> {
        let reader = self.reader();
        let mut statement = reader
            .prepare_cached(
                "SELECT n.patient, n.key, n.id FROM news n
                 LEFT JOIN looked l ON l.member = ?1 AND l.patient = n.patient
                 WHERE n.member <> ?2 AND n.id > coalesce(l.news, 0) ORDER BY n.id",
            )
            .map_err(StoreError::from)?;
        let rows = statement
            .query_map(params![self.me().member.0, self.me().member.to_string()], |row| {
                Ok((PatientId(fixed(row, 0)?), row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        drop(statement);
        let mut by_patient: BTreeMap<PatientId, (i64, Vec<String>)> = BTreeMap::new();
        for (patient, key, id) in rows {
            let (latest, keys) = by_patient.entry(patient).or_default();
            *latest = id;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let mut ordered: Vec<_> = by_patient.into_iter().collect();
        ordered.sort_by_key(|(_, (latest, _))| std::cmp::Reverse(*latest));
        let mut news = Vec::new();
        for (patient, (_, keys)) in ordered {
            let Some(summary) = read::patient(&reader, self.me(), patient)? else { continue };
            let mut entries = Vec::new();
            let mut changed = Vec::new();
            for key in keys {
                match Key::parse(&key) {
                    Key::Event(entry) if entries.len() < MAX_NEWS_ENTRIES => {
                        entries.extend(read::entry(&reader, patient, entry)?)
                    }
                    Key::Event(_) => {}
                    _ => changed.push(key),
                }
            }
            news.push(PatientNews { patient: summary, entries, changed });
        }
        Ok(news)
    }

    /// This member has now seen everything: for a tablet that has just received its patients for the first time.
    pub fn looked_at_all(&self) -> Result<(), ReadError> {
        self.writer().connection.execute(
            "INSERT INTO looked (member, patient, news, at)
             SELECT ?1, patient, max(id), ?2 FROM news WHERE true GROUP BY patient
             ON CONFLICT (member, patient) DO UPDATE SET news = excluded.news, at = excluded.at",
            params![self.me().member.0, self.clock.now().0],
        )?;
        Ok(())
    }
}

/// What has not left, and who gets it.
impl Replica {
    /// What no relay has yet, by patient, oldest first: what the sync line opens.
    pub fn unsent(&self) -> Result<Vec<UnsentItem>, ReadError> {
        let rows = {
            let reader = self.reader();
            let mut statement = reader.prepare_cached(
                "SELECT patient, count(DISTINCT save), min(saved_at),
                    sum(CASE WHEN u.record IS NULL THEN length(u.changes) ELSE 0 END)
                    + (SELECT coalesce(sum(length(r.bytes)), 0) FROM records r WHERE r.id IN
                        (SELECT DISTINCT v.record FROM unsent v WHERE v.patient = u.patient AND v.record IS NOT NULL))
                 FROM unsent u GROUP BY patient ORDER BY min(saved_at), patient",
            )?;
            statement
                .query_map([], |row| {
                    Ok((PatientId(fixed(row, 0)?), row.get(1)?, Timestamp(row.get(2)?), unsigned(row.get(3)?)))
                })?
                .collect::<Result<Vec<(PatientId, u32, Timestamp, u64)>, _>>()?
        };
        let mut items = Vec::new();
        for (patient, saves, since, bytes) in rows {
            let name = self.patient(patient).map(|summary| summary.name).unwrap_or_default();
            let others = self.access(patient).into_iter().filter(|access| access.device.device != self.device_id());
            let recipients =
                others.map(|access| format!("{}（{}）", access.device.label, access.device.facility)).collect();
            items.push(UnsentItem { patient, name, saves, since, bytes, recipients });
        }
        Ok(items)
    }

    /// Sealed records, statements and parts of checkpoints that have not been acknowledged, and checkpoints still to be made.
    pub fn to_leave(&self) -> Result<u64, ReadError> {
        let count = self.reader().query_row(
            "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM checkpoints_due)",
            [],
            |row| row.get(0),
        )?;
        Ok(unsigned(count))
    }

    /// What could not be used.
    pub fn troubles(&self) -> Result<Troubles, ReadError> {
        let (waiting_for_key, unreadable, quarantined) = records::troubles(&self.reader())?;
        Ok(Troubles { waiting_for_key, unreadable, quarantined })
    }

    /// The devices of the region, by facility and label.
    pub fn known_devices(&self) -> Vec<KnownDevice> {
        let mut devices: Vec<KnownDevice> = self.trust().devices().map(known).collect();
        devices.sort_by(|a, b| (&a.facility, &a.label, a.device).cmp(&(&b.facility, &b.label, b.device)));
        devices
    }

    /// The devices that may read a patient, and what of it.
    pub fn access(&self, patient: PatientId) -> Vec<Access> {
        let trust = self.trust();
        let mut scopes: BTreeMap<DeviceId, Vec<Scope>> = BTreeMap::new();
        for scope in Scope::ALL {
            for grant in trust.grants_of(patient, scope) {
                let of_device = scopes.entry(grant.grant.device).or_default();
                if !of_device.contains(&scope) {
                    of_device.push(scope);
                }
            }
        }
        let access = scopes.into_iter();
        access.filter_map(|(device, scopes)| Some(Access { device: known(trust.device(device)?), scopes })).collect()
    }
}

fn known(device: &DeviceCert) -> KnownDevice {
    KnownDevice {
        device: device.id,
        label: device.label.clone(),
        facility: device.facility_name.clone().unwrap_or_default(),
        evacuation_site: device.evacuation_site,
        revoked: device.revoked,
    }
}

/// The calendar day it is in Japan.
pub fn date_in_japan(now: Timestamp) -> Date {
    let now = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default();
    now.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date()
}

/// The first moment of the month, in Japan.
pub(crate) fn start_of_month_in_japan(at: Timestamp) -> Timestamp {
    let first = date_in_japan(at).first_of_month();
    day_in_japan(first).map_or(at, |(start, _)| start)
}

/// A calendar day in Japan as a half-open span of time.
pub fn day_in_japan(day: Date) -> Option<(Timestamp, Timestamp)> {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let start = |day: Date| Some(Timestamp(day.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond()));
    Some((start(day)?, start(day.tomorrow().ok()?)?))
}
