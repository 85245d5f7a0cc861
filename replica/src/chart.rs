//! The chart as the screens read it: pages of the timeline in both directions, what is unread, hand-overs and who has read them.
//!
//! Two marks, which are not the same. *Looked at* is a note of this tablet about one of its members, for the "new" marks and
//! the line up to which was read; it never leaves. *Confirmed* (確認) is part of the record: whoever wrote a hand-over sees
//! who has read it ([`tendenko_crdt::ReadMark`]).

use std::collections::BTreeSet;

use rusqlite::params;
use tendenko_crdt::{EntryId, Event, Timestamp};
use tendenko_protocol::document::{Class, Scope};
use tendenko_protocol::ids::PatientId;

use crate::care_documents;
use crate::error::{ReadError, SaveError};
use crate::models::hand_overs::{self, Said};
use crate::models::{pages, read, words};
use crate::read::start_of_month_in_japan;
use crate::replica::Replica;
use crate::store::StoreError;
use crate::team;
use crate::views::{
    HandOverEntry, Looked, Place, TeamMember, TimelineEntry, TimelineFilter, TimelinePage, TimelineStart,
};

/// How long a hand-over to a profession or to the whole team waits for whoever has not confirmed it. One to a person waits until it
/// is confirmed; without an end, somebody new would find the hand-overs of ten years waiting.
pub const HAND_OVER_WAITS: i64 = 60 * 24 * 60 * 60 * 1000;

/// Months listed at most.
const MAX_MONTHS: usize = 1_200;

/// The timeline.
impl Replica {
    /// A page of a patient's timeline: entries that no other one corrects, newest first. What came as news after `since` is new; none: after
    /// this member last looked.
    pub fn timeline_page(
        &self,
        patient: PatientId,
        filter: &TimelineFilter,
        start: &TimelineStart,
        limit: usize,
        since: Option<i64>,
    ) -> Result<TimelinePage, ReadError> {
        if words::query(patient, &filter.words, &filter.care).is_some() {
            self.take_words_of(patient)?;
        }
        let reader = self.reader();
        let since = match since {
            Some(since) => since,
            None => pages::looked(&reader, self.me(), patient)?.1,
        };
        let (places, more) = pages::places(&reader, patient, filter, start, limit)?;
        let entries = places
            .into_iter()
            .map(|(_, entry)| pages::shown(&reader, self.me(), patient, entry, since))
            .collect::<Result<_, _>>()?;
        Ok(TimelinePage { entries, more })
    }

    /// Takes the words of some of what came into the index that is searched; true while there are more. Somebody who looks for words of a
    /// patient does not have to wait for this: those of that patient are taken first.
    pub fn take_words(&self) -> Result<bool, ReadError> {
        Ok(self.take_some_words(None)?)
    }

    fn take_words_of(&self, patient: PatientId) -> Result<(), StoreError> {
        while words::waits(&self.reader(), patient)? {
            self.take_some_words(Some(patient))?;
        }
        Ok(())
    }

    fn take_some_words(&self, patient: Option<PatientId>) -> Result<bool, StoreError> {
        let writer = self.writer();
        let work = writer.connection.unchecked_transaction()?;
        let more = words::index_some(&work, patient)?;
        work.commit()?;
        Ok(more)
    }

    /// One entry with what is shown beside it; `new` is not asked for.
    pub fn timeline_entry(&self, patient: PatientId, entry: EntryId) -> Result<TimelineEntry, ReadError> {
        Ok(pages::shown(&self.reader(), self.me(), patient, entry, i64::MAX)?)
    }

    /// Entries of every profession, newest first, older than `before`; also those that were corrected.
    pub fn timeline(
        &self,
        patient: PatientId,
        before: Option<Place>,
        limit: usize,
    ) -> Result<Vec<TimelineEntry>, ReadError> {
        let reader = self.reader();
        let (_, since) = pages::looked(&reader, self.me(), patient)?;
        Ok(pages::everything(&reader, self.me(), patient, before, limit, since)?)
    }

    /// The months in which something happened, newest first: a moment of each.
    pub fn timeline_months(&self, patient: PatientId) -> Result<Vec<Timestamp>, ReadError> {
        Ok(pages::months(&self.reader(), patient, start_of_month_in_japan, MAX_MONTHS)?)
    }

    /// Where this member stands with a patient. `since`: as of those news, instead of when the member last looked.
    pub fn looked(&self, patient: PatientId, since: Option<i64>) -> Result<Looked, ReadError> {
        let reader = self.reader();
        let (newest, looked) = pages::looked(&reader, self.me(), patient)?;
        let since = since.unwrap_or(looked);
        let unread = pages::unread(&reader, self.me(), patient, since)?;
        Ok(Looked { newest, since, unread })
    }

    /// This member has seen what of a patient came as news up to `news`. Never takes back what was seen before.
    pub fn looked_up_to(&self, patient: PatientId, news: i64) -> Result<(), ReadError> {
        let (known, _) = pages::looked(&self.reader(), self.me(), patient)?;
        self.writer().connection.execute(
            "INSERT INTO looked (member, patient, news, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (member, patient) DO UPDATE SET news = max(news, excluded.news), at = excluded.at",
            params![self.me().member.0, patient.0, news.min(known), self.clock.now().0],
        )?;
        self.first_changed.notify_one();
        Ok(())
    }
}

/// Hand-overs.
impl Replica {
    /// Hand-overs of others to this member, the profession or the team that this member has not confirmed, newest first.
    pub fn waiting_hand_overs(&self, limit: usize) -> Result<Vec<HandOverEntry>, ReadError> {
        let since = Timestamp(self.clock.now().0 - HAND_OVER_WAITS);
        let said = hand_overs::waiting(&self.reader(), self.me(), since, limit)?;
        self.read_hand_overs(said, true)
    }

    /// How many wait, by patient: as [`Replica::waiting_hand_overs`], without reading them.
    pub fn waiting_by_patient(&self, limit: usize) -> Result<Vec<(PatientId, EntryId)>, ReadError> {
        let since = Timestamp(self.clock.now().0 - HAND_OVER_WAITS);
        let said = hand_overs::waiting(&self.reader(), self.me(), since, limit)?;
        Ok(said.into_iter().map(|(_, patient, entry)| (patient, entry)).collect())
    }

    /// Hand-overs that this member has confirmed, newest first.
    pub fn confirmed_hand_overs(&self, limit: usize) -> Result<Vec<HandOverEntry>, ReadError> {
        let said = hand_overs::confirmed(&self.reader(), self.me(), limit)?;
        self.read_hand_overs(said, false)
    }

    /// Hand-overs that this member has written, newest first.
    pub fn written_hand_overs(&self, limit: usize) -> Result<Vec<HandOverEntry>, ReadError> {
        let said = hand_overs::written(&self.reader(), self.me(), limit)?;
        self.read_hand_overs(said, false)
    }

    fn read_hand_overs(&self, said: Vec<Said>, waits: bool) -> Result<Vec<HandOverEntry>, ReadError> {
        let reader = self.reader();
        let mut entries = Vec::with_capacity(said.len());
        for (_, patient, id) in said {
            let entry = pages::shown(&reader, self.me(), patient, id, i64::MAX)?;
            let answered = match entry.event.body.hand_over().and_then(|hand_over| hand_over.answers) {
                Some(answered) => read::entry(&reader, patient, answered)?,
                None => None,
            };
            let answers = hand_overs::answers(&reader, patient, id)?
                .into_iter()
                .filter_map(|answer| read::entry(&reader, patient, answer).transpose())
                .collect::<Result<Vec<Event>, _>>()?;
            entries.push(HandOverEntry { patient, entry, answered, answers, waits });
        }
        Ok(entries)
    }

    /// This member has read a hand-over or a letter: a mark beside it, which whoever wrote it will see. False when that was known already.
    pub fn confirm(&self, patient: PatientId, entry: EntryId) -> Result<bool, SaveError> {
        let waits = |event: &Event| event.body.hand_over().is_some() || care_documents::is_letter(event);
        let year = self.volume_of(patient, entry, waits)?;
        self.edit(patient, |edit| {
            let stamp = edit.stamp();
            Ok(edit.volume(year)?.mark_read(entry, &stamp)?)
        })
    }

    /// The volume in which a hand-over stands, and in which what is said about it has to stand.
    pub fn volume_of_hand_over(&self, patient: PatientId, entry: EntryId) -> Result<u16, SaveError> {
        self.volume_of(patient, entry, |event| event.body.hand_over().is_some())
    }

    fn volume_of(&self, patient: PatientId, entry: EntryId, meant: impl Fn(&Event) -> bool) -> Result<u16, SaveError> {
        let reader = self.reader();
        let meant = read::entry(&reader, patient, entry)?.is_some_and(|event| meant(&event));
        let document = read::document_of(&reader, patient, entry)?.filter(|document| document.class == Class::Chart);
        document.filter(|_| meant).map(|document| document.volume).ok_or(SaveError::NoSuchEntry)
    }

    /// The people around a patient: those of the facilities whose tablets may read the chart, by facility and name.
    pub fn team(&self, patient: PatientId) -> Vec<TeamMember> {
        let trust = self.trust();
        let devices = trust.grants_of(patient, Scope::Chart);
        let facilities: BTreeSet<_> =
            devices.filter_map(|known| Some(trust.device(known.grant.device)?.facility)).collect();
        let mut team: Vec<TeamMember> =
            facilities.into_iter().flat_map(|facility| team::members(&trust, facility)).collect();
        team.sort_by(|a, b| (&a.facility, &a.name, a.member).cmp(&(&b.facility, &b.name, b.member)));
        team
    }
}
